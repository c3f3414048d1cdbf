//! What counts as one emoji.

use unicode_segmentation::UnicodeSegmentation;

/// The longest one, in bytes: a family of four with skin tones has 41.
const MAX_BYTES: usize = 64;

/// Pictures from cards and dominoes up; letters and numbers among them, as in
/// flags and squared words, are pictures, too.
const PICTURES: std::ops::RangeInclusive<char> = '\u{1f000}'..='\u{1faff}';

/// Shows the character before it as a picture.
const AS_PICTURE: char = '\u{fe0f}';

/// Draws a key around the character before it.
const KEYCAP: char = '\u{20e3}';

/// Whether a text is one emoji: one character as people count them, that is no
/// letter, digit, ASCII sign or space. There is no list, so those of later
/// years are emoji as well.
pub(super) fn is_one(text: &str) -> bool {
    let mut graphemes = text.graphemes(true);
    let (Some(_), None) = (graphemes.next(), graphemes.next()) else { return false };
    let Some(first) = text.chars().next() else { return false };
    let drawn = text.contains([AS_PICTURE, KEYCAP]);
    let word = first.is_ascii() || first.is_alphanumeric() && !PICTURES.contains(&first);
    let alone = first == AS_PICTURE || first == KEYCAP || first == '\u{200d}';
    let invisible = first.is_whitespace() || first.is_control() || alone;
    let ascii_key = !first.is_ascii() || text.contains(KEYCAP);
    text.len() <= MAX_BYTES && !invisible && ascii_key && (!word || drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_may_be_asked_about(text: String) {
            let _ = is_one(&text);
        }

        #[test]
        fn two_are_not_one(emoji in "[😀-😏]{2,5}", word in "[a-zA-Z0-9 äß漢]{1,4}") {
            prop_assert!(!is_one(&emoji));
            prop_assert!(!is_one(&word));
        }
    }

    #[test]
    fn all_sorts_of_emoji_are_one() {
        for emoji in [
            "😂",
            "👍",
            "👍🏽",
            "❤",
            "❤️",
            "©️",
            "ℹ️",
            "1️⃣",
            "#️⃣",
            "🇩🇪",
            "🅰️",
            "🅰",
            "㊗️",
            "☺️",
            "✅",
            "👩‍👩‍👧‍👦",
            "🏳️‍🌈",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "👩🏽‍❤️‍💋‍👨🏿",
            "🫠",
            "⭐",
            "‼️",
        ] {
            assert!(is_one(emoji), "{emoji}");
        }
    }

    #[test]
    fn words_signs_and_nothing_are_none() {
        let long = format!("a{}", "\u{301}".repeat(40));
        let many = format!("😀{}", "\u{200d}😀".repeat(40));
        for text in [
            "",
            " ",
            "a",
            "A",
            "7",
            "!",
            "#",
            "ok",
            "é",
            "漢",
            "+1",
            ":-)",
            "😀 ",
            "😀a",
            "😀😀",
            "🇩🇪🇫🇷",
            "\n",
            "\u{fe0f}",
            "\u{200d}",
            "a\u{fe0f}",
            &long,
            &many,
        ] {
            assert!(!is_one(text), "{text:?}");
        }
    }
}
