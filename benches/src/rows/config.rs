//! Applying a changed config against reading it: one contact of many has
//! another nickname.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use ramson_crypto::config_cipher::{self, Domain};
use ramson_crypto::{AccountKeys, Seed};
use ramson_protocol::config::contacts::Contact;
use ramson_protocol::config::value::{Picture, Text};
use ramson_protocol::config::{
    Config, Contacts, Message, Owner, Received, Stored, decompress, unwrap_own,
};
use ramson_types::{AccountId, Prefix, Timestamp};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::measure::{Rounds, ns, thread_cpu};
use crate::table::{Goal, Row};

const NOW: Timestamp = Timestamp(1_760_000_000_000);

/// What stands before the chunk of a part: `ml32:`, hash, index and number as
/// strings of a byte, the chunk's length of up to five digits and a colon.
const PART_HEAD: &[u8] = b"ml32:";

/// Messages of a config, by the names under which they are stored.
type Messages = Vec<(String, Vec<u8>)>;

struct Subject {
    keys: AccountKeys,
    /// A clean device before the change.
    before: Config,
    /// What another device pushed.
    changed: Messages,
    /// The other device's contacts after the change.
    after: Contacts,
    /// Bytes of the config, uncompressed.
    length: usize,
}

impl Subject {
    fn new(contacts: usize) -> anyhow::Result<Self> {
        let keys = AccountKeys::new(&Seed::from_entropy16([7; 16]));
        let owner = Owner::Account(&keys);
        let mut rng = StdRng::seed_from_u64(1);
        let mut other = Contacts::new();
        let ids: Vec<_> = (0..contacts).map(|_| contact(&mut other, &mut rng)).collect();
        let first = push(&mut other, &owner)?;
        let mut before = Config::new(other.kind());
        anyhow::ensure!(merge(&mut before, &owner, &first).changed, "the contacts do not arrive");

        let id = ids.get(contacts / 2).context("no contacts")?;
        let mut contact = other.contact(id).context("the contact is gone")?;
        contact.nickname = "somebody else".into();
        other.set_contact(&contact);
        let changed = push(&mut other, &owner)?;
        let text = text_of(&keys, &changed).context("the config does not open")?;
        Ok(Self { keys, before, changed, after: other, length: text.len() })
    }

    /// CPU in ns of merging the change.
    fn apply(&self) -> anyhow::Result<f64> {
        let mut device = self.before.clone();
        let owner = Owner::Account(&self.keys);
        let from = thread_cpu();
        let received = std::hint::black_box(merge(&mut device, &owner, &self.changed));
        let took = thread_cpu() - from;
        anyhow::ensure!(
            received.changed && device.is_clean() && device.data() == self.after.data(),
            "the change was not applied"
        );
        Ok(ns(took))
    }

    /// CPU in ns of decrypting the same messages and parsing what is in them.
    fn read(&self) -> anyhow::Result<f64> {
        let from = thread_cpu();
        let text = text_of(&self.keys, &self.changed);
        let message = text.and_then(|text| Message::read(&text, None).ok());
        let took: Duration = thread_cpu() - from;
        let message = std::hint::black_box(message).context("the config is not readable")?;
        anyhow::ensure!(message.data() == self.after.data(), "another config was read");
        Ok(ns(took))
    }
}

/// Adds a contact such as people have: a name, most with a picture, some with
/// a nickname.
fn contact(contacts: &mut Contacts, rng: &mut StdRng) -> AccountId {
    let mut key = [0; 32];
    rng.fill_bytes(&mut key);
    let id = AccountId::new(Prefix::Account, key);
    let mut contact = Contact::new(id);
    contact.name = name(rng);
    if rng.random_bool(0.2) {
        contact.nickname = name(rng);
    }
    if rng.random_bool(0.7) {
        rng.fill_bytes(&mut key);
        let url = format!("http://filev2.getsession.org/file/{}", rng.random_range(1_u64..1 << 40));
        contact.picture = Picture::new(&url, &key);
    }
    (contact.approved, contact.approved_me) = (true, true);
    contact.created = rng.random_range(1_600_000_000..1_760_000_000);
    contact.profile_updated = contact.created;
    contacts.set_contact(&contact);
    id
}

fn name(rng: &mut StdRng) -> Text {
    let length = rng.random_range(4..18);
    let letters: String = (0..length).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    letters.as_str().into()
}

/// Pushes, as stored.
fn push(contacts: &mut Contacts, owner: &Owner<'_>) -> anyhow::Result<Messages> {
    let push = contacts.push(owner, NOW)?;
    let named = push.messages.into_iter().enumerate();
    let messages: Messages =
        named.map(|(index, data)| (format!("{}-{index}", push.seqno), data)).collect();
    let hashes: BTreeSet<_> = messages.iter().map(|(hash, _)| hash.clone()).collect();
    contacts.confirm(push.seqno, hashes);
    Ok(messages)
}

fn merge(device: &mut Config, owner: &Owner<'_>, messages: &Messages) -> Received {
    let stored: Vec<_> = messages.iter().map(|(hash, data)| Stored { hash, data }).collect();
    device.merge(owner, &stored, NOW)
}

/// The text of a config, put together and decompressed by the least that does.
fn text_of(keys: &AccountKeys, messages: &Messages) -> Option<Vec<u8>> {
    let decrypt =
        |data: &[u8]| config_cipher::decrypt(keys.seed().as_bytes(), Domain::CONTACTS, data).ok();
    let padded = match messages.as_slice() {
        [(_, data)] => {
            let inner = unwrap_own(Config::kind(&Contacts::new()), keys, data);
            decrypt(inner.as_deref().unwrap_or(data))?
        }
        parts => {
            let mut padded = Vec::new();
            for (_, data) in parts {
                padded.extend_from_slice(chunk(&decrypt(data)?)?);
            }
            padded
        }
    };
    decompress(config_cipher::unpad(&padded).to_vec())
}

/// The chunk of a part.
fn chunk(part: &[u8]) -> Option<&[u8]> {
    let head = PART_HEAD.len() + 32 + 3 + 3;
    let rest = part.strip_prefix(PART_HEAD).and(part.get(head..))?;
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(rest.get(..colon)?).ok()?.parse().ok()?;
    rest.get(colon + 1..)?.get(..length)
}

/// All rows.
pub(super) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    [(100, Goal::None), (10_000, Goal::AtMost(3.0))]
        .into_iter()
        .map(|(contacts, goal)| row(contacts, goal, rounds))
        .collect()
}

fn row(contacts: usize, goal: Goal, rounds: usize) -> anyhow::Result<Row> {
    let subject = Subject::new(contacts)?;
    let mut measured = Rounds::default();
    for round in 0..=rounds {
        // Who goes first changes.
        let (ours, floor) = if round % 2 == 0 {
            let ours = subject.apply()?;
            (ours, subject.read()?)
        } else {
            let floor = subject.read()?;
            (subject.apply()?, floor)
        };
        // The first one warms up.
        if round > 0 {
            measured.push(ours, floor);
        }
    }
    let what = format!("one changed of {contacts} contacts: merge / decrypt and parse");
    let stored: usize = subject.changed.iter().map(|(_, data)| data.len()).sum();
    let note = format!(
        "the push has {stored} bytes in {} parts; uncompressed {} bytes",
        subject.changed.len(),
        subject.length,
    );
    Ok(Row { note, ..Row::of("Config", &what, &measured, rounds, goal) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_reads_what_is_applied() {
        for (contacts, parts) in [(3, 1), (2_000, 2)] {
            let subject = Subject::new(contacts).unwrap();
            assert!(subject.changed.len() >= parts, "{} parts", subject.changed.len());
            subject.apply().unwrap();
            subject.read().unwrap();
            assert_eq!(subject.after.contacts().count(), contacts);
        }
    }
}
