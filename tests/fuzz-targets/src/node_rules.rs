//! What an account may ask of its swarm, correctly signed.

use std::time::Duration;

use ramson_codec::storage::{
    DeleteBefore, ExpireAll, ExpireMode, Namespaces, Request, RequestSigner as _, RetrieveAnswer,
    Revocation, signed_text,
};
use ramson_crypto::message_hash;
use ramson_types::{MessageHash, Namespace, Timestamp};
use serde_json::Value;

use crate::fixed::{ME, NOW};
use crate::input::Input;
use crate::world::World;

/// An expired message may be read until the next sweep, as at the real server.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// A few correctly signed requests with strange numbers, one after another,
/// while time passes. Members of a swarm hold the same, what is read has the
/// hash of its bytes, and after a sweep nothing that has expired is read.
pub fn node_rules(data: &[u8]) {
    played(data);
}

/// How many messages were read in the end.
fn played(data: &[u8]) -> usize {
    let input = Input::new(data);
    let mut script = Script { input, world: World::new(NOW), hashes: Vec::new() };
    for _ in 0..8 {
        if script.input.is_empty() {
            break;
        }
        script.step();
        let [one, two, _] = script.world.counts();
        assert_eq!(one, two, "members of a swarm hold the same");
    }
    script.wait(SWEEP_EVERY);
    let mut world = script.world;
    let mut found = 0;
    for namespace in [0, 2, -10, -1, 11] {
        let read = Request::retrieve_signed(&*ME, Namespace(namespace), None, None, world.now);
        let answer = world.post("/storage_rpc/v1", read.to_bytes());
        let Ok(answer) = RetrieveAnswer::parse(&answer.body) else {
            panic!("{}", String::from_utf8_lossy(&answer.body));
        };
        assert_eq!(answer.unnamed, 0);
        found += answer.messages.len();
        for message in &answer.messages {
            // Empty data comes back as a sign that is not base64.
            if message.data.is_ok() {
                assert!(message.hash_is_right(&ME.account_id(), Namespace(namespace)));
            }
            assert!(message.expiration.is_some_and(|expires| expires > world.now));
        }
    }
    found
}

/// Steps out of an input.
struct Script<'a> {
    input: Input<'a>,
    world: World,
    /// Of everything that was to be stored.
    hashes: Vec<MessageHash>,
}

impl Script<'_> {
    fn step(&mut self) {
        let request = match self.input.below(11) {
            0 => {
                let seconds = u64::from(self.input.u16());
                return self.wait(Duration::from_secs(seconds));
            }
            1 => Some(Request::Batch(self.parts())),
            2 => Some(Request::Sequence(self.parts())),
            _ => self.request(),
        };
        if let Some(request) = request {
            let answer = self.world.post("/storage_rpc/v1", request.to_bytes());
            if answer.status == 200 {
                assert!(serde_json::from_slice::<Value>(&answer.body).is_ok());
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        self.world.now = self.world.now.plus(time);
        self.world.nodes.tick(self.world.now, &mut self.world.rng);
    }

    fn parts(&mut self) -> Vec<Request> {
        (0..=self.input.below(4)).filter_map(|_| self.request()).collect()
    }

    fn hash(&mut self) -> Option<MessageHash> {
        self.hashes.get(self.input.below(self.hashes.len())).copied()
    }

    fn request(&mut self) -> Option<Request> {
        let (me, now) = (&*ME, self.world.now);
        Some(match self.input.below(9) {
            0 | 1 => {
                let (namespace, sent, ttl) =
                    (namespace(&mut self.input), time(&mut self.input, now), self.input.u64());
                let length = self.input.below(200);
                let data = self.input.take(length).to_vec();
                self.hashes.push(message_hash(&me.account_id(), namespace, &data));
                // Lives of under ten seconds or many days are refused.
                let ttl = if self.input.byte() == 0 { ttl } else { 10_000 + ttl % 86_400_000 };
                Request::store_signed(me, namespace, sent, ttl, data, now)
            }
            2 => {
                let last = self.hash();
                let size = i64::from_le_bytes(self.input.array());
                let size = self.input.byte().is_multiple_of(2).then_some(size);
                Request::retrieve_signed(me, namespace(&mut self.input), last, size, now)
            }
            3 => Request::delete_signed(me, &[self.hash()?]),
            4 => Request::delete_all_signed(
                me,
                namespaces(&mut self.input),
                time(&mut self.input, now),
            ),
            5 => {
                let (namespaces, before) =
                    (namespaces(&mut self.input), time(&mut self.input, now));
                let auth = me.auth(&signed_text::delete_before(namespaces, before));
                let account = me.account_id();
                Request::DeleteBefore(DeleteBefore { account, namespaces, before, auth })
            }
            6 => {
                let (hash, expiry) = (self.hash()?, time(&mut self.input, now));
                let modes = [ExpireMode::Set, ExpireMode::Extend, ExpireMode::Shorten];
                let mode = modes.get(self.input.below(3)).copied().unwrap_or_default();
                Request::expire_signed(me, &[hash], expiry, mode)
            }
            7 => {
                let (namespaces, expiry) =
                    (namespaces(&mut self.input), time(&mut self.input, now));
                let auth = me.auth(&signed_text::expire_all(namespaces, expiry));
                Request::ExpireAll(ExpireAll { account: me.account_id(), namespaces, expiry, auth })
            }
            _ => {
                let tokens = vec![self.input.array(); self.input.below(60)];
                let auth = me.auth(&signed_text::revoke_subaccount(now, &tokens));
                let account = me.account_id();
                Request::RevokeSubaccount(Revocation { account, tokens, timestamp: now, auth })
            }
        })
    }
}

fn namespace(input: &mut Input<'_>) -> Namespace {
    const USUAL: [i16; 6] = [0, 0, 2, -10, -1, 11];
    match USUAL.get(input.below(7)) {
        Some(usual) => Namespace(*usual),
        None => Namespace(i16::from_le_bytes(input.array())),
    }
}

fn namespaces(input: &mut Input<'_>) -> Namespaces {
    if input.byte().is_multiple_of(2) { Namespaces::All } else { Namespaces::One(namespace(input)) }
}

/// About now, or any time at all.
fn time(input: &mut Input<'_>, now: Timestamp) -> Timestamp {
    match input.below(4) {
        0 => now,
        1 => Timestamp(input.u64()),
        2 => now.minus(Duration::from_secs(u64::from(input.u16()))),
        _ => now.plus(Duration::from_secs(u64::from(input.u16()))),
    }
}

pub(crate) mod corpus {
    use crate::corpus::Known;

    pub(crate) fn node_rules(_: &Known) -> Vec<Vec<u8>> {
        // Store here and there, do something, wait, look.
        let store =
            |namespace, byte| [3, 0, namespace, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, byte, byte, byte, 1];
        let wait = |seconds| [0, seconds, 0];
        let stores: Vec<_> = [0, 1, 2, 3, 4, 4].map(|place| store(place, place)).concat();
        let mut inputs = Vec::new();
        for kind in 2..9 {
            for all in [0, 1] {
                let other = [3, kind, all, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                inputs.push([stores.as_slice(), &other, &wait(9)].concat());
                inputs.push([&store(0, 1)[..], &store(4, 1), &other, &wait(200), &other].concat());
            }
        }
        // The same as parts of one request.
        for whole in [1, 2] {
            let parts = [&store(0, 1)[1..], &store(2, 2)[1..], &store(4, 3)[1..]].concat();
            inputs.push([&[whole, 2][..], &parts, &wait(1), &[whole, 2], &parts].concat());
        }
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Known;

    #[test]
    fn the_corpus_stores_and_deletes() {
        let known = Known::read().unwrap();
        let found: Vec<_> = corpus::node_rules(&known).iter().map(|input| played(input)).collect();
        assert!(found.contains(&0) && found.iter().any(|left| *left > 1), "{found:?}");
    }
}
