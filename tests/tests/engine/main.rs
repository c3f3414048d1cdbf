//! The whole engine in this process, against a local network with real TLS,
//! real onion layers and real storage rules.

mod delivery;
mod guard;
mod mischief;
mod panics;
mod support;
