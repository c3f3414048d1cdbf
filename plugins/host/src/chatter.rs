//! What a plugin writes to the log: short lines, and not too many of them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ramson_abi::{LOG_DEBUG, LOG_ERROR, LOG_WARN, MAX_LOG};

/// So many lines may come at once.
const BURST: u32 = 200;
/// After so long there is room for one more.
const REFILL: Duration = Duration::from_millis(50);

/// The lines of one plugin.
pub(crate) struct Chatter {
    name: String,
    rate: Mutex<Rate>,
    /// The newest error, which says why a call failed.
    error: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Rate {
    used: u32,
    since: Option<Instant>,
    dropped: u64,
}

impl Rate {
    /// Whether a line may be written, and how many were dropped before it.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since).as_millis() / REFILL.as_millis();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if passed > 0 {
            self.used = self.used.saturating_sub(passed);
            self.since = Some(now);
        }
        if self.used >= BURST {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        }
        self.used = self.used.saturating_add(1);
        Some(std::mem::take(&mut self.dropped))
    }
}

impl Chatter {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rate: Mutex::default(), error: Mutex::default() }
    }

    /// Writes a line, unless there were too many.
    pub(crate) fn write(&self, level: i32, text: &[u8], now: Instant) {
        let admitted = self.rate.lock().unwrap_or_else(PoisonError::into_inner).admit(now);
        let Some(dropped) = admitted else { return };
        let plugin = self.name.as_str();
        if dropped > 0 {
            tracing::warn!(plugin, dropped, "the plugin wrote too much; lines were dropped");
        }
        let text = clean(text);
        match level {
            LOG_ERROR => {
                tracing::error!(plugin, "{text}");
                *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            }
            LOG_WARN => tracing::warn!(plugin, "{text}"),
            LOG_DEBUG => tracing::debug!(plugin, "{text}"),
            _ => tracing::info!(plugin, "{text}"),
        }
    }
}

impl Chatter {
    /// What happened, with the error that the plugin wrote last.
    pub(crate) fn explain(&self, what: &str) -> String {
        match self.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => format!("{what}: {error}"),
            None => what.to_owned(),
        }
    }
}

/// Whether a terminal would do something instead of showing a sign.
pub(crate) fn is_obeyed(letter: char) -> bool {
    let turns = ['\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    letter.is_control() || turns.iter().any(|turns| turns.contains(&letter))
}

/// A text without anything that a terminal would obey, cut at the limit.
fn clean(text: &[u8]) -> String {
    let cut = text.get(..MAX_LOG).unwrap_or(text);
    let mut clean = String::with_capacity(cut.len());
    for letter in String::from_utf8_lossy(cut).chars() {
        if is_obeyed(letter) {
            clean.extend(letter.escape_default());
        } else {
            clean.push(letter);
        }
    }
    if cut.len() < text.len() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_text() {
        assert_eq!(clean(b"a\x1b[31mb\nc\xff"), "a\\u{1b}[31mb\\nc\u{fffd}");
        assert_eq!(clean("\u{202e}x".as_bytes()), "\\u{202e}x");
        assert_eq!(clean("שלום 👋".as_bytes()), "שלום 👋");
    }

    #[test]
    fn a_line_is_cut_at_the_limit() {
        let line = clean(&vec![b'x'; MAX_LOG * 2]);
        assert_eq!(line.chars().count(), MAX_LOG + 1);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn a_flood_is_held_back_and_counted() {
        let began = crate::clock::now();
        let mut rate = Rate::default();
        let admitted = (0..1_000).filter(|_| rate.admit(began).is_some()).count();
        assert_eq!(admitted, BURST as usize);
        assert_eq!(rate.admit(began + REFILL), Some(800));
        assert_eq!(rate.admit(began + REFILL), None);
        assert_eq!(rate.admit(began + REFILL * 10), Some(1));
    }
}
