//! Errands in the own swarm, one at a time: configs stored, copies deleted,
//! their lives shortened.

use std::time::Duration;

use actix::prelude::*;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{LearnSwarm, SwarmView};
use ramson_protocol::account::{Decision, DueErrand};
use ramson_types::{Ed25519PublicKey, ServiceNode};

use crate::ask::{Asked, ask_member, reason_of, swarm_of};
use crate::{IdentityActor, Work};

/// No errand waits longer: farther away its time was set by another clock.
const FARTHEST: Duration = Duration::from_secs(60 * 60);

impl IdentityActor {
    /// Begins the errand that is due, unless one is under way.
    pub(crate) fn errand_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let due = self.account.next_errand().is_some_and(|at| at.is_due(now, FARTHEST));
        if self.errand_under_way || !due {
            return;
        }
        self.errand_under_way = true;
        let done = self.begin_errand().then(|errand, actor, _| match errand {
            Some(errand) => actor.run_errand(errand),
            None => Box::pin(actix::fut::ready(())),
        });
        ctx.spawn(done.map(|(), actor, ctx| {
            actor.errand_under_way = false;
            actor.look(ctx);
        }));
    }

    /// The errand that is due, once all that it carries is on disk. In a turn:
    /// what a turn has decided and not kept yet must not leave this home.
    fn begin_errand(&mut self) -> Work<Option<DueErrand>> {
        self.in_turn(|actor, ctx| {
            actor.notice_clock();
            let (errand, decision) = actor.account.due_errand(actor.clock.now());
            let kept = actor.commit(decision, ctx);
            Box::pin(kept.into_actor(actor).map(|kept, _, _| errand.filter(|_| kept.is_ok())))
        })
    }

    fn run_errand(&mut self, errand: DueErrand) -> Work<()> {
        let (ports, me) = (self.ports.clone(), self.account.id());
        let swarm = async move { swarm_of(&ports, me).await };
        let asked = swarm.into_actor(self).then(|swarm, actor, _| actor.ask_errand(errand, swarm));
        Box::pin(asked.then(|(errand, outcome), actor, _| actor.end_errand(errand, outcome)))
    }

    fn ask_errand(
        &mut self,
        errand: DueErrand,
        swarm: Result<SwarmView, String>,
    ) -> Work<(DueErrand, Asked)> {
        let picked = swarm.and_then(|swarm| {
            let picked = self.account.pick_errand_member(&errand, &swarm.ask, &mut self.rng);
            let node = picked.ok_or_else(|| "the account's swarm has no members".to_owned())?;
            Ok((node, swarm))
        });
        let (destination, swarm) = match picked {
            Ok(picked) => picked,
            Err(reason) => {
                return Box::pin(actix::fut::ready((errand, Asked::NotSent { reason })));
            }
        };
        let body = errand.request.to_bytes();
        let ask = OnionRequest { destination, body, timeout: errand.timeout };
        let asked = ask_member(&self.ports, ask, swarm);
        Box::pin(async move { (errand, asked.await) }.into_actor(self))
    }

    /// What came of it, decided in a turn like everything that changes
    /// settings: a turn that has decided and not kept yet would put its own,
    /// older state of them over this one.
    fn end_errand(&mut self, errand: DueErrand, outcome: Asked) -> Work<()> {
        Box::pin(
            self.in_turn(move |actor, ctx| {
                let (done, refused) = actor.read_errand(&errand, outcome, ctx);
                let kept = actor.commit(done, ctx);
                Box::pin(kept.into_actor(actor).map(|_, _, _| refused))
            })
            .then(|refused, actor, ctx| match refused {
                Some((node, nodes)) => actor.learn_time(&node, &nodes, ctx),
                None => Box::pin(actix::fut::ready(())) as Work<()>,
            }),
        )
    }

    /// What is to be kept; and who refused our time, and whom to ask for it.
    fn read_errand(
        &mut self,
        errand: &DueErrand,
        outcome: Asked,
        ctx: &mut Context<Self>,
    ) -> (Decision, Option<(Ed25519PublicKey, Vec<ServiceNode>)>) {
        let (now, me) = (self.clock.now(), self.account.id());
        let (node, answer, swarm) = match outcome {
            Asked::NotSent { reason } => {
                let done = self.account.errand_done(errand, None, &[], Err(reason), now);
                return (done.decision, None);
            }
            Asked::NoAnswer { node, error } => {
                self.member_failed(me, node, &error, ctx);
                let reason = Err(reason_of(&error));
                let done = self.account.errand_done(errand, Some(node), &[], reason, now);
                return (done.decision, None);
            }
            Asked::Answered { node, answer, swarm } => (node, answer, swarm),
        };
        let said = Ok((answer.reply.status, answer.reply.body.as_bytes()));
        let done = self.account.errand_done(errand, Some(node), &swarm.members, said, now);
        self.learn_clock(&answer, node, done.time);
        self.account.network_works(now);
        if done.doubtful {
            self.doubt_member(me, node, false, ctx);
        }
        if let Some(members) = done.swarm {
            let told = self.ports.learn_swarm.ask(LearnSwarm { account: me, node, members });
            ctx.spawn(async move { drop(told.await) }.into_actor(self));
        }
        (done.decision, done.wrong_time.then_some((node, swarm.ask)))
    }
}
