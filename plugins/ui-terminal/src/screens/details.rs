//! One message: its facts, and the way that it took.

use crossterm::event::KeyEvent;
use ramson_view::Action;
use ramson_view::details::details;
use ramson_view::text::{plain, wrap};
use ramson_wire::{Attachment, Message, MessageId, Trace, TraceLine};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::{LABEL, Scroll, empty, fitted, heading, letter, pair, size, text_column};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen};

/// Columns of the time of a step and of its mark.
const TIME: usize = 10;

/// Details of a message.
pub(crate) struct Details {
    message: MessageId,
    scroll: Scroll,
}

impl Details {
    /// Of a message of the open conversation; asks for its way.
    pub(crate) fn new(message: MessageId, cx: &mut Cx) -> Self {
        cx.act(Action::AskTrace(message));
        Self { message, scroll: Scroll::default() }
    }

    fn message<'a>(&self, cx: &'a Cx) -> Option<&'a Message> {
        cx.model.open.as_ref()?.message(self.message)
    }

    fn text(&self, cx: &Cx) -> Option<String> {
        self.message(cx)?.text.clone()
    }

    fn attachments(&self, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
        let Some(message) = self.message(cx) else { return Vec::new() };
        let room = columns.saturating_sub(LABEL);
        let line = |attachment: &Attachment| {
            let of_type = attachment.content_type.as_deref().unwrap_or("file");
            let name = attachment.name.as_deref().unwrap_or(of_type);
            let text = match attachment.size {
                0 => format!("{name} · {of_type}"),
                bytes => format!("{name} · {of_type} · {}", size(bytes.into())),
            };
            pair(cx.theme, "Attached", fitted(&text, room, cx))
        };
        message.attachments.iter().map(line).collect()
    }
}

/// A step: how long after the first one, a mark, and what happened.
fn step(
    line: &TraceLine,
    first: u64,
    is_last: bool,
    columns: usize,
    cx: &Cx,
) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let after = line.at.saturating_sub(first);
    let (whole, part) = (after.checked_div(1_000), after.checked_rem(1_000));
    let time = format!("+{}.{:03} s", whole.unwrap_or(0), part.unwrap_or(0));
    let (mark, style) = match (line.bad, line.step.as_str()) {
        (true, _) => ("✗", theme.bad()),
        (_, "stored" | "received") => ("✓", theme.accent()),
        _ => ("●", theme.line()),
    };
    let words = if line.bad { theme.bad() } else { theme.text() };
    let room = columns.saturating_sub(TIME.saturating_add(5));
    let mut lines = Vec::new();
    for (number, row) in wrap(&plain(&line.text), room, cx.order).into_iter().enumerate() {
        let (time, mark, style) = match number {
            0 => (format!("{time:>TIME$}"), mark, style),
            _ => (" ".repeat(TIME), if is_last { " " } else { "│" }, theme.line()),
        };
        lines.push(Line::from(vec![
            Span::styled(time, theme.dim()),
            Span::styled(format!("  {mark}  "), style),
            Span::styled(row.text(), words),
        ]));
    }
    if !is_last {
        lines.push(Line::styled(format!("{}  │", " ".repeat(TIME)), theme.line()));
    }
    lines
}

/// Why the way is not known.
fn refusal(why: &str, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let rows = wrap(&plain(why), columns.max(8), cx.order).into_iter();
    let lines = rows.map(|row| Line::styled(row.text(), cx.theme.warn()));
    [heading(cx.theme, "Its way"), Line::raw("")].into_iter().chain(lines).collect()
}

fn way(trace: Option<&Trace>, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let mut lines = vec![heading(cx.theme, "Its way"), Line::raw("")];
    let steps = match trace {
        None => return [lines, vec![Line::styled("Asking …", cx.theme.dim())]].concat(),
        Some(trace) => &trace.lines,
    };
    let first = steps.first().map_or(0, |line| line.at);
    for (number, line) in steps.iter().enumerate() {
        let is_last = number.saturating_add(1) == steps.len();
        lines.extend(step(line, first, is_last, columns, cx));
    }
    if steps.is_empty() {
        let text = "No delivery ledger is kept in this home; `ramson ledger on` keeps one.";
        lines.push(Line::styled(text, cx.theme.dim()));
    }
    lines
}

impl Screen for Details {
    fn title(&self, _: &Cx) -> String {
        "Message".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Up/Down", "scroll"), ("c", "copy text"), ("u", "ask again"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = text_column(area);
        let columns = usize::from(area.width).saturating_sub(1);
        let Some(details) = details(cx.model, self.message, &cx.clock()) else {
            let text = "It was deleted, or its time was over.";
            return empty(frame, area, cx.theme, "This message is gone", text);
        };
        let mut lines = Vec::new();
        if let Some(text) = self.text(cx) {
            let rows = wrap(&plain(&text), columns.saturating_sub(2), cx.order);
            let more = rows.len() > 3;
            for row in rows.into_iter().take(3) {
                lines.push(Line::from(vec![
                    Span::styled("▎ ", cx.theme.accent()),
                    Span::styled(row.text(), cx.theme.text()),
                ]));
            }
            if more {
                lines.push(Line::styled("▎ …", cx.theme.dim()));
            }
            lines.push(Line::raw(""));
        }
        for (label, value) in &details.facts {
            let room = columns.saturating_sub(LABEL).max(8);
            for (number, row) in wrap(&plain(value), room, cx.order).into_iter().enumerate() {
                lines.push(pair(cx.theme, if number == 0 { label } else { "" }, row.text()));
            }
        }
        lines.extend(self.attachments(columns, cx));
        lines.push(Line::raw(""));
        let trace = cx.model.trace.as_ref().filter(|trace| trace.message == self.message);
        let refused = cx.model.unanswered.trace.as_ref();
        let refused = refused.filter(|(message, _)| *message == self.message);
        lines.extend(match (trace, refused) {
            (None, Some((_, why))) => refusal(why, columns, cx),
            _ => way(trace, columns, cx),
        });
        self.scroll.draw(frame, area, cx.theme, &lines);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        match letter(&key) {
            Some('c') => {
                if let Some(text) = self.text(cx) {
                    cx.copy(text, "Message");
                }
                Flow::Stay
            }
            Some('u') => {
                cx.act(Action::AskTrace(self.message));
                Flow::Stay
            }
            _ if self.scroll.key(&key) => Flow::Stay,
            _ => Flow::Ignored,
        }
    }

    fn mouse(&mut self, mouse: Mouse, _: &mut Cx) -> Flow {
        self.scroll.mouse(mouse);
        Flow::Stay
    }
}
