//! What each [`Change`] writes.

use ramson_messages::storage::{Commit, StoreError};
use ramson_protocol::store::Change;
use ramson_types::conversation::Conversation;
use ramson_types::message::{Message, MessageState};
use ramson_types::{ConversationId, MessageHash, MessageId, Namespace, Timestamp};
use redb::ReadableTable as _;

use super::{Failure, accounts, ledger};
use crate::records::{self, RecordError};
use crate::tables::Tables;

/// Refuses a commit that cannot be carried out, before any of it is written.
pub(super) fn check(commit: &Commit, tables: &Tables<'_>) -> Result<(), Failure> {
    let account = commit.account;
    accounts::account(tables, account)?;
    for change in &commit.changes {
        let id = match change {
            Change::PutMessage(message) => Some(message.id),
            Change::SetMessageState { id, .. } | Change::RemoveMessage(id) => Some(*id),
            Change::PutOutbox(entry) => Some(entry.message),
            Change::Ledger(line) => line.message,
            _ => None,
        };
        if let Some(id) = id.filter(|id| id.account != account) {
            return Err(Failure::Refused(StoreError::OtherAccount { id, account }));
        }
    }
    Ok(())
}

/// Writes one change.
pub(super) fn write(account: u32, change: &Change, tables: &mut Tables<'_>) -> Result<(), Failure> {
    match change {
        Change::PutMessage(message) => put_message(message, tables),
        Change::SetMessageState { id, state, hash } => set_message_state(*id, state, *hash, tables),
        Change::RemoveMessage(id) => remove_message(*id, tables),
        Change::PutConversation(conversation) => {
            let number = conversation_number(account, &conversation.id, tables)?;
            put_conversation((account, number), conversation, tables)
        }
        Change::MoveCursor { node, namespace, cursor } => {
            let key = (account, node.as_bytes(), namespace.0);
            match cursor {
                Some(cursor) => {
                    tables.cursors.insert(key, records::cursor(cursor).as_slice())?;
                }
                None => {
                    tables.cursors.remove(key)?;
                }
            }
            Ok(())
        }
        Change::MarkSeen { namespace, hash, until } => {
            mark_seen(account, *namespace, hash, *until, tables)
        }
        Change::PutOutbox(entry) => {
            tables.outbox.insert((account, entry.number), records::outbox(entry).as_slice())?;
            Ok(())
        }
        Change::RemoveOutbox(number) => {
            tables.outbox.remove((account, *number))?;
            Ok(())
        }
        Change::SetCounters(counters) => {
            tables.counters.insert(account, records::counters(counters).as_slice())?;
            Ok(())
        }
        Change::Ledger(line) => ledger::add(account, line, tables),
    }
}

fn not_kept(what: impl Into<String>) -> impl FnOnce(RecordError) -> Failure {
    move |error| Failure::not_kept(what, &error)
}

/// The number of a conversation; gives it one when it has none.
fn conversation_number(
    account: u32,
    id: &ConversationId,
    tables: &mut Tables<'_>,
) -> Result<u32, Failure> {
    let key = records::conversation_key(id).map_err(not_kept(id.to_string()))?;
    if let Some(number) = tables.conversation_numbers.get((account, key.as_slice()))? {
        return Ok(number.value());
    }
    let mut record = accounts::account(tables, account)?;
    let number = record.next_conversation;
    record.next_conversation = number.checked_add(1).ok_or_else(|| {
        let reason = "all conversation numbers of its account were given out".to_owned();
        Failure::Failed(StoreError::NotKept { what: id.to_string(), reason })
    })?;
    tables.accounts.insert(account, records::encode(&record).as_slice())?;
    tables.conversation_numbers.insert((account, key.as_slice()), number)?;
    Ok(number)
}

fn put_conversation(
    key: (u32, u32),
    conversation: &Conversation,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let record = records::conversation(conversation);
    let record = record.map_err(not_kept(conversation.id.to_string()))?;
    tables.conversations.insert(key, record.as_slice())?;
    Ok(())
}

fn put_message(message: &Message, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let MessageId { account, number } = message.id;
    let conversation = conversation_number(account, &message.conversation, tables)?;
    // Every message lies in a conversation that the list shows, even if
    // nobody wrote the conversation's line yet.
    if tables.conversations.get((account, conversation))?.is_none() {
        let line = Conversation {
            id: message.conversation.clone(),
            name: None,
            latest: message.sent,
            unread: 0,
        };
        put_conversation((account, conversation), &line, tables)?;
    }
    let before =
        tables.message_places.insert((account, number), conversation)?.map(|at| at.value());
    if let Some(before) = before {
        remove_key_of(message.id, before, tables)?;
        if before != conversation {
            tables.messages.remove((account, before, number))?;
        }
    }
    let record = records::message(message).map_err(not_kept(format!("message {}", message.id)))?;
    tables.messages.insert((account, conversation, number), record.as_slice())?;
    let author_kind = records::author_kind(&message.author, message.kind)
        .map_err(not_kept(format!("message {}", message.id)))?;
    let key = (account, conversation, message.sent.0, &author_kind);
    tables.message_keys.insert(key, number)?;
    Ok(())
}

/// A message that is not there leaves its lines in the ledger, perhaps.
fn remove_message(id: MessageId, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let place = tables.message_places.remove((id.account, id.number))?.map(|place| place.value());
    if let Some(conversation) = place {
        remove_key_of(id, conversation, tables)?;
        tables.messages.remove((id.account, conversation, id.number))?;
    }
    ledger::remove_of(id, tables)
}

/// Forgets by what a message was recognised, before it is written anew.
fn remove_key_of(id: MessageId, conversation: u32, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let Some(message) = read_message(id, conversation, tables)? else { return Ok(()) };
    let author_kind = records::author_kind(&message.author, message.kind)
        .map_err(not_kept(format!("message {id}")))?;
    let key = (id.account, conversation, message.sent.0, &author_kind);
    let own = tables.message_keys.get(key)?.is_some_and(|number| number.value() == id.number);
    if own {
        tables.message_keys.remove(key)?;
    }
    Ok(())
}

fn read_message(
    id: MessageId,
    conversation: u32,
    tables: &Tables<'_>,
) -> Result<Option<Message>, Failure> {
    let what = || format!("message {id}");
    let Some(line) = tables.conversations.get((id.account, conversation))? else {
        return Err(Failure::missing(format!(
            "conversation {conversation} of account {}",
            id.account
        )));
    };
    let line = records::parse_conversation(line.value())
        .map_err(|error| Failure::damaged(format!("conversation {conversation}"), &error))?;
    let Some(record) = tables.messages.get((id.account, conversation, id.number))? else {
        return Ok(None);
    };
    records::parse_message(id, line.id, record.value())
        .map(Some)
        .map_err(|error| Failure::damaged(what(), &error))
}

/// A message that is gone stays gone: its commit has more to say, such as
/// taking the outbox entry away.
fn set_message_state(
    id: MessageId,
    state: &MessageState,
    hash: Option<MessageHash>,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let place = tables.message_places.get((id.account, id.number))?.map(|place| place.value());
    let Some(conversation) = place else { return Ok(()) };
    let Some(mut message) = read_message(id, conversation, tables)? else {
        return Err(Failure::missing(format!("message {id}")));
    };
    message.state = state.clone();
    message.hash = hash.or(message.hash);
    let record = records::message(&message).map_err(not_kept(format!("message {id}")))?;
    tables.messages.insert((id.account, conversation, id.number), record.as_slice())?;
    Ok(())
}

fn mark_seen(
    account: u32,
    namespace: Namespace,
    MessageHash(hash): &MessageHash,
    until: Timestamp,
    tables: &mut Tables<'_>,
) -> Result<(), Failure> {
    let before = tables.seen.insert((account, namespace.0, hash), until.0)?.map(|at| at.value());
    if let Some(before) = before {
        tables.seen_by_time.remove((before, account, namespace.0, hash))?;
    }
    tables.seen_by_time.insert((until.0, account, namespace.0, hash), ())?;
    Ok(())
}
