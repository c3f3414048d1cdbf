//! The header: redb's first 320 bytes, the database's length, and which of
//! the four copies is the newest.

use std::cmp::Ordering;
use std::io;

use super::cipher::{Cipher, Domain, NONCE_LEN, Nonces, TAG_LEN};
use super::raw::{RawFile, read_padded};

/// What redb keeps at the start of its file and writes in place.
pub(super) const REDB_HEADER: usize = 320;
/// Where the first copy starts.
pub(crate) const COPIES_START: u64 = 4096;
/// From one copy to the next; a copy lies in one sector.
pub(crate) const SPACING: u64 = 2048;
/// A1 A2 B1 B2.
pub(crate) const COPIES: usize = 4;

const PLAIN: usize = 8 + 8 + REDB_HEADER;
const SEALED: usize = NONCE_LEN + PLAIN + TAG_LEN;

/// The text at the start of the file. It is never needed to open a store,
/// only to tell a store under another key from a foreign file.
const PREAMBLE: &[u8; 16] = b"Ramson store\0\0\0\x01";

/// redb's flags: its byte 9.
const FLAGS: usize = 9;
const RECOVERY_REQUIRED: u8 = 2;
const TWO_PHASE: u8 = 4;

/// Two copies that are written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    A,
    B,
}

impl Pair {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    const fn copies(self) -> [u64; 2] {
        match self {
            Self::A => [0, 1],
            Self::B => [2, 3],
        }
    }

    const fn of_copy(copy: u64) -> Self {
        if copy < 2 { Self::A } else { Self::B }
    }
}

/// One generation of the header.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Counts header writes.
    pub(super) generation: u64,
    /// The database's length, which can differ from what the file's length
    /// says after a power cut.
    pub(super) length: u64,
    /// redb's own header.
    pub(super) redb: [u8; REDB_HEADER],
}

impl Header {
    pub(super) const fn empty() -> Self {
        Self { generation: 0, length: 0, redb: [0; REDB_HEADER] }
    }

    fn flags(&self) -> u8 {
        self.redb.get(FLAGS).copied().unwrap_or_default()
    }

    /// Whether the last stop was unclean.
    pub(super) fn recovery_required(&self) -> bool {
        self.flags() & RECOVERY_REQUIRED != 0
    }

    /// Whether redb may meet torn pages and is prepared for them: after an
    /// unclean stop whose last commit was a one-phase one. In any other state
    /// it trusts what it reads.
    pub(super) fn may_have_torn_pages(&self) -> bool {
        self.recovery_required() && self.flags() & TWO_PHASE == 0
    }

    /// Writes both copies of a pair.
    pub(super) fn write(
        &self,
        pair: Pair,
        file: &dyn RawFile,
        cipher: &Cipher,
        nonces: &Nonces,
    ) -> io::Result<()> {
        let mut plain = Vec::with_capacity(PLAIN);
        plain.extend_from_slice(&self.generation.to_le_bytes());
        plain.extend_from_slice(&self.length.to_le_bytes());
        plain.extend_from_slice(&self.redb);
        for copy in pair.copies() {
            let mut sealed = Vec::with_capacity(SEALED);
            cipher.seal((Domain::Header, copy), nonces, &plain, &mut sealed);
            file.write_at(position(copy), &sealed)?;
        }
        Ok(())
    }

    /// The newest copy that is whole, and the pair it lies in.
    pub(super) fn read_newest(
        file: &dyn RawFile,
        cipher: &Cipher,
    ) -> io::Result<Option<(Self, Pair)>> {
        let mut newest: Option<(Self, Pair)> = None;
        for copy in Pair::A.copies().into_iter().chain(Pair::B.copies()) {
            let Some(header) = read_copy(copy, file, cipher)? else { continue };
            if newest.as_ref().is_none_or(|(best, _)| header.generation > best.generation) {
                newest = Some((header, Pair::of_copy(copy)));
            }
        }
        Ok(newest)
    }
}

fn position(copy: u64) -> u64 {
    copy.saturating_mul(SPACING).saturating_add(COPIES_START)
}

fn read_copy(copy: u64, file: &dyn RawFile, cipher: &Cipher) -> io::Result<Option<Header>> {
    let mut sealed = [0; SEALED];
    read_padded(file, position(copy), &mut sealed)?;
    let mut plain = [0; PLAIN];
    if cipher.open((Domain::Header, copy), &sealed, &mut plain).is_err() {
        return Ok(None);
    }
    Ok(parse(&plain))
}

fn parse(plain: &[u8; PLAIN]) -> Option<Header> {
    let (generation, rest) = plain.split_first_chunk::<8>()?;
    let (length, redb) = rest.split_first_chunk::<8>()?;
    Some(Header {
        generation: u64::from_le_bytes(*generation),
        length: u64::from_le_bytes(*length),
        redb: *redb.first_chunk::<REDB_HEADER>()?,
    })
}

/// Marks a new file as a store.
pub(super) fn write_preamble(file: &dyn RawFile) -> io::Result<()> {
    file.write_at(0, PREAMBLE)
}

/// What the start of a file says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preamble {
    /// A store of this version.
    Store,
    /// A store of a later version.
    Later(u8),
    /// Something else.
    Foreign,
}

/// Reads the start of the file.
pub(super) fn read_preamble(file: &dyn RawFile) -> io::Result<Preamble> {
    let mut found = [0; PREAMBLE.len()];
    read_padded(file, 0, &mut found)?;
    let ([found_text @ .., version], [text @ .., ours]) = (&found, PREAMBLE);
    Ok(match version.cmp(ours) {
        Ordering::Equal if found_text == text => Preamble::Store,
        Ordering::Greater if found_text == text => Preamble::Later(*version),
        _ => Preamble::Foreign,
    })
}
