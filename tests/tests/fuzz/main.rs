//! Every fuzz target on stable Rust: over its corpus, and over a few thousand
//! inputs made of it from a seed. `fuzz/` does the same with coverage and for
//! longer.
//!
//! `RAMSON_FUZZ_RUNS=N` makes N inputs for each target, `RAMSON_FUZZ_SEED=N`
//! makes other ones.
#![allow(clippy::print_stdout, reason = "a test without a harness of its own")]

use std::panic::catch_unwind;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use ramson_fuzz_targets::corpus::Known;
use ramson_fuzz_targets::{TARGETS, Target};

mod mutate;

use mutate::Mutator;

/// Inputs for each target; a few seconds in all.
const RUNS: u64 = 2_000;

/// What a failure shows of its input, in bytes.
const SHOWN: usize = 4_096;

fn main() -> std::process::ExitCode {
    let mut trials: Vec<_> = TARGETS
        .iter()
        .map(|target| Trial::test(target.name, move || run(target).map_err(Failed::from)))
        .collect();
    trials.push(Trial::test("every_target_is_in_the_fuzz_folder", || Ok(wrappers()?)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn number(variable: &str, otherwise: u64) -> Result<u64, String> {
    match std::env::var(variable) {
        Ok(text) => text.parse().map_err(|_| format!("{variable}={text} is not a number")),
        Err(_) => Ok(otherwise),
    }
}

fn run(target: &Target) -> Result<(), String> {
    let (runs, seed) = (number("RAMSON_FUZZ_RUNS", RUNS)?, number("RAMSON_FUZZ_SEED", 1)?);
    let corpus = target.inputs(&Known::read()?);
    if corpus.len() < 5 {
        return Err(format!("only {} inputs to begin with", corpus.len()));
    }
    let mut mutator = Mutator::new(&corpus, seed);
    let made = (0..runs).map(|_| mutator.next());
    for (number, input) in corpus.iter().cloned().chain(made).enumerate() {
        if catch_unwind(|| (target.run)(&input)).is_err() {
            let hex: String = input.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
            return Err(format!(
                "input {number} of seed {seed} ({} bytes; the panic is told above): {hex}",
                input.len()
            ));
        }
    }
    println!("{}: {} inputs and {runs} made of them, seed {seed}", target.name, corpus.len());
    Ok(())
}

/// libFuzzer needs a file and an entry for each target.
fn wrappers() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let read = |path: String| {
        let path = folder.join(path);
        std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))
    };
    let manifest = read("Cargo.toml".to_owned())?;
    for Target { name, .. } in TARGETS {
        if !manifest.contains(&format!("name = \"{name}\"")) {
            return Err(format!("fuzz/Cargo.toml has no [[bin]] for {name}"));
        }
        if !read(format!("fuzz_targets/{name}.rs"))?.contains(&format!("::{name}(")) {
            return Err(format!("fuzz/fuzz_targets/{name}.rs does not call {name}"));
        }
    }
    match manifest.matches("[[bin]]").count() {
        count if count == TARGETS.len() => Ok(()),
        count => Err(format!("fuzz/Cargo.toml has {count} targets, there are {}", TARGETS.len())),
    }
}
