//! The header and its mirror are the same to the bit. A program in C prints
//! what its compiler makes of the header; it is built as C99 and as C++17, with
//! every warning an error.

use std::collections::BTreeMap;
use std::mem::{align_of, offset_of, size_of};
use std::path::PathBuf;
use std::process::Command;

use ramson_abi::*;

macro_rules! layout {
    ($lines:ident, $rust:ident = $c:literal: $($field:ident)*) => {
        $lines.insert(concat!("sizeof ", $c).to_owned(), size_of::<$rust>() as i64);
        $lines.insert(concat!("alignof ", $c).to_owned(), align_of::<$rust>() as i64);
        $($lines.insert(
            format!(concat!($c, ".{}"), stringify!($field).trim_end_matches('_')),
            offset_of!($rust, $field) as i64,
        );)*
    };
}

macro_rules! constants {
    ($lines:ident: $($name:ident)*) => {
        $($lines.insert(concat!("RP_", stringify!($name)).to_owned(), $name as i64);)*
    };
}

/// What the mirror says.
fn mirror() -> BTreeMap<String, i64> {
    let mut lines = BTreeMap::new();
    layout!(lines, Slice = "rp_slice": ptr len);
    layout!(lines, Event = "rp_event": seq reply_to kind flags payload);
    layout!(lines, Host = "rp_host": size abi_major abi_minor granted ctx submit log extension now);
    layout!(lines, Plugin = "rp_plugin": magic size abi_major abi_minor flags id name version
        encoding schema topics grants create on_events run_ui request_stop destroy extension);
    lines.insert("sizeof rp_status".to_owned(), size_of::<Status>() as i64);
    constants!(lines: MAGIC ABI_MAJOR ABI_MINOR MAX_EVENT MAX_REQUEST MAX_IN_FLIGHT MAX_BATCH
        MAX_NAME WINDOW OK AGAIN FAILED PANICKED DENIED BAD_PAYLOAD TOO_LARGE CLOSED JSON BINCODE FLAG_UI
        FLAG_UNLOAD FLAG_DURABLE TOPIC_MESSAGES TOPIC_CONVERSATIONS TOPIC_TYPING TOPIC_NETWORK TOPIC_PLUGINS
        GRANT_READ GRANT_HISTORY GRANT_SEND GRANT_MANAGE GRANT_CONTACTS GRANT_PROFILE GRANT_NETWORK
        GRANT_ACCOUNTS GRANT_PLUGINS EVENT_SNAPSHOT EVENT_MESSAGE EVENT_MESSAGE_CHANGED
        EVENT_MESSAGE_REMOVED EVENT_CONVERSATION EVENT_CONVERSATION_REMOVED EVENT_PROFILE
        EVENT_ACCOUNT EVENT_ACCOUNT_REMOVED EVENT_TYPING EVENT_NETWORK EVENT_PLUGINS EVENT_REPLY
        EVENT_LAGGED REQUEST_COMMAND REQUEST_QUERY REQUEST_CONTROL REQUEST_DONE);
    for (name, level) in
        [("ERROR", LOG_ERROR), ("WARN", LOG_WARN), ("INFO", LOG_INFO), ("DEBUG", LOG_DEBUG)]
    {
        lines.insert(format!("RP_{name}"), level.into());
    }
    lines
}

/// Every constant and every field that the header has, as it stands there.
fn names() -> (Vec<String>, Vec<String>) {
    let code = without_comments(HEADER);
    let mut constants = Vec::new();
    let mut fields = Vec::new();
    let mut inside: Option<Vec<String>> = None;
    for line in code.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["#define", name, _, ..] => constants.push((*name).to_owned()),
            ["typedef", "struct", _, "{"] => inside = Some(Vec::new()),
            [end, name] if *end == "}" && inside.is_some() => {
                let name = name.trim_end_matches(';');
                fields.extend(inside.take().unwrap().iter().map(|field| format!("{name}.{field}")));
            }
            [] => {}
            _ => match &mut inside {
                Some(fields) => fields.extend(fields_of(line)),
                None => constants.extend(constants_of(line)),
            },
        }
    }
    (constants, fields)
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut code = String::new();
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").unwrap().1;
    }
    code + rest
}

/// `  RP_OK = 0,` and `enum { RP_ERROR = 1, RP_WARN = 2 };`
fn constants_of(line: &str) -> Vec<String> {
    let items = line.trim().trim_start_matches("enum {").split(',');
    items.filter_map(|item| Some(item.split_once(" = ")?.0.trim().to_owned())).collect()
}

/// `uint16_t abi_major, abi_minor;` and `void (*log)(void *ctx);`
fn fields_of(line: &str) -> Vec<String> {
    let line = line.trim().trim_end_matches(';');
    if let Some((_, name)) = line.split_once("(*") {
        return vec![name.split_once(')').unwrap().0.to_owned()];
    }
    let last = |part: &str| part.rsplit([' ', '*']).next().unwrap().to_owned();
    line.split(',').map(last).collect()
}

/// What a compiler makes of the header.
fn compiled(compiler: &str, standard: &str, ending: &str) -> BTreeMap<String, i64> {
    let folder = std::env::temp_dir().join(format!("ramson-abi-{}-{ending}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (source, program) = (folder.join(format!("print.{ending}")), folder.join("print"));
    std::fs::write(&source, program_text()).unwrap();
    let include = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("include");
    let output = Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .args([&include, &source])
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(&program).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let (name, number) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    };
    text.lines().map(line).collect()
}

fn program_text() -> String {
    let (constants, fields) = names();
    let mut text = String::from("#include \"ramson_plugin.h\"\n#include <stdio.h>\n");
    for name in ["rp_slice", "rp_event", "rp_host", "rp_plugin"] {
        text.push_str(&format!("typedef struct {{ char c; {name} it; }} align_{name};\n"));
    }
    text.push_str("int main(void) {\n");
    let mut print = |name: &str, value: &str| {
        text.push_str(&format!("  printf(\"%s %lld\\n\", \"{name}\", (long long)({value}));\n"));
    };
    for name in ["rp_slice", "rp_event", "rp_host", "rp_plugin"] {
        print(&format!("sizeof {name}"), &format!("sizeof({name})"));
        print(&format!("alignof {name}"), &format!("offsetof(align_{name}, it)"));
    }
    print("sizeof rp_status", "sizeof(rp_status)");
    for field in fields {
        let (of, name) = field.split_once('.').unwrap();
        print(&field, &format!("offsetof({of}, {name})"));
    }
    for name in constants {
        print(&name, &name);
    }
    text.push_str("  return 0;\n}\n");
    text
}

#[test]
fn c99_sees_what_the_mirror_says() {
    assert_eq!(compiled("gcc", "-std=c99", "c"), mirror());
}

#[test]
fn cpp17_sees_what_the_mirror_says() {
    assert_eq!(compiled("g++", "-std=c++17", "cpp"), mirror());
}

#[test]
fn the_symbol_is_the_one_that_the_header_names() {
    assert!(HEADER.contains(&format!("extern const rp_plugin {SYMBOL};")));
}

#[test]
fn the_longest_line_of_the_log_is_the_one_that_the_header_names() {
    assert!(HEADER.contains(&format!("at most {} KiB", MAX_LOG / 1024)));
}
