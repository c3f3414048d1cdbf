//! The terminal UI on an engine in memory: nothing goes over a network. For
//! looking at it without a home.
//!
//! `cargo run -p ramson-ui-terminal --example playground`, with the theme as
//! an argument. Somebody answers what is written; `Ctrl-Q` ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ramson_sdk::testing::FakeHost;
use ramson_sdk::{Command, Control, Delivery, Event, Request, UiPlugin};
use ramson_ui_terminal::TerminalUi;
use ramson_view::testing::World;
use ramson_wire::{AccountId, Change, MessageState, Stage};

const PAUSE: Duration = Duration::from_millis(5);

#[allow(clippy::disallowed_methods, reason = "it has no engine that owns the clock")]
fn clock() -> (Instant, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Instant::now(), u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn main() -> Result<(), ramson_sdk::Error> {
    let theme = std::env::args().nth(1).unwrap_or_else(|| "dark".to_owned());
    let host = Arc::new(FakeHost::new());
    let config = format!("{{\"theme\": {theme:?}}}");
    let ui: Arc<TerminalUi> = Arc::new(host.create_ui(&config)?);
    let done = Arc::new(AtomicBool::new(false));
    let engine = {
        let (host, ui, done) = (Arc::clone(&host), Arc::clone(&ui), Arc::clone(&done));
        thread::spawn(move || engine(&host, &ui, &done))
    };
    let outcome = ui.run_ui();
    done.store(true, Ordering::SeqCst);
    let _ = engine.join();
    outcome
}

fn engine(host: &FakeHost, ui: &TerminalUi, done: &AtomicBool) {
    let (began, now) = clock();
    let mut world = World::new();
    let me = populate(&mut world, now);
    let mut heard = world.log().len();
    let tell = |seq, event| {
        let _ = ui.on_event(Delivery { seq, reply_to: None, event });
    };
    if std::env::args().any(|it| it == "welcome") {
        world.stage = Stage::Welcome { demo_exists: false };
    }
    tell(world.seq(), Event::Snapshot(world.snapshot()));
    // What happens later: when, in which conversation, how far it is.
    let mut later: Vec<(Duration, AccountId, u8, String)> = Vec::new();
    while !done.load(Ordering::SeqCst) {
        let time = began.elapsed();
        world.now = now + u64::try_from(time.as_millis()).unwrap_or(0);
        for (id, request) in host.requests() {
            match &request {
                Request::Control(Control::Quit) => ui.request_stop(),
                Request::Control(
                    Control::BeginDemo | Control::BeginNew { .. } | Control::BeginRestore,
                ) => {
                    world.stage = Stage::Running;
                    tell(world.seq(), Event::Snapshot(world.snapshot()));
                }
                Request::Command(it) => {
                    if let Command::Send { to, text, .. } = &it.command {
                        for (after, step) in
                            [(400, 0), (900, 1), (1_800, 2), (2_600, 3), (4_500, 4)]
                        {
                            later.push((
                                time + Duration::from_millis(after),
                                *to,
                                step,
                                text.clone(),
                            ));
                        }
                    }
                }
                _ => {}
            }
            let reply = world.carry_out(request);
            catch_up(&world, &mut heard, &tell);
            if let Ok(delivery) = host.reply(id, reply) {
                let _ = ui.on_event(Delivery { seq: world.seq(), ..delivery });
            }
        }
        let (due, rest) = later.into_iter().partition(|it| it.0 <= time);
        later = rest;
        for (_, with, step, text) in due {
            happen(&mut world, me, with, step, &text);
        }
        catch_up(&world, &mut heard, &tell);
        thread::sleep(PAUSE);
    }
}

fn catch_up(world: &World, heard: &mut usize, tell: &dyn Fn(u64, Event)) {
    for (seq, event) in world.log().iter().skip(*heard) {
        tell(*seq, event.clone());
    }
    *heard = world.log().len();
}

/// A message goes its way, is read and answered.
fn happen(world: &mut World, me: AccountId, with: AccountId, step: u8, text: &str) {
    let state = match step {
        0 => MessageState::Sending,
        1 => MessageState::Stored,
        2 => MessageState::Read,
        3 => {
            let conversation = with.into();
            return world.tell(Event::Typing { account: me, conversation, typing: true });
        }
        _ => {
            let conversation = with.into();
            world.tell(Event::Typing { account: me, conversation, typing: false });
            world.receive(me, with, &format!("You wrote: {text}"));
            return;
        }
    };
    let log = world.log().iter().rev();
    let sent = log.filter_map(|(_, event)| match event {
        Event::Message { message, .. }
            if message.outgoing && message.text.as_deref() == Some(text) =>
        {
            Some(message.id)
        }
        _ => None,
    });
    let Some(id) = sent.take(1).next() else { return };
    world.alter(me, id, Change::State { state });
}

fn populate(world: &mut World, now: u64) -> AccountId {
    world.now = now.saturating_sub(5 * 3_600_000);
    let me = world.add_account("Ann");
    world.network.name = "in memory".to_owned();
    for name in ["Cleo", "图书馆", "דנה", "Gardening group of the old town", "Iris"] {
        let id = world.add_contact(me, name);
        world.receive(me, id, "See you tomorrow!");
    }
    for number in 0..40 {
        let id = world.add_contact(me, &format!("Neighbour {number}"));
        let sent = world.send(me, id, "Thank you!");
        world.alter(me, sent, Change::State { state: MessageState::Read });
    }
    world.add_request(me, "Somebody", "hello, do you remember me?");
    let echo = world.add_contact(me, "Echo");
    for number in 0..300 {
        let text =
            format!("This is message {number}, so that there is something to scroll through.");
        if number % 3 == 0 {
            let sent = world.send(me, echo, &text);
            world.alter(me, sent, Change::State { state: MessageState::Read });
        } else {
            world.receive(me, echo, &text);
        }
    }
    world.receive(me, echo, "Write something, I answer. :smile: @ and / have candidates.");
    me
}
