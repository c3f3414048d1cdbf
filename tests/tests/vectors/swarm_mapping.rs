//! From an account to its swarm.

use ramson_tests::fields::{hex_array, list, parsed, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::SwarmId;
use ramson_types::swarm::{next_swarm_id, ring_position, swarm_of};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description", "swarm_sets"],
        &[
            ("invalid_swarm_id", unassigned),
            ("space", space),
            ("mapping", mapping),
            ("new_swarm_id", new_id),
            ("new_swarm_id_sequence", sequence),
        ],
    );
}

/// Ids are decimal texts: they do not fit a double.
fn ids(list: &[Value]) -> Result<Vec<SwarmId>, String> {
    let id = |id: &Value| Some(SwarmId(id.as_str()?.parse().ok()?));
    list.iter().map(|value| id(value).ok_or_else(|| format!("{value} is no id"))).collect()
}

/// The key behind the prefix, which may be any byte.
fn key(case: &Value) -> Result<[u8; 32], String> {
    let [_, key @ ..] = hex_array::<33>(case, "pubkey")?;
    Ok(key)
}

fn unassigned(_: &Value, id: &Value) -> Result<(), String> {
    expect_eq("id", id.as_str(), Some(SwarmId::UNASSIGNED.0.to_string().as_str()))
}

fn space(_: &Value, case: &Value) -> Result<(), String> {
    let position = ring_position(&key(case)?);
    expect_eq("position", position, parsed(case, "space")?)?;
    let hex: SwarmId = parsed(case, "space_hex")?;
    expect_eq("in hex", position, hex.0)
}

fn mapping(file: &Value, case: &Value) -> Result<(), String> {
    let swarms = ids(list(&file["swarm_sets"], text(case, "set")?)?)?;
    let key = key(case)?;
    expect_eq("position", ring_position(&key), parsed(case, "space")?)?;
    let expected = match &case["expected"] {
        Value::Null => None,
        _ => Some(SwarmId(parsed(case, "expected")?)),
    };
    expect_eq("swarm", swarm_of(&key, swarms.iter().copied()), expected)?;
    let backwards = swarms.into_iter().rev();
    expect_eq("swarm, ids in another order", swarm_of(&key, backwards), expected)
}

fn new_id(_: &Value, case: &Value) -> Result<(), String> {
    let existing = ids(list(case, "existing")?)?;
    expect_eq("new id", next_swarm_id(&existing), SwarmId(parsed(case, "expected")?))
}

fn sequence(_: &Value, section: &Value) -> Result<(), String> {
    let expected = ids(list(section, "ids")?)?;
    let mut existing = Vec::new();
    for id in expected {
        expect_eq("new id", next_swarm_id(&existing), id)?;
        existing.push(id);
    }
    Ok(())
}
