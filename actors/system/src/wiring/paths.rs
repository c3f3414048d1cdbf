//! The actor that carries the requests of one isolation class.

use actix::prelude::*;
use ramson_messages::paths::{OnionRequest, ReadyPaths};
use ramson_messages::storage::LoadGuards;
use ramson_messages::transport::IsolationClass;
use ramson_messages::{Lifeline, Link, Stop};
use ramson_paths_actor::{PathsActor, Ports};
use ramson_storage_actor::Storage;

use super::shard::ShardLinks;
use super::swarm::Swarm;
use super::{Basics, link};
use crate::engine::{EngineConfig, EngineError};
use crate::guardian::{self, Guarded};

/// Links to a class's paths, and their guardian.
pub(crate) struct ClassPaths {
    pub(crate) onion: Link<OnionRequest>,
    pub(crate) ready: Link<ReadyPaths>,
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

pub(crate) async fn start(
    class: IsolationClass,
    config: &EngineConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    swarm: &Swarm,
    shard: &ShardLinks,
    arbiter: ArbiterHandle,
) -> Result<ClassPaths, EngineError> {
    const TO: &str = "paths";
    let (onion, ready, stop) = (Link::new(TO), Link::new(TO), Link::new(TO));
    let lead = (onion.clone(), ready.clone(), stop.clone());
    let ports = Ports {
        seal: shard.seal_onion.clone(),
        open: shard.open_onion.clone(),
        post: shard.post.clone(),
        save_guards: link("storage", &shard.storage),
        doubt: swarm.links.doubt.clone(),
        pool: swarm.pool.clone(),
        events: basics.events.clone(),
    };
    let load = link::<LoadGuards, _>("storage", storage);
    let (paths, parts) = (config.network.paths, basics.clone());
    let start = move || {
        let (ports, parts, arbiter) = (ports.clone(), parts.clone(), arbiter.clone());
        let (load, (onion, ready, stop)) = (load.clone(), lead.clone());
        async move {
            let loaded = load.ask(LoadGuards { class }).await.map_err(|error| error.to_string())?;
            // Unreadable guards are chosen anew.
            let guards = loaded.unwrap_or_else(|error| {
                tracing::warn!(%error, "the guards kept last are not readable");
                Vec::new()
            });
            let (lifeline, end) = Lifeline::new();
            let (clock, entropy) = (parts.clock, parts.entropy);
            let actor = PathsActor::start_in_arbiter(&arbiter, move |_| {
                PathsActor::new(class, paths, guards, ports, clock, &*entropy, lifeline)
            });
            onion.point_at(&actor);
            ready.point_at(&actor);
            stop.point_at(&actor);
            Ok(end)
        }
    };
    let (events, clock) = (basics.events.clone(), basics.clock.clone());
    let guarded = guardian::guard(format!("paths {}", class.0), events, clock, start)
        .await
        .map_err(|reason| EngineError::Start { reason })?;
    Ok(ClassPaths { onion, ready, stop, guarded })
}
