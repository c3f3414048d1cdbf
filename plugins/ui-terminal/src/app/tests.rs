//! The app on an engine in memory, and on a terminal that is a buffer.

mod everywhere;
mod lively;

use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ramson_view::testing::{Asks, World};
use ramson_view::text::Order;
use ramson_view::{Action, Civil, Model, Port};
use ramson_wire::{AccountId, Event, Refusal, Request};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::App;
use crate::input::Input;
use crate::theme::{Depth, Theme, ThemeName};

/// A port that the test holds too.
#[derive(Clone, Default)]
struct SharedAsks(Arc<Mutex<Asks>>);

impl Port for SharedAsks {
    fn ask(&mut self, request: Request) -> Result<u64, Refusal> {
        self.0.lock().unwrap().ask(request)
    }
}

/// An app, the engine that it talks to, and the terminal that it draws on.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) app: App,
    pub(crate) me: AccountId,
    asks: SharedAsks,
    heard: usize,
    terminal: Terminal<TestBackend>,
}

impl Desk {
    /// One of a size, with an account that knows nobody.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let mut world = World::new();
        let me = world.add_account("Ann");
        world.network.name = "mainnet".to_owned();
        Self::of(world, me, width, height)
    }

    pub(crate) fn of(world: World, me: AccountId, width: u16, height: u16) -> Self {
        Self::in_theme(world, me, width, height, Theme::new(ThemeName::Dark, Depth::True))
    }

    pub(crate) fn in_theme(
        world: World,
        me: AccountId,
        width: u16,
        height: u16,
        theme: Theme,
    ) -> Self {
        let asks = SharedAsks::default();
        let app = App::new(Box::new(asks.clone()), theme, Order::Visual, Civil::utc);
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut desk = Self { world, app, me, asks, heard: 0, terminal };
        desk.renew();
        desk
    }

    /// Hears a snapshot.
    pub(crate) fn renew(&mut self) {
        let snapshot = Event::Snapshot(self.world.snapshot());
        self.heard = self.world.log().len();
        self.app.hear(self.world.seq(), 0, snapshot, self.world.now);
        self.settle();
    }

    /// Carries out what was asked for, and draws, until nothing happens any more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100 {
            let now = self.world.now;
            self.app.tick(now);
            self.terminal.draw(|frame| self.app.draw(frame, now)).unwrap();
            let asked = self.asks.0.lock().unwrap().take();
            let quiet = asked.is_empty() && self.heard == self.world.log().len();
            for (id, request) in asked {
                let reply = self.world.carry_out(request);
                self.catch_up();
                self.app.hear(self.world.seq(), id, Event::Reply(reply), now);
            }
            self.catch_up();
            if quiet {
                return;
            }
        }
        panic!("the app asks for ever");
    }

    fn catch_up(&mut self) {
        for (seq, event) in &self.world.log()[self.heard..] {
            self.app.hear(*seq, 0, event.clone(), self.world.now);
        }
        self.heard = self.world.log().len();
    }

    /// Takes what was asked for so far, all of it.
    pub(crate) fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.asks.0.lock().unwrap().all)
    }

    pub(crate) fn model(&self) -> &Model {
        &self.app.model
    }

    pub(crate) fn act(&mut self, action: Action) {
        let now = self.world.now;
        self.app.model.act(action, now, &mut *self.app.port);
        self.app.dirty = true;
        self.settle();
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.app.input(input, self.world.now);
        self.settle();
    }

    pub(crate) fn key(&mut self, code: KeyCode) {
        self.input(Input::Key(code.into()));
    }

    pub(crate) fn control(&mut self, letter: char) {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.input(Input::Key(key));
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            self.key(KeyCode::Char(letter));
        }
    }

    pub(crate) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let modifiers = KeyModifiers::NONE;
        self.input(Input::Mouse(MouseEvent { kind, column, row, modifiers }));
    }

    pub(crate) fn click(&mut self, (column, row): (u16, u16)) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.app.dirty = true;
        self.settle();
    }

    pub(crate) fn buffer(&self) -> &ratatui::buffer::Buffer {
        self.terminal.backend().buffer()
    }

    /// All that is on the screen.
    pub(crate) fn text(&self) -> String {
        crate::capture::text(self.buffer())
    }

    /// Where a text is on the screen, from above.
    pub(crate) fn find(&self, text: &str) -> Option<(u16, u16)> {
        let (y, line) = self
            .text()
            .lines()
            .map(str::to_owned)
            .zip(0..)
            .map(|(a, b)| (b, a))
            .find(|(_, line)| line.contains(text))?;
        let before = ramson_view::text::width(line.split(text).next()?);
        Some((u16::try_from(before).unwrap(), y))
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.find(text).is_some()
    }
}

#[test]
fn what_is_typed_is_sent_and_shown() {
    let mut desk = Desk::new(100, 30);
    let bob = desk.world.add_contact(desk.me, "Bob");
    desk.settle();
    assert!(desk.shows("Bob"));
    desk.key(KeyCode::Down);
    desk.key(KeyCode::Enter);
    assert_eq!(desk.model().open.as_ref().map(|it| it.id.clone()), Some(bob.into()));
    desk.type_in("hello there");
    assert!(desk.shows("› hello there"));
    desk.key(KeyCode::Enter);
    assert!(desk.shows("hello there  "), "{}", desk.text());
    assert!(!desk.shows("› hello there"));
}

#[test]
fn nothing_is_drawn_while_nothing_happens() {
    let mut desk = Desk::new(80, 24);
    desk.settle();
    assert!(!desk.app.is_dirty());
    desk.app.tick(desk.world.now);
    assert!(!desk.app.is_dirty());
    desk.key(KeyCode::Down);
    desk.app.input(Input::Key(KeyCode::Down.into()), desk.world.now);
    assert!(desk.app.is_dirty());
}

#[test]
fn pages_are_left_with_escape_and_do_not_pile_up() {
    let mut desk = Desk::new(80, 24);
    for letter in ['n', 'r', 'p', 'g'] {
        desk.control(letter);
        assert_eq!(desk.app.screens.len(), 2, "Ctrl-{letter}");
    }
    desk.key(KeyCode::Esc);
    assert_eq!(desk.app.screens.len(), 1);
    desk.key(KeyCode::Esc);
    assert_eq!(desk.app.screens.len(), 1);
}

#[test]
fn a_click_on_the_title_leaves_a_page_and_one_elsewhere_does_not() {
    let mut desk = Desk::new(80, 24);
    desk.control('g');
    desk.click((20, 23));
    assert_eq!(desk.app.screens.len(), 2, "on the line of keys");
    desk.click((3, 1));
    assert_eq!(desk.app.screens.len(), 1);
    desk.key(KeyCode::F(1));
    desk.click((40, 12));
    assert_eq!(desk.app.screens.len(), 2, "on the panel");
    desk.click((0, 0));
    assert_eq!(desk.app.screens.len(), 1);
}

#[test]
fn control_q_ends_the_program() {
    let mut desk = Desk::new(80, 24);
    desk.asked();
    desk.control('q');
    let quits = |request: &Request| matches!(request, Request::Control(ramson_wire::Control::Quit));
    assert!(desk.asked().iter().any(quits));
}
