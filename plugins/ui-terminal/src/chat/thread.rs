//! The open conversation. It is laid out from its lower edge upwards, so that
//! only what is on the screen costs anything, and nothing moves when earlier
//! messages are fetched.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::text::{Order, fit};
use ramson_view::{Action, Anchor, Thread};
use ramson_wire::{ConversationId, MessageId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::bubble::{Look, Row, Target};
use super::sheet::{Sheet, blocks};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct};
use crate::screens;
use crate::widgets::{cells, put, scrollbar};

/// Rows of a step of the wheel.
const WHEEL: i32 = 3;

/// Further messages are fetched when so few are left.
const NEAR: usize = 20;

/// The keys while the thread has the focus.
pub(super) const KEYS: &[KeyHelp] = &[
    ("Up/Down", "choose"),
    ("Esc", "write"),
    ("r", "reply"),
    ("e", "react"),
    ("d", "delete"),
    ("i", "details"),
    ("c", "copy"),
    ("o", "go to quoted"),
    ("t", "send again"),
    ("End", "newest"),
];

/// Where the lower edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    anchor: Anchor,
    /// So many rows of that message are below the edge.
    hidden: usize,
}

const END: Place = Place { anchor: Anchor::End, hidden: 0 };

/// Where the model says that it is.
fn place_of(thread: &Thread) -> Place {
    let hidden = usize::try_from(thread.below).unwrap_or_default();
    Place { anchor: thread.anchor, hidden }
}

/// How the open conversation is looked at.
pub(super) struct ThreadView {
    of: Option<ConversationId>,
    place: Place,
    /// What the model said last; when it says something else, it wins.
    synced: Anchor,
    /// Rows to go down, or up.
    scroll: i32,
    /// A message that has to be on the screen.
    reveal: Option<MessageId>,
    area: Rect,
    /// What is drawn in each row.
    shown: Vec<(u16, MessageId, Row)>,
    /// Where a click goes to the end.
    to_end: Rect,
    near_first: bool,
    near_last: bool,
}

impl ThreadView {
    pub(super) fn new() -> Self {
        Self {
            of: None,
            place: END,
            synced: Anchor::End,
            scroll: 0,
            reveal: None,
            area: Rect::ZERO,
            shown: Vec::new(),
            to_end: Rect::ZERO,
            near_first: false,
            near_last: false,
        }
    }

    /// Draws it, or why there is nothing to draw.
    pub(super) fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        self.area = area;
        self.shown.clear();
        self.to_end = Rect::ZERO;
        (self.near_first, self.near_last) = (false, false);
        let Some(thread) = &cx.model.open else { return };
        self.adopt(thread);
        let blocks = blocks(thread, cx);
        if area.is_empty() {
            return;
        }
        if blocks.is_empty() {
            empty(frame, area, thread, cx);
            return;
        }
        let look = Look {
            theme: cx.theme,
            order: cx.order,
            width: area.width.saturating_sub(1),
            names: thread.id.account().is_none(),
        };
        let mut sheet = Sheet { blocks, look, cx, thread, rows: BTreeMap::new() };
        let height = usize::from(area.height);
        let (index, hidden, first) = self.arrange(&mut sheet, height);
        self.draw_rows(frame, area, &mut sheet, index, hidden);

        let last = sheet.blocks.len().saturating_sub(1);
        let at_newest = thread.held.at_newest();
        let at_end = index == last && hidden == 0;
        self.near_first = first < NEAR;
        self.near_last = index.saturating_add(NEAR) > last;
        self.place = match sheet.blocks.get(index) {
            Some(block) if !(at_end && at_newest) => Place { anchor: Anchor::At(block.id), hidden },
            _ => END,
        };
        if self.place != END {
            let visible = index.saturating_sub(first).saturating_add(1);
            scrollbar(frame, area, cx.theme, first, visible, last.saturating_sub(index));
            self.draw_to_end(frame, area, cx);
        }
    }

    /// Takes over where the model says that the user is.
    fn adopt(&mut self, thread: &Thread) {
        if self.of.as_ref() != Some(&thread.id) {
            *self = Self { area: self.area, of: Some(thread.id.clone()), ..Self::new() };
            self.place = place_of(thread);
            self.synced = thread.anchor;
        } else if self.synced != thread.anchor {
            self.place = place_of(thread);
            self.synced = thread.anchor;
        }
    }

    /// Finds which block is at the lower edge, how many of its rows are below
    /// it, and the first block on the screen.
    fn arrange(&mut self, sheet: &mut Sheet, height: usize) -> (usize, usize, usize) {
        let last = sheet.blocks.len().saturating_sub(1);
        let mut at = match self.place.anchor {
            Anchor::End => (last, 0),
            Anchor::At(id) => sheet.find(id).map_or((last, 0), |index| (index, self.place.hidden)),
        };
        // Messages may have become shorter, or the window wider.
        at.1 = at.1.min(sheet.height(at.0).saturating_sub(1));
        if let Some(wanted) = self.reveal.take().and_then(|id| sheet.find(id)) {
            at = sheet.reveal(at, wanted, height);
        }
        let rows = usize::try_from(self.scroll.unsigned_abs()).unwrap_or_default();
        at = if self.scroll < 0 { sheet.up(at, rows) } else { sheet.down(at, rows) };
        self.scroll = 0;
        let (mut first, missing) = sheet.fill(at, height);
        if missing > 0 && at != (last, 0) {
            at = sheet.down(at, missing);
            (first, _) = sheet.fill(at, height);
        }
        (at.0, at.1, first)
    }

    fn draw_rows(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        sheet: &mut Sheet,
        index: usize,
        hidden: usize,
    ) {
        let mut skip = hidden;
        let mut rows = (area.top()..area.bottom()).rev();
        'all: for number in (0..=index).rev() {
            let Some(id) = sheet.blocks.get(number).map(|block| block.id) else { break };
            for row in sheet.rows(number).iter().rev().skip(skip) {
                let Some(y) = rows.next() else { break 'all };
                row.draw(frame, Rect { y, height: 1, ..area });
                self.shown.push((y, id, row.clone()));
            }
            skip = 0;
        }
        if let Some(y) = rows.next().filter(|_| !sheet.thread.complete() && sheet.thread.loading) {
            let text = "Fetching earlier messages …";
            let x = area.x.saturating_add(area.width.saturating_sub(cells(text)) / 2);
            put(frame, Rect { y, height: 1, ..area }, x, text, sheet.cx.theme.dim());
        }
    }

    /// How much is new below, and the way there.
    fn draw_to_end(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let unread = cx.model.open_conversation().map_or(0, |conversation| conversation.unread);
        let (text, style) = match unread {
            0 => (" ↓ ".to_owned(), cx.theme.text().bg(cx.theme.raised)),
            count => (format!(" ↓ {count} new below "), cx.theme.badge()),
        };
        let width = cells(&text);
        if area.height < 3 || area.width < width {
            return;
        }
        let x = area.x.saturating_add(area.width.saturating_sub(width) / 2);
        self.to_end = Rect { x, y: area.bottom().saturating_sub(1), width, height: 1 };
        put(frame, self.to_end, x, &text, style);
    }

    /// What follows from what is on the screen.
    pub(super) fn tick(&mut self, cx: &mut Cx) {
        let Some(thread) = &cx.model.open else { return };
        if self.of.as_ref() != Some(&thread.id) || self.area.is_empty() {
            return;
        }
        let (loading, complete) = (thread.loading, thread.complete());
        let (begun, at_newest) = (thread.held.begun(), thread.held.at_newest());
        if thread.anchor == self.synced && self.place.anchor != self.synced && begun {
            cx.act(Action::ScrollTo(self.place.anchor));
            self.synced = cx.model.open.as_ref().map_or(Anchor::End, |thread| thread.anchor);
        }
        let hidden = u32::try_from(self.place.hidden).unwrap_or(u32::MAX);
        let below = cx.model.open.as_ref().map_or(hidden, |thread| thread.below);
        if self.place.anchor == self.synced && below != hidden && begun {
            cx.act(Action::ScrollBelow(hidden));
        }
        if loading {
            return;
        }
        if self.near_first && !complete {
            cx.act(Action::LoadOlder);
        } else if self.near_last && !at_newest {
            cx.act(Action::LoadNewer);
        }
        if cx.active && cx.focused && self.place == END && !self.shown.is_empty() {
            cx.act(Action::Seen);
        }
    }

    /// Scrolls, up if negative.
    fn scroll(&mut self, rows: i32) {
        self.scroll = self.scroll.saturating_add(rows);
    }

    fn page(&self) -> i32 {
        i32::from(self.area.height.saturating_sub(2).max(1))
    }

    /// Goes to the newest message.
    pub(super) fn go_to_end(&mut self, cx: &mut Cx) {
        self.place = END;
        self.scroll = 0;
        cx.act(Action::ScrollTo(Anchor::End));
        self.synced = Anchor::End;
    }

    /// Keys that scroll, wherever the focus is.
    pub(super) fn scroll_key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::PageUp => self.scroll(-self.page()),
            KeyCode::PageDown => self.scroll(self.page()),
            _ => return false,
        }
        true
    }

    /// Marks a message, and shows it.
    pub(super) fn select(&mut self, message: Option<MessageId>, cx: &mut Cx) {
        self.reveal = message;
        cx.act(Action::Select(message));
    }

    /// A key while the thread has the focus.
    pub(super) fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        let Some(thread) = &cx.model.open else { return Flow::Ignored };
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let (above, below) = (thread.above(), thread.below());
        match key.code {
            KeyCode::Up | KeyCode::Char('k') if plain => {
                if above.is_some() {
                    self.select(above, cx);
                } else {
                    self.scroll(-1);
                }
            }
            KeyCode::Down | KeyCode::Char('j') if plain => {
                if below.is_some() {
                    self.select(below, cx);
                } else {
                    self.scroll(1);
                }
            }
            KeyCode::Home => self.scroll(-self.page().saturating_mul(10)),
            KeyCode::End => {
                self.select(None, cx);
                self.go_to_end(cx);
            }
            _ => {
                // The newest one is meant as long as none is marked.
                let Some(message) = thread.selected.or_else(|| thread.held.last()) else {
                    return Flow::Ignored;
                };
                return if plain { self.message_key(key, message, cx) } else { Flow::Ignored };
            }
        }
        Flow::Stay
    }

    fn message_key(&mut self, key: KeyEvent, message: MessageId, cx: &mut Cx) -> Flow {
        match key.code {
            KeyCode::Char('r') => cx.act(Action::ReplyTo(message)),
            KeyCode::Char('e') => return Flow::Open(screens::reactions(message, cx)),
            KeyCode::Char('d') | KeyCode::Delete => {
                return Flow::Open(screens::delete(message, cx));
            }
            KeyCode::Char('i') | KeyCode::Enter => {
                return Flow::Open(screens::details(message, cx));
            }
            KeyCode::Char('c') => {
                let text = cx.model.message(message).and_then(|kept| kept.message.text.clone());
                if let Some(text) = text {
                    cx.copy(text, "Message");
                }
            }
            KeyCode::Char('o') => cx.act(Action::OpenQuoted(message)),
            KeyCode::Char('t') => cx.act(Action::Retry(message)),
            _ => return Flow::Ignored,
        }
        Flow::Stay
    }

    /// The mouse. Says whether a message was marked.
    pub(super) fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> (Flow, bool) {
        match mouse.what {
            MouseAct::Wheel(steps) => self.scroll(i32::from(steps).saturating_mul(WHEEL)),
            MouseAct::Click if mouse.is_in(self.to_end) => self.go_to_end(cx),
            MouseAct::Click | MouseAct::Menu => {
                let hit = self.shown.iter().find(|(y, ..)| *y == mouse.at.y);
                let Some((_, id, row)) = hit else { return (Flow::Stay, false) };
                let (id, x) = (*id, mouse.at.x.saturating_sub(self.area.x));
                match (mouse.what, row.target(x).cloned()) {
                    (MouseAct::Click, Some(Target::Quoted(_))) => {
                        cx.act(Action::OpenQuoted(id));
                    }
                    (MouseAct::Click, Some(Target::Reaction(emoji))) => {
                        cx.act(Action::React { message: id, emoji });
                    }
                    (MouseAct::Click, Some(Target::Retry)) => cx.act(Action::Retry(id)),
                    (MouseAct::Menu, _) => {
                        cx.act(Action::Select(Some(id)));
                        return (Flow::Open(screens::details(id, cx)), true);
                    }
                    _ => {
                        cx.act(Action::Select(Some(id)));
                        return (Flow::Stay, true);
                    }
                }
            }
            MouseAct::Drag => {}
        }
        (Flow::Stay, false)
    }
}

/// What stands where no messages are.
fn empty(frame: &mut Frame, area: Rect, thread: &Thread, cx: &Cx) {
    let name = cx.model.title_of(&thread.id);
    let (title, text) = if !thread.held.begun() {
        ("Fetching messages …".to_owned(), String::new())
    } else if thread.id.account().is_some() && thread.id.account() == cx.model.account {
        ("Nothing here yet".to_owned(), "What you write here is for you alone.".to_owned())
    } else {
        ("Nothing here yet".to_owned(), format!("What you write goes to {name}."))
    };
    let y = area.y.saturating_add(area.height.saturating_sub(3) / 2);
    let styles = [cx.theme.text().add_modifier(Modifier::BOLD), cx.theme.dim()];
    for (offset, (text, style)) in (0..).step_by(2).zip([title, text].into_iter().zip(styles)) {
        let text = fit(&text, area.width.saturating_sub(2).into(), Order::Visual);
        let x = area.x.saturating_add(area.width.saturating_sub(cells(&text)) / 2);
        let row = Rect { y: y.saturating_add(offset), height: 1, ..area }.intersection(area);
        put(frame, row, x, &text, style);
    }
}
