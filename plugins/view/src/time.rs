//! Days and times of the day. The UI says what its user's clocks show.

use ramson_wire::Millis;

/// What calendar and clock show somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
}

/// What time it is, and what the user's clocks show at any other time.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// Now.
    pub now: Millis,
    /// What calendar and clock of the user show at a time.
    pub civil: &'a dyn Fn(Millis) -> Civil,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const DAY: Millis = 86_400_000;

impl Civil {
    /// What calendar and clock show in UTC.
    pub fn utc(at: Millis) -> Self {
        let days = i64::try_from(at / DAY).unwrap_or(0);
        let minutes = at % DAY / 60_000;
        // The year begins in March here, so that a leap day is its last one.
        let shifted = days.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = era.saturating_mul(400).saturating_add(year_of_era) + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(1);
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: small(month),
            day: small(day),
            hour: u8::try_from(minutes / 60).unwrap_or(0),
            minute: u8::try_from(minutes % 60).unwrap_or(0),
        }
    }

    /// The number of its day: days that follow each other have numbers that do.
    pub fn day_number(&self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let march = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * march + 2) / 5 + day - 1;
        let year_of_era = year.rem_euclid(400);
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        year.div_euclid(400) * 146_097 + of_era - 719_468
    }

    /// `Monday` to `Sunday`.
    pub fn weekday(&self) -> &'static str {
        // The first day of 1970 was a Thursday.
        let number = (self.day_number() + 3).rem_euclid(7);
        usize::try_from(number).ok().and_then(|it| WEEKDAYS.get(it)).copied().unwrap_or_default()
    }

    /// `January` to `December`.
    pub fn month_name(&self) -> &'static str {
        let index = usize::from(self.month).saturating_sub(1);
        MONTHS.get(index).copied().unwrap_or_default()
    }

    /// `14:05`.
    pub fn time_of_day(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
}

impl Clock<'_> {
    /// What calendar and clock show at a time.
    pub fn at(&self, at: Millis) -> Civil {
        (self.civil)(at)
    }

    /// `14:05`.
    pub fn time_of_day(&self, at: Millis) -> String {
        self.at(at).time_of_day()
    }

    /// The day, for a line of its own: `Today`, `Yesterday`, `Tuesday`,
    /// `3 March`, `3 March 2024`.
    pub fn day(&self, at: Millis) -> String {
        let (then, today) = (self.at(at), self.at(self.now));
        match today.day_number() - then.day_number() {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            2..=6 => then.weekday().to_owned(),
            _ if then.year == today.year => format!("{} {}", then.day, then.month_name()),
            _ => format!("{} {} {}", then.day, then.month_name(), then.year),
        }
    }

    /// As short as it can be said, for a list: `14:05`, `Tue`, `3 Mar`,
    /// `3 Mar 24`.
    pub fn brief(&self, at: Millis) -> String {
        let (then, today) = (self.at(at), self.at(self.now));
        let month = then.month_name().get(..3).unwrap_or_default();
        match today.day_number() - then.day_number() {
            0 => then.time_of_day(),
            1..=6 => then.weekday().get(..3).unwrap_or_default().to_owned(),
            _ if then.year == today.year => format!("{} {month}", then.day),
            _ => format!("{} {month} {:02}", then.day, then.year.rem_euclid(100)),
        }
    }

    /// Day and time of the day: `Today, 14:05`.
    pub fn day_and_time(&self, at: Millis) -> String {
        format!("{}, {}", self.day(at), self.time_of_day(at))
    }

    /// How long until then, in its largest unit: `5 minutes`.
    pub fn until(&self, at: Millis) -> String {
        duration(at.saturating_sub(self.now).div_ceil(1_000))
    }
}

/// Seconds in the largest unit that is not 0: `30 seconds`, `1 day`.
pub fn duration(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..604_800 => (seconds / 86_400, "day"),
        _ => (seconds / 604_800, "week"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// As short as it can be said: `30s`, `1d`. To the nearest, so that a day that
/// has just begun is one.
pub fn duration_brief(seconds: u64) -> String {
    let nearest = |unit: u64| seconds.saturating_add(unit / 2) / unit;
    match (nearest(60), nearest(3_600), nearest(86_400)) {
        _ if seconds < 60 => format!("{seconds}s"),
        (minutes @ 0..60, ..) => format!("{minutes}m"),
        (_, hours @ 0..24, _) => format!("{hours}h"),
        (.., days @ (0..=6 | 8..=13)) => format!("{days}d"),
        _ => format!("{}w", nearest(604_800)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_709_467_200_000; // Sunday, 3 March 2024, 12:00

    fn clock(now: Millis) -> Clock<'static> {
        Clock { now, civil: &Civil::utc }
    }

    #[test]
    fn a_time_has_its_date_in_utc() {
        let civil = Civil::utc(NOON + 5 * 60_000);
        assert_eq!((civil.year, civil.month, civil.day), (2024, 3, 3));
        assert_eq!((civil.weekday(), civil.time_of_day()), ("Sunday", "12:05".to_owned()));
        assert_eq!(Civil::utc(0), Civil { year: 1970, month: 1, day: 1, hour: 0, minute: 0 });
        let leap = Civil::utc(1_709_164_800_000);
        assert_eq!((leap.month, leap.day), (2, 29));
        for day in (0..60_000).step_by(13) {
            let civil = Civil::utc(day * DAY);
            assert_eq!(civil.day_number(), i64::try_from(day).unwrap(), "{civil:?}");
        }
    }

    #[test]
    fn days_are_called_by_how_far_away_they_are() {
        let clock = clock(NOON);
        assert_eq!(clock.day(NOON - 1), "Today");
        assert_eq!(clock.day(NOON - DAY), "Yesterday");
        assert_eq!(clock.day(NOON - 2 * DAY), "Friday");
        assert_eq!(clock.day(NOON - 7 * DAY), "25 February");
        assert_eq!(clock.day(NOON - 70 * DAY), "24 December 2023");
        assert_eq!(clock.brief(NOON), "12:00");
        assert_eq!(clock.brief(NOON - DAY), "Sat");
        assert_eq!(clock.brief(NOON - 7 * DAY), "25 Feb");
        assert_eq!(clock.brief(NOON - 70 * DAY), "24 Dec 23");
        assert_eq!(clock.day_and_time(NOON), "Today, 12:00");
    }

    #[test]
    fn a_message_of_tomorrow_is_not_called_one_of_today() {
        assert_eq!(clock(NOON).day(NOON + DAY), "4 March");
    }

    #[test]
    fn durations_are_told_in_their_largest_unit() {
        assert_eq!(duration(1), "1 second");
        assert_eq!(duration(90), "1 minute");
        assert_eq!(duration(86_400), "1 day");
        assert_eq!(duration(1_209_600), "2 weeks");
        let brief = [59, 60, 3_599, 7_200, 86_390, 172_800, 604_700, 777_600, 1_209_600, u64::MAX];
        let brief = brief.map(duration_brief);
        let wanted = ["59s", "1m", "1h", "2h", "1d", "2d", "1w", "9d", "2w", "30500568904943w"];
        assert_eq!(brief, wanted);
        assert_eq!(clock(NOON).until(NOON + 61_000), "1 minute");
    }

    #[test]
    fn no_time_is_too_far_away() {
        let clock = clock(NOON);
        assert!(!clock.day(Millis::MAX).is_empty());
        assert!(!clock.until(Millis::MAX).is_empty());
    }
}
