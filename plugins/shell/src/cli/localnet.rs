//! `localnet`, and what changes one that runs.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

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
