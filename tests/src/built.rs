//! The program and libraries that tests start: those beside `RAMSON_BIN`, or
//! built as the test is.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot start fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The program: the one that `RAMSON_BIN` names, or made by some packages.
///
/// # Panics
///
/// As [`built`].
pub fn program(packages: &[&str]) -> PathBuf {
    named().unwrap_or_else(|| built(packages).join("ramson"))
}

fn named() -> Option<PathBuf> {
    let program = std::env::var_os("RAMSON_BIN")?;
    Some(std::fs::canonicalize(program).expect("RAMSON_BIN names a file"))
}

/// The folder that has what some packages make, or the program and its plugins
/// where none is named. Nothing is built if `RAMSON_BIN` names the program: all
/// of it lies beside that.
///
/// # Panics
///
/// If it cannot be built, or `RAMSON_BIN` names nothing.
pub fn built(packages: &[&str]) -> PathBuf {
    if let Some(program) = named() {
        return program.parent().expect("a file is in a folder").to_owned();
    }
    // This test is <target>/<profile>/deps/e2e-…
    let test = std::env::current_exe().expect("a test has a file");
    let folder = test.parent().and_then(Path::parent).expect("it is in a target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(profile) => profile,
        None => panic!("no profile folder above {}", test.display()),
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile])
        .args(packages.iter().flat_map(|package| ["-p", package]))
        .arg("--target-dir")
        .args(folder.parent())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .expect("cargo is there");
    assert!(built.success(), "{packages:?} could not be built");
    folder.to_owned()
}
