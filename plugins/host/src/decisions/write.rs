//! The file as it is written: lines of one plugin change, the others stay.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Decision, read};

/// What is written in a plugin's own part. Its configuration has another one,
/// which is never touched.
const KEYS: [&str; 7] =
    ["grants", "accounts", "conversations", "rate", "start", "untrusted", "library"];

/// The text with what was decided about one plugin. Where its part is written
/// in a way that this does not know, the whole file is written anew.
pub(super) fn write(text: &str, name: &str, all: &BTreeMap<String, Decision>) -> String {
    let Some(decision) = all.get(name) else { return text.to_owned() };
    let changed = match text.lines().position(|line| is_header(line, name)) {
        Some(at) => replace(text, at, decision),
        None => append(text, name, decision),
    };
    match read::read(&changed) {
        Ok(as_read) if as_read == *all => changed,
        _ => anew(all),
    }
}

/// Whether a line begins the part of a plugin.
fn is_header(line: &str, name: &str) -> bool {
    let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
    let inner = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let inner = inner.trim();
        inner == name || inner == quoted(name) || inner == format!("'{name}'")
    })
}

fn append(text: &str, name: &str, decision: &Decision) -> String {
    let mut out = text.trim_end().to_owned();
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    out.push_str(&format!("[{}]\n", key(name)));
    out.push_str(&lines(decision));
    out
}

/// The part that begins at a line, with other values for [`KEYS`].
fn replace(text: &str, at: usize, decision: &Decision) -> String {
    let mut out = String::new();
    let (mut inside, mut open) = (false, 0_i64);
    for (number, line) in text.lines().enumerate() {
        if number == at {
            out.push_str(&format!("{line}\n{}", lines(decision)));
            inside = true;
            continue;
        }
        if inside && open == 0 {
            inside = !line.trim_start().starts_with('[');
            let is_ours = line.split_once('=').is_some_and(|(key, _)| KEYS.contains(&key.trim()));
            if inside && is_ours {
                open = brackets(line);
                continue;
            }
        } else if inside {
            // A list may go on for several lines.
            open = open.saturating_add(brackets(line)).max(0);
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// How many lists are opened in a line and not closed.
fn brackets(line: &str) -> i64 {
    let line = line.split_once('#').map_or(line, |(line, _)| line);
    line.chars().fold(0, |open: i64, letter| match letter {
        '[' => open.saturating_add(1),
        ']' => open.saturating_sub(1),
        _ => open,
    })
}

fn lines(decision: &Decision) -> String {
    let mut out = String::new();
    let mut line = |key: &str, value: String| out.push_str(&format!("{key} = {value}\n"));
    line("grants", list(decision.grants.iter().map(|grant| grant.name())));
    if let Some(accounts) = &decision.accounts {
        line("accounts", list(accounts));
    }
    if let Some(conversations) = &decision.conversations {
        line("conversations", list(conversations));
    }
    if let Some(rate) = decision.rate {
        line("rate", rate.to_string());
    }
    if decision.start {
        line("start", "true".to_owned());
    }
    if decision.untrusted {
        line("untrusted", "true".to_owned());
    }
    if let Some(library) = &decision.library {
        line("library", quoted(&library.to_string_lossy()));
    }
    out
}

fn list(values: impl IntoIterator<Item = impl Display>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| quoted(&value.to_string())).collect();
    format!("[{}]", values.join(", "))
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => {
                out.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A name as a key.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

fn anew(all: &BTreeMap<String, Decision>) -> String {
    let mut out = String::new();
    for (name, decision) in all {
        let end = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{end}[{}]\n{}", key(name), lines(decision)));
        let mut parts = toml::Table::new();
        for (key, value) in &decision.config {
            if let Ok(value) = toml::Value::try_from(value) {
                parts.insert(key.clone(), value);
            }
        }
        if !parts.is_empty() {
            let config = toml::Table::from_iter([(
                name.clone(),
                toml::Value::Table(toml::Table::from_iter([(
                    "config".to_owned(),
                    toml::Value::Table(parts),
                )])),
            )]);
            let text = toml::to_string(&config).unwrap_or_default();
            out.push_str(&format!("\n{text}"));
        }
    }
    out
}
