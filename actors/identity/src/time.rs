//! Learning the time of the network.

use std::time::Duration;

use actix::prelude::*;
use futures_util::future::join_all;
use ramson_codec::storage::{InfoAnswer, Request};
use ramson_messages::paths::{OnionAnswer, OnionRequest};
use ramson_protocol::account::Sample;
use ramson_types::{Ed25519PublicKey, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;

use crate::{IdentityActor, Work};

/// So many nodes are asked for the time together: one of them may lie.
const NODES: usize = 3;

/// How long they may take.
const TIMEOUT: Duration = Duration::from_secs(5);

impl IdentityActor {
    /// Learns what an answer tells of the time.
    pub(crate) fn learn_clock(
        &mut self,
        answer: &OnionAnswer,
        node: Ed25519PublicKey,
        said: Option<Timestamp>,
    ) {
        self.notice_clock();
        let (asked, answered) = (answer.asked, answer.answered);
        let own = said.map(|theirs| Sample { node, asked, answered, theirs });
        for sample in answer.clock_samples.iter().copied().chain(own) {
            self.account.clock_mut().learn(sample);
        }
    }

    /// What was learnt against a clock that was set since is void.
    pub(crate) fn notice_clock(&mut self) {
        if self.clock_watch.jumped(&*self.clock) {
            self.account.clock_mut().forget();
        }
    }

    /// Asks for the time: the node that refused ours, and some others, all at
    /// once. Without it, whoever learnt a wrong time would ask only those that
    /// share it: the others are in doubt, because they refused.
    pub(crate) fn learn_time(
        &mut self,
        refused: &Ed25519PublicKey,
        nodes: &[ServiceNode],
        _: &mut Context<Self>,
    ) -> Work<()> {
        let who = nodes.iter().filter(|node| node.ed25519 == *refused);
        let others = nodes.iter().filter(|node| node.ed25519 != *refused);
        let others = others.sample(&mut self.rng, NODES.saturating_sub(1));
        let asked = who.chain(others).copied().map(|node| {
            let body = Request::Info.to_bytes();
            let ask = OnionRequest { destination: node, body, timeout: TIMEOUT };
            let answer = self.ports.onion.ask(ask);
            async move { (node.ed25519, answer.await) }
        });
        let asked: Vec<_> = asked.collect();
        self.spent(u32::try_from(asked.len()).unwrap_or(u32::MAX));
        let answers = join_all(asked);
        Box::pin(answers.into_actor(self).map(|answers, actor, _| {
            for (node, answer) in answers {
                if let Ok(Ok(answer)) = answer {
                    let info = InfoAnswer::parse(answer.reply.body.as_bytes()).ok();
                    actor.learn_clock(&answer, node, info.map(|info| info.time));
                }
            }
        }))
    }
}
