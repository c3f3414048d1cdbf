//! Lookups among nodes that take their time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::rc::Rc;

use actix::prelude::*;
use ramson_messages::paths::{OnionAnswer, OnionError};
use ramson_protocol::onion::OnionReply;
use ramson_types::{Ed25519PublicKey, Prefix, Timestamp, X25519PublicKey};
use serde_json::json;
use tokio::time::Instant;

use super::*;

/// What a node does with a request, and after how many milliseconds.
#[derive(Clone, Copy)]
enum Answers {
    Well,
    Garbage,
    Fails,
}

/// Carries requests to nodes that answer as they are told to.
struct Paths {
    nodes: BTreeMap<Ed25519PublicKey, (Answers, u64)>,
    /// Whom was asked, and when.
    asked: Rc<RefCell<Vec<(u8, u64)>>>,
    start: Instant,
}

impl Actor for Paths {
    type Context = Context<Self>;
}

impl Handler<OnionRequest> for Paths {
    type Result = ResponseFuture<Result<OnionAnswer, OnionError>>;

    fn handle(&mut self, ask: OnionRequest, _: &mut Context<Self>) -> Self::Result {
        let key = ask.destination.ed25519;
        let after = u64::try_from(self.start.elapsed().as_millis()).unwrap();
        self.asked.borrow_mut().push((key.0[0], after));
        let (answers, millis) = self.nodes[&key];
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            let body = match answers {
                // Each names itself.
                Answers::Well => json!({ "swarm": "1", "snodes": [{
                    "ip": "10.0.0.1", "port_https": 1,
                    "pubkey_ed25519": key.to_string(), "pubkey_x25519": key.to_string(),
                }]})
                .to_string(),
                Answers::Garbage => "no swarm".to_owned(),
                Answers::Fails => return Err(OnionError::NoPath { reason: "none".to_owned() }),
            };
            let now = Timestamp(0);
            let reply = OnionReply { status: 200, body };
            let (path, clock_samples) = (Vec::new(), Vec::new());
            Ok(OnionAnswer { reply, path, asked: now, answered: now, clock_samples })
        })
    }
}

fn node(n: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519PublicKey([n; 32]),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::new(10, 0, n, 1),
        https_port: 1,
        swarm: None,
    }
}

/// Who named the swarm, after how many milliseconds, and who was asked when.
async fn look_up(behave: [(Answers, u64); 3]) -> (Option<u8>, u64, Vec<(u8, u64)>) {
    let all: Vec<ServiceNode> = (1..=3).map(node).collect();
    let nodes = all.iter().map(|node| node.ed25519).zip(behave).collect();
    let (asked, start) = (Rc::new(RefCell::new(Vec::new())), Instant::now());
    let via = Link::new("paths");
    via.point_at(&Paths { nodes, asked: asked.clone(), start }.start());
    let pool = all.iter().copied().collect();
    let account = AccountId::new(Prefix::Account, [9; 32]);
    let (found, count) = ask(account, all, &pool, &via).await;
    let took = u64::try_from(start.elapsed().as_millis()).unwrap();
    let asked = asked.borrow().clone();
    assert_eq!(count, asked.len(), "what was asked is counted");
    (found.ok().map(|found| found.members[0].ed25519.0[0]), took, asked)
}

use Answers::{Fails, Garbage, Well};

#[actix_rt::test]
async fn who_answers_soon_is_the_only_one_asked() {
    tokio::time::pause();
    let (found, took, asked) = look_up([(Well, 2_000), (Well, 0), (Well, 0)]).await;
    assert_eq!((found, asked.len()), (Some(1), 1));
    assert!((2_000..2_100).contains(&took), "{took}");
}

#[actix_rt::test]
async fn beside_one_that_hangs_the_next_is_asked_and_the_first_good_answer_wins() {
    tokio::time::pause();
    let (found, took, asked) = look_up([(Well, 10_000), (Well, 300), (Well, 0)]).await;
    assert_eq!((found, asked.len()), (Some(2), 2));
    assert!((2_800..2_900).contains(&took), "{took}");
    // The first one comes through after all.
    let (found, took, asked) = look_up([(Well, 3_000), (Well, 9_000), (Well, 9_000)]).await;
    assert_eq!((found, asked.len()), (Some(1), 2));
    assert!((3_000..3_100).contains(&took), "{took}");
    let (found, took, asked) = look_up([(Fails, 10_000), (Garbage, 9_000), (Well, 500)]).await;
    assert_eq!(found, Some(3));
    assert!((5_500..5_700).contains(&took), "{took}");
    let times: Vec<u64> = asked.iter().map(|(_, at)| at / 100).collect();
    assert_eq!(times, [0, 25, 50]);
}

#[actix_rt::test]
async fn after_a_failure_the_next_is_asked_at_once_and_three_are_all() {
    tokio::time::pause();
    let (found, took, asked) = look_up([(Fails, 100), (Garbage, 100), (Well, 100)]).await;
    assert_eq!((found, asked.len()), (Some(3), 3));
    assert!((300..400).contains(&took), "{took}");
    let (found, took, asked) = look_up([(Fails, 10_000), (Fails, 10_000), (Garbage, 3_000)]).await;
    assert_eq!((found, asked.len()), (None, 3));
    assert!((12_500..12_700).contains(&took), "it waits for all of them: {took}");
}
