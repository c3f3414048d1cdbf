//! Tells one durable plugin what happens: from its own place in the home's
//! event log, and never more than its window holds. What is told to everybody
//! and has no number comes from the pump.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ramson_system::{EngineError, Followed, Follower, PluginChange};
use ramson_wire::{Event, Lagged};

use crate::desk::Desk;
use crate::happening::Happening;
use crate::prepared::Prepared;
use crate::seat::Seat;
use crate::shared::{Attached, Shared};

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// So many events that were not for it, or so long, and its cursor is moved past
/// them.
const STRIDE: u64 = 1_000;
const LONGEST_STRIDE: Duration = Duration::from_secs(3_600);

/// Tells it until it is gone.
pub(crate) async fn feed(shared: Arc<Shared>, seat: Arc<Seat>) {
    let Some(progress) = seat.progress() else { return };
    let mut state = shared.state();
    loop {
        let attached = state.borrow_and_update().attached.clone();
        let Some(attached) = attached else {
            progress.pause();
            tokio::select! {
                biased;
                () = seat.until_gone() => return,
                changed = state.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            }
        };
        let number = attached.number;
        let other = async {
            let other = |state: &crate::shared::State| {
                state.attached.as_ref().map(|it| it.number) != Some(number)
            };
            // Its sender lives as long as `shared`.
            let _other = state.wait_for(other).await;
        };
        tokio::select! {
            biased;
            () = seat.until_gone() => return,
            () = other => progress.pause(),
            () = follow(&shared, &seat, &attached) => {}
        }
    }
}

/// Tells what happens in one engine, until that ends.
async fn follow(shared: &Shared, seat: &Seat, attached: &Attached) {
    let follower = loop {
        match begin(shared, seat, attached).await {
            Ok(follower) => break follower,
            Err(EngineError::Stopped) => return std::future::pending().await,
            Err(error) => {
                tracing::warn!(plugin = seat.name, "it is told later what happened: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    if let Some(progress) = seat.progress() {
        progress.introduced().await;
    }
    let moved = tokio::time::Instant::now();
    Feeder { shared, seat, attached, follower, passed: 0, moved }.run().await;
    // Another engine comes, or none.
    std::future::pending().await
}

/// Takes the name over, and finds out where it is.
async fn begin(shared: &Shared, seat: &Seat, attached: &Attached) -> Result<Follower, EngineError> {
    let (engine, name) = (&attached.engine, &seat.name);
    let desk = shared.desks.of(name);
    let mut desk = desk.lock().await;
    if desk.owner > seat.generation {
        // It was replaced already, and hears of that.
        drop(desk);
        return std::future::pending().await;
    }
    let cursor = match engine.plugin_cursor(name.clone()).await? {
        Some(cursor) => cursor,
        None => {
            let newest = engine.last_event().await?;
            engine.keep_for_plugins(vec![cursor_at(name, newest)]).await?;
            newest
        }
    };
    let same = desk.owner == seat.generation && desk.home == attached.info.home;
    *desk = Desk {
        engine: attached.number,
        home: attached.info.home.clone(),
        owner: seat.generation,
        cursor,
        // What an instance has under way is still out of order.
        stuck: desk.stuck.filter(|_| same),
        ..std::mem::take(&mut *desk)
    };
    drop(desk);
    let oldest = match engine.oldest_event().await? {
        Some(oldest) => oldest,
        None => engine.last_event().await?.saturating_add(1),
    };
    let skipped = oldest.saturating_sub(cursor.saturating_add(1));
    let follower = engine.follow_after(cursor);
    let Some(progress) = seat.progress() else { return Ok(follower) };
    seat.begin(attached.number, cursor);
    // Its snapshot comes now.
    seat.want_snapshot();
    shared.wake();
    if skipped > 0 {
        progress.introduced().await;
        seat.tell_kept(cursor, &Arc::new(Prepared::new(Event::Lagged(Lagged { skipped }))));
    }
    Ok(follower)
}

fn cursor_at(name: &str, seq: u64) -> PluginChange {
    PluginChange::SetCursor { plugin: name.to_owned(), seq }
}

struct Feeder<'a> {
    shared: &'a Shared,
    seat: &'a Seat,
    attached: &'a Attached,
    follower: Follower,
    /// Events since the cursor was moved that were not for it.
    passed: u64,
    moved: tokio::time::Instant,
}

impl Feeder<'_> {
    async fn run(mut self) {
        let Some(progress) = self.seat.progress() else { return };
        loop {
            progress.room().await;
            match self.follower.next().await {
                Ok(followed) => self.take(followed).await,
                Err(EngineError::Stopped) => return,
                Err(error) => {
                    let plugin = self.seat.name.as_str();
                    tracing::warn!(plugin, "it is told later what happened: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn take(&mut self, followed: Followed) {
        let Ok(happening) = Happening::of(followed) else { return };
        let seq = happening.seq;
        if !happening.is_heard_by(&self.seat.gate) {
            return self.pass(seq).await;
        }
        let event = loop {
            // It may not miss anything.
            if let Ok(event) = happening.event(&self.attached.engine).await {
                break event;
            }
        };
        match event.filter(|event| self.seat.gate.hears(event)) {
            Some(event) => {
                let prepared = Arc::new(Prepared::new(event));
                if let Some(progress) = self.seat.progress() {
                    progress.introduced().await;
                    progress.tell(seq, || self.seat.tell_kept(seq, &prepared));
                }
            }
            None => self.pass(seq).await,
        }
    }

    /// Lets what is not for it be forgotten some time.
    async fn pass(&mut self, seq: u64) {
        let Some(progress) = self.seat.progress() else { return };
        self.passed = self.passed.saturating_add(1);
        let due = self.passed >= STRIDE || self.moved.elapsed() >= LONGEST_STRIDE;
        let Some(through) = progress.pass(seq).filter(|_| due) else { return };
        (self.passed, self.moved) = (0, tokio::time::Instant::now());
        let desk = self.shared.desks.of(&self.seat.name);
        let mut desk = desk.lock().await;
        if desk.owner != self.seat.generation || desk.cursor >= through {
            return;
        }
        let kept = self.attached.engine.keep_for_plugins(vec![cursor_at(&self.seat.name, through)]);
        // It is only a short cut: the next one does it as well.
        if kept.await.is_ok() {
            desk.cursor = through;
        }
    }
}
