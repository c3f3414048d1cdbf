//! What the network is asked while it may still be coming up.

use std::pin::Pin;
use std::time::Duration;

use ramson_system::{EngineError, NameError, SwarmError};
use ramson_types::AccountId;
use tokio::time::{Sleep, sleep, timeout};

use super::Context;
use crate::error::Failure;
use crate::signals::Why;

/// How long a command may take, unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often the network is asked again while no service node is known.
const AGAIN: Duration = Duration::from_millis(100);

/// An engine tells how it is at once; one that does not is not waited for.
const STATUS_TIME: Duration = Duration::from_secs(2);

/// How long a whole command may take, from its beginning.
pub(super) struct Limit {
    sleep: Pin<Box<Sleep>>,
    seconds: u64,
}

impl Limit {
    /// As `--timeout` says, else a minute.
    pub(super) fn of(context: &Context) -> Self {
        Self::or(context, TIMEOUT)
    }

    /// As `--timeout` says, else so long.
    pub(super) fn or(context: &Context, otherwise: Duration) -> Self {
        let time = context.timeout.unwrap_or(otherwise);
        Self { sleep: Box::pin(sleep(time)), seconds: time.as_secs() }
    }

    /// Returns when the time is over.
    pub(super) async fn over(&mut self) {
        self.sleep.as_mut().await;
    }

    /// How long it is.
    pub(super) fn seconds(&self) -> u64 {
        self.seconds
    }
}

/// Asks the network, and again while no service node is known. `undone` says
/// what was not done when the time is over.
pub(super) async fn ask<T>(
    context: &Context,
    limit: &mut Limit,
    undone: &str,
    ask: impl AsyncFn() -> Result<T, EngineError>,
) -> Result<T, Failure> {
    let asking = async {
        loop {
            match ask().await {
                Err(error) if is_early(&error) => sleep(AGAIN).await,
                answer => return answer,
            }
        }
    };
    tokio::select! {
        biased;
        why = context.ending.wait() => Err(ended(why)),
        answer = asking => Ok(answer?),
        () = limit.over() => Err(match missing_nodes(context).await {
            Some((seed, reason)) => {
                Failure::NoServiceNodes { seed, reason, seconds: limit.seconds }
            }
            None => Failure::Unanswered { what: undone.to_owned(), seconds: limit.seconds },
        }),
    }
}

/// Waits until what the swarm has of an account was fetched once.
pub(super) async fn synced(context: &Context, id: &AccountId) -> Result<(), Failure> {
    loop {
        let status = context.engine.account_status(id).await?;
        if status.synced && status.polled.is_some() && !status.polling {
            return Ok(());
        }
        sleep(AGAIN).await;
    }
}

/// How a question ends that is not answered any more.
pub(super) fn ended(why: Why) -> Failure {
    let kept = "nothing was changed".to_owned();
    match why {
        Why::Signal => Failure::Interrupted { kept },
        Why::EngineEnds => Failure::EngineEnded { kept },
    }
}

fn is_early(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Swarm(SwarmError::NoPool { .. })
            | EngineError::Name(NameError::Network(SwarmError::NoPool { .. }))
    )
}

/// The seed asked last and what it said, if no service node is known.
pub(super) async fn missing_nodes(context: &Context) -> Option<(String, String)> {
    let status = timeout(STATUS_TIME, context.engine.network_status()).await.ok()?.ok()?;
    if status.swarm.pool.is_some() {
        return None;
    }
    let last = status.swarm.last_pool_error.unwrap_or_default();
    Some(match last.split_once(": ") {
        Some((seed, reason)) => (seed.to_owned(), reason.to_owned()),
        None => {
            let seed = context.ground.network.seeds().first().cloned().unwrap_or_default();
            (seed, "it has not answered yet".to_owned())
        }
    })
}
