//! The handle: load, stop, swap and list plugins, and let a UI take its turn.
//!
//! | file | what |
//! |---|---|
//! | `config`, `error` | what the program passes in, and what it gets back |
//! | `resolve` | which library is meant, and what it may do |
//! | `entry` | what is known of each plugin |
//! | `instance` | one instance, from its private copy to its end |
//! | `failure` | what follows when one failed |
//! | `guest` | a seat without a library: a client of the RPC server, a test |
//! | `allow` | a plugin is allowed anew, whether it runs or not |
//! | `choose` | decisions without loading, and which home they are of |
//! | `screen` | whose turn it is on the main thread |
//! | `bench` | a door for measurements, behind the feature of that name |

mod allow;
#[cfg(feature = "bench")]
mod bench;
mod choose;
mod config;
mod entry;
mod error;
mod failure;
mod guest;
mod instance;
mod resolve;
mod screen;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ramson_system::Engine;
use ramson_wire::{AccountId, Plugin, PluginState, Stage};
use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

pub use config::{Allowed, EngineInfo, Errand, HostConfig, Limits};
pub use error::HostError;
pub use guest::{Gone, Guest, GuestLine, GuestPlan, Told};

use entry::Entries;
use instance::{Leave, aside};
use screen::Screen;

use crate::library::Report;
use crate::shared::Shared;
use crate::slot::{Slot, SlotEnd, UiSlot};

/// Errands that wait for the program at most; who asks for more waits.
const ERRANDS: usize = 16;

/// Who asks for something to be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// The program, for its user.
    Program,
    /// A plugin. It brings in only what the user decided on, or what ships with
    /// the program.
    Plugin,
}

/// From when on a plugin that was never there is told what happens, if it is
/// durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// From the moment in which it is loaded.
    Now,
    /// From the start of the engine, which started it.
    EngineStarted,
}

/// The handle of a host. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    config: HostConfig,
    shared: Arc<Shared>,
    entries: Entries,
    slot: Arc<Slot>,
    screen: tokio::sync::Mutex<Screen>,
    /// The UI whose turn it is.
    ui: Mutex<Option<String>>,
    /// The accounts that UIs see; `None` for all.
    shown: Mutex<Option<Vec<AccountId>>>,
    /// The folder of `plugins.toml` and `window.json`.
    home: Mutex<PathBuf>,
    /// Taken once each.
    main: Mutex<Option<UiSlot>>,
    errands: Mutex<Option<mpsc::Receiver<Errand>>>,
    generations: AtomicU64,
    ended: AtomicBool,
    tasks: Mutex<Vec<AbortHandle>>,
    /// The folders may have other libraries.
    look: Notify,
    /// Locked while `plugins.toml` is read to be written.
    writing: Mutex<()>,
}

impl Host {
    /// Starts a host without an engine and without plugins. Has to be called
    /// on a tokio runtime, where its tasks run until [`Host::end`].
    pub fn start(config: HostConfig) -> Self {
        let (to_program, errands) = mpsc::channel(ERRANDS);
        let shared = Arc::new(Shared::new(config.version.clone(), &config.home, to_program));
        let slot = Arc::new(Slot::default());
        let host = Self {
            inner: Arc::new(Inner {
                shared: shared.clone(),
                entries: Entries::new(config.folders.clone(), config.limits.clone()),
                main: Mutex::new(Some(UiSlot::new(slot.clone()))),
                slot,
                screen: tokio::sync::Mutex::default(),
                ui: Mutex::new(None),
                shown: Mutex::new(None),
                home: Mutex::new(config.home.clone()),
                errands: Mutex::new(Some(errands)),
                generations: AtomicU64::new(1),
                ended: AtomicBool::new(false),
                tasks: Mutex::new(Vec::new()),
                look: Notify::new(),
                writing: Mutex::new(()),
                config,
            }),
        };
        let places = shared.places.clone();
        let tasks = [
            tokio::spawn(crate::pump::run(shared.clone())).abort_handle(),
            tokio::spawn(crate::head::read(shared)).abort_handle(),
            tokio::spawn(async move { places.keep().await }).abort_handle(),
            tokio::spawn(host.clone().look_after_screen()).abort_handle(),
            tokio::spawn(host.clone().look_into_folders()).abort_handle(),
        ];
        host.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
        host
    }

    /// An engine runs: plugins get a new snapshot, and hear what happens to it.
    pub async fn attach(&self, engine: Engine, info: EngineInfo) {
        self.inner.shared.attach(engine, info);
    }

    /// The engine is about to be shut down.
    pub async fn detach(&self) {
        self.inner.shared.detach();
    }

    /// How far the program is while no engine runs.
    pub fn set_stage(&self, stage: Stage) {
        self.inner.shared.set_stage(stage);
    }

    /// Loads a plugin by its name, or by the path of its library.
    pub async fn load(&self, name_or_path: &str, allowed: Allowed) -> Result<Plugin, HostError> {
        self.load_since(name_or_path, allowed, Since::Now).await
    }

    async fn load_since(
        &self,
        name_or_path: &str,
        allowed: Allowed,
        since: Since,
    ) -> Result<Plugin, HostError> {
        let found = self.find(name_or_path).await?;
        let door = self.inner.entries.door(&found.name);
        let _inside = door.lock().await;
        self.load_inside(&found, allowed, since).await?;
        self.plugin(&found.name)
    }

    /// Lets a UI take its turn because a plugin asks for it.
    pub(crate) async fn use_ui_for_plugin(&self, name_or_path: &str) -> Result<(), HostError> {
        self.show_ui(name_or_path, Asker::Plugin).await
    }

    /// Stops a plugin. It is not started again by itself.
    pub async fn stop(&self, name: &str) -> Result<(), HostError> {
        if !self.inner.entries.has(name) {
            return Err(HostError::NotLoaded { name: name.to_owned() });
        }
        let door = self.inner.entries.door(name);
        let _inside = door.lock().await;
        if self.ui().as_deref() == Some(name) {
            return Err(HostError::Shows { name: name.to_owned() });
        }
        self.stop_inside(name, Leave::AtOnce).await
    }

    /// Loads a plugin's library anew; the old instance goes once the new one
    /// runs. What it may do stays as it was.
    pub async fn swap(&self, name: &str) -> Result<Plugin, HostError> {
        let shows = || self.ui().as_deref() == Some(name);
        let not_loaded = || HostError::NotLoaded { name: name.to_owned() };
        if !self.inner.entries.has(name) {
            return Err(not_loaded());
        }
        if !shows() {
            let door = self.inner.entries.door(name);
            let _inside = door.lock().await;
            // It may have got the screen meanwhile.
            if !shows() {
                self.swap_inside(name).await?;
                return self.plugin(name);
            }
        }
        self.renew_ui(name).await?;
        self.plugin(name)
    }

    /// The plugins that are or were loaded, and those found in the folders,
    /// which it looks into.
    pub fn list(&self) -> Vec<Plugin> {
        self.inner.entries.list()
    }

    /// The same as the folders were when they were looked into last: nothing is
    /// read for it.
    pub(crate) fn listed(&self) -> Vec<Plugin> {
        self.inner.entries.listed()
    }

    /// Lets a UI take its turn. It is loaded first where it has to be: with
    /// what `plugins.toml` gives it, else with all that it asks for. The one
    /// that shows goes once the new one is ready.
    pub async fn use_ui(&self, name_or_path: &str) -> Result<(), HostError> {
        self.show_ui(name_or_path, Asker::Program).await
    }

    /// The UI whose turn it is.
    pub fn ui(&self) -> Option<String> {
        self.inner.ui.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the screen from the UI for a while. Returns when it is free.
    pub async fn pause_ui(&self) -> Result<(), HostError> {
        self.pause().await
    }

    /// Gives the screen back to the UI.
    pub async fn resume_ui(&self) {
        self.resume().await;
    }

    /// The main thread's part. `None` if it was taken before.
    pub fn slot(&self) -> Option<UiSlot> {
        self.inner.main.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Loads the plugins that `plugins.toml` starts with the engine. A durable
    /// one that was never there is told what happened since the engine started.
    /// What does not load is told in the log and shown in the list.
    pub async fn load_started(&self) {
        let host = self.clone();
        let names = aside(move || host.to_start()).await.unwrap_or(Err(HostError::Ended));
        let names = match names {
            Ok(names) => names,
            Err(error) => return tracing::error!("no plugin is started: {error}"),
        };
        for name in names {
            match self.load_since(&name, Allowed::AsDecided, Since::EngineStarted).await {
                Ok(_) | Err(HostError::Loaded { .. }) => {}
                Err(error) => tracing::error!(plugin = name, "{error}"),
            }
        }
    }

    /// What only the program can do. `None` if it was taken before.
    pub fn errands(&self) -> Option<mpsc::Receiver<Errand>> {
        self.inner.errands.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Stops all plugins; the slot returns. What does not stop in its time is
    /// left behind: a UI that keeps the main thread then needs the process to
    /// exit.
    pub async fn end(&self) {
        if self.inner.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        self.end_screen(SlotEnd::Ended).await;
        let mut stopping = JoinSet::new();
        for name in self.inner.entries.names() {
            let host = self.clone();
            stopping.spawn(async move {
                let door = host.inner.entries.door(&name);
                let _inside = door.lock().await;
                // What is not loaded has stopped.
                let _stopped = host.stop_inside(&name, Leave::AtOnce).await;
            });
        }
        // Each has its time; who is being created just now is not waited for.
        let all = async { while stopping.join_next().await.is_some() {} };
        let _in_time = timeout(self.limits().stop.saturating_mul(3), all).await;
        // Guests hear of it, too.
        self.inner.shared.seats().iter().for_each(|seat| {
            self.inner.shared.remove(seat);
            seat.close();
        });
        let tasks = &self.inner.tasks;
        let tasks = std::mem::take(&mut *tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(AbortHandle::abort);
        self.inner.shared.places.write().await;
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.inner.ended.load(Ordering::Acquire)
    }

    fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    fn plugin(&self, name: &str) -> Result<Plugin, HostError> {
        let not_loaded = || HostError::NotLoaded { name: name.to_owned() };
        self.inner.entries.plugin(name).ok_or_else(not_loaded)
    }

    /// Lets plugins hear how plugins are, and has the folders looked into.
    fn publish(&self) {
        self.inner.shared.set_plugins(self.inner.entries.listed());
        self.inner.look.notify_one();
    }

    /// Looks into the folders now and then, for ever.
    async fn look_into_folders(self) {
        loop {
            self.inner.look.notified().await;
            let host = self.clone();
            if aside(move || host.list()).await.is_some() {
                self.inner.shared.set_plugins(self.inner.entries.listed());
            }
        }
    }

    /// Behind the plugin's door, for one that does not show.
    async fn swap_inside(&self, name: &str) -> Result<(), HostError> {
        let running = self.inner.entries.running(name);
        let old = running.ok_or_else(|| HostError::NotLoaded { name: name.to_owned() })?;
        let new = self.start_again(name).await?;
        if new.worker.seat.progress().is_some() {
            // What the old one is not done with is told to the new one.
            self.inner.shared.remove(&old.seat);
            self.leave(&old, Leave::AtOnce).await;
            self.seat(name, &new);
            self.publish();
            return Ok(());
        }
        // From then on the new one hears what happens, and the old one only
        // what waits for it already: nothing is heard by both.
        if let Err(error) = self.exchange(&old, &new.worker).await {
            self.leave(&new.worker, Leave::AtOnce).await;
            return Err(error);
        }
        self.seat(name, &new);
        self.leave(&old, Leave::OnceHeard).await;
        self.publish();
        Ok(())
    }

    /// Behind the plugin's door.
    async fn stop_inside(&self, name: &str, how: Leave) -> Result<(), HostError> {
        let entries = &self.inner.entries;
        let Some(worker) = entries.take(name) else {
            // One that waits to be started again does not.
            let waited = entries.rest(name, PluginState::Stopped);
            self.publish();
            let name = name.to_owned();
            return if waited { Ok(()) } else { Err(HostError::NotLoaded { name }) };
        };
        entries.rest(name, PluginState::Stopping);
        self.inner.shared.remove(&worker.seat);
        self.publish();
        let reason = self.leave(&worker, how).await;
        entries.absorb(name, &worker);
        entries.rest(
            name,
            match reason {
                None => PluginState::Stopped,
                Some(reason) => PluginState::Retired { reason },
            },
        );
        self.publish();
        Ok(())
    }
}

/// Everything that is wrong with a library, without running it.
pub fn check(path: &Path) -> Report {
    crate::library::check(path)
}
