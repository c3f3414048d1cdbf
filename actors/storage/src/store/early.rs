//! What was said of messages that are not there, and the numbers of
//! conversations that have nothing else.

use std::collections::BTreeSet;

use ramson_protocol::store::Early;
use ramson_types::Timestamp;
use ramson_types::message::MessageName;
use redb::ReadableTable as _;

use super::Failure;
use super::changes::{conversation_number, known_number};
use crate::records;
use crate::tables::Tables;

/// Remembers it, instead of what was remembered before.
pub(super) fn put(
    account: u32,
    name: &MessageName,
    early: &Early,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let conversation = conversation_number(account, &name.conversation, tables)?;
    take_out(account, conversation, name, tables)?;
    let (sent, author) = (name.sent.0, name.author.to_bytes());
    let record = records::early(early);
    tables.early.insert((account, conversation, sent, &author), record.as_slice())?;
    tables.early_by_time.insert((early.until.0, account, conversation, sent, &author), ())?;
    Ok(())
}

/// Forgets it.
pub(super) fn remove(
    account: u32,
    name: &MessageName,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let Some(conversation) = known_number(account, &name.conversation, tables)? else {
        return Ok(());
    };
    take_out(account, conversation, name, tables)?;
    forget_number(account, conversation, tables)
}

fn take_out(
    account: u32,
    conversation: u32,
    name: &MessageName,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let (sent, author) = (name.sent.0, name.author.to_bytes());
    let record = tables.early.remove((account, conversation, sent, &author))?;
    let Some(record) = record.map(|record| record.value().to_vec()) else { return Ok(()) };
    let before = records::parse_early(&record).map_err(|error| {
        Failure::damaged(format!("what was said early to account {account}"), &error)
    })?;
    tables.early_by_time.remove((before.until.0, account, conversation, sent, &author))?;
    Ok(())
}

/// Forgets what is past its time; tells how many records went.
pub(super) fn sweep(now: Timestamp, tables: &mut Tables<'_>) -> Result<u64, Failure> {
    let due = ..=(now.0, u32::MAX, u32::MAX, u64::MAX, &[u8::MAX; 33]);
    let mut gone = 0u64;
    let mut conversations = BTreeSet::new();
    for entry in tables.early_by_time.extract_from_if(due, |_, ()| true)? {
        let (key, _) = entry?;
        let (_, account, conversation, sent, author) = key.value();
        tables.early.remove((account, conversation, sent, author))?;
        conversations.insert((account, conversation));
        gone = gone.saturating_add(1);
    }
    for (account, conversation) in conversations {
        forget_number(account, conversation, tables)?;
    }
    Ok(gone)
}

/// Forgets with whom a conversation was, once it has no line any more and
/// nothing was said early in it.
pub(super) fn forget_number(
    account: u32,
    conversation: u32,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    if tables.conversations.get((account, conversation))?.is_some() {
        return Ok(());
    }
    let all =
        (account, conversation, 0, &[0; 33])..=(account, conversation, u64::MAX, &[u8::MAX; 33]);
    if tables.early.range(all)?.next().is_some() {
        return Ok(());
    }
    let mut found = None;
    for entry in tables.conversation_numbers.range((account, [].as_slice())..)? {
        let (key, number) = entry?;
        let (of, key) = key.value();
        if of != account {
            break;
        }
        if number.value() == conversation {
            found = Some(key.to_vec());
            break;
        }
    }
    if let Some(key) = found {
        tables.conversation_numbers.remove((account, key.as_slice()))?;
    }
    Ok(())
}
