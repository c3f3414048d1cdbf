use super::*;

/// The lines of a text, as they are seen.
fn lines(text: &str, width: usize) -> Vec<String> {
    wrap(&plain(text), width, Order::Visual).iter().map(Line::text).collect()
}

#[test]
fn cells_are_counted_by_grapheme() {
    for (text, cells) in [
        ("", 0),
        ("abc", 3),
        ("漢字", 4),
        ("ｶﾞ", 2),
        ("한국어", 6),
        ("e\u{301}", 1),
        ("שָׁלוֹם", 4),
        ("👍", 2),
        ("👍🏽", 2),
        ("👩‍👩‍👧‍👦", 2),
        ("🏳️‍🌈", 2),
        ("🇩🇪", 2),
        ("🇩🇪🇫🇷", 4),
        ("1️⃣", 2),
        ("❤️", 2),
        ("❤", 1),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2),
        ("\u{200d}", 0),
        ("\u{301}", 0),
        ("\t", 4),
        ("a\u{7}b", 2),
        ("\n", 0),
        ("ａｂ", 4),
    ] {
        assert_eq!(width(text), cells, "{text:?}");
    }
}

#[test]
fn words_stay_whole_where_they_fit() {
    for (text, width, expected) in [
        ("", 5, vec![""]),
        ("   ", 2, vec![""]),
        ("one two three", 7, vec!["one two", "three"]),
        ("one two three", 8, vec!["one two", "three"]),
        ("one    two", 4, vec!["one", "two"]),
        ("  one", 9, vec!["  one"]),
        ("  one", 4, vec!["one"]),
        ("one\n\ntwo", 9, vec!["one", "", "two"]),
        ("one\n", 9, vec!["one", ""]),
        ("one\r\ntwo\rthree", 9, vec!["one", "two", "three"]),
        ("a\tb", 9, vec!["a    b"]),
        ("a\u{a0}b c", 3, vec!["a\u{a0}b", "c"]),
        ("well-known", 6, vec!["well-", "known"]),
        ("at -5 degrees", 4, vec!["at", "-5", "degr", "ees"]),
        ("hi abcdefgh", 4, vec!["hi", "abcd", "efgh"]),
        ("abcdefgh hi", 4, vec!["abcd", "efgh", "hi"]),
        ("abcdef gh", 4, vec!["abcd", "ef", "gh"]),
        ("a\u{200b}b", 1, vec!["a", "b"]),
    ] {
        assert_eq!(lines(text, width), expected, "{text:?}");
    }
}

#[test]
fn east_asian_text_breaks_but_not_before_closing_signs() {
    for (text, width, expected) in [
        ("漢字漢字", 5, vec!["漢字", "漢字"]),
        ("漢字。漢", 4, vec!["漢", "字。", "漢"]),
        ("漢「字」", 4, vec!["漢", "「字", "」"]),
        ("漢「字」", 6, vec!["漢", "「字」"]),
        ("カード", 4, vec!["カー", "ド"]),
        ("abc漢字", 4, vec!["abc", "漢字"]),
        ("漢字abc", 6, vec!["漢字", "abc"]),
        ("안녕 세계", 5, vec!["안녕", "세계"]),
        ("가나다 라", 6, vec!["가나다", "라"]),
        ("漢", 1, vec!["漢"]),
        ("a漢b", 1, vec!["a", "漢", "b"]),
    ] {
        assert_eq!(lines(text, width), expected, "{text:?}");
    }
}

#[test]
fn emoji_break_between_and_never_within() {
    for (text, width, expected) in [
        ("👍👍👍", 4, vec!["👍👍", "👍"]),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, vec!["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]),
        ("🇩🇪🇫🇷", 2, vec!["🇩🇪", "🇫🇷"]),
        ("yes👍!", 5, vec!["yes", "👍!"]),
    ] {
        assert_eq!(lines(text, width), expected, "{text:?}");
    }
}

#[test]
fn hebrew_and_arabic_stand_as_they_are_seen() {
    for (text, rtl, expected) in [
        ("שלום", true, "םולש"),
        ("hi שלום", false, "hi םולש"),
        ("שלום hi", true, "hi םולש"),
        ("שלום 42", true, "42 םולש"),
        ("שלום (hi)", true, "(hi) םולש"),
        ("hi (שלום)", false, "hi (םולש)"),
        ("שָׁלוֹם", true, "םוֹלשָׁ"),
        ("مرحبا", true, "ابحرم"),
        ("مرحبا ١٢٣", true, "١٢٣ ابحرم"),
        ("a שלום עולם b", false, "a םלוע םולש b"),
        ("שלום!", true, "!םולש"),
        ("שלום\u{200e}!", true, "!םולש"),
        ("hi!", false, "hi!"),
        ("42 שלום", true, "םולש 42"),
        ("👍 שלום", true, "םולש 👍"),
        ("漢字 שלום", false, "漢字 םולש"),
        ("1. שלום", true, "םולש .1"),
    ] {
        let line = &wrap(&plain(text), 40, Order::Visual)[0];
        assert_eq!((line.text().as_str(), line.rtl), (expected, rtl), "{text:?}");
        assert_eq!(is_rtl(text), rtl, "{text:?}");
        assert_eq!(fit(text, 40, Order::Visual), expected, "{text:?}");
    }
}

#[test]
fn each_paragraph_has_its_own_direction() {
    let lines = wrap(&plain("שלום\nhi"), 40, Order::Visual);
    assert_eq!(lines.iter().map(|line| line.rtl).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn lines_are_broken_before_they_are_turned_around() {
    assert_eq!(lines("אבג דהו", 4), ["גבא", "והד"]);
    let logical = wrap(&plain("אבג דהו"), 4, Order::Logical);
    assert_eq!(logical[0].text(), "אבג");
    assert!(logical[0].rtl);
}

#[test]
fn what_could_harm_a_screen_is_made_harmless() {
    for (text, expected) in [
        ("\u{1b}[31mred", "␛[31mred"),
        ("a\u{7}b\u{7f}", "a␇b␡"),
        ("\u{9b}5A", "�5A"),
        ("a\u{202e}cba\u{202c}", "acba"),
        ("\u{2067}x\u{2069}", "x"),
        ("\u{301}x", "◌\u{301}x"),
        ("\n\u{301}", "\n◌\u{301}"),
        ("a\u{200d}", "a\u{200d}"),
        ("\u{200d}\u{fe0f}", ""),
        ("\u{feff}hi\u{2060}", "hi"),
        ("a\u{ad}b", "ab"),
        ("a\u{2028}b\u{85}c\u{b}d", "a\nb\nc\nd"),
        ("\t", "    "),
        ("\u{3164}", ""),
        ("💬👩‍👩‍👧‍👦", "💬👩‍👩‍👧‍👦"),
    ] {
        assert_eq!(harmless(text), expected, "{text:?}");
    }
    assert_eq!(one_line(" a\n\n b\tc  "), "a b c");
}

#[test]
fn links_are_found_without_the_sentence_around_them() {
    for (text, expected) in [
        ("https://example.org", Some("https://example.org")),
        ("see HTTP://example.org/a.", Some("HTTP://example.org/a")),
        ("(https://example.org/a_(b))", Some("https://example.org/a_(b)")),
        ("<https://example.org>", Some("https://example.org")),
        ("https://example.org/?a=b&c=d#e, or", Some("https://example.org/?a=b&c=d#e")),
        ("https://例え.テスト/道。", Some("https://例え.テスト/道")),
        ("https://[::1]:80/x", Some("https://[::1]:80/x")),
        ("(see https://example.org)!", Some("https://example.org")),
        ("https://", None),
        ("https://.", None),
        ("xhttps://example.org", None),
        ("ftp://example.org", None),
        ("http:/example.org", None),
    ] {
        let spans = spans(text, &name_of);
        let links: Vec<_> = spans.iter().filter(|span| span.kind == Kind::Link).collect();
        assert!(links.len() <= 1);
        assert_eq!(links.first().map(|link| link.text.as_str()), expected, "{text:?}");
    }
}

#[test]
fn mentions_are_shown_as_names() {
    let id: AccountId = ID.parse().unwrap();
    let found = spans(&format!("hi @{ID}, look"), &name_of);
    let texts: Vec<_> = found.iter().map(|span| (span.text.as_str(), span.kind)).collect();
    let expected = [("hi ", Kind::Plain), ("@Ann B", Kind::Mention(id)), (", look", Kind::Plain)];
    assert_eq!(texts, expected);
    let digits = ID.strip_prefix("05").unwrap();
    for text in [format!("@5{digits}"), format!("@04{digits}"), ID.to_owned()] {
        assert!(spans(&text, &name_of).iter().all(|span| span.kind == Kind::Plain), "{text}");
    }
    let evil = spans(&format!("@{ID}"), &|_| "a\n\u{202e}b".to_owned());
    assert_eq!(evil[0].text, "@a b");
}

#[test]
fn emoji_are_spans_of_their_own() {
    let found = spans("so 👍🏽👍 ok ™ 1", &name_of);
    let texts: Vec<_> = found.iter().map(|span| span.text.as_str()).collect();
    assert_eq!(texts, ["so ", "👍🏽👍", " ok ™ 1"]);
    for (text, count) in
        [("👍", Some(1)), ("👩‍👩‍👧‍👦 ❤️", Some(2)), ("1", None), ("", None), (" ", None), ("👍a", None)]
    {
        assert_eq!(count_of_emoji(text), count, "{text:?}");
    }
}

#[test]
fn a_link_is_the_same_one_in_the_next_line() {
    let spans = spans("see https://example.org/a/b/c/d/e/f now", &name_of);
    let lines = wrap(&spans, 12, Order::Visual);
    let runs: Vec<_> = lines.iter().flat_map(|line| &line.runs).collect();
    let parts: Vec<_> = runs.iter().filter(|run| run.kind == Kind::Link).collect();
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|run| spans[run.span].text == "https://example.org/a/b/c/d/e/f"));
}

#[test]
fn links_and_names_keep_their_direction() {
    let text = format!("שלום https://example.org/a?b=1 @{ID} 42");
    let shown = |name: &'static str| {
        let spans = spans(&text, &move |_| name.to_owned());
        wrap(&spans, 80, Order::Visual)[0].text()
    };
    assert_eq!(shown("Ann"), "42 @Ann https://example.org/a?b=1 םולש");
    let spans = spans(&format!("@{ID} 42"), &|_| "דנה".to_owned());
    assert_eq!(wrap(&spans, 80, Order::Visual)[0].text(), "הנד@ 42");
}

#[test]
fn what_is_too_long_is_cut_with_a_sign() {
    for (text, width, expected) in [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("hello you", 7, "hello…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, "👩‍👩‍👧‍👦…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("", 3, ""),
        ("a\nb", 3, "a b"),
        ("שלום עולם", 6, "…םולש"),
    ] {
        assert_eq!(fit(text, width, Order::Visual), expected, "{text:?}");
    }
}
