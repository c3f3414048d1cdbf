//! Each fault, and that the other members make up for it.

use super::*;

fn with(n: u8, set: impl FnOnce(&mut Faults)) -> World {
    let mut world = World::new();
    set(&mut world.node(n).faults);
    world
}

#[test]
fn it_names_another_swarm_as_that_of_every_account() {
    let mut world = with(1, |faults| faults.lies_about_its_swarm = true);
    for swarm in [1, 3] {
        let id = account_of(swarm).account_id();
        let (_, lie) = world.ask(1, &Request::get_swarm(&id), NOW);
        let (_, truth) = world.ask(2, &Request::get_swarm(&id), NOW);
        assert_eq!(truth["swarm"], SwarmId(swarm << 62).to_string());
        assert_eq!(lie["swarm"], SwarmId((4 - swarm) << 62).to_string());
        let members = lie["snodes"].as_array().unwrap();
        assert_eq!(members.len(), 3);
        assert!(members.iter().all(|node| !truth["snodes"].as_array().unwrap().contains(node)));
    }
    let other = store(account_of(3).account_id(), b"a", NOW);
    let (status, answer) = world.ask(1, &other, NOW);
    assert_eq!((status, answer["swarm"].as_str()), (421, Some("4000000000000000")));
    let own = store(account_of(1).account_id(), b"a", NOW);
    assert_eq!(world.ask(1, &own, NOW).0, 200, "it keeps to its true swarm");
}

#[test]
fn it_forgets_where_a_client_stood() {
    let mut world = with(1, |faults| faults.forgets_last_hash = true);
    let alice = account_of(1);
    for data in [b"a", b"b"] {
        world.ask(1, &store(alice.account_id(), data, NOW), NOW);
    }
    let last = message_hash(&alice.account_id(), Namespace::INBOX, b"a");
    let request = Request::retrieve_signed(&alice, Namespace::INBOX, Some(last), None, NOW);
    for (n, count) in [(1, 2), (2, 1)] {
        let (_, answer) = world.ask(n, &request, NOW);
        assert_eq!(answer["messages"].as_array().unwrap().len(), count, "node {n}");
    }
}

#[test]
fn it_refuses_what_it_is_told_to() {
    let alice = account_of(1);
    let mut world = with(1, |faults| faults.refuses_stores = Some(503));
    let request = store(alice.account_id(), b"a", NOW);
    assert_eq!(world.ask(1, &request, NOW).0, 503);
    let (status, answer) = world.ask(2, &request, NOW);
    assert_eq!(status, 200);
    assert_eq!(answer["swarm"][key(1).to_string()]["code"], "503");
    assert_eq!(world.read(3, &alice, NOW).len(), 1);

    world.node(3).faults.refuses_retrieves = Some(500);
    let request = Request::retrieve_signed(&alice, Namespace::INBOX, None, None, NOW);
    assert_eq!(world.ask(3, &request, NOW), (500, "request failed".into()));
    assert_eq!(world.read(1, &alice, NOW).len(), 0);
    assert_eq!(world.read(2, &alice, NOW).len(), 1);
}

#[test]
fn it_signs_for_what_it_loses() {
    let mut world = with(1, |faults| faults.loses_messages = true);
    let alice = account_of(1);
    for n in [1, 2] {
        let (_, answer) = world.ask(n, &store(alice.account_id(), &[n], NOW), NOW);
        let answer = StoreAnswer::parse(answer.to_string().as_bytes()).unwrap();
        let hash = message_hash(&alice.account_id(), Namespace::INBOX, &[n]);
        assert!(answer.confirmed(hash).contains(&key(1)));
    }
    assert_eq!(world.read(1, &alice, NOW).len(), 0);
    assert_eq!(world.read(2, &alice, NOW).len(), 2);
}

#[test]
fn it_withholds_always_the_same_half() {
    let alice = account_of(1);
    let mut world = World::new();
    for n in 0..40 {
        world.ask(1, &store(alice.account_id(), &[n], NOW), NOW);
    }
    for n in 1..=3 {
        world.node(n).faults.withholds_messages = true;
    }
    let all = [1, 2, 3].map(|n| world.read(n, &alice, NOW));
    for (n, read) in (1..=3).zip(&all) {
        assert!((5..35).contains(&read.len()), "node {n} tells {}", read.len());
        assert_eq!(*read, world.read(n, &alice, NOW), "others the second time");
    }
    let parity = |n: u8| key(n).0[0] & 1;
    assert_eq!(all[0] == all[1], parity(1) == parity(2));
    assert_eq!(all[0] == all[2], parity(1) == parity(3));
}

#[test]
fn it_sends_everybody_elsewhere() {
    let mut world = with(1, |faults| faults.misdirects = true);
    let alice = account_of(1);
    let request = store(alice.account_id(), b"a", NOW);
    let (status, answer) = world.ask(1, &request, NOW);
    assert_eq!((status, answer["swarm"].as_str()), (421, Some("4000000000000000")));
    let (status, answer) = world.ask(2, &request, NOW);
    assert_eq!(status, 200);
    assert_eq!(answer["swarm"][key(1).to_string()]["code"], "421");
    // In an onion the guard sees nothing of it, and still it counts.
    let mut rng = StdRng::seed_from_u64(1);
    let (body, _) = sealed(&[2, 1], &request.to_bytes(), 0, &mut rng);
    assert_eq!(world.http(2, "/onion_req/v2", &body, NOW).status, 200);
    assert_eq!([1, 2].map(|n| world.node(n).misdirections()), [3, 0]);
}

#[test]
fn it_is_not_ready_for_clients_and_relays() {
    let mut world = with(2, |faults| faults.not_ready = true);
    let said = b"Service node is not ready: not done syncing\n";
    let answer = world.http(2, "/storage_rpc/v1", &Request::Info.to_bytes(), NOW);
    assert_eq!((answer.status, answer.body.as_slice()), (503, said.as_slice()));
    for path in [[1, 2].as_slice(), &[1, 2, 3]] {
        let (body, _) = sealed(path, &Request::Info.to_bytes(), 0, &mut StdRng::seed_from_u64(1));
        let answer = world.http(1, "/onion_req/v2", &body, NOW);
        let said = format!("Snode not ready: {}", key(2));
        assert_eq!((answer.status, answer.body), (503, said.into_bytes()), "{path:?}");
    }
}
