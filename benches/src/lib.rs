//! What Ramson costs, as ratios to floors and peers measured in the same run.
//! `benches/README.md` says what each row means.
//!
//! | file | what |
//! |---|---|
//! | `measure` | CPU clocks, rounds, quartiles |
//! | `table` | rows and how they are printed |
//! | `library` | the crypto of one SEND, POLL and RECEIVE, and its three makers |
//! | `child` | servers in a process of their own |
//! | `rows` | what is measured |
#![allow(clippy::disallowed_methods)]

pub mod child;
pub mod library;
pub mod measure;
pub mod rows;
pub mod table;
