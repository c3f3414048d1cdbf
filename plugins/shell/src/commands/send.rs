//! `send`: returns once the recipient's swarm has stored the message.

use ramson_system::{AccountEvent, EngineEvent, Event};
use ramson_types::{AccountId, MessageId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::peer::Peer;
use super::reach::{Limit, missing_nodes};
use super::{Context, account_id};
use crate::cli::SendArgs;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::Record;
use crate::signals::Why;

/// A checked `send`.
pub(crate) struct Send {
    to: Peer,
    from: Option<AccountId>,
    text: String,
}

impl Send {
    pub(super) fn prepare(args: &SendArgs, stdin: Option<&str>) -> Result<Self, Failure> {
        let to = Peer::parse(&args.to)?;
        let from = account_id(args.account.as_ref())?;
        let text = match &args.text {
            Some(text) => text.clone(),
            // The line break that ends a text file is not part of the message.
            None => {
                let text = stdin.unwrap_or_default();
                text.strip_suffix('\n').unwrap_or(text).to_owned()
            }
        };
        Ok(Self { to, from, text })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let from = context.account(self.from, "with --account").await?;
        let mut limit = Limit::of(context);
        let progress = Progress::quiet(&context.console);
        let to = self.to.find(context, Some(&from), &mut limit, &progress).await?;
        let mut events = context.engine.subscribe();
        let message = context.engine.send_text(&from, to, self.text.clone()).await?;
        let mut watch = Watch::new(message.id, progress);
        let result = tokio::select! {
            biased;
            why = context.ending.wait() => {
                let kept = format!("message {} is kept and goes out when Ramson next runs on this home", message.id);
                Err(match why {
                    Why::Signal => Failure::Interrupted { kept },
                    Why::EngineEnds => Failure::EngineEnded { kept },
                })
            }
            stored = watch.stored(context, &mut events) => stored,
            () = limit.over() => Err(watch.too_late(context, limit.seconds()).await),
        };
        watch.progress.clear();
        let mut record = result?;
        if let (Record::Stored { name, .. }, Some(known)) = (&mut record, self.to.name()) {
            *name = Some(known);
        }
        context.console.record(&record).await
    }
}

/// Waits for what becomes of a message, and keeps what stands in its way.
struct Watch {
    message: MessageId,
    progress: Progress,
    delay: Option<String>,
    path: Option<String>,
}

impl Watch {
    fn new(message: MessageId, progress: Progress) -> Self {
        Self { message, progress, delay: None, path: None }
    }

    async fn stored(
        &mut self,
        context: &Context,
        events: &mut Receiver<Event>,
    ) -> Result<Record, Failure> {
        self.progress.step("looking for service nodes").await;
        loop {
            let event = match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => {
                    // The event may be among those that were missed.
                    if let Some(record) = self.look(context).await? {
                        return Ok(record);
                    }
                    continue;
                }
                Err(RecvError::Closed) => return Err(ramson_system::EngineError::Stopped.into()),
            };
            match &event {
                Event::Account { event: AccountEvent::MessageStored { id, .. }, .. }
                    if *id == self.message =>
                {
                    if let Some(record) = Record::stored(&event) {
                        return Ok(record);
                    }
                }
                Event::Account { event: AccountEvent::MessageFailed { id, reason }, .. }
                    if *id == self.message =>
                {
                    return Err(Failure::MessageFailed { message: *id, reason: reason.clone() });
                }
                Event::Account { event: AccountEvent::SendDelayed { id, reason, .. }, .. }
                    if *id == self.message =>
                {
                    self.progress.step(format!("waiting to try again: {reason}")).await;
                    self.delay = Some(reason.clone());
                }
                Event::Engine(EngineEvent::ActorRestarted { .. }) => {
                    // It may have ended between a commit and its events.
                    if let Some(record) = self.look(context).await? {
                        return Ok(record);
                    }
                }
                Event::Engine(EngineEvent::StoreTrouble { reason }) => {
                    self.progress.step(format!("the store cannot be written: {reason}")).await;
                    self.delay = Some(reason.clone());
                }
                Event::Engine(EngineEvent::SeedFailed { seed, reason }) => {
                    self.progress.step(format!("the seed {seed} failed: {reason}")).await;
                }
                Event::Engine(EngineEvent::PoolReady { nodes }) => {
                    self.progress.step(format!("building a path through {nodes} nodes")).await;
                }
                Event::Engine(EngineEvent::PathReady { .. }) => {
                    self.progress.step("sending through three hops").await;
                }
                Event::Engine(EngineEvent::PathFailed { reason, .. }) => {
                    self.progress.step(format!("trying another path: {reason}")).await;
                    self.path = Some(reason.clone());
                }
                _ => {}
            }
        }
    }

    /// What the ledger says of a message whose event was missed.
    async fn look(&self, context: &Context) -> Result<Option<Record>, Failure> {
        let about = ramson_system::LedgerSubject::Message(self.message);
        let lines = context.engine.ledger(about).await?;
        let Some(message) = context.engine.message(self.message).await? else { return Ok(None) };
        Ok(lines.into_iter().find_map(|line| match line.step {
            ramson_types::ledger::LedgerStep::Stored { to, confirmed, .. }
                if message.conversation == ramson_types::ConversationId::Account(to) =>
            {
                Some(Record::Stored {
                    name: None,
                    message: message.id.to_string(),
                    account: message.author.to_string(),
                    to: to.to_string(),
                    hash: line.hash.or(message.hash)?.to_string(),
                    nodes: crate::record::hex_keys(&confirmed),
                    timestamp: message.sent.millis(),
                })
            }
            _ => None,
        }))
    }

    /// Why the message is not stored yet.
    async fn too_late(&self, context: &Context, seconds: u64) -> Failure {
        let message = self.message;
        if let Some((seed, reason)) = missing_nodes(context).await {
            return Failure::UnreachableSeed { seed, reason, message };
        }
        let reason = match (&self.delay, &self.path) {
            (Some(delay), _) => delay.clone(),
            (None, Some(path)) => format!("no path of service nodes was found, at last: {path}"),
            (None, None) => "the swarm has not answered yet".to_owned(),
        };
        Failure::NotStoredInTime { message, seconds, reason }
    }
}
