//! Transcripts of the real storage server.
fn main() {}
