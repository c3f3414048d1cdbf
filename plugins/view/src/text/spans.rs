//! Links, mentions and emoji in a text.

use ramson_wire::AccountId;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::harmless::{harmless, one_line};
use super::width::of_grapheme;

/// A part of a text that looks the same throughout. It can be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What is shown. Of a link, it is also where it leads.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Nothing in particular.
    #[default]
    Plain,
    /// An `http` or `https` address.
    Link,
    /// A mention, shown as `@` and a name.
    Mention(AccountId),
    /// One or more emoji.
    Emoji,
}

/// The parts of a peer's text, in order. `name_of` says what to call whom it
/// mentions.
pub fn spans(text: &str, name_of: &dyn Fn(&AccountId) -> String) -> Vec<Span> {
    let text = harmless(text);
    let mut spans = Vec::new();
    let mut done = 0;
    for (at, _) in text.match_indices(['@', 'h', 'H']) {
        if at < done {
            continue;
        }
        let found = match mention_at(&text, at) {
            Some((id, end)) => Some((end, mention(id, name_of))),
            None => link_at(&text, at).map(|link| {
                let span = Span { text: link.to_owned(), kind: Kind::Link };
                (at.saturating_add(link.len()), span)
            }),
        };
        if let Some((end, span)) = found {
            push_plain(&mut spans, text.get(done..at).unwrap_or_default());
            spans.push(span);
            done = end;
        }
    }
    push_plain(&mut spans, text.get(done..).unwrap_or_default());
    spans
}

/// A text in which nothing is looked for.
pub fn plain(text: &str) -> Vec<Span> {
    vec![Span { text: harmless(text), kind: Kind::Plain }]
}

/// How many emoji a text has, if it has nothing else but white space; such a
/// text can be shown larger.
pub fn count_of_emoji(text: &str) -> Option<usize> {
    let mut count = 0_usize;
    for grapheme in text.graphemes(true) {
        if is_emoji(grapheme) {
            count = count.saturating_add(1);
        } else if !grapheme.trim().is_empty() {
            return None;
        }
    }
    Some(count).filter(|count| *count > 0)
}

/// A mention that begins at a byte, and where it ends. What belongs to a
/// grapheme with what is before or behind it is none.
pub(crate) fn mention_at(text: &str, at: usize) -> Option<(AccountId, usize)> {
    let rest = text.get(at..)?.strip_prefix('@')?;
    let id: AccountId = rest.get(..66)?.parse().ok()?;
    let end = at.checked_add(67)?;
    let person = matches!(id.0.first(), Some(0x05 | 0x15 | 0x25));
    (person && is_boundary(text, at) && is_boundary(text, end)).then_some((id, end))
}

/// Whether a grapheme ends or begins at a byte.
pub(crate) fn is_boundary(text: &str, at: usize) -> bool {
    text.is_char_boundary(at)
        && GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(false)
}

fn mention(id: AccountId, name_of: &dyn Fn(&AccountId) -> String) -> Span {
    Span { text: format!("@{}", one_line(&name_of(&id))), kind: Kind::Mention(id) }
}

/// The address that begins at a byte, without signs of the sentence behind it.
fn link_at(text: &str, at: usize) -> Option<&str> {
    let word = text.get(..at)?.chars().next_back().is_some_and(char::is_alphanumeric);
    if word || !is_boundary(text, at) {
        return None;
    }
    let rest = text.get(at..)?;
    let begins = |scheme: &str| {
        rest.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme))?;
    let host = rest.get(scheme.len()..)?.chars().next()?;
    if !host.is_alphanumeric() && host != '[' {
        return None;
    }
    let mut link = rest.split(ends_link).next()?;
    // How many of each bracket are closed that were never opened.
    let surplus =
        |open, close| link.matches(close).count().saturating_sub(link.matches(open).count());
    let mut brackets =
        [(')', surplus('(', ')')), (']', surplus('[', ']')), ('}', surplus('{', '}'))];
    while link.len() > scheme.len() {
        let last = link.chars().next_back()?;
        let sign = matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~');
        let bracket = brackets.iter_mut().find(|(close, left)| *close == last && *left > 0);
        let bracket = bracket.map(|(_, left)| *left = left.saturating_sub(1)).is_some();
        if !sign && !bracket && is_boundary(text, at.saturating_add(link.len())) {
            return Some(link);
        }
        link = link.get(..link.len().saturating_sub(last.len_utf8()))?;
    }
    None
}

fn ends_link(one: char) -> bool {
    let cjk =
        matches!(one, '\u{3000}'..='\u{3002}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}');
    let fullwidth = matches!(one, '！' | '（' | '）' | '，' | '：' | '；' | '？');
    let unseen = matches!(one, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let quote = matches!(one, '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '„');
    one.is_whitespace() || cjk || fullwidth || unseen || quote
}

fn push_plain(spans: &mut Vec<Span>, text: &str) {
    let push = |spans: &mut Vec<Span>, part: Option<&str>, emoji: bool| {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            let kind = if emoji { Kind::Emoji } else { Kind::Plain };
            spans.push(Span { text: part.to_owned(), kind });
        }
    };
    let (mut from, mut emoji) = (0, false);
    if !text.is_ascii() {
        for (at, grapheme) in text.grapheme_indices(true) {
            let this = is_emoji(grapheme);
            if this != emoji {
                push(spans, text.get(from..at), emoji);
                (from, emoji) = (at, this);
            }
        }
    }
    push(spans, text.get(from..), emoji);
}

/// Whether a grapheme is drawn as an emoji.
fn is_emoji(grapheme: &str) -> bool {
    let Some(first) = grapheme.chars().next() else { return false };
    let word = matches!(first, '\u{3400}'..='\u{d7ff}' | '\u{3040}'..='\u{318f}');
    !word && grapheme.len() > 1 && of_grapheme(grapheme) == 2 && emojis::get(grapheme).is_some()
}
