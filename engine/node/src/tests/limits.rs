//! What a node takes at most.

use super::*;

#[test]
fn twenty_requests_are_as_many_as_a_batch_may_have() {
    let mut world = World::new();
    for method in ["batch", "sequence"] {
        for (count, status) in [(1, 200), (20, 200), (21, 400)] {
            let requests = vec![json!({ "method": "info", "params": {} }); count];
            let body = json!({ "method": method, "params": { "requests": requests } });
            let answer = world.http(1, "/storage_rpc/v1", body.to_string().as_bytes(), NOW);
            let said = String::from_utf8(answer.body).unwrap();
            assert_eq!(answer.status, status, "{method} of {count}: {said}");
            if status == 400 {
                assert!(said.ends_with("subrequest limit exceeded"), "{said}");
            }
        }
    }
}

#[test]
fn data_has_76800_bytes_at_most() {
    let (mut world, alice) = (World::new(), account_of(1));
    for (size, status) in [(76_800, 200), (76_801, 400)] {
        let request = store(alice.account_id(), &vec![1; size], NOW);
        assert_eq!(world.ask(1, &request, NOW).0, status, "{size}");
    }
}

#[test]
fn bodies_have_ten_mebibytes_at_most() {
    let mut world = World::new();
    for path in ["/storage_rpc/v1", "/onion_req/v2"] {
        for (size, status) in [(MAX_BODY, 400), (MAX_BODY + 1, 413)] {
            assert_eq!(world.http(1, path, &vec![b' '; size], NOW).status, status, "{path} {size}");
        }
    }
}

#[test]
fn an_address_makes_six_hundred_requests_at_once_and_onions_do_not_count() {
    let mut world = World::new();
    let info = Request::Info.to_bytes();
    let statuses = |world: &mut World, path: &str, body: &[u8], count: usize| {
        let asked = (0..count).map(|_| world.http(1, path, body, NOW).status);
        asked.collect::<Vec<_>>()
    };
    // The nodes of this network have the same address, so it is a known one.
    let direct = statuses(&mut world, "/storage_rpc/v1", &info, 602);
    assert_eq!(direct.iter().filter(|status| **status == 200).count(), 600);
    assert_eq!(direct[600..], [429, 429]);
    let (body, _) = sealed(&[1], &info, 0, &mut StdRng::seed_from_u64(1));
    assert!(statuses(&mut world, "/onion_req/v2", &body, 10).iter().all(|status| *status == 200));
}

#[test]
fn a_full_node_fails_and_the_others_do_not() {
    let (mut world, alice) = (World::new(), account_of(1));
    world.node(1).set_capacity(100);
    assert_eq!(world.ask(1, &store(alice.account_id(), &[0; 100], NOW), NOW).0, 200);
    let (status, answer) = world.ask(1, &store(alice.account_id(), &[1; 1], NOW), NOW);
    assert_eq!(status, 200);
    let own = &answer["swarm"][key(1).to_string()];
    assert_eq!((&own["failed"], &own["query_failure"]), (&json!(true), &json!(true)));
    assert_eq!((world.read(1, &alice, NOW).len(), world.read(2, &alice, NOW).len()), (1, 2));
    let full = &revoke(&alice, vec![[7; 36]]);
    let (_, answer) = world.ask(1, full, NOW);
    assert_eq!(answer["swarm"][key(1).to_string()]["reason"], "database is full");
    world.ask(1, &Request::delete_all_signed(&alice, Namespaces::All, NOW), NOW);
    assert_eq!(world.ask(1, full, NOW).1["swarm"][key(1).to_string()].get("failed"), None);
    assert_eq!(world.ask(1, &store(alice.account_id(), &[2; 64], NOW), NOW).0, 200);
    assert_eq!(world.read(1, &alice, NOW).len(), 1);
}

#[test]
fn the_newest_fifty_revocations_count() {
    let (mut world, alice) = (World::new(), account_of(1));
    let member = Member::new(account_of(1), 1);
    let read = Request::retrieve_signed(&member, Namespace::INBOX, None, None, NOW);
    let others = |from: u8| (from..from + 49).map(|n| [n; 36]).collect::<Vec<_>>();
    world.ask(1, &revoke(&alice, vec![member.token]), NOW);
    world.ask(1, &revoke(&alice, others(0)), NOW);
    assert_eq!(world.ask(1, &read, NOW).0, 401);
    world.ask(1, &revoke(&alice, vec![[99; 36]]), NOW);
    assert_eq!(world.ask(1, &read, NOW).0, 200, "the oldest is forgotten");
}
