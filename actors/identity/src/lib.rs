//! One account alive.
//!
//! Hears [`Carry`], [`PollDue`], [`PollNow`], [`GetProfile`], [`GetSending`],
//! [`GetAccountStatus`], [`Stop`]. Says [`GetSwarm`], [`LearnSwarm`],
//! [`DoubtMember`], [`PollDone`], [`Spent`] to Swarm, [`OnionRequest`] to
//! Paths, [`SealCopies`] and [`OpenInbox`] to Crypto, [`Commit`],
//! [`RecallHashes`] and [`RecallHistory`] to Storage; publishes events once
//! they are committed. Owns [`Account`], the machine that decides.
//!
//! What is decided about history and settings is decided in turns: a question
//! to the store, a decision with its answer, a commit. One turn at a time, in
//! the order in which they were asked for. The network is never waited for in
//! a turn: deliveries, errands and polls are under way beside them.
//!
//! Decisions are committed in the order in which they were taken: while a
//! commit is under way further decisions gather, and go into the next one
//! together. At most one poll, one errand and one piece of work are under way,
//! and at most one delivery to each recipient (up to four where the first is
//! slow).
//!
//! | file | what |
//! |---|---|
//! | `turns` | who decides about the history, one after the other |
//! | `carry` | commands and work: question, plan, seal, commit |
//! | `commits` | decisions on their way to the store, in order |
//! | `poll`, `arrivals` | asking the own swarm; taking in what it had |
//! | `ask` | one request to a member of a swarm |
//! | `deliver` | outbox entries on their way to a swarm |
//! | `errands` | what is stored, deleted and shortened in the own swarm |
//! | `work` | what is due by itself |
//! | `wake` | when the account looks what is due |
//! | `time` | learning the network's time |
//! | `status` | how the account is, for who asks |

mod arrivals;
mod ask;
mod carry;
mod commits;
mod deliver;
mod errands;
mod poll;
mod status;
mod time;
mod turns;
mod wake;
mod work;

use std::sync::Arc;
use std::time::Duration;

use actix::fut::LocalBoxActorFuture;
use actix::prelude::*;
use ramson_messages::crypto::{OpenInbox, SealCopies};
use ramson_messages::events::EventBus;
#[cfg(doc)]
use ramson_messages::identity::{Carry, GetAccountStatus, GetProfile, GetSending};
use ramson_messages::identity::{PollDue, PollNow};
use ramson_messages::paths::OnionRequest;
use ramson_messages::storage::{Commit, RecallHashes, RecallHistory};
use ramson_messages::swarm::{DoubtMember, GetSwarm, LearnSwarm, PollDone, Spent};
use ramson_messages::{Clock, ClockWatch, Entropy, Lifeline, Link, Stop};
use ramson_protocol::account::Account;
use ramson_protocol::store::StoredAccount;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::{Ed25519PublicKey, Timestamp};
use rand::rngs::StdRng;

use crate::commits::Commits;
use crate::turns::Turns;
use crate::work::Trouble;

pub use carry::{MAX_COMMANDS, MAX_OUTBOX};

/// What the mailbox holds: as many commands as may wait for their turn, and
/// what else is said.
const MAILBOX: usize = 2 * MAX_COMMANDS;

/// How long one request to a swarm may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that the actor does beside others.
type Work<T> = LocalBoxActorFuture<IdentityActor, T>;

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
    /// To ask what a decision needs to know of the history.
    pub recall_history: Link<RecallHistory>,
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
    turns: Turns,
    commits: Commits,
    polling: bool,
    errand_under_way: bool,
    work_under_way: bool,
    work_trouble: Trouble,
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
            turns: Turns::default(),
            commits: Commits::default(),
            polling: false,
            errand_under_way: false,
            work_under_way: false,
            work_trouble: Trouble::default(),
            polled: None,
            wake: None,
            _lifeline: lifeline,
        }
    }
}

impl Actor for IdentityActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // Those that wait for room in a mailbox lose their order.
        ctx.set_mailbox_capacity(MAILBOX);
        // Decided before anybody can ask how the account is, kept in its first
        // turn.
        let decision = self.account.started(self.clock.now());
        let begun =
            self.in_turn(|actor, ctx| Box::pin(actor.commit(decision, ctx).into_actor(actor)));
        // What a former engine left to do is done now.
        ctx.spawn(begun.map(|_, actor, ctx| actor.look(ctx)));
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
