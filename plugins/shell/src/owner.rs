//! Runs the engine of a home whose lock is ours, carries a command out on it,
//! and whatever else others ask of it meanwhile.

use std::sync::Arc;
use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, ServerUrl};
use ramson_localnet::Localnet;
use ramson_system::{Activity, Engine, EngineConfig, NetworkConfig};
use tokio::sync::broadcast;

use crate::commands::{Ground, Needs};
use crate::control::{Guests, Host};
use crate::error::Failure;
use crate::home::{Binding, Home};
use crate::local;
use crate::lock::HomeLock;
use crate::settings::Proxy;
use crate::signals::Ending;

/// How long commands of others may go on when ours is done.
const GRACE: Duration = Duration::from_secs(5);

/// The same, when ours failed or was ended.
const SHORT_GRACE: Duration = Duration::from_secs(1);

/// A running engine, its home, and the local network if it has one.
pub(crate) struct Owner {
    engine: Engine,
    ground: Arc<Ground>,
    localnet: Option<Localnet>,
    guests: Guests,
    /// From the engine's first moment on.
    events: Option<broadcast::Receiver<ramson_system::Event>>,
    // The last to go: nobody else may open the store before it is closed.
    _lock: HomeLock,
}

impl Owner {
    /// Starts the engine for what a command needs.
    pub(crate) async fn start(
        home: &Home,
        lock: HomeLock,
        binding: &Binding,
        proxy: Option<Proxy>,
        needs: Needs,
    ) -> Result<Self, Failure> {
        // A store that is there knows its network, and may refuse this one.
        let known = home.has_store();
        if binding.changed && !known {
            home.bind(&binding.network)?;
        }
        let (localnet, file) = match binding.network.file() {
            Some(file) => (None, file),
            None if needs == Needs::Store => (None, nowhere()),
            None => {
                let localnet = local::start(|config| config.state = Some(home.localnet())).await?;
                let file = localnet.network_file();
                (Some(localnet), file)
            }
        };
        let mut network = NetworkConfig::of_file(&file);
        network.name = binding.network.name().to_owned();
        let activity = match needs {
            Needs::Store => Activity::Offline,
            Needs::Network => Activity::Sending,
            Needs::Polling => Activity::Polling,
        };
        let config = EngineConfig {
            activity,
            proxy: proxy.as_ref().map(|proxy| proxy.address().clone()),
            ..EngineConfig::new(home.folder().to_owned(), network)
        };
        let engine = Engine::start(config).await?;
        if binding.changed
            && known
            && let Err(failure) = home.bind(&binding.network)
        {
            engine.shutdown().await;
            return Err(failure);
        }
        let events = Some(engine.subscribe());
        let (home_folder, network) = (home.folder().to_owned(), binding.network.clone());
        let ground = Arc::new(Ground { home: home_folder, network, proxy });
        let host = Host { engine: engine.clone(), ground: ground.clone(), offers: needs };
        match Guests::welcome(home, host) {
            Ok(guests) => Ok(Self { engine, ground, localnet, guests, events, _lock: lock }),
            Err(failure) => {
                engine.shutdown().await;
                Err(failure)
            }
        }
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What it runs on.
    pub(crate) fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// Its events from its first moment on; once.
    pub(crate) fn events(&mut self) -> Option<broadcast::Receiver<ramson_system::Event>> {
        self.events.take()
    }

    /// Does the work, and meanwhile what others ask for; then ends it all.
    pub(crate) async fn run<T>(
        mut self,
        work: impl Future<Output = Result<T, Failure>>,
        ending: &Ending,
    ) -> Result<T, Failure> {
        // Nobody may listen to these, and they must not pile up.
        self.events = None;
        let result = tokio::select! {
            biased;
            result = work => result,
            never = self.guests.serve() => match never {},
        };
        let hurry = result.is_err() || ending.is_told();
        self.guests.farewell(if hurry { SHORT_GRACE } else { GRACE }).await;
        self.engine.shutdown().await;
        if let Some(localnet) = self.localnet {
            localnet.stop().await?;
        }
        result
    }
}

/// Stands for the local network where it is not needed: nobody asks it.
fn nowhere() -> NetworkFile {
    NetworkFile::with_seeds("local", vec![ServerUrl::http("127.0.0.1", 1, "/json_rpc")])
}
