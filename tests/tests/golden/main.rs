//! Transcripts of the real storage server. Each file is replayed against six
//! nodes of our own, which must give the recorded answers, and read and
//! written by our client, which must make the recorded signatures, hashes and
//! onion layers. `RAMSON_GOLDEN=DIR` reads another folder of the same form.
//!
//! `transcript` reads a file, `world` holds the nodes, `node_side` and
//! `client_side` are the two halves of the work, `answers` says what may
//! differ from run to run.
#![allow(clippy::indexing_slicing, reason = "a missing field of the JSON is null")]
#![allow(clippy::print_stdout, reason = "a test without a harness of its own")]

use libtest_mimic::{Arguments, Trial};
use ramson_tests::{Cases, Folder, load};

mod answers;
mod client_side;
mod node_side;
mod onion_side;
mod outside;
mod prefill;
mod transcript;
mod world;

use transcript::Transcript;

/// Files of parts that are not built yet. This list only ever shrinks.
const LATER: &[(&str, &str)] = &[("omq-frames", "nodes speak among themselves as values")];

fn main() -> std::process::ExitCode {
    let trials = match folder().names() {
        Ok(names) => names.into_iter().filter_map(trial).collect(),
        Err(why) => vec![Trial::test("folder", move || Err(why.into()))],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn folder() -> Folder {
    Folder::new("RAMSON_GOLDEN", "golden")
}

/// Any name is run: what a file needs is read from the file itself.
fn trial(name: String) -> Option<Trial> {
    if LATER.iter().any(|(later, _)| *later == name) {
        return None;
    }
    Some(Trial::test(name.clone(), move || {
        let transcript = Transcript::read(load(&folder(), &name)?)?;
        let mut cases = Cases::default();
        node_side::run(&transcript, &mut cases)?;
        client_side::run(&transcript, &mut cases);
        println!("{}", cases.finish(&name)?);
        Ok(())
    }))
}
