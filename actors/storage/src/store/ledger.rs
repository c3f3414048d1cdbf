//! Lines of the delivery ledger and the three ways to find them.

use ramson_types::Timestamp;
use ramson_types::ledger::LedgerLine;
use redb::ReadableTable as _;

use super::Failure;
use crate::records;
use crate::tables::Tables;

/// Adds a line behind the account's last one.
pub(super) fn add(account: u32, line: &LedgerLine, tables: &mut Tables<'_>) -> Result<(), Failure> {
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
    tables.ledger_by_time.insert((line.at.0, account, number), ())?;
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
    tables.ledger_by_time.remove((line.at.0, account, number))?;
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

/// Removes all lines that are older than `limit`; tells how many.
pub(super) fn remove_older(limit: Timestamp, tables: &mut Tables<'_>) -> Result<u64, Failure> {
    let mut old = Vec::new();
    for gone in tables.ledger_by_time.extract_from_if(..(limit.0, 0, 0), |_, ()| true)? {
        let (key, _) = gone?;
        let (_, account, number) = key.value();
        old.push((account, number));
    }
    for (account, number) in &old {
        remove(*account, *number, tables)?;
    }
    Ok(old.len() as u64)
}
