//! Reading the fields of a case: hex, base64 and numbers, with an error that
//! names the field.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::Cases;

/// Checks one case; the file comes along for what several cases share.
pub type Check = fn(file: &Value, case: &Value) -> Result<(), String>;

/// Runs the sections of a file: `plain` ones hold nothing to check by itself.
/// A section that is a list has one case an element, any other is one case.
/// Sections in neither list fail.
pub fn run_sections(
    file: &Value,
    cases: &mut Cases,
    plain: &[&str],
    sections: &[(&'static str, Check)],
) {
    let known: Vec<&str> = plain.iter().copied().chain(sections.iter().map(|(n, _)| *n)).collect();
    cases.only_sections(file, &known);
    for (section, check) in sections {
        match file.get(section) {
            Some(Value::Array(list)) => {
                for (number, case) in list.iter().enumerate() {
                    cases.check(label(section, number, case), || check(file, case));
                }
            }
            Some(case) => cases.check(section, || check(file, case)),
            None => {}
        }
    }
}

fn label(section: &str, number: usize, case: &Value) -> String {
    let said = ["name", "description", "why", "note"].iter().find_map(|key| case[*key].as_str());
    format!("{section}[{number}] {}", said.unwrap_or_default())
}

/// The elements of a list.
pub fn list<'a>(case: &'a Value, field: &str) -> Result<&'a [Value], String> {
    case[field].as_array().map(Vec::as_slice).ok_or_else(|| format!("'{field}' is not a list"))
}

/// A text.
pub fn text<'a>(case: &'a Value, field: &str) -> Result<&'a str, String> {
    case[field].as_str().ok_or_else(|| format!("'{field}' is not a text"))
}

/// A number.
pub fn number(case: &Value, field: &str) -> Result<u64, String> {
    case[field].as_u64().ok_or_else(|| format!("'{field}' is not a number"))
}

/// A length.
pub fn size(case: &Value, field: &str) -> Result<usize, String> {
    number(case, field)?.try_into().map_err(|_| format!("'{field}' is too large"))
}

/// Yes or no.
pub fn flag(case: &Value, field: &str) -> Result<bool, String> {
    case[field].as_bool().ok_or_else(|| format!("'{field}' is neither true nor false"))
}

/// A text of a type that reads itself.
pub fn parsed<T: FromStr<Err: Display>>(case: &Value, field: &str) -> Result<T, String> {
    text(case, field)?.parse().map_err(|why| format!("'{field}': {why}"))
}

/// Bytes in hex.
pub fn hex(case: &Value, field: &str) -> Result<Vec<u8>, String> {
    hex::decode(text(case, field)?).map_err(|why| format!("'{field}': {why}"))
}

/// A fixed number of bytes in hex.
pub fn hex_array<const N: usize>(case: &Value, field: &str) -> Result<[u8; N], String> {
    hex(case, field)?.try_into().map_err(|_| format!("'{field}' is not {N} bytes"))
}

/// Bytes in base64.
pub fn base64(case: &Value, field: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text(case, field)?).map_err(|why| format!("'{field}': {why}"))
}

/// A fixed number of bytes in base64.
pub fn base64_array<const N: usize>(case: &Value, field: &str) -> Result<[u8; N], String> {
    base64(case, field)?.try_into().map_err(|_| format!("'{field}' is not {N} bytes"))
}
