//! Decisions on their way to the store, in order.

use std::pin::Pin;
use std::time::Duration;

use actix::prelude::*;
use ramson_messages::LinkError;
use ramson_messages::events::{EngineEvent, Event};
use ramson_messages::storage::{Commit, Committed, StoreError};
use ramson_protocol::account::Decision;
use ramson_protocol::event::{AccountEvent, AccountSignal, EventRef};
use ramson_protocol::store::Change;
use tokio::sync::oneshot;

use crate::IdentityActor;

/// The wait before a commit that the store could not take is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// The same, when the disk refuses.
const TROUBLE_RETRY: Duration = Duration::from_secs(1);

/// A future of an answer that the actor still has to give.
pub(crate) type Done<T> = Pin<Box<dyn Future<Output = T>>>;

/// What waits for the commit under way to end.
#[derive(Default)]
pub(crate) struct Commits {
    changes: Vec<Change>,
    events: Vec<AccountEvent>,
    signals: Vec<AccountSignal>,
    waiting: Vec<Waiting>,
    under_way: bool,
    /// A decision was not kept, so none that was taken after it is.
    ended: bool,
    /// The newest event that is known of.
    newest: u64,
}

/// Who waits for a commit.
type Waiting = oneshot::Sender<Result<(), StoreError>>;

/// What is told once a commit is on disk.
struct Told {
    events: Vec<AccountEvent>,
    signals: Vec<AccountSignal>,
    waiting: Vec<Waiting>,
}

impl IdentityActor {
    /// Commits a decision after all those before it; the future ends when it
    /// is on disk, and they are. Its events and signals are published then.
    pub(crate) fn commit(
        &mut self,
        decision: Decision,
        ctx: &mut Context<Self>,
    ) -> Done<Result<(), StoreError>> {
        if decision.is_empty() && !self.commits.under_way {
            return Box::pin(std::future::ready(Ok(())));
        }
        let (tell, told) = oneshot::channel();
        self.commits.changes.extend(decision.changes);
        self.commits.events.extend(decision.events);
        self.commits.signals.extend(decision.signals);
        self.commits.waiting.push(tell);
        self.start_commit(ctx);
        Box::pin(async move {
            let stopped = || StoreError::Write { reason: "the account's actor stopped".to_owned() };
            told.await.unwrap_or_else(|_| Err(stopped()))
        })
    }

    fn start_commit(&mut self, ctx: &mut Context<Self>) {
        if self.commits.ended {
            // Whoever waits is told that the actor stopped.
            return self.commits.waiting.clear();
        }
        if self.commits.under_way {
            return;
        }
        let changes = std::mem::take(&mut self.commits.changes);
        let told = Told {
            events: std::mem::take(&mut self.commits.events),
            signals: std::mem::take(&mut self.commits.signals),
            waiting: std::mem::take(&mut self.commits.waiting),
        };
        if changes.is_empty() && told.events.is_empty() {
            return self.tell(Ok(()), told);
        }
        self.commits.under_way = true;
        let (account, port, at) = (self.number, self.ports.commit.clone(), self.clock.now());
        let references: Vec<EventRef> = told.events.iter().map(AccountEvent::reference).collect();
        let bus = self.ports.events.clone();
        let work = async move {
            let mut trouble = false;
            loop {
                let (changes, events) = (changes.clone(), references.clone());
                let commit = Commit { account, changes, events, at };
                match port.ask(commit).await {
                    // The machine has moved on, so these changes must be kept
                    // before any later ones: wait for room.
                    Ok(Err(StoreError::Busy { .. })) | Err(LinkError::Full { .. }) => {
                        tokio::time::sleep(RETRY).await;
                    }
                    // A full disk passes; the account waits for it.
                    Ok(Err(StoreError::Write { reason })) => {
                        if !std::mem::replace(&mut trouble, true) {
                            tracing::error!(account, reason, "the store cannot be written");
                            bus.publish(Event::Engine(EngineEvent::StoreTrouble { reason }));
                        }
                        tokio::time::sleep(TROUBLE_RETRY).await;
                    }
                    Ok(outcome) => return outcome,
                    Err(error @ (LinkError::Down { .. } | LinkError::Unanswered { .. })) => {
                        return Err(StoreError::Write { reason: error.to_string() });
                    }
                }
            }
        };
        ctx.spawn(work.into_actor(self).map(move |outcome, actor, ctx| {
            actor.commits.under_way = false;
            let stays = outcome.is_ok();
            actor.settle_commit(outcome, told, ctx);
            actor.start_commit(ctx);
            if stays {
                actor.look(ctx);
            }
        }));
    }

    fn settle_commit(
        &mut self,
        outcome: Result<Committed, StoreError>,
        told: Told,
        ctx: &mut Context<Self>,
    ) {
        match outcome {
            Ok(Committed { first_event }) => {
                let account = self.account.id();
                for (seq, event) in (first_event..).zip(&told.events) {
                    let event = event.clone();
                    self.ports.events.publish(Event::Account { seq, account, event });
                    self.commits.newest = seq;
                }
                self.tell(Ok(()), told);
            }
            Err(error) => {
                self.start_again(&error, ctx);
                self.tell(Err(error), told);
            }
        }
    }

    /// Tells whoever waited, and what is told but not kept.
    fn tell(&mut self, outcome: Result<(), StoreError>, told: Told) {
        if outcome.is_ok() {
            let (after, account) = (self.commits.newest, self.account.id());
            for signal in told.signals {
                self.ports.events.publish(Event::Signal { after, account, signal });
            }
        }
        for waiting in told.waiting {
            // Who asked may have gone; the commit stands all the same.
            drop(waiting.send(outcome.clone()));
        }
    }

    /// The machine believes what the store does not have. Only a fresh start
    /// from the store makes both agree again.
    pub(crate) fn start_again(&mut self, error: &dyn std::fmt::Display, ctx: &mut Context<Self>) {
        let account = self.number;
        tracing::error!(account, %error, "a decision was not kept; the account starts again");
        self.commits.ended = true;
        ctx.stop();
    }
}
