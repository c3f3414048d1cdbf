//! Groups, legacy groups and communities, and how communities are named.

use std::collections::BTreeSet;

use ramson_crypto::AccountKeys;
use ramson_protocol::config::user_groups::{Community, Group, LegacyGroup, Membership, Removed};
use ramson_protocol::config::{CommunityUrl, UserGroups, room_key};
use ramson_tests::fields::{flag, hex, list, parsed, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::AccountId;
use serde_json::{Value, json};

use super::contacts::notify;
use super::{account, notation, pushed, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let plain = ["namespace", "encryption_domain", "community_urls"];
    run_cases(file, cases, &plain, |_, case| {
        let keys = account(case)?;
        match text(case, "id")? {
            "group-lifecycle" => lifecycle(&keys, case),
            "community-erase" => erase(&keys, case),
            _ => {
                let mut groups = UserGroups::new();
                for action in list(case, "actions")? {
                    act(&mut groups, action, &case["result"]["data"])?;
                }
                pushed::check(&mut groups, &keys, &case["result"], &[])?;
                write_again(&mut groups)
            }
        }
    });
    for case in list(file, "community_urls").unwrap_or_default() {
        cases.check(&case["input"], || community_url(case));
    }
}

fn act(groups: &mut UserGroups, action: &Value, data: &Value) -> Result<(), String> {
    if let Some(community) = action.get("set_community") {
        let url = community["url"].as_str().or(community.as_str()).ok_or("no URL")?;
        let mut set = Community::from_url(url).map_err(|why| why.to_string())?;
        set.membership = membership(community)?;
        groups.set_community(&set);
    } else if let Some(fields) = action.get("set_group") {
        groups.set_group(&group(fields)?);
    } else if action.get("set_legacy_group").is_some() {
        groups.set_legacy_group(&LegacyGroup::new(parsed(action, "set_legacy_group")?));
    } else {
        notation::become_data(groups, data)?;
    }
    Ok(())
}

fn membership(fields: &Value) -> Result<Membership, String> {
    let number = |field: &str| fields[field].as_i64().unwrap_or_default();
    Ok(Membership {
        priority: number("priority"),
        joined_at: number("joined_at"),
        notify: notify(number("notifications"))?,
        mute_until: number("mute_until"),
        invited: fields["invited"] == true,
    })
}

fn group(fields: &Value) -> Result<Group, String> {
    let mut group = Group::new(parsed(fields, "id")?);
    if fields.get("secret_key_hex").is_some() {
        group.seed = hex(fields, "secret_key_hex")?.first_chunk().map(|seed| (*seed).into());
    }
    if fields.get("auth_data_hex").is_some() {
        group.auth_data = hex(fields, "auth_data_hex")?.first_chunk().map(|data| (*data).into());
    }
    group.name = fields["name"].as_str().unwrap_or_default().into();
    group.membership = membership(fields)?;
    Ok(group)
}

/// What the getters give is no change for the setters, and erasing leaves
/// nothing.
fn write_again(groups: &mut UserGroups) -> Result<(), String> {
    groups.confirm(1, BTreeSet::from(["h1".to_owned()]));
    let all: Vec<Group> = groups.groups().collect();
    let legacy: Vec<LegacyGroup> = groups.legacy_groups().collect();
    let communities: Vec<Community> = groups.communities().collect();
    expect_eq("any", all.len() + legacy.len() + communities.len(), 1)?;
    all.iter().for_each(|group| groups.set_group(group));
    legacy.iter().for_each(|group| groups.set_legacy_group(group));
    for community in &communities {
        let one = groups.community(community.server(), community.room());
        expect_eq("one by one", one, Ok(Some(community.clone())))?;
        groups.set_community(community);
    }
    expect_eq("needs a push", groups.needs_push(), false)?;
    all.iter().for_each(|group| groups.erase_group(&group.id));
    legacy.iter().for_each(|group| groups.erase_legacy_group(&group.id));
    for community in &communities {
        groups.erase_community(community.server(), community.room());
    }
    let mut data = groups.data().clone();
    data.prune();
    expect_eq("all erased", data.is_empty(), true)
}

/// The steps of the file's description, each with one of the group's changes.
fn lifecycle(keys: &AccountKeys, case: &Value) -> Result<(), String> {
    let read = &case["read_after_step_2"];
    let id: AccountId = parsed(read, "id")?;
    let mut groups = UserGroups::new();
    let steps = list(case, "steps")?;
    pushed::steps(&mut groups, keys, steps, |groups, at, _| change(groups, at, id, read))?;
    let mut group = groups.group(&id).ok_or("no group")?;
    group.kicked();
    group.invited_again();
    groups.set_group(&group);
    expect_eq("needs a push", groups.needs_push(), flag(case, "needs_push_after_last")?)
}

fn change(groups: &mut UserGroups, at: usize, id: AccountId, read: &Value) -> Result<(), String> {
    let full = group(read)?;
    let mut now = groups.group(&id).unwrap_or_else(|| Group::new(id));
    match at {
        0 => {
            now = group(read)?;
            now.seed = None;
        }
        1 => now.seed = full.seed,
        2 => {
            expect_eq("after step 2", shown(&now), read.clone())?;
            now.kicked();
        }
        3 => {
            expect_eq("kicked", now.removed, Removed::Kicked)?;
            now.invited_again();
        }
        _ => now.destroyed(),
    }
    groups.set_group(&now);
    Ok(())
}

fn shown(group: &Group) -> Value {
    let membership = &group.membership;
    let secret = group
        .seed
        .as_ref()
        .map_or_else(String::new, |seed| hex::encode([seed.as_slice(), group.id.key()].concat()));
    json!({
        "id": group.id.to_string(),
        "name": group.name.to_string(),
        "secret_key_hex": secret,
        "auth_data_hex": group.auth_data.as_ref().map_or_else(String::new, |data| hex::encode(data.as_slice())),
        "priority": membership.priority,
        "joined_at": membership.joined_at,
        "invited": membership.invited,
        "notifications": membership.notify as i64,
        "mute_until": membership.mute_until,
        "removed_status": group.removed as i64,
    })
}

/// Two rooms, then one, then none, erased by their names.
fn erase(keys: &AccountKeys, case: &Value) -> Result<(), String> {
    let mut groups = UserGroups::new();
    pushed::steps(&mut groups, keys, list(case, "steps")?, |groups, at, step| {
        if at == 0 {
            return notation::become_data(groups, &step["data"]);
        }
        let left = notation::dict(&step["data"])?;
        for community in groups.communities().collect::<Vec<_>>() {
            let room = community.room().to_ascii_lowercase();
            let base_url = community.server().base_url().as_bytes();
            if left.at(&[b"o", base_url, b"R", room.as_bytes()]).is_none() {
                groups.erase_community(community.server(), community.room());
            }
        }
        Ok(())
    })
}

fn community_url(case: &Value) -> Result<(), String> {
    let parsed = CommunityUrl::parse(text(case, "input")?);
    expect_eq("refused", parsed.is_err(), case["error"] == true)?;
    let Ok(url) = parsed else { return Ok(()) };
    expect_eq("base URL", url.base_url.as_str(), text(case, "base_url")?)?;
    expect_eq("room", url.room.as_str(), text(case, "room")?)?;
    let key = url.key.map(hex::encode);
    expect_eq("key", key.as_deref(), case["pubkey_hex"].as_str())?;
    let slot = room_key(&url.room);
    expect_eq("room refused", slot.is_err(), case["room_slot_error"] == true)?;
    expect_eq("slot", slot.ok().as_deref(), case["room_slot"].as_str())
}
