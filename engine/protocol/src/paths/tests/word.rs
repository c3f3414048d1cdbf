//! What a relay's word does, and what it cannot do.

use super::*;

#[test]
fn a_node_named_as_gone_is_replaced_once_behind_the_same_guard() {
    let mut bench = Bench::new(flat(), pool(30, 255), Vec::new());
    let path = bench.path_to(99);
    let keys = path.keys();
    let effects = bench.fail(&path, Fault::NodeGone(keys[1]));
    let [Effect::Verify(mended)] = &effects[..] else { panic!("one path to try: {effects:?}") };
    let now = mended.keys();
    assert_eq!((now[0], now[2]), (keys[0], keys[2]), "the others stay");
    assert_ne!(now[1], keys[1]);
    assert_ne!(mended.id, path.id);
    // The same report again finds nothing to replace.
    assert_eq!(bench.fail(&path, Fault::NodeGone(keys[1])), []);
    bench.verify_all(effects);
    assert_eq!(bench.paths.ready().count(), 2);
}

#[test]
fn a_guard_that_talks_nodes_away_is_found_out() {
    let mut bench = Bench::new(flat(), pool(200, 255), Vec::new());
    let liar = bench.saved[0];
    let mut named = BTreeSet::new();
    // It names whoever stands behind it, on every path it is on, with other
    // requests in between, and whatever the list of nodes becomes.
    for round in 0..100 {
        bench.now = bench.now.plus(Duration::from_secs(2));
        let path = bench.paths.ready().find(|path| path.keys()[0] == liar).cloned();
        if let Some(path) = path {
            named.insert(path.keys()[1]);
            let effects = bench.fail(&path, Fault::NodeGone(path.keys()[1]));
            bench.verify_all(effects);
        }
        if round % 4 == 0 {
            let effects =
                bench.paths.set_pool(pool(200, 254 - round / 4), bench.now, &mut bench.rng);
            bench.verify_all(effects);
        }
    }
    assert!(named.len() <= strikes::MAX_REPORTS + 1, "{} nodes", named.len());
    assert!(!bench.saved.contains(&liar), "it is no guard any more");
}

#[test]
fn a_guard_that_told_the_truth_about_many_nodes_stays() {
    let mut bench = Bench::new(flat(), pool(60, 255), Vec::new());
    let guard = bench.saved[0];
    let mut left: BTreeSet<u8> = (0..60).collect();
    for _ in 0..12 {
        bench.now = bench.now.plus(Duration::from_secs(2));
        let path = bench.paths.ready().find(|path| path.keys()[0] == guard).cloned();
        let gone = path.clone().expect("it is a guard").keys()[1];
        let effects = bench.fail(&path.expect("it is a guard"), Fault::NodeGone(gone));
        bench.verify_all(effects);
        left.remove(&gone.0[0]);
        let news: NodePool = pool(60, 255)
            .iter()
            .filter(|node| left.contains(&node.ed25519.0[0]))
            .copied()
            .collect();
        let effects = bench.paths.set_pool(Arc::new(news), bench.now, &mut bench.rng);
        bench.verify_all(effects);
    }
    assert!(bench.saved.contains(&guard));
}

#[test]
fn words_strike_out_a_part_of_the_pool_at_most() {
    let mut bench = Bench::new(flat(), pool(9, 255), Vec::new());
    for _ in 0..60 {
        let path = bench.path_to(99);
        let effects = bench.fail(&path, Fault::NodeGone(path.keys()[2]));
        bench.verify_all(effects);
        let struck = (0..9).filter(|n| bench.paths.is_struck(&key(*n), NOW)).count();
        // The part of words, and guards that were found out.
        assert!(struck <= 3 + 2, "{struck} of 9 nodes");
    }
}

#[test]
fn strikes_that_are_long_past_do_not_add_up() {
    let mut book = strikes::StrikeBook::default();
    let mut now = NOW;
    for _ in 0..10 {
        book.strike(key(1), now);
        assert_eq!(book.strikes_of(&key(1), now), 1);
        now = now.plus(STRIKE_LIFE);
        assert_eq!(book.strikes_of(&key(1), now), 0);
    }
    for strikes in 1..=MAX_STRIKES {
        book.strike(key(1), now);
        assert_eq!(book.is_struck(&key(1), now), strikes == MAX_STRIKES);
    }
}
