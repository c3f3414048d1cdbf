//! The profile: setters, a chain of pushes, a conflict.

use std::collections::BTreeSet;

use ramson_crypto::AccountKeys;
use ramson_protocol::config::profile::{
    FEATURE_ANIMATED_PICTURE, FEATURE_PRO_BADGE, ProCredential,
};
use ramson_protocol::config::value::Picture;
use ramson_protocol::config::{Config, ConfigKind, Message, Owner, Stored, UserProfile};
use ramson_tests::fields::{flag, hex, hex_array, list, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::Timestamp;
use serde_json::Value;

use super::{NOW, account, notation, pushed, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let plain = ["namespace", "encryption_domain", "known_answers", "note_on_newer_fields"];
    run_cases(file, cases, &plain, |_, case| {
        let keys = account(case)?;
        let mut profile = UserProfile::new();
        match text(case, "id")? {
            "chain" => {
                pushed::steps(&mut profile, &keys, list(case, "steps")?, |config, _, step| {
                    notation::become_data(config, &step["data"])
                })
            }
            "no-op" => no_op(&mut profile, &keys, case),
            "conflict" => conflict(&keys, case),
            _ => {
                act(&mut profile, case)?;
                pushed::check(&mut profile, &keys, &case["result"], &[])?;
                read_back(&profile, &case["result"])
            }
        }
    });
    for case in list(file, "known_answers").unwrap_or_default() {
        cases.check(case["what"].as_str().unwrap_or_default(), || {
            expect_eq("empty", Message::empty().hash().to_vec(), hex(case, "hash_hex")?)
        });
    }
}

fn act(profile: &mut UserProfile, case: &Value) -> Result<(), String> {
    let mut now = None;
    for action in list(case, "actions")? {
        for (name, value) in action.as_object().ok_or("no action")? {
            let number = value.as_i64().unwrap_or_default();
            let on = value.as_bool();
            match name.as_str() {
                "now" => now = Some(Timestamp(number.unsigned_abs() * 1_000)),
                "raw" => notation::become_data(profile, &case["result"]["data"])?,
                "set_name" => profile
                    .set_name(value.as_str().unwrap_or_default(), now)
                    .map_err(|why| why.to_string())?,
                "set_name_truncated" => {
                    profile.set_name_truncated(value.as_str().unwrap_or_default(), now);
                }
                "set_profile_pic" => profile.set_picture(picture(value)?.as_ref(), now),
                "set_reupload_profile_pic" => {
                    profile.set_reuploaded_picture(&picture(value)?.ok_or("no picture")?, now);
                }
                "set_nts_priority" => profile.set_note_to_self_priority(number),
                "set_nts_expiry" => profile.set_note_to_self_timer(number),
                "set_blinded_msgreqs" => profile.set_takes_blinded_requests(on, now),
                "set_animated_avatar" => {
                    profile.set_feature(FEATURE_ANIMATED_PICTURE, on.ok_or("no flag")?, now);
                }
                "set_pro_badge" => {
                    profile.set_feature(FEATURE_PRO_BADGE, on.ok_or("no flag")?, now)
                }
                "set_pro_config" => {
                    let credential = ProCredential {
                        expiry: value["expiry"].as_i64().ok_or("no expiry")?,
                        revocation_tag: hex_array(value, "revocation_tag_hex")?,
                        rotating_seed: hex_array(value, "rotating_seed_hex")?,
                        signature: hex_array(value, "signature_hex")?,
                    };
                    profile.set_pro_credential(Some(&credential), now);
                    let read = profile.pro_credential().is_some_and(|read| read == credential);
                    expect_eq("credential read", read, true)?;
                }
                "set_pro_access_expiry" => profile.set_pro_access_expiry(number),
                "set_pro_auto_renewing" => profile.set_pro_renews(on.ok_or("no flag")?),
                "set_pro_grace_period" => profile.set_pro_grace_period(number),
                "set_refund_requested" => profile.set_refund_requested(number, now),
                "set_pro_prepaid" => profile.set_pro_prepaid(number, now),
                other => return Err(format!("'{other}' is not known")),
            }
        }
    }
    Ok(())
}

fn picture(value: &Value) -> Result<Option<Picture>, String> {
    if value.is_null() {
        return Ok(None);
    }
    Ok(Picture::new(text(value, "url")?, &hex(value, "key_hex")?))
}

/// The getters say what the data does.
fn read_back(profile: &UserProfile, result: &Value) -> Result<(), String> {
    let data = &result["data"];
    let number = |key: &str| data[key].as_i64().unwrap_or_default();
    let bytes = |key: &str| notation::bytes(data[key].as_str().unwrap_or("t:"));
    expect_eq("name", profile.name().as_bytes().to_vec(), bytes("t:n")?)?;
    expect_eq("priority", profile.note_to_self_priority(), number("t:+"))?;
    expect_eq("timer", profile.note_to_self_timer(), number("t:e"))?;
    let requests = data["t:M"].as_i64().map(|number| number != 0);
    expect_eq("requests", profile.takes_blinded_requests(), requests)?;
    expect_eq("updated", profile.updated(), number("t:t").max(number("t:T")))?;
    let (url, key) = if number("t:T") > number("t:t") { ("t:P", "t:Q") } else { ("t:p", "t:q") };
    let shown =
        profile.picture().map(|shown| (shown.url().as_bytes().to_vec(), shown.key().to_vec()));
    let expected =
        data.get(url).map(|_| Ok::<_, String>((bytes(url)?, bytes(key)?))).transpose()?;
    expect_eq("picture", shown, expected)?;
    let features: Vec<i64> = profile.features().into_iter().collect();
    expect_eq("features", Some(features), data.get("t:f").map_or(Some(Vec::new()), numbers))?;
    expect_eq("credential", profile.pro_credential().is_some(), data.get("t:s").is_some())?;
    expect_eq("access", profile.pro_access_expiry(), number("t:E"))?;
    expect_eq("renews", profile.pro_renews(), number("t:A") == 1)?;
    expect_eq("grace", profile.pro_grace_period(), number("t:G"))?;
    expect_eq("refund", profile.refund_requested(NOW), data["t:R"].as_i64())?;
    expect_eq("prepaid", profile.pro_prepaid(NOW), data["t:I"].as_i64())
}

fn numbers(set: &Value) -> Option<Vec<i64>> {
    set.as_array()?.iter().map(Value::as_i64).collect()
}

fn no_op(profile: &mut UserProfile, keys: &AccountKeys, case: &Value) -> Result<(), String> {
    notation::become_data(profile, &case["first"]["data"])?;
    pushed::check(profile, keys, &case["first"], &[])?;
    profile.confirm(1, BTreeSet::from(["h1".to_owned()]));
    profile.set_name(&profile.name().to_string(), None).map_err(|why| why.to_string())?;
    let needs_push = flag(case, "needs_push_after_same_value")?;
    expect_eq("needs a push", profile.needs_push(), needs_push)?;
    let push = profile.push(&Owner::Account(keys), NOW).map_err(|why| why.to_string())?;
    expect_eq("seqno", Some(push.seqno), case["second"]["seqno"].as_i64())?;
    expect_eq("stored", push.messages, vec![hex(&case["second"], "message_hex")?])?;
    let dump = profile.dump();
    expect_eq("dump", dump, hex(&case["second"], "dump_after_push_hex")?)
}

/// A device that holds `base`, and what came of its next push, confirmed.
fn branch(keys: &AccountKeys, case: &Value, name: &str, hash: &str) -> Result<Config, String> {
    let mut device = holding_base(keys, case)?;
    notation::become_data(&mut device, &case[name]["data"])?;
    pushed::check(&mut device, keys, &case[name], &[])?;
    device.confirm(2, BTreeSet::from([hash.to_owned()]));
    Ok(device)
}

fn holding_base(keys: &AccountKeys, case: &Value) -> Result<Config, String> {
    let mut device = Config::new(ConfigKind::UserProfile);
    merge(&mut device, keys, &[("h1", &case["base"])])?;
    expect_eq("holds the base", device.current_hashes().len(), 1)?;
    Ok(device)
}

fn merge(device: &mut Config, keys: &AccountKeys, all: &[(&str, &Value)]) -> Result<(), String> {
    let bytes: Vec<(&str, Vec<u8>)> = all
        .iter()
        .map(|(hash, result)| Ok((*hash, hex(result, "message_hex")?)))
        .collect::<Result<_, String>>()?;
    let stored: Vec<Stored<'_>> = bytes.iter().map(|(hash, data)| Stored { hash, data }).collect();
    device.merge(&Owner::Account(keys), &stored, NOW);
    Ok(())
}

fn conflict(keys: &AccountKeys, case: &Value) -> Result<(), String> {
    let mut first = Config::new(ConfigKind::UserProfile);
    notation::become_data(&mut first, &case["base"]["data"])?;
    pushed::check(&mut first, keys, &case["base"], &[])?;
    let mut a = branch(keys, case, "a", "h2a")?;
    let mut b = branch(keys, case, "b", "h2b")?;
    let mut dirty = b.clone();
    merge(&mut a, keys, &[("h2b", &case["b"])])?;
    pushed::check(&mut a, keys, &case["a_after_merge"], &[])?;
    merge(&mut b, keys, &[("h2a", &case["a"])])?;
    pushed::check(&mut b, keys, &case["b_after_merge"], &[])?;
    let mut third = holding_base(keys, case)?;
    merge(&mut third, keys, &[("h2b", &case["b"]), ("h2a", &case["a"])])?;
    pushed::check(&mut third, keys, &case["third_device_after_merge"], &[])?;
    dirty.set(&[b"e"], 100);
    merge(&mut dirty, keys, &[("h2a", &case["a"])])?;
    let result = &case["dirty_device_after_set_nts_expiry_100_and_merge"];
    pushed::check(&mut dirty, keys, result, &[])
}
