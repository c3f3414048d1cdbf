//! The actor that carries the requests of one isolation class.

use actix::prelude::*;
use ramson_messages::paths::{GetPathsStatus, OnionRequest, ReadyPaths};
use ramson_messages::storage::LoadGuards;
use ramson_messages::transport::IsolationClass;
use ramson_messages::{Lifeline, Link, Stop};
use ramson_paths_actor::{PathsActor, Ports};
use ramson_protocol::paths::PathsConfig;
use ramson_storage_actor::Storage;

use super::shard::ShardLinks;
use super::swarm::Swarm;
use super::{Basics, link};
use crate::arbiters::Place;
use crate::engine::{EngineConfig, EngineError};
use crate::guardian::{self, Guarded};

/// Links to a class's paths, and their guardian.
pub(crate) struct ClassPaths {
    pub(crate) onion: Link<OnionRequest>,
    pub(crate) ready: Link<ReadyPaths>,
    pub(crate) status: Link<GetPathsStatus>,
    stop: Link<Stop>,
    guarded: Guarded,
}

impl ClassPaths {
    pub(crate) async fn stop(self) {
        drop(self.guarded);
        // An actor that is not running is stopped.
        drop(self.stop.ask(Stop).await);
    }
}

/// What the actors of all classes are called in errors.
pub(crate) const TO: &str = "paths";

/// The paths of a class that has accounts.
pub(crate) async fn start(
    class: IsolationClass,
    config: &EngineConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    swarm: &Swarm,
    shard: &ShardLinks,
    place: Place,
) -> Result<ClassPaths, EngineError> {
    let paths = config.network.paths;
    start_at(Link::new(TO), class, paths, basics, storage, swarm, shard, place).await
}

/// The network's own paths, which carry something now and then: one, built when
/// it is needed. `onion` leads to them from now on.
pub(crate) async fn start_network(
    onion: Link<OnionRequest>,
    config: &EngineConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    swarm: &Swarm,
    shard: &ShardLinks,
    place: Place,
) -> Result<ClassPaths, EngineError> {
    let paths = PathsConfig { paths: 1, on_demand: true, ..config.network.paths };
    let class = IsolationClass::NETWORK;
    start_at(onion, class, paths, basics, storage, swarm, shard, place).await
}

// Each is another part that the actor is joined to.
#[allow(clippy::too_many_arguments)]
async fn start_at(
    onion: Link<OnionRequest>,
    class: IsolationClass,
    paths: PathsConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    swarm: &Swarm,
    shard: &ShardLinks,
    place: Place,
) -> Result<ClassPaths, EngineError> {
    let (ready, status, stop) = (Link::new(TO), Link::new(TO), Link::new(TO));
    let lead = (onion.clone(), ready.clone(), status.clone(), stop.clone());
    let ports = Ports {
        seal: shard.seal_onion.clone(),
        open: shard.open_onion.clone(),
        post: shard.post.clone(),
        save_guards: link("storage", &shard.storage),
        doubt: swarm.links.doubt.clone(),
        gone: swarm.links.gone.clone(),
        spent: swarm.links.spent.clone(),
        pool: swarm.pool.clone(),
        events: basics.events.clone(),
    };
    let load = link::<LoadGuards, _>("storage", storage);
    let parts = basics.clone();
    let start = move || {
        let (ports, parts, place) = (ports.clone(), parts.clone(), place.clone());
        let (load, (onion, ready, status, stop)) = (load.clone(), lead.clone());
        async move {
            let loaded = load.ask(LoadGuards { class }).await.map_err(|error| error.to_string())?;
            // Unreadable guards are chosen anew.
            let guards = loaded.unwrap_or_else(|error| {
                tracing::warn!(%error, "the guards kept last are not readable");
                Vec::new()
            });
            let (lifeline, end) = Lifeline::new();
            let (clock, entropy) = (parts.clock, parts.entropy);
            let actor = place.start(move |_| {
                PathsActor::new(class, paths, guards, ports, clock, &*entropy, lifeline)
            });
            onion.point_at(&actor);
            ready.point_at(&actor);
            status.point_at(&actor);
            stop.point_at(&actor);
            Ok(end)
        }
    };
    let (events, clock) = (basics.events.clone(), basics.clock.clone());
    let guarded = guardian::guard(format!("paths {}", class.0), events, clock, start)
        .await
        .map_err(|reason| EngineError::Start { reason })?;
    Ok(ClassPaths { onion, ready, status, stop, guarded })
}
