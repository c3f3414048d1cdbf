//! `record.…`: what a client wrote down.

use ramson_wire::{Answer, Done, Query, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NoResult;
use crate::call::{Call, odd};
use crate::failure::Outcome;

/// The most records at once.
const MOST: u32 = 1_000;

/// Which record.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordGetParams {
    /// Its key.
    key: String,
}

/// What a record says.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordGetResult {
    /// Null if there is no such record.
    value: Option<String>,
}

pub(super) async fn get(call: Call, params: RecordGetParams) -> Outcome<RecordGetResult> {
    call.must_be_subscribed()?;
    match call.query(Query::Record { key: params.key }).await? {
        Answer::Record { value } => Ok(RecordGetResult { value }),
        other => Err(odd(&other)),
    }
}

/// What is written down.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordPutParams {
    /// Its key: 1 to 256 bytes, no control characters.
    key: String,
    /// At most 65,536 bytes; left out or null, the record is taken away.
    #[serde(default)]
    value: Option<String>,
}

pub(super) async fn put(mut call: Call, params: RecordPutParams) -> Outcome<NoResult> {
    let record = Record { key: params.key, value: params.value };
    call.done(Done { records: vec![record], ..Done::default() }).await?;
    Ok(NoResult {})
}

/// Which records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordListParams {
    /// Those whose keys begin so; all if it is left out.
    #[serde(default)]
    prefix: String,
    /// Those behind this key only.
    #[serde(default)]
    after: Option<String>,
    /// How many at most; 1,000 when left out, and at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// Records.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordListResult {
    /// In order of their keys.
    records: Vec<Record>,
    /// There are none behind these.
    complete: bool,
}

pub(super) async fn list(call: Call, params: RecordListParams) -> Outcome<RecordListResult> {
    call.must_be_subscribed()?;
    let RecordListParams { prefix, after, limit } = params;
    let query = Query::Records { prefix, after, limit: limit.unwrap_or(MOST) };
    match call.query(query).await? {
        Answer::Records { records, complete } => Ok(RecordListResult { records, complete }),
        other => Err(odd(&other)),
    }
}
