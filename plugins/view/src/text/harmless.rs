//! What a peer's text may not do to a screen: move the cursor, turn what
//! follows around, hide, or pile marks over the lines above it.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use super::width::{TAB, of_grapheme};

/// More marks on one letter than any script has.
const MAX_MARKS: usize = 8;

/// More code points than any emoji or syllable has.
const MAX_POINTS: usize = 32;

/// What a mark stands on that stands alone: a dotted circle, or the unseen
/// beginning of a Korean syllable.
const BASES: [char; 2] = ['\u{25cc}', '\u{115f}'];

/// What stands for what has no picture.
const UNKNOWN: char = '\u{fffd}';

/// A text that can be shown. Lines stay lines, tabs become spaces, controls
/// become pictures of themselves. What is invisible goes, and what would turn
/// the text around; marks without a letter get one, and not too many.
pub fn harmless(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        match only(grapheme) {
            _ if is_newline(grapheme) => out.push('\n'),
            Some('\t') => out.push_str(TAB),
            Some(control) if control.is_control() => out.push(picture(control)),
            Some(' '..='~') => out.push_str(grapheme),
            Some(one) if is_mark_of_direction(one) || one == '\u{200b}' => out.push(one),
            _ if grapheme.chars().all(is_invisible) => {}
            _ => push_bounded(&mut out, grapheme),
        }
    }
    out
}

/// A text that can be shown on one line: white space of any kind and length
/// is one space.
pub fn one_line(text: &str) -> String {
    let text = harmless(text);
    let mut words = text.split_whitespace();
    let mut out = String::with_capacity(text.len());
    out.push_str(words.next().unwrap_or_default());
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    out
}

/// What of a text is taken in when it is typed or pasted: all but controls,
/// and what would turn it around. Lines end with `\n`; tabs stay.
pub(crate) fn typed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(one) = chars.next() {
        match one {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => out.push(one),
            _ if is_newline(one.encode_utf8(&mut [0; 4])) => out.push('\n'),
            _ if one.is_control() || turns_around(one) => {}
            _ => out.push(one),
        }
    }
    out
}

/// The character of a text that has just one.
fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn is_newline(grapheme: &str) -> bool {
    matches!(
        grapheme,
        "\n" | "\r\n" | "\r" | "\u{b}" | "\u{c}" | "\u{85}" | "\u{2028}" | "\u{2029}"
    )
}

fn picture(control: char) -> char {
    match u32::from(control) {
        code @ 0..0x20 => char::from_u32(code.saturating_add(0x2400)).unwrap_or(UNKNOWN),
        0x7f => '\u{2421}',
        _ => UNKNOWN,
    }
}

/// Embeddings, overrides and isolates.
fn turns_around(one: char) -> bool {
    matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Marks of a direction: they turn nothing around but signs beside them, and
/// Hebrew and Arabic need them now and then.
fn is_mark_of_direction(one: char) -> bool {
    matches!(one, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// What shows nothing by itself, and no letter that could carry marks.
fn is_invisible(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn push_bounded(out: &mut String, grapheme: &str) {
    let mut chars = grapheme.chars();
    let first = chars.next().unwrap_or_default();
    if first.is_whitespace() && chars.all(is_invisible) {
        out.push(first);
        return;
    }
    if of_grapheme(grapheme) == 0 {
        let carries = |base: &char| {
            let whole = format!("{base}{grapheme}");
            whole.graphemes(true).count() == 1
        };
        let Some(base) = BASES.into_iter().find(carries) else {
            out.push(UNKNOWN);
            return;
        };
        out.push(base);
    }
    let mut marks = 0_usize;
    for one in grapheme.chars().take(MAX_POINTS) {
        if one.width() == Some(0) && !is_invisible(one) {
            marks = marks.saturating_add(1);
            if marks > MAX_MARKS {
                continue;
            }
        }
        out.push(one);
    }
}
