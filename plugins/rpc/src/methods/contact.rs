//! `contact.…` and `requests.…`.

use ramson_wire::{AccountCommand, AccountId, Command, Conversation, ConversationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NoResult;
use crate::call::{Call, Peer};
use crate::failure::{Failure, Outcome};

/// Of which account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactListParams {
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

/// Contacts, with their conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContactListResult {
    /// All of them.
    contacts: Vec<Conversation>,
}

pub(super) async fn list(call: Call, params: ContactListParams) -> Outcome<ContactListResult> {
    let contacts = of(&call, params.account, |line| !line.request).await?;
    Ok(ContactListResult { contacts })
}

/// Message requests.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RequestsListResult {
    /// All of them.
    requests: Vec<Conversation>,
}

pub(super) async fn requests(call: Call, params: ContactListParams) -> Outcome<RequestsListResult> {
    let requests = of(&call, params.account, |line| line.request).await?;
    Ok(RequestsListResult { requests })
}

async fn of(
    call: &Call,
    account: Option<AccountId>,
    wanted: impl Fn(&Conversation) -> bool + Send,
) -> Outcome<Vec<Conversation>> {
    let account = call.account(account).await?;
    let own = ConversationId::from(account);
    let mut lines = call.conversations(account).await?;
    lines.retain(|line| line.id != own && line.id.account().is_some() && wanted(line));
    Ok(lines)
}

/// Which contact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactParams {
    /// Who: an Account ID, or a registered name.
    contact: Peer,
    /// Whose contact; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

async fn tell(
    mut call: Call,
    account: Option<AccountId>,
    contact: &Peer,
    command: impl FnOnce(AccountId) -> Command + Send,
) -> Outcome<NoResult> {
    let account = call.account(account).await?;
    let contact = call.peer(&account, contact).await?;
    call.command(AccountCommand::new(account, command(contact))).await?;
    Ok(NoResult {})
}

pub(super) async fn add(call: Call, params: ContactParams) -> Outcome<NoResult> {
    tell(call, params.account, &params.contact, |contact| Command::AddContact { contact }).await
}

pub(super) async fn approve(call: Call, params: ContactParams) -> Outcome<NoResult> {
    tell(call, params.account, &params.contact, |contact| Command::Approve { contact }).await
}

pub(super) async fn remove(call: Call, params: ContactParams) -> Outcome<NoResult> {
    tell(call, params.account, &params.contact, |contact| Command::RemoveContact { contact }).await
}

pub(super) async fn accept(call: Call, params: ContactParams) -> Outcome<NoResult> {
    approve(call, params).await
}

/// The name of a contact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactNameParams {
    /// Who: an Account ID, or a registered name.
    contact: Peer,
    /// The name, at most 100 bytes; left out, it is taken away.
    #[serde(default)]
    name: Option<String>,
    /// Whose contact; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

pub(super) async fn name(call: Call, params: ContactNameParams) -> Outcome<NoResult> {
    let nickname = params.name.filter(|name| !name.is_empty());
    let command = |contact| Command::SetNickname { contact, nickname };
    tell(call, params.account, &params.contact, command).await
}

/// Whether an account is heard.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactBlockParams {
    /// Who: an Account ID, or a registered name.
    contact: Peer,
    /// Whether it is blocked; true when left out.
    #[serde(default = "yes")]
    blocked: bool,
    /// Whose contact; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

const fn yes() -> bool {
    true
}

pub(super) async fn block(call: Call, params: ContactBlockParams) -> Outcome<NoResult> {
    let blocked = params.blocked;
    let command = |contact| Command::Block { contact, blocked };
    tell(call, params.account, &params.contact, command).await
}

/// Which requests are turned down: one, or all.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestsDeclineParams {
    /// Whose: an Account ID, or a registered name.
    #[serde(default)]
    contact: Option<Peer>,
    /// All there are.
    #[serde(default)]
    all: bool,
    /// To whom; may be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

pub(super) async fn decline(mut call: Call, params: RequestsDeclineParams) -> Outcome<NoResult> {
    match (params.contact, params.all) {
        (Some(contact), false) => {
            let command = |contact| Command::Decline { contact };
            tell(call, params.account, &contact, command).await
        }
        (None, true) => {
            let account = call.account(params.account).await?;
            call.command(AccountCommand::new(account, Command::DeclineAll)).await?;
            Ok(NoResult {})
        }
        _ => Err(Failure::params("one request is turned down, or all; give `contact` or `all`")),
    }
}
