//! Configs in parts, as another device or anybody with the account's key
//! stored them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_crypto::blake2b;
use ramson_crypto::config_cipher::{Domain, encrypt, pad, unpad};
use ramson_protocol::config::{Config, ConfigKind, Message, Owner, decompress};
use ramson_types::Timestamp;

use super::{kind, name, owner, reloaded, sound, take_at, with_signature};
use crate::fixed::NOW;
use crate::input::Input;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Longer than anything is remembered.
const LONG: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most incomplete sets that a device keeps.
const MOST_SETS: usize = 8;

/// Configs of one kind, and what they are encrypted as.
struct Sealing {
    owner: Owner<'static>,
    domain: Domain<'static>,
    key: [u8; 32],
}

impl Sealing {
    fn stored(&self, text: &[u8]) -> (String, Vec<u8>) {
        let data = encrypt(&self.key, self.domain, text);
        (name(&data), data)
    }
}

/// A config, and how it is cut.
struct Whole {
    text: Vec<u8>,
    chunks: Vec<Vec<u8>>,
}

impl Whole {
    /// None if there is too little to cut.
    fn read(input: &mut Input<'_>, is_group: bool) -> Option<Self> {
        let (pieces, is_padded) = (input.below(7).saturating_add(2), input.below(2) == 1);
        let length = usize::from(input.u16());
        let text = input.take(length);
        let text = match text.strip_suffix(b"e") {
            Some(signed) if is_group => with_signature(signed),
            _ => text.to_vec(),
        };
        let text = if is_padded { pad(&text) } else { text };
        let chunks = text.chunks(text.len().div_ceil(pieces).max(1)).map(<[u8]>::to_vec);
        let chunks: Vec<_> = chunks.collect();
        (chunks.len() >= 2).then_some(Self { text, chunks })
    }

    fn part(&self, index: usize) -> Vec<u8> {
        let chunk = self.chunks.get(index).map_or(&[][..], Vec::as_slice);
        part(&blake2b::hash32(&[&self.text]), number(index), number(self.chunks.len()), chunk)
    }

    /// Whether a device that starts again still holds these very bytes, and
    /// not what they are when it writes them itself.
    fn stays(&self, owner: &Owner<'_>) -> bool {
        let text = decompress(unpad(&self.text).to_vec());
        let signer = match owner {
            Owner::Group { group, .. } => Some(group),
            Owner::Account(_) => None,
        };
        text.is_none_or(|text| match Message::read(&text, signer) {
            Ok(message) => message.encode() == text,
            Err(_) => true,
        })
    }

    fn parts(&self) -> impl Iterator<Item = Vec<u8>> {
        (0..self.chunks.len()).map(|index| self.part(index))
    }
}

fn number(of: usize) -> u8 {
    u8::try_from(of).unwrap_or(u8::MAX)
}

fn part(hash: &[u8; 32], index: u8, count: u8, chunk: &[u8]) -> Vec<u8> {
    let length = format!("{}:", chunk.len());
    [b"ml32:", hash.as_slice(), b"1:", &[index], b"1:", &[count], length.as_bytes(), chunk, b"e"]
        .concat()
}

/// Parts out of order, twice, with lies among them, while the device starts
/// again and time passes. It keeps few of them and none for long; and when the
/// right ones come, it has what it would have of the uncut configs.
pub fn config_parts(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, domain) = kind(input.below(6));
    let owner = owner(kind);
    let is_group = matches!(owner, Owner::Group { .. });
    let key = if is_group { [1; 32] } else { *crate::fixed::ME.seed().as_bytes() };
    let sealing = Sealing { owner, domain, key };
    let mut wholes: Vec<Whole> = Vec::new();
    for _ in 0..=input.below(3) {
        let Some(whole) = Whole::read(&mut input, is_group) else { continue };
        if wholes.iter().all(|other| other.text != whole.text) {
            wholes.push(whole);
        }
    }
    let mut device = Device::new(kind, sealing);
    while !input.is_empty() {
        device.step(&mut input, &wholes);
    }
    device.now = device.now.plus(LONG);
    device.take(&[]);
    assert_eq!(device.config.active_hashes(), *device.config.current_hashes());
    device.completes(&wholes);
}

struct Device {
    config: Config,
    sealing: Sealing,
    now: Timestamp,
    /// The sets that made-up parts say they belong to, by storage hash.
    strangers: BTreeMap<String, [u8; 32]>,
    /// Whether it may hold anything but the wholes: then it may not come to
    /// the same as one that saw only these.
    is_mixed: bool,
}

impl Device {
    fn new(kind: ConfigKind, sealing: Sealing) -> Self {
        let config = Config::new(kind);
        Self { config, sealing, now: NOW, strangers: BTreeMap::new(), is_mixed: false }
    }

    fn take(&mut self, texts: &[Vec<u8>]) -> BTreeSet<String> {
        let polled: Vec<_> = texts.iter().map(|text| self.sealing.stored(text)).collect();
        take_at(&mut self.config, &self.sealing.owner, &polled, self.now).accepted
    }

    fn step(&mut self, input: &mut Input<'_>, wholes: &[Whole]) {
        let how = input.below(8);
        let whole = wholes.get(input.below(wholes.len()));
        match (how, whole) {
            (0, Some(whole)) => {
                self.take(&[whole.part(input.below(whole.chunks.len()))]);
            }
            // One byte is another.
            (1, Some(whole)) => {
                let mut text = whole.part(input.below(whole.chunks.len()));
                let place = usize::from(input.u16()).checked_rem(text.len()).unwrap_or(0);
                if let Some(byte) = text.get_mut(place) {
                    *byte ^= input.byte();
                }
                self.take(&[text]);
            }
            // One is given as another.
            (2, Some(whole)) => {
                let chunk = whole.chunks.get(input.below(whole.chunks.len()));
                let hash = blake2b::hash32(&[&whole.text]);
                let chunk = chunk.map_or(&[][..], Vec::as_slice);
                self.take(&[part(&hash, input.byte(), input.byte(), chunk)]);
            }
            (3, _) => {
                let (hash, index, count) = ([input.byte(); 32], input.byte(), input.byte());
                let length = input.below(64);
                let text = part(&hash, index, count, input.take(length));
                self.strangers.insert(self.sealing.stored(&text).0, hash);
                self.take(&[text]);
            }
            (4, _) => {
                self.is_mixed = true;
                let length = usize::from(input.byte());
                self.take(&[[b"m", input.take(length)].concat()]);
            }
            (5, _) => {
                self.config = reloaded(&mut self.config, &self.sealing.owner);
                self.is_mixed |= wholes.iter().any(|whole| !whole.stays(&self.sealing.owner));
            }
            (6, _) => {
                let days = u32::try_from(input.below(16)).unwrap_or(0);
                self.now = self.now.plus(DAY.saturating_mul(days));
            }
            (_, Some(whole)) => {
                let texts: Vec<_> = whole.parts().collect();
                self.take(&texts);
            }
            (_, None) => {}
        }
        sound(&self.config);
        let active = self.config.active_hashes();
        let sets: BTreeSet<_> = active.iter().filter_map(|hash| self.strangers.get(hash)).collect();
        assert!(sets.len() <= MOST_SETS, "{} sets wait", sets.len());
    }

    /// Gives it all right parts, in turns. If it may have seen anything else,
    /// another device gets them.
    fn completes(mut self, wholes: &[Whole]) {
        if self.is_mixed || wholes.len() != 1 {
            let now = self.now;
            self = Self { now, ..Self::new(self.config.kind(), self.sealing) };
        }
        let most = wholes.iter().map(|whole| whole.chunks.len()).max().unwrap_or(0);
        let in_turns = (0..most).rev().flat_map(|index| {
            let has = move |whole: &&Whole| index < whole.chunks.len();
            wholes.iter().filter(has).map(move |whole| whole.part(index))
        });
        let texts: Vec<_> = in_turns.collect();
        let accepted = self.take(&texts);

        let mut other = Config::new(self.config.kind());
        let uncut: Vec<_> = wholes.iter().map(|whole| self.sealing.stored(&whole.text)).collect();
        let understood = take_at(&mut other, &self.sealing.owner, &uncut, self.now).accepted;
        assert_eq!(self.config.data(), other.data());
        assert_eq!(self.config.is_clean(), other.is_clean());
        for ((hash, _), whole) in uncut.iter().zip(wholes) {
            let names: BTreeSet<_> =
                whole.parts().map(|text| self.sealing.stored(&text).0).collect();
            assert_eq!(names.is_subset(&accepted), understood.contains(hash));
            if wholes.len() == 1 && other.current_hashes().contains(hash) {
                assert_eq!(*self.config.current_hashes(), names);
            }
        }
    }
}
