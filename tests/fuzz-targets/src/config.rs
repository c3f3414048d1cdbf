//! Configs: what other devices and other clients' databases say.

mod parts;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ramson_crypto::config_cipher::{Domain, encrypt, pad};
use ramson_crypto::{Ed25519Secret, blake2b};
use ramson_protocol::config::{
    Config, ConfigKind, Contacts, ConvoInfoVolatile, Draft, LAG, MAX_STORED, Message, Owner,
    Received, Stored, UserGroups, UserProfile, wrap,
};
use ramson_types::Timestamp;
use zeroize::Zeroizing;

use crate::fixed::{ME, NOW};
use crate::input::Input;
use crate::show;

pub use parts::config_parts;

/// Beyond this a message cannot be followed by some that differ in number.
const LAST: i64 = i64::MAX - 16;

/// Most messages of a poll.
const MOST: usize = 6;

static GROUP: LazyLock<Ed25519Secret> = LazyLock::new(|| Ed25519Secret::from_seed(&[3; 32]));

static GROUP_KEYS: LazyLock<Vec<Zeroizing<[u8; 32]>>> =
    LazyLock::new(|| vec![Zeroizing::new([2; 32]), Zeroizing::new([1; 32])]);

fn owner(kind: ConfigKind) -> Owner<'static> {
    match kind {
        ConfigKind::GroupInfo | ConfigKind::GroupMembers => {
            Owner::Group { group: GROUP.public(), admin: Some(&GROUP), keys: &GROUP_KEYS }
        }
        _ => Owner::Account(&ME),
    }
}

/// A kind that is stored in swarms, and what it is encrypted as.
fn kind(number: usize) -> (ConfigKind, Domain<'static>) {
    match number {
        0 => (ConfigKind::UserProfile, Domain::USER_PROFILE),
        1 => (ConfigKind::Contacts, Domain::CONTACTS),
        2 => (ConfigKind::ConvoInfoVolatile, Domain::CONVO_INFO_VOLATILE),
        3 => (ConfigKind::UserGroups, Domain::USER_GROUPS),
        4 => (ConfigKind::GroupInfo, Domain::GROUP_INFO),
        _ => (ConfigKind::GroupMembers, Domain::GROUP_MEMBERS),
    }
}

/// A message. What is read is written and read to the same, and so is the one
/// after it.
pub fn config_message(data: &[u8]) {
    let mut input = Input::new(data);
    let (signed, lag) = match input.below(4) {
        0 => (true, LAG),
        1 => (false, i64::from(input.byte())),
        _ => (false, LAG),
    };
    let bytes = input.rest();
    let text = match bytes.strip_suffix(b"e") {
        Some(text) if signed => with_signature(text),
        _ => bytes.to_vec(),
    };
    let signer = GROUP.public();
    let read = Message::read_within(&text, signed.then_some(&signer), lag);
    let message = match read {
        Ok(message) => message,
        Err(error) => return show(&error, bytes),
    };
    assert_eq!(message.signature().is_some(), signed);
    assert_eq!(*message.hash(), blake2b::hash32(&[&text]));
    same(&message, &message.encode(), lag);
    if message.seqno() < LAST {
        let next = Draft::after_within(&message, lag).finish(None);
        assert_eq!(next.seqno(), message.seqno().saturating_add(1));
        assert_eq!(next.data(), message.data());
        assert!(next.diff().is_empty());
        same(&next, &next.encode(), lag);
    }
}

/// Bytes that were written of a message are one with the same in it.
fn same(message: &Message, written: &[u8], lag: i64) {
    let again = match Message::read_within(written, None, lag) {
        Ok(again) => again,
        Err(error) => panic!("{error} in {}", written.escape_ascii()),
    };
    assert_eq!(again.seqno(), message.seqno());
    assert_eq!(again.data(), message.data());
    assert_eq!(again.diff(), message.diff());
    assert_eq!(again.hash(), &blake2b::hash32(&[written]));
    // What stands before the signature, which nobody checked the second time.
    let text = again.encode();
    assert!(written.starts_with(text.strip_suffix(b"e").unwrap_or(&text)));
}

fn with_signature(text: &[u8]) -> Vec<u8> {
    [text, b"1:~64:", &GROUP.sign(text), b"e"].concat()
}

/// What a swarm has of one config, well encrypted around anything, while a
/// device edits, pushes and starts again. Whoever sees the same comes to the
/// same, whatever the order; what was pushed is understood.
pub fn config_merge(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, domain) = kind(input.below(6));
    let owner = owner(kind);
    let mut device = Config::new(kind);
    let mut known: Vec<(String, Vec<u8>)> = Vec::new();
    while !input.is_empty() {
        match input.below(8) {
            0 => {
                let (key, value) = (input.array::<1>(), input.array::<1>());
                device.set(&[b"edited", &key], value.as_slice());
                device.add(&[b"chosen"], value.as_slice());
            }
            1 => publish(&mut device, &owner, &mut known),
            2 => device = reloaded(&mut device, &owner),
            how => {
                let count = input.below(MOST).saturating_add(1);
                let mut polled = Vec::new();
                for _ in 0..count {
                    let length = usize::from(input.u16());
                    polled.push(stored(how, kind, domain, input.take(length)));
                }
                take(&mut device, &owner, &polled);
                check_order(kind, &owner, &polled);
                known.extend(polled);
            }
        }
        sound(&device);
    }
    take(&mut device, &owner, &known);
    sound(&device);
    publish(&mut device, &owner, &mut known);
    let dump = device.dump();
    typed(kind, &dump);
}

/// A message as it is stored, with a name for it.
fn stored(how: usize, kind: ConfigKind, domain: Domain<'_>, text: &[u8]) -> (String, Vec<u8>) {
    let is_group = matches!(owner(kind), Owner::Group { .. });
    let text = match text.strip_suffix(b"e") {
        Some(signed) if is_group => with_signature(signed),
        _ => text.to_vec(),
    };
    let key = if is_group { &[1; 32] } else { ME.seed().as_bytes() };
    let data = match how {
        3 => text,
        4 => encrypt(key, domain, &text),
        5 => {
            let encrypted = encrypt(key, domain, &pad(&text));
            wrap(kind, &ME, 1, &encrypted).unwrap_or(encrypted)
        }
        _ => encrypt(key, domain, &pad(&text)),
    };
    (name(&data), data)
}

fn name(data: &[u8]) -> String {
    hex::encode(blake2b::hash32(&[data]))
}

fn take(device: &mut Config, owner: &Owner<'_>, polled: &[(String, Vec<u8>)]) -> Received {
    take_at(device, owner, polled, NOW)
}

fn take_at(
    device: &mut Config,
    owner: &Owner<'_>,
    polled: &[(String, Vec<u8>)],
    now: Timestamp,
) -> Received {
    let given: Vec<_> = polled.iter().map(|(hash, data)| Stored { hash, data }).collect();
    let before = device.data().clone();
    let received = device.merge(owner, &given, now);
    assert!(received.accepted.iter().all(|hash| given.iter().any(|given| given.hash == *hash)));
    assert!(received.changed || before == *device.data());
    received
}

/// The order of a poll does not matter, except for parts, of which the first
/// ones are kept.
fn check_order(kind: ConfigKind, owner: &Owner<'_>, polled: &[(String, Vec<u8>)]) {
    let (mut forward, mut backward) = (Config::new(kind), Config::new(kind));
    take(&mut forward, owner, polled);
    let reversed: Vec<_> = polled.iter().rev().cloned().collect();
    take(&mut backward, owner, &reversed);
    let parts = forward.active_hashes() != *forward.current_hashes()
        || backward.active_hashes() != *backward.current_hashes();
    if !parts {
        assert_eq!(forward.data(), backward.data());
        assert_eq!(forward.needs_push(), backward.needs_push());
    }
}

/// Pushes what there is to push; another device understands it.
fn publish(device: &mut Config, owner: &Owner<'_>, known: &mut Vec<(String, Vec<u8>)>) {
    if !device.needs_push() {
        return;
    }
    let push = match device.push(owner, NOW) {
        Ok(push) => push,
        Err(error) => return show(&error, &[]),
    };
    assert!(!push.messages.is_empty());
    assert!(push.messages.iter().all(|message| message.len() <= MAX_STORED));
    let messages: Vec<_> =
        push.messages.into_iter().map(|message| (name(&message), message)).collect();
    let hashes: BTreeSet<_> = messages.iter().map(|(hash, _)| hash.clone()).collect();
    if push.seqno < LAST {
        let mut other = Config::new(device.kind());
        let received = take(&mut other, owner, &messages);
        assert_eq!(received.accepted, hashes);
        let mut pruned = device.data().clone();
        pruned.prune();
        assert_eq!(*other.data(), pruned);
        assert!(other.is_clean() && *other.current_hashes() == hashes);
    }
    device.confirm(push.seqno, hashes.clone());
    assert!(device.is_clean() && *device.current_hashes() == hashes);
    known.extend(messages);
}

/// The device after a restart.
fn reloaded(device: &mut Config, owner: &Owner<'_>) -> Config {
    let dump = device.dump();
    assert!(!device.needs_dump());
    let mut again = match Config::load(device.kind(), owner, &dump) {
        Ok(again) => again,
        Err(error) => panic!("{error} in {}", dump.escape_ascii()),
    };
    assert_eq!((again.is_clean(), again.is_dirty()), (device.is_clean(), device.is_dirty()));
    assert_eq!(again.active_hashes(), device.active_hashes());
    if !device.is_dirty() {
        assert_eq!(again.data(), device.data());
        let kept = again.dump();
        // Of a message that was signed in another form than it is kept in, the
        // signature goes.
        let is_signed = |dump: &[u8]| dump.windows(6).any(|part| part == b"1:~64:");
        if is_signed(&kept) || !is_signed(&dump) {
            assert_eq!(kept.escape_ascii().to_string(), dump.escape_ascii().to_string());
        }
    }
    again
}

fn sound(device: &Config) {
    assert!(!(device.is_clean() && device.is_dirty()));
    assert_eq!(device.needs_push(), !device.is_clean());
    assert!(device.current_hashes().is_subset(&device.active_hashes()));
    assert!(!device.is_dirty() || device.current_hashes().is_empty());
}

/// A kept config, as of another client's database. What is loaded is kept to
/// the same, is pushed, and has entries that can be read.
pub fn config_dump(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = match input.below(7) {
        6 => ConfigKind::Local,
        number => kind(number).0,
    };
    let (owner, dump) = (owner(kind), input.rest());
    let mut device = match Config::load(kind, &owner, dump) {
        Ok(device) => device,
        Err(error) => return show(&error, dump),
    };
    assert_eq!(device.needs_push(), !device.is_clean() && kind != ConfigKind::Local);
    // A dump of another client may name hashes of what is not stored yet.
    let mut device = reloaded(&mut device, &owner);
    publish(&mut device, &owner, &mut Vec::new());
    let dump = device.dump();
    typed(kind, &dump);
}

/// Reads every entry of an account's config. What is read can be written, and
/// is then read again.
fn typed(kind: ConfigKind, dump: &[u8]) {
    let owner = owner(kind);
    match kind {
        ConfigKind::UserProfile => {
            let Ok(profile) = UserProfile::load(&owner, dump) else { return };
            let _name = profile.name();
            if let Some(picture) = profile.picture() {
                let mut copy = UserProfile::new();
                copy.set_picture(Some(&picture), None);
                assert_eq!(copy.picture(), Some(picture));
            }
            let _numbers = (
                profile.updated(),
                profile.note_to_self_priority(),
                profile.features(),
                profile.pro_credential(),
                profile.pro_prepaid(NOW),
            );
        }
        ConfigKind::Contacts => {
            let Ok(contacts) = Contacts::load(&owner, dump) else { return };
            let mut copy = Contacts::new();
            for contact in contacts.contacts() {
                copy.set_contact(&contact);
                let again = copy.contact(&contact.id);
                assert!(again.is_some(), "{contact:?} was written and is not there");
            }
            assert_eq!(copy.contacts().count(), contacts.contacts().count());
        }
        ConfigKind::ConvoInfoVolatile => {
            let Ok(mut states) = ConvoInfoVolatile::load(&owner, dump) else { return };
            let count = states.read_states().count();
            states.forget_old(NOW);
            assert!(states.read_states().count() <= count);
        }
        ConfigKind::UserGroups => {
            let Ok(groups) = UserGroups::load(&owner, dump) else { return };
            let mut copy = UserGroups::new();
            groups.communities().for_each(|community| copy.set_community(&community));
            groups.groups().for_each(|group| copy.set_group(&group));
            groups.legacy_groups().for_each(|group| copy.set_legacy_group(&group));
            assert_eq!(copy.groups().count(), groups.groups().count());
            assert_eq!(copy.legacy_groups().count(), groups.legacy_groups().count());
        }
        _ => {}
    }
}

pub(crate) mod corpus {
    use ramson_protocol::config::compress;

    use crate::corpus::{Known, behind};

    /// Kinds by their numbers here, with their files.
    const FILES: [(u8, &str); 7] = [
        (0, "config-user-profile"),
        (0, "config-states"),
        (1, "config-contacts"),
        (2, "config-convo-volatile"),
        (3, "config-user-groups"),
        (4, "group-info"),
        (5, "group-members"),
    ];

    pub(crate) fn config_message(known: &Known) -> Vec<Vec<u8>> {
        let keys = ["message_hex", "plaintext_hex", "reserialized_hex"];
        let mut inputs = behind(&[&[2], &[0], &[1, 9]], &known.hex("config-merge", &keys));
        inputs.extend(behind(&[&[2]], &known.hex("config-known-answers", &keys)));
        for (_, file) in FILES {
            inputs.extend(behind(&[&[2]], &known.hex(file, &["plaintext_hex"])));
        }
        inputs
    }

    pub(crate) fn config_merge(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = Vec::new();
        for (kind, file) in FILES {
            let texts = known.hex(file, &["plaintext_hex"]);
            inputs.extend(texts.windows(3).step_by(3).map(|texts| poll(kind, 6, texts)));
            inputs.extend(texts.first().map(|text| [&[kind, 0, 1, 2, 1][..], text].concat()));
        }
        let texts = known.hex("config-merge", &["plaintext_hex"]);
        for (how, texts) in [3, 4, 5, 6, 7].into_iter().cycle().zip(texts.chunks(4)) {
            inputs.push(poll(how, how, texts));
        }
        let zipped: Vec<Vec<u8>> = texts.iter().filter_map(|text| compress(text)).collect();
        inputs.extend(zipped.chunks(6).map(|texts| poll(0, 6, texts)));
        inputs.push(parts());
        inputs
    }

    pub(crate) fn config_dump(known: &Known) -> Vec<Vec<u8>> {
        let keys = ["dump_after_push_hex", "dump_after_confirm_hex", "dump_hex"];
        let of_file = |(kind, file): (u8, &str)| behind(&[&[kind]], &known.hex(file, &keys));
        let mut inputs: Vec<_> = FILES.into_iter().flat_map(of_file).collect();
        inputs.extend(behind(&[&[6]], &known.hex("config-states", &keys)));
        inputs
    }

    /// Configs in parts: in pieces with lies among them, of more sets than are
    /// kept, at once; and such as are none.
    pub(crate) fn config_parts(known: &Known) -> Vec<Vec<u8>> {
        let lie = |place: u8| vec![1, 0, 0, place, 0, 1, 0, 0, 1, 5, 0, 6, 0, 3, 7, 0];
        let mut steps: Vec<Vec<u8>> = [60, 75, 90, 105, 120].map(lie).to_vec();
        steps.push((1..12).flat_map(|set| [3, 0, set, 0, 2, 1, b'a']).collect());
        steps.push(vec![0, 0, 1, 2, 0, 1, 0, 9, 7, 0, 6, 0, 15, 0, 0, 0, 7, 0]);
        steps.push(vec![7, 0, 5, 0, 7, 1, 4, 0, 7, b'l', b'1', b':', b'a', b'0', b':', b'e', 7, 2]);
        let mut inputs = Vec::new();
        for (kind, file) in FILES {
            let texts = known.hex(file, &["plaintext_hex"]);
            let (few, many) = (texts.chunks(1), texts.chunks(3));
            for (texts, steps) in few.chain(many).zip(steps.iter().cycle()).take(24) {
                let more = u8::try_from(texts.len().saturating_sub(1)).unwrap_or(0);
                let mut input = vec![kind, more];
                for (cut, text) in [0, 1, 5].into_iter().zip(texts) {
                    input.extend_from_slice(&[cut, cut & 1]);
                    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
                    input.extend_from_slice(&length.to_le_bytes());
                    input.extend_from_slice(text);
                }
                input.extend_from_slice(steps);
                inputs.push(input);
            }
        }
        inputs
    }

    /// An edit, a poll of messages, a push, a restart, and the poll once more.
    fn poll(kind: u8, how: u8, texts: &[Vec<u8>]) -> Vec<u8> {
        let count = u8::try_from(texts.len().saturating_sub(1)).unwrap_or(0);
        let mut polled = vec![how, count];
        for text in texts {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            polled.extend_from_slice(&length.to_le_bytes());
            polled.extend_from_slice(text);
        }
        [&[kind, 0, b'a', b'b'], polled.as_slice(), &[1, 2], &polled].concat()
    }

    /// A message in two parts.
    fn parts() -> Vec<u8> {
        let whole = b"d1:#i1e1:&d1:n3:Anne1:<le1:=d1:n0:ee";
        let hash = ramson_crypto::blake2b::hash32(&[whole]);
        let (first, second) = whole.split_at(20);
        let part = |index: u8, chunk: &[u8]| {
            let length = format!("{}:", chunk.len());
            [b"ml32:", hash.as_slice(), b"1:", &[index], b"1:\x02", length.as_bytes(), chunk, b"e"]
                .concat()
        };
        poll(0, 6, &[part(0, first), part(1, second)])
    }
}
