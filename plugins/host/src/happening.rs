//! Something that happened to an account, and has a number: what plugins are
//! told of it, and whether one of them hears of it, before it is looked up.

use std::time::Duration;

use ramson_protocol::event::{EventKind as Kind, EventRef};
use ramson_system::{AccountEvent, Engine, EngineError, Followed, StoreError};
use ramson_types::AccountId;
use ramson_types::message::Message;
use ramson_wire::{Event, EventKind};

use crate::convert::conversation::{account as account_of_profile, conversation};
use crate::convert::event::{self, Lookup};
use crate::convert::ids::{account_id, conversation_id, message_id};
use crate::convert::message::message;
use crate::gate::Gate;

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// So often what an event needs is asked for.
const ATTEMPTS: u32 = 5;

/// Something that happened to an account.
pub(crate) struct Happening {
    /// Its number.
    pub(crate) seq: u64,
    /// To which account.
    pub(crate) account: AccountId,
    what: EventRef,
    content: Content,
}

enum Content {
    Received(Box<Message>),
    Event(Box<AccountEvent>),
    /// Only the log has it.
    Logged,
}

/// The store does not say what is needed.
#[derive(Debug)]
pub(crate) struct Unknown;

impl Happening {
    /// What a follower told, if it has a number.
    #[allow(clippy::result_large_err, reason = "most of what is told is the large one")]
    pub(crate) fn of(followed: Followed) -> Result<Self, Followed> {
        Ok(match followed {
            Followed::Received { seq, account, message } => {
                let what = EventRef {
                    kind: Kind::MessageReceived,
                    message: Some(message.id),
                    conversation: message.conversation.clone(),
                };
                Self { seq, account, what, content: Content::Received(message) }
            }
            Followed::Changed { seq, account, what, event } => {
                let content = event.map_or(Content::Logged, Content::Event);
                Self { seq, account, what, content }
            }
            other => return Err(other),
        })
    }

    /// Whether a plugin hears of it.
    pub(crate) fn is_heard_by(&self, gate: &Gate) -> bool {
        let (account, kind) = (account_id(&self.account), kind_of(self.what.kind));
        let conversation = match kind {
            EventKind::Profile => None,
            _ if gate.sees_all_conversations() => None,
            _ => Some(conversation_id(&self.what.conversation)),
        };
        gate.hears_of(kind, Some(&account), conversation.as_ref())
    }

    /// What plugins are told. `None` where it is not there any more and nothing
    /// has to be said.
    pub(crate) async fn event(&self, engine: &Engine) -> Result<Option<Event>, Unknown> {
        let made = match &self.content {
            Content::Received(came) => {
                let message = message(&self.account, came);
                Ok(Event::Message { account: account_id(&self.account), message })
            }
            Content::Event(event) => event::event(&self.account, event),
            Content::Logged => event::logged(&self.account, &self.what),
        };
        match made {
            Ok(event) => Ok(Some(event)),
            Err(lookup) => look_up(engine, &self.account, &lookup).await,
        }
    }
}

/// What an event does not say itself. `None` where it is not there any more.
pub(crate) async fn look_up(
    engine: &Engine,
    account: &AccountId,
    lookup: &Lookup,
) -> Result<Option<Event>, Unknown> {
    for _ in 0..ATTEMPTS {
        match ask(engine, account, lookup).await {
            Ok(event) => return Ok(Some(event)),
            Err(EngineError::Stopped | EngineError::NoSuchAccount { .. }) => return Ok(None),
            // It stays so, and is no reason to hold up what came after it.
            Err(EngineError::Store(error @ StoreError::Damaged { .. })) => {
                tracing::error!("plugins are not told of an event: {error}");
                return Ok(None);
            }
            Err(error) => {
                tracing::warn!("plugins are told later what happened: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    tracing::error!("plugins are not told of an event, because the store does not answer");
    Err(Unknown)
}

/// The same, once.
pub(crate) async fn ask(
    engine: &Engine,
    own: &AccountId,
    lookup: &Lookup,
) -> Result<Event, EngineError> {
    let account = account_id(own);
    Ok(match lookup {
        Lookup::Message { id, conversation, new } => match engine.message(*id).await? {
            Some(found) if *new => Event::Message { account, message: message(own, &found) },
            Some(found) => Event::MessageChanged {
                account,
                conversation: conversation_id(conversation),
                message: message_id(*id),
                change: ramson_wire::Change::Now { message: message(own, &found) },
            },
            None => event::removed(own, *id, conversation, false),
        },
        Lookup::Conversation(id) => {
            let lines = engine.conversations(own).await?;
            match lines.iter().find(|line| line.id == *id) {
                Some(line) => Event::Conversation { account, conversation: conversation(line) },
                None => event::conversation_removed(own, id),
            }
        }
        Lookup::Profile => {
            Event::Profile { account: account_of_profile(&engine.profile(own).await?) }
        }
    })
}

/// As what plugins are told of it.
const fn kind_of(kind: Kind) -> EventKind {
    match kind {
        Kind::MessageReceived | Kind::MessageQueued => EventKind::Message,
        Kind::MessageRemoved => EventKind::MessageRemoved,
        Kind::ConversationChanged => EventKind::Conversation,
        Kind::ConversationRemoved => EventKind::ConversationRemoved,
        Kind::ProfileChanged => EventKind::Profile,
        _ => EventKind::MessageChanged,
    }
}
