mod tables;

use proptest::prelude::*;
use ramson_wire::AccountId;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

pub(crate) const ID: &str = "05aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// All that has gone wrong on a screen at some time.
pub(crate) fn awkward() -> impl Strategy<Value = String> {
    let parts = [
        "a",
        "Ann",
        "word",
        "longer-word",
        "x1",
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "\r",
        "7",
        "42",
        "(",
        ")",
        "«",
        "!",
        ",",
        "-",
        "/",
        "…",
        "שלום",
        "ש",
        "שָׁ",
        "مرحبا",
        "لا",
        "٣",
        "漢字",
        "、",
        "「",
        "」",
        "カー",
        "한국어",
        "\u{1100}",
        "\u{1161}",
        "क्षि",
        "क्",
        "ก็",
        "é",
        "e\u{301}",
        "\u{301}",
        "👍",
        "👍🏽",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "🇩🇪",
        "🇩",
        "1️⃣",
        "❤️",
        "❤",
        "\u{fe0f}",
        "\u{fe0e}",
        "\u{200d}",
        "\u{200b}",
        "\u{200c}",
        "\u{200e}",
        "\u{200f}",
        "\u{202e}",
        "\u{2066}",
        "\u{2069}",
        "\u{a0}",
        "\u{ad}",
        "\u{feff}",
        "\u{7}",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{9b}",
        "\u{0}",
        "\u{600}",
        "\u{2028}",
        "\u{e0061}",
        "@",
        ":",
        "https://example.org/a?b=c.",
        "http://",
        "@05",
    ];
    let part = prop_oneof![
        20 => proptest::sample::select(parts.to_vec()).prop_map(str::to_owned),
        1 => Just(format!("@{ID}")),
        1 => Just("w".repeat(60)),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn name_of(_: &AccountId) -> String {
    "Ann B".to_owned()
}

/// What of a text has to be seen: no white space, and nothing that takes no
/// cell.
fn seen(text: &str) -> Vec<String> {
    let graphemes = text.graphemes(true).filter(|it| width(it) > 0 && !it.trim().is_empty());
    graphemes.map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn wrapping_loses_nothing_that_is_seen(text in awkward(), width in 0..30_usize) {
        let spans = plain(&text);
        let lines = wrap(&spans, width, Order::Logical);
        let wrapped: Vec<String> = lines.iter().flat_map(|line| seen(&line.text())).collect();
        prop_assert_eq!(wrapped, seen(&spans[0].text));
    }

    #[test]
    fn what_is_seen_is_the_same_in_both_orders(text in awkward(), width in 1..30_usize) {
        let spans = spans(&text, &name_of);
        let logical = wrap(&spans, width, Order::Logical);
        let visual = wrap(&spans, width, Order::Visual);
        prop_assert_eq!(logical.len(), visual.len());
        for (logical, visual) in logical.iter().zip(&visual) {
            prop_assert_eq!(logical.width, visual.width);
            prop_assert_eq!(logical.rtl, visual.rtl);
        }
    }

    #[test]
    fn no_line_is_wider_than_asked_for(text in awkward(), width in 1..30_usize) {
        let spans = spans(&text, &name_of);
        for line in wrap(&spans, width, Order::Logical) {
            let text = line.text();
            prop_assert_eq!(line.width, super::width(&text));
            let alone = seen(&text).len() <= 1;
            prop_assert!(line.width <= width || alone, "{text:?} has {} cells", line.width);
        }
    }

    #[test]
    fn the_order_is_that_of_the_standard(text in "[a-cשלםمرح0-9٣,.!+-]([a-cשלםمرح0-9٣ ,.!+-]{0,20}[a-cשלםمرح0-9٣,.!+-])?") {
        let line = &wrap(&plain(&text), 40, Order::Visual)[0];
        let bidi = unicode_bidi::BidiInfo::new(&text, None);
        let paragraph = &bidi.paragraphs[0];
        let expected = bidi.reorder_line(paragraph, paragraph.range.clone());
        prop_assert_eq!(line.text(), expected);
        prop_assert_eq!(line.rtl, paragraph.level.is_rtl());
    }

    #[test]
    fn a_width_is_the_sum_of_its_graphemes(text in awkward()) {
        let sum: usize = text.graphemes(true).map(width).sum();
        prop_assert_eq!(width(&text), sum);
    }

    #[test]
    fn what_is_harmless_stays_as_it_is(text in awkward()) {
        let once = harmless(&text);
        prop_assert_eq!(harmless(&once), once.clone());
        let controls = once.contains(|one: char| one.is_control() && one != '\n');
        let turns = once.contains(['\u{202e}', '\u{2066}', '\u{2069}']);
        prop_assert!(!controls && !turns);
    }

    #[test]
    fn one_line_is_one_line(text in awkward()) {
        let line = one_line(&text);
        prop_assert!(!line.contains(['\n', '\t']) && !line.contains("  "));
    }

    #[test]
    fn what_fits_is_kept_and_what_does_not_is_cut(text in awkward(), room in 0..40_usize) {
        let whole = one_line(&text);
        let fitted = fit(&text, room, Order::Logical);
        prop_assert!(width(&fitted) <= room);
        if width(&whole) <= room {
            prop_assert_eq!(fitted, whole);
        } else if room > 0 {
            prop_assert!(fitted.ends_with('…'));
        }
    }

    #[test]
    fn spans_are_the_text_but_for_names(text in awkward()) {
        let parts = spans(&text, &|id| id.to_string());
        let whole: String = parts.iter().map(|span| span.text.as_str()).collect();
        prop_assert_eq!(whole, harmless(&text));
        prop_assert!(parts.iter().all(|span| !span.text.is_empty()));
    }

    #[test]
    fn any_text_can_be_shown(text in any::<String>(), width in 0..20_usize) {
        wrap(&spans(&text, &name_of), width, Order::Visual);
        fit(&text, width, Order::Visual);
        is_rtl(&text);
        count_of_emoji(&text);
    }
}

#[test]
fn long_texts_are_shown() {
    for text in [
        "漢字 ".repeat(12_000),
        "a".repeat(100_000),
        "שלום abc ".repeat(8_000),
        " ".repeat(100_000),
    ] {
        let lines = wrap(&spans(&text, &name_of), 40, Order::Visual);
        assert!(lines.iter().all(|line| line.width <= 40));
        assert!(width(&fit(&text, 20, Order::Visual)) <= 20);
    }
}

#[test]
fn a_tower_of_marks_is_cut_down() {
    let text = format!("a{}b", "\u{301}".repeat(1_000));
    assert_eq!(harmless(&text).chars().count(), 10);
    let text = format!("{}x", "\u{1100}".repeat(1_000));
    assert!(width(&harmless(&text)) <= 65);
}
