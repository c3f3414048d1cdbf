//! Messages that have a name: a record waits until the message stands in the
//! history, and says what it was called.

use ramson_wire::{ConversationId, Message};
use serde::{Deserialize, Serialize};

use super::Cx;
use crate::Error;

/// Their records' names begin so.
const SAID: &str = "kit/said/";

#[derive(Debug, Serialize, Deserialize)]
struct Said {
    name: String,
    text: String,
}

fn prefix(cx: &Cx, conversation: &ConversationId) -> String {
    format!("{SAID}{}/{conversation}/", cx.account())
}

/// A record for a message that is about to be written; its name comes behind
/// those that wait already.
pub(crate) fn record(
    cx: &Cx,
    conversation: &ConversationId,
    name: &str,
    text: &str,
) -> Result<(String, String), Error> {
    let prefix = prefix(cx, conversation);
    let last = cx.beginning(&prefix).pop();
    let last = last.and_then(|(key, _)| key.strip_prefix(&prefix)?.parse().ok()).unwrap_or(0_u64);
    let said = Said { name: name.to_owned(), text: text.to_owned() };
    Ok((format!("{prefix}{:020}", last.saturating_add(1)), serde_json::to_string(&said)?))
}

/// What a message of the bot's own was called, if it has a name. It is asked
/// once.
pub(crate) fn name(cx: &mut Cx, message: &Message) -> Result<Option<String>, Error> {
    let waiting = cx.beginning(&prefix(cx, &message.conversation));
    for (key, value) in waiting {
        let Ok(said) = serde_json::from_str::<Said>(&value) else { continue };
        if message.text.as_deref().map(str::trim) == Some(said.text.as_str()) {
            cx.keep(key, None)?;
            return Ok(Some(said.name));
        }
    }
    Ok(None)
}
