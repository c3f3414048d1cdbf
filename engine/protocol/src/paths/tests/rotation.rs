//! Paths that served their time, and paths on demand.

use super::*;

fn ready_ids(bench: &Bench) -> BTreeSet<PathId> {
    bench.paths.ready().map(|path| path.id).collect()
}

/// The paths that are to be tried.
fn tried(effects: &[Effect]) -> Vec<Path> {
    let path = |effect: &Effect| match effect {
        Effect::Verify(path) => Some(path.clone()),
        Effect::SaveGuards(_) => None,
    };
    effects.iter().filter_map(path).collect()
}

#[test]
fn a_path_is_replaced_after_its_time_behind_the_same_guard_once_the_new_one_works() {
    let mut bench = Bench::new(flat(), pool(60, 255), Vec::new());
    let (old, guards) = (ready_ids(&bench), bench.guards_in_use());
    let at = bench.paths.next_attempt(false).expect("paths end");
    let life = at.since(NOW);
    assert!(life >= PATH_LIFE.mul_f64(0.8) && life < PATH_LIFE.mul_f64(1.2), "{life:?}");
    bench.now = NOW.plus(PATH_LIFE * 2);
    let effects = bench.paths.keep_ready(bench.now, &mut bench.rng);
    let new = tried(&effects);
    assert_eq!(new.len(), 2);
    assert_eq!(ready_ids(&bench), old, "the old ones carry requests meanwhile");
    assert_eq!(bench.paths.keep_ready(bench.now, &mut bench.rng), [], "once");
    let before: BTreeSet<_> = bench.paths.ready().flat_map(|path| path.keys()).collect();
    let behind: Vec<_> = new.iter().flat_map(|path| path.keys().split_off(1)).collect();
    assert!(behind.iter().all(|node| !before.contains(node)), "fresh nodes behind the guard");
    bench.verify_all(effects);
    assert_eq!(ready_ids(&bench), new.iter().map(|path| path.id).collect());
    assert_eq!(bench.guards_in_use(), guards);
    assert_eq!(bench.saved.iter().copied().collect::<BTreeSet<_>>(), guards);
}

#[test]
fn a_new_path_that_does_not_work_costs_nothing() {
    let mut bench = Bench::new(flat(), pool(60, 255), Vec::new());
    let old = ready_ids(&bench);
    bench.now = NOW.plus(PATH_LIFE * 2);
    for _ in 0..5 {
        let effects = bench.paths.keep_ready(bench.now, &mut bench.rng);
        assert_eq!(tried(&effects).len(), 2);
        for path in tried(&effects) {
            assert_eq!(bench.paths.verified(path.id, Err(Fault::Path), bench.now), []);
        }
        assert_eq!(ready_ids(&bench), old);
        assert!(!bench.paths.pool_is_doubtful());
        let next = bench.paths.next_attempt(true).expect("it is tried again");
        assert_eq!(next.max(bench.now.plus(ROTATION_RETRY)), bench.now.plus(ROTATION_RETRY));
        bench.now = bench.now.plus(ROTATION_RETRY);
    }
}

#[test]
fn an_old_path_that_fails_leaves_its_place_to_the_new_one() {
    let mut bench = Bench::new(flat(), pool(60, 255), Vec::new());
    bench.now = NOW.plus(PATH_LIFE * 2);
    let effects = bench.paths.keep_ready(bench.now, &mut bench.rng);
    let old = bench.path_to(99);
    for _ in 0..MAX_STRIKES {
        // Whatever is verified meanwhile does not answer yet.
        bench.fail(&old, Fault::Path);
    }
    assert_eq!(bench.paths.places_taken(), 2);
    bench.verify_all(effects);
    assert_eq!((bench.paths.ready().count(), bench.paths.entries.len()), (2, 2));
}

#[test]
fn spare_paths_are_let_go_when_their_time_is_over() {
    let mut bench = Bench::new(flat(), pool(12, 255), Vec::new());
    // A target on both paths needs a third.
    for target in bench.paths.ready().flat_map(Path::keys).collect::<Vec<_>>() {
        bench.path_to(target.0[0]);
    }
    let on_both = bench.paths.entries.len();
    bench.now = NOW.plus(PATH_LIFE * 2);
    let effects = bench.paths.keep_ready(bench.now, &mut bench.rng);
    bench.verify_all(effects);
    assert!(on_both >= 2);
    assert_eq!(bench.paths.entries.len(), 2);
}

#[test]
fn paths_on_demand_come_with_the_first_request_and_go_when_it_is_quiet() {
    let config = PathsConfig { on_demand: true, paths: 1, ..flat() };
    let mut bench = Bench::new(config, pool(20, 20), Vec::new());
    assert_eq!(bench.paths.ready().count(), 0);
    assert_eq!(bench.paths.next_attempt(false), None, "nothing to wake for");
    bench.path_to(3);
    assert_eq!((bench.paths.ready().count(), bench.saved.len()), (1, 1));
    bench.now = NOW.plus(PATH_LIFE * 2);
    assert!(bench.paths.next_attempt(false).is_some_and(|at| at <= bench.now));
    assert_eq!(bench.paths.keep_ready(bench.now, &mut bench.rng), []);
    assert_eq!((bench.paths.ready().count(), bench.paths.next_attempt(false)), (0, None));
    assert_eq!(bench.path_to(3).keys()[0], bench.saved[0], "the guard stays");
}

#[test]
fn who_asks_sees_paths_guards_and_strikes() {
    let mut bench = Bench::new(flat(), pool(20, 20), Vec::new());
    let path = bench.path_to(99);
    let middle = path.keys()[1];
    let effects = bench.fail(&path, Fault::Node(middle));
    bench.verify_all(effects);
    bench.now = NOW.plus(Duration::from_secs(7));
    let status = bench.paths.status(bench.now);
    assert_eq!(status.guards, bench.saved);
    assert_eq!(status.strikes, [(middle, 1)]);
    let of_path = status.paths.iter().find(|seen| seen.hops == path.keys()).expect("it is there");
    assert_eq!((of_path.strikes, of_path.age.as_secs(), of_path.ready), (1, 7, true));
}
