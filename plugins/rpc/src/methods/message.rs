//! What is done to messages and conversations that are there.

use ramson_wire::{
    AccountCommand, AccountId, Answer, Command, DeleteScope, Disappearing, MessageId, Notify,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NoResult;
use crate::call::{Call, Peer, odd};
use crate::failure::{Failure, Outcome};

/// An emoji on a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactParams {
    /// On which message.
    message: MessageId,
    /// One emoji.
    emoji: String,
    /// It is taken away.
    #[serde(default)]
    remove: bool,
    /// Whose message it is; may be left out.
    #[serde(default)]
    account: Option<AccountId>,
    /// A key under which it is done once.
    #[serde(default)]
    key: Option<String>,
}

/// It is done here, and the network is told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ToldResult {
    /// Its name in events and ledger, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageId>,
}

pub(super) async fn react(mut call: Call, params: ReactParams) -> Outcome<ToldResult> {
    let account = call.owner(params.account, params.message).await?;
    let ReactParams { message, emoji, remove, key, .. } = params;
    let command = Command::React { message, emoji, remove, unsynced: false };
    told(call.command(AccountCommand { account, key, command }).await?)
}

fn told(answer: Answer) -> Outcome<ToldResult> {
    match answer {
        Answer::Told { message } => Ok(ToldResult { message: Some(message) }),
        Answer::Done => Ok(ToldResult { message: None }),
        other => Err(odd(&other)),
    }
}

/// Which message is deleted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteParams {
    /// Which.
    message: MessageId,
    /// Where.
    #[serde(default)]
    from: From,
    /// Whose message it is; may be left out.
    #[serde(default)]
    account: Option<AccountId>,
}

/// Where a message is deleted.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DeleteFrom")]
enum From {
    /// In this home only.
    Here,
    /// On all devices of the account, and in its swarm.
    #[default]
    Devices,
    /// There and at the recipient's, which only its author can.
    Everyone,
}

pub(super) async fn delete(mut call: Call, params: DeleteParams) -> Outcome<ToldResult> {
    let account = call.owner(params.account, params.message).await?;
    let scope = match params.from {
        From::Here => DeleteScope::Here,
        From::Devices => DeleteScope::MyDevices,
        From::Everyone => DeleteScope::Everyone,
    };
    let command = Command::Delete { message: params.message, scope };
    told(call.command(AccountCommand::new(account, command)).await?)
}

/// What is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadParams {
    /// With whom: an Account ID, or a registered name.
    with: Peer,
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// Only up to this message.
    #[serde(default)]
    up_to: Option<MessageId>,
    /// It is marked as unread instead.
    #[serde(default)]
    unread: bool,
}

pub(super) async fn read(mut call: Call, params: ReadParams) -> Outcome<NoResult> {
    let account = call.account(params.account).await?;
    let conversation = call.conversation(&account, &params.with).await?;
    let command = match (params.unread, params.up_to) {
        (true, Some(_)) => {
            let text = "`unread` does not go with `up_to`; leave one out";
            return Err(Failure::params(text));
        }
        (true, None) => Command::MarkUnread { conversation, unread: true },
        (false, None) => Command::MarkRead { conversation, up_to: None },
        (false, Some(message)) => {
            let found = call.message(&account, message).await?;
            Command::MarkRead { conversation, up_to: Some(found.sent) }
        }
    };
    call.command(AccountCommand::new(account, command)).await?;
    Ok(NoResult {})
}

/// Who types.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypingParams {
    /// To whom: an Account ID, or a registered name.
    to: Peer,
    /// Whether; true when left out.
    #[serde(default = "yes")]
    typing: bool,
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

const fn yes() -> bool {
    true
}

pub(super) async fn typing(mut call: Call, params: TypingParams) -> Outcome<NoResult> {
    let account = call.account(params.account).await?;
    let to = call.peer(&account, &params.to).await?;
    let command = Command::SetTyping { to, typing: params.typing };
    call.command(AccountCommand::new(account, command)).await?;
    Ok(NoResult {})
}

/// When messages disappear.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpireParams {
    /// With whom: an Account ID, or a registered name.
    with: Peer,
    /// After so many seconds; left out, never.
    #[serde(default)]
    seconds: Option<u32>,
    /// Counted from when a message is read, not from when it was sent.
    #[serde(default)]
    after_read: bool,
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

pub(super) async fn expire(mut call: Call, params: ExpireParams) -> Outcome<NoResult> {
    let account = call.account(params.account).await?;
    let conversation = call.conversation(&account, &params.with).await?;
    let setting = match (params.seconds, params.after_read) {
        (None, _) => Disappearing::Off,
        (Some(seconds), true) => Disappearing::AfterRead(seconds),
        (Some(seconds), false) => Disappearing::AfterSend(seconds),
    };
    let command = Command::SetDisappearing { conversation, setting };
    call.command(AccountCommand::new(account, command)).await?;
    Ok(NoResult {})
}

/// How a conversation is; at least one of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetParams {
    /// With whom: an Account ID, or a registered name.
    with: Peer,
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// Above 0 it is pinned, higher ones first; below 0 it is hidden.
    #[serde(default)]
    priority: Option<i64>,
    /// Nothing is told of it for so many seconds; 0 ends that.
    #[serde(default)]
    mute: Option<u64>,
    /// What is told of it.
    #[serde(default)]
    notify: Option<Notify>,
    /// What was begun to write; empty for nothing. It stays in this home.
    #[serde(default)]
    draft: Option<String>,
}

pub(super) async fn set(mut call: Call, params: SetParams) -> Outcome<NoResult> {
    let account = call.account(params.account).await?;
    let conversation = call.conversation(&account, &params.with).await?;
    let mut commands = Vec::new();
    if let Some(priority) = params.priority {
        commands.push(Command::SetPriority { conversation: conversation.clone(), priority });
    }
    if let Some(seconds) = params.mute {
        let until = match seconds {
            0 => 0,
            seconds => call.now().await?.saturating_add(seconds.saturating_mul(1_000)),
        };
        commands.push(Command::Mute { conversation: conversation.clone(), until });
    }
    if let Some(notify) = params.notify {
        commands.push(Command::SetNotify { conversation: conversation.clone(), notify });
    }
    if let Some(text) = params.draft {
        let text = Some(text).filter(|text| !text.is_empty());
        commands.push(Command::SetDraft { conversation, text });
    }
    if commands.is_empty() {
        let text = "nothing is set; give `priority`, `mute`, `notify` or `draft`";
        return Err(Failure::params(text));
    }
    for command in commands {
        call.step(AccountCommand::new(account, command)).await?;
    }
    Ok(NoResult {})
}
