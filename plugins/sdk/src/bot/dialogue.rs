//! Dialogues: what a conversation is in the middle of.

use ramson_wire::{Message, Millis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Cx;
use super::cx::{CxError, Scene};
use super::records::Records;
use crate::{Error, Level};

/// Their records' names begin so.
const DIALOGUE: &str = "kit/dialogue/";

/// How a dialogue goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<S> {
    /// With this state, at the next message.
    Stay(S),
    /// It is over.
    End,
}

/// A dialogue as it is written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dialogue {
    pub(crate) name: String,
    pub(crate) until: Millis,
    #[serde(default)]
    pub(crate) state: Value,
}

/// A dialogue's handler, whatever its state is; whether it took the message.
pub(crate) type Step = Box<dyn Fn(&mut Cx, Value, &Message) -> Result<bool, Error> + Send>;

/// The name of a conversation's dialogue.
pub(crate) fn key(scene: &Scene) -> Option<String> {
    let conversation = scene.conversation.as_ref()?;
    Some(format!("{DIALOGUE}{}/{conversation}", scene.account))
}

pub(crate) fn record(cx: &Cx, name: &str, state: Value) -> Result<(String, String), Error> {
    let key = key(&cx.scene).ok_or(CxError::NoConversation)?;
    let expiry = Millis::try_from(cx.setting.dialogue_expiry.as_millis()).unwrap_or(Millis::MAX);
    let until = cx.now().saturating_add(expiry);
    let dialogue = Dialogue { name: name.to_owned(), until, state };
    Ok((key, serde_json::to_string(&dialogue)?))
}

/// A handler that knows its state's type.
pub(crate) fn step<S, F>(name: String, handler: F) -> Step
where
    S: Serialize + DeserializeOwned,
    F: Fn(&mut Cx, S, &Message) -> Result<Next<S>, Error> + Send + 'static,
{
    Box::new(move |cx, state, message| {
        let state = match serde_json::from_value(state) {
            Ok(state) => state,
            Err(error) => {
                // Written by another version of the bot: nobody can go on with it.
                let text = format!("the dialogue '{name}' ended, its state is another: {error}");
                cx.log(Level::Warn, text);
                cx.end_dialogue()?;
                return Ok(false);
            }
        };
        let began = key(&cx.scene).and_then(|key| cx.raw(&key).map(str::to_owned));
        match handler(cx, state, message)? {
            Next::Stay(state) => cx.begin(&name, &state)?,
            Next::End => {
                // The handler may have begun another one.
                let is = key(&cx.scene).and_then(|key| cx.raw(&key).map(str::to_owned));
                if is == began {
                    cx.end_dialogue()?;
                }
            }
        }
        Ok(true)
    })
}

/// The dialogue that a conversation is in the middle of. One that nobody can
/// go on with is forgotten.
pub(crate) fn current(cx: &mut Cx) -> Result<Option<Dialogue>, Error> {
    let Some(key) = key(&cx.scene) else { return Ok(None) };
    match cx.read::<Dialogue>(&key) {
        Ok(Some(dialogue)) if dialogue.until > cx.now() => Ok(Some(dialogue)),
        Ok(None) => Ok(None),
        Ok(Some(_)) | Err(_) => {
            cx.keep(key, None)?;
            Ok(None)
        }
    }
}

/// The records of dialogues that are over.
pub(crate) fn expired(records: &Records, now: Millis, most: usize) -> Vec<String> {
    let over = |value: &str| {
        serde_json::from_str::<Dialogue>(value).map_or(true, |dialogue| dialogue.until <= now)
    };
    let over = records.beginning(DIALOGUE).filter(|(_, value)| over(value)).take(most);
    over.map(|(key, _)| key.to_owned()).collect()
}
