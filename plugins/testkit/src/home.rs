//! One home: what is on its disk, and the program that runs on it.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use ramson_host::{ChildCommand, EngineInfo, Host, HostConfig, Limits};
use ramson_storage_actor::sealed::raw::{MemoryFile, RawFile as _};
use ramson_storage_actor::{OpenError, Store, StoreKey};
use ramson_system::{Engine, EngineConfig, EngineError, Environment, Stage};
use ramson_transport_actor::Dial;
use tokio::task::LocalSet;

use crate::machine::{TownClock, TownEntropy, bytes, generator};
use crate::net::Net;

/// A home. What is on its disk outlives the program.
pub(crate) struct Home {
    name: String,
    seed: u64,
    disk: Arc<MemoryFile>,
    /// How often a program was started on it.
    runs: u64,
    /// The tasks of the program that runs: with them it is gone.
    pub(crate) tasks: LocalSet,
    pub(crate) program: Option<Program>,
}

/// An engine and its host.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) engine: Engine,
    pub(crate) host: Host,
}

impl Home {
    /// An empty one.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let (tasks, disk) = (LocalSet::new(), Arc::default());
        Self { name: name.to_owned(), seed, disk, runs: 0, tasks, program: None }
    }

    /// Starts a program on what is on the disk. Has to run among the home's
    /// tasks.
    pub(crate) fn start(
        &mut self,
        dial: Arc<dyn Dial>,
        clock: &TownClock,
    ) -> impl Future<Output = Result<Program, EngineError>> + use<> {
        self.runs = self.runs.saturating_add(1);
        let (name, clock, store) = (self.name.clone(), clock.clone(), self.store());
        let entropy = Arc::new(TownEntropy::new(self.seed, &name, self.runs));
        async move {
            let stage = Stage::Current { store: Box::new(store?) };
            let environment = Environment { clock: Arc::new(clock), entropy, dial, stage };
            let folder = Path::new("/town").join(&name);
            let config = EngineConfig::new(folder.clone(), Net::config());
            let engine = Engine::start_in(config, environment).await?;
            let host = Host::start(HostConfig {
                home: folder.clone(),
                folders: Vec::new(),
                copies: PathBuf::new(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                child: ChildCommand::default(),
                limits: Limits::default(),
            });
            let home = folder.display().to_string();
            host.attach(engine.clone(), EngineInfo { network: "town".to_owned(), home }).await;
            Ok(Program { engine, host })
        }
    }

    /// The store on the disk; a new one on an empty disk.
    fn store(&self) -> Result<Store, OpenError> {
        let key = StoreKey::from_bytes(bytes(self.seed, &format!("{} key", self.name)));
        let random = generator(self.seed, &format!("{} store {}", self.name, self.runs));
        let path = Path::new("memory");
        match self.disk.is_empty() {
            Ok(false) => Store::open_on(self.disk.clone(), path, key, random),
            _ => Store::create_on(self.disk.clone(), path, key, random),
        }
    }

    /// Ends the program as SIGKILL does: what it has not written by now it
    /// never writes.
    pub(crate) fn kill(&mut self) -> Option<Program> {
        // What ends writes a last time, but to a disk that nobody sees.
        self.disk = Arc::new(MemoryFile::with_bytes(self.disk.bytes()));
        drop(std::mem::take(&mut self.tasks));
        self.program.take()
    }

    /// Lets its tasks run as far as they can.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        // It is over when no task is left; another one may come.
        let _over = Pin::new(&mut self.tasks).poll(cx);
    }
}
