//! The actor in a network of one other.

mod support;

use ramson_codec::ons::{Name, NameRecord};
use ramson_crypto::ons;
use ramson_messages::swarm::{
    DoubtMember, GetSwarm, GetSwarmStatus, InspectSwarm, LearnSwarm, NameError, ResolveName,
    SwarmError, SwarmStatus, SwarmView,
};
use ramson_protocol::names::{NameOutcome, ResolveError};
use ramson_protocol::swarm::POLL_LIFE;
use ramson_types::ServiceNode;
use serde_json::json;

use super::*;
use support::*;

const OLD: Duration = Duration::from_secs(3 * 60 * 60);
const NEW: Duration = Duration::from_secs(60);

fn working(size: u8) -> World {
    let (nodes, swarm) = (nodes(0..size), nodes(0..3));
    World { nodes, swarm, nodes_work: true, seed_works: true, ..World::default() }
}

async fn status(stage: &Stage) -> SwarmStatus {
    stage.swarm.send(GetSwarmStatus).await.unwrap()
}

async fn swarm_of(stage: &Stage, n: u8) -> Result<SwarmView, SwarmError> {
    let (account, via) = (account(n), stage.via.clone());
    stage.swarm.send(GetSwarm { account, via }).await.unwrap()
}

async fn redirect(stage: &Stage, by: u8, members: Vec<ServiceNode>) {
    let by = node(by).ed25519;
    stage.swarm.send(LearnSwarm { account: account(1), node: by, members }).await.unwrap();
}

#[actix_rt::test]
async fn an_old_pool_is_refreshed_from_nodes_whatever_one_of_them_says() {
    let liar = list(&nodes(100..120));
    let world = World { lie: Some((node(2).ed25519, liar)), seed_works: false, ..working(12) };
    let stage = start(world, Some((nodes(0..10), OLD)), None);
    stage.pass(5).await;
    let status = status(&stage).await;
    let pool = status.pool.expect("there is a pool");
    assert_eq!((pool.nodes, pool.source.as_str(), pool.age.as_secs()), (12, "service nodes", 5));
    assert_eq!(status.last_pool_error, None);
    let world = stage.world.borrow();
    assert_eq!((world.count("seed"), world.count("nodes"), &world.saved[..]), (0, 3, &[12][..]));
}

#[actix_rt::test]
async fn with_seeds_and_nodes_down_the_kept_pool_serves_and_attempts_go_on() {
    let stage = start(World::default(), Some((nodes(0..10), OLD)), None);
    stage.pass(600).await;
    let seen = status(&stage).await;
    let pool = seen.pool.expect("the kept one");
    assert_eq!((pool.nodes, pool.source.as_str()), (10, "cache"));
    assert!(seen.last_pool_error.is_some());
    let asked = stage.world.borrow().count("seed");
    assert!((8..=20).contains(&asked), "seeds were asked {asked} times in ten minutes");
    stage.world.borrow_mut().seed_works = true;
    stage.world.borrow_mut().nodes = nodes(0..11);
    stage.pass(61).await;
    let pool = status(&stage).await.pool.expect("a new one");
    assert_eq!((pool.nodes, pool.source.as_str()), (11, "http://seed:1"));
}

#[actix_rt::test]
async fn without_a_pool_the_seeds_error_is_told_in_one_sentence() {
    let stage = start(World::default(), None, None);
    stage.pass(2).await;
    let error = swarm_of(&stage, 1).await.expect_err("there are no nodes").to_string();
    let expected = "no service nodes are known yet: http://seed:1: no list of service nodes: \
                    seed:1 could not be reached: it is down";
    assert_eq!(error, expected);
}

#[actix_rt::test]
async fn a_poll_that_never_ends_is_told_again_after_its_life() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    stage.watch(1).await;
    stage.pass(POLL_LIFE.as_secs() - 1).await;
    assert_eq!(stage.world.borrow().polls.len(), 1);
    assert_eq!(status(&stage).await.polls_under_way, 1);
    stage.pass(10).await;
    assert_eq!(stage.world.borrow().polls.len(), 2);
    // An account that ended is told to nobody and takes no place.
    stage.swarm.send(Unwatch { account: account(1) }).await.unwrap();
    let seen = status(&stage).await;
    assert_eq!((seen.polls_under_way, seen.accounts_polled), (0, 0));
}

#[actix_rt::test]
async fn requests_wait_for_the_budget_in_their_order_and_polls_go_on() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), Some(2));
    assert!(swarm_of(&stage, 9).await.is_ok());
    for n in 1..=5 {
        stage.watch(n).await;
    }
    let began = stage.elapsed();
    let asks = (0..20).map(|_| async {
        let answer = swarm_of(&stage, 9).await;
        (answer, stage.elapsed() - began)
    });
    let answers = futures_util::future::join_all(asks).await;
    let times: Vec<Duration> = answers.iter().map(|(_, at)| *at).collect();
    assert!(answers.iter().all(|(answer, _)| answer.is_ok()));
    assert!(times.is_sorted(), "{times:?}");
    let last = times[times.len() - 1].as_secs();
    assert!((7..=14).contains(&last), "20 requests at 2 a second, 6 at once: {last} s");
    let polls = stage.world.borrow().polls.len();
    assert!((2..=5).contains(&polls), "{polls} polls went between them");
    stage.pass(5).await;
    assert_eq!(stage.world.borrow().polls.len(), 5, "delayed, not dropped");
    let seen = status(&stage).await;
    assert_eq!((seen.requests_per_second, seen.requests_waiting), (Some(2), 0));
    assert!((20..=30).contains(&seen.requests.in_60_s), "{:?}", seen.requests);
}

#[actix_rt::test]
async fn the_first_request_of_a_poll_has_its_room_already() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    stage.watch(1).await;
    stage.pass(1).await;
    let before = status(&stage).await.requests.in_60_s;
    assert_eq!((before, stage.world.borrow().polls.len()), (1, 1));
    assert!(swarm_of(&stage, 1).await.is_ok());
    // The lookup alone was counted.
    assert_eq!(status(&stage).await.requests.in_60_s, before + 1);
    assert!(swarm_of(&stage, 1).await.is_ok());
    assert_eq!(status(&stage).await.requests.in_60_s, before + 2);
}

fn record(account: &AccountId) -> serde_json::Value {
    let nonce = [3; ons::NONCE_LEN];
    let encrypted_value = ons::seal("hloth", &account.to_bytes(), nonce);
    NameRecord::Registered { encrypted_value, nonce: Some(nonce) }.to_json()
}

async fn resolve(stage: &Stage) -> Result<NameOutcome, NameError> {
    let name: Name = "Hloth".parse().expect("a name");
    stage.swarm.send(ResolveName { name, via: None }).await.unwrap()
}

#[actix_rt::test]
async fn a_name_is_asked_of_three_nodes_and_then_known_for_a_while() {
    let world = World { name: record(&account(5)), ..working(20) };
    let stage = start(world, Some((nodes(0..20), NEW)), None);
    for _ in 0..3 {
        assert_eq!(resolve(&stage).await, Ok(NameOutcome::Registered(account(5))));
        assert_eq!(stage.world.borrow().count("name"), 3);
    }
    stage.pass(601).await;
    stage.world.borrow_mut().name = json!({ "status": "OK" });
    assert_eq!(resolve(&stage).await, Ok(NameOutcome::NotRegistered));
    assert_eq!(stage.world.borrow().count("name"), 6);
}

#[actix_rt::test]
async fn a_lie_about_a_name_does_not_win() {
    let lie = json!({ "result": record(&account(6)) });
    let world = World { name: record(&account(5)), ..working(5) };
    let stage = start(world, Some((nodes(0..5), NEW)), None);
    // Of five nodes some three are asked; each lies once.
    let mut disputed = 0;
    for liar in 0..5 {
        stage.world.borrow_mut().lie = Some((node(liar).ed25519, lie.clone()));
        match resolve(&stage).await {
            Ok(outcome) => assert_eq!(outcome, NameOutcome::Registered(account(5))),
            Err(NameError::Resolve(ResolveError::Disagreement { .. })) => disputed += 1,
            Err(error) => panic!("{error}"),
        }
        stage.pass(601).await;
    }
    assert!(disputed > 0, "three of five are asked");
    stage.world.borrow_mut().nodes_work = false;
    let silent = resolve(&stage).await;
    assert!(
        matches!(&silent, Err(NameError::Resolve(ResolveError::TooFewAnswers { answers: 0, .. }))),
        "{silent:?}"
    );
}

#[actix_rt::test]
async fn members_that_contradict_each_other_are_left_alone_and_others_asked() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    assert!(swarm_of(&stage, 1).await.is_ok());
    assert_eq!(stage.world.borrow().count("get_swarm"), 1);
    redirect(&stage, 0, nodes(3..6)).await;
    let keys = |nodes: Vec<ServiceNode>| nodes.iter().map(|n| n.ed25519).collect::<Vec<_>>();
    assert_eq!(swarm_of(&stage, 1).await.map(|seen| seen.members), Ok(keys(nodes(3..6))));
    redirect(&stage, 3, nodes(0..3)).await;
    redirect(&stage, 1, nodes(3..6)).await;
    let seconds = match swarm_of(&stage, 1).await {
        Err(SwarmError::Disputed { seconds, .. }) => seconds,
        other => panic!("it is disputed: {other:?}"),
    };
    assert_eq!(stage.world.borrow().count("get_swarm"), 1, "nobody is asked meanwhile");
    stage.pass(seconds).await;
    assert_eq!(swarm_of(&stage, 1).await.map(|seen| seen.members), Ok(keys(nodes(0..3))));
    assert_eq!(stage.world.borrow().count("get_swarm"), 2);
    assert!(stage.world.borrow().count("nodes") >= 3, "the pool was looked at, too");
}

#[actix_rt::test]
async fn a_member_that_denies_it_falsely_is_doubted_once_others_name_it() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    assert_eq!(swarm_of(&stage, 1).await.expect("it is known").ask, nodes(0..3));
    // It names another swarm, whose members deny it in turn.
    redirect(&stage, 1, nodes(3..6)).await;
    assert_eq!(swarm_of(&stage, 1).await.expect("it is believed").ask, nodes(3..6));
    redirect(&stage, 4, nodes(0..3)).await;
    let seen = swarm_of(&stage, 1).await.expect("it is known");
    assert_eq!((seen.ask, seen.members.len()), (vec![node(0), node(2)], 3));
    // It names nodes that nobody knows, so others are asked.
    redirect(&stage, 2, nodes(100..103)).await;
    let seen = swarm_of(&stage, 1).await.expect("it is known");
    assert_eq!((seen.ask, seen.members.len()), (vec![node(0)], 3));
}

#[actix_rt::test]
async fn a_swarm_with_strangers_is_learnt_in_part_and_whole_with_a_new_pool() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    assert!(swarm_of(&stage, 1).await.is_ok());
    let new = vec![node(3), node(4), node(50), node(51)];
    stage.world.borrow_mut().nodes.extend([node(50), node(51)]);
    stage.world.borrow_mut().swarm = new.clone();
    redirect(&stage, 0, new).await;
    stage.pass(5).await;
    let members = swarm_of(&stage, 1).await.expect("it is known").members;
    assert!(members.contains(&node(50).ed25519), "{members:?}");
    assert_eq!(members.len(), 4);
}

#[actix_rt::test]
async fn a_member_that_is_said_to_be_gone_stays_one_until_the_nodes_say_so() {
    let stage = start(working(10), Some((nodes(0..10), NEW)), None);
    let gone = node(1).ed25519;
    assert_eq!(swarm_of(&stage, 1).await.expect("it is known").members.len(), 3);
    let said = DoubtMember { account: account(1), node: gone, gone: true };
    stage.swarm.send(said).await.unwrap();
    let seen = swarm_of(&stage, 1).await.expect("it is known");
    assert!(seen.members.contains(&gone));
    assert!(seen.ask.iter().all(|node| node.ed25519 != gone));
    let ask = InspectSwarm { account: account(1), via: None };
    let members = stage.swarm.send(ask).await.unwrap().expect("it is known");
    let of_gone = members.iter().find(|member| member.node.ed25519 == gone).expect("a member");
    assert_eq!(of_gone.doubted_for, Duration::from_secs(120));
    assert!(members.iter().filter(|member| member.doubted.is_some()).count() == 1);
    // It was really gone.
    stage.world.borrow_mut().nodes.retain(|node| node.ed25519 != gone);
    stage.world.borrow_mut().swarm = vec![node(0), node(2), node(7)];
    stage.swarm.send(ReportGone { node: gone }).await.unwrap();
    stage.pass(30).await;
    let members = swarm_of(&stage, 1).await.expect("it is known").members;
    assert_eq!(members, [node(0).ed25519, node(2).ed25519, node(7).ed25519]);
}
