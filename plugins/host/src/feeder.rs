//! Tells one durable plugin what happens: from its own place in the home's
//! event log until it has caught up, then what is laid out for it at the head,
//! and never more than its window holds. What is told to everybody and has no
//! number comes from the pump.

#[cfg(test)]
mod tests;

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use ramson_system::{Engine, EngineError, PluginChange};
use ramson_wire::{Event, Lagged};
use tokio::time::{Instant, sleep, timeout};

use crate::desk::Desk;
use crate::happening::Happening;
use crate::head::{self, Joined, Scope};
use crate::host::Since;
use crate::prepared::Prepared;
use crate::progress::Progress;
use crate::seat::Seat;
use crate::shared::{Attached, Shared};

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// So often it is looked how much was not for it; so many events, or so long,
/// and its cursor is moved past them.
const LOOK: Duration = Duration::from_secs(60);
const STRIDE: u64 = 1_000;
const LONGEST_STRIDE: Duration = Duration::from_secs(3_600);

/// The event behind which a plugin begins that was never there. `None` where the
/// store does not say: then it is the newest one when it has its seat.
pub(crate) async fn first_place(shared: &Shared, since: Since) -> Option<u64> {
    let engine = shared.attached()?.engine;
    match since {
        Since::Now => engine.last_event().await.ok(),
        Since::EngineStarted => Some(engine.started_after()),
    }
}

/// Keeps a plugin's place, if it was never there.
pub(crate) async fn keep_place(shared: &Shared, name: &str, first: u64) {
    let Some(Attached { engine, .. }) = shared.attached() else { return };
    let desk = shared.desks.of(name);
    let _desk = desk.lock().await;
    if let Err(error) = find_place(&engine, name, Some(first)).await {
        tracing::warn!(plugin = name, "what happened before it had its seat is not told: {error}");
    }
}

/// The place of a plugin, behind its desk. One that was never there begins
/// behind `first`, or now.
async fn find_place(engine: &Engine, name: &str, first: Option<u64>) -> Result<u64, EngineError> {
    if let Some(cursor) = engine.plugin_cursor(name.to_owned()).await? {
        return Ok(cursor);
    }
    let first = match first {
        Some(first) => first,
        None => engine.last_event().await?,
    };
    engine.keep_for_plugins(vec![cursor_at(name, first)]).await?;
    Ok(first)
}

fn cursor_at(name: &str, seq: u64) -> PluginChange {
    PluginChange::SetCursor { plugin: name.to_owned(), seq }
}

/// Tells it until it is gone.
pub(crate) async fn feed(shared: Arc<Shared>, seat: Arc<Seat>) {
    let Some(progress) = seat.progress() else { return };
    let feeding = async {
        let mut engines = shared.engines();
        loop {
            progress.pause();
            match engines.now() {
                Some(attached) => {
                    engines.during(follow(&shared, &seat, progress, &attached)).await;
                }
                None => engines.during(ready(())).await,
            }
        }
    };
    tokio::select! {
        biased;
        () = seat.until_gone() => {}
        never = feeding => match never {},
    }
}

/// Tells what happens in one engine.
async fn follow(shared: &Shared, seat: &Arc<Seat>, progress: &Progress, attached: &Attached) {
    let through = loop {
        match begin(shared, seat, progress, attached).await {
            Ok(through) => break through,
            Err(error) => {
                tracing::warn!(plugin = seat.name, "it is told later what happened: {error}");
                sleep(PAUSE).await;
            }
        }
    };
    progress.introduced().await;
    let only = head::scope_of(seat);
    let moved = Instant::now();
    let mut feeder =
        Feeder { shared, seat, progress, attached, only, through, kept: through, moved };
    loop {
        let joined = shared.head.join(seat, &feeder.only, attached.number).await;
        feeder.catch_up(joined.from).await;
        feeder.hear(&joined).await;
    }
}

/// Takes the name over, and finds out where it is.
async fn begin(
    shared: &Shared,
    seat: &Seat,
    progress: &Progress,
    attached: &Attached,
) -> Result<u64, EngineError> {
    let (engine, name) = (&attached.engine, &seat.name);
    let desk = shared.desks.of(name);
    let mut desk = desk.lock().await;
    if desk.owner > seat.generation {
        // It was replaced already, and hears of that.
        drop(desk);
        return pending().await;
    }
    let cursor = find_place(engine, name, None).await?;
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
    seat.begin(attached.number, cursor);
    // Its snapshot comes now.
    seat.want_snapshot();
    shared.wake();
    if skipped > 0 {
        progress.introduced().await;
        seat.tell_kept(cursor, &Arc::new(Prepared::new(Event::Lagged(Lagged { skipped }))));
    }
    Ok(cursor)
}

struct Feeder<'a> {
    shared: &'a Shared,
    seat: &'a Seat,
    progress: &'a Progress,
    attached: &'a Attached,
    only: Scope,
    /// Everything up to here was told, or was not for it.
    through: u64,
    /// As far as its cursor was, when it was looked at last, and when that was.
    kept: u64,
    moved: Instant,
}

impl Feeder<'_> {
    /// Tells what the log has, up to a number at least.
    async fn catch_up(&mut self, until: u64) {
        while self.through < until {
            self.progress.room().await;
            let after = self.through;
            let part = match self.attached.engine.told_after(self.only.clone(), after).await {
                Ok(part) => part,
                Err(error) => {
                    let plugin = self.seat.name.as_str();
                    tracing::warn!(plugin, "it is told later what happened: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            for happening in part.told.into_iter().filter_map(|told| Happening::of(told).ok()) {
                if happening.is_heard_by(&self.seat.gate) {
                    self.progress.room().await;
                    self.tell(&happening).await;
                }
            }
            // What else there was is gone from the log.
            self.pass(if part.through == after { until } else { part.through }).await;
        }
    }

    /// Tells what is laid out for it, until it is behind.
    async fn hear(&mut self, joined: &Joined<'_>) {
        loop {
            self.progress.room().await;
            match timeout(LOOK, joined.next()).await {
                // The log may have been ahead.
                Ok(Some(happening)) if happening.seq <= self.through => {}
                Ok(Some(happening)) => self.tell(&happening).await,
                Ok(None) => return,
                Err(_elapsed) => {
                    if let Some(through) = joined.through() {
                        self.pass(through).await;
                    }
                }
            }
        }
    }

    async fn tell(&mut self, happening: &Happening) {
        let seq = happening.seq;
        let event = loop {
            // It may not miss anything.
            if let Ok(event) = happening.event(&self.attached.engine).await {
                break event;
            }
        };
        self.through = seq;
        match event.filter(|event| self.seat.gate.hears(event)) {
            Some(event) => {
                let prepared = Arc::new(Prepared::new(event));
                self.progress.introduced().await;
                self.progress.tell(seq, || self.seat.tell_kept(seq, &prepared));
            }
            None => drop(self.progress.pass(seq)),
        }
    }

    /// Lets what is not for it be forgotten some time.
    async fn pass(&mut self, through: u64) {
        self.through = self.through.max(through);
        let Some(through) = self.progress.pass(self.through) else { return };
        let late = self.moved.elapsed() >= LONGEST_STRIDE;
        let is_due = |kept: u64| {
            let passed = through.saturating_sub(kept);
            passed >= STRIDE || late && passed > 0
        };
        if !is_due(self.kept) {
            return;
        }
        let desk = self.shared.desks.of(&self.seat.name);
        let mut desk = desk.lock().await;
        if desk.owner != self.seat.generation {
            return;
        }
        // It may have said itself meanwhile that it is done with something.
        if is_due(desk.cursor) {
            let kept = vec![cursor_at(&self.seat.name, through)];
            // It is only a short cut: the next one does it as well.
            if self.attached.engine.keep_for_plugins(kept).await.is_ok() {
                desk.cursor = through;
            }
        }
        (self.kept, self.moved) = (desk.cursor, Instant::now());
    }
}
