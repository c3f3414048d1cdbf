//! Starts actors again when they fail, with their state loaded anew from the
//! store. actix's own supervisor does not do it after a panic.

use std::collections::VecDeque;
use std::time::Duration;

use ramson_messages::events::{EngineEvent, Event, EventBus};
use ramson_messages::{Clock, LifelineEnd};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// So many failures within [`WINDOW`] end the attempts.
const MAX_FAILURES: usize = 10;

/// The time in which failures count together.
const WINDOW: Duration = Duration::from_secs(60);

/// The wait after the first failure, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// A watched actor; dropping it lets the actor's next end be its last.
pub(crate) struct Guarded(JoinHandle<()>);

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts an actor now and whenever it ends. `start` loads the actor's state,
/// starts it, points its links at it, and returns the end of its lifeline.
pub(crate) async fn guard<S, F>(
    name: String,
    events: EventBus,
    clock: Arc<dyn Clock>,
    mut start: S,
) -> Result<Guarded, String>
where
    S: FnMut() -> F + 'static,
    F: Future<Output = Result<LifelineEnd, String>> + 'static,
{
    let mut end = start().await?;
    let watch = async move {
        let mut failures = VecDeque::new();
        loop {
            end.ended().await;
            end = loop {
                let now = clock.elapsed();
                failures.push_back(now);
                failures.retain(|at| now.saturating_sub(*at) < WINDOW);
                if failures.len() > MAX_FAILURES {
                    tracing::error!(actor = name, "failed too often and stays down");
                    events.publish(Event::Engine(EngineEvent::ActorGivenUp { actor: name }));
                    return;
                }
                let doublings = u32::try_from(failures.len()).unwrap_or(u32::MAX).saturating_sub(1);
                tokio::time::sleep(FIRST_WAIT.saturating_mul(1 << doublings.min(8))).await;
                match start().await {
                    Ok(end) => break end,
                    Err(error) => {
                        tracing::error!(actor = name, error, "could not be started again")
                    }
                }
            };
            tracing::warn!(actor = name, "was started again");
            events.publish(Event::Engine(EngineEvent::ActorRestarted { actor: name.clone() }));
        }
    };
    Ok(Guarded(tokio::task::spawn_local(watch)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use actix::prelude::*;
    use ramson_messages::{Lifeline, Link};

    use super::*;
    use crate::clock::SystemClock;

    struct Fragile {
        _lifeline: Lifeline,
    }

    impl Actor for Fragile {
        type Context = Context<Self>;
    }

    #[derive(Message)]
    #[rtype(result = "u32")]
    struct Poke {
        panic: bool,
    }

    impl Handler<Poke> for Fragile {
        type Result = u32;

        fn handle(&mut self, poke: Poke, _: &mut Context<Self>) -> u32 {
            assert!(!poke.panic, "a panic on purpose");
            7
        }
    }

    /// A guarded actor, and how often it was started.
    async fn fragile(events: &EventBus) -> (Guarded, Link<Poke>, Rc<Cell<usize>>) {
        let (link, starts) = (Link::new("fragile"), Rc::new(Cell::new(0)));
        let (lead, count) = (link.clone(), starts.clone());
        let start = move || {
            count.set(count.get() + 1);
            let (lifeline, end) = Lifeline::new();
            lead.point_at(&Fragile { _lifeline: lifeline }.start());
            std::future::ready(Ok(end))
        };
        let clock = Arc::new(SystemClock::start());
        let guarded = guard("fragile".into(), events.clone(), clock, start).await.unwrap();
        (guarded, link, starts)
    }

    #[actix_rt::test]
    async fn an_actor_that_panics_is_started_again_and_told_of() {
        let events = EventBus::new();
        let mut told = events.subscribe();
        let (_guarded, link, starts) = fragile(&events).await;
        assert_eq!(link.ask(Poke { panic: false }).await, Ok(7));
        assert!(link.ask(Poke { panic: true }).await.is_err());
        let restarted = EngineEvent::ActorRestarted { actor: "fragile".into() };
        assert_eq!(told.recv().await.unwrap(), Event::Engine(restarted));
        assert_eq!(link.ask(Poke { panic: false }).await, Ok(7));
        assert_eq!(starts.get(), 2);
    }

    #[actix_rt::test]
    async fn an_actor_that_keeps_panicking_stays_down() {
        tokio::time::pause();
        let events = EventBus::new();
        let mut told = events.subscribe();
        let (_guarded, link, starts) = fragile(&events).await;
        for _ in 0..MAX_FAILURES {
            assert!(link.ask(Poke { panic: true }).await.is_err());
            let restarted = EngineEvent::ActorRestarted { actor: "fragile".into() };
            assert_eq!(told.recv().await.unwrap(), Event::Engine(restarted));
        }
        assert!(link.ask(Poke { panic: true }).await.is_err());
        let given_up = EngineEvent::ActorGivenUp { actor: "fragile".into() };
        assert_eq!(told.recv().await.unwrap(), Event::Engine(given_up));
        assert_eq!(starts.get(), MAX_FAILURES + 1);
        assert!(link.ask(Poke { panic: false }).await.is_err());
    }
}
