//! The machine against small and large pools.

mod rotation;
mod word;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use ramson_types::X25519PublicKey;

const NOW: Timestamp = Timestamp(1_000_000);

/// A pool of nodes, `per_subnet` of them in each /24.
fn pool(size: u8, per_subnet: u8) -> Arc<NodePool> {
    let node = |n: u8| ServiceNode {
        ed25519: Ed25519PublicKey([n; 32]),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::new(10, 0, n / per_subnet, n),
        https_port: 1,
        swarm: None,
    };
    Arc::new((0..size).map(node).collect())
}

fn key(n: u8) -> Ed25519PublicKey {
    Ed25519PublicKey([n; 32])
}

struct Bench {
    paths: Paths,
    rng: StdRng,
    now: Timestamp,
    saved: Vec<Ed25519PublicKey>,
}

impl Bench {
    fn new(config: PathsConfig, pool: Arc<NodePool>, guards: Vec<Ed25519PublicKey>) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let mut paths = Paths::new(config, guards);
        let effects = paths.set_pool(pool, NOW, &mut rng);
        let mut bench = Self { paths, rng, now: NOW, saved: Vec::new() };
        bench.verify_all(effects);
        bench
    }

    /// Every path that is tried works.
    fn verify_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Verify(path) => {
                    let more = self.paths.verified(path.id, Ok(()), self.now);
                    self.verify_all(more);
                }
                Effect::SaveGuards(guards) => self.saved = guards,
            }
        }
    }

    fn fail(&mut self, path: &Path, fault: Fault) -> Vec<Effect> {
        self.paths.failed(path.id, &fault, self.now, &mut self.rng)
    }

    fn guards_in_use(&self) -> BTreeSet<Ed25519PublicKey> {
        self.paths.ready().map(|path| path.keys()[0]).collect()
    }

    fn choose(&mut self, target: u8) -> Choice {
        let (choice, effects) = self.paths.choose(&key(target), self.now, &mut self.rng);
        self.verify_all(effects);
        choice
    }

    fn path_to(&mut self, target: u8) -> Path {
        for _ in 0..3 {
            if let Choice::Use(path) = self.choose(target) {
                return path;
            }
        }
        panic!("no path to {target}");
    }
}

fn flat() -> PathsConfig {
    PathsConfig { subnet_diversity: false, ..PathsConfig::default() }
}

#[test]
fn two_paths_of_three_distinct_nodes_are_kept_and_their_guards_saved() {
    let bench = Bench::new(PathsConfig::default(), pool(20, 1), Vec::new());
    let paths: Vec<_> = bench.paths.ready().cloned().collect();
    assert_eq!(paths.len(), 2);
    let nodes: BTreeSet<_> = paths.iter().flat_map(Path::keys).collect();
    assert_eq!(nodes.len(), 6, "large pools give every path nodes of its own");
    let guards: BTreeSet<_> = paths.iter().map(|path| path.keys()[0]).collect();
    assert_eq!(bench.saved.iter().copied().collect::<BTreeSet<_>>(), guards);
}

#[test]
fn kept_guards_are_used_again() {
    let bench = Bench::new(PathsConfig::default(), pool(20, 1), vec![key(3), key(17)]);
    let guards: Vec<_> = bench.paths.ready().map(|path| path.keys()[0]).collect();
    assert_eq!(guards, [key(3), key(17)]);
}

#[test]
fn a_kept_guard_relays_on_no_path_unless_the_pool_is_too_small() {
    for seed in 0..50 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut paths = Paths::new(flat(), vec![key(3), key(5)]);
        let effects = paths.set_pool(pool(8, 8), NOW, &mut rng);
        let Some(Effect::Verify(first)) = effects.first() else { panic!("a path is tried") };
        assert_eq!(first.keys()[0], key(3));
        assert!(!first.keys().contains(&key(5)), "seed {seed}: the second guard was not in use");
        let Some(Effect::Verify(second)) = effects.get(1) else { panic!("and another") };
        assert_eq!(second.keys()[0], key(5));
        assert!(!second.keys().contains(&key(3)));
        let mut small = Paths::new(flat(), vec![key(1), key(2)]);
        let effects = small.set_pool(pool(4, 4), NOW, &mut rng);
        assert!(matches!(effects.first(), Some(Effect::Verify(path)) if path.hops.len() == 3));
    }
}

#[test]
fn the_target_is_never_on_its_own_path_even_in_the_smallest_pool() {
    let mut bench = Bench::new(flat(), pool(4, 4), Vec::new());
    for round in 0..40 {
        let target = round % 4;
        assert!(!bench.path_to(target).keys().contains(&key(target)));
    }
}

#[test]
fn three_nodes_are_too_few() {
    let mut bench = Bench::new(flat(), pool(3, 3), Vec::new());
    assert_eq!(bench.choose(1), Choice::TooFewNodes { known: 3, needed: 4 });
}

#[test]
fn no_two_hops_share_a_subnet_where_that_matters() {
    let mut bench = Bench::new(PathsConfig::default(), pool(24, 4), Vec::new());
    for target in 0..24 {
        let path = bench.path_to(target);
        let subnets: BTreeSet<_> = path.hops.iter().map(ServiceNode::subnet).collect();
        assert_eq!(subnets.len(), 3);
    }
}

#[test]
fn a_path_on_which_requests_get_stuck_is_verified_and_meanwhile_avoided() {
    let mut bench = Bench::new(flat(), pool(20, 20), Vec::new());
    let path = bench.path_to(99);
    let effects = bench.paths.failed(path.id, &Fault::Path, NOW, &mut bench.rng);
    assert_eq!(effects, [Effect::Verify(path.clone())]);
    assert_ne!(bench.path_to(99).id, path.id);
    // It carries requests: the destination was to blame.
    assert_eq!(bench.paths.verified(path.id, Ok(()), NOW), []);
    for _ in 0..5 {
        let effects = bench.paths.failed(path.id, &Fault::Path, NOW, &mut bench.rng);
        bench.verify_all(effects);
    }
    assert!(bench.paths.ready().any(|ready| ready.id == path.id));
    // It does not: it goes at once, and its guard stays for one bad path.
    let effects = bench.paths.failed(path.id, &Fault::Path, NOW, &mut bench.rng);
    assert_eq!(effects, [Effect::Verify(path.clone())]);
    bench.paths.verified(path.id, Err(Fault::Path), NOW);
    assert!(bench.paths.ready().all(|ready| ready.id != path.id));
    assert!(bench.saved.contains(&path.keys()[0]));
}

#[test]
fn three_strikes_end_a_path_before_its_verification_does() {
    let mut bench = Bench::new(flat(), pool(20, 20), Vec::new());
    let path = bench.path_to(99);
    for _ in 0..3 {
        // Its verification is under way.
        bench.paths.failed(path.id, &Fault::Path, NOW, &mut bench.rng);
    }
    assert!(bench.paths.ready().all(|ready| ready.id != path.id));
}

#[test]
fn a_guard_that_refuses_costs_its_path_at_once() {
    let mut bench = Bench::new(flat(), pool(20, 20), Vec::new());
    let path = bench.path_to(99);
    let effects = bench.paths.failed(path.id, &Fault::Guard, NOW, &mut bench.rng);
    bench.verify_all(effects);
    assert!(bench.paths.ready().all(|ready| ready.id != path.id));
}

#[test]
fn a_node_that_is_gone_leaves_every_path_until_its_strikes_expire() {
    let mut bench = Bench::new(flat(), pool(20, 20), Vec::new());
    let path = bench.path_to(99);
    let gone = path.keys()[1];
    let effects = bench.paths.failed(path.id, &Fault::NodeGone(gone), NOW, &mut bench.rng);
    bench.verify_all(effects);
    for target in 0..20 {
        assert!(!bench.path_to(target).keys().contains(&gone));
    }
    assert!(bench.paths.is_struck(&gone, NOW));
    assert!(!bench.paths.is_struck(&gone, NOW.plus(STRIKE_LIFE)));
}

#[test]
fn failed_attempts_to_build_wait_longer_and_longer_and_cast_doubt_on_the_pool() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut paths = Paths::new(flat(), Vec::new());
    let mut effects = paths.set_pool(pool(20, 20), NOW, &mut rng);
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..12 {
        for effect in std::mem::take(&mut effects) {
            if let Effect::Verify(path) = effect {
                assert_eq!(paths.verified(path.id, Err(Fault::Guard), now), []);
            }
        }
        let next = paths.next_attempt(false).expect("there are nodes to try");
        waits.push(next.since(now));
        now = next;
        effects = paths.keep_ready(now, &mut rng);
    }
    assert!(paths.pool_is_doubtful());
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.last(), Some(&LONGEST_RETRY));
}

#[test]
fn requests_wait_while_a_path_is_being_verified() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut paths = Paths::new(flat(), Vec::new());
    let effects = paths.set_pool(pool(20, 20), NOW, &mut rng);
    assert_eq!(effects.len(), 2);
    assert_eq!(paths.choose(&key(99), NOW, &mut rng), (Choice::Building, Vec::new()));
}

proptest! {
    /// Whatever fails, the machine keeps its promises: three distinct nodes,
    /// never the target, a bounded number of paths, and a path in the end.
    #[test]
    fn promises_hold_through_any_history(
        size in 4u8..30,
        steps in prop::collection::vec((0u8..30, 0u8..7, 0u64..400_000), 0..80),
        seed: u64,
    ) {
        let mut bench = Bench::new(flat(), pool(size, 255), Vec::new());
        bench.rng = StdRng::seed_from_u64(seed);
        for (target, what, later) in steps {
            bench.now = bench.now.plus(Duration::from_millis(later));
            let now = bench.now;
            let (choice, effects) = bench.paths.choose(&key(target), now, &mut bench.rng);
            bench.verify_all(effects);
            let Choice::Use(path) = choice else { continue };
            let distinct: BTreeSet<_> = path.keys().into_iter().collect();
            prop_assert_eq!(distinct.len(), 3);
            prop_assert!(!distinct.contains(&key(target)));
            let middle = path.keys()[1];
            let effects = match what {
                0 => bench.paths.failed(path.id, &Fault::Path, now, &mut bench.rng),
                1 => bench.paths.failed(path.id, &Fault::Guard, now, &mut bench.rng),
                2 => bench.paths.failed(path.id, &Fault::Node(middle), now, &mut bench.rng),
                3 => bench.paths.failed(path.id, &Fault::NodeGone(middle), now, &mut bench.rng),
                4 => bench.paths.set_pool(pool(size, 254), now, &mut bench.rng),
                _ => bench.paths.keep_ready(now, &mut bench.rng),
            };
            bench.verify_all(effects);
            let places = bench.paths.places_taken();
            prop_assert!(places <= 2 + SPARE_PATHS, "{places}");
            prop_assert!(bench.paths.entries.len() <= 2 * places);
            prop_assert!(bench.paths.guards.len() <= 2);
        }
        bench.now = bench.now.plus(STRIKE_LIFE);
        let effects = bench.paths.keep_ready(bench.now, &mut bench.rng);
        bench.verify_all(effects);
        bench.path_to(0);
    }
}
