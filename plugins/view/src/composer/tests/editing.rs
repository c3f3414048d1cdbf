use super::Edit::*;
use super::*;

#[test]
fn edits_do_what_they_say() {
    let mention = format!("hi @{ANN}|!");
    let m = |text: &str| text.replace("ANN", &format!("@{ANN}"));
    for (before, edit, expected) in [
        ("|", insert("a"), "a|".to_owned()),
        ("a|c", insert("b"), "ab|c".to_owned()),
        ("|", insert("\u{1b}"), "|".to_owned()),
        ("|", Paste("a\r\nb\rc\u{202e}\td".into()), "a\nb\nc\td|".to_owned()),
        ("a|b", Newline, "a\n|b".to_owned()),
        ("|", Backspace, "|".to_owned()),
        ("e\u{301}|", Backspace, "|".to_owned()),
        ("👩‍👩‍👧‍👦|", Backspace, "|".to_owned()),
        ("🇩🇪🇫🇷|", Backspace, "🇩🇪|".to_owned()),
        ("a\n|b", Backspace, "a|b".to_owned()),
        ("|👍🏽a", Delete, "|a".to_owned()),
        ("a|", Delete, "a|".to_owned()),
        ("one two|", DeleteWordBefore, "one |".to_owned()),
        ("one two  |", DeleteWordBefore, "one |".to_owned()),
        ("one, |", DeleteWordBefore, "|".to_owned()),
        ("one\n|", DeleteWordBefore, "one|".to_owned()),
        ("|one two", DeleteWordBehind, "| two".to_owned()),
        ("|  one two", DeleteWordBehind, "| two".to_owned()),
        ("a\nb c|d", DeleteToLineStart, "a\n|d".to_owned()),
        ("a\n|d", DeleteToLineStart, "a|d".to_owned()),
        ("a|b\nc", DeleteToLineEnd, "a|\nc".to_owned()),
        ("a|\nc", DeleteToLineEnd, "a|c".to_owned()),
        ("a|b", Clear, "|".to_owned()),
        ("a|b", Set("cd".into()), "cd|".to_owned()),
        ("a|b", Left, "|ab".to_owned()),
        ("|ab", Left, "|ab".to_owned()),
        ("a|b", Right, "ab|".to_owned()),
        ("של|ום", Left, "שלו|ם".to_owned()),
        ("של|ום", Right, "ש|לום".to_owned()),
        ("one two|", WordLeft, "one |two".to_owned()),
        ("one| two", WordRight, "one two|".to_owned()),
        ("one, |two", WordLeft, "|one, two".to_owned()),
        ("漢字です|", WordLeft, "漢字で|す".to_owned()),
        ("a\nb|c", LineStart, "a\n|bc".to_owned()),
        ("a|b\nc", LineEnd, "ab|\nc".to_owned()),
        ("a\nb|c", Start, "|a\nbc".to_owned()),
        ("a|b\nc", End, "ab\nc|".to_owned()),
        (&mention, Backspace, "hi |!".to_owned()),
        (&mention, Left, m("hi |ANN!")),
        (&mention, WordLeft, m("hi |ANN!")),
        (&m("hi |ANN!"), Right, m("hi ANN|!")),
        (&m("hi |ANN!"), WordRight, m("hi ANN|!")),
        (&m("hi |ANN!"), Delete, "hi |!".to_owned()),
    ] {
        assert_eq!(after(before, std::slice::from_ref(&edit)), expected, "{before:?} {edit:?}");
    }
}

#[test]
fn what_is_typed_is_taken_back_by_word() {
    let keys: Vec<Edit> = "one two".chars().map(|it| insert(&it.to_string())).collect();
    let with = |more: &[Edit]| after("|", &[&keys[..], more].concat());
    assert_eq!(with(&[Undo]), "one |");
    assert_eq!(with(&[Undo, Undo]), "|");
    assert_eq!(with(&[Undo, Undo, Redo]), "one |");
    assert_eq!(with(&[Undo, Undo, Redo, Redo, Redo]), "one two|");
    assert_eq!(with(&[Undo, insert("x"), Redo]), "one x|");
    assert_eq!(with(&[Backspace, Backspace, Backspace, Undo]), "one two|");
    assert_eq!(with(&[Left, insert("x"), Undo]), "one tw|o");
    assert_eq!(with(&[Paste("abc".into()), Undo]), "one two|");
}

#[test]
fn undo_puts_the_cursor_back_where_it_was() {
    assert_eq!(after("one |two", &[Clear, Undo]), "one |two");
    assert_eq!(after("one |two", &[DeleteWordBehind, End, Undo]), "one |two");
}

#[test]
fn a_mark_joins_the_letter_before_the_cursor() {
    assert_eq!(after("e|x", &[insert("\u{301}")]), "e\u{301}|x");
    assert_eq!(after("a|\u{301}", &[Backspace]), "|\u{301}");
    assert_eq!(after("🇩|x🇪", &[Delete]), "🇩🇪|");
}

#[test]
fn a_mention_that_comes_about_holds_no_cursor() {
    let tail = ANN.strip_prefix("05").unwrap();
    assert_eq!(after(&format!("@0|{tail}"), &[insert("5")]), format!("@{ANN}|"));
}

#[test]
fn up_and_down_keep_their_cell() {
    let long = "abcdef\nx\nabcdef";
    let down = Down { width: 20 };
    let up = Up { width: 20 };
    assert_eq!(after("abcd|ef\nx\nabcdef", std::slice::from_ref(&down)), "abcdef\nx|\nabcdef");
    assert_eq!(after("abcd|ef\nx\nabcdef", &[down.clone(), down.clone()]), "abcdef\nx\nabcd|ef");
    assert_eq!(
        after("abcd|ef\nx\nabcdef", &[down.clone(), down.clone(), up.clone(), up]),
        "abcd|ef\nx\nabcdef"
    );
    assert_eq!(after(long, &[Start, down.clone(), down.clone(), down]), format!("{long}|"));
}

#[test]
fn up_and_down_go_by_lines_as_they_are_shown() {
    // Nine cells for text, one for the cursor.
    let text = "one two three four";
    assert_eq!(after(&format!("|{text}"), &[Down { width: 10 }]), "one two |three four");
    assert_eq!(after("one two three|", &[Up { width: 10 }]), "one t|wo three");
    assert_eq!(after("漢字|漢字", &[Down { width: 6 }]), "漢字漢字|");
}

#[test]
fn the_history_is_gone_through_from_the_first_line() {
    let mut composer = composer("");
    for text in ["first", "second\nline", "second\nline", "  "] {
        composer.edit(Set(text.to_owned()), &());
        composer.take();
    }
    let sent: Vec<_> = composer.history().sent().collect();
    assert_eq!(sent, ["first", "second\nline"]);
    composer.edit(insert("now"), &());
    let go = |composer: &mut Composer, edit: Edit| {
        composer.edit(edit, &());
        told(composer)
    };
    let (up, down) = (Up { width: 20 }, Down { width: 20 });
    assert_eq!(go(&mut composer, up.clone()), "second\nline|");
    assert_eq!(go(&mut composer, up.clone()), "seco|nd\nline");
    assert_eq!(go(&mut composer, up.clone()), "first|");
    assert_eq!(go(&mut composer, up.clone()), "|first");
    assert_eq!(go(&mut composer, down.clone()), "second\nline|");
    assert_eq!(go(&mut composer, down.clone()), "now|");
    assert_eq!(go(&mut composer, down.clone()), "now|");
    assert_eq!(go(&mut composer, up), "second\nline|");
    assert_eq!(go(&mut composer, insert("!")), "second\nline!|");
    assert_eq!(go(&mut composer, down), "second\nline!|");
    assert_eq!(go(&mut composer, Undo), "second\nline|");
    assert_eq!(go(&mut composer, Undo), "now|");
}

#[test]
fn what_is_sent_is_taken_out_and_cannot_be_undone() {
    let mut composer = composer(" hi \n|");
    assert_eq!(composer.take(), "hi");
    assert!(!composer.edit(Undo, &()));
    assert_eq!(told(&composer), "|");
    assert_eq!(composer.into_history().sent().collect::<Vec<_>>(), ["hi"]);
}

#[test]
fn the_oldest_of_a_long_history_is_forgotten() {
    let mut history = History::default();
    (0..150).for_each(|number| history.add(&number.to_string()));
    assert_eq!(history.sent().count(), 100);
    assert_eq!(history.sent().next(), Some("50"));
}

#[test]
fn code_points_are_counted_as_they_are_sent() {
    let mut composer = composer("");
    assert!(composer.is_blank());
    composer.edit(Paste("👍".repeat(2_000)), &());
    assert_eq!((composer.count(), composer.is_too_long()), (2_000, false));
    composer.edit(insert("e\u{301}"), &());
    assert_eq!((composer.count(), composer.is_too_long()), (2_002, true));
    composer.edit(Set(format!("@{ANN}")), &());
    assert_eq!(composer.count(), 67);
}

#[test]
fn more_than_can_be_kept_is_not_taken_in() {
    let mut composer = composer("");
    composer.edit(Paste("漢".repeat(MAX_BYTES)), &());
    assert!(composer.text.len() <= MAX_BYTES);
    let length = composer.text.len();
    composer.edit(Paste("漢".to_owned()), &());
    assert_eq!(composer.text.len(), length);
    assert!(Composer::new(&"a".repeat(MAX_BYTES * 2), History::default()).text.len() <= MAX_BYTES);
}

#[test]
fn a_long_text_can_be_edited() {
    let mut composer = composer("");
    composer.edit(Paste("word שלום 漢字 👍 ".repeat(4_000)), &People);
    for _ in 0..20 {
        composer.edit(Up { width: 80 }, &People);
        composer.edit(insert("a"), &People);
        composer.edit(WordLeft, &People);
        composer.edit(DeleteWordBehind, &People);
        composer.layout(80, Order::Visual, &|id| People.name_of(id));
    }
    assert!(composer.text.len() > 100_000);
}
