//! Config messages (03): what devices store, read, merge and keep.

// A file that is not of its form fails its test, whether by panic or error.
#![allow(clippy::indexing_slicing)]

pub(crate) mod contacts;
pub(crate) mod convo_volatile;
pub(crate) mod encrypt;
pub(crate) mod known_answers;
pub(crate) mod merge;
pub(crate) mod multipart;
mod notation;
mod pushed;
pub(crate) mod states;
pub(crate) mod user_groups;
pub(crate) mod user_profile;

use ramson_crypto::{AccountKeys, Seed};
use ramson_tests::fields::{hex_array, list};
use ramson_tests::{Cases, fields::Check};
use ramson_types::Timestamp;
use serde_json::Value;

/// A time at which nothing of the files is old.
const NOW: Timestamp = Timestamp(1_765_432_100_000);

/// Runs the list `cases`, each by its `id`; the file's other sections are in
/// `plain`.
fn run_cases(file: &Value, cases: &mut Cases, plain: &[&str], check: Check) {
    let mut known = vec!["name", "source", "description", "notation", "format", "cases"];
    known.extend_from_slice(plain);
    cases.only_sections(file, &known);
    for case in list(file, "cases").unwrap_or_default() {
        cases.check(case["id"].as_str().unwrap_or("without an id"), || check(file, case));
    }
}

fn account(case: &Value) -> Result<AccountKeys, String> {
    Ok(AccountKeys::new(&Seed::from_bytes32(hex_array(case, "seed_hex")?)))
}
