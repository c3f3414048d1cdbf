//! Contacts: setters, erasing, and how odd values read.

use std::collections::BTreeSet;

use ramson_crypto::config_cipher;
use ramson_protocol::config::contacts::{BlindedContact, Contact, Disappearing};
use ramson_protocol::config::value::Picture;
use ramson_protocol::config::{Contacts, Owner, Server, Stored};
use ramson_tests::fields::{flag, hex, hex_array, list, parsed, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::conversation::Notify;
use serde_json::{Value, json};

use super::pushed::domain;
use super::{NOW, account, notation, pushed, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let plain = ["namespace", "encryption_domain", "note_on_newer_fields"];
    run_cases(file, cases, &plain, |_, case| {
        let keys = account(case)?;
        let mut contacts = Contacts::new();
        if case.get("contacts").is_some() {
            return decode(case);
        }
        if case.get("steps").is_some() {
            return pushed::steps(&mut contacts, &keys, list(case, "steps")?, |config, _, step| {
                notation::become_data(config, &step["data"])
            });
        }
        for action in list(case, "actions")? {
            act(&mut contacts, action, &case["result"]["data"])?;
        }
        pushed::check(&mut contacts, &keys, &case["result"], &[])?;
        write_again(&mut contacts)
    });
}

fn act(contacts: &mut Contacts, action: &Value, data: &Value) -> Result<(), String> {
    if action.get("note").is_some() {
        notation::become_data(contacts, data)
    } else if let Some(blinded) = action.get("set_blinded") {
        contacts.set_blinded_contact(&blinded_contact(blinded)?);
        Ok(())
    } else {
        let fields = action.get("set_contact").unwrap_or(action);
        contacts.set_contact(&contact(fields)?);
        Ok(())
    }
}

fn contact(fields: &Value) -> Result<Contact, String> {
    let id = if fields.get("contact").is_some() { "contact" } else { "session_id" };
    let mut contact = Contact::new(parsed(fields, id)?);
    for (name, value) in fields.as_object().ok_or("no fields")? {
        let (number, on) = (value.as_i64().unwrap_or_default(), value == true);
        let words = value.as_str().unwrap_or_default();
        match name.as_str() {
            "contact" | "session_id" | "pic_key_hex" | "exp_timer" => {}
            "name" => contact.name = words.into(),
            "nickname" => contact.nickname = words.into(),
            "pic_url" => contact.picture = picture(fields)?,
            "approved" => contact.approved = on,
            "approved_me" => contact.approved_me = on,
            "blocked" => contact.blocked = on,
            "priority" => contact.priority = number,
            "notifications" => contact.notify = notify(number)?,
            "mute_until" => contact.mute_until = number,
            "exp_mode" => {
                let seconds = fields["exp_timer"].as_i64().unwrap_or_default();
                contact.disappearing = match number {
                    1 => Disappearing::AfterSend(seconds),
                    2 => Disappearing::AfterRead(seconds),
                    _ => Disappearing::Off,
                };
            }
            "created" => contact.created = number,
            "profile_updated" => contact.profile_updated = number,
            "profile_features" => contact.features = numbers(value),
            other => return Err(format!("'{other}' is not known")),
        }
    }
    Ok(contact)
}

fn picture(fields: &Value) -> Result<Option<Picture>, String> {
    Ok(Picture::new(text(fields, "pic_url")?, &hex(fields, "pic_key_hex")?))
}

pub(super) fn notify(number: i64) -> Result<Notify, String> {
    [Notify::Default, Notify::All, Notify::Off, Notify::Mentions]
        .into_iter()
        .zip(0..)
        .find_map(|(notify, of)| (of == number).then_some(notify))
        .ok_or_else(|| format!("{number} is no mode"))
}

fn numbers(set: &Value) -> BTreeSet<i64> {
    set.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

fn blinded_contact(fields: &Value) -> Result<BlindedContact, String> {
    let server = Server::new(text(fields, "base_url")?, hex_array(fields, "server_pubkey_hex")?);
    let number = |field: &str| fields[field].as_i64().unwrap_or_default();
    Ok(BlindedContact {
        id: parsed(fields, "blinded_id")?,
        server: server.map_err(|why| why.to_string())?,
        name: text(fields, "name")?.into(),
        picture: picture(fields)?,
        profile_updated: number("profile_updated"),
        priority: number("priority"),
        created: number("created"),
        features: numbers(&fields["profile_features"]),
    })
}

/// What the getters give is no change for the setters, and erasing leaves
/// nothing.
fn write_again(contacts: &mut Contacts) -> Result<(), String> {
    contacts.confirm(1, BTreeSet::from(["h1".to_owned()]));
    let all: Vec<Contact> = contacts.contacts().collect();
    let blinded: Vec<BlindedContact> = contacts.blinded_contacts().collect();
    for contact in &all {
        expect_eq("one by one", contacts.contact(&contact.id).as_ref(), Some(contact))?;
        contacts.set_contact(contact);
    }
    blinded.iter().for_each(|contact| contacts.set_blinded_contact(contact));
    expect_eq("needs a push", contacts.needs_push(), false)?;
    all.iter().for_each(|contact| contacts.erase_contact(&contact.id));
    for contact in &blinded {
        contacts.erase_blinded_contact(&contact.server, &contact.id);
    }
    let mut data = contacts.data().clone();
    data.prune();
    expect_eq("all erased", data.is_empty(), true)
}

fn decode(case: &Value) -> Result<(), String> {
    let keys = account(case)?;
    let (plain, sealed) = (hex(case, "plaintext_hex")?, hex(case, "encrypted_hex")?);
    let mut contacts = Contacts::new();
    let kind = contacts.kind();
    let ours = config_cipher::encrypt(keys.seed().as_bytes(), domain(kind), &plain);
    expect_eq("encrypted", &ours, &sealed)?;
    let stored = [Stored { hash: "h", data: &sealed }];
    let received = contacts.merge(&Owner::Account(&keys), &stored, NOW);
    expect_eq("accepted", received.accepted.len() == 1, flag(case, "accepted")?)?;
    let read: Vec<Value> = contacts.contacts().map(|contact| shown(&contact)).collect();
    expect_eq("contacts", &read, &list(case, "contacts")?.to_vec())
}

fn shown(contact: &Contact) -> Value {
    let (mode, timer) = match contact.disappearing {
        Disappearing::Off => (0, 0),
        Disappearing::AfterSend(seconds) => (1, seconds),
        Disappearing::AfterRead(seconds) => (2, seconds),
    };
    let picture = contact.picture.as_ref();
    json!({
        "session_id": contact.id.to_string(),
        "name": contact.name.to_string(),
        "nickname": contact.nickname.to_string(),
        "pic_url": picture.map_or_else(String::new, |picture| picture.url().to_string()),
        "pic_key_hex": picture.map_or_else(String::new, |picture| hex::encode(picture.key())),
        "approved": contact.approved,
        "approved_me": contact.approved_me,
        "blocked": contact.blocked,
        "priority": contact.priority,
        "notifications": contact.notify as i64,
        "mute_until": contact.mute_until,
        "exp_mode": mode,
        "exp_timer": timer,
        "created": contact.created,
    })
}
