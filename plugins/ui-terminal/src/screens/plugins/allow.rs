//! What a plugin asks for; the user says what it gets.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::Action;
use ramson_wire::{AccountId, Grant, Plugin};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::parts::{
    Button, Buttons, Entry, Menu, count, enter, fitted, indented, inside, letter, padded,
    paragraph, split_bottom, write,
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
    /// The accounts for which it is decided already, as far as they are shown
    /// here; none where that is the one that is used.
    whom: Vec<AccountId>,
    /// It sees these accounts, and no others.
    only_these: bool,
    /// What else is decided, and stays so.
    stays: Vec<String>,
    /// A UI takes its turn then.
    show: bool,
    /// The user was told that it may do nothing.
    told: bool,
    menu: Menu,
    buttons: Buttons,
}

/// What is decided and is not asked about here.
fn stays(plugin: &Plugin) -> Vec<String> {
    let mut stays = Vec::new();
    if plugin.accounts.as_ref().is_some_and(Vec::is_empty) {
        stays.push("So far it is for no account that is shown here.".to_owned());
    }
    if let Some(conversations) = &plugin.conversations {
        let number = u64::try_from(conversations.len()).unwrap_or(u64::MAX);
        let number = count(number, "conversation");
        stays.push(format!("It sees {number} and no others; this stays so."));
    }
    stays
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
            whom: plugin.accounts.clone().unwrap_or_default(),
            only_these: new || plugin.accounts.is_some(),
            stays: stays(plugin),
            show: false,
            told: false,
            menu: Menu::default(),
            buttons: Buttons::default(),
        }
    }

    /// The same for one that is to be loaded under a name or from a path.
    pub(crate) fn to_load(name: &str, plugin: &Plugin, show: bool) -> Self {
        Self { name: name.to_owned(), show, ..Self::new(plugin) }
    }

    /// For one of which it is not known here what it asks for: nothing is
    /// given that the user does not mark, and nothing that it did not ask for.
    pub(crate) fn unknown(name: &str, text: String, show: bool) -> Self {
        Self {
            text,
            name: name.to_owned(),
            title: super::called(name),
            asked: Grant::ALL.iter().map(|grant| (*grant, false)).collect(),
            whom: Vec::new(),
            only_these: true,
            stays: Vec::new(),
            show,
            told: false,
            menu: Menu::default(),
            buttons: Buttons::default(),
        }
    }

    fn toggle(&mut self) {
        match self.asked.get_mut(self.menu.at()) {
            Some((_, given)) => *given = !*given,
            None => self.only_these = !self.only_these,
        }
        self.told = false;
    }

    /// It asks for something and gets nothing.
    fn gets_nothing(&self) -> bool {
        !self.asked.is_empty() && self.asked.iter().all(|(_, given)| !given)
    }

    /// The accounts that are offered.
    fn whom(&self, cx: &Cx) -> Vec<AccountId> {
        match self.whom.is_empty() {
            true => cx.model.account.into_iter().collect(),
            false => self.whom.clone(),
        }
    }

    fn allow(&mut self, cx: &mut Cx) -> Flow {
        if self.gets_nothing() && !self.told {
            self.told = true;
            return Flow::Stay;
        }
        let grants = self.asked.iter().filter(|(_, given)| *given).map(|(grant, _)| *grant);
        let accounts = self.only_these.then(|| self.whom(cx));
        let (name, grants) = (self.name.clone(), grants.collect());
        cx.act(Action::AllowPlugin { name, grants, accounts, show: self.show });
        Flow::Close
    }

    /// What is said above the buttons where nothing is marked.
    fn warning(&self, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
        match (self.gets_nothing(), self.told) {
            (false, _) => Vec::new(),
            (true, false) => paragraph("Mark what it may do.", columns, cx.theme.dim()),
            (true, true) => {
                let text = "It may do nothing: mark something, or press Enter again.";
                paragraph(text, columns, cx.theme.warn())
            }
        }
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
        let names: Vec<String> = self.whom(cx).iter().map(|it| cx.model.own_name(it)).collect();
        let names = if names.is_empty() { "no account".to_owned() } else { names.join(", ") };
        let text = fitted(&format!("only for {names}"), columns.saturating_sub(4), cx);
        let of = "; else for all accounts of this home";
        let room = columns.saturating_sub(4).saturating_sub(text.chars().count());
        entries.push(Entry::Text(vec![Line::raw("")]));
        entries.push(Entry::Choice(vec![Line::from(vec![
            mark(self.only_these),
            Span::styled(text, theme.text()),
            Span::styled(fitted(of, room, cx), theme.dim()),
        ])]));
        let stays = self.stays.iter().flat_map(|text| paragraph(text, columns, theme.dim()));
        let stays: Vec<Line> = stays.collect();
        if !stays.is_empty() {
            entries.push(Entry::Text(stays));
        }
        entries
    }
}

impl Screen for Allow {
    fn shape(&self, cx: &Cx) -> Shape {
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let rows = u16::try_from(self.asked.len()).unwrap_or(u16::MAX);
        let buttons = Buttons::rows(&Self::row(), width.saturating_sub(2));
        let columns = Menu::width(inside(Rect { width: width.saturating_sub(2), ..cx.size }));
        let others = std::iter::once(&self.text).chain(&self.stays);
        let lines: usize = others.map(|it| paragraph(it, columns, cx.theme.dim()).len()).sum();
        // The warning has room before it is there, so that nothing moves.
        let told = if self.asked.iter().any(|(_, given)| *given) { 0 } else { 2 };
        let rows =
            rows.saturating_add(u16::try_from(lines).unwrap_or(u16::MAX)).saturating_add(told);
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
        let warning = self.warning(Menu::width(list), cx);
        let rows = u16::try_from(warning.len()).unwrap_or(u16::MAX);
        let rows = if rows > 0 && list.height > 6 { rows.saturating_add(1) } else { rows };
        let (list, above) = split_bottom(list, rows);
        write(frame, indented(above), &warning);
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
