//! Events, and what a client says of them.

use ramson_wire::{
    AccountCommand, AccountId, Command, ConversationId, Done, Grant, Millis, Outcome as Came,
    Query, Record, Topic,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoParams, NoResult};
use crate::call::Call;
use crate::failure::Outcome;
use crate::scope::Wish;

/// What a client wants to hear of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeParams {
    /// The client's name: 1 to 64 of a-z, 0-9, '.', '-' and '_'. Where it
    /// stopped, and its records, are kept under it.
    client: String,
    /// Events are told again until the client is done with them.
    #[serde(default)]
    durable: bool,
    /// What it hears of; messages and conversations when left out.
    #[serde(default = "usual")]
    topics: Vec<Topic>,
    /// Of these accounts; of all that the client sees when left out.
    #[serde(default)]
    accounts: Option<Vec<AccountId>>,
    /// Of these conversations; of all that the client sees when left out.
    #[serde(default)]
    conversations: Option<Vec<ConversationId>>,
}

fn usual() -> Vec<Topic> {
    vec![Topic::Messages, Topic::Conversations]
}

/// What was subscribed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SubscribeResult {
    /// The client's name.
    client: String,
    /// Whether events are told again until it is done with them.
    durable: bool,
}

pub(super) async fn subscribe(mut call: Call, params: SubscribeParams) -> Outcome<SubscribeResult> {
    let (client, durable) = (params.client.clone(), params.durable);
    let SubscribeParams { topics, accounts, conversations, .. } = params;
    let topics = topics.into_iter().collect();
    let wish = Wish { client: client.clone(), durable, topics, accounts, conversations };
    call.subscribe(wish).await?;
    Ok(SubscribeResult { client, durable })
}

pub(super) async fn unsubscribe(mut call: Call, _: NoParams) -> Outcome<NoResult> {
    call.unsubscribe().await?;
    Ok(NoResult {})
}

/// What is done with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AckParams {
    /// Every event with a number up to this one.
    seq: u64,
}

pub(super) async fn ack(mut call: Call, params: AckParams) -> Outcome<NoResult> {
    call.done(Done { through: Some(params.seq), ..Done::default() }).await?;
    Ok(NoResult {})
}

/// What is done with, and what follows from it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoneParams {
    /// Every event with a number up to this one is done with; left out, none
    /// is: only the rest is kept.
    #[serde(default)]
    through: Option<u64>,
    /// What is written down.
    #[serde(default)]
    records: Vec<Record>,
    /// What accounts are told to do. A command that is refused for itself does
    /// not stand in the way of the rest.
    #[serde(default)]
    commands: Vec<DoneCommand>,
}

/// A command to an account, as plugins write it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DoneCommand {
    /// Which account; may be left out when the client sees one.
    #[serde(default)]
    account: Option<AccountId>,
    /// A key under which it is carried out once within 14 days.
    #[serde(default)]
    key: Option<String>,
    /// What.
    #[serde(flatten)]
    command: Command,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DoneResult {
    /// What came of each command.
    outcomes: Vec<Came>,
}

pub(super) async fn done(mut call: Call, params: DoneParams) -> Outcome<DoneResult> {
    let mut commands = Vec::new();
    for DoneCommand { account, key, command } in params.commands {
        let account = call.account(account).await?;
        commands.push(AccountCommand { account, key, command });
    }
    let done = Done { through: params.through, records: params.records, commands };
    Ok(DoneResult { outcomes: call.done(done).await? })
}

/// When.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmParams {
    /// Milliseconds since 1970.
    at: Millis,
}

pub(super) async fn alarm(call: Call, params: AlarmParams) -> Outcome<NoResult> {
    call.must_be_subscribed()?;
    call.alarm(Query::Alarm { at: params.at }).await?;
    Ok(NoResult {})
}

/// What the connection may do from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NarrowParams {
    /// For these accounts only.
    #[serde(default)]
    accounts: Option<Vec<AccountId>>,
    /// In these conversations only.
    #[serde(default)]
    conversations: Option<Vec<ConversationId>>,
    /// Only this.
    #[serde(default)]
    grants: Option<Vec<Grant>>,
}

pub(super) async fn narrow(mut call: Call, params: NarrowParams) -> Outcome<NoResult> {
    let grants = params.grants.map(|grants| grants.into_iter().collect());
    call.narrow(params.accounts, params.conversations, grants).await?;
    Ok(NoResult {})
}
