//! Stores of earlier versions, brought up to this one when they are opened.
//! All steps and the new number are one commit, so a store is of one schema or
//! of the other, whenever the power fails.

use std::collections::BTreeMap;

use ramson_types::{AccountId, ConversationId, MessageId};
use redb::{Database, ReadableTable as _, TableDefinition};

use super::{Failure, history};
use crate::records::{self, AccountRecord};
use crate::tables::{SCHEMA, Tables, meta};

/// Ledger lines by time, account and line number, up to schema 1. Each line
/// cost one more insert; lines of an account are in order of time as they are.
const LEDGER_BY_TIME: TableDefinition<'static, (u64, u32, u64), ()> =
    TableDefinition::new("ledger_by_time");

/// Brings a store of the schema `found` up to [`SCHEMA`]; `false` when there is no
/// way from there.
pub(super) fn migrate(database: &Database, found: u64) -> Result<bool, Failure> {
    if !(1..SCHEMA).contains(&found) {
        return Ok(false);
    }
    let transaction = database.begin_write()?;
    transaction.delete_table(LEDGER_BY_TIME)?;
    let mut tables = Tables::open(&transaction)?;
    if found < 3 {
        remove_kinds(&mut tables)?;
        name_own_copies(&mut tables)?;
        place_events(&mut tables)?;
    }
    // Schema 4 has the tables of plugins besides; opening made them.
    let schema = records::encode(&records::Number { value: SCHEMA });
    tables.meta.insert(meta::SCHEMA, schema.as_slice())?;
    drop(tables);
    transaction.commit()?;
    Ok(true)
}

/// Up to schema 2 reactions and unsend requests were messages. What they were
/// about was never looked up, so nothing is lost that anybody could see.
fn remove_kinds(tables: &mut Tables<'_>) -> Result<(), Failure> {
    let mut gone = Vec::new();
    for entry in tables.messages.range((0, 0, 0)..)? {
        let (key, record) = entry?;
        let (account, _, number) = key.value();
        let id = MessageId { account, number };
        if records::is_of_removed_kind(record.value())
            .map_err(|error| Failure::damaged(format!("message {id}"), &error))?
        {
            gone.push(key.value());
        }
    }
    for (account, conversation, number) in gone {
        tables.messages.remove((account, conversation, number))?;
        tables.message_places.remove((account, number))?;
        super::ledger::remove_of(MessageId { account, number }, tables)?;
    }
    tables.message_keys.retain(|(.., [.., kind]), _| !records::REMOVED_KINDS.contains(kind))?;
    Ok(())
}

/// Up to schema 2 a message had one hash. Of a message that came in, and of
/// one to the own account, it is that of the copy in the own swarm.
fn name_own_copies(tables: &mut Tables<'_>) -> Result<(), Failure> {
    let owners = accounts(tables)?;
    let mut numbers = Vec::new();
    for entry in tables.message_places.range((0, 0)..)? {
        let (key, place) = entry?;
        numbers.push((key.value(), place.value()));
    }
    for ((account, number), conversation) in numbers {
        let id = MessageId { account, number };
        let Some(mut message) = history::read(id, conversation, tables)? else { continue };
        let own = owners.get(&account);
        let to_itself = own.map(|own| ConversationId::Account(*own));
        if own != Some(&message.author) || Some(&message.conversation) == to_itself.as_ref() {
            message.own_hash = message.hash;
            history::write_record(conversation, &message, tables)?;
        }
    }
    Ok(())
}

fn accounts(tables: &Tables<'_>) -> Result<BTreeMap<u32, AccountId>, Failure> {
    let mut ids = BTreeMap::new();
    for entry in tables.accounts.range(0..)? {
        let (number, record) = entry?;
        let what = format!("account {}", number.value());
        let record: AccountRecord = Failure::record(&what, record.value())?;
        let id = record.id().map_err(|error| Failure::damaged(what, &error))?;
        ids.insert(number.value(), id);
    }
    Ok(ids)
}

/// Up to schema 2 an event named its message only. Those of messages that are
/// gone have nothing more to tell.
fn place_events(tables: &mut Tables<'_>) -> Result<(), Failure> {
    let mut seqs = Vec::new();
    for entry in tables.events.range(0..)? {
        seqs.push(entry?.0.value());
    }
    for seq in seqs {
        let Some(record) = tables.events.remove(seq)?.map(|record| record.value().to_vec()) else {
            continue;
        };
        let damaged = |error| Failure::damaged(format!("event {seq}"), &error);
        let id = records::message_of_event(&record).map_err(damaged)?;
        let place = tables.message_places.get((id.account, id.number))?.map(|at| at.value());
        let Some(place) = place else { continue };
        let Some(message) = history::read(id, place, tables)? else { continue };
        let record = records::event_in(&message.conversation, &record).map_err(damaged)?;
        tables.events.insert(seq, record.as_slice())?;
    }
    Ok(())
}
