//! `account` and `profile`: the accounts of a home, and what others see of one.

use clap::{Args, Subcommand, ValueEnum};

/// What is done with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make a new account, and the home if there is none
    Create(NameArgs),
    /// Bring an account back from its recovery phrase, read from stdin
    Restore(NameArgs),
    /// List the accounts of this home
    List,
    /// Show one account
    Show(ShowArgs),
    /// Remove an account and all its messages from this home
    Remove(RemoveArgs),
}

/// For `account create` and `account restore`.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name that others see, 1 to 100 bytes
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// For `account show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Which account; may be left out when the home has one
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Show the recovery phrase too. Whoever has it is this account
    #[arg(long)]
    pub(crate) phrase: bool,
}

/// For `account remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Which account. Without its recovery phrase it is gone for good
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Ask nothing. Without it the command asks where stdin is a terminal, and
    /// only there
    #[arg(long)]
    pub(crate) yes: bool,
}

/// For `profile`.
#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The name that others see, 1 to 100 bytes
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Whether others are told what was read, and this account is told what
    /// they read; in this home
    #[arg(long, value_enum, value_name = "ON|OFF")]
    pub(crate) read_receipts: Option<Switch>,
    /// Whether others are told of typing, and this account of theirs; in this
    /// home
    #[arg(long, value_enum, value_name = "ON|OFF")]
    pub(crate) typing: Option<Switch>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// Which account of the home.
#[derive(Debug, Args)]
pub(crate) struct OfAccount {
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}
