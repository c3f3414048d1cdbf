//! What was written, and how it went: the measure of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_protocol::event::AccountEvent;
use ramson_types::message::MessageName;
use ramson_types::{MessageId, Timestamp};

/// A message that a user wrote.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) text: String,
    /// The author's account.
    pub(crate) from_account: usize,
    /// The recipient's.
    pub(crate) to: usize,
    /// The user was told that it is safe, or saw it in the history.
    pub(crate) kept: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) expected: Vec<Expected>,
    /// When each client's messages were queued and stored.
    pub(crate) queued: BTreeMap<(usize, MessageId), Timestamp>,
    pub(crate) stored: BTreeMap<(usize, MessageId), Timestamp>,
    /// What was deleted on all devices of an account.
    pub(crate) deleted: Vec<(usize, MessageName)>,
    /// What was deleted on one device only.
    pub(crate) deleted_here: Vec<(usize, MessageName)>,
    /// Commands that were carried out and those that were refused, by name.
    pub(crate) acts: BTreeMap<&'static str, (u32, u32)>,
    watch: Option<Timestamp>,
    recovery: Option<Duration>,
}

impl Tally {
    /// A user of account `from_account` writes; answers the text, and the
    /// number for [`Tally::kept`].
    pub(crate) fn expect(&mut self, from_account: usize, to: usize) -> (String, usize) {
        let number = self.expected.len();
        let text = format!("message {number} of account {from_account}");
        self.expected.push(Expected { text: text.clone(), from_account, to, kept: false });
        (text, number)
    }

    pub(crate) fn kept(&mut self, number: usize) {
        if let Some(expected) = self.expected.get_mut(number) {
            expected.kept = true;
        }
    }

    pub(crate) fn start_watch(&mut self, now: Timestamp) {
        self.watch = Some(now);
    }

    /// How long it took from the last [`Tally::start_watch`] to the next
    /// message that was stored.
    pub(crate) fn recovery(&self) -> Option<Duration> {
        self.recovery
    }

    pub(crate) fn hear(&mut self, client: usize, event: &AccountEvent, now: Timestamp) {
        match event {
            AccountEvent::MessageQueued(message) => {
                self.queued.insert((client, message.id), now);
            }
            AccountEvent::MessageStored { id, .. } => {
                self.stored.insert((client, *id), now);
                if let Some(start) = self.watch.take() {
                    self.recovery = Some(now.since(start));
                }
            }
            _ => {}
        }
    }
}
