//! A local network at work: what runs, and what can be done to it from several
//! sides at once.

mod status;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::faults_file::FaultsFile;
use ramson_codec::network_file::{FileServer, NetworkFile, ServerUrl};
use ramson_codec::ons::Name;
use ramson_types::{AccountId, ServiceNode, Timestamp};
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::error::LocalnetError;
use crate::file_host::FileHost;
use crate::hosts::{self, Hosts};
use crate::layout::Layout;
use crate::state::{Kept, State};
use crate::{ports, server};

/// How often it is looked whether the faults file wants nodes to come or go.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a move waits for the messages that it moves.
const PUSHES: Duration = Duration::from_secs(5);

/// What runs.
pub(crate) struct Net {
    pub(crate) name: String,
    pub(crate) seed: SocketAddr,
    pub(crate) page: Option<SocketAddr>,
    pub(crate) file_server: SocketAddr,
    pub(crate) files: Arc<FileHost>,
    pub(crate) nodes: Vec<ServiceNode>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) tls: TlsAcceptor,
    pub(crate) state: Option<Arc<State>>,
    pub(crate) started: Timestamp,
    /// For names.
    pub(crate) rng: Mutex<StdRng>,
    /// What was done by hand, as it is on disk.
    pub(crate) kept: Mutex<Kept>,
    /// The nodes that listen. Whoever holds it may let others come or go. At
    /// the network's end there are no places any more.
    pub(crate) listening: tokio::sync::Mutex<Vec<Option<Task>>>,
    /// One change by hand at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
    pub(crate) stop_asked: watch::Sender<bool>,
}

/// A task that ends with its owner.
pub(crate) struct Task(pub(crate) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Net {
    pub(crate) fn seed_server(&self) -> ServerUrl {
        ServerUrl::http(&self.seed.ip().to_string(), self.seed.port(), "/json_rpc")
    }

    pub(crate) fn file_server_url(&self) -> ServerUrl {
        ServerUrl::http(&self.file_server.ip().to_string(), self.file_server.port(), "/")
    }

    /// How clients find this network.
    pub(crate) fn network_file(&self) -> NetworkFile {
        let seeds = vec![self.seed_server()];
        NetworkFile {
            allow_stress: true,
            allow_http: !self.seed.ip().is_loopback(),
            file_server: Some(FileServer {
                url: self.file_server_url(),
                public_key: self.files.public_key(),
            }),
            ..NetworkFile::with_seeds(self.name.clone(), seeds)
        }
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was done by hand; on disk when it returns, if there is a
    /// state folder.
    async fn keep(&self, change: impl FnOnce(&mut Kept)) -> Result<(), LocalnetError> {
        let mut kept = self.kept().clone();
        change(&mut kept);
        if let Some(state) = self.state.clone() {
            let to_disk = kept.clone();
            let work = tokio::task::spawn_blocking(move || state.keep(to_disk));
            work.await.unwrap_or(Err(LocalnetError::Interrupted))?;
        }
        *self.kept() = kept;
        Ok(())
    }

    fn node(&self, index: usize) -> Result<&ServiceNode, LocalnetError> {
        self.nodes.get(index).ok_or(LocalnetError::NoSuchNode { index })
    }

    /// Lets a node die: its port refuses, and what the others ask of it is
    /// not answered until it is back.
    pub(crate) async fn stop_node(&self, index: usize) -> Result<(), LocalnetError> {
        let _changing = self.changing.lock().await;
        self.node(index)?;
        self.keep(|kept| _ = kept.stopped.insert(index)).await?;
        self.come_and_go().await
    }

    /// Brings a stopped node back on its port, with what it held. The others
    /// hand it what it missed.
    pub(crate) async fn start_node(&self, index: usize) -> Result<(), LocalnetError> {
        let _changing = self.changing.lock().await;
        self.node(index)?;
        self.keep(|kept| _ = kept.stopped.remove(&index)).await?;
        let came = self.come_and_go().await;
        if came.is_err() {
            self.keep(|kept| _ = kept.stopped.insert(index)).await?;
        }
        came
    }

    /// Puts a node into another swarm, or into none.
    pub(crate) async fn move_node(
        &self,
        index: usize,
        swarm: Option<usize>,
    ) -> Result<(), LocalnetError> {
        let _changing = self.changing.lock().await;
        self.node(index)?;
        let mut layout = self.hosts.layout();
        if let Some(swarm) = swarm
            && layout.id(swarm).is_none()
        {
            return Err(LocalnetError::NoSuchSwarm { swarm, count: layout.swarm_count() });
        }
        layout.put(index, swarm);
        if (0..self.nodes.len()).all(|node| layout.swarm(node).is_none()) {
            return Err(LocalnetError::LastInSwarm { index });
        }
        self.rearrange(layout).await
    }

    /// Makes a swarm of nodes that leave theirs, and gives its number.
    pub(crate) async fn new_swarm(&self, nodes: &[usize]) -> Result<usize, LocalnetError> {
        let _changing = self.changing.lock().await;
        if nodes.is_empty() {
            return Err(LocalnetError::EmptySwarm);
        }
        let mut layout = self.hosts.layout();
        let swarm = layout.add_swarm();
        for index in nodes {
            self.node(*index)?;
            layout.put(*index, Some(swarm));
        }
        self.rearrange(layout).await?;
        Ok(swarm)
    }

    async fn rearrange(&self, layout: Layout) -> Result<(), LocalnetError> {
        let before = self.hosts.layout();
        self.keep(|kept| {
            kept.unsettled.push(before);
            kept.layout = Some(layout.clone());
        })
        .await?;
        self.settle(layout).await;
        Ok(())
    }

    /// Lets nodes move, and waits for their pushes: a second move must not
    /// overtake messages that the first one sent off. Those who do not take
    /// them are not waited for long; they get them later.
    pub(crate) async fn settle(&self, layout: Layout) {
        let pushes = join_all(self.hosts.rearrange(layout));
        if timeout(PUSHES, pushes).await.is_err() {
            tracing::debug!("some messages are still to move");
        }
    }

    /// Saves what came in. When everybody knew before where everybody is, what
    /// moved is on disk after that, and nobody has to move it again.
    pub(crate) async fn save(self: &Arc<Self>, state: &Arc<State>) -> Result<(), LocalnetError> {
        let settled = {
            let _changing = self.changing.lock().await;
            let unsettled = self.kept().unsettled.len();
            (unsettled > 0 && self.hosts.all_know()).then_some(unsettled)
        };
        let (net, to_disk) = (self.clone(), state.clone());
        let saving = tokio::task::spawn_blocking(move || to_disk.save(&net.hosts, &net.files));
        saving.await.unwrap_or(Err(LocalnetError::Interrupted))?;
        if let Some(settled) = settled {
            let _changing = self.changing.lock().await;
            self.keep(|kept| _ = kept.unsettled.drain(..settled.min(kept.unsettled.len()))).await?;
        }
        Ok(())
    }

    /// Registers a name for an account, or takes it out.
    pub(crate) async fn register(
        &self,
        name: Name,
        account: Option<AccountId>,
    ) -> Result<(), LocalnetError> {
        self.register_all(vec![(name, account)]).await
    }

    /// The same for several.
    pub(crate) async fn register_all(
        &self,
        names: Vec<(Name, Option<AccountId>)>,
    ) -> Result<(), LocalnetError> {
        let _changing = self.changing.lock().await;
        self.keep(|kept| {
            for (name, account) in &names {
                match account {
                    Some(account) => {
                        kept.names.insert(name.to_string(), account.to_string());
                    }
                    None => {
                        kept.names.remove(name.as_str());
                    }
                }
            }
        })
        .await?;
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        self.hosts.register(names, &mut rng);
        Ok(())
    }

    /// What goes wrong from now on.
    pub(crate) async fn set_faults(&self, faults: Option<FaultsFile>) {
        self.hosts.set_script(faults);
        if let Err(error) = self.come_and_go().await {
            tracing::warn!(%error, "a node cannot come back");
        }
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stop_asked.send_replace(true);
    }

    /// Lets nodes listen that should, and lets those go that should not.
    pub(crate) async fn come_and_go(&self) -> Result<(), LocalnetError> {
        let mut listening = self.listening.lock().await;
        let stopped: BTreeSet<usize> = self.kept().stopped.clone();
        let mut result = Ok(());
        for (index, task) in listening.iter_mut().enumerate() {
            let wanted = !stopped.contains(&index) && !self.hosts.condition(index).down;
            match (wanted, task.take()) {
                (true, None) => match self.listen_again(index).await {
                    Ok(again) => {
                        *task = Some(again);
                        self.hosts.set_up(index, true);
                    }
                    Err(error) => result = Err(error),
                },
                (false, Some(mut running)) => {
                    self.hosts.set_up(index, false);
                    running.0.abort();
                    // Until the listener and its connections are gone.
                    let _ = (&mut running.0).await;
                }
                (_, unchanged) => *task = unchanged,
            }
        }
        result
    }

    async fn listen_again(&self, index: usize) -> Result<Task, LocalnetError> {
        let node = self.node(index)?;
        let (_, listener) = ports::listen(node.ip, node.https_port).await?;
        Ok(self.listen(index, listener))
    }

    pub(crate) fn listen(&self, index: usize, listener: TcpListener) -> Task {
        let answer = hosts::answer(self.hosts.clone(), index);
        Task(tokio::spawn(server::serve(listener, Some(self.tls.clone()), answer)))
    }

    /// Ends all nodes. None comes back after that, whatever is asked for over
    /// the control socket until that ends too.
    pub(crate) async fn end_nodes(&self) {
        let mut listening = self.listening.lock().await;
        for (index, task) in std::mem::take(&mut *listening).into_iter().enumerate() {
            if let Some(mut running) = task {
                self.hosts.set_up(index, false);
                running.0.abort();
                let _ = (&mut running.0).await;
            }
        }
    }
}

/// Lets nodes come and go as the faults file wants it.
pub(crate) async fn watch_faults(net: Arc<Net>) {
    let mut told = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if net.hosts.script().is_none() {
            continue;
        }
        let trouble = net.come_and_go().await.err();
        if let Some(error) = trouble.as_ref().filter(|_| trouble != told) {
            tracing::warn!(%error, "a node cannot come back");
        }
        told = trouble;
    }
}
