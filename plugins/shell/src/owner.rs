//! Runs the engine of a home whose lock is ours and the host of its plugins,
//! carries a command out on it, and whatever else others ask of it meanwhile.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, ServerUrl};
use ramson_host::{Errand, Host};
use ramson_localnet::Localnet;
use ramson_rpc::Server;
use ramson_system::{Activity, Engine, EngineConfig, NetworkConfig};
use ramson_wire::{Answer, Refusal, Reply};
use tokio::sync::mpsc;

use crate::commands::{Ground, Needs};
use crate::control::{Carrier, Guests, VERSION};
use crate::error::Failure;
use crate::home::{Binding, Home};
use crate::lock::HomeLock;
use crate::rpc::Door;
use crate::settings::Proxy;
use crate::signals::{Ending, EndingSwitch};
use crate::{local, plugins};

/// How long commands of others may go on when ours is done.
const GRACE: Duration = Duration::from_secs(5);

/// The same, when ours failed or was ended.
const SHORT_GRACE: Duration = Duration::from_secs(1);

/// A running engine, its plugins, its home, and the local network if it has
/// one.
pub(crate) struct Owner {
    engine: Engine,
    host: Host,
    ground: Arc<Ground>,
    localnet: Option<Localnet>,
    guests: Guests,
    rpc: Server,
    /// The home's own RPC socket, of an engine that goes on.
    door: Option<Door>,
    // The last to go: nobody else may open the store before it is closed.
    _lock: HomeLock,
}

impl Owner {
    /// Starts the engine for what a command needs. Plugins see it once
    /// [`Owner::open_to_plugins`] says so.
    pub(crate) async fn start(
        home: &Home,
        lock: HomeLock,
        binding: &Binding,
        proxy: Option<Proxy>,
        needs: Needs,
        host: Host,
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
            Needs::Polling | Needs::Lasting => Activity::Polling,
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
        let (home_folder, network) = (home.folder().to_owned(), binding.network.clone());
        let ground = Arc::new(Ground { home: home_folder, network, proxy });
        let rpc = Server::new(host.clone(), VERSION);
        let carrier = Carrier {
            engine: engine.clone(),
            host: host.clone(),
            rpc: rpc.clone(),
            ground: ground.clone(),
            offers: needs,
        };
        let doors = || {
            let lasting = needs == Needs::Lasting;
            let door = lasting.then(|| Door::of_home(home.folder())).transpose()?;
            Ok((Guests::welcome(home, carrier)?, door))
        };
        match doors() {
            Ok((guests, door)) => {
                Ok(Self { engine, host, ground, localnet, guests, rpc, door, _lock: lock })
            }
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

    /// The host of its plugins.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// What serves bots of other processes.
    pub(crate) fn rpc(&self) -> &Server {
        &self.rpc
    }

    /// What it runs on.
    pub(crate) fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// Lets plugins see the engine.
    pub(crate) async fn open_to_plugins(&self) {
        let Ground { home, network, .. } = &*self.ground;
        plugins::attach(&self.host, &self.engine, home, network).await;
    }

    /// Ends the engine before its work began; its host goes on.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.host.detach().await;
        self.guests.farewell(SHORT_GRACE).await;
        self.engine.shutdown().await;
        match self.localnet {
            Some(localnet) => Ok(localnet.stop().await?),
            None => Ok(()),
        }
    }

    /// Does the work, and meanwhile what others ask for; then ends it all. A
    /// plugin that wants the program to end has `switch` for it.
    pub(crate) async fn run<T>(
        mut self,
        work: impl Future<Output = Result<T, Failure>>,
        ending: &Ending,
        switch: &EndingSwitch,
    ) -> Result<T, Failure> {
        let errands = self.host.errands();
        let bots = serve_bots(self.door.take(), self.rpc.clone());
        let result = tokio::select! {
            biased;
            result = work => result,
            never = self.guests.serve() => match never {},
            never = without_screen(errands, switch) => match never {},
            never = bots => match never {},
        };
        let hurry = result.is_err() || ending.is_told();
        self.guests.farewell(if hurry { SHORT_GRACE } else { GRACE }).await;
        // What plugins ask for last still finds an engine.
        self.host.end().await;
        self.engine.shutdown().await;
        let stopped = match self.localnet {
            Some(localnet) => localnet.stop().await.map_err(Failure::from),
            None => Ok(()),
        };
        // What failed first is what is told.
        result.and_then(|done| stopped.map(|()| done))
    }
}

/// Serves the home's own RPC socket, if it is open.
async fn serve_bots(door: Option<Door>, server: Server) -> Infallible {
    match door {
        Some(door) => door.serve(server).await,
        None => std::future::pending().await,
    }
}

/// Answers what plugins ask of the program where it shows no user interface.
async fn without_screen(
    errands: Option<mpsc::Receiver<Errand>>,
    switch: &EndingSwitch,
) -> Infallible {
    let Some(mut errands) = errands else { return std::future::pending().await };
    while let Some(errand) = errands.recv().await {
        let tell = match errand {
            Errand::Quit { tell } => {
                // Whoever asked may be gone already.
                let _gone = tell.send(Reply::Ok(Answer::Done));
                switch.end();
                continue;
            }
            Errand::BeginDemo { tell }
            | Errand::BeginNew { tell, .. }
            | Errand::BeginRestore { tell }
            | Errand::HandOver { tell, .. } => tell,
        };
        let _gone = tell.send(Reply::Refused(Refusal {
            kind: "NoScreen".to_owned(),
            text: "this program shows no user interface; use 'ramson account' on its home"
                .to_owned(),
        }));
    }
    std::future::pending().await
}

/// Stands for the local network where it is not needed: nobody asks it.
fn nowhere() -> NetworkFile {
    NetworkFile::with_seeds("local", vec![ServerUrl::http("127.0.0.1", 1, "/json_rpc")])
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::signals::Why;

    #[tokio::test]
    async fn a_plugin_may_end_a_program_without_a_screen_and_gets_a_refusal_for_the_rest() {
        let (errand, errands) = mpsc::channel(2);
        let (switch, ending) = Ending::by_hand(Why::Signal);
        let (tell, refused) = oneshot::channel();
        errand.send(Errand::BeginRestore { tell }).await.unwrap();
        let (tell, done) = oneshot::channel();
        errand.send(Errand::Quit { tell }).await.unwrap();
        tokio::select! {
            biased;
            never = without_screen(Some(errands), &switch) => match never {},
            _ = ending.wait() => {}
        }
        let Reply::Refused(refusal) = refused.await.unwrap() else { panic!("it was refused") };
        assert_eq!(refusal.kind, "NoScreen");
        assert_eq!(done.await.unwrap(), Reply::Ok(Answer::Done));
    }
}
