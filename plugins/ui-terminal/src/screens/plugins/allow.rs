//! What a plugin asks for; the user says what it gets.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::Action;
use ramson_wire::{Grant, Plugin};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::parts::{
    Button, Buttons, Entry, Menu, enter, fitted, inside, letter, padded, paragraph, split_bottom,
};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen, Shape};

const WIDTH: u16 = 66;

/// What a grant means, for people.
const fn meaning(grant: Grant) -> &'static str {
    match grant {
        Grant::Read => "read messages as they come",
        Grant::History => "read earlier messages",
        Grant::Send => "write, react, show that it types",
        Grant::Manage => "delete, mark as read, pin, mute, set timers",
        Grant::Contacts => "accept, block, name and remove contacts",
        Grant::Profile => "change your name and settings",
        Grant::Network => "see paths, delivery ledger and names",
        Grant::Accounts => "add and remove accounts",
        Grant::Plugins => "load and stop plugins, end the program",
    }
}

/// Which of what it asks for a plugin gets.
pub(crate) struct Allow {
    name: String,
    title: String,
    /// What the program says of it.
    text: String,
    asked: Vec<(Grant, bool)>,
    /// It sees the account that is used, and no other.
    only_this: bool,
    menu: Menu,
    buttons: Buttons,
}

impl Allow {
    /// Begins with what it has; with all that it asks for where it has nothing.
    pub(crate) fn new(plugin: &Plugin) -> Self {
        let new = plugin.granted.is_empty();
        Self {
            name: plugin.name.clone(),
            title: plugin.title.clone(),
            text: "It may:".to_owned(),
            asked: plugin.asked.iter().map(|it| (it, new || plugin.granted.has(it))).collect(),
            only_this: new || plugin.accounts.is_some(),
            menu: Menu::default(),
            buttons: Buttons::default(),
        }
    }

    /// The same for one that is to be loaded under a name or from a path.
    pub(crate) fn to_load(name: &str, plugin: &Plugin) -> Self {
        Self { name: name.to_owned(), ..Self::new(plugin) }
    }

    /// For one of which it is not known here what it asks for: nothing is
    /// given that the user does not mark, and nothing that it did not ask for.
    pub(crate) fn unknown(name: &str, text: String) -> Self {
        Self {
            text,
            name: name.to_owned(),
            title: super::called(name),
            asked: Grant::ALL.iter().map(|grant| (*grant, false)).collect(),
            only_this: true,
            menu: Menu::default(),
            buttons: Buttons::default(),
        }
    }

    fn toggle(&mut self) {
        match self.asked.get_mut(self.menu.at()) {
            Some((_, given)) => *given = !*given,
            None => self.only_this = !self.only_this,
        }
    }

    fn allow(&self, cx: &mut Cx) -> Flow {
        let grants = self.asked.iter().filter(|(_, given)| *given).map(|(grant, _)| *grant);
        let accounts = cx.model.account.filter(|_| self.only_this).map(|account| vec![account]);
        let (name, grants) = (self.name.clone(), grants.collect());
        cx.act(Action::AllowPlugin { name, grants, accounts });
        Flow::Close
    }

    fn row() -> [Button; 3] {
        [
            Button::main("Allow and load"),
            Button::plain("Space", "Change"),
            Button::plain("Esc", "Back"),
        ]
    }

    fn entries(&self, columns: usize, cx: &Cx) -> Vec<Entry> {
        let theme = cx.theme;
        let mark = |on: bool| match on {
            true => Span::styled("[✓] ", theme.accent()),
            false => Span::styled("[ ] ", theme.dim()),
        };
        let mut lines = paragraph(&self.text, columns, theme.dim());
        lines.push(Line::raw(""));
        let mut entries = vec![Entry::Text(lines)];
        entries.extend(self.asked.iter().map(|(grant, given)| {
            let text = fitted(meaning(*grant), columns.saturating_sub(15), cx);
            Entry::Choice(vec![Line::from(vec![
                mark(*given),
                Span::styled(padded(grant.name(), 10), theme.text()),
                Span::styled(text, theme.dim()),
            ])])
        }));
        let own = cx.model.account.map(|account| cx.model.own_name(&account)).unwrap_or_default();
        let text = fitted(&format!("only for {own}"), columns.saturating_sub(4), cx);
        let of = "; else for all accounts of this home";
        let room = columns.saturating_sub(4).saturating_sub(text.chars().count());
        entries.push(Entry::Text(vec![Line::raw("")]));
        entries.push(Entry::Choice(vec![Line::from(vec![
            mark(self.only_this),
            Span::styled(text, theme.text()),
            Span::styled(fitted(of, room, cx), theme.dim()),
        ])]));
        entries
    }
}

impl Screen for Allow {
    fn shape(&self, cx: &Cx) -> Shape {
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let rows = u16::try_from(self.asked.len()).unwrap_or(u16::MAX);
        let buttons = Buttons::rows(&Self::row(), width.saturating_sub(2));
        let columns = Menu::width(inside(Rect { width: width.saturating_sub(2), ..cx.size }));
        let text = paragraph(&self.text, columns, cx.theme.dim()).len();
        let rows = rows.saturating_add(u16::try_from(text).unwrap_or(u16::MAX));
        // Around them: the accounts, and rows that stay free.
        Shape::Overlay { width, height: rows.saturating_add(buttons).saturating_add(6) }
    }

    fn title(&self, cx: &Cx) -> String {
        fitted(&format!("Allow {}", self.title), 50, cx)
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Space", "change"), ("Enter", "allow and load"), ("Esc", "back")]
    }

    fn hints(&self) -> &[KeyHelp] {
        &[("Up/Down", "choose")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        let row = Self::row();
        let (list, buttons) = split_bottom(area, Buttons::rows(&row, area.width));
        let entries = self.entries(Menu::width(list), cx);
        self.menu.draw(frame, list, cx.theme, &entries);
        self.buttons.draw(frame, buttons, cx.theme, &row);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match letter(&key) {
            Some(' ') => self.toggle(),
            _ if enter(&key) => return self.allow(cx),
            _ if self.menu.key(&key) => {}
            _ if key.code == KeyCode::Esc => return Flow::Close,
            _ => return Flow::Ignored,
        }
        Flow::Stay
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match self.buttons.mouse(mouse) {
            Some("Enter") => return self.allow(cx),
            Some("Esc") => return Flow::Close,
            Some(_) => self.toggle(),
            None if self.menu.mouse(mouse).is_some() && mouse.what == MouseAct::Click => {
                self.toggle();
            }
            None => {}
        }
        Flow::Stay
    }
}
