//! Stores of earlier versions, brought up to this one when they are opened.
//! All steps and the new number are one commit, so a store is of one schema or
//! of the other, whenever the power fails.

use redb::{Database, TableDefinition};

use super::Failure;
use crate::records;
use crate::tables::{SCHEMA, Tables, meta};

/// Ledger lines by time, account and line number, up to schema 1. Each line
/// cost one more insert; lines of an account are in order of time as they are.
const LEDGER_BY_TIME: TableDefinition<'static, (u64, u32, u64), ()> =
    TableDefinition::new("ledger_by_time");

/// Brings a store of the schema `found` up to [`SCHEMA`]; `false` when there is no
/// way from there.
pub(super) fn migrate(database: &Database, found: u64) -> Result<bool, Failure> {
    if found != 1 {
        return Ok(false);
    }
    let transaction = database.begin_write()?;
    transaction.delete_table(LEDGER_BY_TIME)?;
    let mut tables = Tables::open(&transaction)?;
    let schema = records::encode(&records::Number { value: SCHEMA });
    tables.meta.insert(meta::SCHEMA, schema.as_slice())?;
    drop(tables);
    transaction.commit()?;
    Ok(true)
}
