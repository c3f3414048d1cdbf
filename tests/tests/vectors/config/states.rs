//! Histories of several devices: push, confirm, merge, dump.

use std::collections::{BTreeMap, BTreeSet};

use ramson_crypto::{AccountKeys, blake2b, config_cipher};
use ramson_protocol::config::{
    Config, ConfigKind, Owner, Stored, UserProfile, decompress, unwrap_own,
};
use ramson_tests::fields::{flag, hex, list, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

use super::pushed::{domain, hashes};
use super::{NOW, account, run_cases};

const KIND: ConfigKind = ConfigKind::UserProfile;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_cases(file, cases, &["namespace", "encryption_domain"], history);
}

/// The devices, and what they stored by its name in the file.
struct World {
    keys: AccountKeys,
    devices: BTreeMap<String, UserProfile>,
    stored: BTreeMap<String, Vec<u8>>,
}

fn history(_: &Value, case: &Value) -> Result<(), String> {
    let mut world =
        World { keys: account(case)?, devices: BTreeMap::new(), stored: BTreeMap::new() };
    for (at, step) in list(case, "steps")?.iter().enumerate() {
        world.step(step).map_err(|why| format!("step {at}, {}: {why}", step["action"]))?;
    }
    Ok(())
}

impl World {
    fn step(&mut self, step: &Value) -> Result<(), String> {
        let name = text(step, "device")?.to_owned();
        let mut device = self.devices.remove(&name).unwrap_or_default();
        let number = step["value"].as_i64().ok_or("no number");
        match text(step, "action")? {
            "set_name" => {
                let set = device.set_name(text(step, "value")?, None);
                set.map_err(|why| why.to_string())?;
            }
            "set_nts_priority" => device.set_note_to_self_priority(number?),
            "set_nts_expiry" => device.set_note_to_self_timer(number?),
            "push" => self.push(&mut device, step)?,
            "confirm" => {
                let hash = text(step, "of")?.to_owned();
                device.confirm(step["seqno"].as_i64().ok_or("no seqno")?, BTreeSet::from([hash]));
            }
            "merge" => self.merge(&mut device, step)?,
            "dump_and_reload" => {
                let dump = device.dump();
                let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
                expect_eq("dump", shown(&dump), shown(&hex(step, "dump_hex")?))?;
                device = UserProfile::load(&Owner::Account(&self.keys), &dump)
                    .map_err(|why| why.to_string())?;
            }
            other => return Err(format!("'{other}' is not known")),
        }
        state(&device, &step["state"])?;
        self.devices.insert(name, device);
        Ok(())
    }

    fn push(&mut self, device: &mut Config, step: &Value) -> Result<(), String> {
        let push = device.push(&Owner::Account(&self.keys), NOW).map_err(|why| why.to_string())?;
        expect_eq("seqno", Some(push.seqno), step["seqno"].as_i64())?;
        expect_eq("obsolete hashes", push.obsolete, hashes(step, "obsolete_hashes")?)?;
        let [stored] = push.messages.as_slice() else {
            return Err(format!("{} messages", push.messages.len()));
        };
        let encrypted = unwrap_own(KIND, &self.keys, stored).ok_or("not wrapped")?;
        let padded = config_cipher::decrypt(self.keys.seed().as_bytes(), domain(KIND), &encrypted)
            .map_err(|why| why.to_string())?;
        let text = config_cipher::unpad(&padded).to_vec();
        let message = decompress(text).ok_or("does not decompress")?;
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        expect_eq("plaintext", shown(&message), shown(&hex(step, "plaintext_hex")?))?;
        let digest = blake2b::hash32(&[stored]).to_vec();
        expect_eq("stored", digest, hex(step, "message_blake2b32_hex")?)?;
        self.stored.insert(step["as"].as_str().ok_or("no name")?.to_owned(), stored.clone());
        Ok(())
    }

    fn merge(&self, device: &mut Config, step: &Value) -> Result<(), String> {
        let names = list(step, "messages")?.iter().filter_map(Value::as_str);
        let stored: Vec<Stored<'_>> = names
            .map(|hash| self.stored.get(hash).map(|data| Stored { hash, data }))
            .collect::<Option<_>>()
            .ok_or_else(|| format!("{} were not all stored", step["messages"]))?;
        let received = device.merge(&Owner::Account(&self.keys), &stored, NOW);
        expect_eq("accepted", received.accepted, hashes(step, "accepted")?)
    }
}

fn state(device: &Config, state: &Value) -> Result<(), String> {
    expect_eq("clean", device.is_clean(), flag(state, "clean")?)?;
    expect_eq("dirty", device.is_dirty(), flag(state, "dirty")?)?;
    expect_eq("needs push", device.needs_push(), flag(state, "needs_push")?)?;
    expect_eq("needs dump", device.needs_dump(), flag(state, "needs_dump")?)?;
    expect_eq("current hashes", device.current_hashes(), &hashes(state, "current_hashes")?)
}
