//! What people write behind a command's name.

use proptest::prelude::*;
use ramson_wire::AccountId;

use super::super::testing::ANN;
use super::super::{CommandError, Commands, Rest, Span};

#[derive(Commands, Debug, Clone, PartialEq)]
#[allow(dead_code, reason = "some are only read")]
enum Command {
    Word { word: String, more: Option<String> },
    Small(u8, i64),
    Real { number: f64 },
    After { span: Span, text: Rest },
    Who { id: AccountId, ban: bool },
    Note { text: Option<Rest> },
}

fn read(text: &str) -> Result<Command, CommandError> {
    Command::parse(text).unwrap()
}

#[test]
fn every_kind_of_argument_is_read() {
    let word = |word: &str, more: Option<&str>| Command::Word {
        word: word.to_owned(),
        more: more.map(str::to_owned),
    };
    assert_eq!(read("/word a"), Ok(word("a", None)));
    assert_eq!(read("/word\ta\n b "), Ok(word("a", Some("b"))));
    assert_eq!(read("/small 255 -7"), Ok(Command::Small(255, -7)));
    assert_eq!(read("/real 1e3"), Ok(Command::Real { number: 1_000.0 }));
    let (span, text) = (Span::of_seconds(60), Rest("a\n b".to_owned()));
    assert_eq!(read("/after 1m  a\n b\n"), Ok(Command::After { span, text }));
    let id = format!("@{ANN}").to_uppercase();
    assert_eq!(read(&format!("/who {id} Yes")), Ok(Command::Who { id: ANN, ban: true }));
    assert_eq!(read("/note"), Ok(Command::Note { text: None }));
}

#[test]
fn what_does_not_fit_is_said_in_a_sentence() {
    let said = |text: &str| read(text).unwrap_err().to_string();
    assert_eq!(
        said("/small 256 1"),
        "'256' does not fit <u8>: it has to be a whole number from 0 to 255; write it like: /small <u8> <i64>"
    );
    assert!(said("/real inf").contains("a number"));
    assert!(said("/who 1503 yes").contains("an Account ID"));
    assert!(said("/who").starts_with("<id> is missing"));
    assert!(said("/word a b c").starts_with("'c' is too much"));
    // A stranger's words are not repeated at any length.
    assert!(said(&format!("/real {}", "x".repeat(10_000))).len() < 200);
    assert!(said(&format!("/{}", "x".repeat(10_000))).len() < 200);
}

proptest! {
    #[test]
    fn no_text_is_too_much_for_it(text in "\\PC{0,80}|/[a-z]{1,6}[ \\PC]{0,40}") {
        if let Some(Err(error)) = Command::parse(&text) {
            let said = error.to_string();
            prop_assert!(said.contains("; ") && said.chars().count() < 400);
        }
    }

    #[test]
    fn what_is_written_is_read_again(small: u8, large: i64, seconds in 1..10_000_000_u64, text in "[a-z]{1,9}( [a-zä/]{1,9}){0,4}") {
        prop_assert_eq!(read(&format!("/SMALL {small}  {large}")), Ok(Command::Small(small, large)));
        let span = Span::of_seconds(seconds);
        let written = format!("/after {span} {text}");
        prop_assert_eq!(read(&written), Ok(Command::After { span, text: Rest(text) }));
    }
}
