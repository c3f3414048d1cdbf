//! How a network starts, and what it does by itself while it runs.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ramson_codec::ons::Name;
use ramson_types::AccountId;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificate::Certificate;
use crate::control::Control;
use crate::error::LocalnetError;
use crate::file_host::{self, FileHost};
use crate::hosts::Hosts;
use crate::layout::Layout;
use crate::members::Members;
use crate::net::{Net, watch_faults};
use crate::state::{Kept, SAVE_EVERY, State};
use crate::{Localnet, LocalnetConfig, MIN_NODES, Now, page, ports, seed, server};

/// How often nodes see to what has expired and what others missed.
const TICK_EVERY: Duration = Duration::from_secs(1);

impl Localnet {
    /// Starts a local network; its nodes, its seed, its file server, its page
    /// and its control socket answer when this returns. Its tasks run on the
    /// current tokio runtime.
    pub async fn start(
        config: LocalnetConfig,
        mut rng: StdRng,
        now: Now,
    ) -> Result<Self, LocalnetError> {
        if config.nodes < MIN_NODES {
            return Err(LocalnetError::TooFewNodes { nodes: config.nodes });
        }
        if config.bind.is_unspecified() {
            return Err(LocalnetError::NoAddress { bind: config.bind });
        }
        let for_files = config.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&for_files)).await;
        let (state, lock, certificate) = prepared.unwrap_or(Err(LocalnetError::Interrupted))?;
        let tls = certificate.acceptor().map_err(LocalnetError::certificate)?;

        let remembered = state.as_ref().map(State::ports).unwrap_or_default();
        let listeners = ports::bind(&config, &remembered).await?;
        let kept = state.as_ref().map(State::kept).unwrap_or_default();
        let seed_key = state.as_ref().map_or(config.seed, State::seed);
        let mut layouts = kept.unsettled.iter().chain(&kept.layout).cloned();
        let layout = layouts.next().unwrap_or_else(|| Layout::new(config.nodes, config.swarm_size));
        let address = |port: u16| SocketAddrV4::new(config.bind, port);
        let addresses = listeners.nodes.iter().map(|(bound, _)| address(bound.port()));
        let members = Members::new(&seed_key, layout, addresses);
        let nodes = members.service_nodes();
        let hosts = Arc::new(Hosts::new(members, config.quirks, &mut rng, now, config.tap.clone()));
        hosts.set_script(config.faults.clone());
        let files = Arc::new(FileHost::new(&seed_key, StdRng::from_rng(&mut rng)));
        let state = match state {
            Some(state) => {
                state.remember_ports(listeners.ports())?;
                state.load(&hosts, &files)?;
                Some(Arc::new(state))
            }
            None => None,
        };
        let started = hosts.now();
        let net = Arc::new(Net {
            name: config.name,
            seed: listeners.seed.0,
            page: listeners.page.as_ref().map(|(address, _)| *address),
            file_server: listeners.file_server.0,
            files,
            nodes,
            hosts,
            tls,
            state,
            started,
            rng: Mutex::new(StdRng::from_rng(&mut rng)),
            kept: Mutex::new(kept.clone()),
            listening: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            stop_asked: watch::Sender::new(false),
        });
        net.register_all(names(&kept, config.names)).await?;

        let mut background = JoinSet::new();
        let answer = seed::seed(net.hosts.clone(), StdRng::from_rng(&mut rng));
        background.spawn(server::serve(listeners.seed.1, None, answer));
        let answer = file_host::answers(net.files.clone(), net.hosts.clone());
        background.spawn(server::serve(listeners.file_server.1, None, answer));
        if let Some((address, listener)) = listeners.page {
            let answer = page::answers(net.clone(), address);
            background.spawn(server::serve(listener, None, answer));
        }
        listen_all(&net, listeners.nodes, &kept.stopped).await;
        net.come_and_go().await?;
        for layout in layouts {
            // What an earlier process could not finish moving.
            net.settle(layout).await;
        }
        background.spawn(tick(net.hosts.clone()));
        background.spawn(tick_files(net.clone()));
        background.spawn(watch_faults(net.clone()));
        if let Some(state) = &net.state {
            background.spawn(save(net.clone(), state.clone()));
        }
        let control = match (&net.state, config.control) {
            (Some(_), Some(path)) => Some(Control::open(&path, net.clone())?),
            _ => None,
        };
        Ok(Self { net, background, control, lock })
    }
}

/// The slow part of a start: the state folder, and the certificate's key.
fn prepare(
    config: &LocalnetConfig,
) -> Result<(Option<State>, Option<File>, Certificate), LocalnetError> {
    let Some(folder) = &config.state else {
        let certificate = Certificate::generate()?;
        return Ok((None, None, certificate));
    };
    let (state, lock) = State::open(folder, config)?;
    let certificate = state.certificate()?;
    Ok((Some(state), Some(lock), certificate))
}

/// Names of the state folder, and those that come with this start.
fn names(
    kept: &Kept,
    new: impl IntoIterator<Item = (Name, AccountId)>,
) -> Vec<(Name, Option<AccountId>)> {
    let kept = kept.names.iter().filter_map(|(name, id)| {
        // Whoever wrote them checked them; one that was changed by hand since
        // is as good as not there.
        Some((name.parse::<Name>().ok()?, AccountId::parse_account(id).ok()?))
    });
    kept.chain(new).map(|(name, id)| (name, Some(id))).collect()
}

/// Lets all nodes listen but those that were stopped.
async fn listen_all(net: &Net, listeners: Vec<ports::Bound>, stopped: &BTreeSet<usize>) {
    let mut listening = net.listening.lock().await;
    for (index, (_, listener)) in listeners.into_iter().enumerate() {
        let up = !stopped.contains(&index);
        listening.push(up.then(|| net.listen(index, listener)));
        net.hosts.set_up(index, up);
    }
}

pub(crate) async fn tick(hosts: Arc<Hosts>) {
    loop {
        tokio::time::sleep(TICK_EVERY).await;
        hosts.tick();
    }
}

async fn tick_files(net: Arc<Net>) {
    loop {
        tokio::time::sleep(TICK_EVERY).await;
        net.files.tick(net.hosts.now());
    }
}

async fn save(net: Arc<Net>, state: Arc<State>) {
    loop {
        tokio::time::sleep(SAVE_EVERY).await;
        if let Err(error) = net.save(&state).await {
            tracing::error!(%error, "what the local network holds could not be saved");
        }
    }
}
