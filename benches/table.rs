//! `cargo bench -p ramson-benches`: the table of ratios. See README.md.
//!
//! `-- --json` prints lines of JSON, `-- G2 G4` measures some goals only,
//! `-- --rounds 5` takes fewer rounds than a verdict needs.

use anyhow::Context as _;
use ramson_benches::{child, rows, table};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == child::CHILD) {
        return child::run(arguments.get(1..).unwrap_or_default());
    }
    let (mut as_json, mut rounds, mut goals) = (false, rows::ROUNDS, Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => as_json = true,
            "--rounds" => rounds = arguments.next().context("how many rounds?")?.parse()?,
            // cargo's own.
            "--bench" | "--test" => {}
            goal => goals.push(goal.to_owned()),
        }
    }
    let rows = rows::all(&goals, rounds)?;
    if !table::print(&rows, as_json) {
        std::process::exit(1);
    }
    Ok(())
}
