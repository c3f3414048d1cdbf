//! Read state: setters, an update, the last room of a server.

use std::collections::BTreeSet;

use ramson_protocol::config::convo_volatile::{Convo, ReadState};
use ramson_protocol::config::{ConvoInfoVolatile, Server};
use ramson_tests::fields::{hex_array, list, parsed, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

use super::{NOW, account, notation, pushed, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let plain = ["namespace", "encryption_domain", "note_on_time", "note_on_newer_fields"];
    run_cases(file, cases, &plain, |_, case| {
        let keys = account(case)?;
        let mut convos = ConvoInfoVolatile::new();
        if case.get("steps").is_some() {
            return pushed::steps(&mut convos, &keys, list(case, "steps")?, |config, _, step| {
                notation::become_data(config, &step["data"])
            });
        }
        for action in list(case, "actions")? {
            if action.get("note").is_some() {
                notation::become_data(&mut convos, &case["result"]["data"])?;
            } else {
                let state = read_state(action)?;
                let set = convos.set_read_state(&convo(action)?, &state, NOW);
                set.map_err(|why| why.to_string())?;
            }
        }
        convos.forget_old(NOW);
        pushed::check(&mut convos, &keys, &case["result"], &[])?;
        write_again(&mut convos)
    });
}

fn convo(action: &Value) -> Result<Convo, String> {
    for (field, of) in [
        ("set_1to1", Convo::Account as fn(_) -> _),
        ("set_group", Convo::Group),
        ("set_legacy_group", Convo::LegacyGroup),
        ("set_blinded_1to1", Convo::Blinded),
    ] {
        if action.get(field).is_some() {
            return Ok(of(parsed(action, field)?));
        }
    }
    let community = &action["set_community"];
    let server = Server::new(text(community, "base_url")?, hex_array(community, "pubkey_hex")?);
    let server = server.map_err(|why| why.to_string())?;
    Ok(Convo::Community(server, text(community, "room")?.to_owned()))
}

fn read_state(action: &Value) -> Result<ReadState, String> {
    let tag = action.get("pro_tag_hex").map(|_| hex_array(action, "pro_tag_hex")).transpose()?;
    Ok(ReadState {
        last_read: action["last_read"].as_i64().ok_or("no time")?,
        unread: action["unread"] == true,
        pro_expiry: action["pro_expiry"].as_i64().unwrap_or_default(),
        pro_tag: tag,
    })
}

/// What the getters give is no change for the setters, and erasing leaves
/// nothing.
fn write_again(convos: &mut ConvoInfoVolatile) -> Result<(), String> {
    convos.confirm(1, BTreeSet::from(["h1".to_owned()]));
    let all: Vec<(Convo, ReadState)> = convos.read_states().collect();
    for (convo, state) in &all {
        expect_eq("one by one", convos.read_state(convo), Ok(Some(state.clone())))?;
        convos.set_read_state(convo, state, NOW).map_err(|why| why.to_string())?;
    }
    expect_eq("needs a push", convos.needs_push(), false)?;
    for (convo, _) in &all {
        convos.erase_read_state(convo).map_err(|why| why.to_string())?;
    }
    let mut data = convos.data().clone();
    data.prune();
    expect_eq("all erased", data.is_empty(), true)
}
