//! The model with an engine in memory.

mod acting;
mod hearing;
mod properties;
mod reading;
mod writing;

use ramson_wire::{AccountId, Command, ConversationId, Millis, Request};

use crate::testing::{Seat, World};
use crate::time::{Civil, Clock};
use crate::{Action, Filter, Item, Row, Thread, list, thread};

/// One account with two contacts.
struct Desk {
    world: World,
    seat: Seat,
    ann: AccountId,
    bob: AccountId,
    echo: AccountId,
}

fn desk() -> Desk {
    let mut world = World::new();
    let ann = world.add_account("Ann");
    let bob = world.add_contact(ann, "Bob");
    let echo = world.add_contact(ann, "Echo");
    let seat = Seat::at(&world);
    Desk { world, seat, ann, bob, echo }
}

impl Desk {
    fn act(&mut self, action: Action) {
        self.settle();
        self.seat.act(action, self.world.now);
        self.settle();
    }

    fn settle(&mut self) {
        self.world.settle(&mut [&mut self.seat]);
    }

    fn open(&mut self, with: AccountId) {
        self.act(Action::Open(with.into()));
    }

    fn thread(&self) -> &Thread {
        self.seat.model.open.as_ref().expect("a conversation is open")
    }

    fn rows(&self) -> Vec<Row> {
        rows(&self.seat, self.world.now)
    }

    fn row(&self, of: AccountId) -> Row {
        let id = ConversationId::from(of);
        self.rows().into_iter().find(|row| row.id == id).expect("it is listed")
    }

    fn items(&self) -> Vec<Item> {
        items(&self.seat, self.world.now)
    }

    /// The commands that were given so far.
    fn commands(&self) -> Vec<Command> {
        let all = self.seat.port.all.iter();
        all.filter_map(|request| match request {
            Request::Command(command) => Some(command.command.clone()),
            _ => None,
        })
        .collect()
    }

    fn last_command(&self) -> Command {
        self.commands().pop().expect("a command was given")
    }

    fn note(&self) -> String {
        self.seat.model.notes.newest().map(|note| note.text.clone()).unwrap_or_default()
    }
}

fn rows(seat: &Seat, now: Millis) -> Vec<Row> {
    list::rows(&seat.model, &Filter::default(), &Clock { now, civil: &Civil::utc })
}

fn items(seat: &Seat, now: Millis) -> Vec<Item> {
    let thread = seat.model.open.as_ref().expect("a conversation is open");
    thread::items(thread, &seat.model, &Clock { now, civil: &Civil::utc })
}

fn texts(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Message(bubble) => {
                Some(bubble.body.iter().map(|span| span.text.as_str()).collect())
            }
            _ => None,
        })
        .collect()
}
