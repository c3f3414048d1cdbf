//! docs/bots.md, as `pages` reads it, and what it says of the bots here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use crate::pages::{Page, tree};

#[test]
fn every_command_of_the_bot_docs_does_what_they_say() {
    Page::of("bots.md").follow();
}

/// The files of the bots in this tree, but for their tests: as docs/ names
/// them, with how many of their lines have anything in them.
fn bots() -> BTreeMap<String, usize> {
    let within = |folder: &str| -> Vec<PathBuf> {
        let files = fs::read_dir(tree(folder)).into_iter().flatten();
        files.map(|entry| PathBuf::from(folder).join(entry.unwrap().file_name())).collect()
    };
    let mut files = vec![PathBuf::from("plugins/rpc/python/echo.py")];
    for bot in within("plugins") {
        let name = bot.file_name().and_then(OsStr::to_str).unwrap();
        if name.starts_with("bot-") {
            let folder = bot.to_str().unwrap();
            files.extend(within(folder).into_iter().chain(within(&format!("{folder}/src"))));
        }
    }
    let is_code = |file: &PathBuf| {
        let ending = file.extension().and_then(OsStr::to_str);
        let name = file.file_stem().and_then(OsStr::to_str);
        matches!(ending, Some("rs" | "c" | "py")) && !matches!(name, Some("test" | "tests"))
    };
    let counted = files.iter().filter(|file| is_code(file)).map(|file| {
        let file = file.to_str().unwrap();
        let text = fs::read_to_string(tree(file)).unwrap();
        (format!("../{file}"), text.lines().filter(|line| !line.trim().is_empty()).count())
    });
    counted.collect()
}

/// A row that names a file and ends in a number.
fn row(line: &str) -> Option<(&str, usize)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let (_, file) = cells.first()?.split_once("](")?;
    let (file, _) = file.split_once(')')?;
    Some((file, cells.last()?.trim().parse().ok()?))
}

#[test]
fn the_bot_docs_state_how_many_lines_each_bot_has() {
    let bots = bots();
    if std::env::var_os("RAMSON_UPDATE_DOCS").is_some() {
        let page = Page::of("bots.md");
        let lines = page.text().lines().map(|line| match row(line) {
            Some((file, stated)) => {
                let lines = bots.get(file).copied().unwrap_or(stated);
                line.replace(&format!("| {stated} |"), &format!("| {lines} |")) + "\n"
            }
            None => format!("{line}\n"),
        });
        fs::write(tree("docs/bots.md"), lines.collect::<String>()).unwrap();
    }
    let page = Page::of("bots.md");
    let stated = page.text().lines().filter_map(row);
    let stated: BTreeMap<_, _> = stated.map(|(file, lines)| (file.to_owned(), lines)).collect();
    assert!(
        stated == bots,
        "docs/bots.md states {stated:#?}, but there are {bots:#?}; a row for each file has to be \
         there, and RAMSON_UPDATE_DOCS=1 cargo test -p ramson-tests --test e2e docs_state sets the \
         numbers"
    );
}
