//! `network status`: how the network is, as the engine sees it. `network
//! proxy`: see `proxy`.

pub(crate) mod proxy;
mod view;

use std::time::Duration;

use ramson_messages::Clock as _;
use ramson_system::{EngineEvent, Event, NetworkStatus, SwarmMember, SystemClock};
use ramson_types::AccountId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::sleep;

use super::Context;
use super::peer::Peer;
use super::reach::{self, Limit, ended, missing_nodes};
use crate::cli::NetworkStatusArgs;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::Record;

pub(crate) use view::View;

/// How long an engine that was started for this may take to get ready, unless
/// `--timeout` says otherwise.
const MOMENT: Duration = Duration::from_secs(20);

/// How often it is looked at meanwhile.
const EVERY: Duration = Duration::from_millis(50);

/// A checked `network status`.
pub(crate) struct Status {
    swarm: Option<Peer>,
}

/// The swarm that was asked for.
struct Swarm {
    id: AccountId,
    name: Option<String>,
    members: Vec<SwarmMember>,
}

impl Status {
    pub(super) fn prepare(args: &NetworkStatusArgs) -> Result<Self, Failure> {
        Ok(Self { swarm: args.swarm.as_deref().map(Peer::parse).transpose()? })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut limit = Limit::or(context, MOMENT);
        let mut progress = Progress::quiet(&context.console);
        let looked = self.look(context, &mut limit, &progress).await;
        progress.clear();
        if matches!(looked, Err(Failure::Interrupted { .. } | Failure::EngineEnded { .. })) {
            return looked.map(drop);
        }
        // What stands in the way can be seen in the rest.
        let (swarm, failure) = match looked {
            Ok(swarm) => (swarm, None),
            Err(failure) => (None, Some(failure)),
        };
        let status = context.engine.network_status().await?;
        let accounts = context.engine.accounts().await?;
        let now = SystemClock::start().now();
        let view = View::new(&context.ground, &status, &accounts, swarm.as_ref(), now);
        context.console.record(&Record::Network(Box::new(view))).await?;
        failure.map_or(Ok(()), Err)
    }

    /// Waits for paths where nobody did, and finds the swarm.
    async fn look(
        &self,
        context: &Context,
        limit: &mut Limit,
        progress: &Progress,
    ) -> Result<Option<Swarm>, Failure> {
        if context.own_engine {
            progress.step("looking for service nodes, building paths").await;
            settle(context, limit).await?;
        }
        let Some(peer) = &self.swarm else { return Ok(None) };
        let id = peer.find(context, None, limit, progress).await?;
        progress.step(format!("asking who the swarm of {id} is")).await;
        let undone = format!("who the swarm of {id} is was not told");
        let members = reach::ask(context, limit, &undone, || context.engine.swarm_of(id)).await?;
        Ok(Some(Swarm { id, name: peer.name(), members }))
    }
}

/// Waits until every account has a path. When the time is over, one path of
/// any account will do.
async fn settle(context: &Context, limit: &mut Limit) -> Result<(), Failure> {
    let mut events = context.engine.subscribe();
    let mut obstacle = None;
    loop {
        let status = context.engine.network_status().await?;
        if is_ready(&status) {
            return Ok(());
        }
        last_obstacle(&mut events, &mut obstacle);
        tokio::select! {
            biased;
            why = context.ending.wait() => return Err(ended(why)),
            () = limit.over() => {
                if status.accounts.iter().any(|account| account.paths.paths.iter().any(|path| path.ready)) {
                    return Ok(());
                }
                let seconds = limit.seconds();
                return Err(match missing_nodes(context).await {
                    Some((seed, reason)) => Failure::NoServiceNodes { seed, reason, seconds },
                    None => {
                        let reason = obstacle.unwrap_or_else(|| "none was verified yet".to_owned());
                        Failure::NoPath { seconds, reason }
                    }
                });
            }
            () = sleep(EVERY) => {}
        }
    }
}

/// An account's paths are built at once; those of the network itself only when
/// they are needed.
fn is_ready(status: &NetworkStatus) -> bool {
    let all =
        |account: &ramson_system::AccountNetwork| account.paths.paths.iter().any(|path| path.ready);
    status.swarm.pool.is_some() && status.accounts.iter().all(all)
}

/// Why a path failed last.
fn last_obstacle(events: &mut Receiver<Event>, obstacle: &mut Option<String>) {
    loop {
        match events.try_recv() {
            Ok(Event::Engine(EngineEvent::PathFailed { reason, .. })) => *obstacle = Some(reason),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}
