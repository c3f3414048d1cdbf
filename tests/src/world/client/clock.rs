//! A client's clocks: the wall clock, which may be wrong and may be set, and
//! the monotonic one, which stands still while the machine sleeps.

use std::cell::Cell;
use std::time::Duration;

use ramson_messages::Clock;
use ramson_types::Timestamp;

use crate::world::queue::Queue;

/// The clocks of one machine.
pub(crate) struct ClientClock {
    queue: Queue,
    /// How far the wall clock is ahead of the world's time, in ms.
    ahead: Cell<i64>,
    /// How long the machine slept so far.
    slept: Cell<Duration>,
}

impl ClientClock {
    pub(crate) const fn new(queue: Queue, ahead: i64) -> Self {
        Self { queue, ahead: Cell::new(ahead), slept: Cell::new(Duration::ZERO) }
    }

    /// Sets the wall clock so far ahead of the world's time.
    pub(crate) fn set(&self, ahead: i64) {
        self.ahead.set(ahead);
    }

    /// The machine has slept.
    pub(crate) fn add_sleep(&self, slept: Duration) {
        self.slept.set(self.slept.get().saturating_add(slept));
    }

    /// What an engine that starts now counts from.
    pub(crate) fn start(&self) -> Started {
        Started { wall: self.wall(), awake: self.awake() }
    }

    /// What the clocks say now.
    pub(crate) fn read(&self, started: Started) -> Reading {
        Reading { wall: self.wall(), elapsed: self.awake().saturating_sub(started.awake), started }
    }

    fn wall(&self) -> Timestamp {
        self.queue.now().offset(self.ahead.get())
    }

    /// The monotonic clock.
    fn awake(&self) -> Duration {
        Duration::from_millis(self.queue.now().millis()).saturating_sub(self.slept.get())
    }
}

/// When an engine was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started {
    wall: Timestamp,
    awake: Duration,
}

/// What the clocks of an engine say at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    wall: Timestamp,
    elapsed: Duration,
    started: Started,
}

impl Reading {
    /// The moment of the start.
    pub(crate) const fn never(started: Started) -> Self {
        Self { wall: started.wall, elapsed: Duration::ZERO, started }
    }
}

impl Clock for Reading {
    fn now(&self) -> Timestamp {
        self.wall
    }

    fn elapsed(&self) -> Duration {
        self.elapsed
    }

    fn steady(&self) -> Timestamp {
        self.started.wall.plus(self.elapsed)
    }
}
