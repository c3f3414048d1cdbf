//! What a plugin wrote down before.

use ramson_system::{Engine, EngineError};
use ramson_wire::{Answer, Record};

use crate::desk::FIRST_RECORD;

/// So many records at once, and so many bytes of them.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 4 << 20;

/// One record.
pub(super) async fn one(engine: &Engine, plugin: &str, key: String) -> Result<Answer, EngineError> {
    if !Record::is_key(&key) {
        return Ok(Answer::Record { value: None });
    }
    let value = engine.plugin_record(plugin.to_owned(), key).await?;
    Ok(Answer::Record { value: value.and_then(text) })
}

/// Those whose names begin with a text, behind a name.
pub(super) async fn several(
    engine: &Engine,
    plugin: &str,
    prefix: String,
    after: Option<String>,
    limit: u32,
) -> Result<Answer, EngineError> {
    let limit = usize::try_from(limit).unwrap_or(MOST).clamp(1, MOST);
    // Names with control characters are the host's own.
    let hidden = prefix.chars().any(char::is_control);
    if hidden {
        return Ok(Answer::Records { records: Vec::new(), complete: true });
    }
    let after = after.filter(|after| after.as_str() > FIRST_RECORD);
    let after = Some(after.unwrap_or_else(|| FIRST_RECORD.to_owned()));
    let found =
        engine.plugin_records(plugin.to_owned(), prefix, after, limit.saturating_add(1)).await?;
    let mut room = MOST_BYTES;
    let (mut records, mut complete) = (Vec::new(), found.len() <= limit);
    for (key, value) in found.into_iter().take(limit) {
        let size = key.len().saturating_add(value.len());
        // One fits always.
        if size > room && !records.is_empty() {
            complete = false;
            break;
        }
        room = room.saturating_sub(size);
        records.push(Record { key, value: text(value) });
    }
    Ok(Answer::Records { records, complete })
}

/// What was written as a text is one.
fn text(value: Vec<u8>) -> Option<String> {
    String::from_utf8(value).ok()
}
