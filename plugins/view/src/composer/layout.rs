//! The text as lines, and where the cursor is.

use std::ops::Range;

use ramson_wire::AccountId;
use unicode_segmentation::UnicodeSegmentation;

use super::{Composer, units};
use crate::text::{
    Directions, Glyph, Kind, Line, Order, Trailing, arranged, mention_at, one_line, rows,
};

/// The text as lines, and the cell of the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The lines, at least one. One that is written from the right stands at
    /// the right edge.
    pub lines: Vec<Line>,
    /// The number of the line that the cursor is on.
    pub row: usize,
    /// The cell that the cursor is on, within the width that was asked for.
    pub column: usize,
}

impl Composer {
    /// The text as lines of at most `width` cells. One cell at the end of each
    /// is left to the cursor.
    pub fn layout(
        &self,
        width: usize,
        order: Order,
        name_of: &dyn Fn(&AccountId) -> String,
    ) -> Layout {
        let labels = labels(&self.text, name_of);
        let sheet = Sheet::of(&self.text, &labels, width);
        let mut layout = Layout { lines: Vec::new(), row: 0, column: 0 };
        let place = sheet.place(self.cursor);
        for (number, paragraph) in sheet.paragraphs.iter().enumerate() {
            let directions = Directions::of(&paragraph.glyphs);
            for (row, range) in paragraph.rows.iter().enumerate() {
                let line = Line::of(&paragraph.glyphs, &directions, range.clone(), order);
                if (number, row) == (place.paragraph, place.row) {
                    let numbers = match order {
                        Order::Visual => arranged(&paragraph.glyphs, &directions, range.clone()),
                        Order::Logical => range.clone().collect(),
                    };
                    let edge = if line.rtl { width.saturating_sub(line.width) } else { 0 };
                    let column = if numbers.contains(&place.glyph) {
                        let left = numbers.iter().take_while(|number| **number != place.glyph);
                        let cells: usize = left.map(|number| paragraph.width(*number)).sum();
                        edge.saturating_add(cells)
                    } else if line.rtl {
                        edge.saturating_sub(1)
                    } else {
                        line.width
                    };
                    layout.row = layout.lines.len();
                    layout.column = column.min(width.saturating_sub(1));
                }
                layout.lines.push(line);
            }
        }
        layout
    }

    /// Where the cursor gets to on the line above or below, and the cell it
    /// wants to stay in; `None` on the first and the last one.
    pub(super) fn vertical(
        &self,
        width: usize,
        down: bool,
        name_of: &dyn Fn(&AccountId) -> String,
    ) -> Option<(usize, usize)> {
        let labels = labels(&self.text, name_of);
        let sheet = Sheet::of(&self.text, &labels, width);
        let place = sheet.place(self.cursor);
        let here = sheet.paragraphs.get(place.paragraph)?;
        let row = here.rows.get(place.row)?;
        let column: usize = (row.start..place.glyph).map(|number| here.width(number)).sum();
        let goal = self.goal.unwrap_or(column);
        let (paragraph, row) = if down {
            let next = place.row.saturating_add(1);
            if next < here.rows.len() {
                (here, next)
            } else {
                (sheet.paragraphs.get(place.paragraph.saturating_add(1))?, 0)
            }
        } else if let Some(above) = place.row.checked_sub(1) {
            (here, above)
        } else {
            let above = sheet.paragraphs.get(place.paragraph.checked_sub(1)?)?;
            (above, above.rows.len().saturating_sub(1))
        };
        let at = paragraph.at_column(row, goal);
        // A name that goes on in the next line must not hold the cursor.
        let at = match down {
            true if at <= self.cursor => units::behind(&self.text, self.cursor),
            false if at >= self.cursor => units::before(&self.text, self.cursor),
            _ => at,
        };
        Some((at, goal))
    }

    /// The place in the text that a cell shows.
    pub(super) fn at_cell(
        &self,
        width: usize,
        (row, column): (usize, usize),
        name_of: &dyn Fn(&AccountId) -> String,
    ) -> usize {
        let labels = labels(&self.text, name_of);
        let sheet = Sheet::of(&self.text, &labels, width);
        let mut row = row;
        for paragraph in &sheet.paragraphs {
            let Some(range) = paragraph.rows.get(row) else {
                row = row.saturating_sub(paragraph.rows.len());
                continue;
            };
            let directions = Directions::of(&paragraph.glyphs);
            let numbers = arranged(&paragraph.glyphs, &directions, range.clone());
            let cells: usize = range.clone().map(|number| paragraph.width(number)).sum();
            let edge = if directions.rtl { width.saturating_sub(cells) } else { 0 };
            let mut right = edge;
            let hit = numbers.into_iter().find(|number| {
                right = right.saturating_add(paragraph.width(*number));
                column >= edge && column < right
            });
            let past = if directions.rtl { column < edge } else { column >= right };
            return match hit.and_then(|number| paragraph.glyphs.get(number)) {
                Some(glyph) => glyph.at,
                None if past => paragraph.at_column(row, usize::MAX),
                None => paragraph.at_column(row, 0),
            };
        }
        self.text.len()
    }
}

/// A mention in the text.
struct Label {
    place: Range<usize>,
    id: AccountId,
    shown: String,
}

fn labels(text: &str, name_of: &dyn Fn(&AccountId) -> String) -> Vec<Label> {
    let found = text.match_indices('@').filter_map(|(at, _)| {
        let (id, end) = mention_at(text, at)?;
        Some(Label { place: at..end, id, shown: format!("@{}", one_line(&name_of(&id))) })
    });
    found.collect()
}

struct Sheet<'a> {
    /// At least one.
    paragraphs: Vec<Paragraph<'a>>,
}

struct Paragraph<'a> {
    glyphs: Vec<Glyph<'a>>,
    /// Which of them stand on which line; at least one.
    rows: Vec<Range<usize>>,
    /// Where it ends in the text.
    end: usize,
}

struct Place {
    paragraph: usize,
    row: usize,
    /// The one behind the last where it is at the end of the paragraph.
    glyph: usize,
}

impl<'a> Sheet<'a> {
    fn of(text: &'a str, labels: &'a [Label], width: usize) -> Self {
        let mut sheet = Self { paragraphs: Vec::new() };
        let mut glyphs = Vec::new();
        let (mut done, mut span) = (0, 0_usize);
        for label in labels {
            sheet.take(text, done..label.place.start, span, width, &mut glyphs);
            let kind = Kind::Mention(label.id);
            let number = span.saturating_add(1);
            let shown = label.shown.graphemes(true);
            glyphs.extend(shown.map(|it| Glyph::new(it, kind, number, label.place.start)));
            (done, span) = (label.place.end, span.saturating_add(2));
        }
        sheet.take(text, done..text.len(), span, width, &mut glyphs);
        sheet.end(glyphs, text.len(), width);
        sheet
    }

    fn take(
        &mut self,
        text: &'a str,
        range: Range<usize>,
        span: usize,
        width: usize,
        glyphs: &mut Vec<Glyph<'a>>,
    ) {
        let begin = range.start;
        for (at, grapheme) in text.get(range).unwrap_or_default().grapheme_indices(true) {
            let at = begin.saturating_add(at);
            if grapheme == "\n" {
                self.end(std::mem::take(glyphs), at, width);
            } else {
                glyphs.push(Glyph::new(grapheme, Kind::Plain, span, at));
            }
        }
    }

    fn end(&mut self, glyphs: Vec<Glyph<'a>>, end: usize, width: usize) {
        let rows = rows(&glyphs, width.saturating_sub(1).max(1), Trailing::Kept);
        self.paragraphs.push(Paragraph { glyphs, rows, end });
    }

    /// Where a place of the text is.
    fn place(&self, at: usize) -> Place {
        let last = self.paragraphs.len().saturating_sub(1);
        let number = self.paragraphs.partition_point(|paragraph| paragraph.end < at).min(last);
        let mut place = Place { paragraph: number, row: 0, glyph: 0 };
        if let Some(paragraph) = self.paragraphs.get(number) {
            place.glyph = paragraph.glyphs.partition_point(|glyph| glyph.at < at);
            let row = paragraph.rows.partition_point(|row| row.end <= place.glyph);
            place.row = row.min(paragraph.rows.len().saturating_sub(1));
        }
        place
    }
}

impl Paragraph<'_> {
    fn width(&self, number: usize) -> usize {
        self.glyphs.get(number).map_or(0, |glyph| glyph.width)
    }

    /// The place in the text that is in a cell of a line, counted as it is
    /// read; its last place where the line is shorter.
    fn at_column(&self, row: usize, column: usize) -> usize {
        let Some(range) = self.rows.get(row) else { return self.end };
        let glyphs = self.glyphs.get(range.clone()).unwrap_or_default();
        let mut right = 0_usize;
        let hit = glyphs.iter().find(|glyph| {
            right = right.saturating_add(glyph.width);
            right > column
        });
        let is_last = range.end >= self.glyphs.len();
        // The end of a line that goes on is the beginning of the next one.
        let last = if is_last { None } else { glyphs.last() };
        hit.or(last).map_or(self.end, |glyph| glyph.at)
    }
}
