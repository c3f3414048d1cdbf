//! `docs/cli.md` is made from the command line's definition. The test below
//! fails when it is not; `RAMSON_UPDATE_DOCS=1 cargo test -p ramson-shell docs`
//! writes it anew.

use clap::{Arg, Command, CommandFactory as _};

use crate::cli::Cli;

const HEAD: &str = include_str!("docs/head.md");
const TAIL: &str = include_str!("docs/tail.md");

fn page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut page = String::from(HEAD);
    page.push_str("\n## Global flags\n\n");
    for arg in root.get_arguments().filter(|arg| arg.is_global_set()) {
        page.push_str(&argument(arg));
    }
    page.push_str("\n## Commands\n");
    page.push_str(&section(&root, "ramson"));
    // What only the program calls is not for its readers.
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        subcommands(command, "ramson", &mut page);
    }
    page.push('\n');
    page.push_str(TAIL);
    page
}

fn subcommands(command: &Command, above: &str, page: &mut String) {
    let name = format!("{above} {}", command.get_name());
    page.push_str(&section(command, &name));
    for command in command.get_subcommands() {
        subcommands(command, &name, page);
    }
}

fn section(command: &Command, name: &str) -> String {
    let mut text = format!("\n### `{name}`\n\n");
    let about = command.get_long_about().or(command.get_about());
    text.push_str(&format!("{}\n", about.map(ToString::to_string).unwrap_or_default().trim()));
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !["help", "version"].contains(&arg.get_id().as_str()))
        .collect();
    if !command.has_subcommands() || !own.is_empty() {
        let words = own.iter().map(|arg| format!(" {}", usage(arg)));
        text.push_str(&format!("\n```\n{name}{}\n```\n", words.collect::<String>()));
    }
    if !own.is_empty() {
        text.push('\n');
    }
    text.extend(own.into_iter().map(argument));
    text
}

fn usage(arg: &Arg) -> String {
    let form = form(arg);
    if arg.is_required_set() { form } else { format!("[{form}]") }
}

fn form(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let value = value.filter(|_| arg.get_action().takes_values()).unwrap_or_default();
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) if !value.is_empty() => format!("--{long} {value}"),
        (Some(long), Some(short)) => format!("-{short}, --{long}"),
        (Some(long), None) => format!("--{long}"),
        _ => value,
    }
}

fn argument(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let default: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = match arg.get_action().takes_values() && !default.is_empty() {
        true => format!(" [default: {}]", default.join(" ")),
        false => String::new(),
    };
    format!("- `{}`: {help}{default}\n", form(arg))
}

#[test]
fn docs_are_those_of_the_command_line() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let page = page();
    if std::env::var_os("RAMSON_UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/cli.md is not what the command line is; \
         RAMSON_UPDATE_DOCS=1 cargo test -p ramson-shell docs writes it anew"
    );
}
