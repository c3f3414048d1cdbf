//! Timers: records that say when, so that they outlive restarts.

use std::collections::BTreeSet;

use ramson_wire::{AccountId, ConversationId, Millis, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cx::{CxError, Scene, form};
use super::records::Records;
use super::{Cx, commands::cut};
use crate::Error;

/// Their names begin so.
const TIMER: &str = "kit/timer/";

/// A timer as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) at: Millis,
    pub(crate) account: AccountId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<ConversationId>,
    #[serde(default)]
    pub(crate) data: Value,
}

/// The name of a timer's record.
pub(crate) fn key(name: &str) -> Result<String, CxError> {
    let key = format!("{TIMER}{name}");
    match !name.is_empty() && Record::is_key(&key) {
        true => Ok(key),
        false => Err(CxError::BadKey { key: cut(name) }),
    }
}

pub(crate) fn record(
    scene: &Scene,
    name: &str,
    at: Millis,
    data: Value,
) -> Result<(String, String), Error> {
    let (account, conversation) = (scene.account, scene.conversation.clone());
    let timer = Timer { at, account, conversation, data };
    Ok((key(name)?, serde_json::to_string(&timer)?))
}

pub(crate) fn pending<T: DeserializeOwned>(
    cx: &Cx,
    prefix: &str,
) -> Result<Vec<(String, Millis, T)>, Error> {
    let mut all = Vec::new();
    for (key, value) in cx.beginning(&format!("{TIMER}{prefix}")) {
        let timer: Timer = form(&key, &value)?;
        let name = key.strip_prefix(TIMER).unwrap_or_default().to_owned();
        let data = serde_json::from_value(timer.data)
            .map_err(|error| CxError::Form { key, reason: error.to_string() })?;
        all.push((name, timer.at, data));
    }
    all.sort_by_key(|(_, at, _)| *at);
    Ok(all)
}

/// When which timer goes off.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Millis, String)>);

impl Timers {
    /// Those of the records.
    pub(crate) fn of(records: &Records) -> Self {
        let at = |(key, value): (&str, &str)| Some((due(value)?, name(key)?.to_owned()));
        Self(records.beginning(TIMER).filter_map(at).collect())
    }

    /// A record is about to change.
    pub(crate) fn change(&mut self, key: &str, before: Option<&str>, after: Option<&str>) {
        let Some(name) = name(key) else { return };
        if let Some(at) = before.and_then(due) {
            self.0.remove(&(at, name.to_owned()));
        }
        if let Some(at) = after.and_then(due) {
            self.0.insert((at, name.to_owned()));
        }
    }

    /// When the next one goes off.
    pub(crate) fn next(&self) -> Option<Millis> {
        self.0.first().map(|(at, _)| *at)
    }

    /// The names of those whose time has come, the earliest first.
    pub(crate) fn due(&self, now: Millis, most: usize) -> Vec<String> {
        let due = self.0.iter().take_while(|(at, _)| *at <= now).take(most);
        due.map(|(_, name)| name.clone()).collect()
    }
}

fn name(key: &str) -> Option<&str> {
    key.strip_prefix(TIMER)
}

/// When a timer's record says that it goes off.
fn due(value: &str) -> Option<Millis> {
    #[derive(Deserialize)]
    struct At {
        at: Millis,
    }
    serde_json::from_str::<At>(value).ok().map(|At { at }| at)
}
