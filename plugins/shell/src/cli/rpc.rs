//! `rpc`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ramson_wire::Grant;

use super::plugins::grant;

/// For `rpc`.
#[derive(Debug, Args)]
pub(crate) struct RpcArgs {
    /// Serve HTTP at this address of this machine instead; port 0 for any. The
    /// token that clients need is in the home's file rpc-token
    #[arg(long, value_name = "ADDR", conflicts_with = "socket")]
    pub(crate) http: Option<SocketAddr>,
    /// Serve a Unix socket at this path instead, for this user alone
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// For this account of the home, and for each that is given so
    /// [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// What clients may do: read, history, send, manage, contacts, profile,
    /// network, accounts, plugins; with commas between [default: all]
    #[arg(long, value_name = "GRANT,…", value_delimiter = ',', value_parser = grant)]
    pub(crate) grant: Vec<Grant>,
}
