//! The command line: what can be asked, and its help. `docs/cli.md` is made
//! from this file.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

/// A messenger engine for the Session network.
///
/// Without a command it shows itself: a local network in this process, two
/// accounts, a message through three onion hops, and the answer.
#[derive(Debug, Parser)]
#[command(name = "ramson", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags that every command has.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The home: the folder with accounts and messages [default: RAMSON_HOME,
    /// else 'ramson' in the user's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,

    /// The network that a new home is bound to: mainnet, testnet, local (in
    /// this process) or a network file [default: mainnet]
    #[arg(long, global = true, value_name = "NETWORK")]
    pub(crate) network: Option<String>,

    /// Print one JSON object a line on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// How long 'send' waits for the swarm [default: 60], and 'listen
    /// --count' for its messages [default: no limit]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,

    /// Refuse, rather than ask the engine that already runs on this home
    #[arg(long, global = true)]
    pub(crate) no_attach: bool,

    /// Show more on stderr: the causes of an error, and the engine's log
    /// (-vv, -vvv for more; RAMSON_LOG for a filter)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Accounts of this home
    #[command(subcommand, arg_required_else_help = false)]
    Account(AccountCommand),

    /// Send a text, and return once the recipient's swarm has stored it
    ///
    /// When that takes longer than --timeout, the command fails, but the
    /// message stays in the outbox, and the next engine on this home sends it.
    Send(SendArgs),

    /// Print messages as they come
    ///
    /// Ends on SIGINT and SIGTERM with exit status 0.
    Listen(ListenArgs),

    /// Run the engine without printing, as a daemon
    ///
    /// Other commands on the same home are carried out by it. Ends on SIGINT
    /// and SIGTERM with exit status 0.
    Run,

    /// List conversations, the one with the newest message first
    Conversations(ConversationsArgs),

    /// Print the newest messages of a conversation, oldest first
    Messages(MessagesArgs),

    /// Print the delivery ledger of one message: every step of its way
    Trace(TraceArgs),

    /// Run a local network that others can join
    ///
    /// Service nodes with real onion layers, TLS on loopback and real storage
    /// rules. Ends on SIGINT and SIGTERM with exit status 0.
    Localnet(LocalnetArgs),

    /// Show how a message travels: what 'ramson' alone does
    ///
    /// Starts a local network in this process, sends a message from one
    /// account through three onion hops to another, and prints the way and
    /// the answer. On a terminal you can then write on. It has a home of its
    /// own in the user's state folder, unless --home or RAMSON_HOME is given.
    Demo,
}

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
}

/// For `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The recipient's Account ID
    #[arg(long, value_name = "ID")]
    pub(crate) to: String,
    /// The sender; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The text; read from stdin when left out
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
}

/// For `listen`.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// Only this account's messages
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

/// For `conversations`.
#[derive(Debug, Args)]
pub(crate) struct ConversationsArgs {
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}

/// For `messages`.
#[derive(Debug, Args)]
pub(crate) struct MessagesArgs {
    /// With whom
    #[arg(long, value_name = "ID")]
    pub(crate) with: String,
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// For `trace`.
#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// A message's name, such as m1-42, or its hash
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: String,
}

/// For `localnet`.
#[derive(Debug, Args)]
pub(crate) struct LocalnetArgs {
    /// How many service nodes
    #[arg(long, value_name = "N", default_value_t = 9,
        value_parser = clap::value_parser!(u16).range(4..=200))]
    pub(crate) nodes: u16,
    /// How many nodes a swarm has
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) swarm_size: u16,
    /// The address at which nodes and seed listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// Keep nodes and their messages in this folder, and go on from there
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Write the network's file here once it serves
    #[arg(long, value_name = "FILE")]
    pub(crate) write_network: Option<PathBuf>,
}
