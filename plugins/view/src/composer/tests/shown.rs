use super::*;

/// The lines, and the cursor's line and cell.
fn shown(text: &str, width: usize) -> (Vec<String>, usize, usize) {
    let layout = composer(text).layout(width, Order::Visual, &|id| People.name_of(id));
    (layout.lines.iter().map(crate::text::Line::text).collect(), layout.row, layout.column)
}

#[test]
fn the_cursor_has_a_cell() {
    let mention = format!("hi @{BOB}| x");
    for (text, width, lines, row, column) in [
        ("|", 10, vec![""], 0, 0),
        ("abc|", 10, vec!["abc"], 0, 3),
        ("a|bc", 10, vec!["abc"], 0, 1),
        ("漢|字", 10, vec!["漢字"], 0, 2),
        ("a\n|", 10, vec!["a", ""], 1, 0),
        ("a\n|b", 10, vec!["a", "b"], 1, 0),
        ("a|\nb", 10, vec!["a", "b"], 0, 1),
        ("abc  |", 10, vec!["abc  "], 0, 5),
        ("abcd |", 5, vec!["abcd", " "], 1, 1),
        ("abc de|", 5, vec!["abc ", "de"], 1, 2),
        ("abcd|", 5, vec!["abcd"], 0, 4),
        ("abcd|e", 5, vec!["abcd", "e"], 1, 0),
        ("a\tb|", 10, vec!["a    b"], 0, 6),
        ("👍|", 1, vec!["👍"], 0, 0),
        (&mention, 20, vec!["hi @Bob x"], 0, 7),
        // Hebrew stands at the right edge, and the cursor goes to the left.
        ("שלום|", 10, vec!["םולש"], 0, 5),
        ("|שלום", 10, vec!["םולש"], 0, 9),
        ("של|ום", 10, vec!["םולש"], 0, 7),
        ("hi של|ום", 10, vec!["hi םולש"], 0, 4),
        ("hi |שלום", 10, vec!["hi םולש"], 0, 6),
        ("hi שלום|", 10, vec!["hi םולש"], 0, 7),
        ("שלום |", 10, vec![" םולש"], 0, 4),
    ] {
        let expected = (lines.iter().map(ToString::to_string).collect(), row, column);
        assert_eq!(shown(text, width), expected, "{text:?}");
    }
}

#[test]
fn a_mention_is_a_run_of_its_own() {
    let composer = composer(&format!("hi @{BOB}"));
    let layout = composer.layout(20, Order::Visual, &|id| People.name_of(id));
    let last = layout.lines[0].runs.last().unwrap();
    assert_eq!(last.text, "@Bob");
    assert_eq!(last.kind, crate::text::Kind::Mention(BOB.parse().unwrap()));
}

#[test]
fn a_click_puts_the_cursor_there() {
    for (text, (row, column), expected) in [
        ("abc\ndef", (0, 1), "a|bc\ndef"),
        ("abc\ndef", (1, 7), "abc\ndef|"),
        ("abc\ndef", (9, 0), "abc\ndef|"),
        ("漢字", (0, 3), "漢|字"),
        ("שלום", (0, 9), "|שלום"),
        ("שלום", (0, 8), "ש|לום"),
        ("שלום", (0, 0), "שלום|"),
    ] {
        let edit = Edit::Place { width: 10, row, column };
        assert_eq!(after(text, &[edit]), expected, "{text:?}");
    }
}
