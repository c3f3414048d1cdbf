//! One message as rows: what stands in its bubble, above and below it.

use ramson_view::text::{self, Kind, Order, fit, wrap};
use ramson_view::{Bubble, Item, Mark};
use ramson_wire::MessageId;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::theme::Theme;
use crate::widgets::{cells, put};

/// What a click on a part of a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Goes to the message that it answers.
    Quoted(MessageId),
    /// Puts an emoji on it, or takes it away.
    Reaction(String),
    /// Sends it again.
    Retry,
}

/// A part of a row.
#[derive(Debug, Clone)]
struct Piece {
    x: u16,
    text: String,
    style: Style,
    target: Option<Target>,
}

/// A row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pieces: Vec<Piece>,
    /// From, width, colour.
    fill: Option<(u16, u16, Color)>,
}

/// How rows are made.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) theme: &'a Theme,
    pub(super) order: Order,
    /// Of the whole thread.
    pub(super) width: u16,
    /// Names of authors stand above their messages: there are several.
    pub(super) names: bool,
}

/// Free columns at either side of a thread.
const SIDE: u16 = 3;

/// Free columns within a bubble, at either side.
const PAD: u16 = 1;

/// The widest text that is read with ease.
const WIDEST: u16 = 72;

impl Row {
    /// Draws it into a row of the screen.
    pub(super) fn draw(&self, frame: &mut Frame, area: Rect) {
        if let Some((x, width, color)) = self.fill {
            let place = Rect { x: area.x.saturating_add(x), width, ..area }.intersection(area);
            frame.buffer_mut().set_style(place, Style::new().bg(color));
        }
        for piece in &self.pieces {
            put(frame, area, area.x.saturating_add(piece.x), &piece.text, piece.style);
        }
    }

    /// What is in a column.
    pub(super) fn target(&self, x: u16) -> Option<&Target> {
        let piece = self
            .pieces
            .iter()
            .find(|piece| (piece.x..piece.x.saturating_add(cells(&piece.text))).contains(&x));
        piece?.target.as_ref()
    }

    fn of(x: u16, text: impl Into<String>, style: Style) -> Self {
        let mut row = Self::default();
        row.add(x, text, style);
        row
    }

    fn add(&mut self, x: u16, text: impl Into<String>, style: Style) {
        self.pieces.push(Piece { x, text: text.into(), style, target: None });
    }
}

impl Look<'_> {
    /// An item as rows.
    pub(super) fn rows(&self, item: &Item) -> Vec<Row> {
        match item {
            Item::Day(day) => vec![Row::default(), self.rule(day, self.theme.dim())],
            Item::Unread => vec![Row::default(), self.rule("New", self.theme.accent())],
            Item::Notice { text, time, selected, .. } => {
                let style = if *selected { self.theme.accent() } else { self.theme.dim() };
                let room = self.width.saturating_sub(SIDE.saturating_mul(2));
                let text = text::plain(&format!("{text}  {time}"));
                let lines = wrap(&text, room.max(1).into(), self.order);
                let centered = lines.into_iter().map(|line| {
                    let width = u16::try_from(line.width).unwrap_or(u16::MAX);
                    Row::of(self.width.saturating_sub(width) / 2, line.text(), style)
                });
                std::iter::once(Row::default()).chain(centered).collect()
            }
            Item::Message(bubble) => self.message(bubble),
        }
    }

    /// A word in the middle of a line.
    fn rule(&self, word: &str, style: Style) -> Row {
        let room = self.width.saturating_sub(SIDE.saturating_mul(2));
        let word = fit(word, room.into(), self.order);
        let width = cells(&word).saturating_add(2);
        let line = room.saturating_sub(width) / 2;
        let line = line.min(12);
        let x = self.width.saturating_sub(width.saturating_add(line.saturating_mul(2))) / 2;
        let dashes = "─".repeat(line.into());
        let faint = if style == self.theme.dim() { self.theme.line() } else { style };
        let mut row = Row::of(x, &*dashes, faint);
        row.add(x.saturating_add(line).saturating_add(1), word, style);
        row.add(x.saturating_add(line).saturating_add(width), &*dashes, faint);
        row
    }

    /// The widest that a bubble's text may be.
    fn room(&self) -> u16 {
        let taken = SIDE.saturating_mul(2).saturating_add(PAD.saturating_mul(2));
        let all = self.width.saturating_sub(taken);
        let room = if self.width < 56 { all } else { all.saturating_mul(4) / 5 };
        room.clamp(1, WIDEST)
    }

    fn message(&self, bubble: &Bubble) -> Vec<Row> {
        let theme = self.theme;
        let dim = match bubble.outgoing && theme.filled && !bubble.selected {
            true => Style::new().fg(theme.mine_dim),
            false => theme.dim(),
        };
        let mut lines = self.lines(bubble, dim);
        let meta = meta(bubble, theme, dim);
        let meta_width = meta.iter().map(|(text, _)| cells(text)).fold(0, u16::saturating_add);
        let room = self.room();

        // The time stands behind the last words if there is room: at the left of
        // those that are written from the right.
        let last = lines.last().map(Content::width);
        let beside = last
            .map(|width| width.saturating_add(2).saturating_add(meta_width))
            .filter(|width| *width <= room);
        if beside.is_none() {
            lines.push(Content::default());
        }
        let widest = lines.iter().map(Content::width).max().unwrap_or_default();
        let inner = widest.max(beside.unwrap_or(meta_width)).min(room);
        let outer = inner.saturating_add(PAD.saturating_mul(2));
        let left = match bubble.outgoing {
            true => self.width.saturating_sub(SIDE).saturating_sub(outer),
            false => SIDE,
        };
        let x = left.saturating_add(PAD);

        let mut rows = vec![Row::default()];
        if bubble.first && self.names && !bubble.outgoing {
            let name = fit(&bubble.name, room.into(), self.order);
            let style = Style::new().fg(theme.name_color(&bubble.author.to_string()));
            rows.push(Row::of(x, name, style.add_modifier(Modifier::BOLD)));
        }
        let bare = is_bare(bubble);
        let ground = if bubble.outgoing { theme.mine } else { theme.theirs };
        let ground = if bubble.selected { theme.raised } else { ground };
        let count = lines.len();
        for (number, line) in lines.into_iter().enumerate() {
            let mut row = Row::default();
            if theme.filled && (!bare || bubble.selected) {
                row.fill = Some((left, outer, ground));
            }
            self.edge(&mut row, bubble, left, outer);
            let indent = if line.right { inner.saturating_sub(line.width()) } else { 0 };
            let meta_left = line.right;
            let mut at = x.saturating_add(indent);
            for piece in line.pieces {
                let width = cells(&piece.text);
                row.pieces.push(Piece { x: at, ..piece });
                at = at.saturating_add(width);
            }
            if number.saturating_add(1) == count {
                let right = x.saturating_add(inner).saturating_sub(meta_width);
                let mut at = if meta_left { x } else { right };
                for (text, style) in &meta {
                    row.add(at, text.clone(), *style);
                    at = at.saturating_add(cells(text));
                }
            }
            rows.push(row);
        }
        rows.extend(self.reactions(bubble, x));
        rows.extend(self.failure(bubble));
        rows
    }

    /// What shows at the side whose message it is, and that it is marked.
    fn edge(&self, row: &mut Row, bubble: &Bubble, left: u16, outer: u16) {
        let (theme, mine) = (self.theme, bubble.outgoing);
        let x = if mine { left.saturating_add(outer) } else { left.saturating_sub(1) };
        if bubble.selected {
            row.add(x, if mine { "▎" } else { "▐" }, theme.accent());
        } else if !theme.filled {
            let style = if mine { theme.accent() } else { theme.line() };
            row.add(x, "│", style);
        }
    }

    /// What stands in the bubble.
    fn lines(&self, bubble: &Bubble, dim: Style) -> Vec<Content> {
        let (theme, room) = (self.theme, self.room());
        let mut lines = Vec::new();
        if let Some(quote) = &bubble.quote {
            let target = quote.id.map(Target::Quoted);
            let name = fit(&quote.name, (room / 3).into(), self.order);
            let left = room.saturating_sub(cells(&name)).saturating_sub(4);
            let text = quote.text.as_deref().unwrap_or("an earlier message");
            let mut line = Content::default();
            line.add("▎ ", theme.accent(), target.clone());
            line.add(name, theme.text().add_modifier(Modifier::BOLD), target.clone());
            line.add(format!("  {}", fit(text, left.into(), self.order)), dim, target);
            lines.push(line);
        }
        if bubble.deleted {
            lines.push(Content::of("This message was deleted", dim.add_modifier(Modifier::ITALIC)));
        }
        if !bubble.body.is_empty() {
            for line in wrap(&bubble.body, room.into(), self.order) {
                let mut content = Content { right: line.rtl, ..Content::default() };
                for run in line.runs {
                    content.add(run.text, self.kind(run.kind), None);
                }
                lines.push(content);
            }
        }
        if let Some(preview) = &bubble.preview {
            lines.push(self.card("▎ ", &preview.title, theme.strong()));
            lines.push(self.card("▎ ", &preview.url, dim));
        }
        if let Some(invitation) = &bubble.invitation {
            lines.push(self.card("◇ ", &invitation.name, theme.strong()));
            lines.push(self.card("  ", "Invitation to a community", dim));
            lines.push(self.card("  ", &invitation.url, dim));
        }
        for (what, caption) in &bubble.attachments {
            lines.push(self.card("▪ ", what, theme.text()));
            if let Some(caption) = caption {
                lines.push(self.card("  ", caption, dim));
            }
        }
        lines
    }

    /// A sign and a text on one line.
    fn card(&self, sign: &str, text: &str, style: Style) -> Content {
        let mut line = Content::of(sign, self.theme.accent());
        let room = self.room().saturating_sub(2);
        line.add(fit(text, room.into(), self.order), style, None);
        line
    }

    fn kind(&self, kind: Kind) -> Style {
        match kind {
            Kind::Plain | Kind::Emoji => self.theme.text(),
            Kind::Link => self.theme.accent().add_modifier(Modifier::UNDERLINED),
            Kind::Mention(_) => self.theme.accent().add_modifier(Modifier::BOLD),
        }
    }

    /// Emoji that are on the message, below it.
    fn reactions(&self, bubble: &Bubble, x: u16) -> Vec<Row> {
        let theme = self.theme;
        let mut rows: Vec<(Row, u16)> = Vec::new();
        let room = self.room();
        for reaction in &bubble.reactions {
            let text = match reaction.count {
                1 => format!(" {} ", reaction.emoji),
                count => format!(" {} {count} ", reaction.emoji),
            };
            let style = if reaction.mine { theme.accent() } else { theme.text() };
            let style = if theme.filled { style.bg(theme.raised) } else { style };
            let width = cells(&text);
            let fits = rows.last().is_some_and(|(_, used)| used.saturating_add(width) <= room);
            if !fits {
                rows.push((Row::default(), 0));
            }
            let Some((row, used)) = rows.last_mut() else { break };
            let target = Some(Target::Reaction(reaction.emoji.clone()));
            row.pieces.push(Piece { x: *used, text, style, target });
            *used = used.saturating_add(width).saturating_add(1);
        }
        let placed = rows.into_iter().map(|(mut row, used)| {
            let right = self.width.saturating_sub(SIDE);
            let x = if bubble.outgoing { right.saturating_sub(used) } else { x.saturating_sub(1) };
            for piece in &mut row.pieces {
                piece.x = piece.x.saturating_add(x);
            }
            row
        });
        placed.collect()
    }

    /// Why it was given up, below it.
    fn failure(&self, bubble: &Bubble) -> Option<Row> {
        let Some(Mark::Failed { reason }) = &bubble.mark else { return None };
        let again = "  t  send again";
        let room = self.room().saturating_sub(cells(again));
        let reason = fit(&format!("Not sent: {reason}"), room.into(), self.order);
        let width = cells(&reason).saturating_add(cells(again));
        let x = self.width.saturating_sub(SIDE.saturating_add(PAD)).saturating_sub(width);
        let mut row = Row::of(x, &*reason, self.theme.bad());
        let x = x.saturating_add(cells(&reason));
        let style = self.theme.dim();
        row.pieces.push(Piece { x, text: again.to_owned(), style, target: Some(Target::Retry) });
        Some(row)
    }
}

/// A line in a bubble.
#[derive(Debug, Clone, Default)]
struct Content {
    pieces: Vec<Piece>,
    /// It stands at the right edge.
    right: bool,
}

impl Content {
    fn of(text: impl Into<String>, style: Style) -> Self {
        let mut line = Self::default();
        line.add(text, style, None);
        line
    }

    fn add(&mut self, text: impl Into<String>, style: Style, target: Option<Target>) {
        self.pieces.push(Piece { x: 0, text: text.into(), style, target });
    }

    fn width(&self) -> u16 {
        self.pieces.iter().map(|piece| cells(&piece.text)).fold(0, u16::saturating_add)
    }
}

/// Few emoji and nothing else need no bubble.
fn is_bare(bubble: &Bubble) -> bool {
    let only = bubble.quote.is_none()
        && bubble.preview.is_none()
        && bubble.invitation.is_none()
        && bubble.attachments.is_empty()
        && !bubble.deleted;
    let text: String = bubble.body.iter().map(|span| span.text.as_str()).collect();
    only && text.len() < 200 && text::count_of_emoji(&text).is_some_and(|count| count <= 3)
}

/// What stands at the lower right of a bubble.
fn meta(bubble: &Bubble, theme: &Theme, dim: Style) -> Vec<(String, Style)> {
    let mut meta = Vec::new();
    if bubble.mentions_me {
        meta.push(("@ ".to_owned(), theme.accent()));
    }
    if let Some(left) = &bubble.expiry {
        meta.push((format!("◷ {left}  "), dim));
    }
    meta.push((bubble.time.clone(), dim));
    if let Some(mark) = &bubble.mark {
        let (sign, style) = mark_of(mark, theme, dim);
        meta.push((format!(" {sign}"), style));
    }
    meta
}

/// The sign of how far a message has come.
pub(super) fn mark_of(mark: &Mark, theme: &Theme, dim: Style) -> (&'static str, Style) {
    match mark {
        Mark::Queued => ("○", dim),
        Mark::Sending => ("◔", dim),
        Mark::Delayed { .. } => ("◔", theme.warn()),
        Mark::Stored => ("✓", dim),
        Mark::Read => ("✓✓", theme.accent()),
        Mark::Failed { .. } => ("!", theme.bad().add_modifier(Modifier::BOLD)),
    }
}
