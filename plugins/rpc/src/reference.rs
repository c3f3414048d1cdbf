//! The reference page, which `docs/rpc.md` keeps: a head that is written by
//! hand, and what the table of methods says.

use serde_json::{Map, Value};

use crate::methods::METHODS;
use crate::schema;

const HEAD: &str = include_str!("reference/head.md");

/// The page.
fn page() -> String {
    let schema = schema::value();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut page = String::from(HEAD);
    page.push_str("\n## Methods\n\n| method | network |\n|---|---|\n");
    for method in METHODS.iter() {
        let (name, network) = (method.name, method.network.name());
        page.push_str(&format!("| [`{name}`](#{}) | {network} |\n", anchor(name)));
    }
    for method in METHODS.iter() {
        let part = |part: &str| {
            let method = schema.get("methods").and_then(|methods| methods.get(method.name));
            method.and_then(|method| method.get(part)).cloned().unwrap_or_default()
        };
        page.push_str(&format!("\n### `{}`\n\n{}\n", method.name, method.about));
        fields(&mut page, "Parameters", &part("params"), &definitions);
        fields(&mut page, "Result", &part("result"), &definitions);
    }
    page.push_str("\n## Types\n\n");
    page.push_str(
        "What parameters, results and events are made of. `docs/rpc-schema.json` has all of it, \
         events among it.\n",
    );
    for name in ["Account", "Conversation", "Message", "MessageState", "Quote", "Record"] {
        if let Some(shape) = definitions.get(name) {
            page.push_str(&format!("\n### {name}\n"));
            variants(&mut page, shape, &definitions);
        }
    }
    for (title, name) in [("Commands in `done`", "DoneCommand"), ("Outcomes of `done`", "Outcome")]
    {
        if let Some(shape) = definitions.get(name) {
            page.push_str(&format!("\n### {title}\n"));
            variants(&mut page, shape, &definitions);
        }
    }
    page
}

/// How a heading is linked to.
fn anchor(name: &str) -> String {
    name.chars().filter(|letter| *letter != '.').collect()
}

fn followed<'a>(shape: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    let name = shape.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|name| name.strip_prefix("#/$defs/"));
    name.and_then(|name| definitions.get(name)).unwrap_or(shape)
}

fn text<'a>(shape: &'a Value, field: &str) -> &'a str {
    shape.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn fields(page: &mut String, title: &str, shape: &Value, definitions: &Map<String, Value>) {
    let shape = followed(shape, definitions);
    let Some(properties) = shape.get("properties").and_then(Value::as_object) else {
        page.push_str(&format!("\n{title}: none.\n"));
        return;
    };
    page.push_str(&format!("\n{title}:\n\n"));
    list(page, shape, properties, definitions);
}

fn list(
    page: &mut String,
    shape: &Value,
    properties: &Map<String, Value>,
    definitions: &Map<String, Value>,
) {
    let required = shape.get("required").and_then(Value::as_array);
    let must = |name: &String| required.is_some_and(|names| names.iter().any(|it| it == name));
    let (first, then): (Vec<_>, Vec<_>) = properties.iter().partition(|(name, _)| must(name));
    for (name, property) in first.into_iter().chain(then) {
        let must = must(name);
        let may = if must { "" } else { ", optional" };
        let own = text(property, "description");
        let about =
            if own.is_empty() { text(followed(property, definitions), "description") } else { own };
        let about = one_line(about);
        page.push_str(&format!("- `{name}` ({}{may}): {about}\n", kind(property, definitions)));
    }
}

/// A type that may be one of several.
fn variants(page: &mut String, shape: &Value, definitions: &Map<String, Value>) {
    let about = one_line(text(shape, "description"));
    if !about.is_empty() {
        page.push_str(&format!("\n{about}\n"));
    }
    if let Some(properties) = shape.get("properties").and_then(Value::as_object) {
        page.push('\n');
        list(page, shape, properties, definitions);
    }
    for one in shape.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let one = followed(one, definitions);
        let properties = one.get("properties").and_then(Value::as_object);
        let tag = properties
            .into_iter()
            .flatten()
            .find_map(|(name, property)| Some((name, property.get("const")?.as_str()?)));
        let about = one_line(text(one, "description"));
        match tag {
            Some((name, tag)) => {
                page.push_str(&format!("\n`\"{name}\":\"{tag}\"`: {about}\n"));
                let mut rest = properties.cloned().unwrap_or_default();
                rest.remove(name);
                if !rest.is_empty() {
                    page.push('\n');
                    list(page, one, &rest, definitions);
                }
            }
            None => page.push_str(&format!("\n{}: {about}\n", kind(one, definitions))),
        }
    }
}

/// What a value looks like, in a few words.
fn kind(shape: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(name) = text(shape, "$ref").strip_prefix("#/$defs/") {
        let target = followed(shape, definitions);
        return match target.get("type").and_then(Value::as_str) {
            Some("string") => match target.get("enum") {
                Some(_) => kind(target, definitions),
                None => name.to_owned(),
            },
            _ if target.get("oneOf").is_some() => {
                choices(target).unwrap_or_else(|| name.to_owned())
            }
            _ => name.to_owned(),
        };
    }
    if let Some(names) = shape.get("enum").and_then(Value::as_array) {
        let names: Vec<String> =
            names.iter().filter_map(Value::as_str).map(|name| format!("`\"{name}\"`")).collect();
        return names.join(" or ");
    }
    for several in ["anyOf", "oneOf"] {
        let parts = shape.get(several).and_then(Value::as_array);
        if let Some(parts) = parts {
            let parts: Vec<String> = parts
                .iter()
                .filter(|part| text(part, "type") != "null")
                .map(|part| kind(part, definitions))
                .collect();
            return parts.join(" or ");
        }
    }
    match shape.get("type") {
        Some(Value::String(one)) => named(one, shape, definitions),
        Some(Value::Array(several)) => {
            let several = several.iter().filter_map(Value::as_str).filter(|it| *it != "null");
            several.map(|one| named(one, shape, definitions)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

/// The names that a text may be, if it is one of some.
fn choices(shape: &Value) -> Option<String> {
    let parts = shape.get("oneOf")?.as_array()?;
    let names: Option<Vec<String>> = parts
        .iter()
        .map(|part| {
            let one = part.get("const").and_then(Value::as_str)?;
            Some(format!("`\"{one}\"`"))
        })
        .collect();
    names.map(|names| names.join(" or "))
}

fn named(one: &str, shape: &Value, definitions: &Map<String, Value>) -> String {
    match one {
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "string" => "text".to_owned(),
        "array" => match shape.get("items") {
            Some(items) => format!("list of {}", kind(items, definitions)),
            None => "list".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    /// `RAMSON_UPDATE_DOCS=1 cargo test -p ramson-rpc` writes them anew.
    fn is_written(file: &str, text: &str) {
        let path = format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("RAMSON_UPDATE_DOCS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "docs/{file} is not what the table of methods is; RAMSON_UPDATE_DOCS=1 cargo test -p \
             ramson-rpc writes it anew"
        );
    }

    #[test]
    fn the_reference_is_that_of_the_table() {
        is_written("rpc.md", &page());
    }

    #[test]
    fn the_schema_is_that_of_the_table() {
        is_written("rpc-schema.json", &schema::json());
    }

    #[test]
    fn nothing_in_the_reference_lacks_words() {
        let page = page();
        let (_, methods) = page.split_once("\n## Methods\n").unwrap();
        for line in methods.lines().filter(|line| line.starts_with("- `")) {
            let (_, about) = line.split_once("): ").unwrap_or_default();
            assert!(!about.trim().is_empty(), "{line}");
        }
    }

    #[test]
    fn the_head_knows_the_limits() {
        let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
        let response_bytes = usize::try_from(limits::RESPONSE_BYTES).unwrap();
        let rows = [
            format!("| a line or a body | {} |", mib(limits::LINE)),
            format!("| a line without end | {} |", mib(limits::ENDLESS_LINE)),
            format!("| a batch | {} requests |", limits::BATCH),
            format!("| requests of a client without a response | {} |", limits::IN_FLIGHT),
            format!(
                "| responses that wait for a slow client | {}, and {} |",
                limits::RESPONSES,
                mib(response_bytes)
            ),
            format!("| {} on a line, 1,024 over HTTP |", limits::EVENTS),
            format!(
                "| connections | {} at a socket, {} over HTTP |",
                limits::CONNECTIONS,
                limits::HTTP_CONNECTIONS
            ),
            format!("| clients subscribed over HTTP | {} |", limits::HTTP_CLIENTS),
            format!("at a socket | {} s |", limits::FIRST_LINE.as_secs()),
            format!("its body | {} s each |", limits::HEAD.as_secs()),
            format!("| the name of a client | {} of", limits::CLIENT_NAME),
            format!("| a command to an account | {} KiB |", ramson_abi::MAX_REQUEST >> 10),
            format!("A comment comes every\n{} s.", limits::KEEP_ALIVE.as_secs()),
            format!("stays subscribed for {} s", limits::LINGER.as_secs()),
        ];
        for row in rows {
            assert!(HEAD.contains(&row), "the head does not say '{row}'");
        }
        assert_eq!((limits::STREAM_EVENTS, limits::LONGEST_SEND), (1_024, 3_600));
        assert_eq!((limits::HEAD, limits::SEND, limits::MESSAGES), (limits::BODY, 60, 50));
    }
}
