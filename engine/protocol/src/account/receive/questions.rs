//! What of the history is to be known before arrivals are taken in: the
//! messages that they are, and those that they are about.

use std::collections::BTreeSet;

use ramson_codec::proto::ContentKind;
use ramson_types::message::MessageName;
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::{Account, Question};
use super::judge::Judged;
use super::{Arrival, ArrivalBody, call, receipt};
use crate::inbox::Opened;

impl Account {
    /// What of the history is to be known before [`Account::receive`].
    pub fn arrival_questions(&self, arrivals: &[Arrival]) -> Vec<Question> {
        let mut names = BTreeSet::new();
        for arrival in arrivals {
            let ArrivalBody::Opened(opened) = &arrival.body else { continue };
            let Ok(opened) = opened.as_ref() else { continue };
            let Ok(judged) = self.judge(opened) else { continue };
            names.extend(self.names_of(opened, &judged));
        }
        names.into_iter().map(Question::Named).collect()
    }

    fn names_of(&self, opened: &Opened, judged: &Judged) -> Vec<MessageName> {
        let content = &opened.content;
        match judged.kind {
            ContentKind::Reaction => self.reaction_target(opened, judged).into_iter().collect(),
            ContentKind::Receipt => {
                let times = content.receipt_message.as_ref().map(receipt::read_times);
                let name = |sent| judged.conversation_name(self.id(), sent);
                times.into_iter().flatten().map(name).collect()
            }
            ContentKind::Unsend => self.unsend_targets(opened, judged).unwrap_or_default(),
            _ => {
                let mut names = vec![judged.conversation_name(opened.sender, opened.sent)];
                if judged.from_self {
                    names.push(self.own_name(opened.sent));
                }
                names.extend(content.call_message.as_ref().map(|call| call::mark(judged, call)));
                names
            }
        }
    }

    /// The name under which is kept that an own message was deleted whose
    /// conversation is not known. No two own messages share a time.
    pub(super) fn own_name(&self, sent: Timestamp) -> MessageName {
        let me = self.id();
        MessageName { conversation: ConversationId::Account(me), author: me, sent }
    }

    /// The names that an own message of this time may have. One that is there
    /// is not newer than the newest of its conversation.
    pub(super) fn own_names(&self, sent: Timestamp) -> Vec<MessageName> {
        let me: AccountId = self.id();
        let own = self.own_name(sent);
        let others = self.lines.iter().filter(|line| {
            line.id != own.conversation
                && line.latest >= sent
                && matches!(line.id, ConversationId::Account(_))
        });
        let name = |conversation| MessageName { conversation, author: me, sent };
        let others: Vec<_> = others.map(|line| name(line.id.clone())).collect();
        std::iter::once(own).chain(others).collect()
    }
}
