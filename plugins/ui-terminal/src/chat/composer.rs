//! The line that is being written, and what is above it: what it answers, what
//! it could become, and why nobody would read it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ramson_view::composer::{COMMANDS, Completion, Edit, LIMIT};
use ramson_view::text::{Kind, fit};
use ramson_view::thread::Gist;
use ramson_view::{Action, Thread};
use ramson_wire::AccountId;
use ratatui::Frame;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, BorderType, Clear};

use crate::screen::{Cx, KeyHelp, Mouse, MouseAct};
use crate::widgets::{cells, put};

/// The keys while the composer has the focus.
pub(super) const KEYS: &[KeyHelp] = &[
    ("Enter", "send"),
    ("Ctrl-J", "new line"),
    ("Tab", "other pane"),
    ("Up", "messages"),
    ("PgUp", "scroll"),
    ("Alt-Up/Down", "other conversation"),
    ("Ctrl-N", "new"),
    ("Ctrl-O", "info"),
    ("Ctrl-Up/Down", "what was sent before"),
    ("Ctrl-Left/Right", "word by word"),
    ("Ctrl-W, Alt-D", "delete a word"),
    ("Ctrl-U, Ctrl-K", "delete to the line's start, end"),
    ("Ctrl-Z, Ctrl-Y", "undo, redo"),
];

/// What is written is shown counted when so few are left.
const NEAR_LIMIT: usize = 200;

/// The most rows of text.
const MOST_ROWS: u16 = 8;

/// How the composer is looked at.
pub(super) struct ComposerView {
    /// Where the text is.
    text: Rect,
    /// The first row of it that is shown.
    top: usize,
    /// Where it can be said to answer nothing.
    cancel: Rect,
    candidates: Rect,
    /// The number of the first candidate that is shown.
    first_candidate: usize,
}

impl ComposerView {
    pub(super) fn new() -> Self {
        Self {
            text: Rect::ZERO,
            top: 0,
            cancel: Rect::ZERO,
            candidates: Rect::ZERO,
            first_candidate: 0,
        }
    }

    /// Rows that it needs of an area.
    pub(super) fn height(&self, area: Rect, thread: &Thread, cx: &Cx) -> u16 {
        let bordered = is_bordered(area);
        let width = text_width(area, bordered);
        let name_of = |id: &AccountId| cx.model.name_of(id);
        let lines = thread.composer.layout(width, cx.order, &name_of).lines.len();
        let most = (area.height / 3).clamp(1, MOST_ROWS);
        let rows = u16::try_from(lines).unwrap_or(u16::MAX).clamp(1, most);
        let answers = u16::from(thread.reply_to.is_some());
        rows.saturating_add(answers).saturating_add(if bordered { 2 } else { 0 }).min(area.height)
    }

    /// Draws it. `whole` is the area that candidates may use.
    pub(super) fn draw(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        whole: Rect,
        thread: &Thread,
        cx: &Cx,
        focused: bool,
    ) {
        (self.cancel, self.candidates, self.text) = (Rect::ZERO, Rect::ZERO, Rect::ZERO);
        if area.is_empty() {
            return;
        }
        let theme = cx.theme;
        let bordered = area.height >= 3 && is_bordered(whole);
        let mut inner = area;
        if bordered {
            let style = if focused { theme.accent() } else { theme.line() };
            let panel = area.inner(Margin::new(1, 0));
            let block = Block::bordered().border_type(BorderType::Rounded).border_style(style);
            frame.render_widget(block, panel);
            inner = panel.inner(Margin::new(2, 1));
            self.draw_count(frame, panel, thread, cx);
        }
        if inner.height > 1 && thread.reply_to.is_some() {
            self.draw_answers(frame, Rect { height: 1, ..inner }, thread, cx);
            inner = Rect {
                y: inner.y.saturating_add(1),
                height: inner.height.saturating_sub(1),
                ..inner
            };
        }
        let sign = Rect { width: inner.width.min(2), height: 1, ..inner };
        let style = if focused { theme.accent() } else { theme.dim() };
        put(frame, sign, sign.x, "›", style);
        inner =
            Rect { x: inner.x.saturating_add(2), width: inner.width.saturating_sub(2), ..inner };
        self.text = inner;
        self.draw_text(frame, thread, cx, focused);
        if let Some(completion) = thread.composer.completion().filter(|_| focused) {
            let above = Rect { height: area.y.saturating_sub(whole.y), ..whole };
            self.draw_candidates(frame, above, completion, cx);
        }
    }

    fn draw_text(&mut self, frame: &mut Frame, thread: &Thread, cx: &Cx, focused: bool) {
        let (area, theme) = (self.text, cx.theme);
        if area.is_empty() {
            return;
        }
        let name_of = |id: &AccountId| cx.model.name_of(id);
        let width = usize::from(area.width);
        let layout = thread.composer.layout(width, cx.order, &name_of);
        let rows = usize::from(area.height);
        self.top = self.top.min(layout.row).max(layout.row.saturating_add(1).saturating_sub(rows));
        self.top = self.top.min(layout.lines.len().saturating_sub(rows));
        for (line, y) in layout.lines.iter().skip(self.top).zip(area.top()..area.bottom()) {
            let row = Rect { y, height: 1, ..area };
            let indent = if line.rtl { width.saturating_sub(line.width) } else { 0 };
            let mut x = area.x.saturating_add(u16::try_from(indent).unwrap_or_default());
            for run in &line.runs {
                let style = match run.kind {
                    Kind::Plain | Kind::Emoji => theme.text(),
                    Kind::Link | Kind::Mention(_) => theme.accent(),
                };
                x = put(frame, row, x, &run.text, style);
            }
        }
        if thread.composer.text().is_empty() {
            let hint = match thread.id.account() {
                None => "This version can read here only".to_owned(),
                Some(own) if Some(own) == cx.model.account => "Write a note".to_owned(),
                Some(_) => format!("Write to {}", cx.model.title_of(&thread.id)),
            };
            put(frame, area, area.x, &fit(&hint, width, cx.order), theme.dim());
        }
        if focused && cx.active {
            let row = u16::try_from(layout.row.saturating_sub(self.top)).unwrap_or_default();
            let column = u16::try_from(layout.column).unwrap_or_default();
            let last = area.right().saturating_sub(1);
            let x = area.x.saturating_add(column).min(last);
            let y = area.y.saturating_add(row).min(area.bottom().saturating_sub(1));
            frame.set_cursor_position(Position::new(x, y));
        }
    }

    /// What is written answers this.
    fn draw_answers(&mut self, frame: &mut Frame, area: Rect, thread: &Thread, cx: &Cx) {
        let theme = cx.theme;
        let Some(id) = thread.reply_to else { return };
        let message = thread.message(id);
        let name = message.map(|it| cx.model.name_of(&it.author)).unwrap_or_default();
        let text = message.map(|it| cx.model.gist_text(&Gist::of(it))).unwrap_or_default();
        self.cancel = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
        let mut x = put(frame, area, area.x, "↩ ", theme.accent());
        let name = fit(&name, (area.width / 3).into(), cx.order);
        x = put(frame, area, x, &name, theme.strong()).saturating_add(2);
        let room = self.cancel.x.saturating_sub(x).saturating_sub(1);
        put(frame, area, x, &fit(&text, room.into(), cx.order), theme.dim());
        put(frame, self.cancel, self.cancel.x, "×", theme.dim());
    }

    /// How many letters there are, when they come to an end.
    fn draw_count(&self, frame: &mut Frame, panel: Rect, thread: &Thread, cx: &Cx) {
        let count = thread.composer.count();
        if count.saturating_add(NEAR_LIMIT) < LIMIT {
            return;
        }
        let text = format!(" {count} of {LIMIT} ");
        let style = if thread.composer.is_too_long() { cx.theme.bad() } else { cx.theme.dim() };
        let x = panel.right().saturating_sub(cells(&text)).saturating_sub(2);
        let row = Rect { y: panel.bottom().saturating_sub(1), height: 1, ..panel };
        put(frame, row, x, &text, style);
    }

    /// What the word at the cursor could become, above the composer.
    fn draw_candidates(
        &mut self,
        frame: &mut Frame,
        above: Rect,
        completion: &Completion,
        cx: &Cx,
    ) {
        let theme = cx.theme;
        let all = completion.candidates.len();
        let rows =
            u16::try_from(all).unwrap_or(u16::MAX).min(above.height.saturating_sub(2)).min(8);
        if rows == 0 {
            return;
        }
        let widest = |it: &ramson_view::composer::Candidate| {
            cells(&it.label).saturating_add(cells(&it.detail)).saturating_add(8)
        };
        let wanted = completion.candidates.iter().map(widest).max().unwrap_or_default();
        let width = wanted.clamp(20, 52).min(above.width);
        let height = rows.saturating_add(2);
        let x = above.x.saturating_add(1).min(above.right().saturating_sub(width));
        let panel = Rect { x, y: above.bottom().saturating_sub(height), width, height };
        let panel = panel.intersection(above);
        frame.render_widget(Clear, panel);
        let block = Block::bordered().border_type(BorderType::Rounded);
        frame.render_widget(block.border_style(theme.line()).style(theme.surface()), panel);
        self.candidates = panel.inner(Margin::new(1, 1));
        let last = completion.selected.saturating_add(1).saturating_sub(rows.into());
        self.first_candidate = last.min(all.saturating_sub(rows.into()));
        let shown = completion.candidates.iter().enumerate().skip(self.first_candidate);
        for (y, (number, candidate)) in (self.candidates.top()..self.candidates.bottom()).zip(shown)
        {
            let row = Rect { y, height: 1, ..self.candidates };
            if number == completion.selected {
                frame.buffer_mut().set_style(row, theme.selected());
            }
            let style = |style: Style| match number == completion.selected {
                true => style.add_modifier(Modifier::BOLD),
                false => style,
            };
            let room = row.width.saturating_sub(2);
            let label = fit(&candidate.label, room.into(), cx.order);
            let x = put(frame, row, row.x.saturating_add(1), &label, style(theme.text()));
            let x = x.saturating_add(2);
            let room = row.right().saturating_sub(x).saturating_sub(1);
            put(frame, row, x, &fit(&candidate.detail, room.into(), cx.order), theme.dim());
        }
    }

    /// A key while the composer has the focus; false if it is not for it.
    pub(super) fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> bool {
        let Some(thread) = &cx.model.open else { return false };
        let completing = thread.composer.completion().is_some();
        let answering = thread.reply_to.is_some();
        let width = usize::from(self.text.width);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        let edit = match key.code {
            KeyCode::Enter if alt || shift || control => Edit::Newline,
            KeyCode::Enter if completing => {
                cx.act(Action::Edit(Edit::Accept));
                // A command that needs nothing more is done at once.
                if cx.model.open.as_ref().is_some_and(is_whole_command) {
                    cx.act(Action::Send);
                }
                return true;
            }
            KeyCode::Tab if completing => Edit::Accept,
            KeyCode::Enter => {
                cx.act(Action::Send);
                return true;
            }
            KeyCode::Esc if completing => Edit::Dismiss,
            KeyCode::Esc if answering => {
                cx.act(Action::CancelReply);
                return true;
            }
            KeyCode::BackTab if completing => Edit::PreviousCandidate,
            KeyCode::Up if control => Edit::Older,
            KeyCode::Down if control => Edit::Newer,
            KeyCode::Up => Edit::Up { width },
            KeyCode::Down => Edit::Down { width },
            KeyCode::Left if control || alt => Edit::WordLeft,
            KeyCode::Right if control || alt => Edit::WordRight,
            KeyCode::Left => Edit::Left,
            KeyCode::Right => Edit::Right,
            KeyCode::Home if control => Edit::Start,
            KeyCode::End if control => Edit::End,
            KeyCode::Home => Edit::LineStart,
            KeyCode::End => Edit::LineEnd,
            KeyCode::Backspace if control || alt => Edit::DeleteWordBefore,
            KeyCode::Backspace => Edit::Backspace,
            KeyCode::Delete if control || alt => Edit::DeleteWordBehind,
            KeyCode::Delete => Edit::Delete,
            KeyCode::Char(letter) if control => match letter {
                'j' => Edit::Newline,
                'a' => Edit::LineStart,
                'e' => Edit::LineEnd,
                'u' => Edit::DeleteToLineStart,
                'k' => Edit::DeleteToLineEnd,
                'w' => Edit::DeleteWordBefore,
                'd' => Edit::Delete,
                'z' | '_' => Edit::Undo,
                'y' => Edit::Redo,
                _ => return false,
            },
            KeyCode::Char(letter) if alt => match letter {
                'b' => Edit::WordLeft,
                'f' => Edit::WordRight,
                'd' => Edit::DeleteWordBehind,
                _ => return false,
            },
            KeyCode::Char(letter) => Edit::Insert(letter.to_string()),
            _ => return false,
        };
        cx.act(Action::Edit(edit));
        true
    }

    /// The mouse; false if it was not on it.
    pub(super) fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> bool {
        if mouse.what != MouseAct::Click {
            return false;
        }
        let row = |area: Rect| usize::from(mouse.at.y.saturating_sub(area.y));
        if mouse.is_in(self.candidates) {
            let number = self.first_candidate.saturating_add(row(self.candidates));
            cx.act(Action::Edit(Edit::TakeCandidate(number)));
        } else if mouse.is_in(self.cancel) {
            cx.act(Action::CancelReply);
        } else if mouse.is_in(self.text) {
            let row = self.top.saturating_add(row(self.text));
            let column = mouse.at.x.saturating_sub(self.text.x).into();
            cx.act(Action::Edit(Edit::Place { width: self.text.width.into(), row, column }));
        } else {
            return false;
        }
        true
    }
}

/// Whether what is written is a command, and all of it.
fn is_whole_command(thread: &Thread) -> bool {
    let name = thread.composer.text().strip_prefix('/');
    COMMANDS.iter().any(|command| command.argument.is_empty() && Some(command.name) == name)
}

/// Whether there is room for a panel around the text.
fn is_bordered(area: Rect) -> bool {
    area.height >= 10 && area.width >= 24
}

fn text_width(area: Rect, bordered: bool) -> usize {
    let taken = if bordered { 8 } else { 2 };
    area.width.saturating_sub(taken).into()
}
