//! The order in which graphemes stand on a line, where scripts that are
//! written from the right are among them (UAX 9).

use std::ops::Range;

use unicode_bidi::ParagraphBidiInfo;

use super::spans::Kind;
use super::wrap::Glyph;

/// In which order the graphemes of a line are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From left to right, as they are seen: for screens that put one cell
    /// after the other.
    #[default]
    Visual,
    /// As they are read: for screens that turn Hebrew and Arabic around
    /// themselves.
    Logical,
}

/// How the graphemes of a paragraph run.
#[derive(Debug, Default)]
pub(crate) struct Directions {
    /// The level of each; empty where all run from the left.
    levels: Vec<u8>,
    /// The paragraph is written from the right.
    pub(crate) rtl: bool,
}

/// Whether a text is written from the right: by its first letter.
pub fn is_rtl(text: &str) -> bool {
    has_rtl(text) && unicode_bidi::get_base_direction(text) == unicode_bidi::Direction::Rtl
}

/// Whether something in it could run from the right.
fn has_rtl(text: &str) -> bool {
    !text.is_ascii()
        && text.chars().any(|one| {
            matches!(one,
                '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}'
                | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        })
}

impl Directions {
    /// Those of a paragraph. A link runs from the left and a name as it wants,
    /// whatever is around them.
    pub(crate) fn of(paragraph: &[Glyph<'_>]) -> Self {
        if !paragraph.iter().any(|glyph| has_rtl(glyph.text)) {
            return Self::default();
        }
        let mut text = String::new();
        let mut places = Vec::with_capacity(paragraph.len());
        let mut inside = None;
        for glyph in paragraph {
            let isolate = match glyph.kind {
                Kind::Link => Some(('\u{2066}', glyph.span)),
                Kind::Mention(_) => Some(('\u{2068}', glyph.span)),
                Kind::Plain | Kind::Emoji => None,
            };
            if isolate != inside {
                text.extend(inside.map(|_| '\u{2069}'));
                text.extend(isolate.map(|(begin, _)| begin));
                inside = isolate;
            }
            places.push(text.len());
            text.push_str(glyph.text);
        }
        let bidi = ParagraphBidiInfo::new(&text, None);
        let level = |place: usize| bidi.levels.get(place).map_or(0, |level| level.number());
        Self { levels: places.into_iter().map(level).collect(), rtl: bidi.paragraph_level.is_rtl() }
    }

    /// Whether the grapheme of a number runs from the right.
    pub(crate) fn is_rtl(&self, number: usize) -> bool {
        self.level(number) % 2 == 1
    }

    fn level(&self, number: usize) -> u8 {
        self.levels.get(number).copied().unwrap_or_default()
    }

    fn base(&self) -> u8 {
        u8::from(self.rtl)
    }
}

/// The numbers of the graphemes of one line, from left to right. White space
/// at its end stands where the paragraph ends.
pub(crate) fn arranged(
    paragraph: &[Glyph<'_>],
    directions: &Directions,
    line: Range<usize>,
) -> Vec<usize> {
    let mut numbers: Vec<usize> = line.clone().collect();
    if directions.levels.is_empty() {
        return numbers;
    }
    let mut levels: Vec<u8> = line.map(|number| directions.level(number)).collect();
    for (number, level) in numbers.iter().zip(&mut levels).rev() {
        if !paragraph.get(*number).is_some_and(Glyph::is_space) {
            break;
        }
        *level = directions.base();
    }
    let highest = levels.iter().copied().max().unwrap_or_default();
    let lowest = levels.iter().copied().filter(|level| level % 2 == 1).min().unwrap_or(u8::MAX);
    for level in (lowest..=highest).rev() {
        let mut done = 0;
        // Levels go with their graphemes, so that a run of a lower level is
        // found as a whole.
        while let Some(from) = position(&levels, done, |it| it >= level) {
            let to = position(&levels, from, |it| it < level).unwrap_or(levels.len());
            if let (Some(numbers), Some(levels)) =
                (numbers.get_mut(from..to), levels.get_mut(from..to))
            {
                numbers.reverse();
                levels.reverse();
            }
            done = to;
        }
    }
    numbers
}

fn position(levels: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let found = levels.iter().skip(from).position(|level| is(*level))?;
    from.checked_add(found)
}

/// A grapheme as it looks on a line that runs from the right.
pub(crate) fn mirrored(grapheme: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 16] = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("<", ">"),
        ("«", "»"),
        ("‹", "›"),
        ("≤", "≥"),
        ("≪", "≫"),
        ("⟨", "⟩"),
        ("⟪", "⟫"),
        ("「", "」"),
        ("『", "』"),
        ("【", "】"),
        ("《", "》"),
        ("〈", "〉"),
        ("（", "）"),
    ];
    PAIRS.iter().find_map(|(left, right)| match grapheme {
        it if it == *left => Some(*right),
        it if it == *right => Some(*left),
        _ => None,
    })
}
