//! `contact` and `requests`.

use clap::{Args, Subcommand};

use super::accounts::OfAccount;

/// What is done with contacts. It holds on all devices of the account.
#[derive(Debug, Subcommand)]
pub(crate) enum ContactCommand {
    /// List contacts
    List(OfAccount),
    /// Make a contact of an account, and let it write
    Add(ContactArgs),
    /// Let an account write that asked to
    Approve(ContactArgs),
    /// Do not hear an account any more
    Block(ContactArgs),
    /// Hear it again
    Unblock(ContactArgs),
    /// Give a contact a name, or take it away
    Nickname(NicknameArgs),
    /// Remove a contact, its conversation and all messages of it
    Remove(ContactArgs),
}

/// For most of `contact`.
#[derive(Debug, Args)]
pub(crate) struct ContactArgs {
    /// Who: an Account ID, or a registered name
    #[arg(value_name = "ID|NAME")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) of: OfAccount,
}

/// For `contact nickname`.
#[derive(Debug, Args)]
pub(crate) struct NicknameArgs {
    /// Who: an Account ID, or a registered name
    #[arg(value_name = "ID|NAME")]
    pub(crate) id: String,
    /// The name, at most 100 bytes; without one it is taken away
    #[arg(value_name = "NICKNAME")]
    pub(crate) nickname: Option<String>,
    #[command(flatten)]
    pub(crate) of: OfAccount,
}

/// For `requests`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RequestsArgs {
    #[command(flatten)]
    pub(crate) of: OfAccount,
    #[command(subcommand)]
    pub(crate) command: Option<RequestsCommand>,
}

/// How message requests are answered.
#[derive(Debug, Subcommand)]
pub(crate) enum RequestsCommand {
    /// Accept one: its author is told, and may write
    Accept(ContactArgs),
    /// Turn one down: its messages go, and nothing is said
    Decline(ContactArgs),
    /// Turn all down
    DeclineAll(OfAccount),
}
