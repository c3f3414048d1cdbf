//! What a decision needs to know of the history.

use std::collections::BTreeMap;

use ramson_messages::storage::RecallHistory;
use ramson_protocol::account::{self, Answer, PAGE};
use ramson_types::message::{Message, MessageName};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};
use redb::ReadOnlyTable;

use super::questions::parse_message;
use super::{Failure, Question, Reading};
use crate::records;
use crate::tables::{Author, AuthorKind, EARLY, MESSAGE_KEYS, MESSAGE_PLACES, MESSAGES, Record};

impl Question for RecallHistory {
    type Answer = Vec<Answer>;

    fn answer(&self, reading: &Reading) -> Result<Vec<Answer>, Failure> {
        let mut recall = Recall::begin(self.account, reading)?;
        self.questions.iter().map(|question| recall.answer(question)).collect()
    }
}

/// The tables that these questions need, opened once for all of them.
struct Recall<'r> {
    reading: &'r Reading,
    account: u32,
    own: AccountId,
    messages: ReadOnlyTable<(u32, u32, u64), Record>,
    places: ReadOnlyTable<(u32, u64), u32>,
    keys: ReadOnlyTable<(u32, u32, u64, AuthorKind), u64>,
    early: ReadOnlyTable<(u32, u32, u64, Author), Record>,
    /// Conversations and their numbers, once they were looked up.
    numbers: BTreeMap<ConversationId, Option<u32>>,
    ids: BTreeMap<u32, ConversationId>,
}

impl<'r> Recall<'r> {
    fn begin(account: u32, reading: &'r Reading) -> Result<Self, Failure> {
        Ok(Self {
            reading,
            account,
            own: reading.id(account)?,
            messages: reading.table(MESSAGES)?,
            places: reading.table(MESSAGE_PLACES)?,
            keys: reading.table(MESSAGE_KEYS)?,
            early: reading.table(EARLY)?,
            numbers: BTreeMap::new(),
            ids: BTreeMap::new(),
        })
    }

    fn answer(&mut self, question: &account::Question) -> Result<Answer, Failure> {
        match question {
            account::Question::Named(name) => self.named(name),
            account::Question::Id(id) => {
                let messages = self.by_id(*id)?.into_iter().collect();
                Ok(Answer { messages, early: None })
            }
            account::Question::Between { conversation, after, up_to } => {
                let messages = self.between(conversation, *after, *up_to)?;
                Ok(Answer { messages, early: None })
            }
            account::Question::All(conversation) => {
                Ok(Answer { messages: self.first(conversation)?, early: None })
            }
        }
    }

    fn named(&mut self, name: &MessageName) -> Result<Answer, Failure> {
        let Some(place) = self.number(&name.conversation)? else { return Ok(Answer::default()) };
        let (account, sent, author) = (self.account, name.sent.0, name.author.to_bytes());
        let of_kind = |kind| {
            let mut key = [kind; 34];
            if let Some(id) = key.first_chunk_mut::<33>() {
                *id = author;
            }
            key
        };
        let (first, last) = (of_kind(0), of_kind(u8::MAX));
        let all = (account, place, sent, &first)..=(account, place, sent, &last);
        let mut messages = Vec::new();
        for entry in self.keys.range(all)? {
            messages.push(self.message(place, entry?.1.value(), &name.conversation)?);
        }
        let record = self.early.get((account, place, sent, &author))?;
        let early = record.map(|record| records::parse_early(record.value())).transpose();
        let early = early.map_err(|error| {
            Failure::damaged(format!("what was said early to account {account}"), &error)
        })?;
        Ok(Answer { messages, early })
    }

    fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, Failure> {
        // Numbers of other accounts are none of this one's business.
        if id.account != self.account {
            return Ok(None);
        }
        let place = self.places.get((id.account, id.number))?.map(|place| place.value());
        let Some(place) = place else { return Ok(None) };
        let conversation = match self.ids.get(&place) {
            Some(conversation) => conversation.clone(),
            None => {
                let conversation = self.reading.conversation(self.account, place)?.id;
                self.ids.insert(place, conversation.clone());
                conversation
            }
        };
        self.message(place, id.number, &conversation).map(Some)
    }

    /// A page is not cut within a millisecond, so that the next one may go on
    /// after the time at which this one ends.
    fn between(
        &mut self,
        conversation: &ConversationId,
        after: Timestamp,
        up_to: Timestamp,
    ) -> Result<Vec<Message>, Failure> {
        let Some(place) = self.number(conversation)? else { return Ok(Vec::new()) };
        let Some(first) = after.0.checked_add(1).filter(|first| *first <= up_to.0) else {
            return Ok(Vec::new());
        };
        let own = self.own.to_bytes();
        let all =
            (self.account, place, first, &[0; 34])..=(self.account, place, up_to.0, &[u8::MAX; 34]);
        let (mut messages, mut newest) = (Vec::new(), 0);
        for entry in self.keys.range(all)? {
            let (key, number) = entry?;
            let (_, _, sent, author_kind) = key.value();
            if author_kind.first_chunk::<33>() == Some(&own) {
                continue;
            }
            if messages.len() >= PAGE && sent > newest {
                break;
            }
            newest = sent;
            messages.push(self.message(place, number.value(), conversation)?);
        }
        Ok(messages)
    }

    fn first(&mut self, conversation: &ConversationId) -> Result<Vec<Message>, Failure> {
        let Some(place) = self.number(conversation)? else { return Ok(Vec::new()) };
        let account = self.account;
        let mut messages = Vec::new();
        let all = (account, place, 0)..=(account, place, u64::MAX);
        for entry in self.messages.range(all)?.take(PAGE) {
            let (key, record) = entry?;
            let id = MessageId { account, number: key.value().2 };
            messages.push(parse_message(id, conversation.clone(), record.value())?);
        }
        Ok(messages)
    }

    fn number(&mut self, conversation: &ConversationId) -> Result<Option<u32>, Failure> {
        if let Some(number) = self.numbers.get(conversation) {
            return Ok(*number);
        }
        let number = self.reading.conversation_number(self.account, conversation)?;
        self.numbers.insert(conversation.clone(), number);
        Ok(number)
    }

    fn message(
        &self,
        place: u32,
        number: u64,
        conversation: &ConversationId,
    ) -> Result<Message, Failure> {
        let id = MessageId { account: self.account, number };
        match self.messages.get((self.account, place, number))? {
            Some(record) => parse_message(id, conversation.clone(), record.value()),
            None => Err(Failure::missing(format!("message {id}"))),
        }
    }
}
