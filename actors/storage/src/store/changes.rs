//! What each [`Change`] writes.

use ramson_messages::storage::{Commit, StoreError};
use ramson_protocol::store::{Change, Errand};
use ramson_types::{ConversationId, MessageHash, MessageId, Namespace, Timestamp};
use redb::ReadableTable as _;

use super::{Failure, accounts, early, history, ledger, plugins};
use crate::records::{self, RecordError};
use crate::tables::Tables;

/// Refuses a commit that cannot be carried out, before any of it is written.
pub(super) fn check(commit: &Commit, tables: &Tables<'_>) -> Result<(), Failure> {
    let account = commit.account;
    accounts::account(tables, account)?;
    let of_events = commit.events.iter().filter_map(|event| event.message);
    let mut ids = commit.changes.iter().flat_map(messages_of).chain(of_events);
    match ids.find(|id| id.account != account) {
        Some(id) => Err(Failure::Refused(StoreError::OtherAccount { id, account })),
        None => Ok(()),
    }
}

/// The messages that a change names.
fn messages_of(change: &Change) -> impl Iterator<Item = MessageId> {
    let one = match change {
        Change::PutMessage(message) => Some(message.id),
        Change::SetMessageState { id, .. }
        | Change::EditMessage { id, .. }
        | Change::RemoveMessage(id) => Some(*id),
        Change::PutOutbox(entry) => Some(entry.message),
        Change::Ledger(line) => line.message,
        _ => None,
    };
    let copies = match change {
        Change::PutErrand(stored) => match &stored.errand {
            Errand::Shorten { copies, .. } | Errand::AskExpiries(copies) => copies.as_slice(),
            Errand::Delete(_) => &[],
        },
        _ => &[],
    };
    one.into_iter().chain(copies.iter().map(|copy| copy.message))
}

/// Writes one change.
pub(super) fn write(account: u32, change: &Change, tables: &mut Tables<'_>) -> Result<(), Failure> {
    match change {
        Change::PutMessage(message) => history::put(message, tables),
        Change::SetMessageState { id, state, hash } => {
            history::set_state(*id, state, *hash, tables)
        }
        Change::EditMessage { id, edit } => history::edit(*id, edit, tables),
        Change::RemoveMessage(id) => history::remove(*id, tables),
        Change::PutConversation(conversation) => {
            let number = conversation_number(account, &conversation.id, tables)?;
            history::put_line((account, number), conversation, tables)
        }
        Change::RemoveConversation(id) => history::remove_conversation(account, id, tables),
        Change::PutEarly { name, early } => early::put(account, name, early, tables),
        Change::RemoveEarly(name) => early::remove(account, name, tables),
        Change::PutConfig { kind, dump } => {
            let kind = records::config_number(*kind).map_err(not_kept("a config"))?;
            tables.configs.insert((account, kind), records::config(dump).as_slice())?;
            Ok(())
        }
        Change::PutSync(sync) => accounts::change(account, tables, |record| record.set_sync(*sync)),
        Change::SetName(name) => {
            accounts::change(account, tables, |record| record.name.clone_from(name))
        }
        Change::PutErrand(stored) => {
            let record = records::errand(stored).map_err(not_kept("an errand"))?;
            tables.errands.insert((account, stored.number), record.as_slice())?;
            Ok(())
        }
        Change::RemoveErrand(number) => {
            tables.errands.remove((account, *number))?;
            Ok(())
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
        Change::Plugin(change) => plugins::write(change, tables),
    }
}

pub(super) fn not_kept(what: impl Into<String>) -> impl FnOnce(RecordError) -> Failure {
    move |error| Failure::not_kept(what, &error)
}

/// The number of a conversation; gives it one when it has none.
pub(super) fn conversation_number(
    account: u32,
    id: &ConversationId,
    tables: &mut Tables<'_>,
) -> Result<u32, Failure> {
    if let Some(number) = known_number(account, id, tables)? {
        return Ok(number);
    }
    let key = records::conversation_key(id).map_err(not_kept(id.to_string()))?;
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

/// The number of a conversation, if it has one.
pub(super) fn known_number(
    account: u32,
    id: &ConversationId,
    tables: &Tables<'_>,
) -> Result<Option<u32>, Failure> {
    let key = records::conversation_key(id).map_err(not_kept(id.to_string()))?;
    let number = tables.conversation_numbers.get((account, key.as_slice()))?;
    Ok(number.map(|number| number.value()))
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
