//! The file under the database, sealed as a whole: redb reads and writes pages
//! of 4096 bytes, and each becomes a block that only the data key opens.
//!
//! ```text
//! 0       4096 bytes   what this is, in the clear: "Ramson store", version 1
//! 4096    4 x 2048     the header in two pairs, A1 A2 B1 B2, each:
//!                      nonce 24 | sealed(generation 8, length 8, 320 bytes) | tag 16
//! 12288   n x 4136     block i (from 1): nonce 24 | sealed(4096 bytes) | tag 16
//! ```
//!
//! Numbers are little-endian; lengths in bytes. A header write goes to both
//! copies of the pair that does not hold the last synced generation, so that
//! neither a power cut nor a flipped bit can take the last synced header away.
//! Moving blocks is noticed (the number is bound in); putting back an older
//! version of a block or of the file is not.

mod backend;
mod cipher;
mod header;
pub mod raw;

pub(crate) use backend::{NotOpened, SealedFile};
pub(crate) use cipher::{Cipher, Domain, NONCE_LEN, Nonces, TAG_LEN};

/// A page of redb, and so a block of the file. They must be equal: a larger
/// block would tear live pages when a neighbour is written.
pub(crate) const BLOCK: usize = 4096;

/// Bytes that a block takes on disk.
pub(crate) const STRIDE: usize = NONCE_LEN + BLOCK + TAG_LEN;

/// Where block 1 starts.
pub(crate) const BLOCKS_START: u64 = header::COPIES_START + header::COPIES as u64 * header::SPACING;

/// Where block `number` starts; `None` for block 0, which is the header, and
/// past the end of what a file can hold.
pub(crate) fn block_position(number: u64) -> Option<u64> {
    number.checked_sub(1)?.checked_mul(STRIDE as u64)?.checked_add(BLOCKS_START)
}

/// How large the file must be for a database of `length` bytes.
pub(crate) fn file_length(length: u64) -> Option<u64> {
    block_position(length.div_ceil(BLOCK as u64).max(1))
}

/// What the newest header says of the pages; for tests.
#[cfg(test)]
pub(crate) fn may_have_torn_pages(file: &dyn raw::RawFile, cipher: &Cipher) -> Option<bool> {
    let newest = header::Header::read_newest(file, cipher).ok()?;
    newest.map(|(header, _)| header.may_have_torn_pages())
}
