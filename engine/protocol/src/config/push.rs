//! Storing what was changed (03 section 4.2).

use std::borrow::Cow;
use std::collections::BTreeSet;

use ramson_types::Timestamp;

use super::keys::Owner;
use super::machine::{Config, Stage, StorageHash};
use super::seal::{self, PushError};

/// What is to be stored. All messages go into one `sequence`, and then a
/// `delete` of the obsolete hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// To confirm with.
    pub seqno: i64,
    /// One message, or the parts of a long one.
    pub messages: Vec<Vec<u8>>,
    /// What the new message makes useless. A hash that one of `messages` gets
    /// must not be deleted.
    pub obsolete: BTreeSet<StorageHash>,
}

impl Config {
    /// What is to be stored now. The config waits from here on; it must be
    /// dumped before the first byte is sent, so that a crash leads to another
    /// push of the same bytes. Of a clean config it is what is stored already.
    pub fn push(&mut self, owner: &Owner<'_>, now: Timestamp) -> Result<Push, PushError> {
        let message = self.stage.message(owner.signer());
        let seqno = message.seqno();
        let sealed = seal::seal(self.kind, owner, seqno, &message.encode())?;
        // A message that was just finished is the one of a draft.
        if let Cow::Owned(message) = message {
            self.stage = Stage::Waiting(message);
            self.needs_dump = true;
        }
        if let Some(hash) = sealed.parts_of {
            self.parts.complete(hash, now);
            self.needs_dump = true;
        }
        let obsolete = std::mem::take(&mut self.obsolete);
        self.needs_dump |= !obsolete.is_empty();
        let obsolete = if owner.may_write() { obsolete } else { BTreeSet::new() };
        Ok(Push { seqno, messages: sealed.messages, obsolete })
    }

    /// Says that all messages of a push were stored, and under which hashes.
    /// What was edited or merged since then is pushed again, and this is
    /// passed over: what was stored comes back in a poll.
    pub fn confirm(&mut self, seqno: i64, hashes: BTreeSet<StorageHash>) {
        let Stage::Waiting(message) = &self.stage else {
            return;
        };
        if message.seqno() == seqno {
            self.stage = Stage::Clean(message.clone());
            self.obsolete.retain(|hash| !hashes.contains(hash));
            self.current = hashes;
            self.needs_dump = true;
        }
    }

    /// Says that what a clean config holds was stored once more, since the
    /// swarm had lost it. Another client may have written other bytes for it,
    /// so that the hashes can be new ones.
    pub fn confirm_again(&mut self, seqno: i64, hashes: BTreeSet<StorageHash>) {
        let Stage::Clean(message) = &self.stage else {
            return;
        };
        if message.seqno() == seqno && self.current != hashes {
            let mut lost = std::mem::replace(&mut self.current, hashes);
            lost.retain(|hash| !self.current.contains(hash));
            self.make_obsolete(lost);
            let current = &self.current;
            self.obsolete.retain(|hash| !current.contains(hash));
            self.needs_dump = true;
        }
    }
}
