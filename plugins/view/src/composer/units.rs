//! What the cursor moves by: graphemes and mentions, words and lines.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::text::mention_at;

/// `@` and an Account ID.
const MENTION: usize = 67;

/// The place before the unit that ends at `at`.
pub(super) fn before(text: &str, at: usize) -> usize {
    let mention = at.checked_sub(MENTION);
    if let Some(begin) = mention.filter(|begin| mention_at(text, *begin).is_some()) {
        return begin;
    }
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0)
}

/// The place behind the unit that begins at `at`.
pub(super) fn behind(text: &str, at: usize) -> usize {
    if let Some((_, end)) = mention_at(text, at) {
        return end;
    }
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    cursor.next_boundary(text, 0).ok().flatten().unwrap_or(text.len())
}

/// The mention that a place is within.
fn mention_around(text: &str, at: usize) -> Option<Range<usize>> {
    let from = at.saturating_sub(MENTION.saturating_sub(1));
    let bytes = text.as_bytes().get(from..at)?;
    // The ids have no `@`, so that the last one is the only candidate.
    let begin = from.checked_add(bytes.iter().rposition(|byte| *byte == b'@')?)?;
    let (_, end) = mention_at(text, begin)?;
    (begin < at && at < end).then_some(begin..end)
}

/// The nearest place at or behind `at` where a cursor can be.
pub(super) fn at_or_behind(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_add(1);
    }
    if let Some(mention) = mention_around(text, at) {
        return mention.end;
    }
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    if cursor.is_boundary(text, 0).unwrap_or(true) {
        return at;
    }
    cursor.next_boundary(text, 0).ok().flatten().unwrap_or(text.len())
}

/// The paragraph that a place is in, without its end of line.
pub(super) fn paragraph(text: &str, at: usize) -> Range<usize> {
    let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
    let begin = head.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let end = tail.find('\n').and_then(|more| at.checked_add(more)).unwrap_or(text.len());
    begin..end
}

/// The beginning of the word before `at`; of the paragraph before it, when
/// there is none in its own.
pub(super) fn word_before(text: &str, at: usize) -> usize {
    let range = paragraph(text, at);
    if range.start == at {
        return before(text, at);
    }
    let head = text.get(range.start..at).unwrap_or_default();
    let words = head.split_word_bound_indices().rev();
    let begin = words.into_iter().find(|(_, word)| is_word(word)).map_or(0, |(begin, _)| begin);
    let begin = range.start.saturating_add(begin);
    // Of a mention, the sign before the id belongs to the word.
    let mention = mention_around(text, begin);
    mention.map_or_else(|| at_or_before(text, begin), |mention| mention.start)
}

/// The end of the word behind `at`; the next paragraph, when there is none in
/// its own.
pub(super) fn word_behind(text: &str, at: usize) -> usize {
    let range = paragraph(text, at);
    if range.end == at {
        return behind(text, at);
    }
    let tail = text.get(at..range.end).unwrap_or_default();
    let mut words = tail.split_word_bound_indices();
    let end = words
        .find(|(_, word)| is_word(word))
        .map_or(tail.len(), |(begin, word)| begin.saturating_add(word.len()));
    at_or_behind(text, at.saturating_add(end))
}

fn at_or_before(text: &str, at: usize) -> usize {
    let here = at_or_behind(text, at);
    if here == at { at } else { before(text, here) }
}

fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric) || !word.is_ascii() && !word.trim().is_empty()
}

/// Cuts a text to so many bytes, between graphemes.
pub(super) fn cut(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        let mut at = bytes;
        while !text.is_char_boundary(at) {
            at = at.saturating_sub(1);
        }
        text.truncate(at_or_before(text, at));
    }
}
