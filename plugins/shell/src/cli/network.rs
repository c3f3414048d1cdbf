//! `network` and `resolve`.

use clap::{Args, Subcommand};

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

/// For `resolve`.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The name: 1 to 64 of a to z, 0 to 9, '_' and '-'
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
