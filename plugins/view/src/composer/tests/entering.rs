use super::*;

fn typed(text: &str) -> Composer {
    let mut composer = composer("");
    for one in text.chars() {
        composer.edit(insert(&one.to_string()), &People);
    }
    composer
}

fn labels(composer: &Composer) -> Vec<&str> {
    let candidates = composer.completion().map(|it| &it.candidates[..]).unwrap_or_default();
    candidates.iter().map(|it| it.label.as_str()).collect()
}

#[test]
fn words_that_begin_with_a_sign_have_candidates() {
    for (text, expected) in [
        ("@", vec!["@Ann of the garden", "@Bob"]),
        ("hi @b", vec!["@Bob"]),
        ("(@gard", vec!["@Ann of the garden"]),
        ("@05bb", vec!["@Bob"]),
        ("@nobody", vec![]),
        ("mail@b", vec![]),
        ("@Bob ", vec![]),
        ("/q", vec!["/quit"]),
        ("/u", vec!["/ui NAME"]),
        ("/N", vec!["/network", "/new [ID OR NAME]"]),
        ("/quit", vec![]),
        (" /q", vec![]),
        ("//q", vec![]),
        (":tada", vec!["🎉"]),
        (":t", vec![]),
        (":)", vec![]),
        ("10:30", vec![]),
        ("http://ab", vec![]),
    ] {
        assert_eq!(labels(&typed(text)), expected, "{text:?}");
    }
    assert_eq!(labels(&typed("/")).len(), COMMANDS.len());
    assert_eq!(labels(&typed(":smi")).first(), Some(&"😄"));
    assert!(labels(&typed(":sm")).len() <= 8);
}

#[test]
fn a_candidate_takes_the_place_of_the_word() {
    let mut composer = typed("hi @an");
    assert!(composer.edit(Edit::Accept, &People));
    assert_eq!(told(&composer), format!("hi @{ANN} |"));
    assert!(composer.completion().is_none());
    composer.edit(Edit::Undo, &People);
    assert_eq!(told(&composer), "hi @an|");

    let mut composer = typed(":tada");
    composer.edit(Edit::Accept, &People);
    assert_eq!(told(&composer), "🎉|");

    let mut composer = typed("/u");
    composer.edit(Edit::Accept, &People);
    assert_eq!(told(&composer), "/ui |");

    let mut composer = super::composer("hi | there");
    composer.edit(insert("@"), &People);
    composer.edit(insert("b"), &People);
    composer.edit(Edit::Accept, &People);
    assert_eq!(told(&composer), format!("hi @{BOB}| there"));
}

#[test]
fn candidates_are_chosen_with_up_and_down() {
    let selected = |composer: &Composer| composer.completion().map(|it| it.selected);
    let mut composer = typed("@");
    assert_eq!(selected(&composer), Some(0));
    composer.edit(Edit::Down { width: 20 }, &People);
    assert_eq!(selected(&composer), Some(1));
    composer.edit(Edit::NextCandidate, &People);
    assert_eq!(selected(&composer), Some(0));
    composer.edit(Edit::Up { width: 20 }, &People);
    composer.edit(Edit::Accept, &People);
    assert_eq!(told(&composer), format!("@{BOB} |"));
    let mut composer = typed("@");
    composer.edit(Edit::TakeCandidate(1), &People);
    assert_eq!(told(&composer), format!("@{BOB} |"));
    let mut composer = typed("@");
    assert!(!composer.edit(Edit::TakeCandidate(7), &People));
    assert_eq!(told(&composer), "@|");
}

#[test]
fn candidates_that_were_dismissed_stay_away_for_this_word() {
    let mut composer = typed("@");
    composer.edit(Edit::Dismiss, &People);
    assert!(composer.completion().is_none());
    composer.edit(insert("b"), &People);
    assert!(composer.completion().is_none());
    composer.edit(insert(" "), &People);
    composer.edit(insert("@"), &People);
    assert!(composer.completion().is_some());
    composer.edit(Edit::Left, &People);
    assert!(composer.completion().is_none());
}

#[test]
fn an_emoji_that_is_written_out_becomes_one() {
    assert_eq!(told(&typed("so :tada:")), "so 🎉|");
    assert_eq!(told(&typed("so :no_such_one:")), "so :no_such_one:|");
    assert_eq!(told(&typed("10:30:")), "10:30:|");
    let mut composer = typed(":tada:");
    composer.edit(Edit::Undo, &People);
    assert_eq!(told(&composer), ":tada:|");
}

#[test]
fn emoji_that_are_used_come_first() {
    struct Uses(crate::emoji::Frequent);
    impl Words for Uses {
        fn people(&self) -> Vec<(AccountId, String)> {
            Vec::new()
        }
        fn name_of(&self, id: &AccountId) -> String {
            id.short()
        }
        fn frequent(&self) -> Option<&crate::emoji::Frequent> {
            Some(&self.0)
        }
    }
    let mut frequent = crate::emoji::Frequent::default();
    frequent.used("😃");
    let mut composer = composer("");
    composer.edit(insert(":smi"), &Uses(frequent));
    assert_eq!(labels(&composer).first(), Some(&"😃"));
}

#[test]
fn what_is_written_is_a_message_or_a_command() {
    let message = |text: &str| Entry::Message(text.to_owned());
    let command = |name, argument: &str| Entry::Command { name, argument: argument.to_owned() };
    for (text, expected) in [
        ("hi", message("hi")),
        (" hi ", message("hi")),
        ("", message("")),
        ("/", message("/")),
        ("//quit", message("/quit")),
        ("/etc/hosts", message("/etc/hosts")),
        ("/quit\nnow", message("/quit\nnow")),
        ("/quit", command("quit", "")),
        ("/QUIT ", command("quit", "")),
        ("/ui  matrix rain ", command("ui", "matrix rain")),
        ("/nothing at all", Entry::Unknown("nothing".to_owned())),
    ] {
        assert_eq!(parse(text), expected, "{text:?}");
    }
}

#[test]
fn commands_are_in_the_order_of_their_names() {
    assert!(COMMANDS.is_sorted_by_key(|command| command.name));
}
