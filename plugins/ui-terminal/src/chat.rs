//! The chat: the list of conversations, the open one, and the line that is
//! being written.
//!
//! | file | what |
//! |---|---|
//! | `list` | the list of conversations |
//! | `thread` | the open one, from its lower edge upwards |
//! | `sheet` | its messages as rows, made when they are looked at |
//! | `bubble` | one message as rows |
//! | `head` | what stands above it, or where none is open |
//! | `composer` | the line that is being written |
//!
//! On a narrow terminal the list and the open conversation take turns.

mod bubble;
mod composer;
mod head;
mod list;
mod sheet;
#[cfg(test)]
mod tests;
mod thread;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::composer::Edit;
use ramson_view::text::fit;
use ramson_view::{Action, Filter, Thread};
use ramson_wire::{AccountId, ConversationId};
use ratatui::Frame;
use ratatui::layout::Rect;

use composer::ComposerView;
use head::{draw_head, draw_nothing, strip};
use list::{Did, ListView};
use thread::ThreadView;

use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen, Shape};
use crate::screens;
use crate::widgets::{footer, footer_area, put};

/// Below this width there is one pane only.
const NARROW: u16 = 60;

/// The chat.
pub(crate) fn chat(cx: &mut Cx) -> Box<dyn Screen> {
    let open = cx.model.open.as_ref().map(|thread| thread.id.clone());
    let mut list = ListView::new();
    list.follow(open.as_ref());
    Box::new(Chat {
        focus: if open.is_some() { Focus::Composer } else { Focus::List },
        open,
        list,
        thread: ThreadView::new(),
        composer: ComposerView::new(),
        areas: Areas::default(),
        asked_network: None,
    })
}

/// What keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    List,
    Thread,
    Composer,
}

/// Where everything was drawn.
#[derive(Debug, Clone, Copy, Default)]
struct Areas {
    list: Rect,
    head: Rect,
    thread: Rect,
    strip: Rect,
    composer: Rect,
    footer: Rect,
}

struct Chat {
    focus: Focus,
    open: Option<ConversationId>,
    list: ListView,
    thread: ThreadView,
    composer: ComposerView,
    areas: Areas,
    /// The network was asked for; from then on the model follows it.
    asked_network: Option<AccountId>,
}

impl Screen for Chat {
    fn shape(&self, _: &Cx) -> Shape {
        Shape::Whole
    }

    fn title(&self, _: &Cx) -> String {
        match self.focus {
            Focus::List => "Conversations".to_owned(),
            Focus::Thread => "Messages".to_owned(),
            Focus::Composer => "Writing".to_owned(),
        }
    }

    fn keys(&self) -> &[KeyHelp] {
        match self.focus {
            Focus::List => self.list.keys(),
            Focus::Thread => thread::KEYS,
            Focus::Composer => composer::KEYS,
        }
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        self.settle(cx);
        let bottom = footer_area(cx);
        let body = Rect { height: area.height.saturating_sub(bottom.height), ..area };
        self.areas = Areas { footer: bottom, ..Areas::default() };
        let narrow = area.width < NARROW;
        let mut right = body;
        if !narrow {
            let width = (body.width.saturating_mul(3) / 10).clamp(28, 40);
            self.areas.list = Rect { width, ..body };
            right = Rect {
                x: body.x.saturating_add(width),
                width: body.width.saturating_sub(width),
                ..body
            };
            if !cx.theme.filled {
                let line = Rect { x: right.x, width: 1, ..right };
                for y in line.top()..line.bottom() {
                    put(frame, Rect { y, height: 1, ..line }, line.x, "│", cx.theme.line());
                }
                right = Rect {
                    x: right.x.saturating_add(1),
                    width: right.width.saturating_sub(1),
                    ..right
                };
            }
        } else if self.focus == Focus::List || cx.model.open.is_none() {
            (self.areas.list, right) = (body, Rect::ZERO);
        }
        let focused = self.focus == Focus::List;
        self.list.draw(frame, self.areas.list, cx, focused);
        match &cx.model.open {
            Some(thread) if !right.is_empty() => self.draw_open(frame, right, thread, cx, narrow),
            _ => draw_nothing(frame, right, cx),
        }
        footer(frame, cx, self.keys());
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        self.settle(cx);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('f') if control => {
                self.focus = Focus::List;
                self.list.begin_search();
                return Flow::Stay;
            }
            KeyCode::Char('o') if control => {
                let open = cx.model.open.as_ref().map(|thread| thread.id.clone());
                let Some(open) = open else { return Flow::Stay };
                return Flow::Open(screens::conversation(open, cx));
            }
            KeyCode::Up | KeyCode::Down if alt => {
                let next = cx.model.neighbour(&Filter::default(), key.code == KeyCode::Down);
                if let Some(next) = next {
                    cx.act(Action::Open(next));
                }
                return Flow::Stay;
            }
            KeyCode::Tab | KeyCode::BackTab if !self.is_completing(cx) => {
                self.go_around(key.code == KeyCode::Tab, cx);
                return Flow::Stay;
            }
            KeyCode::Left if control && self.focus != Focus::Composer => {
                self.focus = Focus::List;
                return Flow::Stay;
            }
            KeyCode::Right if control && self.focus == Focus::List => {
                self.focus_open(cx);
                return Flow::Stay;
            }
            _ => {}
        }
        match self.focus {
            Focus::List => {
                let did = self.list.key(key, cx);
                self.after_list(did, cx)
            }
            Focus::Thread => self.thread_key(key, cx),
            Focus::Composer => self.composer_key(key, cx),
        }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        if self.composer.mouse(mouse, cx) {
            self.focus = Focus::Composer;
        } else if mouse.is_in(self.areas.list) {
            let did = self.list.mouse(mouse, cx);
            return self.after_list(did, cx);
        } else if mouse.is_in(self.areas.thread) {
            let (flow, marked) = self.thread.mouse(mouse, cx);
            if marked {
                self.focus = Focus::Thread;
            }
            return flow;
        } else if mouse.what == MouseAct::Click {
            if mouse.is_in(self.areas.head) {
                let open = cx.model.open.as_ref().map(|thread| thread.id.clone());
                let Some(open) = open else { return Flow::Stay };
                return Flow::Open(screens::conversation(open, cx));
            }
            if mouse.is_in(self.areas.strip) {
                return Flow::Open(screens::requests(cx));
            }
            if mouse.is_in(self.areas.composer) {
                self.focus = Focus::Composer;
            }
            if mouse.is_in(self.areas.footer) {
                let about = cx.model.notes.newest().and_then(|note| note.conversation.clone());
                if let Some(about) = about {
                    cx.act(Action::Open(about));
                }
            }
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str, cx: &mut Cx) -> Flow {
        self.settle(cx);
        if self.focus == Focus::List {
            self.list.paste(text);
        } else {
            self.focus = Focus::Composer;
            cx.act(Action::Edit(Edit::Paste(text.to_owned())));
        }
        Flow::Stay
    }

    fn tick(&mut self, cx: &mut Cx) -> Flow {
        self.settle(cx);
        self.list.tick(cx);
        self.thread.tick(cx);
        if self.asked_network != cx.model.account {
            self.asked_network = cx.model.account;
            cx.act(Action::AskNetwork);
        }
        Flow::Stay
    }
}

impl Chat {
    /// Follows the model, where a conversation was opened or closed.
    fn settle(&mut self, cx: &Cx) {
        let open = cx.model.open.as_ref().map(|thread| &thread.id);
        if self.open.as_ref() != open {
            self.open = open.cloned();
            self.list.follow(open);
            self.focus = if open.is_some() { Focus::Composer } else { Focus::List };
        }
    }

    fn is_completing(&self, cx: &Cx) -> bool {
        let open = cx.model.open.as_ref();
        let completing = open.is_some_and(|thread| thread.composer.completion().is_some());
        self.focus == Focus::Composer && completing
    }

    fn go_around(&mut self, forward: bool, cx: &mut Cx) {
        if cx.model.open.is_none() {
            self.focus = Focus::List;
            return;
        }
        self.focus = match (self.focus, forward) {
            (Focus::List, true) | (Focus::Thread, false) => Focus::Composer,
            (Focus::Composer, true) | (Focus::List, false) => Focus::Thread,
            (Focus::Thread, true) | (Focus::Composer, false) => Focus::List,
        };
        if self.focus == Focus::Thread {
            self.mark_last(cx);
        } else {
            self.thread.select(None, cx);
        }
    }

    fn mark_last(&mut self, cx: &mut Cx) {
        let Some(thread) = &cx.model.open else { return };
        if thread.selected.is_none() {
            let above = thread.above();
            self.thread.select(above, cx);
        }
    }

    fn focus_open(&mut self, cx: &mut Cx) {
        if cx.model.open.is_some() {
            self.focus = Focus::Composer;
            self.thread.select(None, cx);
        }
    }

    fn after_list(&mut self, did: Did, cx: &mut Cx) -> Flow {
        match did {
            Did::Flow(flow) => return flow,
            Did::Opened => {
                self.settle(cx);
                self.focus_open(cx);
            }
            Did::Left => self.focus_open(cx),
        }
        Flow::Stay
    }

    fn thread_key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if self.thread.scroll_key(key) {
            return Flow::Stay;
        }
        if key.code == KeyCode::Esc {
            self.focus_open(cx);
            return Flow::Stay;
        }
        // Past the newest message is what is being written.
        let selected = cx.model.open.as_ref().and_then(|thread| thread.selected);
        let newest = cx.model.open.as_ref().and_then(|thread| thread.held.last());
        if key.code == KeyCode::Down && selected.is_some() && selected == newest {
            self.thread.go_to_end(cx);
            self.focus_open(cx);
            return Flow::Stay;
        }
        let flow = self.thread.key(key, cx);
        if key.code == KeyCode::Char('r') && matches!(flow, Flow::Stay) {
            self.focus_open(cx);
        }
        flow
    }

    fn composer_key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        let Some(thread) = &cx.model.open else { return Flow::Ignored };
        if self.thread.scroll_key(key) {
            return Flow::Stay;
        }
        let blank = thread.composer.text().is_empty();
        let plain = key.modifiers.is_empty();
        if key.code == KeyCode::Up && plain && blank && !thread.held.is_empty() {
            self.focus = Focus::Thread;
            self.mark_last(cx);
            return Flow::Stay;
        }
        if key.code == KeyCode::End && plain && blank {
            self.thread.go_to_end(cx);
            return Flow::Stay;
        }
        let sends = key.code == KeyCode::Enter && plain && !self.is_completing(cx);
        if self.composer.key(key, cx) {
            if sends && !blank {
                self.thread.go_to_end(cx);
            }
            return Flow::Stay;
        }
        if key.code == KeyCode::Esc {
            self.focus = Focus::List;
            return Flow::Stay;
        }
        Flow::Ignored
    }

    fn draw_open(&mut self, frame: &mut Frame, area: Rect, thread: &Thread, cx: &Cx, narrow: bool) {
        let conversation = cx.model.open_conversation();
        let roomy = area.height >= 16;
        let head = match area.height {
            0..6 => 0,
            6..16 => 1,
            _ => 4,
        };
        self.areas.head = Rect { height: head, ..area };
        draw_head(frame, self.areas.head, thread, conversation, cx, narrow);

        let strip = strip(conversation).filter(|_| area.height >= 8);
        let strip_rows = u16::from(strip.is_some());
        let left = area.height.saturating_sub(head).saturating_sub(strip_rows);
        let composer = self.composer.height(area, thread, cx).min(left);
        let space = u16::from(roomy);
        let rows = left.saturating_sub(composer).saturating_sub(space);
        let at = |y: u16, height: u16| Rect { y, height, ..area }.intersection(area);
        self.areas.thread = at(area.y.saturating_add(head), rows);
        let below = self.areas.thread.bottom().saturating_add(space);
        self.areas.strip = at(below, strip_rows);
        self.areas.composer = at(below.saturating_add(strip_rows), composer);

        self.thread.draw(frame, self.areas.thread, cx);
        if let Some(strip) = strip {
            let room = area.width.saturating_sub(6);
            let text = fit(strip, room.into(), cx.order);
            put(frame, self.areas.strip, area.x.saturating_add(3), &text, cx.theme.warn());
        }
        let focused = self.focus == Focus::Composer;
        self.composer.draw(frame, self.areas.composer, area, thread, cx, focused);
    }
}
