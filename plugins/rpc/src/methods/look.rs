//! What there is: conversations, messages, ways of messages, names, the
//! network.

use ramson_wire::{AccountId, Answer, Conversation, Message, MessageId, Network, Query, Trace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Peer, odd};
use crate::failure::Outcome;
use crate::limits;

/// Which conversations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversationsParams {
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// Those that are hidden, blocked or not accepted, too.
    #[serde(default)]
    all: bool,
}

/// Conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationsResult {
    /// Pinned ones first, then the one with the newest message.
    conversations: Vec<Conversation>,
}

pub(super) async fn conversations(
    call: Call,
    params: ConversationsParams,
) -> Outcome<ConversationsResult> {
    let account = call.account(params.account).await?;
    let mut conversations = call.conversations(account).await?;
    if !params.all {
        conversations.retain(|line| line.priority >= 0 && !line.blocked && !line.request);
    }
    Ok(ConversationsResult { conversations })
}

/// Which messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesParams {
    /// With whom: an Account ID, or a registered name.
    with: Peer,
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// Those right before this one; else the newest.
    #[serde(default)]
    before: Option<MessageId>,
    /// How many at most; 50 when left out, and 1,000 at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// Messages of a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessagesResult {
    /// Oldest first.
    messages: Vec<Message>,
    /// There are none before these.
    complete: bool,
}

pub(super) async fn messages(call: Call, params: MessagesParams) -> Outcome<MessagesResult> {
    let account = call.account(params.account).await?;
    let conversation = call.conversation(&account, &params.with).await?;
    let limit = params.limit.unwrap_or(limits::MESSAGES);
    let query = Query::Messages { account, conversation, before: params.before, limit };
    let (messages, complete) = call.messages(query).await?;
    Ok(MessagesResult { messages, complete })
}

/// Which message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageParams {
    /// Which.
    message: MessageId,
    /// Whose message it is; may be left out.
    #[serde(default)]
    account: Option<AccountId>,
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessageResult {
    /// Whose it is.
    account: AccountId,
    /// As it is now.
    message: Message,
}

pub(super) async fn message(call: Call, params: MessageParams) -> Outcome<MessageResult> {
    let account = call.owner(params.account, params.message).await?;
    let message = call.message(&account, params.message).await?;
    Ok(MessageResult { account, message })
}

/// The way of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TraceResult {
    /// Every step of it.
    trace: Trace,
}

pub(super) async fn trace(call: Call, params: MessageParams) -> Outcome<TraceResult> {
    let account = call.owner(params.account, params.message).await?;
    match call.query(Query::Trace { account, message: params.message }).await? {
        Answer::Trace { trace } => Ok(TraceResult { trace }),
        other => Err(odd(&other)),
    }
}

/// A registered name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveParams {
    /// The name: 1 to 64 of a to z, 0 to 9, '_' and '-'.
    name: String,
    /// Who asks; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

/// Whose a name is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ResolveResult {
    /// The Account ID.
    id: AccountId,
}

pub(super) async fn resolve(call: Call, params: ResolveParams) -> Outcome<ResolveResult> {
    let account = call.account(params.account).await?;
    Ok(ResolveResult { id: call.resolve(account, params.name).await? })
}

/// For which account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkStatusParams {
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

/// How the network is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NetworkStatusResult {
    /// As the engine sees it.
    network: Network,
}

pub(super) async fn network(
    call: Call,
    params: NetworkStatusParams,
) -> Outcome<NetworkStatusResult> {
    let account = call.account(params.account).await?;
    match call.query(Query::Network { account }).await? {
        Answer::Network { network } => Ok(NetworkStatusResult { network }),
        other => Err(odd(&other)),
    }
}
