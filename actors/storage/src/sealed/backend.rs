//! What redb reads and writes through.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use super::cipher::{Cipher, Domain, Nonces, Unauthentic};
use super::header::{Header, Pair, Preamble, REDB_HEADER, read_preamble, write_preamble};
use super::raw::{RawFile, read_padded};
use super::{BLOCK, BLOCKS_START, STRIDE, block_position, file_length};

/// Why a file is not a store that can be opened.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The file's start is not that of a store.
    Foreign,
    /// A store of a later version.
    LaterVersion(u8),
    /// It is shorter than it was when it was closed.
    Truncated {
        /// Its length.
        length: u64,
        /// What it should be at least.
        expected: u64,
    },
    /// No header opens under the key.
    WrongKey,
    /// The disk refused.
    Io(io::Error),
}

impl From<io::Error> for NotOpened {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// While it lasts, torn blocks read as zeros, so that redb finds them by its
/// checksums and steps back to the commit before. It ends when dropped.
pub(crate) struct Leniency(Arc<AtomicBool>);

impl Drop for Leniency {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A sealed file as redb's storage.
pub(crate) struct SealedFile {
    file: Arc<dyn RawFile>,
    cipher: Arc<Cipher>,
    nonces: Nonces,
    header: Mutex<Current>,
    lenient: Arc<AtomicBool>,
}

/// The header as it was written last.
struct Current {
    header: Header,
    /// Where the last synced generation lies.
    synced: Pair,
    /// Whether the other pair was written since.
    pending: bool,
}

impl SealedFile {
    /// A new store in an empty file.
    pub(crate) fn create(
        file: Arc<dyn RawFile>,
        cipher: Arc<Cipher>,
        nonces: Nonces,
    ) -> io::Result<Self> {
        write_preamble(&*file)?;
        file.set_len(BLOCKS_START)?;
        let header = Current { header: Header::empty(), synced: Pair::B, pending: false };
        let (header, lenient) = (Mutex::new(header), Arc::default());
        Ok(Self { file, cipher, nonces, header, lenient })
    }

    /// A store that is there. Torn blocks are forgiven as long as the
    /// [`Leniency`] lives, and only where redb expects them.
    pub(crate) fn open(
        file: Arc<dyn RawFile>,
        cipher: Arc<Cipher>,
        nonces: Nonces,
    ) -> Result<(Self, Leniency), NotOpened> {
        let length = file.len()?;
        let Some((header, pair)) = Header::read_newest(&*file, &cipher)? else {
            return Err(match read_preamble(&*file)? {
                Preamble::Foreign => NotOpened::Foreign,
                Preamble::Later(version) => NotOpened::LaterVersion(version),
                Preamble::Store if length < BLOCKS_START => {
                    NotOpened::Truncated { length, expected: BLOCKS_START }
                }
                Preamble::Store => NotOpened::WrongKey,
            });
        };
        let expected = file_length(header.length).unwrap_or(u64::MAX);
        if header.recovery_required() {
            // The newest copy may not be durable yet, and the next header
            // write goes over the other pair.
            file.sync()?;
        } else if length < expected {
            return Err(NotOpened::Truncated { length, expected });
        }
        let lenient = Arc::new(AtomicBool::new(header.may_have_torn_pages()));
        let header = Mutex::new(Current { header, synced: pair, pending: false });
        let leniency = Leniency(lenient.clone());
        Ok((Self { file, cipher, nonces, header, lenient }, leniency))
    }

    fn header(&self) -> MutexGuard<'_, Current> {
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_header(&self, current: &mut Current) -> io::Result<()> {
        current.header.generation = current.header.generation.saturating_add(1);
        current.pending = true;
        let pair = current.synced.other();
        current.header.write(pair, &*self.file, &self.cipher, &self.nonces)
    }

    fn read_blocks(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        let (blocks, _) = out.as_chunks_mut::<BLOCK>();
        let mut sealed = vec![0; blocks.len().saturating_mul(STRIDE)];
        read_padded(&*self.file, block_position(first).ok_or_else(unaligned)?, &mut sealed)?;
        let (strides, _) = sealed.as_chunks::<STRIDE>();
        for ((number, sealed), out) in (first..).zip(strides).zip(blocks) {
            if let Err(Unauthentic) = self.cipher.open((Domain::Block, number), sealed, out) {
                if !self.lenient.load(Ordering::SeqCst) {
                    let error = format!("block {number} is not what was written there");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
                out.fill(0);
            }
        }
        Ok(())
    }

    fn write_blocks(&self, first: u64, data: &[u8]) -> io::Result<()> {
        let (blocks, _) = data.as_chunks::<BLOCK>();
        let mut sealed = Vec::with_capacity(blocks.len().saturating_mul(STRIDE));
        for (number, block) in (first..).zip(blocks) {
            self.cipher.seal((Domain::Block, number), &self.nonces, block, &mut sealed);
        }
        self.file.write_at(block_position(first).ok_or_else(unaligned)?, &sealed)
    }
}

/// The number of the block that starts at `offset`, if whole blocks lie there.
fn whole_blocks(offset: u64, length: usize) -> io::Result<u64> {
    let size = BLOCK as u64;
    if offset == 0 || !offset.is_multiple_of(size) || !length.is_multiple_of(BLOCK) {
        return Err(unaligned());
    }
    Ok(offset.checked_div(size).unwrap_or_default())
}

fn unaligned() -> io::Error {
    let what = "the database asked for bytes that are not whole blocks";
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl StorageBackend for SealedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.header().header.length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset == 0 && out.len() <= REDB_HEADER {
            let current = self.header();
            let bytes = current.header.redb.get(..out.len()).ok_or_else(unaligned)?;
            out.copy_from_slice(bytes);
            return Ok(());
        }
        self.read_blocks(whole_blocks(offset, out.len())?, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let target = file_length(length).ok_or(io::ErrorKind::FileTooLarge)?;
        let mut current = self.header();
        self.file.set_len(target)?;
        current.header.length = length;
        self.write_header(&mut current)
    }

    fn sync_data(&self) -> io::Result<()> {
        // Held while the disk works, so that no header is written meanwhile
        // and taken for synced.
        let mut current = self.header();
        self.file.sync()?;
        if current.pending {
            current.synced = current.synced.other();
            current.pending = false;
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset == 0 && data.len() <= REDB_HEADER {
            let mut current = self.header();
            let header = current.header.redb.get_mut(..data.len()).ok_or_else(unaligned)?;
            header.copy_from_slice(data);
            return self.write_header(&mut current);
        }
        self.write_blocks(whole_blocks(offset, data.len())?, data)
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedFile")
    }
}
