//! Times as people read and write them.

use std::time::Duration;

pub(crate) use ramson_host::text::readable;

use crate::error::Failure;

/// Spans and what their letters stand for, in seconds, the longest first.
const UNITS: [(char, u64); 5] =
    [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span such as 12h; `None` for off.
pub(crate) fn span(text: &str) -> Result<Option<Duration>, Failure> {
    if text == "off" {
        return Ok(None);
    }
    let read = || {
        let unit = text.chars().next_back()?;
        let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = number.checked_mul(*seconds).filter(|seconds| *seconds > 0)?;
        // Longer ones have no place among the times of messages.
        u32::try_from(seconds).ok()
    };
    let seconds = read().ok_or_else(|| Failure::InvalidSpan { text: text.to_owned() })?;
    Ok(Some(Duration::from_secs(seconds.into())))
}

/// A span as [`span`] reads it.
pub(crate) fn short(seconds: u64) -> String {
    let whole = UNITS.iter().find(|(_, length)| seconds > 0 && seconds.is_multiple_of(*length));
    match whole {
        Some((letter, length)) => format!("{}{letter}", seconds / length),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_they_are_written() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("12h", 43_200), ("1d", 86_400)] {
            assert_eq!(span(text).unwrap(), Some(Duration::from_secs(seconds)));
            assert_eq!(short(seconds), text);
        }
        assert_eq!(span("off").unwrap(), None);
        assert_eq!(short(90), "90s");
        for bad in ["", "h", "12", "-1h", "0s", "1.5h", "12x", "99999999999w", "1é"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
