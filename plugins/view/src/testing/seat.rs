//! A UI without a screen: a model, and what it asks for.

use std::collections::VecDeque;

use ramson_wire::{Event, Millis, Refusal, Request};

use super::World;
use crate::{Action, Model, Port};

/// What a UI asks for, until a [`World`] carries it out.
#[derive(Debug, Clone, Default)]
pub struct Asks {
    waiting: VecDeque<(u64, Request)>,
    /// Everything that was asked for, in order.
    pub all: Vec<Request>,
    /// While it stands here, every request is refused at once.
    pub refusing: Option<Refusal>,
}

impl Asks {
    /// What nobody has carried out yet, with its numbers.
    pub fn take(&mut self) -> Vec<(u64, Request)> {
        self.waiting.drain(..).collect()
    }
}

impl Port for Asks {
    fn ask(&mut self, request: Request) -> Result<u64, Refusal> {
        self.all.push(request.clone());
        if let Some(refusal) = &self.refusing {
            return Err(refusal.clone());
        }
        let id = u64::try_from(self.all.len()).unwrap_or(u64::MAX);
        self.waiting.push_back((id, request));
        Ok(id)
    }
}

/// A UI without a screen.
#[derive(Debug, Clone, Default)]
pub struct Seat {
    /// What it shows.
    pub model: Model,
    /// What it asks for.
    pub port: Asks,
    heard: usize,
}

impl Seat {
    /// A new one, with a snapshot of a world.
    pub fn at(world: &World) -> Self {
        let mut seat = Self::default();
        seat.renew(world);
        seat
    }

    /// Hears a snapshot, and goes on from there.
    pub fn renew(&mut self, world: &World) {
        let snapshot = Event::Snapshot(world.snapshot());
        self.model.hear(world.seq(), 0, snapshot, world.now, &mut self.port);
        self.heard = world.log().len();
    }

    /// Its user wants something.
    pub fn act(&mut self, action: Action, now: Millis) {
        self.model.act(action, now, &mut self.port);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Millis) {
        self.model.tick(now, &mut self.port);
    }

    /// Hears what happened since. Returns whether anything did.
    pub fn catch_up(&mut self, world: &World) -> bool {
        let new = world.log().get(self.heard..).unwrap_or_default();
        for (seq, event) in new {
            self.model.hear(*seq, 0, event.clone(), world.now, &mut self.port);
        }
        self.heard = world.log().len();
        !new.is_empty()
    }
}
