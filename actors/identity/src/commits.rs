//! Decisions on their way to the store, in order.

use std::pin::Pin;
use std::time::Duration;

use actix::prelude::*;
use ramson_messages::LinkError;
use ramson_messages::events::{EngineEvent, Event};
use ramson_messages::storage::{Commit, Committed, StoreError};
use ramson_protocol::account::Decision;
use ramson_protocol::event::{AccountEvent, EventRef};
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
    waiting: Vec<oneshot::Sender<Result<(), StoreError>>>,
    under_way: bool,
}

impl IdentityActor {
    /// Commits a decision after all those before it; the future ends when it
    /// is on disk. Its events are published then.
    pub(crate) fn commit(
        &mut self,
        decision: Decision,
        ctx: &mut Context<Self>,
    ) -> Done<Result<(), StoreError>> {
        if decision.is_empty() {
            return Box::pin(std::future::ready(Ok(())));
        }
        let (tell, told) = oneshot::channel();
        self.commits.changes.extend(decision.changes);
        self.commits.events.extend(decision.events);
        self.commits.waiting.push(tell);
        self.start_commit(ctx);
        Box::pin(async move {
            let stopped = || StoreError::Write { reason: "the account's actor stopped".to_owned() };
            told.await.unwrap_or_else(|_| Err(stopped()))
        })
    }

    fn start_commit(&mut self, ctx: &mut Context<Self>) {
        if self.commits.under_way || self.commits.changes.is_empty() {
            return;
        }
        self.commits.under_way = true;
        let changes = std::mem::take(&mut self.commits.changes);
        let events = std::mem::take(&mut self.commits.events);
        let waiting = std::mem::take(&mut self.commits.waiting);
        let (account, port, at) = (self.number, self.ports.commit.clone(), self.clock.now());
        let references: Vec<EventRef> = events.iter().map(AccountEvent::reference).collect();
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
                    Err(error @ LinkError::Down { .. }) => {
                        return Err(StoreError::Write { reason: error.to_string() });
                    }
                }
            }
        };
        ctx.spawn(work.into_actor(self).map(move |outcome, actor, ctx| {
            actor.commits.under_way = false;
            actor.settle_commit(outcome, events, waiting, ctx);
        }));
    }

    fn settle_commit(
        &mut self,
        outcome: Result<Committed, StoreError>,
        events: Vec<AccountEvent>,
        waiting: Vec<oneshot::Sender<Result<(), StoreError>>>,
        ctx: &mut Context<Self>,
    ) {
        match &outcome {
            Ok(committed) => {
                let account = self.account.id();
                for (seq, event) in (committed.first_event..).zip(events) {
                    self.ports.events.publish(Event::Account { seq, account, event });
                }
            }
            Err(error) => {
                // The machine believes what the store does not have. Only a
                // fresh start from the store makes both agree again.
                let account = self.number;
                tracing::error!(account, %error, "a commit failed; the account starts again");
                ctx.stop();
            }
        }
        let told = outcome.map(drop);
        for waiting in waiting {
            // Who asked may have gone; the commit stands all the same.
            drop(waiting.send(told.clone()));
        }
        self.start_commit(ctx);
    }
}
