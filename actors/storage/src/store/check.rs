//! Looking over the whole store.

use std::sync::PoisonError;

use ramson_messages::storage::{GetMessage, LoadAccount, StoreError};
use ramson_types::MessageId;

use super::{Failure, Question as _, Reading, Store};
use crate::records;
use crate::tables::{
    ACCOUNTS, CONVERSATION_NUMBERS, LEDGER, LEDGER_BY_HASH, LEDGER_BY_MESSAGE, MESSAGE_KEYS,
    MESSAGE_PLACES, MESSAGES, SEEN, SEEN_BY_TIME,
};

/// What a look over the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// The database found damage to itself and repaired it.
    pub repaired: bool,
    /// How many messages there are.
    pub messages: u64,
    /// Records that contradict each other or cannot be read, in words.
    pub problems: Vec<String>,
}

impl Store {
    /// Reads everything: the database's checksums, every message and ledger
    /// line, and whether the tables agree with each other. Nothing else runs
    /// meanwhile. Only live records are looked at, not free space.
    pub fn check(&self) -> Result<Checked, StoreError> {
        let clean = {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            let database = database.as_mut().ok_or(StoreError::Closed)?;
            database.check_integrity().map_err(|error| StoreError::Damaged {
                what: "the database".to_owned(),
                reason: error.to_string(),
            })?
        };
        self.with_database(|database| {
            let mut found = Checked { repaired: !clean, ..Checked::default() };
            let reading = Reading::begin(database)?;
            check_messages(&reading, &mut found)?;
            check_ledger(&reading, &mut found)?;
            check_rest(&reading, &mut found)?;
            Ok(found)
        })
        .map_err(Failure::on_read)
    }
}

fn check_messages(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let places = reading.table(MESSAGE_PLACES)?;
    let keys = reading.table(MESSAGE_KEYS)?;
    for entry in reading.table(MESSAGES)?.range((0, 0, 0)..)? {
        let (account, conversation, number) = entry?.0.value();
        let id = MessageId { account, number };
        found.messages = found.messages.saturating_add(1);
        let place = places.get((account, number))?.map(|place| place.value());
        if place != Some(conversation) {
            found.problems.push(format!("message {id} is listed in conversation {place:?}"));
            continue;
        }
        let message = match (GetMessage { id }).answer(reading) {
            Ok(Some(message)) => message,
            Ok(None) => continue,
            Err(Failure::Failed(error)) => {
                found.problems.push(error.to_string());
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let author_kind = records::author_kind(&message.author, message.kind)
            .map_err(|error| Failure::damaged(format!("message {id}"), &error))?;
        if keys.get((account, conversation, message.sent.0, &author_kind))?.is_none() {
            found.problems.push(format!("message {id} cannot be recognised"));
        }
    }
    if places.range((0, 0)..)?.count() as u64 != found.messages {
        found.problems.push("there are places of messages that are not there".to_owned());
    }
    Ok(())
}

fn check_ledger(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let by_message = reading.table(LEDGER_BY_MESSAGE)?;
    let by_hash = reading.table(LEDGER_BY_HASH)?;
    let (mut with_message, mut with_hash) = (0u64, 0u64);
    for entry in reading.table(LEDGER)?.range((0, 0)..)? {
        let (key, record) = entry?;
        let (account, number) = key.value();
        let line = match records::parse_ledger_line(account, record.value()) {
            Ok(line) => line,
            Err(error) => {
                found.problems.push(format!("ledger line {number} of account {account}: {error}"));
                continue;
            }
        };
        let mut complete = true;
        if let Some(id) = line.message {
            with_message = with_message.saturating_add(1);
            complete &= by_message.get((account, id.number, number))?.is_some();
        }
        if let Some(hash) = line.hash {
            with_hash = with_hash.saturating_add(1);
            complete &= by_hash.get((&hash.0, account, number))?.is_some();
        }
        if !complete {
            found.problems.push(format!("ledger line {number} of account {account} is lost"));
        }
    }
    let counts = [
        by_message.range((0, 0, 0)..)?.count() as u64,
        by_hash.range((&[0; 32], 0, 0)..)?.count() as u64,
    ];
    if counts != [with_message, with_hash] {
        found.problems.push("the ledger's lists name lines that are not there".to_owned());
    }
    Ok(())
}

fn check_rest(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let by_time = reading.table(SEEN_BY_TIME)?;
    let mut tombstones = 0u64;
    for entry in reading.table(SEEN)?.range((0, i16::MIN, &[0; 32])..)? {
        let (key, until) = entry?;
        let (account, namespace, hash) = key.value();
        tombstones = tombstones.saturating_add(1);
        if by_time.get((until.value(), account, namespace, hash))?.is_none() {
            found.problems.push(format!("a tombstone of account {account} would never go"));
        }
    }
    if by_time.range((0, 0, i16::MIN, &[0; 32])..)?.count() as u64 != tombstones {
        found.problems.push("the list of tombstones names some that are not there".to_owned());
    }
    let accounts = reading.table(ACCOUNTS)?;
    for entry in accounts.range(0..)? {
        let account = entry?.0.value();
        match (LoadAccount { account }).answer(reading) {
            Ok(_) => {}
            Err(Failure::Failed(error)) => found.problems.push(error.to_string()),
            Err(failure) => return Err(failure),
        }
    }
    for entry in reading.table(CONVERSATION_NUMBERS)?.range((0, [].as_slice())..)? {
        let entry = entry?;
        let (account, _) = entry.0.value();
        let number = entry.1.value();
        let line = reading.table(crate::tables::CONVERSATIONS)?.get((account, number))?;
        if accounts.get(account)?.is_none() || line.is_none() {
            found.problems.push(format!("conversation {number} of account {account} is lost"));
        }
    }
    Ok(())
}
