//! Whom one can write to.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::Action;
use ramson_view::contacts::{Contact, contacts};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::parts::{Entry, Field, Menu, Press, below, empty, ends, enter, fitted, text_column};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};

const KEYS: [KeyHelp; 4] =
    [("Enter", "write"), ("Ctrl-O", "about them"), ("Ctrl-N", "somebody else"), ("Esc", "back")];

/// The contacts.
#[derive(Default)]
pub(crate) struct Contacts {
    words: Field,
    menu: Menu,
}

impl Contacts {
    fn marked(&self, cx: &Cx) -> Option<Contact> {
        contacts(cx.model, self.words.text()).into_iter().nth(self.menu.at())
    }

    fn open(&self, cx: &mut Cx) -> Flow {
        let Some(contact) = self.marked(cx) else { return Flow::Stay };
        cx.act(Action::Open(contact.id.into()));
        Flow::Home
    }
}

fn entry(contact: &Contact, columns: usize, cx: &Cx) -> Entry {
    let color = cx.theme.name_color(&contact.id.to_string());
    let name = fitted(&contact.name, columns.saturating_sub(18), cx);
    let mut left = vec![Span::styled(name, cx.theme.text().fg(color))];
    if let Some(own) = &contact.own_name {
        let own = fitted(own, 24, cx);
        let own = Span::styled(format!("calls itself {own}"), cx.theme.dim());
        left.extend([Span::raw("  "), own]);
    }
    let mut right = Vec::new();
    if contact.blocked {
        right.push(Span::styled("blocked  ", cx.theme.bad()));
    } else if !contact.approved_me {
        right.push(Span::styled("has not answered  ", cx.theme.dim()));
    }
    if contact.short_id != contact.name {
        right.push(Span::styled(contact.short_id.clone(), cx.theme.dim()));
    }
    Entry::Choice(vec![ends(left, right, columns)])
}

impl Screen for Contacts {
    fn title(&self, _: &Cx) -> String {
        "Contacts".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = text_column(area);
        let found = contacts(cx.model, self.words.text());
        if found.is_empty() && self.words.text().is_empty() {
            let text = "Press Ctrl-N and enter somebody's Account ID, or show them yours: it is \
                        in the settings, F2.";
            return empty(frame, area, cx.theme, "No contacts yet", text);
        }
        self.words.draw(frame, area, cx, "search");
        let list = below(area, 2);
        if found.is_empty() {
            let text = "Nobody is called that. Ctrl-N writes to somebody by Account ID or by \
                        registered name.";
            return empty(frame, list, cx.theme, "Nobody found", text);
        }
        let columns = Menu::width(list);
        let entries: Vec<Entry> = found.iter().map(|it| entry(it, columns, cx)).collect();
        self.menu.draw(frame, list, cx.theme, &entries);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.open(cx);
        }
        if key.code == KeyCode::Char('o') && key.modifiers == KeyModifiers::CONTROL {
            return match self.marked(cx) {
                Some(contact) => Flow::Open(super::conversation(contact.id.into(), cx)),
                None => Flow::Stay,
            };
        }
        // Home and End are the field's here.
        let vertical = !matches!(key.code, KeyCode::Home | KeyCode::End);
        if vertical && self.menu.key(&key) {
            return Flow::Stay;
        }
        if self.words.key(&key) {
            self.menu.go(0);
            return Flow::Stay;
        }
        Flow::Ignored
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match self.menu.mouse(mouse) {
            Some(Press::Again) => self.open(cx),
            _ => Flow::Stay,
        }
    }

    fn paste(&mut self, text: &str, _: &mut Cx) -> Flow {
        self.words.paste(text);
        self.menu.go(0);
        Flow::Stay
    }
}
