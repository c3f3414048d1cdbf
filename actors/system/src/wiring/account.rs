//! The actors of one account: itself, and its paths where they are its own.

use std::time::Duration;

use actix::prelude::*;
use ramson_identity_actor::{IdentityActor, Ports};
use ramson_messages::events::{EngineEvent, Event};
use ramson_messages::identity::{
    Carry, CarryAll, GetAccountStatus, GetProfile, GetSending, PollDue, PollNow,
};
use ramson_messages::paths::{GetPathsStatus, OnionRequest, ReadyPaths};
use ramson_messages::storage::{Commit, LoadAccount, StoreError};
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

/// The wait before the store is asked again when too much waits for it.
const BUSY_RETRY: Duration = Duration::from_millis(200);

/// The same, when the disk refuses.
const TROUBLE_RETRY: Duration = Duration::from_secs(1);

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
    let mut again = false;
    let start = move || {
        let again = std::mem::replace(&mut again, true);
        let (ports, parts, place) = (ports.clone(), parts.clone(), place.clone());
        let (load, watch) = (load.clone(), watch.clone());
        let links = lead.clone();
        let barrier = barrier.clone();
        async move {
            // Behind whatever a former actor sent, which the reader might miss.
            wait_for_writes(&barrier, number, again, &parts).await?;
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
        carry_all: links.carry_all,
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

/// Waits until everything that was to be written for an account before is
/// written or never will be. A full disk passes: an account that starts again
/// waits for it, since a write that failed may be there all the same. At first
/// there is none such, and what is on disk can be read.
async fn wait_for_writes(
    barrier: &Link<Commit>,
    account: u32,
    again: bool,
    parts: &Basics,
) -> Result<(), String> {
    let mut trouble = false;
    loop {
        let at = parts.clock.now();
        let nothing = Commit { account, changes: Vec::new(), events: Vec::new(), at };
        match barrier.ask(nothing).await.map_err(|error| error.to_string())? {
            Ok(_) => return Ok(()),
            Err(StoreError::Busy { .. }) => tokio::time::sleep(BUSY_RETRY).await,
            Err(StoreError::Write { reason }) => {
                if !std::mem::replace(&mut trouble, true) {
                    tracing::error!(account, reason, "the store cannot be written");
                    let event = EngineEvent::StoreTrouble { reason };
                    parts.events.publish(Event::Engine(event));
                }
                if !again {
                    return Ok(());
                }
                tokio::time::sleep(TROUBLE_RETRY).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Everything that leads to the account's actor.
#[derive(Clone)]
struct IdentityLinks {
    carry: Link<Carry>,
    carry_all: Link<CarryAll>,
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
            carry_all: Link::new(TO),
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
        self.carry_all.point_at(actor);
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

#[cfg(test)]
mod tests {
    use ramson_messages::events::EventBus;
    use ramson_messages::storage::Committed;

    use super::*;
    use crate::environment::Environment;

    /// A store whose disk is full for so many writes.
    struct Full(usize);

    impl Actor for Full {
        type Context = Context<Self>;
    }

    impl Handler<Commit> for Full {
        type Result = MessageResult<Commit>;

        fn handle(&mut self, _: Commit, _: &mut Context<Self>) -> Self::Result {
            let full = self.0 > 0;
            self.0 = self.0.saturating_sub(1);
            MessageResult(match full {
                true => Err(StoreError::Write { reason: "no space".to_owned() }),
                false => Ok(Committed { first_event: 1 }),
            })
        }
    }

    #[actix_rt::test]
    async fn a_full_disk_is_waited_for_where_an_account_starts_again_and_told_once() {
        tokio::time::pause();
        let Environment { clock, entropy, dial, .. } = Environment::real().unwrap();
        let parts = Basics { events: EventBus::new(), clock, entropy, dial };
        for (again, waits) in [(false, 0), (true, 3)] {
            let mut told = parts.events.subscribe();
            let barrier = link("storage", &Full(3).start());
            let begun = tokio::time::Instant::now();
            assert_eq!(wait_for_writes(&barrier, 1, again, &parts).await, Ok(()));
            assert_eq!(begun.elapsed().as_secs(), waits);
            let event = EngineEvent::StoreTrouble { reason: "no space".to_owned() };
            assert_eq!(told.try_recv(), Ok(Event::Engine(event)));
            assert!(told.try_recv().is_err(), "once is enough");
        }
    }
}
