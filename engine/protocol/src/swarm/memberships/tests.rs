use std::net::Ipv4Addr;

use super::*;
use ramson_types::{Prefix, X25519PublicKey};

fn account(n: u8) -> AccountId {
    AccountId::new(Prefix::Account, [n; 32])
}

fn node(n: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519PublicKey([n; 32]),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::LOCALHOST,
        https_port: 1,
        swarm: None,
    }
}

#[test]
fn a_new_pool_moves_members_drops_them_and_asks_again_for_what_is_known_in_part() {
    let mut known = Memberships::default();
    known.learn(account(1), (1..=4).map(node).collect(), false, NOW);
    known.learn(account(2), vec![node(1), node(2)], false, NOW);
    known.learn(account(3), (1..=3).map(node).collect(), true, NOW);
    let moved = ServiceNode { https_port: 9, ..node(2) };
    known.set_pool(&[node(1), moved, node(3)].into_iter().collect());
    assert_eq!(known.members(&account(1)), [node(1), moved, node(3)]);
    assert_eq!(known.members(&account(2)), [node(1), moved], "it never had more");
    assert!(known.members(&account(3)).is_empty());
    known.set_pool(&[node(1), node(3)].into_iter().collect());
    assert!(known.swarms.is_empty(), "too few are left");
    assert!(known.by_age.is_empty());
}

const NOW: Timestamp = Timestamp(1_000_000);

fn second(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

#[test]
fn a_swarm_that_moves_is_followed_however_many_requests_were_under_way() {
    let mut known = Memberships::default();
    let (old, new): (Vec<_>, Vec<_>) = ((1..4).map(node).collect(), (4..7).map(node).collect());
    known.learn(account(1), old, false, NOW);
    for late in 0..14 {
        let by = node(1 + (late % 3) as u8).ed25519;
        let redirected = known.redirected(account(1), by, new.clone(), false, second(late));
        assert_eq!(redirected, Redirected::Learnt);
    }
    assert!(known.doubts.is_empty(), "nobody says that they are members still");
    assert_eq!(known.members(&account(1)), new);
    assert_eq!(known.on_hold(&account(1), second(14)), None);
}

#[test]
fn members_that_disagree_are_left_alone_for_longer_each_time() {
    let mut known = Memberships::default();
    let swarms: [Vec<_>; 2] = [(1..4).map(node).collect(), (4..7).map(node).collect()];
    let mut told = |at, which: usize| {
        let (by, swarm) = (swarms[(which + 1) % 2][0].ed25519, swarms[which % 2].clone());
        let told = known.redirected(account(1), by, swarm, false, at);
        (told, known.members(&account(1)).len(), known.on_hold(&account(1), at))
    };
    assert_eq!(told(second(0), 0), (Redirected::Learnt, 3, None));
    assert_eq!(told(second(0), 1), (Redirected::Again, 3, None));
    let (mut now, mut holds) = (second(0), Vec::new());
    for round in 0..12 {
        let (told, members, hold) = told(now, round);
        let Redirected::Disputed { until } = told else { panic!("it is disputed: {told:?}") };
        assert_eq!((members, hold), (0, Some(until)));
        holds.push(until.since(now).as_secs());
        now = until;
    }
    assert_eq!(holds, [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]);
    // After a calm time a redirect is a move again.
    assert_eq!(told(now.plus(DISPUTE_LIFE * 2), 0).0, Redirected::Learnt);
}

#[test]
fn a_member_that_contradicts_itself_is_disputed_too() {
    let mut known = Memberships::default();
    let swarm: Vec<_> = (1..4).map(node).collect();
    known.learn(account(1), swarm.clone(), false, NOW);
    let told: Vec<_> = (0..3)
        .map(|round| {
            let (by, at) = (node(1).ed25519, second(round * 20));
            known.redirected(account(1), by, swarm.clone(), false, at)
        })
        .collect();
    assert!(matches!(
        told[..],
        [Redirected::Learnt, Redirected::Again, Redirected::Disputed { .. }]
    ));
}

#[test]
fn a_relays_word_makes_a_member_doubtful_and_takes_none_away() {
    let mut known = Memberships::default();
    let members: Vec<_> = (1..4).map(node).collect();
    known.learn(account(1), members.clone(), false, NOW);
    for member in &members {
        known.reported_gone(member.ed25519, NOW);
    }
    assert_eq!(known.members(&account(1)), members);
    assert_eq!(known.trusted(&members, NOW), members, "better doubtful ones than none");
    let doubted = known.doubted(&node(1).ed25519, NOW).expect("it is doubted");
    assert_eq!(doubted.until, NOW.plus(FIRST_DOUBT * 4));
}

#[test]
fn a_member_that_denies_it_falsely_is_avoided_and_the_others_serve() {
    const MINUTES: u64 = 30;
    let swarm: Vec<_> = (1..4).map(node).collect();
    let liar = node(1).ed25519;
    // What the liar names: another swarm, its own, and none that is known.
    for named in [(4..7).map(node).collect(), swarm.clone(), Vec::new()] {
        let mut known = Memberships::default();
        let (mut served, mut lies, mut longest_hold) = (0, 0, 0);
        for now in (0..MINUTES * 60).map(second) {
            if known.on_hold(&account(1), now).is_some() {
                continue;
            }
            if known.members(&account(1)).is_empty() {
                known.learn(account(1), swarm.clone(), false, now);
            }
            // At worst the liar is asked whenever it may be.
            let by = known.trusted(known.members(&account(1)), now)[0].ed25519;
            let told = if by == liar {
                lies += 1;
                named.clone()
            } else if swarm.iter().any(|member| member.ed25519 == by) {
                served += 1;
                continue;
            } else {
                swarm.clone()
            };
            if told.is_empty() {
                known.denied(account(1), by, now);
                known.forget(&account(1));
            } else if let Redirected::Disputed { until } =
                known.redirected(account(1), by, told, false, now)
            {
                longest_hold = longest_hold.max(until.since(now).as_secs());
            }
        }
        assert!(served >= MINUTES * 60 * 95 / 100, "{served} served, {lies} lies");
        assert!(lies <= 10, "{lies} lies");
        assert!(longest_hold <= 4, "{longest_hold} s");
        assert!(known.disputes[&account(1)].denials.len() <= 4);
    }
}

#[test]
fn denials_are_bounded_and_only_lately_made_ones_count() {
    let mut known = Memberships::default();
    for n in 0..100 {
        known.denied(account(1), node(n).ed25519, NOW);
    }
    assert_eq!(known.disputes[&account(1)].denials.len(), MAX_DENIALS);
    let later = NOW.plus(DISPUTE_LIFE * 2);
    known.learn(account(1), vec![node(99)], false, later);
    assert_eq!(known.doubted(&node(99).ed25519, later), None, "it may have moved here since");
    known.denied(account(1), node(99).ed25519, later);
    known.learn(account(2), vec![node(99)], false, later);
    assert_eq!(known.doubted(&node(99).ed25519, later), None, "that is another swarm");
    known.learn(account(1), vec![node(99)], false, later);
    let doubted = known.doubted(&node(99).ed25519, later).expect("it is named again");
    assert_eq!((doubted.times, doubted.until), (1, later.plus(FIRST_DOUBT)));
}

proptest::proptest! {
    /// However members contradict each other: where the client keeps to
    /// the holds it is redirected a bounded number of times.
    #[test]
    fn no_contradiction_makes_a_fast_loop(
        answers in proptest::collection::vec((0u8..4, 0u64..3_000), 1..400),
    ) {
        let mut known = Memberships::default();
        let (mut now, mut counted) = (NOW, 0u32);
        for (which, later) in answers {
            now = now.plus(Duration::from_millis(later));
            if known.on_hold(&account(1), now).is_some() {
                continue;
            }
            let swarm = vec![node(which), node(which + 1), node(which + 2)];
            known.learn(account(1), swarm, false, now);
            let other = (which + 1) % 4;
            let members = vec![node(other), node(other + 1), node(other + 2)];
            known.redirected(account(1), node(which).ed25519, members, false, now);
            counted += 1;
        }
        let minutes = now.since(NOW).as_secs().div_ceil(60);
        proptest::prop_assert!(u64::from(counted) <= 8 + 2 * minutes, "{counted} in {minutes}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let mut known = Memberships::default();
    for n in 0..=MAX_ACCOUNTS {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(n as u64).to_be_bytes());
        known.learn(AccountId::new(Prefix::Account, key), vec![node(1)], false, NOW);
    }
    assert_eq!(known.swarms.len(), MAX_ACCOUNTS);
    assert_eq!(known.by_age.len(), MAX_ACCOUNTS);
    assert!(known.members(&AccountId::new(Prefix::Account, [0; 32])).is_empty());
}

#[test]
fn a_member_in_doubt_is_avoided_for_longer_each_time_but_never_the_last_resort() {
    let mut known = Memberships::default();
    let members = [node(1), node(2)];
    let start = Timestamp(1_000_000);
    known.doubt(node(1).ed25519, start);
    assert_eq!(known.trusted(&members, start), [node(2)]);
    assert_eq!(known.trusted(&members, start.plus(FIRST_DOUBT)), members);
    known.doubt(node(1).ed25519, start);
    assert_eq!(known.trusted(&members, start.plus(FIRST_DOUBT)), [node(2)]);
    known.doubt(node(2).ed25519, start);
    assert_eq!(known.trusted(&members, start), members, "better a doubtful one than none");
    let much_later = start.plus(LONGEST_DOUBT * 3);
    known.doubt(node(1).ed25519, much_later);
    assert_eq!(known.trusted(&members, much_later.plus(FIRST_DOUBT)), members);
}

#[test]
fn doubts_are_bounded() {
    let mut known = Memberships::default();
    for n in 0..=MAX_DOUBTS {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(n as u64).to_be_bytes());
        known.doubt(Ed25519PublicKey(key), Timestamp(0));
    }
    assert_eq!(known.doubts.len(), MAX_DOUBTS);
}
