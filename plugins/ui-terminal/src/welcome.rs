//! Before an engine runs: the welcome, and what is shown while one starts.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::Action;
use ramson_wire::Stage;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};

use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen, Shape};
use crate::screens::parts::{Entry, Menu, below, enter, letter, paragraph, split_bottom};
use crate::screens::prompt::Prompt;
use crate::widgets::{footer, footer_area};

/// For `Stage::Welcome`.
pub(crate) fn welcome(_: &mut Cx) -> Box<dyn Screen> {
    Box::<Welcome>::default()
}

/// For `Stage::Starting`, and before the first snapshot.
pub(crate) fn starting(_: &mut Cx) -> Box<dyn Screen> {
    Box::new(Starting)
}

/// The name, in half blocks.
const WORDMARK: [&str; 3] = [
    "█▀▀▄ ▄▀▀▄ █▄  ▄█ ▄▀▀▀ ▄▀▀▄ █▄ █",
    "█▄▄▀ █▄▄█ █ ▀▀ █  ▀▀▄ █  █ █ ▀█",
    "▀  ▀ ▀  ▀ ▀    ▀ ▀▀▀   ▀▀  ▀  ▀",
];

/// Columns of the wordmark.
const MARK_WIDTH: u16 = 31;

/// Columns of the choices.
const WIDTH: u16 = 64;

const KEYS: [KeyHelp; 3] = [("Enter", "choose"), ("Up/Down", "move"), ("Ctrl-Q", "quit")];

/// What a home can begin with.
#[derive(Default)]
struct Welcome {
    menu: Menu,
}

/// Name and one sentence above what is below; returns the area that is left.
/// Where both do not fit, what is below has all of it. Two of the rows that are
/// wanted may be missing.
fn head(frame: &mut Frame, area: Rect, cx: &Cx, wanted: u16) -> Rect {
    if area.height < wanted.saturating_add(2) {
        return area;
    }
    let tall = area.height >= wanted.saturating_add(7) && area.width >= MARK_WIDTH;
    let rows = if tall { 5 } else { 2 };
    let free = area.height.saturating_sub(wanted.saturating_add(rows));
    let area = below(area, free.checked_div(3).unwrap_or(0));
    let middle =
        |y: u16| Rect { y: area.y.saturating_add(y), height: 1, ..area }.intersection(area);
    if tall {
        let x = area.width.saturating_sub(MARK_WIDTH).checked_div(2).unwrap_or(0);
        for (y, line) in (0..).zip(WORDMARK) {
            let row = middle(y);
            let row = Rect { x: row.x.saturating_add(x), ..row }.intersection(row);
            frame.render_widget(Line::styled(line, cx.theme.accent()), row);
        }
    } else {
        let name = Line::styled("Ramson", cx.theme.accent()).alignment(Alignment::Center);
        frame.render_widget(name, middle(0));
    }
    let text = "Messages over the Session network";
    let y = if tall { 4 } else { 1 };
    let line = Line::styled(text, cx.theme.dim()).alignment(Alignment::Center);
    frame.render_widget(line, middle(y));
    below(area, rows.saturating_add(2).min(area.height))
}

fn choices(cx: &Cx) -> [(&'static str, &'static str); 3] {
    let demo_exists = matches!(cx.model.stage, Stage::Welcome { demo_exists: true });
    let first = match demo_exists {
        true => ("Go on trying it here", "The small network on this machine goes on where it was."),
        false => (
            "Try it here",
            "A small network on this machine, and somebody to write to. Nothing leaves it.",
        ),
    };
    [
        first,
        ("Create an account", "On the Session network. No phone number, no e-mail address."),
        ("Restore an account", "From its recovery phrase of 13 words."),
    ]
}

fn entries(columns: usize, cx: &Cx) -> Vec<Entry> {
    let entry = |(name, text): (&'static str, &str)| {
        let mut lines = vec![Line::styled(name, cx.theme.strong())];
        lines.extend(paragraph(text, columns, cx.theme.dim()));
        [Entry::Choice(lines), Entry::Text(vec![Line::raw("")])]
    };
    choices(cx).into_iter().flat_map(entry).collect()
}

fn rows(entries: &[Entry]) -> u16 {
    let rows = entries.iter().map(|entry| match entry {
        Entry::Choice(lines) | Entry::Text(lines) => lines.len(),
    });
    u16::try_from(rows.sum::<usize>()).unwrap_or(u16::MAX)
}

impl Welcome {
    fn choose(&self, cx: &mut Cx) -> Flow {
        match self.menu.at() {
            0 => cx.act(Action::BeginDemo),
            1 => {
                let text = "The name that others see. You can change it later, or leave it out.";
                let begin = |name: String, cx: &mut Cx| {
                    let name = Some(name).filter(|name| !name.is_empty());
                    cx.act(Action::BeginNew { name });
                    Flow::Close
                };
                let prompt = Prompt::new("Create an account", text, "Create", begin);
                return Flow::Open(prompt.or_empty());
            }
            _ => cx.act(Action::BeginRestore),
        }
        Flow::Stay
    }
}

impl Screen for Welcome {
    fn shape(&self, _: &Cx) -> Shape {
        Shape::Whole
    }

    fn title(&self, _: &Cx) -> String {
        "Welcome".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let (area, _) = split_bottom(area, footer_area(cx).height);
        footer(frame, cx, &KEYS);
        let width = area.width.min(WIDTH);
        let columns = Menu::width(Rect { width, ..area });
        let entries = entries(columns, cx);
        let rest = head(frame, area, cx, rows(&entries).saturating_add(2));
        let side = area.width.saturating_sub(width).checked_div(2).unwrap_or(0);
        let list = Rect { x: rest.x.saturating_add(side), width, ..rest };
        self.menu.draw(frame, list, cx.theme, &entries);
        if cx.model.version.is_empty() || rest.height < rows(&entries).saturating_add(3) {
            return;
        }
        let (_, last) = split_bottom(rest, 2);
        let last = Rect { height: last.height.min(1), ..last };
        let version = format!("ramson {}", cx.model.version);
        let line = Line::styled(version, cx.theme.dim()).alignment(Alignment::Center);
        frame.render_widget(line, last);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.choose(cx);
        }
        // The initials work too.
        let number = match letter(&key) {
            Some('t' | '1') => Some(0),
            Some('c' | '2') => Some(1),
            Some('r' | '3') => Some(2),
            _ => None,
        };
        if let Some(number) = number {
            self.menu.go(number);
            return self.choose(cx);
        }
        if key.code == KeyCode::Tab {
            let next = self.menu.at().saturating_add(1).checked_rem(3).unwrap_or(0);
            self.menu.go(next);
            return Flow::Stay;
        }
        if self.menu.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let pressed = self.menu.mouse(mouse).is_some();
        if pressed && mouse.what == MouseAct::Click { self.choose(cx) } else { Flow::Stay }
    }
}

/// What is being done, while an engine starts.
struct Starting;

impl Screen for Starting {
    fn shape(&self, _: &Cx) -> Shape {
        Shape::Whole
    }

    fn title(&self, _: &Cx) -> String {
        "Starting".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Ctrl-Q", "quit")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let (area, _) = split_bottom(area, footer_area(cx).height);
        footer(frame, cx, &[("Ctrl-Q", "quit")]);
        let rest = head(frame, area, cx, 5);
        let Stage::Starting { what } = &cx.model.stage else { return };
        let columns = usize::from(rest.width).saturating_sub(4);
        let text = crate::screens::parts::fitted(what, columns, cx);
        if text.is_empty() {
            return;
        }
        let line = Line::from(vec![
            Span::styled("◔ ", cx.theme.accent()),
            Span::styled(text, cx.theme.text()),
        ]);
        frame.render_widget(line.alignment(Alignment::Center), below(rest, 1));
    }

    fn key(&mut self, _: KeyEvent, _: &mut Cx) -> Flow {
        Flow::Ignored
    }
}
