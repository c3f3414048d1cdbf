mod editing;
mod entering;
mod shown;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::text::Order;
use crate::wire::AccountId;

const ANN: &str = "05aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const BOB: &str = "05bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

struct People;

impl Words for People {
    fn people(&self) -> Vec<(AccountId, String)> {
        let person = |id: &str, name: &str| (id.parse().unwrap(), name.to_owned());
        vec![person(BOB, "Bob"), person(ANN, "Ann of the garden")]
    }

    fn name_of(&self, id: &AccountId) -> String {
        let people = self.people();
        people.into_iter().find(|it| it.0 == *id).map_or_else(|| id.short(), |it| it.1)
    }
}

/// A composer with a text; `|` is where the cursor is.
fn composer(text: &str) -> Composer {
    let (head, tail) = text.split_once('|').unwrap_or((text, ""));
    let mut composer = Composer::new(&format!("{head}{tail}"), History::default());
    composer.cursor = head.len();
    composer
}

/// The text, with `|` where the cursor is.
fn told(composer: &Composer) -> String {
    let (head, tail) = composer.text.split_at(composer.cursor);
    format!("{head}|{tail}")
}

fn after(text: &str, edits: &[Edit]) -> String {
    let mut composer = composer(text);
    for edit in edits {
        composer.edit(edit.clone(), &People);
    }
    told(&composer)
}

fn insert(text: &str) -> Edit {
    Edit::Insert(text.to_owned())
}

fn any_edit() -> impl Strategy<Value = Edit> {
    use Edit::*;
    let text = || crate::text::tests::awkward();
    let key = proptest::sample::select(vec![
        "a", " ", "@", ":", "/", "e", "\u{301}", "ש", "字", "👍", "🇩", "\u{200d}", "\t", "0", "5",
    ]);
    let plain = vec![
        Newline,
        Backspace,
        Delete,
        DeleteWordBefore,
        DeleteWordBehind,
        DeleteToLineStart,
        DeleteToLineEnd,
        Clear,
        Left,
        Right,
        WordLeft,
        WordRight,
        LineStart,
        LineEnd,
        Start,
        End,
        Undo,
        Redo,
        Older,
        Newer,
        NextCandidate,
        PreviousCandidate,
        TakeCandidate(2),
        Accept,
        Dismiss,
    ];
    prop_oneof![
        10 => key.prop_map(insert),
        2 => text().prop_map(Insert),
        2 => text().prop_map(Paste),
        1 => text().prop_map(Set),
        1 => Just(insert(&format!("@{ANN}"))),
        20 => proptest::sample::select(plain),
        3 => (0..20_usize).prop_map(|width| Up { width }),
        3 => (0..20_usize).prop_map(|width| Down { width }),
        1 => (0..20_usize, 0..20_usize, 0..20_usize)
            .prop_map(|(width, row, column)| Place { width, row, column }),
    ]
}

fn is_place(text: &str, at: usize) -> bool {
    at == text.len() || text.grapheme_indices(true).any(|(begin, _)| begin == at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_cursor_is_never_within_a_grapheme(
        draft in crate::text::tests::awkward(),
        edits in proptest::collection::vec(any_edit(), 0..40),
    ) {
        let mut composer = composer("");
        composer.edit(Edit::Set(draft), &People);
        composer.take();
        for edit in edits {
            let before = composer.text.clone();
            let changed = composer.edit(edit.clone(), &People);
            prop_assert_eq!(changed, composer.text != before, "{:?}", edit);
            prop_assert!(is_place(&composer.text, composer.cursor), "{:?} after {edit:?}", told(&composer));
            prop_assert_eq!(units::at_or_behind(&composer.text, composer.cursor), composer.cursor);
        }
    }

    #[test]
    fn all_edits_can_be_taken_back_and_done_again(
        draft in crate::text::tests::awkward(),
        edits in proptest::collection::vec(any_edit(), 0..40),
    ) {
        let mut composer = Composer::new(&draft, History::default());
        let first = composer.text.clone();
        for edit in edits {
            if !matches!(edit, Edit::Undo | Edit::Redo) {
                composer.edit(edit, &People);
            }
        }
        let last = composer.text.clone();
        while composer.edit(Edit::Undo, &People) {}
        prop_assert_eq!(&composer.text, &first);
        while composer.edit(Edit::Redo, &People) {}
        prop_assert_eq!(&composer.text, &last);
    }

    #[test]
    fn the_cursor_is_within_what_is_shown(
        text in crate::text::tests::awkward(),
        width in 1..20_usize,
    ) {
        let mut composer = Composer::new(&text, History::default());
        composer.edit(Edit::Start, &People);
        loop {
            for order in [Order::Visual, Order::Logical] {
                let layout = composer.layout(width, order, &|id| People.name_of(id));
                prop_assert!(layout.row < layout.lines.len());
                prop_assert!(layout.column < width);
            }
            let at = composer.cursor;
            composer.go_behind();
            if composer.cursor == at {
                break;
            }
        }
    }

    #[test]
    fn going_down_ends_at_the_end_and_going_up_at_the_beginning(
        text in crate::text::tests::awkward(),
        width in 0..20_usize,
    ) {
        let mut composer = Composer::new(&text, History::default());
        for (edit, end) in [(Edit::Up { width }, 0), (Edit::Down { width }, composer.text.len())] {
            let steps = composer.text.len() + 2;
            let before = composer.cursor;
            let mut last = before;
            for _ in 0..steps {
                composer.edit(edit.clone(), &People);
                let onward = if end == 0 { composer.cursor <= last } else { composer.cursor >= last };
                prop_assert!(onward);
                last = composer.cursor;
            }
            prop_assert_eq!(composer.cursor, end);
        }
    }

    #[test]
    fn the_cell_of_the_cursor_leads_to_the_cursor(
        text in "[a-c שלם漢👍\n]{0,30}",
        width in 4..20_usize,
    ) {
        let mut composer = Composer::new(&text, History::default());
        composer.edit(Edit::Start, &People);
        while composer.cursor < composer.text.len() {
            let layout = composer.layout(width, Order::Visual, &|id| People.name_of(id));
            let at = composer.cursor;
            let (row, column) = (layout.row, layout.column);
            composer.edit(Edit::Place { width, row, column }, &People);
            prop_assert_eq!(composer.cursor, at);
            composer.go_behind();
        }
    }
}

impl Composer {
    fn go_behind(&mut self) {
        self.cursor = units::behind(&self.text, self.cursor);
    }
}
