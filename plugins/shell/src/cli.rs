//! The command line: what can be asked, and its help. `docs/cli.md` is made
//! from this file and its rooms.

mod accounts;
mod contacts;
mod conversations;
mod localnet;
mod messages;
mod network;
mod plugins;
mod rpc;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

pub(crate) use accounts::*;
pub(crate) use contacts::*;
pub(crate) use conversations::*;
pub(crate) use localnet::*;
pub(crate) use messages::*;
pub(crate) use network::*;
pub(crate) use plugins::*;
pub(crate) use rpc::*;

/// A messenger engine for the Session network.
///
/// Without a command, on a terminal, its user interface is shown on the home;
/// where there is none yet, it offers to try everything on a local network in
/// this process, to make an account, or to restore one. Otherwise it is 'demo'.
#[derive(Debug, Parser)]
#[command(name = "ramson", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// Which user interface is shown: terminal, web, desktop, another plugin's
    /// name, or the path of its library [default: terminal]
    #[arg(long, value_name = "UI")]
    pub(crate) ui: Option<String>,
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

    /// Through which SOCKS5 proxy everything goes, as socks5://host:port
    /// [default: RAMSON_PROXY, else what the home is set to]. The first one is
    /// kept with the home, later ones are for one run; see 'network proxy'
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// How long commands wait for the network [default: 60], 'account restore'
    /// for the account's profile [default: 15], 'network status' for a path
    /// [default: 20], and 'listen --count' for its messages [default: no limit]
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

    /// Answer a message; like 'send' to its conversation
    Reply(ReplyArgs),

    /// Put an emoji on a message, or take it away
    React(ReactArgs),

    /// Delete a message
    ///
    /// What was deleted does not come back, whatever the swarm still has.
    Delete(DeleteArgs),

    /// Mark a conversation as read or unread, on all devices of the account
    Read(ReadArgs),

    /// Let messages of a conversation disappear from now on
    Expire(ExpireArgs),

    /// Set how a conversation is listed and what is told of it
    Set(SetArgs),

    /// Show or set what others see of an account
    Profile(ProfileArgs),

    /// Contacts of an account
    #[command(subcommand, arg_required_else_help = false)]
    Contact(ContactCommand),

    /// List message requests: strangers who wrote; or answer them
    Requests(RequestsArgs),

    /// Print messages as they come
    ///
    /// Ends on SIGINT and SIGTERM with exit status 0.
    Listen(ListenArgs),

    /// Run the engine without printing, as a daemon
    ///
    /// Other commands on the same home are carried out by it, and the plugins
    /// that are to start with it run. Ends on SIGINT and SIGTERM with exit
    /// status 0.
    Run,

    /// List conversations, the one with the newest message first
    Conversations(ConversationsArgs),

    /// Print the newest messages of a conversation, oldest first
    Messages(MessagesArgs),

    /// Print the delivery ledger of one message: every step of its way
    Trace(TraceArgs),

    /// Keep a delivery ledger in this home, or none
    #[command(subcommand, arg_required_else_help = false)]
    Ledger(LedgerCommand),

    /// Print the Account ID that a registered name stands for
    ///
    /// Several service nodes are asked, and they must say the same.
    Resolve(ResolveArgs),

    /// How the network is, and the way to it
    #[command(subcommand, arg_required_else_help = false)]
    Network(NetworkCommand),

    /// Run a local network that others can join, or change one that runs
    ///
    /// Service nodes with real onion layers, TLS on loopback and real storage
    /// rules, a seed and a file server; a page on loopback shows how they
    /// stand. Ends on SIGINT and SIGTERM with exit status 0. With a command it
    /// changes the network that runs with that state folder.
    Localnet(LocalnetArgs),

    /// Plugins: what they are, and which run
    #[command(subcommand, arg_required_else_help = false)]
    Plugin(PluginCommand),

    /// User interfaces, which are plugins that take turns
    #[command(subcommand, arg_required_else_help = false)]
    Ui(UiCommand),

    /// Serve bots in any language: JSON-RPC 2.0, one object a line
    ///
    /// On stdin and stdout, until stdin ends; with --http or --socket there,
    /// until SIGINT or SIGTERM. Where no engine runs on the home this command
    /// is the engine, and makes the home if there is none; else the one that
    /// runs serves. Every engine that goes on also serves the socket rpc.sock
    /// in its home. docs/rpc.md has all methods.
    Rpc(RpcArgs),

    /// Serve one plugin; an engine starts this itself
    #[command(name = "plugin-host", hide = true)]
    PluginHost(PluginHostArgs),

    /// Show how a message travels: what 'ramson' alone does in a pipe
    ///
    /// Starts a local network in this process, sends a message from one
    /// account through three onion hops to another, which the plugin 'bot-echo'
    /// answers for, and prints the way and the answer. On a terminal you can
    /// then write on. It has a home of its
    /// own in the user's state folder, unless --home or RAMSON_HOME is given.
    Demo,
}
