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

    /// Through which SOCKS5 proxy everything goes, as socks5://host:port
    /// [default: RAMSON_PROXY, else what the home is set to]. The first one is
    /// kept with the home, later ones are for one run; see 'network proxy'
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// How long 'send' and names wait for the network [default: 60], 'network
    /// status' for a path [default: 20], and 'listen --count' for its messages
    /// [default: no limit]
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
    /// Ask nothing. Without it the command asks where stdin is a terminal, and
    /// only there
    #[arg(long)]
    pub(crate) yes: bool,
}

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

/// For `resolve`.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The name: 1 to 64 of a to z, 0 to 9, '_' and '-'
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// What is asked about the network, and set.
#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Show service nodes, guards, paths, clock and requests
    ///
    /// Where no engine runs on the home it starts one, waits until paths are
    /// ready, at most as long as --timeout says, and fails when none is. A
    /// running engine tells at once how it stands.
    Status(NetworkStatusArgs),
    /// Set the SOCKS5 proxy of this home, or show it
    ///
    /// A home with a proxy never connects without it. What is set here holds
    /// from the next engine on, so none may run meanwhile.
    Proxy(ProxyArgs),
}

/// For `network status`.
#[derive(Debug, Args)]
pub(crate) struct NetworkStatusArgs {
    /// Show the swarm of this account, too
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) swarm: Option<String>,
}

/// For `network proxy`.
#[derive(Debug, Args)]
pub(crate) struct ProxyArgs {
    /// socks5://host:port, which may hold a login as in
    /// socks5://user:password@host:port; 'off' for none; or 'show'
    #[arg(value_name = "URL", default_value = "show")]
    pub(crate) to: String,
}

/// For `localnet`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LocalnetArgs {
    /// How many service nodes
    #[arg(long, value_name = "N", default_value_t = 9,
        value_parser = clap::value_parser!(u16).range(4..=200))]
    pub(crate) nodes: u16,
    /// How many nodes a swarm has
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) swarm_size: u16,
    /// The address at which nodes, seed and file server listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// The seed's port; those of the nodes and of the file server follow
    /// [default: those of the last time, or any]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Keep nodes, messages, files and what is changed while it runs in this
    /// folder, and go on from there
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Write the network's file here once it serves
    #[arg(long, value_name = "FILE")]
    pub(crate) write_network: Option<PathBuf>,
    /// What goes wrong, and when: a faults file
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Names of accounts: a file with lines such as example = "05…"
    #[arg(long, value_name = "FILE")]
    pub(crate) names: Option<PathBuf>,
    /// Make the mistakes of the real storage server 2.8.0 too
    #[arg(long)]
    pub(crate) faithful: bool,
    /// The port of the status page on 127.0.0.1 [default: that of the last
    /// time, or any]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) page_port: Option<u16>,
    /// Serve no status page
    #[arg(long, conflicts_with = "page_port")]
    pub(crate) no_page: bool,
    #[command(subcommand)]
    pub(crate) command: Option<LocalnetCommand>,
}

/// What is done with a local network that runs, found by its state folder.
#[derive(Debug, Subcommand)]
pub(crate) enum LocalnetCommand {
    /// Show nodes, swarms, names, faults and what went wrong lately
    Status(OfLocalnet),
    /// Let a node die; it stays dead until it is started
    StopNode(OneNode),
    /// Bring a node back, with what it held
    StartNode(OneNode),
    /// Put a node into another swarm; the seed tells it at once, and messages
    /// move to those who have to hold them now
    Move(MoveArgs),
    /// Make a swarm of nodes that leave theirs
    NewSwarm(NewSwarmArgs),
    /// Let things go wrong as a faults file says, instead of what went wrong
    /// before; its times count from now
    Faults(FaultsArgs),
    /// Let nothing go wrong any more
    ClearFaults(OfLocalnet),
    /// Register a name for an account, or another account for a name
    Name(NameOfAccountArgs),
    /// Take a name out
    ForgetName(ForgetNameArgs),
    /// End the network cleanly; returns when it has ended
    Stop(OfLocalnet),
}

/// Which local network.
#[derive(Debug, Args)]
pub(crate) struct OfLocalnet {
    /// The state folder of the network
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
}

/// For `localnet stop-node` and `localnet start-node`.
#[derive(Debug, Args)]
pub(crate) struct OneNode {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// Which node, counted from 0
    #[arg(value_name = "NODE")]
    pub(crate) node: usize,
}

/// For `localnet move`.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// Which node, counted from 0
    #[arg(value_name = "NODE")]
    pub(crate) node: usize,
    /// Into which swarm, counted from 0; or 'none'
    #[arg(value_name = "SWARM")]
    pub(crate) swarm: String,
}

/// For `localnet new-swarm`.
#[derive(Debug, Args)]
pub(crate) struct NewSwarmArgs {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// Which nodes, counted from 0
    #[arg(value_name = "NODE", required = true)]
    pub(crate) nodes: Vec<usize>,
}

/// For `localnet faults`.
#[derive(Debug, Args)]
pub(crate) struct FaultsArgs {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// A faults file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// For `localnet name`.
#[derive(Debug, Args)]
pub(crate) struct NameOfAccountArgs {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// The name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The Account ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// For `localnet forget-name`.
#[derive(Debug, Args)]
pub(crate) struct ForgetNameArgs {
    #[command(flatten)]
    pub(crate) of: OfLocalnet,
    /// The name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
