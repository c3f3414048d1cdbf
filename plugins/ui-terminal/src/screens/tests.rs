//! Every screen on a home with everything in it, without a terminal.

mod acts;
mod pictures;
mod sizes;

use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ramson_view::text::Order;
use ramson_view::{Civil, Port};
use ramson_wire::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::app::App;
use crate::fixtures::{self, NOW};
use crate::input::Input;
use crate::theme::{Depth, Theme, ThemeName};

/// Keeps what was asked, and numbers it from 1.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Request>>>);

impl Port for Asked {
    fn ask(&mut self, request: Request) -> Result<u64, Refusal> {
        let mut asked = self.0.lock().unwrap();
        asked.push(request);
        Ok(asked.len() as u64)
    }
}

/// The program on a home of the fixtures. Questions are answered at once.
struct Stand {
    app: App,
    asked: Asked,
    answered: usize,
    seq: u64,
    /// Of the terminal.
    size: (u16, u16),
    /// What the program says to what it is told, if it does not do it.
    refusing: Option<Refusal>,
    /// The same of what it is asked.
    refusing_questions: Option<Refusal>,
}

impl Stand {
    /// On what a snapshot says, in a theme.
    fn new(snapshot: Snapshot, theme: ThemeName) -> Self {
        let asked = Asked::default();
        let theme = Theme::new(theme, Depth::True);
        let app = App::new(Box::new(asked.clone()), theme, Order::Visual, Civil::utc);
        let (refusing, refusing_questions) = (None, None);
        let (answered, seq, size) = (0, fixtures::SEQ, (100, 40));
        let mut stand = Self { app, asked, answered, seq, size, refusing, refusing_questions };
        stand.app.hear(fixtures::SEQ, 0, Event::Snapshot(snapshot), NOW);
        stand.settle();
        stand
    }

    /// On a home with everything in it.
    fn full() -> Self {
        Self::new(fixtures::snapshot(), ThemeName::Dark)
    }

    /// On one in which nothing happened yet.
    fn empty() -> Self {
        Self::new(fixtures::empty_snapshot(), ThemeName::Dark)
    }

    /// Something happened.
    fn tell(&mut self, event: Event) {
        self.seq += 1;
        self.app.hear(self.seq, 0, event, NOW);
        self.settle();
    }

    /// Answers what was asked since.
    fn settle(&mut self) {
        loop {
            let request = self.asked.0.lock().unwrap().get(self.answered).cloned();
            let Some(request) = request else { break };
            self.answered += 1;
            let refusal = match &request {
                Request::Control(_) => &self.refusing,
                Request::Query(_) => &self.refusing_questions,
                Request::Command(_) | Request::Done(_) => &None,
            };
            let reply = match refusal {
                Some(refusal) => Reply::Refused(refusal.clone()),
                None => Reply::Ok(answer(&request)),
            };
            self.app.hear(self.seq, self.answered as u64, Event::Reply(reply), NOW);
        }
        self.app.tick(NOW);
    }

    /// Draws all of it.
    fn draw(&mut self, width: u16, height: u16) -> Buffer {
        self.size = (width, height);
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        // What came to be seen is asked for, and is there the next time.
        for _ in 0..3 {
            terminal.draw(|frame| self.app.draw(frame, NOW)).unwrap();
            self.settle();
        }
        terminal.draw(|frame| self.app.draw(frame, NOW)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// Draws what a key or click meets.
    fn show(&mut self) {
        let (width, height) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| self.app.draw(frame, NOW)).unwrap();
        self.settle();
    }

    /// Presses keys as help writes them: `Ctrl-N`, `Enter`, `a`.
    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.show();
            self.app.input(Input::Key(key_of(key)), NOW);
            self.settle();
        }
        self
    }

    /// Types a text.
    fn write(&mut self, text: &str) -> &mut Self {
        self.show();
        for letter in text.chars() {
            let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
            self.app.input(Input::Key(key), NOW);
        }
        self.settle();
        self
    }

    /// Clicks on the first place where a text stands.
    fn click(&mut self, text: &str) -> &mut Self {
        let buffer = self.draw(100, 40);
        let found = crate::capture::text(&buffer)
            .lines()
            .enumerate()
            .find_map(|(y, line)| Some((line.split_once(text)?.0.chars().count(), y)));
        let (x, y) = found.unwrap_or_else(|| panic!("no '{text}' on the screen"));
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: x as u16,
            row: y as u16,
            modifiers: KeyModifiers::NONE,
        };
        self.app.input(Input::Mouse(event), NOW);
        self.settle();
        self
    }

    /// What is on the screen.
    fn text(&mut self) -> String {
        crate::capture::text(&self.draw(100, 40))
    }

    /// The commands to accounts since the last time, and what the program was
    /// told but for where the user is.
    fn acts(&mut self) -> Vec<Request> {
        let mut asked = self.asked.0.lock().unwrap();
        let known = |request: &Request| {
            !matches!(
                request,
                Request::Query(_)
                    | Request::Control(Control::SetWindow { .. })
                    | Request::Command(AccountCommand { command: Command::MarkRead { .. }, .. })
            )
        };
        let acts = asked.iter().filter(|request| known(request)).cloned().collect();
        // Their numbers go on.
        for request in asked.iter_mut() {
            *request = Request::Query(Query::Accounts);
        }
        acts
    }
}

fn key_of(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('-') {
        Some(("Ctrl", name)) => (KeyModifiers::CONTROL, name),
        Some(("Alt", name)) => (KeyModifiers::ALT, name),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Space" => KeyCode::Char(' '),
        "Backspace" => KeyCode::Backspace,
        "F1" => KeyCode::F(1),
        "F2" => KeyCode::F(2),
        "F3" => KeyCode::F(3),
        "F4" => KeyCode::F(4),
        "F5" => KeyCode::F(5),
        _ => KeyCode::Char(name.to_lowercase().chars().next().unwrap()),
    };
    match name {
        "X" => KeyEvent::new(KeyCode::Char('X'), KeyModifiers::SHIFT),
        _ => KeyEvent::new(code, modifiers),
    }
}

/// What the engine of the fixtures says.
fn answer(request: &Request) -> Answer {
    let query = match request {
        Request::Query(query) => query,
        Request::Command(_) | Request::Control(_) | Request::Done(_) => return Answer::Done,
    };
    match query {
        Query::Accounts => Answer::Accounts { accounts: fixtures::accounts() },
        Query::Record { .. } | Query::Records { .. } | Query::Alarm { .. } => Answer::Done,
        Query::Conversations { .. } => {
            Answer::Conversations { conversations: fixtures::conversations() }
        }
        Query::Conversation { conversation, .. } => {
            let all = fixtures::conversations();
            Answer::Conversation { conversation: all.into_iter().find(|it| it.id == *conversation) }
        }
        Query::Messages { conversation, before, limit, .. } => {
            let mut messages = fixtures::messages(conversation);
            if let Some(before) = before {
                let end = messages.iter().position(|it| it.id == *before).unwrap_or(0);
                messages.truncate(end);
            }
            let left = messages.len().saturating_sub(*limit as usize);
            Answer::Messages { messages: messages.split_off(left), complete: left == 0 }
        }
        Query::Message { message, .. } => {
            let found = fixtures::thread().into_iter().find(|it| it.id == *message);
            Answer::Message { message: found }
        }
        Query::Trace { message, .. } => {
            Answer::Trace { trace: Trace { message: *message, ..fixtures::trace() } }
        }
        Query::Network { .. } => Answer::Network { network: fixtures::network() },
        Query::Resolve { .. } => Answer::Name { id: fixtures::id(77) },
        Query::Plugins => Answer::Plugins { plugins: fixtures::plugins() },
    }
}
