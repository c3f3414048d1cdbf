//! What the root manifest and the packages' targets may say.

use serde_json::Value;

use crate::dependencies::metadata;
use crate::files::{none, read};

/// Complaints about panics that abort: a panic of one actor must not end the
/// engine.
fn aborting(path: &str, text: &str) -> Vec<String> {
    let setting =
        |line: &str| line.split('#').next().unwrap_or_default().replace([' ', '"', '\''], "");
    text.lines()
        .enumerate()
        .filter(|(_, line)| setting(line) == "panic=abort")
        .map(|(at, _)| {
            format!(
                "{path}:{}: panic = \"abort\" would end the engine with one actor; leave it out, \
                 so that the guardian can restart the actor",
                at + 1
            )
        })
        .collect()
}

#[test]
fn panics_unwind() -> Result<(), String> {
    let mut complaints = aborting("Cargo.toml", &read("Cargo.toml")?);
    for config in [".cargo/config.toml", ".cargo/config"] {
        if let Ok(text) = read(config) {
            complaints.extend(aborting(config, &text));
        }
    }
    none(&complaints)
}

/// A bare `cargo run` must find exactly one program, with no hint.
fn programs(metadata: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let defaults = list(&metadata["workspace_default_members"]);
    let mut complaints = Vec::new();
    let mut programs = Vec::new();
    for package in &list(&metadata["packages"]) {
        if let Some(program) = package["default_run"].as_str() {
            complaints.push(format!(
                "{}: default-run = \"{program}\" makes `cargo run` skip building the other \
                 default members; take it out",
                package["manifest_path"].as_str().unwrap_or_default()
            ));
        }
        let is_program = |target: &Value| list(&target["kind"]).contains(&Value::from("bin"));
        if defaults.contains(&package["id"]) {
            let targets = list(&package["targets"]);
            let names = targets.iter().filter(|it| is_program(it)).map(|it| it["name"].to_string());
            programs.extend(names);
        }
    }
    if programs.len() != 1 {
        complaints.push(format!(
            "the default members have the programs {programs:?}; there must be one, or a bare \
             `cargo run` does not know which to start: make the others subcommands of it"
        ));
    }
    complaints
}

#[test]
fn the_default_members_have_one_program() -> Result<(), String> {
    none(&programs(&metadata()?))
}

#[test]
fn an_aborting_profile_is_found() {
    let found = |text| aborting("Cargo.toml", text).len();
    assert_eq!(found("[profile.release]\npanic = \"abort\" # smaller\n"), 1);
    assert_eq!(found("[profile.release]\npanic = 'abort'"), 1);
    assert_eq!(found("panic = \"warn\"\n# panic = \"abort\"\n"), 0);
}

#[test]
fn a_second_program_and_a_default_run_are_found() {
    let package = |id: &str, default_run: Option<&str>| {
        serde_json::json!({
            "id": id,
            "manifest_path": format!("/house/{id}/Cargo.toml"),
            "default_run": default_run,
            "targets": [{ "name": id, "kind": ["bin"] }, { "name": id, "kind": ["lib"] }],
        })
    };
    let house = |packages: Vec<Value>, defaults: &[&str]| serde_json::json!({ "packages": packages, "workspace_default_members": defaults });
    let (one, two) = (package("one", None), package("two", None));
    assert_eq!(programs(&house(vec![one.clone(), two.clone()], &["one"])).len(), 0);
    assert_eq!(programs(&house(vec![one.clone(), two.clone()], &["one", "two"])).len(), 1);
    assert_eq!(programs(&house(vec![one.clone()], &[])).len(), 1);
    assert_eq!(programs(&house(vec![one, package("three", Some("three"))], &["one"])).len(), 1);
}
