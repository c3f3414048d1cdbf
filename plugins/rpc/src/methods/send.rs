//! `send` and `reply`: return once the recipient's swarm has stored the message.

use std::time::Duration;

use ramson_wire::{
    AccountCommand, AccountId, Answer, Command, ConversationId, Invitation, LinkPreview, Message,
    MessageId, MessageState, Millis,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Peer, odd};
use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::stored::Became;

/// What is sent, and to whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendParams {
    /// The recipient: an Account ID, or a registered name.
    to: Peer,
    /// The text, at most 2,000 code points. `@` and a `05` id mention
    /// somebody.
    #[serde(default)]
    text: String,
    /// The sender; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// What a link in the text leads to; its address stands in the text.
    #[serde(default)]
    link: Option<LinkPreview>,
    /// An invitation to a community; then there is no text.
    #[serde(default)]
    invitation: Option<Invitation>,
    /// A key of the client's own, 1 to 256 bytes, under which it is sent once
    /// within 14 days.
    #[serde(default)]
    key: Option<String>,
    /// What the response waits for.
    #[serde(default)]
    wait: Wait,
    /// How long, in seconds; 60 when left out, and 3,600 at most.
    #[serde(default)]
    timeout: Option<u64>,
    /// The account's other devices are not told of it: half the traffic, for
    /// an account that has none.
    #[serde(default)]
    unsynced: bool,
}

/// What the response waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wait {
    /// The message is stored by the recipient's swarm.
    #[default]
    Stored,
    /// The message is safe in the outbox.
    Queued,
}

/// What is answered, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyParams {
    /// The message that is answered.
    message: MessageId,
    /// The text, at most 2,000 code points.
    text: String,
    /// Whose message it is; may be left out.
    #[serde(default)]
    account: Option<AccountId>,
    /// A key of the client's own, 1 to 256 bytes, under which it is sent once
    /// within 14 days.
    #[serde(default)]
    key: Option<String>,
    /// What the response waits for.
    #[serde(default)]
    wait: Wait,
    /// How long, in seconds; 60 when left out, and 3,600 at most.
    #[serde(default)]
    timeout: Option<u64>,
    /// The account's other devices are not told of it.
    #[serde(default)]
    unsynced: bool,
}

/// What became of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SendResult {
    /// The message's name in this home.
    message: MessageId,
    /// Who sent it.
    account: AccountId,
    /// How far it has come.
    state: Sent,
    /// When it was sent, in milliseconds since 1970.
    sent: Millis,
    /// Its name in the recipient's swarm, once it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// The members that signed for it: their Ed25519 keys in hex. Empty where
    /// that is not known any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Vec<String>>,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sent {
    /// It is safe in the outbox.
    Queued,
    /// The recipient's swarm stored it.
    Stored,
}

/// How a message is sent.
struct How {
    key: Option<String>,
    wait: Wait,
    timeout: Option<u64>,
}

pub(super) async fn send(call: Call, params: SendParams) -> Outcome<SendResult> {
    let account = call.account(params.account).await?;
    let to = call.peer(&account, &params.to).await?;
    let SendParams { text, link, invitation, key, wait, timeout, unsynced, .. } = params;
    let command = Command::Send { to, text, reply_to: None, preview: link, invitation, unsynced };
    carry(call, account, command, How { key, wait, timeout }).await
}

pub(super) async fn reply(call: Call, params: ReplyParams) -> Outcome<SendResult> {
    let account = call.owner(params.account, params.message).await?;
    let answered = call.message(&account, params.message).await?;
    let to = recipient(&answered.conversation).ok_or_else(|| {
        let text = "messages of this conversation cannot be answered yet; choose one of a contact";
        Failure::refused("NotSupported", text)
    })?;
    let ReplyParams { message, text, key, wait, timeout, unsynced, .. } = params;
    let (preview, invitation) = (None, None);
    let command =
        Command::Send { to, text, reply_to: Some(message), preview, invitation, unsynced };
    carry(call, account, command, How { key, wait, timeout }).await
}

fn recipient(conversation: &ConversationId) -> Option<AccountId> {
    conversation.account()
}

async fn carry(
    mut call: Call,
    account: AccountId,
    command: Command,
    how: How,
) -> Outcome<SendResult> {
    let seconds = how.timeout.unwrap_or(limits::SEND).min(limits::LONGEST_SEND);
    let keyed = how.key.is_some();
    let command = AccountCommand { account, key: how.key, command };
    if how.wait == Wait::Queued {
        return Ok(queued(account, &posted(call.command(command).await?)?));
    }
    // Whoever watches has to be there before there is something to see.
    let watch = call.watch().await?;
    let message = posted(call.command(command).await?)?;
    let stored = watch.wait(account, message.id, keyed, Duration::from_secs(seconds)).await;
    let id = message.id;
    match stored {
        Became::Stored { hash, nodes } => Ok(SendResult {
            state: Sent::Stored,
            hash: Some(hash),
            nodes: Some(nodes),
            ..queued(account, &message)
        }),
        Became::Failed { reason } => Err(Failure::refused(
            "MessageFailed",
            format!("message {id} could not be sent: {reason}; send it anew"),
        )),
        Became::Gone => Err(Failure::refused(
            "MessageFailed",
            format!("message {id} was deleted before it was stored; send it anew"),
        )),
        Became::Late { reason } => Err(Failure::refused(
            "NotStoredYet",
            format!(
                "message {id} was not stored within {seconds} s: {reason}; it stays in the outbox \
                 and goes out later"
            ),
        )),
        Became::Ended => Err(Failure::refused(
            "NotStoredYet",
            format!(
                "the program ended before message {id} was stored; it stays in the outbox and goes \
                 out when Ramson next runs on this home"
            ),
        )),
    }
}

fn posted(answer: Answer) -> Outcome<Message> {
    match answer {
        Answer::Queued { message } => Ok(message),
        other => Err(odd(&other)),
    }
}

fn queued(account: AccountId, message: &Message) -> SendResult {
    let (hash, nodes) = (message.hash.clone(), None);
    let stored = matches!(message.state, MessageState::Stored | MessageState::Read);
    let state = if stored { Sent::Stored } else { Sent::Queued };
    SendResult { message: message.id, account, state, sent: message.sent, hash, nodes }
}
