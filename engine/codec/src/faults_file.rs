//! The faults file: what goes wrong in a local network, where and when. Text
//! in, value out; reading the file and doing the damage is the caller's.
//!
//! ```toml
//! seed = 7                       # decides everything that is left to chance
//!
//! [[rule]]                       # a fault of requests: a fifth of them are not answered
//! fault = "answer lost"
//! nodes = "all"                  # a number, "all", "swarm 0", "seed", "file server", or a list of these
//! probability = 0.2              # or every = 5: every fifth; left out: all
//!
//! [[rule]]
//! name = "a slow swarm"          # for the status page
//! fault = "late"
//! ms = 800
//! nodes = ["swarm 1", 7]
//! asked_by = "clients"           # or "nodes"; left out: both
//! from = 10                      # seconds after the start; left out: from the start
//! until = 60.5                   # left out: for ever
//!
//! [[rule]]                       # a fault of nodes: it lasts from "from" to "until"
//! fault = "wrong clock"
//! ms = -600000
//! nodes = 4
//!
//! [[rule]]                       # nodes of different groups do not hear each other
//! fault = "partition"
//! groups = [[0, 1, 2], ["swarm 1"]]
//! ```
//!
//! Faults of requests, with what happens to the request:
//!
//! | `fault` | carried out | answer |
//! |---|---|---|
//! | `refused` | no | the connection is closed |
//! | `hang` | no | none, ever |
//! | `reset` | yes | half of it, then the connection is closed |
//! | `answer lost` | yes | the connection is closed before it |
//! | `late` (`ms`) | yes | so much later |
//! | `truncated` | yes | its first half, as if that were all |
//! | `garbage` | yes | as many bytes of noise |
//! | `status` (`status`) | no | this HTTP status and nothing else |
//!
//! Faults of nodes: `down`, `wrong clock` (`ms`), `lies about its swarm`,
//! `forgets last_hash`, `wrong signatures`, `withholds messages`, `loses
//! messages`, `refuses stores` (`status`), `refuses retrieves` (`status`),
//! `misdirects`, `not ready`, `slow` (`ms`), `foreign messages`, `oversized
//! answers`, `dripping`, `endless`, `partition` (`groups`).

#[cfg(test)]
mod tests;
mod text;
mod values;
mod write;

use std::time::Duration;

pub use text::{FaultsFileError, MAX_FAULTS_FILE};

/// What goes wrong, and with which luck.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultsFile {
    /// Decides everything that is left to chance; below 2^63.
    pub seed: u64,
    /// In the order of the file. For one request the first fault that strikes
    /// it counts; faults of nodes add up.
    pub rules: Vec<FaultRule>,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    /// What the status page calls it, if not by its fault.
    pub name: Option<String>,
    /// When it begins, after the start; whole milliseconds.
    pub from: Duration,
    /// When it ends, after `from`.
    pub until: Option<Duration>,
    /// What goes wrong.
    pub fault: Fault,
}

/// What goes wrong, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Requests to these hosts.
    Request {
        /// How they fail.
        fault: RequestFault,
        /// Whom they are for; never empty.
        to: Vec<FaultTarget>,
        /// Who asks.
        asked_by: AskedBy,
        /// Which of them.
        which: WhichRequests,
    },
    /// What these nodes are and do.
    Node {
        /// What is wrong with them.
        fault: NodeFault,
        /// Which; never empty, and neither a seed nor a file server.
        nodes: Vec<FaultTarget>,
    },
    /// Nodes of different groups do not hear each other; clients hear all.
    Partition {
        /// At least two; never empty, and without seed and file server.
        groups: Vec<Vec<FaultTarget>>,
    },
}

/// Whom a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultTarget {
    /// All nodes, neither the seed nor the file server.
    AllNodes,
    /// One node, counted from 0.
    Node(u32),
    /// All nodes that are in that swarm at the time, counted from 0 in the
    /// order in which the swarms were made.
    Swarm(u32),
    /// Who names the nodes.
    Seed,
    /// The file server.
    FileServer,
}

/// Who makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AskedBy {
    /// Anybody.
    #[default]
    Anybody,
    /// Clients, over HTTP.
    Clients,
    /// Other nodes.
    Nodes,
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhichRequests {
    /// All.
    #[default]
    All,
    /// Every n-th of each host, from 1.
    Every(u32),
    /// So many of a million, by chance; 1 to 1,000,000.
    Millionths(u32),
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFault {
    /// The connection is closed; nothing was done.
    Refused,
    /// Nothing is done, and no answer comes.
    Hang,
    /// It is carried out; the connection is closed in the middle of the answer.
    Reset,
    /// It is carried out; the connection is closed before the answer.
    AnswerLost,
    /// It is carried out; the answer comes so much later.
    Late(Duration),
    /// It is carried out; the answer is its first half.
    Truncated,
    /// It is carried out; the answer is noise.
    Garbage,
    /// Nothing is done; the answer is this HTTP status, 200 to 599.
    Status(u16),
}

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeFault {
    /// It is not there.
    Down,
    /// Its clock is ahead by so many milliseconds, or behind.
    WrongClock(i64),
    /// It names others as its swarm.
    LiesAboutItsSwarm,
    /// It tells all messages again, wherever the client stood.
    ForgetsLastHash,
    /// Its signatures do not verify.
    WrongSignatures,
    /// It leaves messages out of what it returns.
    WithholdsMessages,
    /// It says that it stored, and does not.
    LosesMessages,
    /// It refuses to store, with this HTTP status, 400 to 599.
    RefusesStores(u16),
    /// It refuses to tell messages, with this HTTP status, 400 to 599.
    RefusesRetrieves(u16),
    /// It says of every account that it is in another swarm.
    Misdirects,
    /// It answers that it is not ready.
    NotReady,
    /// Everything takes it so much longer.
    Slow(Duration),
    /// It returns messages of other accounts.
    ForeignMessages,
    /// It answers everything with megabytes of nothing.
    OversizedAnswers,
    /// Its answers come a byte a second.
    Dripping,
    /// Its answers never end.
    Endless,
}

impl FaultsFile {
    /// Whether the rule of that number strikes a host's `nth` request, counted
    /// from 0. `host` is any number that stands for the host. The same numbers
    /// give the same answer.
    pub fn strikes(&self, rule: usize, host: u64, nth: u64) -> bool {
        let Some(FaultRule { fault: Fault::Request { which, .. }, .. }) = self.rules.get(rule)
        else {
            return false;
        };
        match *which {
            WhichRequests::All => true,
            WhichRequests::Every(n) => {
                nth.wrapping_add(1).checked_rem(n.into()).is_some_and(|rest| rest == 0)
            }
            WhichRequests::Millionths(millionths) => {
                let drawn =
                    [rule as u64, host, nth].into_iter().fold(self.seed, |state, number| {
                        mix(state.rotate_left(17) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                    });
                // The upper half of a product is a number below the factor.
                let drawn = (u128::from(drawn) * 1_000_000) >> 64;
                drawn < u128::from(millionths)
            }
        }
    }
}

impl FaultRule {
    /// Whether it is in force so long after the start.
    pub fn is_on(&self, since_start: Duration) -> bool {
        self.from <= since_start && self.until.is_none_or(|until| since_start < until)
    }
}

impl AskedBy {
    /// Whether a request of a node, or else of a client, is meant.
    pub fn includes(self, a_node: bool) -> bool {
        match self {
            Self::Anybody => true,
            Self::Clients => !a_node,
            Self::Nodes => a_node,
        }
    }
}

/// Spreads a number over all 64 bits (the finish of SplitMix64).
fn mix(mut number: u64) -> u64 {
    number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
