//! Swarms that change, and messages that follow.

use super::*;

/// The nodes of these numbers in these swarms, by the two highest bits.
fn network(world: &World, swarms: [u64; 6]) -> Arc<Network> {
    let nodes = six().into_iter().zip(swarms).map(|(node, swarm)| {
        let swarm = if swarm == 9 { SwarmId::UNASSIGNED } else { SwarmId(swarm << 62) };
        NodeContact { swarm, ..node }
    });
    Arc::new(world.network.with_nodes(nodes))
}

fn change(world: &mut World, swarms: [u64; 6], now: Timestamp) {
    let network = network(world, swarms);
    world.nodes.set_network(&network, now, &mut world.rng);
    world.network = network;
}

/// Lets minutes pass in seconds.
fn wait(world: &mut World, from: u64, seconds: u64) {
    for second in from..from + seconds {
        world.nodes.tick(later(second), &mut world.rng);
    }
}

/// An account of the first swarm that the third of three takes over.
fn mover() -> AccountKeys {
    let network = Network::new(six());
    let three = [1 << 62, 2 << 62, 3 << 62].map(SwarmId);
    let accounts = (0_u8..=255).map(|seed| AccountKeys::new(&Seed::from_bytes32([seed; 32])));
    let mut right = accounts.filter(|keys| {
        let id = keys.account_id();
        network.swarm_of(id.key()) == Some(SwarmId(1 << 62))
            && ramson_types::swarm::swarm_of(id.key(), three) == Some(SwarmId(2 << 62))
    });
    right.next().unwrap()
}

fn filled(keys: &AccountKeys) -> World {
    let mut world = World::new();
    let id = keys.account_id();
    world.ask(1, &store(id, b"one", NOW), NOW);
    world.ask(1, &Request::store_signed(keys, Namespace(2), NOW, DAY, vec![2], NOW), NOW);
    world
}

fn assert_moved(world: &mut World, n: u8, keys: &AccountKeys, now: Timestamp) {
    assert_eq!(world.read(n, keys, now), vec![b"one".to_vec()], "node {n}");
    let request = Request::retrieve_signed(keys, Namespace(2), None, None, now);
    let (_, answer) = world.ask(n, &request, now);
    let messages = answer["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "node {n}");
    let hash = message_hash(&keys.account_id(), Namespace(2), &[2]);
    assert_eq!(messages[0]["hash"], hash.to_string());
}

const THIRD: [u64; 6] = [1, 1, 2, 3, 3, 2];

#[test]
fn messages_move_to_the_new_swarm_with_their_namespaces() {
    let keys = mover();
    let mut world = filled(&keys);
    change(&mut world, THIRD, NOW);
    for n in [3, 6] {
        assert_moved(&mut world, n, &keys, NOW);
    }
    for n in [1, 2, 4, 5] {
        let request = Request::retrieve_signed(&keys, Namespace::INBOX, None, None, NOW);
        let (status, answer) = world.ask(n, &request, NOW);
        assert_eq!((status, answer["swarm"].as_str()), (421, Some("8000000000000000")));
    }
    assert_eq!(world.node(6).message_count(), 2, "what three nodes pushed is there once");
}

#[test]
fn old_nodes_push_into_namespace_0() {
    let keys = mover();
    let mut world = filled(&keys);
    for n in 1..=3 {
        world.node(n).set_quirks(Quirks::faithful());
    }
    change(&mut world, THIRD, NOW);
    assert_eq!(world.read(6, &keys, NOW), vec![b"one".to_vec(), vec![2]]);
}

#[test]
fn a_new_member_that_is_down_hears_when_it_is_back() {
    let keys = mover();
    let mut world = filled(&keys);
    world.nodes.set_away(key(6), true);
    change(&mut world, THIRD, NOW);
    wait(&mut world, 0, 300);
    assert_eq!(world.node(6).message_count(), 0);
    world.nodes.set_away(key(6), false);
    wait(&mut world, 300, 7);
    assert_moved(&mut world, 6, &keys, later(307));
}

#[test]
fn those_who_push_may_be_down_for_a_while() {
    let keys = mover();
    let mut world = filled(&keys);
    for n in 1..=3 {
        world.nodes.set_away(key(n), true);
    }
    // Nodes 1 to 3 leave, so that nobody has the messages but they.
    change(&mut world, [9, 9, 9, 3, 3, 2], NOW);
    wait(&mut world, 0, 60);
    assert_eq!(world.node(6).message_count(), 0);
    world.nodes.set_away(key(2), false);
    wait(&mut world, 60, 7);
    assert_moved(&mut world, 6, &keys, later(67));
}

#[test]
fn messages_on_their_way_follow_a_second_change() {
    let keys = mover();
    let mut world = filled(&keys);
    // Node 6 takes the account over and is down; then the swarm is 4 and 5's.
    world.nodes.set_away(key(6), true);
    change(&mut world, [9, 9, 9, 3, 3, 2], NOW);
    wait(&mut world, 0, 30);
    change(&mut world, [9, 9, 9, 2, 2, 9], later(30));
    for n in [4, 5] {
        assert_moved(&mut world, n, &keys, later(30));
    }
}

#[test]
fn what_reaches_a_node_too_late_is_sent_on() {
    let keys = mover();
    let mut world = filled(&keys);
    change(&mut world, [9, 9, 9, 3, 3, 2], NOW);
    let message = StoredMessage {
        account: keys.account_id(),
        namespace: Namespace::INBOX,
        hash: message_hash(&keys.account_id(), Namespace::INBOX, b"late"),
        timestamp: NOW,
        expiry: later(3600),
        data: b"late".as_slice().into(),
    };
    world.node(4).push(&[message], NOW);
    wait(&mut world, 1, 2);
    assert!(world.read(6, &keys, later(2)).contains(&b"late".to_vec()));
}

#[test]
fn what_was_on_its_way_survives_a_restart() {
    let keys = mover();
    let mut world = filled(&keys);
    world.nodes.set_away(key(6), true);
    change(&mut world, [9, 9, 9, 3, 3, 2], NOW);
    let saved = world.node(1).export();
    for n in 1..=3 {
        let keys = NodeKeys::from_seed(&[n; 32]);
        world.nodes.add(Node::new(keys, Arc::clone(&world.network), later(60)));
    }
    world.node(1).import(&saved).unwrap();
    assert_eq!(world.node(1).export(), saved);
    world.nodes.set_away(key(6), false);
    wait(&mut world, 60, 7);
    assert_moved(&mut world, 6, &keys, later(67));
}

#[test]
fn an_older_outbox_message_does_not_come_back_with_a_move() {
    let keys = mover();
    let mut world = World::new();
    let outbox = |data: &[u8], sent| {
        Request::store_signed(&keys, Namespace(-1), sent, DAY, data.to_vec(), NOW)
    };
    world.ask(1, &outbox(b"new", later(1)), NOW);
    let old = StoredMessage {
        account: keys.account_id(),
        namespace: Namespace(-1),
        hash: message_hash(&keys.account_id(), Namespace(-1), b"old"),
        timestamp: NOW,
        expiry: later(3600),
        data: b"old".as_slice().into(),
    };
    world.node(2).push(&[old], NOW);
    let request = Request::retrieve_signed(&keys, Namespace(-1), None, None, NOW);
    let (_, answer) = world.ask(2, &request, NOW);
    assert_eq!(answer["messages"][0]["data"], STANDARD.encode(b"new"));
}

#[test]
fn a_node_that_comes_back_to_its_swarm_hears_what_it_missed() {
    let keys = mover();
    let mut world = filled(&keys);
    change(&mut world, [1, 1, 2, 3, 3, 3], NOW);
    world.ask(3, &store(keys.account_id(), b"two", NOW), NOW);
    change(&mut world, [1, 1, 1, 3, 3, 3], later(1));
    for n in 1..=3 {
        let all = vec![b"one".to_vec(), b"two".to_vec()];
        assert_eq!(world.read(n, &keys, later(1)), all, "node {n}");
    }
}

#[test]
fn writes_that_a_dead_member_missed_come_in_their_order() {
    let alice = account_of(1);
    let mut world = World::new();
    world.nodes.set_away(key(3), true);
    let hash = message_hash(&alice.account_id(), Namespace::INBOX, b"a");
    world.ask(1, &store(alice.account_id(), b"a", NOW), NOW);
    wait(&mut world, 1, 30);
    world.ask(1, &Request::delete_signed(&alice, &[hash]), later(30));
    world.ask(1, &store(alice.account_id(), b"b", later(31)), later(31));
    world.nodes.set_away(key(3), false);
    // Node 1 waited five seconds for node 3, and tries again after six.
    wait(&mut world, 31, 12);
    assert_eq!(world.read(3, &alice, later(43)), vec![b"b".to_vec()]);
}

#[test]
fn what_a_dead_member_missed_outlives_a_restart_in_its_order() {
    let (alice, member) = (account_of(1), Member::new(account_of(1), 1));
    let id = alice.account_id();
    let mut world = World::new();
    world.ask(1, &store(id, b"deleted", NOW), NOW);
    world.nodes.set_away(key(3), true);
    let hash = message_hash(&id, Namespace::INBOX, b"deleted");
    world.ask(1, &store(id, b"again", NOW), NOW);
    assert_eq!(world.ask(1, &Request::delete_signed(&alice, &[hash]), NOW).0, 200);
    let again = message_hash(&id, Namespace::INBOX, b"again");
    world.ask(1, &Request::delete_signed(&alice, &[again]), NOW);
    world.ask(1, &store(id, b"kept", NOW), NOW);
    assert_eq!(world.ask(1, &revoke(&alice, vec![member.token]), NOW).0, 200);

    let saved = world.node(1).export();
    // Node 2 hears nothing more, so that it cannot help.
    for n in 1..=2 {
        let keys = NodeKeys::from_seed(&[n; 32]);
        world.nodes.add(Node::new(keys, Arc::clone(&world.network), later(1)));
    }
    world.node(1).import(&saved).unwrap();
    assert_eq!(world.node(1).export(), saved);
    for length in saved.len() - 500..saved.len() {
        assert!(world.node(2).import(&saved[..length]).is_err(), "cut at {length}");
    }

    world.nodes.set_away(key(3), false);
    assert_eq!(world.read(3, &alice, later(1)), vec![b"deleted".to_vec()]);
    wait(&mut world, 1, 12);
    assert_eq!(world.read(3, &alice, later(13)), vec![b"kept".to_vec()]);
    let read = Request::retrieve_signed(&member, Namespace::INBOX, None, None, later(13));
    assert_eq!(world.ask(3, &read, later(13)).0, 401);
}
