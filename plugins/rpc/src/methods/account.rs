//! `account.…` and `profile`.

use ramson_wire::{Account, AccountCommand, AccountId, Answer, Command, Control};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoParams, NoResult};
use crate::call::{Call, odd};
use crate::failure::Outcome;

/// The accounts that the client sees.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AccountListResult {
    /// In the order in which they were added.
    accounts: Vec<Account>,
}

pub(super) async fn list(call: Call, _: NoParams) -> Outcome<AccountListResult> {
    Ok(AccountListResult { accounts: call.accounts().await? })
}

/// Which account is made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountCreateParams {
    /// The name that others see, 1 to 100 bytes.
    #[serde(default)]
    name: Option<String>,
}

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AccountResult {
    /// As it is now.
    account: Account,
}

pub(super) async fn create(mut call: Call, params: AccountCreateParams) -> Outcome<AccountResult> {
    match call.control(Control::CreateAccount { name: params.name }).await? {
        Answer::Account { account } => Ok(AccountResult { account }),
        other => Err(odd(&other)),
    }
}

/// Which account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountShowParams {
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
}

pub(super) async fn show(call: Call, params: AccountShowParams) -> Outcome<AccountResult> {
    let id = call.account(params.account).await?;
    Ok(AccountResult { account: call.account_of(&id).await? })
}

/// Which account goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRemoveParams {
    /// Which.
    account: AccountId,
}

pub(super) async fn remove(mut call: Call, params: AccountRemoveParams) -> Outcome<NoResult> {
    call.control(Control::RemoveAccount { account: params.account }).await?;
    Ok(NoResult {})
}

/// What others see of an account, and are told.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileParams {
    /// May be left out when the client sees one account.
    #[serde(default)]
    account: Option<AccountId>,
    /// The name that others see, 1 to 100 bytes.
    #[serde(default)]
    name: Option<String>,
    /// Whether others are told what was read, and this account is told what
    /// they read; in this home.
    #[serde(default)]
    read_receipts: Option<bool>,
    /// Whether others are told of typing, and this account of theirs; in this
    /// home.
    #[serde(default)]
    typing: Option<bool>,
}

pub(super) async fn profile(mut call: Call, params: ProfileParams) -> Outcome<AccountResult> {
    let id = call.account(params.account).await?;
    if let Some(name) = params.name {
        call.step(AccountCommand::new(id, Command::SetName { name })).await?;
    }
    let (read_receipts, typing) = (params.read_receipts, params.typing);
    if read_receipts.is_some() || typing.is_some() {
        let command = Command::SetPrivacy { read_receipts, typing };
        call.step(AccountCommand::new(id, command)).await?;
    }
    Ok(AccountResult { account: call.account_of(&id).await? })
}
