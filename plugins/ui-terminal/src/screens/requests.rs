//! Strangers who wrote, and wait for an answer.

use crossterm::event::KeyEvent;
use ramson_view::list::{Filter, Row, Shelf, rows};
use ramson_view::{Action, list::Shows};
use ramson_wire::{AccountId, ConversationId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::confirm::Confirm;
use super::parts::{
    Button, Buttons, Chosen, Entry, Menu, chosen, column, count, empty, ends, fitted, indented,
    split_bottom,
};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};

const KEYS: [KeyHelp; 6] = [
    ("Enter", "read"),
    ("a", "accept"),
    ("x", "decline"),
    ("b", "block"),
    ("Shift-X", "decline all"),
    ("Esc", "back"),
];

/// Of so many requests what was written is fetched.
const MOST: usize = 50;

/// The requests.
#[derive(Default)]
pub(crate) struct Requests {
    menu: Menu,
    buttons: Buttons,
    /// Those whose newest messages were asked for.
    shown: Vec<ConversationId>,
}

fn waiting(cx: &Cx) -> Vec<Row> {
    let filter = Filter { shelf: Shelf::Requests, ..Filter::default() };
    rows(cx.model, &filter, &cx.clock())
}

fn buttons() -> [Button; 5] {
    [
        Button::main("Read"),
        Button::plain("a", "Accept"),
        Button::bad("x", "Decline"),
        Button::bad("b", "Block"),
        Button::bad("X", "Decline all"),
    ]
}

impl Requests {
    fn marked(&self, cx: &Cx) -> Option<(ConversationId, AccountId)> {
        let row = waiting(cx).into_iter().nth(self.menu.at())?;
        let account = row.id.account()?;
        Some((row.id, account))
    }

    fn press(&self, key: char, cx: &mut Cx) -> Flow {
        let Some((conversation, account)) = self.marked(cx) else { return Flow::Ignored };
        match key {
            '\n' => {
                cx.act(Action::Open(conversation));
                Flow::Home
            }
            'a' => {
                cx.act(Action::Approve(account));
                // After the last one there is nothing else to do here.
                if cx.model.requests() > 1 {
                    return Flow::Stay;
                }
                cx.act(Action::Open(account.into()));
                Flow::Home
            }
            'x' => {
                cx.act(Action::Decline(account));
                Flow::Stay
            }
            'b' => {
                cx.act(Action::Block { contact: account, blocked: true });
                Flow::Stay
            }
            'X' => {
                let number = waiting(cx).len();
                let number = count(u64::try_from(number).unwrap_or(u64::MAX), "request");
                let text = format!("{number} and what was written with them go. Nothing is said.");
                Flow::Open(Confirm::bad("Decline all", text, "Decline all", |cx| {
                    cx.act(Action::DeclineAll);
                    Flow::Close
                }))
            }
            _ => Flow::Ignored,
        }
    }
}

fn entry(row: &Row, columns: usize, cx: &Cx) -> [Entry; 2] {
    let name = fitted(&row.name, columns.saturating_sub(24), cx);
    let color = cx.theme.name_color(&row.id.0);
    let mut left = vec![Span::styled(name, cx.theme.strong().fg(color))];
    if row.short_id != row.name {
        left.extend([Span::raw("  "), Span::styled(row.short_id.clone(), cx.theme.dim())]);
    }
    let right = vec![
        Span::styled(format!("{}  ", count(row.unread, "message")), cx.theme.dim()),
        Span::styled(row.time.clone(), cx.theme.dim()),
    ];
    let preview = match row.shows {
        Shows::Nothing => "Open it to read what was written".to_owned(),
        _ => row.preview.clone(),
    };
    let preview = Line::styled(fitted(&preview, columns, cx), cx.theme.dim());
    let lines = vec![ends(left, right, columns), preview];
    [Entry::Choice(lines), Entry::Text(vec![Line::raw("")])]
}

impl Screen for Requests {
    fn title(&self, _: &Cx) -> String {
        "Message requests".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &KEYS
    }

    fn hints(&self) -> &[KeyHelp] {
        &[("Up/Down", "choose"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = column(area);
        let rows = waiting(cx);
        if rows.is_empty() {
            let text = "When a stranger writes to you, the message waits here until you accept \
                        it. Until then nobody is told that you read it.";
            return empty(frame, area, cx.theme, "No requests", text);
        }
        let (list, row) = split_bottom(area, Buttons::rows(&buttons(), area.width));
        let (list, _) = split_bottom(list, 1);
        let columns = Menu::width(list);
        let entries: Vec<Entry> = rows.iter().flat_map(|row| entry(row, columns, cx)).collect();
        self.menu.draw(frame, list, cx.theme, &entries);
        self.buttons.draw(frame, indented(row), cx.theme, &buttons());
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match chosen::key(&mut self.menu, &key) {
            Chosen::Button(button) => self.press(button, cx),
            Chosen::Moved => Flow::Stay,
            Chosen::Nothing => Flow::Ignored,
        }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match chosen::mouse(&mut self.menu, &self.buttons, mouse) {
            Chosen::Button(button) => self.press(button, cx),
            _ => Flow::Stay,
        }
    }

    fn tick(&mut self, cx: &mut Cx) -> Flow {
        let rows: Vec<ConversationId> =
            waiting(cx).into_iter().map(|row| row.id).take(MOST).collect();
        if rows != self.shown {
            cx.act(Action::ShowRows(rows.clone()));
            self.shown = rows;
        }
        Flow::Stay
    }
}
