//! Times as people read and write them.

use std::time::Duration;

use ramson_types::Timestamp;

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

/// Date and time in UTC, to the second.
pub(crate) fn readable(at: Timestamp) -> String {
    let seconds = at.millis() / 1_000;
    let (year, month, day) = date(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// The Gregorian date of a day counted from 1970-01-01. Years begin in March
/// here, so that the leap day is the last.
fn date(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, of_year - (153 * march + 2) / 5 + 1)
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

    #[test]
    fn dates_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_400_000, "2000-02-29 00:00:00Z"),
            (1_764_000_000_999, "2025-11-24 16:00:00Z"),
            (4_107_542_399_000, "2100-02-28 23:59:59Z"),
            (4_107_542_400_000, "2100-03-01 00:00:00Z"),
        ];
        for (millis, text) in cases {
            assert_eq!(readable(Timestamp(millis)), text);
        }
        // The largest time that outside bytes can hold.
        readable(Timestamp(u64::MAX));
    }
}
