//! Lines of a width.
//!
//! Words stay whole where they fit on a line. Chinese and Japanese text and
//! emoji break anywhere but before a closing sign and behind an opening one;
//! a word that is longer than a line breaks between graphemes. White space at
//! the end of a line is dropped.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::bidi::{Directions, Order, arranged, mirrored};
use super::spans::{Kind, Span};
use super::width::of_grapheme;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its parts, in the order asked for.
    pub runs: Vec<Run>,
    /// How many cells it takes.
    pub width: usize,
    /// It belongs to a paragraph that is written from the right: it stands at
    /// the right edge.
    pub rtl: bool,
}

/// A part of a line that looks the same throughout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its text.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// The number of the span that it is a part of: a link that goes on in the
    /// next line has the same.
    pub span: usize,
}

impl Line {
    /// All of its text.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// The lines of a text, at least one. None is wider than `width`, unless one
/// grapheme alone is.
pub fn wrap(spans: &[Span], width: usize, order: Order) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut paragraph: Vec<Glyph<'_>> = Vec::new();
    for (number, span) in spans.iter().enumerate() {
        for (at, text) in span.text.grapheme_indices(true) {
            if text == "\n" {
                lines_of(&paragraph, width, order, &mut lines);
                paragraph.clear();
            } else {
                paragraph.push(Glyph::new(text, span.kind, number, at));
            }
        }
    }
    lines_of(&paragraph, width, order, &mut lines);
    lines
}

fn lines_of(paragraph: &[Glyph<'_>], width: usize, order: Order, lines: &mut Vec<Line>) {
    let directions = Directions::of(paragraph);
    for row in rows(paragraph, width, Trailing::Dropped) {
        lines.push(Line::of(paragraph, &directions, row, order));
    }
}

/// A grapheme on its way to a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph<'a> {
    /// What is drawn.
    pub(crate) text: &'a str,
    /// How many cells it takes.
    pub(crate) width: usize,
    /// What it is part of.
    pub(crate) kind: Kind,
    /// The number of the span that it is part of.
    pub(crate) span: usize,
    /// Where it begins in what it was made of.
    pub(crate) at: usize,
}

impl<'a> Glyph<'a> {
    pub(crate) fn new(text: &'a str, kind: Kind, span: usize, at: usize) -> Self {
        Self { text, width: of_grapheme(text), kind, span, at }
    }

    /// White space at which a line may end.
    pub(crate) fn is_space(&self) -> bool {
        let fixed = |one| matches!(one, '\u{a0}' | '\u{2007}' | '\u{202f}');
        let space = |one: char| one.is_whitespace() && !fixed(one) || one == '\u{200b}';
        self.text.chars().all(space)
    }
}

/// What happens to white space at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailing {
    /// It takes no room and is not shown.
    Dropped,
    /// It stays, and goes on in the next line if need be: an editor has a
    /// place for each grapheme.
    Kept,
}

/// Which graphemes of a paragraph stand on which line.
pub(crate) fn rows(paragraph: &[Glyph<'_>], width: usize, trailing: Trailing) -> Vec<Range<usize>> {
    let mut rows = Rows { paragraph, trailing, done: Vec::new() };
    // The line that is being filled, its cells, and where it could end.
    let (mut from, mut filled, mut may_end) = (0, 0_usize, None);
    for (number, glyph) in paragraph.iter().enumerate() {
        if number > from && may_break(paragraph, number, trailing) {
            may_end = Some(number);
        }
        let hangs = glyph.is_space() && trailing == Trailing::Dropped;
        let mut fits = hangs || filled.saturating_add(glyph.width) <= width || number == from;
        if !fits {
            let end = may_end.take().unwrap_or(number);
            rows.push(from..end);
            from = end;
            filled =
                paragraph.get(from..number).unwrap_or_default().iter().map(|it| it.width).sum();
            fits = filled.saturating_add(glyph.width) <= width || number == from;
        }
        if !fits {
            rows.push(from..number);
            (from, filled) = (number, 0);
        }
        filled = filled.saturating_add(glyph.width);
    }
    rows.push(from..paragraph.len());
    if rows.done.is_empty() {
        rows.done.push(0..0);
    }
    rows.done
}

struct Rows<'a> {
    paragraph: &'a [Glyph<'a>],
    trailing: Trailing,
    done: Vec<Range<usize>>,
}

impl Rows<'_> {
    /// Adds a line, without white space at its end; one of white space alone
    /// is none.
    fn push(&mut self, row: Range<usize>) {
        let mut end = row.end;
        if self.trailing == Trailing::Dropped {
            let glyphs = self.paragraph.get(row.clone()).unwrap_or_default();
            let spaces = glyphs.iter().rev().take_while(|glyph| glyph.is_space()).count();
            end = end.saturating_sub(spaces);
        }
        if end > row.start {
            self.done.push(row.start..end);
        }
    }
}

/// Whether a line may end before the grapheme of a number.
fn may_break(paragraph: &[Glyph<'_>], number: usize, trailing: Trailing) -> bool {
    let glyph = |back: usize| paragraph.get(number.checked_sub(back)?);
    let (Some(this), Some(before)) = (glyph(0), glyph(1)) else { return false };
    if this.is_space() {
        return trailing == Trailing::Kept;
    }
    if before.is_space() {
        return true;
    }
    if this.kind == Kind::Link && this.span == before.span {
        return false;
    }
    let first = |glyph: &Glyph<'_>| glyph.text.chars().next().unwrap_or_default();
    let (next, last) = (first(this), first(before));
    if is_closing(next) || is_opening(last) || next == '\u{a0}' || last == '\u{a0}' {
        return false;
    }
    let hyphen = matches!(last, '-' | '\u{2010}' | '–' | '—') && next.is_alphabetic();
    let word = hyphen && glyph(2).map(first).is_some_and(char::is_alphanumeric);
    word || breaks_anywhere(this, next) || breaks_anywhere(before, last)
}

/// Wide ones do, but not Korean and the scripts of South and Southeast Asia:
/// they have words, or nothing tells where theirs end.
fn breaks_anywhere(glyph: &Glyph<'_>, first: char) -> bool {
    let korean = matches!(first,
        '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}'
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}');
    let southern = matches!(first, '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    glyph.width >= 2 && !first.is_ascii() && !korean && !southern
}

/// Signs that stand at the beginning of no line.
const CLOSING: &str = concat!(
    ")]}!?.,:;%\"'”’»›…",
    "。，、！？：；）」』】》〉〕］｝・％．～〜",
    "ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ",
);

/// Signs that stand at the end of no line.
const OPENING: &str = "([{\"'“‘«‹„¿¡#@$（「『【《〈〔［｛￥＄";

fn is_closing(one: char) -> bool {
    !one.is_ascii_alphanumeric() && CLOSING.contains(one)
}

fn is_opening(one: char) -> bool {
    !one.is_ascii_alphanumeric() && OPENING.contains(one)
}

impl Line {
    /// The line of some graphemes of a paragraph.
    pub(crate) fn of(
        paragraph: &[Glyph<'_>],
        directions: &Directions,
        row: Range<usize>,
        order: Order,
    ) -> Self {
        let numbers = match order {
            Order::Visual => arranged(paragraph, directions, row),
            Order::Logical => row.collect(),
        };
        let mut line = Self { rtl: directions.rtl, ..Self::default() };
        for number in numbers {
            let Some(glyph) = paragraph.get(number) else { continue };
            let mut text = glyph.text;
            if order == Order::Visual {
                // What takes no cell has done its work.
                if glyph.width == 0 {
                    continue;
                }
                if directions.is_rtl(number) {
                    text = mirrored(text).unwrap_or(text);
                }
            }
            line.width = line.width.saturating_add(glyph.width);
            let text = if text == "\t" { super::TAB } else { text };
            match line.runs.last_mut() {
                Some(run) if run.span == glyph.span => run.text.push_str(text),
                _ => {
                    let text = text.to_owned();
                    line.runs.push(Run { text, kind: glyph.kind, span: glyph.span });
                }
            }
        }
        line
    }
}
