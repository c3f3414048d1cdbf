//! What a host is told, and what it asks the program for.

use std::path::PathBuf;
use std::time::Duration;

use ramson_wire::{AccountId, ConversationId, GrantSet, Reply, Task};
use tokio::sync::oneshot;

use crate::child::ChildCommand;

/// What a host is started with.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The folder of `plugins.toml` and `window.json`.
    pub home: PathBuf,
    /// Where plugins are searched by name; an earlier folder goes first.
    pub folders: Vec<PathBuf>,
    /// Where private copies of libraries are put while they are mapped.
    pub copies: PathBuf,
    /// The program's version, for plugins to show.
    pub version: String,
    /// How the process of a plugin is started that its user does not trust.
    pub child: ChildCommand,
    /// How long plugins may take.
    pub limits: Limits,
}

/// How long plugins may take, and how much waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Events that wait for one plugin at most.
    pub queue: usize,
    /// A call that takes longer is shown.
    pub unresponsive: Duration,
    /// After so long in one call a plugin is given up.
    pub retired: Duration,
    /// So long a plugin that was told to stop is waited for.
    pub stop: Duration,
    /// A UI that fails earlier than this gives its place back to the one before.
    pub ui_trial: Duration,
    /// The first wait before something that failed is started again; it doubles.
    pub back_off: Duration,
    /// The longest such wait.
    pub back_off_most: Duration,
    /// More failures than this within [`Limits::failures_within`] are too many.
    pub failures: usize,
    /// Failures older than this do not count any more.
    pub failures_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 1_024,
            unresponsive: Duration::from_secs(5),
            retired: Duration::from_secs(60),
            stop: Duration::from_secs(10),
            ui_trial: Duration::from_secs(5),
            back_off: Duration::from_secs(1),
            back_off_most: Duration::from_secs(60),
            failures: 5,
            failures_within: Duration::from_secs(600),
        }
    }
}

/// What plugins are told of the engine beside its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The network's name.
    pub network: String,
    /// The home's folder, for people.
    pub home: String,
}

/// What a plugin that is loaded may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// What the user decided in `plugins.toml`.
    AsDecided,
    /// All that it asks for: for what ships with the program.
    Everything {
        /// For these accounts only; `None` for all.
        accounts: Option<Vec<AccountId>>,
    },
    /// What its user decides anew in a user interface; it is written to
    /// `plugins.toml`. The conversations stay as they were decided before.
    Anew {
        /// What it may do; what it does not ask for is left out.
        grants: GrantSet,
        /// For these accounts only; `None` for all.
        accounts: Option<Vec<AccountId>>,
    },
    /// Just this; what it does not ask for is left out.
    These {
        /// What it may do.
        grants: GrantSet,
        /// For these accounts only; `None` for all.
        accounts: Option<Vec<AccountId>>,
        /// In these conversations only; `None` for all.
        conversations: Option<Vec<ConversationId>>,
        /// In a process of its own; so it is as well where that was decided
        /// before.
        untrusted: bool,
        /// It is written to `plugins.toml`.
        remember: bool,
    },
}

/// What only the program itself can do. Each is answered with `tell`.
#[derive(Debug)]
pub enum Errand {
    /// Begin with the local network.
    BeginDemo {
        /// Where the reply goes.
        tell: oneshot::Sender<Reply>,
    },
    /// Make an account on the real network.
    BeginNew {
        /// The name that others see.
        name: Option<String>,
        /// Where the reply goes.
        tell: oneshot::Sender<Reply>,
    },
    /// Restore an account; the UI has to be paused meanwhile.
    BeginRestore {
        /// Where the reply goes.
        tell: oneshot::Sender<Reply>,
    },
    /// Use the terminal for something secret; the UI has to be paused
    /// meanwhile.
    HandOver {
        /// What.
        task: Task,
        /// Where the reply goes.
        tell: oneshot::Sender<Reply>,
    },
    /// End the program.
    Quit {
        /// Where the reply goes.
        tell: oneshot::Sender<Reply>,
    },
}
