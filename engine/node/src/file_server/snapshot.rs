//! The files as bytes, for a local network that outlives its process.
//!
//! ```text
//! "ramson-files\0" ‖ version u8 = 1
//! u64 number of files, by id, each:
//!     length u32 ‖ id ‖ uploaded u64 ‖ expires u64 ‖ length u32 ‖ data
//! ```
//!
//! Numbers are little-endian; times are milliseconds.

use ramson_types::Timestamp;

use super::FileServer;
use super::files::{File, Files};
use crate::snapshot::{Reader, SnapshotError, put_bytes, put_count};

const MAGIC: &[u8; 14] = b"ramson-files\0\x01";

impl FileServer {
    /// All files.
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_count(&mut bytes, self.files.len());
        for (id, file) in self.files.iter() {
            put_bytes(&mut bytes, id.as_bytes());
            bytes.extend(file.uploaded.millis().to_le_bytes());
            bytes.extend(file.expires.millis().to_le_bytes());
            put_bytes(&mut bytes, &file.data);
        }
        bytes
    }

    /// Replaces all files by exported ones. On an error nothing has changed.
    pub fn import(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::Foreign)?;
        let mut reader = Reader::new(rest, bytes.len());
        let mut files = Files::new();
        for _ in 0..reader.number()? {
            let id = std::str::from_utf8(reader.bytes()?).map(str::to_owned);
            let id = id.map_err(|_| reader.damaged())?;
            let (uploaded, expires) = (Timestamp(reader.number()?), Timestamp(reader.number()?));
            let data = reader.bytes()?.into();
            if files.get(&id, Timestamp(0)).is_some() {
                return Err(reader.damaged());
            }
            files.insert(id, File { data, uploaded, expires });
        }
        reader.finish()?;
        self.files = files.after(&self.files);
        Ok(())
    }
}
