//! One poll, from the request to the commit of everything it brought, as the
//! actor of an account has it.

use std::rc::Rc;
use std::time::Duration;

use ramson_codec::storage::RetrieveAnswer;
use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_protocol::account::{Arrival, ArrivalBody, Poll, PollAnswer, PollError};
use ramson_protocol::config::ConfigKind;
use ramson_protocol::inbox;
use ramson_protocol::store::Change;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, Namespace, ServiceNode};

use super::deliver::REQUEST_TIMEOUT;
use super::engine::{Class, Engine};

/// A message whose expiry the node did not tell is remembered this long.
const UNKNOWN_EXPIRY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Engine {
    /// Polls once and tells Swarm how it went; does nothing while another poll
    /// is under way.
    pub(super) async fn poll(self: Rc<Self>) {
        if self.polling.replace(true) {
            return;
        }
        let outcome = match self.swarm_of(self.id()).await {
            Ok(swarm) => self.round(&swarm.ask).await,
            Err(_) => PollOutcome::Failed,
        };
        self.polling.set(false);
        self.log(format_args!("poll: {outcome:?}"));
        self.poll_done(outcome);
    }

    /// Asks one member after the other, as the machine wants it.
    async fn round(self: &Rc<Self>, members: &[ServiceNode]) -> PollOutcome {
        self.notice_clock();
        let now = self.now();
        let mut so_far = PollOutcome::Failed;
        let mut poll = {
            let mut rng = self.rng.borrow_mut();
            self.account.borrow_mut().poll(members, now, &mut *rng)
        };
        while let Some(asked) = poll {
            let first = asked.is_first();
            let outcome = self.ask_member(members, asked).await;
            so_far = match (so_far, outcome) {
                (so_far, PollOutcome::Failed) => so_far,
                // A second member's rest follows with the next poll.
                (_, PollOutcome::More) if !first => PollOutcome::Messages,
                (PollOutcome::More | PollOutcome::Messages, PollOutcome::Empty) => so_far,
                (_, outcome) => outcome,
            };
            let now = self.now();
            let mut rng = self.rng.borrow_mut();
            poll = self.account.borrow_mut().poll_more(members, now, &mut *rng);
            if poll.is_some() {
                self.spend(1);
            }
        }
        so_far
    }

    async fn ask_member(self: &Rc<Self>, members: &[ServiceNode], poll: Poll) -> PollOutcome {
        match self.onion(Class::Account, request_of(&poll)).await {
            Ok(answer) => self.take_answer(members, poll, answer).await,
            Err(error) => self.no_answer(poll.node.ed25519, error).await,
        }
    }

    async fn no_answer(self: &Rc<Self>, node: Ed25519PublicKey, error: OnionError) -> PollOutcome {
        self.member_failed(node, &error);
        self.poll_failed(node, error.to_string()).await
    }

    async fn poll_failed(self: &Rc<Self>, node: Ed25519PublicKey, reason: String) -> PollOutcome {
        self.log(format_args!("poll of {} failed: {reason}", self.world.node_name(&node)));
        let decision = self.account.borrow_mut().poll_failed(node, reason, self.now());
        self.commit(decision).await;
        PollOutcome::Failed
    }

    async fn take_answer(
        self: &Rc<Self>,
        members: &[ServiceNode],
        poll: Poll,
        answer: OnionAnswer,
    ) -> PollOutcome {
        let node = poll.node.ed25519;
        let mut answer = answer;
        let mut read = self.read(node, &answer);
        if matches!(&read, Err(error) if error.is_wrong_time()) {
            // Learns the right time, and asks again if it was ours that was wrong.
            self.learn_clock(&answer, node, None);
            let mut again = self.account.borrow_mut().poll_again(&poll, self.now());
            if again.is_none() {
                self.learn_time(&node, members).await;
                again = self.account.borrow_mut().poll_again(&poll, self.now());
            }
            if let Some(again) = again {
                self.spend(1);
                match self.onion(Class::Account, request_of(&again)).await {
                    Ok(other) => answer = other,
                    Err(error) => return self.no_answer(node, error).await,
                }
                read = self.read(node, &answer);
            }
        }
        let retrieved = match read {
            Ok(PollAnswer::Retrieved(retrieved)) => retrieved,
            Ok(PollAnswer::WrongSwarm(members)) => {
                self.learn_clock(&answer, node, None);
                self.learn_swarm(self.id(), node, members);
                let reason = "it is not in this account's swarm (421)".to_owned();
                return self.poll_failed(node, reason).await;
            }
            Err(error) => {
                self.learn_clock(&answer, node, None);
                self.doubt_member(node, false);
                return self.poll_failed(node, error.to_string()).await;
            }
        };
        let said = retrieved.iter().find_map(|(_, answer)| answer.status.time);
        self.learn_clock(&answer, node, said);
        let mut outcome = PollOutcome::Empty;
        for (namespace, retrieved) in retrieved {
            let more = retrieved.more;
            let moved = self.take_in(node, &answer.path, namespace, retrieved).await;
            outcome = match moved {
                // Without a cursor that moves the next answer is this one again.
                true if more => PollOutcome::More,
                true if outcome == PollOutcome::Empty => PollOutcome::Messages,
                _ => outcome,
            };
        }
        self.after_answer(node).await;
        outcome
    }

    fn read(&self, node: Ed25519PublicKey, answer: &OnionAnswer) -> Result<PollAnswer, PollError> {
        let (status, body) = (answer.reply.status, answer.reply.body.as_bytes());
        self.account.borrow_mut().read_poll(&node, status, body)
    }

    /// What it means that a member answered, and what it had and had not.
    async fn after_answer(self: &Rc<Self>, node: Ed25519PublicKey) {
        let floor = self.floor().await;
        let now = self.now();
        let verdict = {
            let mut rng = self.rng.borrow_mut();
            self.account.borrow_mut().polled(node, now, &mut *rng)
        };
        if let Some(doubted) = verdict.doubt {
            self.log(format_args!("{} missed something", self.world.node_name(&doubted)));
            self.doubt_member(doubted, false);
        }
        self.commit(verdict.decision).await;
        drop(floor);
        self.look();
    }

    /// Takes in what one namespace brought; whether its cursor moved.
    async fn take_in(
        self: &Rc<Self>,
        node: Ed25519PublicKey,
        path: &Hops,
        namespace: Namespace,
        answer: RetrieveAnswer,
    ) -> bool {
        if answer.messages.is_empty() {
            return false;
        }
        let arrivals = self.open_new(namespace, answer);
        if arrivals.iter().any(|arrival| arrival.body == ArrivalBody::WrongHash) {
            self.doubt_member(node, false);
        }
        let floor = self.floor().await;
        let questions = self.account.borrow().arrival_questions(&arrivals);
        let history = self.recall(questions).await;
        let now = self.now();
        let decision =
            self.account.borrow_mut().receive(node, path, namespace, arrivals, history, now);
        let moves = |change: &Change| matches!(change, Change::MoveCursor { .. });
        let moved = decision.changes.iter().any(moves);
        self.commit(decision).await;
        drop(floor);
        self.look();
        moved
    }

    /// Opens those copies that were never seen before.
    fn open_new(&self, namespace: Namespace, answer: RetrieveAnswer) -> Vec<Arrival> {
        let (me, unknown_expiry) = (self.id(), self.now().plus(UNKNOWN_EXPIRY));
        let keys = self.account.borrow().keys().clone();
        let home = self.client().map(|client| client.home.borrow());
        let mut known = self.known.borrow_mut();
        let arrive = |message: ramson_codec::storage::Retrieved| {
            let config = ConfigKind::of_account(namespace).is_some();
            let seen = home.as_ref().is_some_and(|home| home.has_seen(namespace, message.hash));
            let body = if config && message.hash_is_right(&me, namespace) {
                ArrivalBody::Config(message.data.unwrap_or_default())
            } else if seen {
                ArrivalBody::Seen
            } else if !message.hash_is_right(&me, namespace) {
                ArrivalBody::WrongHash
            } else {
                let data = message.data.as_deref().unwrap_or_default();
                ArrivalBody::Opened(Box::new(inbox::open_knowing(&keys, data, &mut known)))
            };
            let expires = message.expiration.unwrap_or(unknown_expiry);
            Arrival { hash: message.hash, expires, body }
        };
        answer.messages.into_iter().map(arrive).collect()
    }
}

fn request_of(poll: &Poll) -> OnionRequest {
    let body = poll.request.to_bytes();
    OnionRequest { destination: poll.node, body, timeout: REQUEST_TIMEOUT }
}
