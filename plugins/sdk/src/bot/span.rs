//! How long something is, as people write it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ramson_wire::Millis;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time as people write it: `10m`, `2h30m`, `1d`, `90s`. Weeks
/// (`w`), days, hours, minutes and seconds, each once and the longest first;
/// 1 second to 10,000 weeks. Records and configs have it as such a text.
///
/// ```
/// use ramson_sdk::bot::Span;
/// let span: Span = "2h30m".parse().unwrap();
/// assert_eq!((span.seconds(), span.millis()), (9_000, 9_000_000));
/// assert_eq!(Span::of_seconds(90).to_string(), "1m30s");
/// assert!("soon".parse::<Span>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u64);

/// The parts, longest first, in seconds.
const UNITS: [(char, u64); 5] =
    [('w', 7 * 24 * 60 * 60), ('d', 24 * 60 * 60), ('h', 60 * 60), ('m', 60), ('s', 1)];

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no length of time; write one like 10m, 2h30m or 1d")]
pub struct SpanError {
    /// The text.
    pub text: String,
}

impl Span {
    /// The longest: 10,000 weeks.
    pub const MAX: Self = Self(10_000 * 7 * 24 * 60 * 60);

    /// So many seconds, but at least one, and [`Span::MAX`] at most.
    pub const fn of_seconds(seconds: u64) -> Self {
        match seconds {
            0 => Self(1),
            seconds if seconds > Self::MAX.0 => Self::MAX,
            seconds => Self(seconds),
        }
    }

    /// In seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// In milliseconds, as times are counted.
    pub const fn millis(self) -> Millis {
        self.0.saturating_mul(1_000)
    }

    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.duration()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        for (unit, seconds) in UNITS {
            let count = left.checked_div(seconds).unwrap_or(0);
            left = left.checked_rem(seconds).unwrap_or(0);
            if count != 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        parse(text).ok_or_else(|| SpanError { text: super::commands::cut(text) })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

fn parse(text: &str) -> Option<Span> {
    let mut units = UNITS.iter();
    let mut seconds = 0_u64;
    let mut digits = String::new();
    for one in text.chars() {
        if one.is_ascii_digit() {
            digits.push(one);
            continue;
        }
        let unit = one.to_ascii_lowercase();
        // Those before it are used up, so that each stands once and in order.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        let count: u64 = digits.parse().ok()?;
        digits.clear();
        seconds = seconds.checked_add(count.checked_mul(*length)?)?;
    }
    (digits.is_empty() && (1..=Span::MAX.0).contains(&seconds)).then_some(Span(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, seconds) in
            [("10m", 600), ("2h30m", 9_000), ("1D", 86_400), ("90s", 90), ("1w2d", 777_600)]
        {
            assert_eq!(text.parse::<Span>().map(Span::seconds), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in [
            "",
            "10",
            "m",
            "0s",
            "-1m",
            "1.5h",
            "30m2h",
            "1m1m",
            "1y",
            "10 m",
            "99999999999999w",
            "10001w",
            "１０m",
        ] {
            let error = text.parse::<Span>().unwrap_err().to_string();
            assert!(error.contains("write one like 10m"), "{text}");
        }
    }

    #[test]
    fn a_config_has_it_as_a_text() {
        assert_eq!(serde_json::to_string(&Span::of_seconds(90)).unwrap(), r#""1m30s""#);
        let error = serde_json::from_str::<Span>(r#""soon""#).unwrap_err().to_string();
        assert!(error.starts_with("'soon' is no length of time; write one like"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 1..=Span::MAX.seconds()) {
            let span = Span::of_seconds(seconds);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            let json = serde_json::to_string(&span).unwrap();
            prop_assert_eq!(serde_json::from_str::<Span>(&json).unwrap(), span);
        }

        #[test]
        fn no_text_is_too_much_for_it(text in "\\PC{0,40}|[0-9wdhms]{0,60}") {
            if let Ok(span) = text.parse::<Span>() {
                prop_assert!(span >= Span::of_seconds(1) && span <= Span::MAX);
            }
        }
    }
}
