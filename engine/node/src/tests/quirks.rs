//! Each quirk: what a node does with it and without it.

use super::*;

/// Only this one.
fn one(set: impl FnOnce(&mut Quirks)) -> Quirks {
    let mut quirks = Quirks::mended();
    set(&mut quirks);
    quirks
}

fn outbox(keys: &AccountKeys, data: &[u8], sent: Timestamp) -> Request {
    Request::store_signed(keys, Namespace(-1), sent, DAY, data.to_vec(), NOW)
}

/// What the outbox of an account holds at node 3.
fn in_outbox(world: &mut World, keys: &AccountKeys) -> Vec<Value> {
    let request = Request::retrieve_signed(keys, Namespace(-1), None, None, NOW);
    let (_, answer) = world.ask(3, &request, NOW);
    let messages = answer["messages"].as_array().unwrap();
    messages.iter().map(|message| message["data"].clone()).collect()
}

#[test]
fn nodes_have_none_unless_told_otherwise() {
    assert_eq!(*World::new().node(1).quirks(), Quirks::mended());
    assert_eq!(Quirks::default(), Quirks::mended());
}

#[test]
fn empty_data_reads_as_equals_sign() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.empty_data_reads_as_equals_sign = true);
    for (quirks, data) in [(quirk, "="), (Quirks::mended(), "")] {
        let mut world = World::with(quirks);
        world.ask(1, &outbox(&alice, b"", NOW), NOW);
        assert_eq!(in_outbox(&mut world, &alice), vec![data]);
    }
}

#[test]
fn lone_outbox_message_cannot_be_replaced() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.lone_outbox_message_cannot_be_replaced = true);
    for (quirks, held) in [(quirk, b"one"), (Quirks::mended(), b"two")] {
        let mut world = World::with(quirks);
        world.ask(1, &outbox(&alice, b"one", NOW), NOW);
        world.ask(1, &outbox(&alice, b"two", later(1)), NOW);
        assert_eq!(in_outbox(&mut world, &alice), vec![STANDARD.encode(held)]);
    }
}

#[test]
fn older_outbox_message_replaces_newer() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.older_outbox_message_replaces_newer = true);
    for (quirks, held, status) in [(quirk, b"old", 200), (Quirks::mended(), b"new", 500)] {
        let mut world = World::with(quirks);
        world.ask(1, &outbox(&alice, b"new", NOW), NOW);
        let older = NOW.minus(Duration::from_secs(1));
        let (answered, _) = world.ask(1, &outbox(&alice, b"old", older), NOW);
        assert_eq!(answered, status);
        assert_eq!(in_outbox(&mut world, &alice), vec![STANDARD.encode(held)]);
    }
}

#[test]
fn delete_before_in_all_namespaces_breaks() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.delete_before_in_all_namespaces_breaks = true);
    for (quirks, status) in [(quirk, 500), (Quirks::mended(), 200)] {
        let mut world = World::with(quirks);
        world.ask(1, &store(alice.account_id(), b"a", NOW), NOW);
        let text = ramson_codec::storage::signed_text::delete_before(Namespaces::All, NOW);
        let (account, auth) = (alice.account_id(), alice.auth(&text));
        let request = Request::DeleteBefore(ramson_codec::storage::DeleteBefore {
            account,
            namespaces: Namespaces::All,
            before: NOW,
            auth,
        });
        assert_eq!(world.ask(1, &request, NOW).0, status);
        for n in 1..=3 {
            assert_eq!(world.read(n, &alice, NOW).len(), 0, "deleted in either case");
        }
    }
}

#[test]
fn write_that_failed_everywhere_is_200() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.write_that_failed_everywhere_is_200 = true);
    for (quirks, status) in [(quirk, 200), (Quirks::mended(), 500)] {
        let mut world = World::with(quirks);
        for n in 1..=3 {
            world.node(n).set_capacity(10);
        }
        let (answered, answer) = world.ask(1, &store(alice.account_id(), &[0; 11], NOW), NOW);
        assert_eq!(answered, status);
        assert_eq!(answer["swarm"].as_object().unwrap().len(), 3);
        assert_eq!(answer.get("hash"), None);
        world.node(2).set_capacity(20);
        let (answered, answer) = world.ask(1, &store(alice.account_id(), &[1; 11], NOW), NOW);
        assert_eq!((answered, answer["hash"].is_string()), (200, true), "one is enough");
    }
}

#[test]
fn missed_stores_grow_too_old() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.missed_stores_grow_too_old = true);
    for (quirks, held) in [(quirk, 0), (Quirks::mended(), 1)] {
        let mut world = World::with(quirks);
        world.nodes.set_away(key(3), true);
        let config = Request::store_signed(&alice, Namespace(2), NOW, DAY, vec![1], NOW);
        world.ask(1, &config, NOW);
        world.nodes.set_away(key(3), false);
        world.nodes.tick(later(120), &mut world.rng);
        assert_eq!(world.node(3).message_count(), held);
        world.nodes.tick(later(140), &mut world.rng);
        assert_eq!(world.node(3).message_count(), held, "told only once");
    }
}

#[test]
fn revocations_need_messages() {
    let alice = account_of(1);
    let member = Member::new(account_of(1), 1);
    let read = Request::retrieve_signed(&member, Namespace::INBOX, None, None, NOW);
    let quirk = one(|quirks| quirks.revocations_need_messages = true);
    for (quirks, status) in [(quirk, 200), (Quirks::mended(), 401)] {
        let mut world = World::with(quirks);
        // Without a message, and with the last one gone.
        for has_message in [false, true] {
            if has_message {
                world.ask(1, &store(alice.account_id(), b"a", NOW), NOW);
            }
            assert_eq!(world.ask(1, &revoke(&alice, vec![member.token]), NOW).0, 200);
            if has_message {
                assert_eq!(world.ask(1, &read, NOW).0, 401);
                world.ask(1, &Request::delete_all_signed(&alice, Namespaces::All, NOW), NOW);
            }
            assert_eq!(world.ask(1, &read, NOW).0, status, "{has_message}");
        }
    }
}

#[test]
fn expired_messages_are_returned() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.expired_messages_are_returned = true);
    for (quirks, held) in [(quirk, 1), (Quirks::mended(), 0)] {
        let mut world = World::with(quirks);
        let id = alice.account_id();
        let short = Request::store_unsigned(id, Namespace::INBOX, NOW, 10_000, vec![1]);
        world.ask(1, &short, NOW);
        assert_eq!(world.read(1, &alice, Timestamp(NOW.millis() + 9_999)).len(), 1);
        assert_eq!(world.read(1, &alice, later(10)).len(), held);
    }
}

#[test]
fn max_count_of_minus_one_returns_nothing() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.max_count_of_minus_one_returns_nothing = true);
    for (quirks, held) in [(quirk, 0), (Quirks::mended(), 2)] {
        let mut world = World::with(quirks);
        for data in [b"a", b"b"] {
            world.ask(1, &store(alice.account_id(), data, NOW), NOW);
        }
        let request = Request::retrieve_signed(&alice, Namespace::INBOX, None, None, NOW);
        let Request::Retrieve(mut request) = request else { panic!() };
        request.max_count = Some(-1);
        let (_, answer) = world.ask(1, &Request::Retrieve(request), NOW);
        assert_eq!(answer["messages"].as_array().unwrap().len(), held);
        assert_eq!(answer["more"], false);
    }
}

#[test]
fn expire_lists_need_hard_fork() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.expire_lists_need_hard_fork = true);
    for (quirks, fork, count, status) in [
        (quirk, HardFork(19, 3), 2, 403),
        (quirk, HardFork(19, 3), 1, 200),
        (quirk, HardFork(19, 4), 2, 200),
        (Quirks::mended(), HardFork(19, 3), 2, 200),
    ] {
        let mut world = World::with(quirks);
        let mut network = (*world.network).clone();
        network.hard_fork = fork;
        world.nodes.set_network(&Arc::new(network), NOW, &mut world.rng);
        let messages = vec!["A".repeat(43); count];
        let expiries = vec![later(60); count];
        let text =
            ramson_codec::storage::signed_text::expire(ExpireMode::Set, &expiries, &messages);
        let (account, auth) = (alice.account_id(), alice.auth(&text));
        let request = Request::Expire(ramson_codec::storage::Expire {
            account,
            messages,
            expiries: ramson_codec::storage::Expiries::Each(expiries),
            mode: ExpireMode::Set,
            auth,
        });
        assert_eq!(world.ask(1, &request, NOW).0, status, "{fork:?} {count}");
    }
}

#[test]
fn missing_swarm_is_empty() {
    // A node that is known to nobody, itself included, but for its swarm.
    let quirk = one(|quirks| quirks.missing_swarm_is_empty = true);
    for (quirks, status) in [(quirk, 200), (Quirks::mended(), 500)] {
        let mut node = Node::new(NodeKeys::from_seed(&[1; 32]), Arc::new(Network::default()), NOW);
        node.set_quirks(quirks);
        let request = Request::get_swarm(&account_of(1).account_id()).to_bytes();
        match node.run_bytes(&request, NOW) {
            crate::rpc::Progress::Done(answer) => assert_eq!(answer.status, status),
            crate::rpc::Progress::Ask(..) => panic!(),
        }
    }
}

#[test]
fn nodes_without_address_are_named() {
    let alice = account_of(1);
    let quirk = one(|quirks| quirks.nodes_without_address_are_named = true);
    for (quirks, named, status, said) in [
        (quirk, 3, 504, "Request time out".to_owned()),
        (Quirks::mended(), 2, 502, format!("Next node is currently unreachable: {}", key(3))),
    ] {
        let mut world = World::with(quirks);
        let nodes = six().into_iter().map(|node| match node.ed25519 == key(3) {
            true => NodeContact { ip: Ipv4Addr::UNSPECIFIED, ..node },
            false => node,
        });
        let network = Arc::new(world.network.with_nodes(nodes));
        world.nodes.set_network(&network, NOW, &mut world.rng);
        world.nodes.set_away(key(3), true);
        let (_, answer) = world.ask(1, &Request::get_swarm(&alice.account_id()), NOW);
        assert_eq!(answer["snodes"].as_array().unwrap().len(), named);
        let (body, _) = sealed(&[1, 3], b"{}", 0, &mut StdRng::seed_from_u64(1));
        let answer = world.http(1, "/onion_req/v2", &body, NOW);
        assert_eq!((answer.status, String::from_utf8(answer.body).unwrap()), (status, said));
    }
}

#[test]
fn raw_answers_are_called_text() {
    let quirk = one(|quirks| quirks.raw_answers_are_called_text = true);
    for (quirks, kind) in [(quirk, "text/plain"), (Quirks::mended(), "application/octet-stream")] {
        let mut world = World::with(quirks);
        let ephemeral = X25519Secret::generate(&mut world.rng);
        let key = LayerKey::for_client(EncType::AesGcm, &ephemeral, &contact(1, 0).x25519).unwrap();
        let control = br#"{"headers":"","base64":false}"#;
        let frame = ramson_codec::onion_frame::encode(&Request::Info.to_bytes(), control).unwrap();
        let blob = key.seal(&frame, &mut world.rng);
        let control = guard_control(&ephemeral.public(), None, None);
        let body = ramson_codec::onion_frame::encode(&blob, &control).unwrap();
        let answer = world.http(1, "/onion_req/v2", &body, NOW);
        assert!(key.open(&answer.body).is_ok());
        assert!(answer.headers.contains(&("Content-Type".to_owned(), kind.to_owned())));
    }
}

#[test]
fn ipv6_is_refused() {
    let quirk = one(|quirks| quirks.ipv6_is_refused = true);
    for (quirks, status) in [(quirk, 400), (Quirks::mended(), 200)] {
        let mut world = World::with(quirks);
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: "/storage_rpc/v1".to_owned(),
            headers: Vec::new(),
            body: Request::Info.to_bytes(),
            peer: IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        };
        match world.nodes.serve(&key(1), &request, NOW, &mut world.rng) {
            Some(NodesStep::Done(answer)) => assert_eq!(answer.status, status),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn new_methods_are_known_to_new_nodes_only() {
    let alice = account_of(1);
    let member = Member::new(account_of(1), 1);
    let text = ramson_codec::storage::signed_text::revoked_subaccounts(NOW);
    let (account, auth) = (alice.account_id(), alice.auth(&text));
    let revoked = ramson_codec::storage::RevokedSubaccounts { account, timestamp: NOW, auth };
    let revoked = Request::RevokedSubaccounts(revoked);
    let asked = Request::Batch(vec![revoked.clone(), Request::ActiveNodesBin]);

    let mut world = World::new();
    world.ask(1, &revoke(&alice, vec![member.token]), NOW);
    let (status, answer) = world.ask(2, &revoked, NOW);
    assert_eq!((status, answer["t"].is_u64()), (200, true));
    assert_eq!(answer["revoked_subaccounts"], json!([STANDARD.encode(member.token)]));
    assert_eq!(world.ask(2, &revoked, later(61)).0, 406);
    assert_eq!(world.ask(5, &revoked, NOW).0, 421);
    let raw = world.http(1, "/storage_rpc/v1", &Request::ActiveNodesBin.to_bytes(), NOW);
    let kind = ("Content-Type".to_owned(), "application/octet-stream".to_owned());
    assert!(raw.headers.contains(&kind));
    let listed = ramson_codec::active_nodes::decode(&raw.body).unwrap();
    assert_eq!(listed.len(), 6);
    for node in listed {
        let known = world.network.node(&node.ed25519).unwrap();
        assert_eq!((node.swarm, node.ip, node.version), (known.swarm, known.ip, [2, 11, 3]));
    }
    let (_, answer) = world.ask(1, &asked, NOW);
    assert_eq!(answer["results"][1]["body"], STANDARD.encode(raw.body));

    let mut old = World::with(Quirks::faithful());
    let said = |method: &str| Value::from(format!("no method {method}"));
    assert_eq!(old.ask(1, &revoked, NOW), (400, said("revoked_subaccounts")));
    assert_eq!(old.ask(1, &Request::ActiveNodesBin, NOW), (400, said("active_nodes_bin")));
    let said = "invalid request: Invalid batch subrequest: invalid method \"revoked_subaccounts\"";
    assert_eq!(old.ask(1, &asked, NOW), (400, said.into()));
    for (world, version) in [(&mut old, json!([2, 8, 0])), (&mut world, json!([2, 11, 3]))] {
        assert_eq!(world.ask(1, &Request::Info, NOW).1["version"], version);
    }
}

#[test]
fn writes_wait_for_dead_members() {
    let quirk = one(|quirks| quirks.writes_wait_for_dead_members = true);
    let alice = account_of(1);
    for (quirks, asked_again) in [(quirk, 2), (Quirks::mended(), 1)] {
        let mut world = World::with(quirks);
        world.nodes.set_away(key(3), true);
        world.ask(1, &store(alice.account_id(), b"a", NOW), NOW);
        let body = store(alice.account_id(), b"b", later(6)).to_bytes();
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: "/storage_rpc/v1".to_owned(),
            headers: Vec::new(),
            body,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let step = {
            let World { nodes, rng, .. } = &mut world;
            nodes.get_mut(&key(1)).unwrap().serve(&request, later(6), rng)
        };
        let Step::Ask { calls, pending } = step else { panic!("nobody else is asked") };
        assert_eq!(calls.len(), asked_again);
        drop(pending);
        let (status, answer) = world.ask(1, &store(alice.account_id(), b"c", later(6)), later(6));
        assert_eq!(status, 200);
        assert_eq!(answer["swarm"][key(3).to_string()]["timeout"], true);
        world.nodes.set_away(key(3), false);
        for second in 6..=30 {
            world.nodes.tick(later(second), &mut world.rng);
        }
        assert!(world.read(3, &alice, later(30)).contains(&b"c".to_vec()));
    }
}
