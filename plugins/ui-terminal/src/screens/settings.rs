//! Settings: of the account, of this home, and of how all this looks.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::Action;
use ramson_view::text::Order;
use ramson_wire::Task;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::choice::Choice;
use super::parts::{Entry, LABEL, Menu, column, enter, fitted, heading, letter, padded};
use super::prompt::Prompt;
use super::{accounts, qr::Qr};
use crate::looks::{choose_order, choose_theme};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen};
use crate::theme::ThemeName;

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Name,
    Id,
    Receipts,
    Typing,
    Theme,
    Direction,
    Accounts,
    Phrase,
    Restore,
    Plugins,
    Network,
}

const GROUPS: [(&str, &[Setting]); 4] = [
    ("You", &[Setting::Name, Setting::Id]),
    ("What others are told", &[Setting::Receipts, Setting::Typing]),
    ("Look", &[Setting::Theme, Setting::Direction]),
    (
        "This home",
        &[Setting::Accounts, Setting::Phrase, Setting::Restore, Setting::Plugins, Setting::Network],
    ),
];

/// The settings.
#[derive(Default)]
pub(crate) struct Settings {
    menu: Menu,
}

impl Settings {
    fn marked(&self) -> Option<Setting> {
        GROUPS.iter().flat_map(|(_, settings)| settings.iter()).nth(self.menu.at()).copied()
    }

    fn change(&self, cx: &mut Cx) -> Flow {
        let own = cx.model.own().cloned();
        let Some(setting) = self.marked() else { return Flow::Stay };
        let privacy = |read_receipts, typing| Action::SetPrivacy { read_receipts, typing };
        match (setting, own) {
            (Setting::Name, Some(own)) => {
                let text = "The name that others see: up to 100 bytes.";
                let set = |name, cx: &mut Cx| {
                    cx.act(Action::SetName(name));
                    Flow::Close
                };
                let prompt = Prompt::new("Your name", text, "Set", set);
                return Flow::Open(prompt.with(own.name.as_deref().unwrap_or_default()));
            }
            (Setting::Id, _) => return Flow::Open(Box::new(Qr::default())),
            (Setting::Receipts, Some(own)) => cx.act(privacy(Some(!own.read_receipts), None)),
            (Setting::Typing, Some(own)) => cx.act(privacy(None, Some(!own.typing))),
            (Setting::Theme, _) if !cx.theme.depth.has_shades() => {}
            (Setting::Theme, _) => return Flow::Open(themes(cx)),
            (Setting::Direction, _) => Self::turn_around(cx),
            (Setting::Accounts, _) => return Flow::Open(Box::<accounts::Accounts>::default()),
            (Setting::Phrase, Some(own)) => return Flow::Open(accounts::phrase(own.id)),
            (Setting::Restore, _) => cx.act(Action::HandOver(Task::RestoreAccount)),
            (Setting::Plugins, _) => return Flow::Open(super::plugins(cx)),
            (Setting::Network, _) => return Flow::Open(super::network(cx)),
            (_, None) => {}
        }
        Flow::Stay
    }

    fn step_theme(cx: &mut Cx, back: bool) {
        let names = ThemeName::ALL;
        if !cx.theme.depth.has_shades() {
            return;
        }
        let at = names.iter().position(|name| *name == cx.theme.name).unwrap_or(0);
        let steps = if back { names.len().saturating_sub(1) } else { 1 };
        let next = at.saturating_add(steps).checked_rem(names.len()).unwrap_or(0);
        if let Some(name) = names.get(next) {
            choose_theme(*name, cx);
        }
    }

    fn turn_around(cx: &mut Cx) {
        let other = match cx.order {
            Order::Visual => Order::Logical,
            Order::Logical => Order::Visual,
        };
        choose_order(other, cx);
    }
}

fn themes(cx: &Cx) -> Box<dyn Screen> {
    let text = |name| match name {
        ThemeName::Dark => "light on dark",
        ThemeName::Light => "dark on light",
        ThemeName::Contrast => "white on black, without shades",
        ThemeName::Plain => "the colours of your terminal",
    };
    let choice = |name: ThemeName| (name.name().to_owned(), text(name).to_owned(), name);
    let current = ThemeName::ALL.iter().position(|name| *name == cx.theme.name);
    Choice::new("Theme", ThemeName::ALL.map(choice).into(), current, |name, cx| {
        choose_theme(*name, cx);
        Flow::Close
    })
}

fn entry(setting: Setting, columns: usize, cx: &Cx) -> Entry {
    let own = cx.model.own();
    let switch = |on: bool| {
        if on { ("on", cx.theme.accent()) } else { ("off", cx.theme.dim()) }
    };
    let words = |text: &str| (text.to_owned(), cx.theme.text());
    let to_there = |text: &str| (text.to_owned(), cx.theme.dim());
    let (label, (value, style), help) = match setting {
        Setting::Name => {
            let name = own.and_then(|own| own.name.clone());
            ("Name", words(&name.unwrap_or_else(|| "none".to_owned())), "")
        }
        Setting::Id => {
            let id = cx.model.account.map(|account| account.short()).unwrap_or_default();
            ("Account ID", words(&id), "QR code, copy")
        }
        Setting::Receipts => {
            let (word, style) = switch(own.is_some_and(|own| own.read_receipts));
            let help = "told both ways, or not at all";
            ("Read receipts", (word.to_owned(), style), help)
        }
        Setting::Typing => {
            let (word, style) = switch(own.is_some_and(|own| own.typing));
            let help = "told both ways, or not at all";
            ("Typing", (word.to_owned(), style), help)
        }
        Setting::Theme if !cx.theme.depth.has_shades() => {
            ("Theme", words(cx.theme.name.name()), "the terminal has no other colours")
        }
        Setting::Theme => ("Theme", words(cx.theme.name.name()), "Left and Right try others"),
        Setting::Direction => {
            let word = match cx.order {
                Order::Visual => "turned around here",
                Order::Logical => "by the terminal",
            };
            ("Hebrew, Arabic", words(word), "if they read backwards")
        }
        Setting::Accounts => {
            let number = cx.model.accounts.len().to_string();
            ("Accounts", words(&number), "switch, add, remove")
        }
        Setting::Phrase => ("Recovery phrase", to_there("show"), "nobody else has it"),
        Setting::Restore => ("Restore", to_there("begin"), "another account, from its phrase"),
        Setting::Plugins => ("Plugins", words(&cx.model.plugins.len().to_string()), "Ctrl-P"),
        Setting::Network => ("Network", words(&cx.model.network_name), "Ctrl-G"),
    };
    let room = columns.saturating_sub(LABEL);
    let value = fitted(&value, room, cx);
    let wide = 22_usize.min(room);
    let value = if help.is_empty() { value } else { padded(&value, wide) };
    let left = room.saturating_sub(ramson_view::text::width(&value));
    Entry::Choice(vec![Line::from(vec![
        Span::styled(padded(label, LABEL), cx.theme.text()),
        Span::styled(value, style),
        Span::styled(fitted(help, left, cx), cx.theme.dim()),
    ])])
}

impl Screen for Settings {
    fn title(&self, _: &Cx) -> String {
        "Settings".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Enter", "change"), ("Up/Down", "choose"), ("Left/Right", "theme"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = column(area);
        let columns = Menu::width(area);
        let mut entries = Vec::new();
        for (name, settings) in GROUPS {
            if !entries.is_empty() {
                entries.push(Entry::Text(vec![Line::raw("")]));
            }
            entries.push(Entry::Text(vec![heading(cx.theme, name)]));
            entries.extend(settings.iter().map(|it| entry(*it, columns, cx)));
        }
        let about = format!("ramson {} · home {}", cx.model.version, cx.model.home);
        let about = Line::styled(fitted(&about, columns, cx), cx.theme.dim());
        entries.push(Entry::Text(vec![Line::raw(""), about]));
        self.menu.draw(frame, area, cx.theme, &entries);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) || letter(&key) == Some(' ') {
            return self.change(cx);
        }
        if matches!(key.code, KeyCode::Left | KeyCode::Right) {
            match self.marked() {
                Some(Setting::Theme) => Self::step_theme(cx, key.code == KeyCode::Left),
                Some(Setting::Direction) => Self::turn_around(cx),
                _ => return Flow::Ignored,
            }
            return Flow::Stay;
        }
        if self.menu.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let pressed = self.menu.mouse(mouse).is_some();
        if pressed && mouse.what == MouseAct::Click { self.change(cx) } else { Flow::Stay }
    }
}
