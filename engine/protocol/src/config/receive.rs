//! What a poll brought (03 section 4.1).

use std::collections::BTreeSet;

use ramson_types::Timestamp;

use super::compress::decompress;
use super::draft::Draft;
use super::keys::Owner;
use super::machine::{Config, Stage, StorageHash};
use super::merge::{Merged, merge};
use super::message::{Message, MessageKey};
use super::parts::{MARK, Taken};
use super::seal;

/// A message of a poll.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// The name under which it is stored.
    pub hash: &'a str,
    /// Its bytes.
    pub data: &'a [u8],
}

/// What a poll led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The messages that were understood. The others are of a later version,
    /// or nobody's, and are left where they are.
    pub accepted: BTreeSet<StorageHash>,
    /// Whether [`Config::data`] may be another than before.
    pub changed: bool,
}

/// A message that was understood, with all that is stored of it.
struct Understood {
    message: Message,
    hashes: BTreeSet<StorageHash>,
}

impl Config {
    /// Takes in messages of the config's namespace: all of one poll at once.
    pub fn merge(&mut self, owner: &Owner<'_>, stored: &[Stored<'_>], now: Timestamp) -> Received {
        self.needs_dump |= self.parts.expire(now);
        let mut received = Received::default();
        let mut understood = Vec::new();
        for stored in stored {
            let Some(text) = seal::open(self.kind, owner, stored.data) else {
                continue;
            };
            if let Some(message) = self.understand(owner, text, stored.hash, now, &mut received) {
                understood.push(message);
            }
        }
        self.merge_understood(owner, understood, &mut received);
        if !owner.may_write() {
            // Deleting is not theirs.
            self.obsolete.clear();
        }
        received
    }

    /// Reads one text; parts until the last give nothing.
    fn understand(
        &mut self,
        owner: &Owner<'_>,
        text: Vec<u8>,
        stored: &str,
        now: Timestamp,
        received: &mut Received,
    ) -> Option<Understood> {
        let stored = stored.to_owned();
        let (text, hashes) = if text.first() == Some(&MARK) {
            match self.parts.take(&text, &stored, now) {
                Taken::Whole(text, hashes) => (text, hashes),
                Taken::Kept => {
                    self.needs_dump = true;
                    received.accepted.insert(stored);
                    return None;
                }
                Taken::Refused => return None,
            }
        } else {
            (text, BTreeSet::from([stored.clone()]))
        };
        let message = Message::read(&decompress(text)?, owner.verifier()).ok()?;
        received.accepted.insert(stored);
        Some(Understood { message, hashes })
    }

    fn merge_understood(
        &mut self,
        owner: &Owner<'_>,
        understood: Vec<Understood>,
        received: &mut Received,
    ) {
        if understood.is_empty() {
            return;
        }
        self.needs_dump = true;
        // The own message takes part as if it had been stored.
        let own = match &self.stage {
            Stage::Clean(message) if message.seqno() == 0 => None,
            stage => Some(stage.message(owner.signer())),
        };
        let messages: Vec<&Message> =
            own.as_deref().into_iter().chain(understood.iter().map(|one| &one.message)).collect();
        let Some(merged) = merge(&messages, owner.may_write()) else {
            return;
        };
        let result = match merged {
            Merged::One(at) => match at.checked_sub(usize::from(own.is_some())) {
                None => {
                    let own = own.map(|own| own.key());
                    return self.stay(own, understood);
                }
                Some(at) => Ok(at),
            },
            Merged::New(new) => Err(new),
        };
        received.changed = true;
        let current = std::mem::take(&mut self.current);
        self.make_obsolete(current);
        match result {
            Ok(at) => self.take_over(owner, understood, at),
            Err(new) => {
                self.stage = Stage::Dirty(new.draft(self.is_dirty()));
                understood.into_iter().for_each(|one| self.make_obsolete(one.hashes));
            }
        }
    }

    /// The own message has all that the others have.
    fn stay(&mut self, own: Option<MessageKey>, understood: Vec<Understood>) {
        for one in understood {
            if own != Some(one.message.key()) {
                self.make_obsolete(one.hashes);
            } else if self.is_clean() && self.current.is_disjoint(&one.hashes) {
                self.choose_copy(one);
            }
            // Any other copy must not be deleted: it is what is held, or has
            // the name under which the same bytes are about to be stored.
        }
        let current = &self.current;
        self.obsolete.retain(|hash| !current.contains(hash));
    }

    /// What is held is stored once more. The second copy is obsolete, unless
    /// the first is of another message, as after [`Config::take_over`] of what
    /// was far ahead: such a message has an empty diff.
    fn choose_copy(&mut self, copy: Understood) {
        let obsolete = match copy.message.diff().is_empty() {
            true => std::mem::replace(&mut self.current, copy.hashes),
            false => copy.hashes,
        };
        self.make_obsolete(obsolete);
    }

    /// One of the received messages has all that the others have.
    fn take_over(&mut self, owner: &Owner<'_>, understood: Vec<Understood>, at: usize) {
        let unpushed = self.is_dirty();
        for (place, one) in understood.into_iter().enumerate() {
            if place != at {
                self.make_obsolete(one.hashes);
                continue;
            }
            // As the reference has it: a device whose own changes were too far
            // behind holds what it took over under the next sequence number,
            // with an empty diff, though nobody stored that (03 section 4.1).
            let held = match unpushed {
                true => Draft::after(&one.message).finish(owner.signer()),
                false => one.message,
            };
            self.stage = Stage::Clean(held);
            self.current = one.hashes;
        }
        let current = &self.current;
        self.obsolete.retain(|hash| !current.contains(hash));
    }
}
