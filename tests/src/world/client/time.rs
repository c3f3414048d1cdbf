//! Learning the time of the network, as the actor of an account does.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::storage::{InfoAnswer, Request};
use ramson_messages::paths::{OnionAnswer, OnionRequest};
use ramson_protocol::account::Sample;
use ramson_types::{Ed25519PublicKey, ServiceNode, Timestamp};
use rand::seq::IteratorRandom as _;

use super::engine::{Class, Engine};

/// So many nodes are asked for the time together: one of them may lie.
const NODES: usize = 3;

/// How long they may take.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Engine {
    /// Learns what an answer tells of the time.
    pub(super) fn learn_clock(
        &self,
        answer: &OnionAnswer,
        node: Ed25519PublicKey,
        said: Option<Timestamp>,
    ) {
        self.notice_clock();
        let (asked, answered) = (answer.asked, answer.answered);
        let own = said.map(|theirs| Sample { node, asked, answered, theirs });
        let mut account = self.account.borrow_mut();
        let before = account.clock().offset();
        for sample in answer.clock_samples.iter().copied().chain(own) {
            account.clock_mut().learn(sample);
        }
        let after = account.clock().offset();
        if before.abs_diff(after) > 1_000 {
            self.log(format_args!("the clock is off by {after} ms, it was {before}"));
        }
    }

    /// What was learnt against a clock that was set since is void.
    pub(super) fn notice_clock(&self) {
        if self.clock_watch.borrow_mut().jumped(&self.clock()) {
            self.log(format_args!("the clock was set"));
            self.account.borrow_mut().clock_mut().forget();
        }
    }

    /// Asks for the time: the node that refused ours, and some others, all at
    /// once.
    pub(super) async fn learn_time(
        self: &Rc<Self>,
        refused: &Ed25519PublicKey,
        nodes: &[ServiceNode],
    ) {
        let who = nodes.iter().filter(|node| node.ed25519 == *refused);
        let others = nodes.iter().filter(|node| node.ed25519 != *refused);
        let others = others.sample(&mut *self.rng.borrow_mut(), NODES - 1);
        let asked = who.chain(others).copied().map(|node| {
            let body = Request::Info.to_bytes();
            let ask = OnionRequest { destination: node, body, timeout: TIMEOUT };
            async move { (node.ed25519, self.onion(Class::Account, ask).await) }
        });
        let asked: Vec<_> = asked.collect();
        self.spend(asked.len());
        for (node, answer) in join_all(asked).await {
            if let Ok(answer) = answer {
                let info = InfoAnswer::parse(answer.reply.body.as_bytes()).ok();
                self.learn_clock(&answer, node, info.map(|info| info.time));
            }
        }
    }
}
