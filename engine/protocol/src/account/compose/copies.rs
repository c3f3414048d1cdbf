//! The copies of a message: to whom they are sealed, and how long their swarms
//! keep them (01 sections 2.9 and 4.2).

use ramson_codec::envelope;
use ramson_codec::proto::{Content, DataMessage};
use ramson_codec::storage::MAX_DATA;
use ramson_crypto::{padding, session_protocol};
use ramson_types::conversation::Disappearing;
use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::disappearing::{ttl, write_setting};
use super::super::{Account, Outgoing};
use super::MESSAGE_TTL;
use crate::command::CommandError;
use crate::store::Copy;

/// A message before its copies are made.
#[derive(Debug)]
pub(in super::super) struct Draft {
    pub(in super::super) message: MessageId,
    pub(in super::super) to: AccountId,
    pub(in super::super) sent: Timestamp,
    /// When it disappears; written into every copy.
    pub(in super::super) setting: Disappearing,
    /// It changes something, and is no message of the history itself.
    pub(in super::super) outside_history: bool,
    /// The other devices get no copy.
    pub(in super::super) unsynced: bool,
}

impl Account {
    /// The copies of a DataMessage: the recipient's, with the own profile if
    /// it is to have one, and that of the other devices, which names the
    /// recipient instead, unless they are not told. A note to self is the latter
    /// alone, whatever they are told.
    pub(in super::super) fn data_copies(
        &self,
        draft: &Draft,
        data: DataMessage,
        with_profile: bool,
    ) -> Result<Vec<Outgoing>, CommandError> {
        let me = self.id();
        let mut content =
            Content { sig_timestamp: Some(draft.sent.millis()), ..Content::default() };
        let own = DataMessage { sync_target: Some(draft.to.to_string()), ..data };
        content.data_message = Some(own);
        write_setting(draft.setting, &mut content);
        let own = content.encode();
        let copies = if draft.to == me {
            vec![draft.outgoing(Copy::Recipient, me, own)]
        } else {
            if let Some(theirs) = &mut content.data_message {
                theirs.sync_target = None;
                if with_profile {
                    let (profile, key) = self.own_profile();
                    (theirs.profile, theirs.profile_key) = (Some(profile), key);
                }
            }
            let theirs = draft.outgoing(Copy::Recipient, draft.to, content.encode());
            let own = (!draft.unsynced).then(|| draft.outgoing(Copy::Sync, me, own));
            [theirs].into_iter().chain(own).collect()
        };
        copies.iter().try_for_each(fits)?;
        Ok(copies)
    }
}

impl Draft {
    fn outgoing(&self, copy: Copy, to: AccountId, content: Vec<u8>) -> Outgoing {
        Outgoing {
            ttl: ttl(self.setting, copy),
            outside_history: self.outside_history,
            ..control(self.message, copy, to, content, self.sent)
        }
    }
}

/// A copy of what is no message of the history and does not disappear: an
/// unsend request, say.
pub(in super::super) const fn control(
    message: MessageId,
    copy: Copy,
    to: AccountId,
    content: Vec<u8>,
    sent: Timestamp,
) -> Outgoing {
    Outgoing {
        message,
        copy,
        to,
        content,
        sent,
        ttl: MESSAGE_TTL,
        quiet: false,
        outside_history: true,
        fleeting: false,
    }
}

/// Refuses what no swarm would store, before anything is changed.
pub(in super::super) fn fits(copy: &Outgoing) -> Result<(), CommandError> {
    match sealed_len(&copy.content, copy.sent) {
        bytes if bytes > MAX_DATA => Err(CommandError::TooLarge { bytes, limit: MAX_DATA }),
        _ => Ok(()),
    }
}

/// How many bytes a Content takes once it is sealed, before base64.
fn sealed_len(content: &[u8], sent: Timestamp) -> usize {
    let sealed = padding::pad(content).len().saturating_add(session_protocol::OVERHEAD);
    envelope::wrap(sent, vec![0; sealed], [0; envelope::PRO_SIGNATURE_LEN]).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox;
    use proptest::prelude::*;
    use ramson_crypto::{AccountKeys, Seed};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    proptest! {
        #[test]
        fn the_size_is_known_before_sealing(length in 0..80_000_usize, sent in 1_u64..1 << 50) {
            let keys = AccountKeys::new(&Seed::from_entropy16([1; 16]));
            let (content, sent) = (vec![1; length], Timestamp(sent));
            let mut rng = StdRng::seed_from_u64(1);
            let sealed = inbox::seal(&keys, &keys.account_id(), &content, sent, &mut rng).unwrap();
            prop_assert_eq!(sealed_len(&content, sent), sealed.len());
        }
    }
}
