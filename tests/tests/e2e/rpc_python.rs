//! The Python client: its own tests, against the program that the others here
//! use too.

use std::path::Path;
use std::process::Command;

use crate::support::ramson;

fn passes(tests: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/rpc/python");
    let ended = Command::new("python3")
        .args(["-B", "-W", "error", "-m", "unittest", tests])
        .current_dir(folder)
        .env("RAMSON_BIN", ramson())
        .output()
        .expect("python3 is needed for this; install it");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    // A test that is passed over is none.
    assert!(said.trim_end().ends_with("OK"), "{said}");
}

#[test]
fn the_client_has_every_method_and_loses_nothing_when_connections_break_off() {
    passes("test_client");
}

#[test]
fn the_client_passes_against_all_verbs() {
    passes("test_ramson.AllVerbs");
}

#[test]
fn the_client_speaks_over_stdio_a_socket_and_http() {
    passes("test_ramson.Transports");
}

#[test]
fn a_python_bot_answers_once_whatever_is_killed() {
    passes("test_ramson.Killed");
}
