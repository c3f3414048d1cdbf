//! `send` and `reply`: return once the recipient's swarm has stored the message.

use std::time::Duration;

use ramson_system::{
    AccountEvent, Command, EngineError, EngineEvent, Event, Invitation, LinkPreview, Outcome, Post,
};
use ramson_types::{AccountId, ConversationId, MessageId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use super::act::{message_id, owner};
use super::peer::Peer;
use super::reach::{Limit, missing_nodes};
use super::{Context, account_id};
use crate::cli::{ReplyArgs, SendArgs};
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::Record;
use crate::signals::Why;

/// How long an engine that was started for the message goes on when it is
/// stored.
const LINGER: Duration = Duration::from_secs(5);

/// How often it is looked then whether all is done.
const LOOK: Duration = Duration::from_millis(20);

/// A checked `send` or `reply`.
pub(crate) struct Send {
    to: To,
    post: Post,
}

/// Where it goes.
enum To {
    Peer {
        to: Peer,
        from: Option<AccountId>,
    },
    /// To the conversation of a message.
    Answer(MessageId),
}

impl Send {
    pub(super) fn prepare(args: &SendArgs, stdin: Option<&str>) -> Result<Self, Failure> {
        let to = Peer::parse(&args.to)?;
        let from = account_id(args.account.as_ref())?;
        let mut post = Post::text(text(args.text.as_ref(), stdin));
        if let (Some(url), Some(title)) = (args.link.clone(), args.link_title.clone()) {
            post.preview = Some(LinkPreview { url, title });
        }
        if let (Some(url), Some(name)) = (args.invite.clone(), args.room.clone()) {
            post = Post { invitation: Some(Invitation { url, name }), ..Post::default() };
        }
        Ok(Self { to: To::Peer { to, from }, post })
    }

    pub(super) fn reply(args: &ReplyArgs, stdin: Option<&str>) -> Result<Self, Failure> {
        let message = message_id(&args.message)?;
        let mut post = Post::text(text(args.text.as_ref(), stdin));
        post.reply_to = Some(message);
        Ok(Self { to: To::Answer(message), post })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut limit = Limit::of(context);
        let progress = Progress::quiet(&context.console);
        let (from, to, name) = match &self.to {
            To::Peer { to, from } => {
                let from = context.account(*from, "with --account").await?;
                let name = to.name();
                (from, to.find(context, Some(&from), &mut limit, &progress).await?, name)
            }
            To::Answer(message) => {
                let from = owner(context, *message).await?;
                let found = context.engine.message(*message).await?;
                let found = found.ok_or(Failure::NoSuchMessage { message: *message })?;
                match found.conversation {
                    ConversationId::Account(to) => (from, to, None),
                    _ => return Err(Failure::NoSuchMessage { message: *message }),
                }
            }
        };
        let mut events = context.engine.subscribe();
        let command = Command::Send { to, post: self.post.clone() };
        let Outcome::Queued(message) = context.engine.command(&from, command).await? else {
            return Err(EngineError::Stopped.into());
        };
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
        if let (Record::Stored { name: given, .. }, Some(known)) = (&mut record, name) {
            *given = Some(known);
        }
        context.console.record(&record).await?;
        if context.own_engine {
            self.linger(context, &from).await;
        }
        Ok(())
    }

    /// What goes to the account's other devices along with the message should
    /// be there, too, before the engine ends: its copy, and the contact that
    /// the recipient became. Without it the next engine does that.
    async fn linger(&self, context: &Context, from: &AccountId) {
        tokio::select! {
            biased;
            _ = context.ending.wait() => {}
            () = told(context, from) => {}
            () = sleep(LINGER) => {}
        }
    }
}

async fn told(context: &Context, account: &AccountId) {
    while let Ok(status) = context.engine.account_status(account).await {
        // A restored account stores no settings before it was polled.
        let unstored = if status.synced { status.unstored_configs } else { 0 };
        if status.outbox == 0 && status.errands == 0 && unstored == 0 {
            return;
        }
        sleep(LOOK).await;
    }
}

/// The text that was given, else what was read.
fn text(given: Option<&String>, stdin: Option<&str>) -> String {
    match given {
        Some(text) => text.clone(),
        // The line break that ends a text file is not part of the message.
        None => {
            let text = stdin.unwrap_or_default();
            text.strip_suffix('\n').unwrap_or(text).to_owned()
        }
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
                Event::Account {
                    event: AccountEvent::MessageFailed { id, reason, .. }, ..
                } if *id == self.message => {
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
