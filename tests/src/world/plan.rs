//! The script of a scenario: who is there, what happens when, and what must
//! not be exceeded.

use std::time::Duration;

use ramson_node::Faults;

use super::net::{Down, Rates};

/// A scenario's script.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many service nodes.
    pub nodes: usize,
    /// About how many to a swarm.
    pub swarm_size: usize,
    /// How many seeds.
    pub seeds: usize,
    /// How many accounts.
    pub accounts: usize,
    /// How many devices each account has. Client `n` is a device of account
    /// `n / devices`, unless the first account has another number of them.
    pub devices: usize,
    /// How many devices the first account has, if others than the rest.
    pub first_devices: Option<usize>,
    /// Clients that are not there from the start ([`Step::Begin`]).
    pub late: Vec<usize>,
    /// Whether users do more than write to each other: then the devices of an
    /// account are compared at the end, instead of counting what arrived.
    pub acts: bool,
    /// What clients have from an earlier run.
    pub kept: Kept,
    /// Requests a second that a client may make; `None` is no limit.
    pub budget: Option<u32>,
    /// What clients' requests meet.
    pub client_rates: Rates,
    /// What nodes' requests among themselves meet.
    pub node_rates: Rates,
    /// What becomes of clients when they commit.
    pub commit_crashes: CommitCrashes,
    /// What happens when, counted from the start.
    pub steps: Vec<(Duration, Step)>,
    /// What must not be exceeded.
    pub limits: Limits,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            nodes: 12,
            swarm_size: 4,
            seeds: 2,
            accounts: 3,
            devices: 1,
            first_devices: None,
            late: Vec::new(),
            acts: false,
            kept: Kept::default(),
            budget: Some(10),
            client_rates: Rates::default(),
            node_rates: Rates::default(),
            commit_crashes: CommitCrashes::default(),
            steps: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Plan {
    /// Adds a step.
    #[must_use]
    pub fn at(mut self, seconds: u64, step: Step) -> Self {
        self.steps.push((Duration::from_secs(seconds), step));
        self
    }

    /// Every client writes to the next account, `each` times, spread evenly
    /// over the time from `from` to `until`.
    #[must_use]
    pub fn chatter(mut self, each: usize, from: u64, until: u64) -> Self {
        let clients = self.accounts.saturating_mul(self.devices);
        let span = until.saturating_sub(from).saturating_mul(1000);
        let gap = span / u64::try_from(each.saturating_mul(clients)).unwrap_or(1).max(1);
        let mut at = from.saturating_mul(1000);
        for round in 0..each {
            for client in 0..clients {
                let account = client / self.devices.max(1);
                let others = self.accounts.saturating_sub(1).max(1);
                let to = (account + 1 + round % others) % self.accounts.max(1);
                self.steps.push((Duration::from_millis(at), Step::Send { from: client, to }));
                at = at.saturating_add(gap);
            }
        }
        self
    }
}

/// What clients have from an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Their guards, by number.
    pub guards: Vec<usize>,
    /// Whether they know the nodes.
    pub pool: bool,
}

/// How often a client dies at a commit's boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CommitCrashes {
    /// Just before the write.
    pub before: f64,
    /// Just after it, so that nobody was told.
    pub after: f64,
    /// From then on no more.
    pub until: Duration,
}

/// What must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The virtual time until everything is settled.
    pub time: Duration,
    /// Requests that one client makes in a minute.
    pub requests_per_minute: u32,
    /// Steps of one client's tasks in a virtual second, on average over ten.
    pub steps_per_second: u64,
    /// Steps of everybody in the whole run: it ends then.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30 * 60),
            requests_per_minute: 150,
            steps_per_second: 200,
            steps: 5_000_000,
        }
    }
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A client writes to an account.
    Send {
        /// Which client.
        from: usize,
        /// To which account.
        to: usize,
    },
    /// A user does something, as chance has it, with what is there.
    Act(usize),
    /// A client is there from now on, with an empty home.
    Begin(usize),
    /// A node goes away.
    Kill(usize, Down),
    /// The first guard of a client goes away.
    KillGuardOf(usize),
    /// Some members of an account's swarm go away.
    KillMembers {
        /// Which account.
        of: usize,
        /// How many.
        count: usize,
        /// How.
        how: Down,
    },
    /// Every node goes away.
    KillAll(Down),
    /// Every node that is away comes back.
    ReturnAll {
        /// With its messages.
        keep: bool,
    },
    /// So many members of an account's swarm change places with nodes of
    /// other swarms.
    SwapMembers {
        /// Which account.
        of: usize,
        /// How many.
        count: usize,
    },
    /// Half of each swarm of more than one joins a new one.
    SplitSwarms,
    /// The members of an account's swarm join others.
    Dissolve {
        /// Which account.
        of: usize,
    },
    /// So many members of an account's swarm learn of no change any more.
    Freeze {
        /// Which account.
        of: usize,
        /// How many.
        count: usize,
    },
    /// Every node learns how the network is now.
    Thaw,
    /// Something is wrong with so many members of an account's swarm.
    MemberFaults {
        /// Which account.
        of: usize,
        /// How many.
        count: usize,
        /// What.
        faults: Faults,
    },
    /// Something is wrong with a node.
    NodeFaults(usize, Faults),
    /// Half of each swarm is cut off from everybody else.
    CutHalfOfEachSwarm,
    /// A client is cut off.
    CutClient(usize),
    /// Nobody is cut off any more.
    Repair,
    /// What clients' requests meet from now on.
    ClientRates(Rates),
    /// What nodes' requests among themselves meet from now on.
    NodeRates(Rates),
    /// Every seed goes away.
    SeedsDown,
    /// Every seed comes back.
    SeedsUp,
    /// A client falls asleep.
    Sleep(usize),
    /// A client wakes.
    Wake(usize),
    /// A client dies and starts again.
    Crash(usize),
    /// A client's wall clock is set so far ahead, in ms.
    SetClock(usize, i64),
    /// A client resolves the name of an account until it is told, or nobody has
    /// that name.
    Resolve {
        /// Which client.
        by: usize,
        /// Whose name; one that is not there has no name.
        whose: usize,
    },
    /// From here on the time until the next message is stored is measured.
    StartWatch,
}
