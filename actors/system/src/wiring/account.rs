//! The actors of one account: itself, and its paths where they are its own.

use actix::prelude::*;
use ramson_identity_actor::{IdentityActor, Ports};
use ramson_messages::identity::{
    Carry, GetAccountStatus, GetProfile, GetSending, PollDue, PollNow,
};
use ramson_messages::paths::{GetPathsStatus, OnionRequest, ReadyPaths};
use ramson_messages::storage::{Commit, LoadAccount};
use ramson_messages::{Lifeline, Link, Stop};
use ramson_storage_actor::Storage;
use ramson_types::AccountId;

use super::paths::ClassPaths;
use super::shard::ShardLinks;
use super::swarm::Swarm;
use super::{AccountWires, Basics, link};
use crate::arbiters::Place;
use crate::engine::EngineError;
use crate::guardian::{self, Guarded};

/// An account's actors, guarded.
pub(crate) struct Household {
    id: AccountId,
    identity: Guarded,
    stop_identity: Link<Stop>,
    own_paths: Option<ClassPaths>,
}

impl Household {
    /// Ends the account's actors.
    pub(crate) async fn stop(self, swarm: &Swarm) {
        drop(self.identity);
        swarm.unwatch(self.id).await;
        // An actor that is not running is stopped.
        drop(self.stop_identity.ask(Stop).await);
        if let Some(paths) = self.own_paths {
            paths.stop().await;
        }
    }
}

/// Where an account lives, and by which paths it reaches the network.
pub(crate) struct Residence {
    pub(crate) place: Place,
    pub(crate) shard: ShardLinks,
    pub(crate) onion: Link<OnionRequest>,
    pub(crate) ready_paths: Link<ReadyPaths>,
    pub(crate) paths_status: Link<GetPathsStatus>,
    pub(crate) own_paths: Option<ClassPaths>,
}

pub(crate) async fn start(
    number: u32,
    id: AccountId,
    poll: bool,
    basics: &Basics,
    storage: &Addr<Storage>,
    swarm: &Swarm,
    residence: Residence,
) -> Result<(Household, AccountWires), EngineError> {
    let links = IdentityLinks::new();
    let own_onion = residence.onion.clone();
    let ports = Ports {
        onion: residence.onion,
        seal: residence.shard.seal_copies,
        open: residence.shard.open_inbox,
        commit: link("storage", &residence.shard.storage),
        recall_hashes: link("storage", &residence.shard.storage),
        recall_history: link("storage", &residence.shard.storage),
        get_swarm: swarm.links.get_swarm.clone(),
        learn_swarm: swarm.links.learn_swarm.clone(),
        doubt_member: swarm.links.doubt_member.clone(),
        poll_done: swarm.links.poll_done.clone(),
        spent: swarm.links.spent.clone(),
        events: basics.events.clone(),
    };
    let load = link::<LoadAccount, _>("storage", storage);
    let barrier = link::<Commit, _>("storage", &residence.shard.storage);
    let (parts, place, watch) = (basics.clone(), residence.place, swarm.watch());
    let lead = links.clone();
    let start = move || {
        let (ports, parts, place) = (ports.clone(), parts.clone(), place.clone());
        let (load, watch) = (load.clone(), watch.clone());
        let links = lead.clone();
        let (barrier, now) = (barrier.clone(), parts.clock.now());
        async move {
            // Behind whatever a former actor sent, which the reader might miss.
            let nothing = Commit { account: number, changes: vec![], events: vec![], at: now };
            barrier
                .ask(nothing)
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())?;
            let stored = load
                .ask(LoadAccount { account: number })
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())?;
            let (lifeline, end) = Lifeline::new();
            let (clock, entropy) = (parts.clock, parts.entropy);
            let actor =
                place.start(move |_| IdentityActor::new(stored, ports, clock, &*entropy, lifeline));
            links.point_at(&actor);
            if poll {
                watch(id, links.poll_due);
            }
            Ok(end)
        }
    };
    let (events, clock) = (basics.events.clone(), basics.clock.clone());
    let identity = guardian::guard(format!("account {number}"), events, clock, start)
        .await
        .map_err(|reason| EngineError::Start { reason })?;
    let household =
        Household { id, identity, stop_identity: links.stop, own_paths: residence.own_paths };
    let wires = AccountWires {
        number,
        carry: links.carry,
        profile: links.profile,
        sending: links.sending,
        poll_now: links.poll_now,
        ready_paths: residence.ready_paths,
        onion: own_onion,
        paths_status: residence.paths_status,
        status: links.status,
        #[cfg(feature = "chaos")]
        panic: links.panic,
    };
    Ok((household, wires))
}

/// Everything that leads to the account's actor.
#[derive(Clone)]
struct IdentityLinks {
    carry: Link<Carry>,
    profile: Link<GetProfile>,
    sending: Link<GetSending>,
    poll_due: Link<PollDue>,
    poll_now: Link<PollNow>,
    status: Link<GetAccountStatus>,
    stop: Link<Stop>,
    #[cfg(feature = "chaos")]
    panic: Link<ramson_messages::Panic>,
}

impl IdentityLinks {
    fn new() -> Self {
        const TO: &str = "identity";
        Self {
            carry: Link::new(TO),
            profile: Link::new(TO),
            sending: Link::new(TO),
            poll_due: Link::new(TO),
            poll_now: Link::new(TO),
            status: Link::new(TO),
            stop: Link::new(TO),
            #[cfg(feature = "chaos")]
            panic: Link::new(TO),
        }
    }

    fn point_at(&self, actor: &Addr<IdentityActor>) {
        self.carry.point_at(actor);
        self.profile.point_at(actor);
        self.sending.point_at(actor);
        self.poll_due.point_at(actor);
        self.poll_now.point_at(actor);
        self.status.point_at(actor);
        self.stop.point_at(actor);
        #[cfg(feature = "chaos")]
        self.panic.point_at(actor);
    }
}
