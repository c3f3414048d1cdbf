//! What is heard twice, or again after a snapshot, comes to the same.

use proptest::prelude::*;
use ramson_wire::{Change, Event, MessageId, MessageState, Reaction, Reply};

use super::*;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Receive(bool),
    Send,
    Stored(usize),
    ReadByPeer(usize),
    Failed(usize),
    React(usize, bool),
    Delete(usize),
    Remove(usize),
    Read,
    Pin(i64),
    Block(bool),
    Nickname(Option<u8>),
    RemoveConversation,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Receive),
        4 => Just(Step::Send),
        2 => any::<usize>().prop_map(Step::Stored),
        2 => any::<usize>().prop_map(Step::ReadByPeer),
        1 => any::<usize>().prop_map(Step::Failed),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, removed)| Step::React(which, removed)),
        1 => any::<usize>().prop_map(Step::Delete),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => Just(Step::Read),
        1 => (-1_i64..3).prop_map(Step::Pin),
        1 => any::<bool>().prop_map(Step::Block),
        1 => any::<Option<u8>>().prop_map(Step::Nickname),
        1 => Just(Step::RemoveConversation),
    ]
}

/// Two accounts' worth of names, so that steps can be carried out.
struct Scene {
    world: World,
    ann: AccountId,
    bob: AccountId,
    echo: AccountId,
    messages: Vec<MessageId>,
}

impl Scene {
    fn new() -> Self {
        let Desk { world, ann, bob, echo, .. } = desk();
        Self { world, ann, bob, echo, messages: Vec::new() }
    }

    fn carry_out(&mut self, step: &Step) {
        let (ann, bob) = (self.ann, self.bob);
        let pick = |which: usize| self.messages.get(which % self.messages.len().max(1)).copied();
        match step {
            Step::Receive(bob_too) => {
                let from = if *bob_too { bob } else { self.echo };
                let text = self.messages.len().to_string();
                let id = self.world.receive(ann, from, &text);
                self.messages.push(id);
            }
            Step::Send => {
                let id = self.world.send(ann, bob, "own");
                self.messages.push(id);
            }
            Step::Stored(which) => {
                let change = Change::Stored { hash: "hash".to_owned(), nodes: Vec::new() };
                self.own(pick(*which), change);
            }
            Step::ReadByPeer(which) => {
                self.own(pick(*which), Change::State { state: MessageState::Read });
            }
            Step::Failed(which) => {
                let state = MessageState::Failed { reason: "no path".to_owned() };
                self.own(pick(*which), Change::State { state });
            }
            Step::React(which, removed) => {
                let reaction = Reaction { author: bob, emoji: "👍".to_owned(), at: 1 };
                let change = Change::Reaction { reaction, removed: *removed };
                if let Some(id) = pick(*which) {
                    self.world.alter(ann, id, change);
                }
            }
            Step::Delete(which) => {
                if let Some(id) = pick(*which) {
                    self.world.alter(ann, id, Change::Deleted);
                }
            }
            Step::Remove(which) => {
                if let Some(id) = pick(*which) {
                    self.world.remove(ann, id, false);
                }
            }
            Step::Read => {
                let command = Command::MarkRead { conversation: bob.into(), up_to: None };
                self.command(command);
            }
            Step::Pin(priority) => {
                let priority = *priority;
                self.command(Command::SetPriority { conversation: bob.into(), priority });
            }
            Step::Block(blocked) => {
                self.command(Command::Block { contact: self.echo, blocked: *blocked });
            }
            Step::Nickname(name) => {
                let nickname = name.map(|it| it.to_string());
                self.command(Command::SetNickname { contact: bob, nickname });
            }
            Step::RemoveConversation => self.world.remove_conversation(ann, &self.echo.into()),
        }
    }

    fn own(&mut self, id: Option<MessageId>, change: Change) {
        let own = |id: &MessageId| self.world.message(self.ann, *id).is_some_and(|it| it.outgoing);
        if let Some(id) = id.filter(own) {
            self.world.alter(self.ann, id, change);
        }
    }

    fn command(&mut self, command: Command) {
        let account = self.ann;
        let request = Request::Command(ramson_wire::AccountCommand::new(account, command));
        assert!(matches!(self.world.carry_out(request), Reply::Ok(_)));
    }

    /// Everything that a UI would show.
    fn shown(&mut self, mut seat: Seat) -> (Vec<Row>, Vec<Item>, usize, usize) {
        self.world.settle(&mut [&mut seat]);
        let (requests, unread) = (seat.model.requests(), seat.model.unread());
        (rows(&seat, self.world.now), items(&seat, self.world.now), requests, unread)
    }
}

/// The line above what was unread is where it was when each opened.
fn unmarked(items: &[Item]) -> Vec<Item> {
    let written = items.iter().filter(|item| **item != Item::Unread).cloned();
    let alike = written.map(|item| match item {
        Item::Message(bubble) => Item::Message(crate::Bubble { first: true, last: true, ..bubble }),
        item => item,
    });
    alike.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_split_and_with_any_repetition_the_same_is_shown(
        steps in prop::collection::vec(step(), 1..40),
        snapshot_after in 0_usize..40,
        again_from in 0_usize..40,
        answer_late in any::<bool>(),
        repeats in prop::collection::vec(0_usize..200, 0..6),
    ) {
        let mut scene = Scene::new();
        let open = Action::Open(scene.bob.into());
        let mut all = Seat::at(&scene.world);
        all.act(open.clone(), scene.world.now);
        scene.world.settle(&mut [&mut all]);

        let mut split = Seat::at(&scene.world);
        split.act(open, scene.world.now);
        for (number, step) in steps.iter().enumerate() {
            scene.carry_out(step);
            scene.world.settle(&mut [&mut all]);
            if number == snapshot_after {
                if answer_late {
                    // What was asked for before is answered before the
                    // snapshot is heard, and is heard after it.
                    let asked = split.port.take();
                    let answers: Vec<_> = asked
                        .into_iter()
                        .map(|(id, request)| (id, scene.world.carry_out(request)))
                        .collect();
                    split.renew(&scene.world);
                    for (id, reply) in answers {
                        let event = Event::Reply(reply);
                        split.model.hear(scene.world.seq(), id, event, scene.world.now, &mut split.port);
                    }
                } else {
                    split.renew(&scene.world);
                }
                let old = scene.world.log().get(again_from..).unwrap_or_default();
                for (seq, event) in old {
                    split.model.hear(*seq, 0, event.clone(), scene.world.now, &mut split.port);
                }
            }
        }
        split.catch_up(&scene.world);
        // Stretches of what happened are told once more, up to the newest.
        for from in &repeats {
            let old = scene.world.log().get(*from..).unwrap_or_default();
            for (seq, event) in old {
                split.model.hear(*seq, 0, event.clone(), scene.world.now, &mut split.port);
            }
        }
        let fresh = {
            let mut seat = Seat::at(&scene.world);
            seat.act(Action::Open(scene.bob.into()), scene.world.now);
            scene.shown(seat)
        };
        let (all, split) = (scene.shown(all), scene.shown(split));
        prop_assert_eq!(&all.0, &fresh.0);
        prop_assert_eq!(&split.0, &fresh.0);
        prop_assert_eq!(unmarked(&all.1), unmarked(&fresh.1));
        prop_assert_eq!(unmarked(&split.1), unmarked(&fresh.1));
        prop_assert_eq!((all.2, all.3), (fresh.2, fresh.3));
        prop_assert_eq!((split.2, split.3), (fresh.2, fresh.3));
    }

    #[test]
    fn answers_that_come_late_overtake_nothing(
        steps in prop::collection::vec(step(), 1..30),
        late in 0_usize..4,
        reopen_every in 1_usize..6,
        renew_every in 1_usize..12,
    ) {
        let mut scene = Scene::new();
        let mut slow = Seat::at(&scene.world);
        slow.act(Action::Open(scene.bob.into()), scene.world.now);
        let mut answers = std::collections::VecDeque::new();
        for (number, step) in steps.iter().enumerate() {
            // It is answered as it is now, and heard after what comes now.
            for (id, request) in slow.port.take() {
                answers.push_back((number.saturating_add(late), id, scene.world.carry_out(request)));
            }
            scene.carry_out(step);
            slow.catch_up(&scene.world);
            while answers.front().is_some_and(|(due, ..)| *due <= number) {
                let (_, id, reply) = answers.pop_front().expect("one is due");
                let (seq, now) = (scene.world.seq(), scene.world.now);
                slow.model.hear(seq, id, Event::Reply(reply), now, &mut slow.port);
            }
            if number % reopen_every == 0 {
                slow.act(Action::CloseThread, scene.world.now);
                slow.act(Action::Open(scene.bob.into()), scene.world.now);
            }
            if number % renew_every == renew_every / 2 {
                slow.renew(&scene.world);
            }
        }
        for (_, id, reply) in answers {
            let (seq, now) = (scene.world.seq(), scene.world.now);
            slow.model.hear(seq, id, Event::Reply(reply), now, &mut slow.port);
        }
        let mut fresh = Seat::at(&scene.world);
        fresh.act(Action::Open(scene.bob.into()), scene.world.now);
        let (slow, fresh) = (scene.shown(slow), scene.shown(fresh));
        prop_assert_eq!(&slow.0, &fresh.0);
        prop_assert_eq!(unmarked(&slow.1), unmarked(&fresh.1));
        prop_assert_eq!((slow.2, slow.3), (fresh.2, fresh.3));
    }
}
