//! What keys and clicks on the screens lead to.

use super::*;

fn commands(acts: Vec<Request>) -> Vec<Command> {
    acts.into_iter()
        .filter_map(|act| match act {
            Request::Command(command) => Some(command.command),
            _ => None,
        })
        .collect()
}

fn controls(acts: Vec<Request>) -> Vec<Control> {
    acts.into_iter()
        .filter_map(|act| match act {
            Request::Control(control) => Some(control),
            _ => None,
        })
        .collect()
}

fn welcome() -> Stand {
    let stage = Stage::Welcome { demo_exists: false };
    Stand::new(fixtures::welcome_snapshot(stage), ThemeName::Dark)
}

#[test]
fn enter_on_the_welcome_begins_the_demo() {
    let mut stand = welcome();
    assert_eq!(controls(stand.press("Enter").acts()), [Control::BeginDemo]);
}

#[test]
fn an_account_is_made_with_a_name_or_without_one() {
    let mut stand = welcome();
    let acts = stand.press("Down Enter").write("Ann").press("Enter").acts();
    assert_eq!(controls(acts), [Control::BeginNew { name: Some("Ann".into()) }]);
    let acts = stand.press("Enter Enter").acts();
    assert_eq!(controls(acts), [Control::BeginNew { name: None }]);
}

#[test]
fn a_click_on_the_third_choice_restores() {
    let mut stand = welcome();
    assert_eq!(controls(stand.click("Restore an account").acts()), [Control::BeginRestore]);
}

#[test]
fn a_request_is_accepted_by_key_and_declined_by_click() {
    let mut stand = Stand::full();
    stand.press("Ctrl-R");
    let acts = commands(stand.press("a").acts());
    assert_eq!(acts, [Command::Approve { contact: fixtures::id(400) }]);
    let acts = commands(stand.press("Down").click("Decline").acts());
    assert_eq!(acts, [Command::Decline { contact: fixtures::id(401) }]);
}

#[test]
fn all_requests_go_only_after_a_yes() {
    let mut stand = Stand::full();
    stand.press("Ctrl-R");
    assert_eq!(commands(stand.press("X Enter").acts()), []);
    assert_eq!(commands(stand.press("y").acts()), [Command::DeclineAll]);
}

#[test]
fn a_request_that_was_read_is_open() {
    let mut stand = Stand::full();
    stand.press("Ctrl-R");
    assert!(!stand.press("Enter").text().contains("Message requests"));
}

#[test]
fn a_switch_says_the_opposite() {
    let mut stand = Stand::full();
    stand.press("F2");
    let acts = commands(stand.press("Down Down Enter").acts());
    assert_eq!(acts, [Command::SetPrivacy { read_receipts: Some(false), typing: None }]);
}

#[test]
fn a_name_begins_with_the_one_before() {
    let mut stand = Stand::full();
    stand.press("F2");
    let acts = commands(stand.press("Enter").write("a").press("Enter").acts());
    assert_eq!(acts, [Command::SetName { name: "Anna".into() }]);
}

#[test]
fn another_theme_is_there_at_once() {
    let mut stand = Stand::full();
    stand.press("F2");
    let dark = stand.draw(100, 40);
    stand.press("Down Down Down Down Right");
    let light = stand.draw(100, 40);
    assert_ne!(dark[(0, 0)].bg, light[(0, 0)].bg);
    assert!(stand.text().contains("light"));
    let set = |acts: Vec<Request>| match acts.last() {
        Some(Request::Control(Control::SetWindow { window })) => window.settings.clone(),
        other => panic!("{other:?}"),
    };
    stand.app.tick(NOW + 1_000);
    let kept = set(stand.asked.0.lock().unwrap().clone());
    assert_eq!(kept.get("terminal.theme").map(String::as_str), Some("light"));
    // The next one begins with it.
    let window = Some(Window { settings: kept, ..Window::default() });
    let mut next = Stand::new(Snapshot { window, ..fixtures::snapshot() }, ThemeName::Dark);
    next.press("F2");
    assert_eq!(next.draw(100, 40)[(0, 0)].bg, light[(0, 0)].bg);
}

#[test]
fn who_turns_hebrew_around_can_be_changed() {
    let mut stand = Stand::full();
    let before = stand.text();
    stand.press("F2 Down Down Down Down Down Enter");
    assert!(stand.text().contains("by the terminal"));
    stand.press("Esc");
    assert_ne!(stand.text(), before);
    stand.press("F2 Down Down Down Down Down Right Esc");
    assert_eq!(stand.text(), before);
}

#[test]
fn the_recovery_phrase_is_shown_by_the_program_alone() {
    let mut stand = Stand::full();
    stand.press("F4");
    let acts = controls(stand.press("s Enter").acts());
    let task = Task::ShowPhrase { account: fixtures::ann() };
    assert_eq!(acts, [Control::HandOver { task }]);
}

#[test]
fn an_account_goes_only_after_a_yes() {
    let mut stand = Stand::full();
    stand.press("F4");
    assert_eq!(controls(stand.press("Down x Enter Esc").acts()), []);
    let acts = controls(stand.press("x y").acts());
    assert_eq!(acts, [Control::RemoveAccount { account: fixtures::work() }]);
}

#[test]
fn a_plugin_gets_what_is_marked() {
    let mut stand = Stand::full();
    stand.press("Ctrl-P");
    stand.press("Down Down Down Down g");
    // Without the second of what it asks for.
    let acts = controls(stand.press("Down Space Enter").acts());
    let allow = Control::AllowPlugin {
        name: "bot-guest-list".into(),
        grants: vec![Grant::Read, Grant::Contacts],
        accounts: Some(vec![fixtures::ann()]),
    };
    assert_eq!(acts, [allow]);
}

#[test]
fn a_plugin_of_which_nothing_is_decided_is_asked_about() {
    let refusal = Refusal { kind: "NotDecided".into(), text: "nothing is decided".into() };
    let mut stand = Stand { refusing: Some(refusal), ..Stand::full() };
    // Wherever it was asked for.
    stand.press("Enter Ctrl-U").write("/ui window").press("Enter");
    assert!(stand.text().contains("Allow window"));
    stand.press("Esc Ctrl-P Down Down Down Down Enter");
    assert!(stand.text().contains("Allow Guest list"));
    stand.press("Esc l").write("/lib/libramson_bot_other.so").press("Enter");
    assert!(stand.text().contains("Allow bot-other"));
    stand.acts();
    let acts = controls(stand.press("Space Enter").acts());
    let allow = Control::AllowPlugin {
        name: "/lib/libramson_bot_other.so".into(),
        grants: vec![Grant::Read],
        accounts: Some(vec![fixtures::ann()]),
    };
    assert_eq!(acts, [allow]);
}

#[test]
fn a_plugin_stays_with_the_accounts_that_were_decided() {
    let mut stand = Stand::full();
    let mut plugins = fixtures::plugins();
    plugins[1].accounts = Some(vec![fixtures::work()]);
    plugins[1].conversations = Some(vec![fixtures::bob().into()]);
    stand.press("Ctrl-P");
    stand.tell(Event::Plugins { plugins });
    let text = stand.press("Down g").text();
    assert!(text.contains("only for Ann, library;"), "{text}");
    assert!(text.contains("It sees 1 conversation and no others"), "{text}");
    let allow = Control::AllowPlugin {
        name: "bot-echo".into(),
        grants: vec![Grant::Read, Grant::Send],
        accounts: Some(vec![fixtures::work()]),
    };
    assert_eq!(controls(stand.press("Enter").acts()), [allow]);
}

#[test]
fn a_plugin_says_what_it_asked_for_in_vain_and_where_it_may() {
    let mut stand = Stand::full();
    let mut plugins = fixtures::plugins();
    plugins[1].granted = GrantSet::NONE;
    plugins[2].accounts = Some(vec![fixtures::id(77)]);
    plugins[3].accounts = Some(Vec::new());
    stand.press("Ctrl-P");
    stand.tell(Event::Plugins { plugins });
    let text = stand.text();
    let archive = format!("for {} · in 2 conversations", fixtures::id(77).short());
    for wanted in [
        "may do nothing; asked in vain for read, send",
        "may read; asked in vain for history",
        &archive,
        "for no account that is shown here",
    ] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
}

#[test]
fn a_plugin_is_given_nothing_only_after_a_second_enter() {
    let refusal = Refusal { kind: "NotDecided".into(), text: "nothing is decided".into() };
    let mut stand = Stand { refusing: Some(refusal), ..Stand::full() };
    stand.press("Ctrl-P l").write("/lib/libramson_bot_other.so").press("Enter");
    stand.acts();
    assert_eq!(controls(stand.press("Enter").acts()), []);
    assert!(stand.text().contains("press Enter again"));
    let acts = controls(stand.press("Enter").acts());
    let name = "/lib/libramson_bot_other.so".into();
    let accounts = Some(vec![fixtures::ann()]);
    assert_eq!(acts, [Control::AllowPlugin { name, grants: Vec::new(), accounts }]);
}

#[test]
fn a_ui_that_was_to_be_used_is_shown_once_it_is_allowed() {
    let refusal = Refusal { kind: "NotDecided".into(), text: "nothing is decided".into() };
    let mut stand = Stand { refusing: Some(refusal), ..Stand::full() };
    stand.press("Enter Ctrl-U").write("/ui other").press("Enter");
    stand.refusing = None;
    stand.acts();
    let acts = controls(stand.press("Space Enter").acts());
    let name = || "other".to_owned();
    let (grants, accounts) = (vec![Grant::Read], Some(vec![fixtures::ann()]));
    let allow = Control::AllowPlugin { name: name(), grants, accounts };
    assert_eq!(acts, [allow, Control::UseUi { name: name() }]);
}

#[test]
fn the_end_of_a_long_error_can_be_read() {
    let text = "The library /home/ann/plugins/libramson_bot_weather.so cannot be loaded: it was \
                built for another plugin interface; rebuild it against this program's SDK";
    let refusal = Refusal { kind: "Refused".into(), text: text.into() };
    for keys in ["Ctrl-P", "Ctrl-P l", "Esc"] {
        let mut stand = Stand { refusing: Some(refusal.clone()), ..Stand::full() };
        stand.press("Ctrl-P Down Down Down Down Enter Esc").press(keys);
        let drawn = crate::capture::text(&stand.draw(80, 24));
        assert!(drawn.lines().rev().take(3).any(|line| line.contains("SDK")), "{drawn}");
    }
}

#[test]
fn the_welcome_offers_its_choices_on_the_smallest_terminal() {
    let snapshot = fixtures::welcome_snapshot(Stage::Welcome { demo_exists: false });
    let mut stand = Stand::new(snapshot, ThemeName::Dark);
    let text = crate::capture::text(&stand.draw(20, 5));
    assert!(text.contains("Try it here"), "{text}");
    let text = crate::capture::text(&stand.press("Down").draw(20, 5));
    assert!(text.contains("Create an acco"), "{text}");
}

#[test]
fn help_tells_how_to_go_back_to_what_was_sent() {
    let mut stand = Stand::full();
    let text = stand.click("Bob").press("F1").text();
    for wanted in ["Ctrl-Up/Down", "Ctrl-Left/Right", "Ctrl-W"] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
}

#[test]
fn a_running_plugin_is_stopped_and_reloaded() {
    let mut stand = Stand::full();
    stand.press("Ctrl-P");
    let acts = controls(stand.press("Down s w").acts());
    let name = || "bot-echo".to_owned();
    let wanted = [Control::StopPlugin { name: name() }, Control::SwapPlugin { name: name() }];
    assert_eq!(acts, wanted);
}

#[test]
fn the_ui_that_is_looked_at_is_reloaded_but_not_stopped() {
    let mut stand = Stand::full();
    stand.press("Ctrl-P");
    assert!(!stand.text().contains("Stop"));
    let acts = controls(stand.press("s Enter").acts());
    assert_eq!(acts, [Control::SwapPlugin { name: "ui-terminal".into() }]);
}

#[test]
fn a_question_without_an_answer_says_why() {
    let refusal = Refusal { kind: "Denied".into(), text: "Not granted".into() };
    let mut stand = Stand::empty();
    stand.refusing_questions = Some(refusal);
    stand.press("Ctrl-G u");
    assert!(stand.text().contains("Not granted"), "{}", stand.text());
}

#[test]
fn a_command_that_needs_nothing_more_is_done_with_one_enter() {
    let mut stand = Stand::full();
    stand.press("Enter Ctrl-U").write("/plug").press("Enter");
    assert!(stand.text().contains("Guest list"));
    stand.press("Esc").write("/u").press("Enter");
    assert!(stand.text().contains("› /ui"));
}

#[test]
fn a_name_that_is_refused_can_be_tried_again() {
    let refusal = Refusal { kind: "NotRegistered".into(), text: "Not registered".into() };
    let mut stand = Stand::empty();
    stand.press("Ctrl-N");
    stand.refusing_questions = Some(refusal);
    stand.write("nobody").press("Enter");
    assert!(stand.text().contains("Not registered"));
    assert!(stand.text().contains("Enter looks this name up"));
}

#[test]
fn where_nobody_is_the_next_steps_are_told() {
    let mut stand = Stand::empty();
    let text = stand.text();
    for wanted in ["Nobody to write with yet", "Ctrl-N", "F5", "F4"] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
    stand.press("F5");
    assert!(stand.text().contains("This is your address"));
}

#[test]
fn another_ui_takes_its_turn() {
    let mut stand = Stand::full();
    stand.press("Ctrl-P");
    let acts = controls(stand.press("End Enter").acts());
    assert_eq!(acts, [Control::UseUi { name: "ui-window".into() }]);
}

#[test]
fn an_account_id_begins_a_conversation() {
    let mut stand = Stand::full();
    stand.press("Ctrl-N");
    stand.app.input(Input::Paste(format!("{}\n", fixtures::id(77))), NOW);
    stand.press("Enter");
    assert!(!stand.text().contains("To whom?"));
}

#[test]
fn a_name_is_looked_up_first() {
    let mut stand = Stand::full();
    stand.press("Ctrl-N").write("reader").press("Enter");
    assert!(!stand.text().contains("To whom?"));
    let asked = Query::Resolve { account: fixtures::ann(), name: "reader".into() };
    assert!(stand.asked.0.lock().unwrap().contains(&Request::Query(asked)));
}

#[test]
fn a_contact_is_found_and_written_to() {
    let mut stand = Stand::full();
    stand.press("F3").write("gard");
    assert!(stand.text().contains("Gardener"));
    assert!(!stand.press("Enter").text().contains("Contacts"));
}

#[test]
fn a_timer_is_chosen() {
    let mut stand = Stand::full();
    stand.click("Bob").press("Ctrl-O");
    let acts = commands(stand.press("Down Enter Down Enter").acts());
    let setting = Disappearing::AfterSend(12 * 3_600);
    let conversation = fixtures::bob().into();
    assert_eq!(acts, [Command::SetDisappearing { conversation, setting }]);
}

#[test]
fn an_emoji_goes_onto_the_marked_message() {
    let mut stand = Stand::full();
    stand.click("Bob");
    let acts = commands(stand.press("Up e").write("umbrella").press("Enter").acts());
    assert!(
        matches!(&acts[..], [Command::React { emoji, .. }] if emoji.contains('☂') || emoji.contains('☔'))
    );
}

#[test]
fn a_message_is_deleted_where_it_is_chosen() {
    let mut stand = Stand::full();
    stand.click("Bob");
    stand.press("Up d");
    let acts = commands(stand.press("Down Enter").acts());
    assert!(matches!(acts[..], [Command::Delete { scope: DeleteScope::MyDevices, .. }]));
}
