//! Messages and the lines of their conversations, with all that finds them:
//! places, keys, and the list of what disappears when.

use ramson_protocol::store::MessageEdit;
use ramson_types::conversation::Conversation;
use ramson_types::message::{Message, MessageState};
use ramson_types::{ConversationId, MessageHash, MessageId};
use redb::ReadableTable as _;

use super::changes::{conversation_number, known_number, not_kept};
use super::{Failure, early, ledger};
use crate::records;
use crate::tables::Tables;

/// Writes a conversation's line.
pub(super) fn put_line(
    key: (u32, u32),
    conversation: &Conversation,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let record = records::conversation(conversation);
    let record = record.map_err(not_kept(conversation.id.to_string()))?;
    tables.conversations.insert(key, record.as_slice())?;
    Ok(())
}

/// Writes a message, new or changed, perhaps in another conversation than
/// before.
pub(super) fn put(message: &Message, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let MessageId { account, number } = message.id;
    let conversation = conversation_number(account, &message.conversation, tables)?;
    // Every message lies in a conversation that the list shows, even if
    // nobody wrote the conversation's line yet.
    if tables.conversations.get((account, conversation))?.is_none() {
        let id = message.conversation.clone();
        let line = Conversation { latest: message.sent, ..Conversation::new(id) };
        put_line((account, conversation), &line, tables)?;
    }
    if let Some(before) = place(message.id, tables)? {
        take_out(message.id, before, tables)?;
    }
    tables.message_places.insert((account, number), conversation)?;
    let author_kind = records::author_kind(&message.author, message.kind)
        .map_err(not_kept(format!("message {}", message.id)))?;
    tables.message_keys.insert((account, conversation, message.sent.0, &author_kind), number)?;
    if let Some(ends) = ends(message) {
        tables.expiring.insert((account, ends, number), ())?;
    }
    write_record(conversation, message, tables)
}

/// Changes how far a message has come.
pub(super) fn set_state(
    id: MessageId,
    state: &MessageState,
    hash: Option<MessageHash>,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    change(id, tables, |message| {
        MessageEdit::State(state.clone()).apply(message);
        message.hash = hash.or(message.hash);
    })
}

/// Changes one thing of a message.
pub(super) fn edit(
    id: MessageId,
    edit: &MessageEdit,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    change(id, tables, |message| edit.clone().apply(message))
}

/// A message that is gone stays gone: its commit has more to say, such as
/// taking the outbox entry away. Nothing by which a message is recognised may
/// be changed here.
fn change(
    id: MessageId,
    tables: &mut Tables<'_>,
    work: impl FnOnce(&mut Message),
) -> Result<(), Failure> {
    let MessageId { account, number } = id;
    let Some(conversation) = place(id, tables)? else { return Ok(()) };
    let Some(mut message) = read(id, conversation, tables)? else {
        return Err(Failure::missing(format!("message {id}")));
    };
    let before = ends(&message);
    work(&mut message);
    let after = ends(&message);
    if before != after {
        if let Some(ends) = before {
            tables.expiring.remove((account, ends, number))?;
        }
        if let Some(ends) = after {
            tables.expiring.insert((account, ends, number), ())?;
        }
    }
    write_record(conversation, &message, tables)
}

/// Removes a message and what the ledger knows of it. One that is not there
/// leaves its lines in the ledger, perhaps.
pub(super) fn remove(id: MessageId, tables: &mut Tables<'_>) -> Result<(), Failure> {
    if let Some(conversation) = place(id, tables)? {
        take_out(id, conversation, tables)?;
    }
    ledger::remove_of(id, tables)
}

/// Removes a conversation's line and its messages. What was said early of
/// messages stays: it keeps deleted ones from coming again.
pub(super) fn remove_conversation(
    account: u32,
    id: &ConversationId,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let Some(conversation) = known_number(account, id, tables)? else { return Ok(()) };
    let all = (account, conversation, 0)..=(account, conversation, u64::MAX);
    let numbers: Result<Vec<u64>, Failure> =
        tables.messages.range(all)?.map(|entry| Ok(entry?.0.value().2)).collect();
    for number in numbers? {
        remove(MessageId { account, number }, tables)?;
    }
    tables.conversations.remove((account, conversation))?;
    early::forget_number(account, conversation, tables)
}

/// In which conversation a message lies.
fn place(id: MessageId, tables: &Tables<'_>) -> Result<Option<u32>, Failure> {
    Ok(tables.message_places.get((id.account, id.number))?.map(|place| place.value()))
}

/// Takes a message out of a conversation, with all that leads to it.
fn take_out(id: MessageId, conversation: u32, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let MessageId { account, number } = id;
    let message = read(id, conversation, tables)?;
    tables.message_places.remove((account, number))?;
    tables.messages.remove((account, conversation, number))?;
    let Some(message) = message else { return Ok(()) };
    if let Some(ends) = ends(&message) {
        tables.expiring.remove((account, ends, number))?;
    }
    let author_kind = records::author_kind(&message.author, message.kind)
        .map_err(not_kept(format!("message {id}")))?;
    let key = (account, conversation, message.sent.0, &author_kind);
    let own = tables.message_keys.get(key)?.is_some_and(|found| found.value() == number);
    if own {
        tables.message_keys.remove(key)?;
    }
    Ok(())
}

/// When a message disappears, if its time counts.
pub(super) fn ends(message: &Message) -> Option<u64> {
    Some(message.expiry?.ends?.0)
}

pub(super) fn write_record(
    conversation: u32,
    message: &Message,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let MessageId { account, number } = message.id;
    let record = records::message(message).map_err(not_kept(format!("message {}", message.id)))?;
    tables.messages.insert((account, conversation, number), record.as_slice())?;
    Ok(())
}

pub(super) fn read(
    id: MessageId,
    conversation: u32,
    tables: &Tables<'_>,
) -> Result<Option<Message>, Failure> {
    let of = || format!("conversation {conversation} of account {}", id.account);
    let Some(line) = tables.conversations.get((id.account, conversation))? else {
        return Err(Failure::missing(of()));
    };
    let line = records::parse_conversation(line.value())
        .map_err(|error| Failure::damaged(of(), &error))?;
    let Some(record) = tables.messages.get((id.account, conversation, id.number))? else {
        return Ok(None);
    };
    records::parse_message(id, line.id, record.value())
        .map(Some)
        .map_err(|error| Failure::damaged(format!("message {id}"), &error))
}
