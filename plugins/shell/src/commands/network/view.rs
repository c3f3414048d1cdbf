//! The network as it is shown: JSON with whole keys, lines with short ones.

mod lines;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ramson_system::{AccountNetwork, AccountSummary, NetworkStatus, PathStatus, PathsStatus};
use ramson_types::Timestamp;
use serde::Serialize;

use super::Swarm;
use crate::commands::Ground;
use crate::settings::Proxy;

/// All of it. Ages and spans are milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct View {
    network: String,
    seeds: Vec<String>,
    proxy: Option<String>,
    /// For how long the engine has run.
    up: u64,
    pool: Option<Pool>,
    /// Nothing could be built from the pool lately.
    pool_doubted: bool,
    /// Why no new one came at last.
    pool_error: Option<String>,
    requests: Requests,
    polls: Polls,
    accounts: Vec<Account>,
    /// For what is asked about the network itself; built when needed.
    own_paths: Paths,
    #[serde(skip_serializing_if = "Option::is_none")]
    swarm: Option<SwarmView>,
}

#[derive(Debug, Clone, Serialize)]
struct Pool {
    nodes: usize,
    age: u64,
    source: String,
}

#[derive(Debug, Clone, Serialize)]
struct Requests {
    in_10_s: u64,
    in_60_s: u64,
    /// Allowed; without, there is no limit.
    per_second: Option<u32>,
    waiting: usize,
}

#[derive(Debug, Clone, Serialize)]
struct Polls {
    accounts: usize,
    under_way: usize,
    waiting: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Account {
    id: String,
    name: Option<String>,
    clock_offset: i64,
    outbox: usize,
    /// Configs that the swarm does not have as they are here.
    unstored_configs: usize,
    /// Deletions and the like that the swarm has not heard of.
    errands: usize,
    /// Whether the account's settings were ever fetched.
    synced: bool,
    polling: bool,
    poll_member: Option<String>,
    polled: Option<u64>,
    /// How long ago that was, for people.
    #[serde(skip)]
    polled_ago: u64,
    #[serde(flatten)]
    paths: Paths,
}

#[derive(Debug, Clone, Serialize)]
struct Paths {
    guards: Vec<String>,
    paths: Vec<PathView>,
    strikes: Vec<Strikes>,
}

#[derive(Debug, Clone, Serialize)]
struct PathView {
    hops: Vec<String>,
    /// `ready`, `suspected` (being verified again) or `trying`.
    state: &'static str,
    replaces_another: bool,
    age: u64,
    strikes: u32,
}

#[derive(Debug, Clone, Serialize)]
struct Strikes {
    node: String,
    strikes: u32,
}

#[derive(Debug, Clone, Serialize)]
struct SwarmView {
    id: String,
    name: Option<String>,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Serialize)]
struct Member {
    ed25519: String,
    x25519: String,
    address: String,
    /// How often it failed or lied lately.
    doubted: u32,
    /// For how long others are asked first.
    doubted_for: u64,
}

impl View {
    pub(super) fn new(
        ground: &Ground,
        status: &NetworkStatus,
        accounts: &[AccountSummary],
        swarm: Option<&Swarm>,
        now: Timestamp,
    ) -> Self {
        let NetworkStatus { swarm: whole, own_paths, accounts: running, up } = status;
        let pool = whole.pool.as_ref();
        Self {
            network: ground.network.name().to_owned(),
            seeds: ground.network.seeds(),
            proxy: ground.proxy.as_ref().map(Proxy::to_string),
            up: millis(*up),
            pool: pool.map(|pool| Pool {
                nodes: pool.nodes,
                age: millis(pool.age),
                source: pool.source.clone(),
            }),
            pool_doubted: whole.pool_is_doubted,
            pool_error: whole.last_pool_error.clone(),
            requests: Requests {
                in_10_s: whole.requests.in_10_s,
                in_60_s: whole.requests.in_60_s,
                per_second: whole.requests_per_second,
                waiting: whole.requests_waiting,
            },
            polls: Polls {
                accounts: whole.accounts_polled,
                under_way: whole.polls_under_way,
                waiting: whole.polls_wait,
            },
            accounts: running
                .iter()
                .map(|account| {
                    let known = accounts.iter().find(|summary| summary.id == account.id);
                    Account::new(account, known.and_then(|known| known.name.clone()), now)
                })
                .collect(),
            own_paths: Paths::new(own_paths),
            swarm: swarm.map(SwarmView::new),
        }
    }
}

impl Account {
    fn new(account: &AccountNetwork, name: Option<String>, now: Timestamp) -> Self {
        let status = &account.status;
        Self {
            id: account.id.to_string(),
            name,
            clock_offset: status.clock_offset,
            outbox: status.outbox,
            unstored_configs: status.unstored_configs,
            errands: status.errands,
            synced: status.synced,
            polling: status.polling,
            poll_member: status.poll_member.map(|node| node.to_string()),
            polled: status.polled.map(Timestamp::millis),
            polled_ago: status.polled.map_or(0, |at| millis(now.since(at))),
            paths: Paths::new(&account.paths),
        }
    }
}

impl Paths {
    fn new(status: &PathsStatus) -> Self {
        let strikes = status.strikes.iter();
        Self {
            guards: status.guards.iter().map(ToString::to_string).collect(),
            paths: status.paths.iter().map(PathView::new).collect(),
            strikes: strikes
                .map(|(node, strikes)| Strikes { node: node.to_string(), strikes: *strikes })
                .collect(),
        }
    }
}

impl PathView {
    fn new(path: &PathStatus) -> Self {
        Self {
            hops: path.hops.iter().map(ToString::to_string).collect(),
            state: match (path.suspected, path.ready) {
                (true, _) => "suspected",
                (false, true) => "ready",
                (false, false) => "trying",
            },
            replaces_another: path.replaces_another,
            age: millis(path.age),
            strikes: path.strikes,
        }
    }
}

impl SwarmView {
    fn new(swarm: &Swarm) -> Self {
        let members = swarm.members.iter().map(|member| Member {
            ed25519: member.node.ed25519.to_string(),
            x25519: member.node.x25519.to_string(),
            address: format!("{}:{}", member.node.ip, member.node.https_port),
            doubted: member.doubted.map_or(0, |doubted| doubted.times),
            doubted_for: millis(member.doubted_for),
        });
        Self { id: swarm.id.to_string(), name: swarm.name.clone(), members: members.collect() }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
