use super::*;

#[test]
fn short_names_find_emoji() {
    assert_eq!(of_shortcode("smile"), Some("😄"));
    assert_eq!(of_shortcode(":+1:"), Some("👍"));
    assert_eq!(of_shortcode("no such one"), None);
}

#[test]
fn the_best_ones_are_found_first() {
    let first = |query| search(query, 5).first().map(|found| (found.emoji, found.shortcode));
    assert_eq!(first("smi"), Some(("😄", "smile")));
    assert_eq!(first("tada"), Some(("🎉", "tada")));
    assert_eq!(first("thumbsup"), Some(("👍", "thumbsup")));
    assert_eq!(first("HEART"), Some(("❤️", "heart")));
    assert_eq!(first("no such one"), None);
    assert_eq!(search("e", 5).len(), 5);
    assert_eq!(search("", 5).len(), 5);
    assert!(
        search("face", 200)
            .iter()
            .all(|found| found.name.contains("face") || found.shortcode.contains("face"))
    );
}

#[test]
fn all_emoji_that_are_found_are_one_emoji_of_two_cells() {
    for found in groups().iter().flat_map(|group| &group.emoji) {
        assert!(is_one_emoji(found.emoji), "{found:?}");
        assert_eq!(crate::text::width(found.emoji), 2, "{found:?}");
        assert_eq!(of_shortcode(found.shortcode), Some(found.emoji));
    }
}

#[test]
fn one_emoji_is_one_emoji() {
    for emoji in ["👍", "👍🏽", "❤️", "❤", "1️⃣", "🇩🇪", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
    {
        assert!(is_one_emoji(emoji), "{emoji}");
    }
    for text in ["", " ", "a", "1", "#", "👍👍", "👍 ", "é", "漢", "🇩", "\u{200d}"] {
        assert!(!is_one_emoji(text), "{text:?}");
    }
}

#[test]
fn what_is_used_comes_first() {
    let mut frequent = Frequent::default();
    assert_eq!(frequent.top(6), STARTERS);
    frequent.used("🚀");
    frequent.used("🫠");
    frequent.used("🚀");
    assert_eq!(frequent.top(3), ["🚀", "🫠", "👍"]);
    for _ in 0..5 {
        frequent.used("🫠");
    }
    assert_eq!(frequent.top(2), ["🫠", "🚀"]);
}

#[test]
fn of_too_many_the_least_used_one_is_forgotten() {
    let mut frequent = Frequent::default();
    frequent.used("🚀");
    frequent.used("🚀");
    for found in search("", 100) {
        frequent.used(found.emoji);
        frequent.used("🚀");
    }
    let top = frequent.top(1_000);
    assert!(top.len() <= 70);
    assert_eq!(top[0], "🚀");
}
