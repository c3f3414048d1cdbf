//! One account alive.
//!
//! Hears [`SendText`], [`PollDue`], [`PollNow`], `GetAccountStatus`, [`Stop`]. Says [`GetSwarm`], [`LearnSwarm`],
//! [`DoubtMember`], [`PollDone`], [`Spent`] to Swarm, [`OnionRequest`] to Paths,
//! [`SealCopies`] and [`OpenInbox`] to Crypto, [`Commit`], [`RecallHashes`]
//! and [`RecallMessages`] to Storage; publishes events once they are
//! committed. Owns [`Account`], the machine that decides.
//!
//! Decisions are committed in the order in which they were taken: while a
//! commit is under way further decisions gather, and go into the next one
//! together. At most one poll is under way, and at most one delivery to each
//! recipient; the machine counts both.

mod commits;
mod deliver;
mod poll;
mod status;
mod time;

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use ramson_messages::crypto::{OpenInbox, SealCopies};
use ramson_messages::events::EventBus;
use ramson_messages::identity::{PollDue, PollNow, SendError, SendText};
use ramson_messages::paths::OnionRequest;
use ramson_messages::storage::{Commit, RecallHashes, RecallMessages};
use ramson_messages::swarm::{DoubtMember, GetSwarm, LearnSwarm, PollDone, Spent};
use ramson_messages::{Clock, ClockWatch, Entropy, Lifeline, Link, Stop};
use ramson_protocol::account::{Account, Draft};
use ramson_protocol::store::StoredAccount;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::message::Message;
use ramson_types::{Ed25519PublicKey, Timestamp};
use rand::rngs::StdRng;

use crate::commits::Commits;

/// How many sealed copies of one account may wait for the network; above,
/// [`SendError::OutboxFull`] is answered.
pub const MAX_OUTBOX: usize = 10_000;

/// How long one request to a swarm may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the actor's messages go.
#[derive(Clone)]
pub struct Ports {
    /// To reach service nodes.
    pub onion: Link<OnionRequest>,
    /// To seal messages.
    pub seal: Link<SealCopies>,
    /// To open messages.
    pub open: Link<OpenInbox>,
    /// To keep what was decided.
    pub commit: Link<Commit>,
    /// To ask which copies were seen before.
    pub recall_hashes: Link<RecallHashes>,
    /// To ask which messages are in the history.
    pub recall_messages: Link<RecallMessages>,
    /// To learn an account's swarm.
    pub get_swarm: Link<GetSwarm>,
    /// To tell an account's swarm.
    pub learn_swarm: Link<LearnSwarm>,
    /// To take a node out of a swarm.
    pub doubt_member: Link<DoubtMember>,
    /// To tell how a poll went.
    pub poll_done: Link<PollDone>,
    /// To tell of requests beyond the one that a turn was given for.
    pub spent: Link<Spent>,
    /// To tell what happened.
    pub events: EventBus,
}

/// The actor.
pub struct IdentityActor {
    number: u32,
    account: Account,
    ports: Ports,
    clock: Arc<dyn Clock>,
    rng: StdRng,
    clock_watch: ClockWatch,
    commits: Commits,
    polling: bool,
    /// Who answered a poll last, and when.
    polled: Option<(Ed25519PublicKey, Timestamp)>,
    wake: Option<SpawnHandle>,
    _lifeline: Lifeline,
}

impl IdentityActor {
    /// The actor of an account as the store has it.
    pub fn new(
        stored: StoredAccount,
        ports: Ports,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        lifeline: Lifeline,
    ) -> Self {
        let clock_watch = ClockWatch::new(&*clock);
        Self {
            number: stored.number,
            account: Account::load(stored),
            ports,
            clock,
            rng: entropy.generator("identity"),
            clock_watch,
            commits: Commits::default(),
            polling: false,
            polled: None,
            wake: None,
            _lifeline: lifeline,
        }
    }

    fn queue(
        &mut self,
        draft: Draft,
        sealed: Vec<Vec<u8>>,
        ctx: &mut Context<Self>,
    ) -> commits::Done<Result<Message, SendError>> {
        let message = draft.message.clone();
        match self.account.queue(draft, sealed, self.clock.now()) {
            Ok(decision) => {
                let done = self.commit(decision, ctx);
                Box::pin(async move { done.await.map(|()| message).map_err(SendError::from) })
            }
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        }
    }
}

impl Actor for IdentityActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // What a former engine left in the outbox goes out now.
        self.send_due(ctx);
    }
}

impl Handler<SendText> for IdentityActor {
    type Result = ResponseActFuture<Self, Result<Message, SendError>>;

    fn handle(&mut self, ask: SendText, _: &mut Context<Self>) -> Self::Result {
        let waiting = self.account.outbox_len();
        if waiting >= MAX_OUTBOX {
            let error = SendError::OutboxFull { waiting, limit: MAX_OUTBOX };
            return Box::pin(actix::fut::ready(Err(error)));
        }
        self.notice_clock();
        let draft = match self.account.compose_text(ask.to, &ask.text, self.clock.now()) {
            Ok(draft) => draft,
            Err(error) => return Box::pin(actix::fut::ready(Err(error.into()))),
        };
        let copies = draft.copies.iter().map(|copy| (copy.to, copy.content.clone())).collect();
        let (keys, sent) = (self.account.keys().clone(), draft.message.sent);
        let seal = self.ports.seal.ask(SealCopies { keys, sent, copies });
        let sealed = async move { Ok::<_, SendError>(seal.await??) };
        Box::pin(
            sealed
                .into_actor(self)
                .then(|sealed, actor, ctx| {
                    let queued: commits::Done<_> = match sealed {
                        Ok(sealed) => actor.queue(draft, sealed, ctx),
                        Err(error) => Box::pin(std::future::ready(Err(error))),
                    };
                    queued.into_actor(actor)
                })
                .map(|queued, actor, ctx| {
                    if let Ok(message) = &queued {
                        actor.account.kept(message.id);
                        actor.send_due(ctx);
                    }
                    queued
                }),
        )
    }
}

impl Handler<PollDue> for IdentityActor {
    type Result = ();

    fn handle(&mut self, _: PollDue, ctx: &mut Context<Self>) {
        let poll = self.poll();
        ctx.spawn(poll.map(|_, _, _| ()));
    }
}

impl Handler<PollNow> for IdentityActor {
    type Result = ResponseActFuture<Self, Option<PollOutcome>>;

    fn handle(&mut self, _: PollNow, _: &mut Context<Self>) -> Self::Result {
        self.poll()
    }
}

impl Handler<Stop> for IdentityActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[cfg(feature = "chaos")]
impl Handler<ramson_messages::Panic> for IdentityActor {
    type Result = ();

    #[allow(clippy::panic)]
    fn handle(&mut self, _: ramson_messages::Panic, _: &mut Context<Self>) {
        panic!("a test wanted this");
    }
}
