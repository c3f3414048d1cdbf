//! Lines of the delivery ledger and the ways to find them. The lines of an
//! account are numbered as they come, so those written first are its oldest.

use std::collections::BTreeSet;

use ramson_messages::storage::{LedgerIsOn, SetLedger};
use ramson_types::ledger::LedgerLine;
use ramson_types::{MessageId, Timestamp};
use redb::ReadableTable as _;

use super::{Failure, Question, Reading, Write, accounts};
use crate::records;
use crate::tables::{META, Tables, meta};

/// Adds a line behind the account's last one.
pub(super) fn add(account: u32, line: &LedgerLine, tables: &mut Tables<'_>) -> Result<(), Failure> {
    if !is_on(tables)? {
        return Ok(());
    }
    let what = "a ledger line";
    let record = records::ledger_line(line).map_err(|error| Failure::not_kept(what, &error))?;
    let number = match tables.next_line.get(&account) {
        Some(next) => *next,
        None => last(account, tables)?.map_or(1, |last| last.saturating_add(1)),
    };
    tables.next_line.insert(account, number.saturating_add(1));
    tables.ledger.insert((account, number), record.as_slice())?;
    if let Some(message) = line.message {
        tables.ledger_by_message.insert((account, message.number, number), ())?;
    }
    if let Some(hash) = &line.hash {
        tables.ledger_by_hash.insert((&hash.0, account, number), ())?;
    }
    Ok(())
}

/// Removes a line and the ways to find it. A line that cannot be read goes
/// too; what led to it stays and leads nowhere.
pub(super) fn remove(account: u32, number: u64, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let Some(record) = tables.ledger.remove((account, number))?.map(|line| line.value().to_vec())
    else {
        return Ok(());
    };
    let Ok(line) = records::parse_ledger_line(account, &record) else { return Ok(()) };
    if let Some(message) = line.message {
        tables.ledger_by_message.remove((account, message.number, number))?;
    }
    if let Some(hash) = &line.hash {
        tables.ledger_by_hash.remove((&hash.0, account, number))?;
    }
    Ok(())
}

/// Removes all lines of an account.
pub(super) fn remove_all(account: u32, tables: &mut Tables<'_>) -> Result<(), Failure> {
    while let Some(number) = first(account, tables)? {
        remove(account, number, tables)?;
    }
    Ok(())
}

fn last(account: u32, tables: &Tables<'_>) -> Result<Option<u64>, Failure> {
    let last = tables.ledger.range((account, 0)..=(account, u64::MAX))?.next_back().transpose()?;
    Ok(last.map(|(key, _)| key.value().1))
}

fn first(account: u32, tables: &Tables<'_>) -> Result<Option<u64>, Failure> {
    let first = tables.ledger.range((account, 0)..=(account, u64::MAX))?.next().transpose()?;
    Ok(first.map(|(key, _)| key.value().1))
}

/// Removes the lines of an account that are older than `limit`; tells how many.
/// A line dated behind `now` is from a clock that was wrong: it goes with those
/// that were written after it.
fn remove_older_of(
    account: u32,
    limit: Timestamp,
    now: Timestamp,
    tables: &mut Tables<'_>,
) -> Result<u64, Failure> {
    let (mut seen, mut old) = (Vec::new(), 0);
    for entry in tables.ledger.range((account, 0)..=(account, u64::MAX))? {
        let (key, record) = entry?;
        seen.push(key.value().1);
        // One that cannot be read is of no use.
        let at = records::parse_ledger_line(account, record.value()).map(|line| line.at);
        match at {
            Ok(at) if at > now => {}
            Ok(at) if at >= limit => break,
            Ok(_) | Err(_) => old = seen.len(),
        }
    }
    seen.truncate(old);
    for number in &seen {
        remove(account, *number, tables)?;
    }
    Ok(seen.len() as u64)
}

/// Removes all lines that are older than `limit`; tells how many.
pub(super) fn remove_older(
    limit: Timestamp,
    now: Timestamp,
    tables: &mut Tables<'_>,
) -> Result<u64, Failure> {
    let accounts: Result<Vec<u32>, Failure> =
        tables.accounts.range(0..)?.map(|entry| Ok(entry?.0.value())).collect();
    accounts?.into_iter().try_fold(0u64, |gone, account| {
        Ok(gone.saturating_add(remove_older_of(account, limit, now, tables)?))
    })
}

/// Removes everything that is known of a message.
pub(super) fn remove_of(id: MessageId, tables: &mut Tables<'_>) -> Result<(), Failure> {
    let MessageId { account, number } = id;
    let all = (account, number, 0)..=(account, number, u64::MAX);
    let mut lines = BTreeSet::new();
    for entry in tables.ledger_by_message.range(all)? {
        lines.insert(entry?.0.value().2);
    }
    // Lines that name only a copy belong to the message that the copy is.
    for line in lines.clone() {
        let record = tables.ledger.get((account, line))?.map(|line| line.value().to_vec());
        let line = record.and_then(|line| records::parse_ledger_line(account, &line).ok());
        let Some(hash) = line.and_then(|line| line.hash) else { continue };
        for entry in
            tables.ledger_by_hash.range((&hash.0, account, 0)..=(&hash.0, account, u64::MAX))?
        {
            lines.insert(entry?.0.value().2);
        }
    }
    lines.into_iter().try_for_each(|line| remove(account, line, tables))
}

/// Whether a ledger is kept; it is, unless somebody switched it off.
fn is_on(tables: &mut Tables<'_>) -> Result<bool, Failure> {
    if let Some(on) = tables.ledger_is_on {
        return Ok(on);
    }
    let on = match tables.meta.get(meta::LEDGER)? {
        Some(record) => {
            Failure::record::<records::Number>(meta::LEDGER, record.value())?.value != 0
        }
        None => true,
    };
    tables.ledger_is_on = Some(on);
    Ok(on)
}

impl Write for SetLedger {
    type Answer = ();

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        accounts::set_number(tables, meta::LEDGER, self.on.into())?;
        tables.ledger_is_on = Some(self.on);
        if !self.on {
            tables.ledger.retain(|_, _| false)?;
            tables.ledger_by_message.retain(|_, ()| false)?;
            tables.ledger_by_hash.retain(|_, ()| false)?;
            tables.next_line.clear();
        }
        Ok(())
    }
}

impl Question for LedgerIsOn {
    type Answer = bool;

    fn answer(&self, reading: &Reading) -> Result<bool, Failure> {
        let Some(record) = reading.table(META)?.get(meta::LEDGER)? else { return Ok(true) };
        let on: records::Number = Failure::record(meta::LEDGER, record.value())?;
        Ok(on.value != 0)
    }
}
