//! What clients and file servers say to each other (02 section 6), both ways.
//! All of it goes through [`onion_v4`](crate::onion_v4): [`Call`] is what is
//! asked, [`Uploaded`], [`FileInfo`] and [`failure`] are what is answered,
//! [`DownloadUrl`] is how a file is named in a message, and [`auth`] is how a
//! call may be signed.
//!
//! How ids are made of content stands in [`ramson_crypto::file_id`]; keeping
//! files is the server's business.

mod answer;
pub mod auth;
mod call;
mod download_url;

#[cfg(test)]
mod tests;

pub use answer::{
    FileAnswerError, FileInfo, Release, Uploaded, failure, legacy_downloaded, legacy_uploaded,
    text_failure,
};
pub use call::{Call, CallError, TTL_HEADER};
pub use download_url::{DownloadUrl, DownloadUrlError};

/// The most that official clients upload, in bytes as encrypted.
pub const CLIENT_LIMIT: usize = 10_000_000;

/// The most that a server takes as it comes, in bytes.
pub const SERVER_LIMIT: usize = 6_000_000;

/// How long a server keeps a file as it comes: three weeks, in milliseconds.
pub const SERVER_LIFETIME_MS: u64 = 21 * 24 * 60 * 60 * 1000;

/// How long official clients expect a file to be kept: two weeks.
pub const CLIENT_LIFETIME_MS: u64 = 14 * 24 * 60 * 60 * 1000;

/// From this length on an id is made of content and can be extended.
pub const EXTENDABLE_ID: usize = ramson_crypto::file_id::LEN;

/// The content type of files.
pub const OCTETS: &str = "application/octet-stream";

/// The content type of all other answers.
pub const JSON: &str = "application/json";
