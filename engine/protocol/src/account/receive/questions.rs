//! What of the history is to be known before arrivals are taken in: the
//! messages that they are, and those that they are about.

use std::collections::BTreeSet;

use ramson_codec::proto::ContentKind;
use ramson_types::conversation::Conversation;
use ramson_types::message::MessageName;
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::{Account, Question};
use super::judge::Judged;
use super::{Arrival, ArrivalBody, notice, receipt};
use crate::inbox::Opened;

/// The most names that a batch asks for; what its messages are called
/// themselves is always asked for. What would be changed by the rest is passed
/// over.
pub(super) const MOST_NAMES: usize = 5_000;

/// In how many conversations an own message that is taken back is looked for.
const MOST_LINES: usize = 50;

/// In how many those of a batch are, together.
const MOST_OWN_NAMES: usize = 1_000;

impl Account {
    /// What of the history is to be known before [`Account::receive`]: at most
    /// 5,000 names, or as many as the messages have themselves.
    pub fn arrival_questions(&self, arrivals: &[Arrival]) -> Vec<Question> {
        let judged: Vec<_> = arrivals.iter().filter_map(|one| self.judged_of(one)).collect();
        let heeded = self.heeded(judged.iter().map(|(_, judged)| judged));
        let mut names: BTreeSet<MessageName> = BTreeSet::new();
        for (opened, judged) in &judged {
            names.extend(self.names_of(opened, judged));
        }
        let mut own = 0;
        for (opened, judged) in &judged {
            add(&mut names, self.unsent_names(opened, judged, &mut own));
        }
        // Last, since they matter least and one of them may ask for many.
        for (opened, judged) in &judged {
            if judged.from_self || heeded.contains(&judged.peer) {
                add(&mut names, self.names_of_targets(opened, judged));
            }
        }
        names.into_iter().map(Question::Named).collect()
    }

    fn judged_of<'a>(&self, arrival: &'a Arrival) -> Option<(&'a Opened, Judged)> {
        let ArrivalBody::Opened(opened) = &arrival.body else { return None };
        let opened = opened.as_ref().as_ref().ok()?;
        Some((opened, self.judge(opened).ok()?))
    }

    /// What a message is called itself.
    fn names_of(&self, opened: &Opened, judged: &Judged) -> Vec<MessageName> {
        let kind = judged.kind;
        if matches!(kind, ContentKind::Reaction | ContentKind::Receipt | ContentKind::Unsend) {
            return Vec::new();
        }
        let mut names = vec![judged.conversation_name(opened.sender, opened.sent)];
        if judged.from_self {
            names.push(self.own_name(opened.sent));
        }
        match (kind, &opened.content.call_message) {
            (ContentKind::Call, Some(call)) => names.extend(self.names_of_call(judged, call)),
            (ContentKind::MessageRequestResponse, _) => {
                names.push(notice::mark_of_response(judged));
            }
            _ => {}
        }
        names
    }

    /// What it takes back; `own` counts the names of own messages.
    fn unsent_names(&self, opened: &Opened, judged: &Judged, own: &mut usize) -> Vec<MessageName> {
        if judged.kind != ContentKind::Unsend {
            return Vec::new();
        }
        let Ok((author, sent)) = self.unsend_target(opened, judged) else { return Vec::new() };
        if author != self.id() {
            return vec![name_with_author(author, sent)];
        }
        let mut lines: Vec<_> = self.lines_of_own(sent).collect();
        lines.sort_unstable_by_key(|line| std::cmp::Reverse(line.latest));
        let most = MOST_LINES.min(MOST_OWN_NAMES.saturating_sub(*own));
        let others = lines.into_iter().take(most).map(|line| line.id.clone());
        let name = |conversation| MessageName { conversation, author, sent };
        let names: Vec<_> = std::iter::once(self.own_name(sent)).chain(others.map(name)).collect();
        *own = own.saturating_add(names.len());
        names
    }

    /// Which messages it is about.
    fn names_of_targets(&self, opened: &Opened, judged: &Judged) -> Vec<MessageName> {
        match judged.kind {
            ContentKind::Reaction => self.reaction_target(opened, judged).into_iter().collect(),
            ContentKind::Receipt => {
                let times = opened.content.receipt_message.as_ref().map(receipt::read_times);
                let name = |sent| judged.conversation_name(self.id(), sent);
                times.into_iter().flatten().map(name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The name under which is kept that an own message was deleted whose
    /// conversation is not known. No two own messages share a time.
    pub(super) fn own_name(&self, sent: Timestamp) -> MessageName {
        let me = self.id();
        MessageName { conversation: ConversationId::Account(me), author: me, sent }
    }

    /// The conversations in which an own message of this time may stand. One
    /// that is there is not newer than the newest of its conversation.
    fn lines_of_own(&self, sent: Timestamp) -> impl Iterator<Item = &Conversation> {
        let me = ConversationId::Account(self.id());
        self.lines.iter().filter(move |line| {
            line.id != me && line.latest >= sent && matches!(line.id, ConversationId::Account(_))
        })
    }

    /// The names that an own message of this time may have.
    pub(super) fn own_names(&self, sent: Timestamp) -> impl Iterator<Item = MessageName> {
        let author = self.id();
        let name = move |conversation| MessageName { conversation, author, sent };
        let others = self.lines_of_own(sent).map(move |line| name(line.id.clone()));
        std::iter::once(self.own_name(sent)).chain(others)
    }
}

/// The name of a message in the conversation with its author.
pub(super) const fn name_with_author(author: AccountId, sent: Timestamp) -> MessageName {
    MessageName { conversation: ConversationId::Account(author), author, sent }
}

/// Adds names as far as there is place for them.
fn add(names: &mut BTreeSet<MessageName>, more: Vec<MessageName>) {
    for name in more {
        if names.len() >= MOST_NAMES {
            return;
        }
        names.insert(name);
    }
}
