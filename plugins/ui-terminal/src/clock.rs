//! The time of day and the user's time zone; the one file that reads clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ramson_view::Civil;
use ramson_wire::Millis;

/// Now.
#[allow(clippy::disallowed_methods, reason = "the one place that reads it")]
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Now, for how long something takes.
#[allow(clippy::disallowed_methods, reason = "the one place that reads it")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// What the user's clocks show at a time; in UTC where their zone is not
/// known.
pub(crate) fn local(at: Millis) -> Civil {
    let moment = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let Some(moment) = moment else { return Civil::utc(at) };
    let there = moment.to_zoned(TimeZone::system());
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    Civil {
        year: there.year().into(),
        month: small(there.month()),
        day: small(there.day()),
        hour: small(there.hour()),
        minute: small(there.minute()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_calendar_has_is_shown_all_the_same() {
        assert!(local(Millis::MAX).year > 2000);
    }

    #[test]
    fn local_time_is_within_a_day_of_that_of_the_world() {
        let at = 1_709_467_200_000;
        let days = local(at).day_number() - Civil::utc(at).day_number();
        assert!(days.abs() <= 1);
    }
}
