//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.

use ramson_types::Timestamp;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Years have four digits: what is later than the year 9999 is its last second.
const LATEST: u64 = 253_402_300_799;

/// The second in which a time lies.
pub(super) fn format(time: Timestamp) -> String {
    let seconds = (time.millis() / 1000).min(LATEST);
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let weekday = name(&DAYS, day % 7);
    let (year, month, day) = date(day);
    let month = name(&MONTHS, month);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn name(names: &[&'static str], at: u64) -> &'static str {
    usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

/// Year, month from 0 and day from 1 of a day after the first of 1970.
fn date(mut day: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970_u64;
    loop {
        let days = if is_leap(year) { 366 } else { 365 };
        match day.checked_sub(days) {
            Some(rest) => day = rest,
            None => break,
        }
        year = year.saturating_add(1);
    }
    let february = if is_leap(year) { 29 } else { 28 };
    for (month, days) in (0..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31_u64]) {
        match day.checked_sub(days) {
            Some(rest) => day = rest,
            None => return (year, month, day.saturating_add(1)),
        }
    }
    (year, 11, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LATEST, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (u64::MAX / 1000, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(format(Timestamp(seconds * 1000)), text);
        }
    }
}
