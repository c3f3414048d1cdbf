//! The few things the store asks of a file, so that memory can stand in for
//! the disk in simulation and in crash tests.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

/// A file as the store sees it. Nothing is durable before [`sync`](Self::sync)
/// returns; writes may reach the disk in any order until then.
pub trait RawFile: Send + Sync + 'static {
    /// Reads up to `out.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `data`; grows the file when it ends behind its end.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;
    /// Cuts the file or lengthens it with zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Returns when everything written so far is durable.
    fn sync(&self) -> io::Result<()>;

    /// Whether the file holds nothing.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// Reads `out.len()` bytes; what lies behind the end of the file is zeros.
pub(super) fn read_padded(file: &dyn RawFile, offset: u64, out: &mut [u8]) -> io::Result<()> {
    let read = file.read_at(offset, out)?;
    if let Some(rest) = out.get_mut(read..) {
        rest.fill(0);
    }
    Ok(())
}

/// A file on disk.
#[derive(Debug)]
pub struct DiskFile(File);

impl DiskFile {
    /// A file that is open for reading and writing.
    pub const fn new(file: File) -> Self {
        Self(file)
    }
}

impl RawFile for DiskFile {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt as _;
        fill(offset, out, |offset, out| self.0.read_at(out, offset))
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        use std::os::windows::fs::FileExt as _;
        fill(offset, out, |offset, out| self.0.seek_read(out, offset))
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        self.0.write_all_at(data, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        while !data.is_empty() {
            let written = self.0.seek_write(data, offset)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            data = data.get(written..).unwrap_or_default();
            offset = offset.saturating_add(written as u64);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

fn fill(
    offset: u64,
    out: &mut [u8],
    read: impl Fn(u64, &mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut done = 0usize;
    while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(offset.saturating_add(done as u64), rest) {
            Ok(0) => break,
            Ok(more) => done = done.saturating_add(more),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// A file in memory, for simulation.
#[derive(Debug, Default)]
pub struct MemoryFile(Mutex<Vec<u8>>);

impl MemoryFile {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file that holds these bytes.
    pub fn with_bytes(bytes: Vec<u8>) -> Self {
        Self(Mutex::new(bytes))
    }

    /// All its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl RawFile for MemoryFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let there = bytes.get(start..).unwrap_or_default();
        let count = there.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), there.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let too_far = || io::Error::from(io::ErrorKind::FileTooLarge);
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = usize::try_from(offset).map_err(|_| too_far())?;
        let end = start.checked_add(data.len()).ok_or_else(too_far)?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes.get_mut(start..end).ok_or_else(too_far)?.copy_from_slice(data);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).resize(length, 0);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
