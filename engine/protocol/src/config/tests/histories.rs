//! Up to eight devices edit, push, poll and restart in any order; polls miss
//! messages, see them in any order, and see again what was deleted.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::config::Draft;

/// What happens to one device.
#[derive(Debug, Clone)]
enum Step {
    Set(u8, i64),
    Erase(u8),
    Add(u8, i64),
    Take(u8, i64),
    /// A poll that sees some messages, old ones among them, in some order.
    Poll(Vec<Index>),
    /// A push: whether it arrives, and whether the device hears of that.
    Push {
        arrives: bool,
        answered: bool,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (key, value) = (0..6_u8, 0..4_i64);
    prop_oneof![
        3 => (key.clone(), value.clone()).prop_map(|(key, value)| Step::Set(key, value)),
        1 => key.clone().prop_map(Step::Erase),
        2 => (key.clone(), value.clone()).prop_map(|(key, value)| Step::Add(key, value)),
        1 => (key, value).prop_map(|(key, value)| Step::Take(key, value)),
        4 => prop::collection::vec(any::<Index>(), 1..6).prop_map(Step::Poll),
        4 => (any::<bool>(), any::<bool>())
            .prop_map(|(arrives, answered)| Step::Push { arrives, answered }),
        1 => Just(Step::Restart),
    ]
}

fn history() -> impl Strategy<Value = (usize, Vec<(Index, Step)>)> {
    (1..=8_usize, prop::collection::vec((any::<Index>(), step()), 0..80))
}

struct World {
    keys: AccountKeys,
    devices: Vec<Config>,
    swarm: BTreeMap<StorageHash, Vec<u8>>,
    /// All that was ever stored.
    past: Vec<(StorageHash, Vec<u8>)>,
}

impl World {
    fn new(devices: usize) -> Self {
        Self {
            keys: keys(),
            devices: vec![profile(); devices],
            swarm: BTreeMap::new(),
            past: Vec::new(),
        }
    }

    fn step(&mut self, at: usize, step: &Step) {
        let path = |key: &u8| -> Vec<&[u8]> {
            match key {
                0 => vec![b"a"],
                1 => vec![b"b"],
                2 => vec![b"c", b"x"],
                3 => vec![b"c", b"y"],
                4 => vec![b"d", b"x", b"z"],
                _ => vec![b"d"],
            }
        };
        let device = &mut self.devices[at];
        match step {
            Step::Set(key, value) => {
                device.set(&path(key), *value);
            }
            Step::Erase(key) => {
                device.erase(&path(key));
            }
            Step::Add(key, value) => {
                device.add(&path(key), *value);
            }
            Step::Take(key, value) => {
                device.take(&path(key), *value);
            }
            Step::Poll(_) if self.past.is_empty() => {}
            Step::Poll(seen) => {
                let seen: Vec<_> = seen.iter().map(|at| at.get(&self.past).clone()).collect();
                merge(device, &self.keys, &seen);
            }
            Step::Push { arrives, answered } => {
                if device.needs_push() {
                    self.push(at, *arrives, *answered);
                }
            }
            Step::Restart => {
                let dump = device.dump();
                *device = Config::load(ConfigKind::UserProfile, &Owner::Account(&self.keys), &dump)
                    .unwrap();
            }
        }
    }

    fn push(&mut self, at: usize, arrives: bool, answered: bool) {
        let device = &mut self.devices[at];
        let push = device.push(&Owner::Account(&self.keys), NOW).unwrap();
        if !arrives {
            return;
        }
        let stored: Vec<_> =
            push.messages.into_iter().map(|data| (storage_hash(&data), data)).collect();
        self.past.extend(stored.iter().cloned());
        self.swarm.extend(stored.iter().cloned());
        for hash in &push.obsolete {
            assert!(!names(&stored).contains(hash), "a push deletes what it stores");
            self.swarm.remove(hash);
        }
        if answered {
            device.confirm(push.seqno, names(&stored));
        }
    }

    /// Everybody polls all there is and pushes, until nobody has to.
    fn settle(&mut self) {
        let quiet = (0..20).any(|_| {
            for at in 0..self.devices.len() {
                let all: Vec<_> = self.swarm.clone().into_iter().collect();
                merge(&mut self.devices[at], &self.keys, &all);
                if self.devices[at].needs_push() {
                    self.push(at, true, true);
                }
            }
            let all: Vec<_> = self.swarm.clone().into_iter().collect();
            for device in &mut self.devices {
                merge(device, &self.keys, &all);
            }
            !self.devices.iter().any(Config::needs_push)
        });
        assert!(quiet, "the devices do not come to an end");
    }

    fn check(&self) {
        let data: Vec<_> = self.devices.iter().map(|device| device.data().clone()).collect();
        assert!(data.iter().all(|one| *one == data[0]), "{data:?}");
        let seqnos: Vec<_> = self.devices.iter().map(seqno).collect();
        let spread = seqnos.iter().max().unwrap() - seqnos.iter().min().unwrap();
        assert!(spread <= 4, "{seqnos:?}");
        for device in &self.devices {
            assert!(device.is_clean());
            let current = device.current_hashes();
            assert!(current.iter().all(|hash| self.swarm.contains_key(hash)), "it is stored");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn once_all_is_delivered_all_devices_hold_the_same((devices, steps) in history()) {
        let mut world = World::new(devices);
        for (at, step) in &steps {
            world.step(at.index(devices), step);
        }
        world.settle();
        world.check();
        // What was deleted comes back, to some in another order than to others.
        let past = world.past.clone();
        for (turn, device) in world.devices.iter_mut().enumerate() {
            let mut past = past.clone();
            let length = past.len().max(1);
            past.rotate_left(turn % length);
            merge(device, &world.keys, &past);
        }
        world.settle();
        world.check();
    }

    #[test]
    fn clean_devices_that_merged_the_same_store_the_same(
        (devices, steps) in history(),
        order in any::<Index>(),
    ) {
        let mut world = World::new(devices);
        for (at, step) in &steps {
            world.step(at.index(devices), step);
        }
        let (mut one, mut two) = (profile(), profile());
        merge(&mut one, &world.keys, &world.past);
        let mut other = world.past.clone();
        other.reverse();
        let length = other.len().max(1);
        other.rotate_left(order.index(length));
        other.extend(world.past.iter().take(3).cloned());
        merge(&mut two, &world.keys, &other);
        prop_assert_eq!(one.is_clean(), two.is_clean());
        prop_assert_eq!(one.data(), two.data());
        let owner = Owner::Account(&world.keys);
        prop_assert_eq!(one.push(&owner, NOW), two.push(&owner, NOW));
        // An edit on top of what was merged is the same for both, too.
        for device in [&mut one, &mut two] {
            device.set(&[b"edited"], 1);
        }
        prop_assert_eq!(one.push(&owner, NOW), two.push(&owner, NOW));
    }

    #[test]
    fn what_a_diff_names_is_what_changed((devices, steps) in history()) {
        let mut world = World::new(devices);
        for (at, step) in &steps {
            world.step(at.index(devices), step);
        }
        for device in &world.devices {
            let held = device.stage.message(None);
            let mut draft = Draft::after(&held);
            *draft.data_mut() = world.devices[0].data().clone();
            let next = draft.finish(None);
            let mut again = held.data().clone();
            next.diff().apply(&mut again, next.data());
            again.prune();
            prop_assert_eq!(&again, next.data());
        }
    }
}
