//! A new conversation: with whom.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::Action;
use ramson_view::contacts::{Contact, contacts};
use ramson_wire::{AccountId, ConversationId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::{
    Entry, Field, Menu, Press, below, ends, enter, fitted, paragraph, text_column, write,
};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};

const KEYS: [KeyHelp; 4] = [
    ("Enter", "write"),
    ("Up/Down", "choose a contact"),
    ("Ctrl-Y", "copy my Account ID"),
    ("Esc", "back"),
];

/// Asks with whom; below are the contacts whose names begin so.
#[derive(Default)]
pub(crate) struct New {
    field: Field,
    menu: Menu,
    /// A name is looked up: what was open before.
    asked: Option<Option<ConversationId>>,
    /// A contact is marked rather than what is written.
    marked: bool,
}

impl New {
    /// Begins with a text.
    pub(crate) fn with(text: &str) -> Self {
        Self { field: Field::new(text), ..Self::default() }
    }

    /// Whether what is written is an Account ID, and not that of a group.
    fn is_id(&self) -> bool {
        let id = self.field.text().trim().parse::<AccountId>().ok();
        id.is_some_and(|id| ConversationId::from(id).account().is_some())
    }

    fn found(&self, cx: &Cx) -> Vec<Contact> {
        if self.is_id() { Vec::new() } else { contacts(cx.model, self.field.text()) }
    }

    fn start(&mut self, cx: &mut Cx) -> Flow {
        let text = self.field.text().trim().to_owned();
        let found = self.found(cx);
        let contact = found.get(self.menu.at()).filter(|_| self.marked || text.is_empty());
        if let Some(contact) = contact {
            cx.act(Action::Open(contact.id.into()));
            return Flow::Home;
        }
        if text.is_empty() {
            return Flow::Stay;
        }
        let already = text.parse::<AccountId>().ok().map(ConversationId::from);
        if already.is_some() && already == open(cx) {
            return Flow::Home;
        }
        self.asked = Some(open(cx));
        cx.act(Action::StartWith(text));
        self.look(cx)
    }

    /// The screen goes once the conversation is open.
    fn look(&mut self, cx: &Cx) -> Flow {
        match &self.asked {
            Some(before) if *before != open(cx) => return Flow::Home,
            // It was refused.
            Some(_) if cx.model.looking_up.is_none() => self.asked = None,
            _ => {}
        }
        Flow::Stay
    }

    fn typed(&mut self) {
        self.asked = None;
        self.marked = false;
        self.menu.go(0);
    }
}

fn open(cx: &Cx) -> Option<ConversationId> {
    cx.model.open.as_ref().map(|thread| thread.id.clone())
}

fn entry(contact: &Contact, columns: usize, cx: &Cx) -> Entry {
    let color = cx.theme.name_color(&contact.id.to_string());
    let name = fitted(&contact.name, columns.saturating_sub(14), cx);
    let left = vec![Span::styled(name, cx.theme.text().fg(color))];
    let mut right = Vec::new();
    if contact.short_id != contact.name {
        right.push(Span::styled(contact.short_id.clone(), cx.theme.dim()));
    }
    Entry::Choice(vec![ends(left, right, columns)])
}

impl Screen for New {
    fn title(&self, _: &Cx) -> String {
        "New conversation".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = text_column(area);
        let columns = usize::from(area.width);
        let text = self.field.text().trim();
        let mut lines = vec![Line::styled("To whom?", cx.theme.strong())];
        write(frame, area, &lines);
        self.field.draw(frame, below(area, 2), cx, "Account ID or registered name");
        lines.clear();
        let hint = if self.asked.is_some() {
            "Looking the name up …"
        } else if self.is_id() {
            "This is an Account ID. Enter begins the conversation."
        } else if text.len() > 20 && text.starts_with('0') {
            "An Account ID has 66 characters: 05, then 0-9 and a-f."
        } else if text.is_empty() {
            "An Account ID begins with 05 and has 66 characters; paste it here. A name is looked \
             up in the network."
        } else {
            "Enter looks this name up in the network."
        };
        lines.extend(paragraph(hint, columns.min(72), cx.theme.dim()));
        lines.push(Line::raw(""));
        let found = self.found(cx);
        if !found.is_empty() {
            lines.push(super::parts::heading(cx.theme, "Contacts"));
        }
        write(frame, below(area, 4), &lines);
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
        let entries: Vec<Entry> =
            found.iter().map(|it| entry(it, columns.saturating_sub(4), cx)).collect();
        self.menu.draw(frame, below(area, rows), cx.theme, &entries);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.start(cx);
        }
        if key.code == KeyCode::Char('y') && key.modifiers == KeyModifiers::CONTROL {
            if let Some(account) = cx.model.account {
                cx.copy(account.to_string(), "Account ID");
            }
            return Flow::Stay;
        }
        let vertical = !matches!(key.code, KeyCode::Home | KeyCode::End);
        if vertical && self.menu.key(&key) {
            self.marked = true;
            return Flow::Stay;
        }
        if self.field.key(&key) {
            self.typed();
            return Flow::Stay;
        }
        Flow::Ignored
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        let pressed = self.menu.mouse(mouse);
        self.marked |= pressed.is_some();
        match pressed {
            Some(Press::Again) => self.start(cx),
            _ => Flow::Stay,
        }
    }

    fn paste(&mut self, text: &str, _: &mut Cx) -> Flow {
        self.field.paste(text);
        self.typed();
        Flow::Stay
    }

    fn tick(&mut self, cx: &mut Cx) -> Flow {
        self.look(cx)
    }
}
