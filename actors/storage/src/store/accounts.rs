//! Adding and removing accounts, and the numbers that are given once.

use ramson_messages::storage::{AddAccount, RemoveAccount, StoreError};
use ramson_protocol::store::Sync;
use redb::ReadableTable as _;

use super::{Failure, Write};
use crate::records::{self, AccountRecord};
use crate::tables::{Tables, meta};

/// The next number of that name; the first is 1.
pub(super) fn next_number(tables: &Tables<'_>, name: &str) -> Result<u64, Failure> {
    let Some(record) = tables.meta.get(name)? else { return Ok(1) };
    let number: records::Number = Failure::record(name, record.value())?;
    Ok(number.value)
}

pub(super) fn set_number(tables: &mut Tables<'_>, name: &str, value: u64) -> Result<(), Failure> {
    let record = records::encode(&records::Number { value });
    tables.meta.insert(name, record.as_slice())?;
    Ok(())
}

/// The record of an account; refuses unknown ones.
pub(super) fn account(tables: &Tables<'_>, account: u32) -> Result<AccountRecord, Failure> {
    match tables.accounts.get(account)? {
        Some(record) => Failure::record(&format!("account {account}"), record.value()),
        None => Err(Failure::Refused(StoreError::NoSuchAccount { account })),
    }
}

/// Changes the record of an account.
pub(super) fn change(
    number: u32,
    tables: &mut Tables<'_>,
    work: impl FnOnce(&mut AccountRecord),
) -> Result<(), Failure> {
    let mut record = account(tables, number)?;
    work(&mut record);
    tables.accounts.insert(number, records::encode(&record).as_slice())?;
    Ok(())
}

impl Write for AddAccount {
    type Answer = u32;

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<u32, Failure> {
        let id = self.id.to_bytes();
        if tables.account_numbers.get(&id)?.is_some() {
            return Err(Failure::Refused(StoreError::AccountExists { id: self.id }));
        }
        let next = next_number(tables, meta::NEXT_ACCOUNT)?;
        let number = u32::try_from(next).map_err(|_| {
            let reason = "all account numbers were given out".to_owned();
            Failure::Refused(StoreError::NotKept { what: "another account".to_owned(), reason })
        })?;
        set_number(tables, meta::NEXT_ACCOUNT, next.saturating_add(1))?;
        let sync = Sync { done: !self.restored, ..Sync::default() };
        let record = AccountRecord::new(self.id, self.name.clone(), sync, self.at);
        tables.accounts.insert(number, records::encode(&record).as_slice())?;
        tables.seeds.insert(number, records::seed(&self.seed).as_slice())?;
        tables.account_numbers.insert(&id, number)?;
        Ok(number)
    }
}

impl Write for RemoveAccount {
    type Answer = ();

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        let number = self.account;
        let record = account(tables, number)?;
        let what = format!("account {number}");
        let id = record.id().map_err(|error| Failure::damaged(what, &error))?;
        tables.account_numbers.remove(&id.to_bytes())?;
        tables.accounts.remove(number)?;
        tables.seeds.remove(number)?;
        tables.counters.remove(number)?;

        const LOW: [u8; 32] = [0; 32];
        const HIGH: [u8; 32] = [u8::MAX; 32];
        for gone in tables
            .seen
            .extract_from_if((number, i16::MIN, &LOW)..=(number, i16::MAX, &HIGH), |_, _| true)?
        {
            let (key, until) = gone?;
            let (_, namespace, hash) = key.value();
            tables.seen_by_time.remove((until.value(), number, namespace, hash))?;
        }
        super::ledger::remove_all(number, tables)?;
        tables.events.retain(|_, record| records::event_account(record) != Some(number))?;
        tables.conversations.retain_in((number, 0)..=(number, u32::MAX), |_, _| false)?;
        let ids = tables.conversation_numbers.range((number, [].as_slice())..)?;
        let mut keys = Vec::new();
        for entry in ids {
            let (key, _) = entry?;
            match key.value() {
                (account, id) if account == number => keys.push(id.to_vec()),
                _ => break,
            }
        }
        for key in keys {
            tables.conversation_numbers.remove((number, key.as_slice()))?;
        }
        tables.messages.retain_in((number, 0, 0)..=(number, u32::MAX, u64::MAX), |_, _| false)?;
        tables.message_places.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        tables.message_keys.retain_in(
            (number, 0, 0, &[0; 34])..=(number, u32::MAX, u64::MAX, &[u8::MAX; 34]),
            |_, _| false,
        )?;
        tables
            .cursors
            .retain_in((number, &LOW, i16::MIN)..=(number, &HIGH, i16::MAX), |_, _| false)?;
        tables.outbox.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        tables.expiring.retain_in((number, 0, 0)..=(number, u64::MAX, u64::MAX), |_, ()| false)?;
        tables.early.retain_in(
            (number, 0, 0, &[0; 33])..=(number, u32::MAX, u64::MAX, &[u8::MAX; 33]),
            |_, _| false,
        )?;
        tables.early_by_time.retain(|(_, account, ..), ()| account != number)?;
        tables.configs.retain_in((number, 0)..=(number, u8::MAX), |_, _| false)?;
        tables.errands.retain_in((number, 0)..=(number, u64::MAX), |_, _| false)?;
        Ok(())
    }
}
