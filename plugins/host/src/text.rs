//! Texts and times for people.

use ramson_types::Timestamp;

/// Text of others, so that it cannot steer the terminal it is printed on.
/// Further lines are set in.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\n    "),
            '\t' => out.push('\t'),
            letter if letter.is_control() => out.extend(letter.escape_default()),
            // Marks that turn the direction of the text behind them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend(letter.escape_default())
            }
            letter => out.push(letter),
        }
    }
    out
}

/// The same on one line: for sentences that quote what was given.
pub fn one_line(text: &str) -> String {
    harmless(&text.replace('\n', "\\n").replace('\t', "\\t"))
}

/// Date and time in UTC, to the second.
pub fn readable(at: Timestamp) -> String {
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
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(harmless("one\ntwo"), "one\n    two");
        assert_eq!(harmless("\u{202e}x"), "\\u{202e}x");
        assert_eq!(harmless("grüß 👋"), "grüß 👋");
        assert_eq!(one_line("one\ntwo"), "one\\ntwo");
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
