//! Messages: `send`, `reply`, `react`, `delete`, `messages`, `listen`, and what
//! the ledger knows of one.

use clap::{Args, Subcommand, ValueEnum};

/// For `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The recipient's Account ID, or a registered name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) to: String,
    /// The sender; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The text; read from stdin when left out
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// The title of the page that a link in the text leads to
    #[arg(long, value_name = "TITLE", requires = "link")]
    pub(crate) link_title: Option<String>,
    /// The link that is shown with a title; it has to stand in the text
    #[arg(long, value_name = "URL", requires = "link_title")]
    pub(crate) link: Option<String>,
    /// Send an invitation to a community instead of a text:
    /// https://host/room?public_key=<64 hex digits>
    #[arg(long, value_name = "URL", conflicts_with_all = ["text", "link"], requires = "room")]
    pub(crate) invite: Option<String>,
    /// The name of the room that the invitation is for
    #[arg(long, value_name = "NAME", requires = "invite")]
    pub(crate) room: Option<String>,
}

/// For `reply`.
#[derive(Debug, Args)]
pub(crate) struct ReplyArgs {
    /// Which message, such as m1-42
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
    /// The text; read from stdin when left out
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
}

/// For `react`.
#[derive(Debug, Args)]
pub(crate) struct ReactArgs {
    /// Which message, such as m1-42
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
    /// One emoji
    #[arg(value_name = "EMOJI")]
    pub(crate) emoji: String,
    /// Take it away
    #[arg(long)]
    pub(crate) remove: bool,
}

/// For `delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Which message, such as m1-42
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
    /// Where: here, in this home only; devices, on all devices of the account
    /// and in its swarm; everyone, there and at the recipient's, which only its
    /// author can
    #[arg(long, value_enum, default_value_t = Scope::Devices)]
    pub(crate) from: Scope,
}

/// Where a message is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    Here,
    Devices,
    Everyone,
}

/// For `messages`.
#[derive(Debug, Args)]
pub(crate) struct MessagesArgs {
    /// With whom: an Account ID, or a registered name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) with: String,
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// For `listen`.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// Only this account's messages
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Everything that happens: notices, reactions, deletions, what is read,
    /// changes of conversations and profile. '--count' counts messages all the
    /// same
    #[arg(long)]
    pub(crate) all: bool,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

/// For `trace`.
#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// A message's name, such as m1-42, or its hash, of which 8 characters are enough
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
}

/// What is done with the delivery ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Keep it from now on; it is kept unless it was switched off
    On,
    /// Keep none, and remove what there is: 'trace' knows nothing any more
    Off,
    /// Say whether it is kept
    Status,
}
