//! Looking over the whole store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use ramson_messages::storage::{GetMessage, LoadAccount, StoreError};
use ramson_types::MessageId;

use super::{Failure, Question as _, Reading, Store, history};
use crate::records;
use crate::tables::{
    ACCOUNTS, CONFIGS, CONVERSATION_NUMBERS, CONVERSATIONS, EARLY, EARLY_BY_TIME, ERRANDS, EVENTS,
    EXPIRING, LEDGER, LEDGER_BY_HASH, LEDGER_BY_MESSAGE, MESSAGE_KEYS, MESSAGE_PLACES, MESSAGES,
    SEEN, SEEN_BY_TIME,
};

/// What a look over the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// The database found damage to itself and repaired it.
    pub repaired: bool,
    /// How many messages there are.
    pub messages: u64,
    /// How many records each table has, by its name.
    pub records: BTreeMap<&'static str, u64>,
    /// Records that contradict each other or cannot be read, in words.
    pub problems: Vec<String>,
}

impl Store {
    /// Reads everything: the database's checksums, every message, ledger line
    /// and event, all that an account starts with, and whether the tables agree
    /// with each other. Nothing else runs meanwhile. Only live records are looked at, not free space.
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
            found.records = reading.counts()?;
            check_messages(&reading, &mut found)?;
            check_ledger(&reading, &mut found)?;
            check_tombstones(&reading, &mut found)?;
            check_early(&reading, &mut found)?;
            check_accounts(&reading, &mut found)?;
            check_conversations(&reading, &mut found)?;
            Ok(found)
        })
        .map_err(Failure::on_read)
    }
}

fn check_messages(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let places = reading.table(MESSAGE_PLACES)?;
    let keys = reading.table(MESSAGE_KEYS)?;
    let expiring = reading.table(EXPIRING)?;
    let mut ending = 0u64;
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
        if let Some(ends) = history::ends(&message) {
            ending = ending.saturating_add(1);
            if expiring.get((account, ends, number))?.is_none() {
                found.problems.push(format!("message {id} would never disappear"));
            }
        }
    }
    if expiring.range((0, 0, 0)..)?.count() as u64 != ending {
        found.problems.push("messages are to disappear that are not there".to_owned());
    }
    for entry in keys.range((0, 0, 0, &[0; 34])..)? {
        let (key, number) = entry?;
        let (account, conversation, ..) = key.value();
        let number = number.value();
        if places.get((account, number))?.map(|place| place.value()) != Some(conversation) {
            let id = MessageId { account, number };
            found.problems.push(format!("message {id} is recognised and not there"));
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

fn check_tombstones(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
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
    Ok(())
}

fn check_early(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let by_time = reading.table(EARLY_BY_TIME)?;
    let mut records = 0u64;
    for entry in reading.table(EARLY)?.range((0, 0, 0, &[0; 33])..)? {
        let (key, record) = entry?;
        let (account, conversation, sent, author) = key.value();
        records = records.saturating_add(1);
        match records::parse_early(record.value()) {
            Ok(early) => {
                let key = (early.until.0, account, conversation, sent, author);
                if by_time.get(key)?.is_none() {
                    let problem = format!("what was said early to account {account} would stay");
                    found.problems.push(problem);
                }
            }
            Err(error) => {
                let what = format!("what was said early to account {account}");
                found.problems.push(format!("{what}: {error}"));
            }
        }
    }
    if by_time.range((0, 0, 0, 0, &[0; 33])..)?.count() as u64 != records {
        found.problems.push("the list of what was said early names what is not there".to_owned());
    }
    Ok(())
}

/// All that accounts start with, their events, and that nothing is of an
/// account that is not there.
fn check_accounts(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let mut accounts = BTreeSet::new();
    for entry in reading.table(ACCOUNTS)?.range(0..)? {
        let account = entry?.0.value();
        accounts.insert(account);
        match (LoadAccount { account }).answer(reading) {
            Ok(_) => {}
            Err(Failure::Failed(error)) => found.problems.push(error.to_string()),
            Err(failure) => return Err(failure),
        }
    }
    let mut owners = BTreeSet::new();
    for entry in reading.table(EVENTS)?.range(0..)? {
        let (seq, record) = entry?;
        match records::parse_event(record.value()) {
            Ok(event) => drop(owners.insert(event.account)),
            Err(error) => found.problems.push(format!("event {}: {error}", seq.value())),
        }
    }
    for entry in reading.table(CONFIGS)?.range((0, 0)..)? {
        owners.insert(entry?.0.value().0);
    }
    for entry in reading.table(ERRANDS)?.range((0, 0)..)? {
        owners.insert(entry?.0.value().0);
    }
    for entry in reading.table(EARLY)?.range((0, 0, 0, &[0; 33])..)? {
        owners.insert(entry?.0.value().0);
    }
    for account in owners.difference(&accounts) {
        found.problems.push(format!("something is left of account {account}, which is gone"));
    }
    Ok(())
}

/// Each number of a conversation belongs to a line or to something that was
/// said early, and the other way round.
fn check_conversations(reading: &Reading, found: &mut Checked) -> Result<(), Failure> {
    let mut used = BTreeSet::new();
    for entry in reading.table(CONVERSATIONS)?.range((0, 0)..)? {
        used.insert(entry?.0.value());
    }
    for entry in reading.table(EARLY)?.range((0, 0, 0, &[0; 33])..)? {
        let entry = entry?;
        let (account, conversation, ..) = entry.0.value();
        used.insert((account, conversation));
    }
    let accounts = reading.table(ACCOUNTS)?;
    for entry in reading.table(CONVERSATION_NUMBERS)?.range((0, [].as_slice())..)? {
        let (key, number) = entry?;
        let (account, number) = (key.value().0, number.value());
        if accounts.get(account)?.is_none() || !used.remove(&(account, number)) {
            found.problems.push(format!("conversation {number} of account {account} is lost"));
        }
    }
    for (account, number) in used {
        found.problems.push(format!("conversation {number} of account {account} has no name"));
    }
    Ok(())
}
