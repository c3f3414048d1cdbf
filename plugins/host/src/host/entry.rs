//! What is known of each plugin, by its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use ramson_wire::{AccountId, ConversationId, GrantSet, Plugin, PluginState};

use super::Limits;
use crate::clock;
use crate::library::{self, Descriptor};
use crate::restart::{Next, Restart};
use crate::watchdog::Health;
use crate::worker::{Phase, Worker};

/// What a plugin may do, and what it is handed.
#[derive(Debug, Clone, Default)]
pub(super) struct Rights {
    pub(super) grants: GrantSet,
    pub(super) accounts: Option<Vec<AccountId>>,
    pub(super) conversations: Option<Vec<ConversationId>>,
    pub(super) rate: Option<u32>,
    /// It runs in a process of its own.
    pub(super) untrusted: bool,
    /// As JSON.
    pub(super) config: Vec<u8>,
}

impl Rights {
    /// Whether something that was allowed before is not allowed any more.
    pub(super) fn are_less_than(&self, before: &Self) -> bool {
        !before.grants.without(self.grants).is_empty()
            || is_narrower(self.accounts.as_deref(), before.accounts.as_deref())
            || is_narrower(self.conversations.as_deref(), before.conversations.as_deref())
    }
}

/// Whether a scope lacks something of another; `None` has all.
fn is_narrower<T: PartialEq>(scope: Option<&[T]>, other: Option<&[T]>) -> bool {
    match (scope, other) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(scope), Some(other)) => other.iter().any(|it| !scope.contains(it)),
    }
}

/// A plugin that is or was loaded, or was refused.
struct Entry {
    library: PathBuf,
    descriptor: Option<Descriptor>,
    rights: Rights,
    running: Option<Arc<Worker>>,
    /// How it is while none runs.
    rest: PluginState,
    restart: Restart,
    restarts: u64,
    /// Changed by everything that is done on purpose, so that a restart that
    /// waits finds out that it is not wanted any more.
    round: u64,
    /// Events and losses of instances before.
    events: u64,
    lagged: u64,
}

type Doors = BTreeMap<String, Arc<tokio::sync::Mutex<()>>>;
type Known = BTreeMap<PathBuf, (Stamp, Result<Descriptor, String>)>;
/// Tells whether a file is still the one that was read.
type Stamp = (u64, Option<SystemTime>);

/// All plugins.
pub(super) struct Entries {
    folders: Vec<PathBuf>,
    limits: Limits,
    all: Mutex<BTreeMap<String, Entry>>,
    /// What is done to one plugin is done one after the other.
    doors: Mutex<Doors>,
    /// Libraries that were read before.
    known: Mutex<Known>,
    /// Those that were found and are not loaded, when the folders were looked
    /// into last.
    available: Mutex<Vec<Plugin>>,
}

/// What a restart that waits has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round(u64);

impl Entries {
    pub(super) fn new(folders: Vec<PathBuf>, limits: Limits) -> Self {
        Self {
            folders,
            limits,
            all: Mutex::default(),
            doors: Mutex::default(),
            known: Mutex::default(),
            available: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is locked while something is done to a plugin.
    pub(super) fn door(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.entry(name.to_owned()).or_default().clone()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    /// Whether something is known of a plugin.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all().contains_key(name)
    }

    /// The instance that runs.
    pub(super) fn running(&self, name: &str) -> Option<Arc<Worker>> {
        self.all().get(name)?.running.clone()
    }

    /// Takes the instance that runs: its end is on purpose.
    pub(super) fn take(&self, name: &str) -> Option<Arc<Worker>> {
        let mut all = self.all();
        let entry = all.get_mut(name)?;
        entry.round = entry.round.wrapping_add(1);
        entry.running.take()
    }

    /// Takes an instance, if it is the one that runs.
    pub(super) fn take_if(&self, worker: &Arc<Worker>) -> bool {
        let mut all = self.all();
        let entry = all.get_mut(&worker.seat.name);
        let same = |running: &mut Arc<Worker>| Arc::ptr_eq(running, worker);
        entry.is_some_and(|entry| entry.running.take_if(same).is_some())
    }

    /// A plugin is about to be loaded.
    pub(super) fn begin(
        &self,
        name: &str,
        library: &Path,
        descriptor: Option<Descriptor>,
        rights: Rights,
        rest: PluginState,
    ) {
        let mut all = self.all();
        let before = all.remove(name);
        let (round, restarts, events, lagged) = before.map_or((0, 0, 0, 0), |it| {
            (it.round.wrapping_add(1), it.restarts, it.events, it.lagged)
        });
        let entry = Entry {
            library: library.to_owned(),
            descriptor,
            rights,
            running: None,
            rest,
            restart: Restart::default(),
            restarts,
            round,
            events,
            lagged,
        };
        all.insert(name.to_owned(), entry);
    }

    /// An instance runs, instead of the one before.
    pub(super) fn runs(&self, worker: &Arc<Worker>, descriptor: Option<Descriptor>) {
        if let Some(entry) = self.all().get_mut(&worker.seat.name) {
            entry.round = entry.round.wrapping_add(1);
            if let Some(before) = entry.running.replace(worker.clone()) {
                entry.absorb(&before);
            }
            entry.descriptor = descriptor.or_else(|| entry.descriptor.take());
        }
    }

    /// How a plugin is while none runs; whether it was waiting to be started.
    pub(super) fn rest(&self, name: &str, state: PluginState) -> bool {
        let mut all = self.all();
        let Some(entry) = all.get_mut(name) else { return false };
        let waited = matches!(entry.rest, PluginState::Failed { .. }) && entry.running.is_none();
        entry.rest = state;
        waited
    }

    /// The next instance has these rights. Gives back those before.
    pub(super) fn set_rights(&self, name: &str, rights: Rights) -> Option<Rights> {
        let mut all = self.all();
        Some(std::mem::replace(&mut all.get_mut(name)?.rights, rights))
    }

    /// The next instance sees these accounts only.
    pub(super) fn set_accounts(&self, name: &str, accounts: Option<Vec<AccountId>>) {
        if let Some(entry) = self.all().get_mut(name) {
            entry.rights.accounts = accounts;
        }
    }

    /// Counts what an instance heard.
    pub(super) fn absorb(&self, name: &str, worker: &Worker) {
        if let Some(entry) = self.all().get_mut(name) {
            entry.absorb(worker);
        }
    }

    /// A plugin failed: what follows, and what to compare later.
    pub(super) fn failed(&self, name: &str, reason: String, now: Instant) -> Option<(Next, Round)> {
        let mut all = self.all();
        let entry = all.get_mut(name)?;
        let next = entry.restart.failed(now, &self.limits);
        entry.rest = match next {
            Next::After(wait) => PluginState::Failed {
                reason,
                // Nobody waits for less than a second.
                retry_in: wait.as_secs().max(1),
            },
            Next::Never => {
                PluginState::Retired { reason: format!("it failed too often: {reason}") }
            }
        };
        Some((next, Round(entry.round)))
    }

    /// Whether nothing was done to a plugin since.
    pub(super) fn is_round(&self, name: &str, Round(round): Round) -> bool {
        self.all().get(name).is_some_and(|entry| entry.round == round && entry.running.is_none())
    }

    /// A plugin is started again.
    pub(super) fn count_restart(&self, name: &str) {
        if let Some(entry) = self.all().get_mut(name) {
            entry.restarts = entry.restarts.saturating_add(1);
        }
    }

    /// Where a plugin's library is, and what it may do.
    pub(super) fn recipe(&self, name: &str) -> Option<(PathBuf, Rights)> {
        let all = self.all();
        let entry = all.get(name)?;
        Some((entry.library.clone(), entry.rights.clone()))
    }

    /// What the plugin of a name is called and how it is.
    pub(super) fn plugin(&self, name: &str) -> Option<Plugin> {
        let all = self.all();
        all.get(name).map(|entry| entry.plugin(name, &self.limits))
    }

    /// All of them, and those found in the folders, which are looked into.
    pub(super) fn list(&self) -> Vec<Plugin> {
        let found = library::found(&self.folders);
        let others = found.iter().filter(|(name, _)| !self.has(name));
        let available = others.filter_map(|(name, path)| self.available(name, path)).collect();
        *self.available.lock().unwrap_or_else(PoisonError::into_inner) = available;
        self.listed()
    }

    /// The same as the folders were last.
    pub(super) fn listed(&self) -> Vec<Plugin> {
        let available = self.available.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let named = |plugin: Plugin| (plugin.name.clone(), plugin);
        let mut list: BTreeMap<String, Plugin> = available.into_iter().map(named).collect();
        let all = self.all();
        list.extend(all.iter().map(|(name, it)| named(it.plugin(name, &self.limits))));
        list.into_values().collect()
    }

    /// A library that is not loaded. `None` for one that is no plugin at all:
    /// folders have others, too.
    fn available(&self, name: &str, path: &Path) -> Option<Plugin> {
        match self.read(path) {
            Ok(descriptor) => Some(plugin_of(name, Some(&descriptor), PluginState::Available)),
            Err(reason) if reason.starts_with("not a ") => None,
            Err(reason) => Some(plugin_of(name, None, PluginState::Refused { reason })),
        }
    }

    /// A library's descriptor, read again only where the file changed.
    fn read(&self, path: &Path) -> Result<Descriptor, String> {
        let about = std::fs::metadata(path).ok();
        let stamp = about.map(|about| (about.len(), about.modified().ok()));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match (known.get(path), stamp) {
            (Some((before, read)), Some(stamp)) if *before == stamp => read.clone(),
            (_, stamp) => {
                let read = library::read(path);
                if let Some(stamp) = stamp {
                    known.insert(path.to_owned(), (stamp, read.clone()));
                }
                read
            }
        }
    }
}

impl Entry {
    fn absorb(&mut self, worker: &Worker) {
        let counts = worker.seat.counts();
        self.events = self.events.saturating_add(counts.taken);
        self.lagged = self.lagged.saturating_add(counts.lagged);
    }

    fn plugin(&self, name: &str, limits: &Limits) -> Plugin {
        let mut plugin = plugin_of(name, self.descriptor.as_ref(), self.rest.clone());
        (plugin.events, plugin.lagged, plugin.restarts) = (self.events, self.lagged, self.restarts);
        plugin.granted = self.rights.grants.and(plugin.asked);
        plugin.accounts.clone_from(&self.rights.accounts);
        plugin.conversations.clone_from(&self.rights.conversations);
        if let Some(worker) = &self.running {
            let counts = worker.seat.counts();
            plugin.process = worker.link().and_then(|link| link.process());
            plugin.queued = counts.queued;
            plugin.events = plugin.events.saturating_add(counts.taken);
            plugin.lagged = plugin.lagged.saturating_add(counts.lagged);
            plugin.in_flight = u64::try_from(worker.seat.in_flight()).unwrap_or(u64::MAX);
            plugin.state = match worker.phase() {
                Phase::Starting => PluginState::Starting,
                Phase::Running | Phase::Ended(_) => {
                    match worker.pulse.health(clock::now(), limits) {
                        Health::Fine => PluginState::Running,
                        Health::Unresponsive | Health::Stuck { .. } => PluginState::Unresponsive,
                    }
                }
            };
        }
        plugin
    }
}

fn plugin_of(name: &str, descriptor: Option<&Descriptor>, state: PluginState) -> Plugin {
    let text = |of: fn(&Descriptor) -> &String| descriptor.map(of).cloned().unwrap_or_default();
    Plugin {
        name: name.to_owned(),
        id: text(|it| &it.id),
        title: text(|it| &it.title),
        version: text(|it| &it.version),
        ui: descriptor.is_some_and(|it| it.ui),
        state,
        queued: 0,
        events: 0,
        lagged: 0,
        in_flight: 0,
        restarts: 0,
        durable: descriptor.is_some_and(|it| it.durable),
        process: None,
        asked: descriptor.map(|it| it.grants).unwrap_or_default(),
        granted: GrantSet::NONE,
        accounts: None,
        conversations: None,
    }
}
