//! The machine against seeds and nodes that answer well, badly or not at all.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use ramson_types::{Ed25519PublicKey, ServiceNode, X25519PublicKey};

fn pool(size: u8) -> NodePool {
    (0..size)
        .map(|n| ServiceNode {
            ed25519: Ed25519PublicKey([n; 32]),
            x25519: X25519PublicKey([n; 32]),
            ip: Ipv4Addr::new(10, 0, n, 1),
            https_port: 1,
            swarm: None,
        })
        .collect()
}

const CONFIG: BootstrapConfig = BootstrapConfig { seeds: 3, min_pool: 4 };

#[test]
fn every_seed_is_tried_before_any_is_tried_twice() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut machine = Bootstrap::new(CONFIG, None, Timestamp(0));
    let mut asked = Vec::new();
    for _ in 0..3 {
        let seed = machine.due(Timestamp(0), &mut rng).expect("a seed is due");
        assert_eq!(machine.due(Timestamp(0), &mut rng), None, "one at a time");
        asked.push(seed);
        let news = machine.answered(seed, Err("refused".into()), Timestamp(0));
        assert!(matches!(news, PoolNews::None(BootstrapError::Seed { .. })));
    }
    asked.sort_unstable();
    assert_eq!(asked, [0, 1, 2]);
    assert_eq!(machine.due(Timestamp(999), &mut rng), None, "the next round waits");
    assert!(machine.due(Timestamp(1000), &mut rng).is_some());
}

#[test]
fn without_a_pool_the_seeds_are_asked_four_times_as_often_as_with_one() {
    let mut rng = StdRng::seed_from_u64(1);
    for (cached, longest) in [(None, 15), (Some((pool(20), Timestamp(0))), 60)] {
        let mut now = Timestamp(0).plus(FRESH);
        let mut machine = Bootstrap::new(CONFIG, cached, now);
        let mut waits = Vec::new();
        for _ in 0..12 {
            while let Some(seed) = machine.due(now, &mut rng) {
                machine.answered(seed, Err("down".into()), now);
            }
            let next = machine.next_due().expect("it goes on");
            waits.push(next.since(now).as_secs());
            now = next;
        }
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits[6..], [longest; 6]);
    }
}

#[test]
fn a_small_answer_never_replaces_a_good_pool() {
    let mut rng = StdRng::seed_from_u64(1);
    let cached = Some((pool(20), Timestamp(0)));
    let late = Timestamp(0).plus(FRESH);
    let mut machine = Bootstrap::new(CONFIG, cached, late);
    let seed = machine.due(late, &mut rng).expect("the cache is old");
    let news = machine.answered(seed, Ok(pool(5)), late);
    assert!(matches!(news, PoolNews::Kept(BootstrapError::Shrunk { found: 5, known: 20, .. })));
    assert_eq!(machine.pool().map(|pool| pool.len()), Some(20));
}

#[test]
fn a_fresh_cache_is_used_without_a_seed_until_it_is_doubted() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(9), Timestamp(0))), Timestamp(5));
    assert_eq!(machine.due(Timestamp(5), &mut rng), None);
    machine.doubt();
    let seed = machine.due(Timestamp(5), &mut rng).expect("doubt asks a seed");
    assert_eq!(machine.answered(seed, Ok(pool(4)), Timestamp(6)), PoolNews::New(Arc::new(pool(4))));
}

#[test]
fn a_pool_below_the_minimum_is_refused() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(3), Timestamp(0))), Timestamp(0));
    assert!(machine.pool().is_none());
    let seed = machine.due(Timestamp(0), &mut rng).expect("no pool yet");
    let news = machine.answered(seed, Ok(pool(3)), Timestamp(0));
    assert!(matches!(news, PoolNews::None(BootstrapError::TooSmall { found: 3, needed: 4, .. })));
}

#[test]
fn an_old_pool_is_refreshed_from_its_nodes_and_from_seeds_where_that_fails() {
    let mut rng = StdRng::seed_from_u64(1);
    let late = Timestamp(0).plus(FRESH);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(20), Timestamp(0))), late);
    assert_eq!(machine.origin(), Some((PoolSource::Cache, Timestamp(0))));
    assert_eq!(machine.ask_due(late, true, &mut rng), Some(Ask::Nodes));
    assert_eq!(machine.ask_due(late, true, &mut rng), None, "one at a time");
    let news = machine.refreshed(Err("no path".into()), late);
    assert!(matches!(news, PoolNews::Kept(BootstrapError::Nodes { .. })));
    let Some(Ask::Seed(seed)) = machine.ask_due(late, true, &mut rng) else {
        panic!("the nodes failed, so a seed is due");
    };
    assert!(matches!(machine.answered(seed, Ok(pool(19)), late), PoolNews::New(_)));
    assert_eq!(machine.origin(), Some((PoolSource::Seed(seed), late)));
    // The next time the nodes come first again.
    let later = late.plus(FRESH);
    assert_eq!(machine.next_due(), Some(later));
    assert_eq!(machine.ask_due(later, true, &mut rng), Some(Ask::Nodes));
    assert_eq!(machine.refreshed(Ok(pool(21)), later), PoolNews::New(Arc::new(pool(21))));
    assert_eq!(machine.origin(), Some((PoolSource::Nodes, later)));
}

#[test]
fn nodes_replace_a_pool_neither_by_a_small_one_nor_by_another() {
    let mut rng = StdRng::seed_from_u64(1);
    let late = Timestamp(0).plus(FRESH);
    let others: NodePool = pool(60).iter().skip(30).copied().collect();
    for (answer, wrong) in [
        (pool(9), BootstrapError::Disagree { found: 9, needed: 10 }),
        (others, BootstrapError::Strange { shared: 0, known: 20 }),
    ] {
        let mut machine = Bootstrap::new(CONFIG, Some((pool(20), Timestamp(0))), late);
        assert_eq!(machine.ask_due(late, true, &mut rng), Some(Ask::Nodes));
        assert_eq!(machine.refreshed(Ok(answer), late), PoolNews::Kept(wrong));
        assert_eq!(machine.pool().map(|pool| pool.len()), Some(20));
    }
}

#[test]
fn a_pool_in_doubt_is_the_seeds_business_and_the_nodes_when_all_seeds_are_down() {
    let mut rng = StdRng::seed_from_u64(1);
    let now = Timestamp(5);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(20), Timestamp(0))), now);
    machine.doubt();
    for _ in 0..3 {
        let Some(Ask::Seed(seed)) = machine.ask_due(now, true, &mut rng) else {
            panic!("seeds come first");
        };
        machine.answered(seed, Err("down".into()), now);
    }
    assert_eq!(machine.ask_due(now, true, &mut rng), Some(Ask::Nodes));
    machine.refreshed(Err("no path".into()), now);
    assert_eq!(machine.ask_due(now, true, &mut rng), None, "the round is over");
    assert_eq!(machine.next_due(), Some(now.plus(FIRST_RETRY)));
    assert!(machine.pool().is_some() && machine.is_doubted());
}

#[test]
fn a_wish_is_granted_soon_but_not_again_and_again() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut now = Timestamp(0).plus(BETWEEN_WISHES);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(20), Timestamp(0))), now);
    for _ in 0..3 {
        machine.wish();
        assert_eq!(machine.ask_due(now, true, &mut rng), Some(Ask::Nodes));
        machine.refreshed(Ok(pool(20)), now);
        machine.wish();
        assert_eq!(machine.ask_due(now, true, &mut rng), None);
        now = now.plus(BETWEEN_WISHES);
        assert_eq!(machine.next_due(), Some(now));
    }
}

#[test]
fn a_pool_kept_by_a_clock_that_was_ahead_is_old() {
    let mut rng = StdRng::seed_from_u64(1);
    let ahead = Timestamp(0).plus(FRESH * 100);
    let mut machine = Bootstrap::new(CONFIG, Some((pool(20), ahead)), Timestamp(0));
    assert!(machine.ask_due(Timestamp(0), false, &mut rng).is_some());
    assert_eq!(machine.pool().map(|pool| pool.len()), Some(20), "it is used meanwhile");
}

proptest! {
    /// Whatever is answered: a good pool stays good, and with seeds that
    /// answer there is always one in the end.
    #[test]
    fn a_good_pool_is_never_lost(
        cached in 0u8..40,
        steps in prop::collection::vec((0u8..7, 0u8..60, 0u64..4_000_000, any::<bool>()), 0..80),
        seed: u64,
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut now = Timestamp(0);
        let mut machine = Bootstrap::new(CONFIG, Some((pool(cached), now)), now);
        for (what, size, later, nodes) in steps {
            now = now.plus(Duration::from_millis(later));
            let before = machine.pool().map_or(0, |pool| pool.len());
            let answer = if what == 0 { Err("down".to_owned()) } else { Ok(pool(size)) };
            match what {
                1 => machine.doubt(),
                2 => machine.wish(),
                _ => {}
            }
            let doubted = machine.is_doubted();
            match machine.ask_due(now, nodes, &mut rng) {
                Some(Ask::Seed(seed)) => { machine.answered(seed, answer, now); }
                Some(Ask::Nodes) => { machine.refreshed(answer, now); }
                None => {}
            }
            let after = machine.pool().map_or(0, |pool| pool.len());
            prop_assert!(before == 0 || after >= CONFIG.min_pool);
            prop_assert!(doubted || after >= before / 2);
        }
        for _ in 0..5 {
            now = now.plus(FRESH);
            if let Some(Ask::Seed(seed)) = machine.ask_due(now, false, &mut rng) {
                machine.answered(seed, Ok(pool(40)), now);
            }
        }
        prop_assert_eq!(machine.pool().map(|pool| pool.len()), Some(40));
    }
}
