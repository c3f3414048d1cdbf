use ramson_wire::{Control, DeleteScope, Disappearing, Grant, Notify, Refusal, Reply, Task};

use super::*;
use crate::Wish;
use crate::composer::Edit;

fn refusal(kind: &str, text: &str) -> Refusal {
    Refusal { kind: kind.to_owned(), text: text.to_owned() }
}

#[test]
fn each_wish_for_a_conversation_is_one_command() {
    let desk = desk();
    let bob = ConversationId::from(desk.bob);
    let contact = desk.bob;
    let cases = [
        (
            Action::MarkRead(bob.clone()),
            Command::MarkRead { conversation: bob.clone(), up_to: None },
        ),
        (
            Action::MarkUnread { conversation: bob.clone(), unread: true },
            Command::MarkUnread { conversation: bob.clone(), unread: true },
        ),
        (
            Action::Pin { conversation: bob.clone(), pinned: true },
            Command::SetPriority { conversation: bob.clone(), priority: 1 },
        ),
        (
            Action::Pin { conversation: bob.clone(), pinned: false },
            Command::SetPriority { conversation: bob.clone(), priority: 0 },
        ),
        (
            Action::Hide { conversation: bob.clone(), hidden: true },
            Command::SetPriority { conversation: bob.clone(), priority: -1 },
        ),
        (
            Action::Mute { conversation: bob.clone(), until: 7 },
            Command::Mute { conversation: bob.clone(), until: 7 },
        ),
        (
            Action::SetNotify { conversation: bob.clone(), notify: Notify::Mentions },
            Command::SetNotify { conversation: bob.clone(), notify: Notify::Mentions },
        ),
        (
            Action::SetTimer { conversation: bob.clone(), setting: Disappearing::AfterSend(60) },
            Command::SetDisappearing { conversation: bob, setting: Disappearing::AfterSend(60) },
        ),
        (Action::Approve(contact), Command::Approve { contact }),
        (Action::Decline(contact), Command::Decline { contact }),
        (Action::DeclineAll, Command::DeclineAll),
        (Action::Block { contact, blocked: true }, Command::Block { contact, blocked: true }),
        (Action::AddContact(contact), Command::AddContact { contact }),
        (Action::RemoveContact(contact), Command::RemoveContact { contact }),
        (Action::SetName(" Ann ".to_owned()), Command::SetName { name: "Ann".to_owned() }),
        (
            Action::SetPrivacy { read_receipts: Some(false), typing: None },
            Command::SetPrivacy { read_receipts: Some(false), typing: None },
        ),
    ];
    for (action, command) in cases {
        let mut desk = super::desk();
        assert_eq!((desk.ann, desk.bob), (desk.ann, contact));
        desk.act(action);
        assert_eq!(desk.commands(), [command]);
    }
}

#[test]
fn what_the_program_is_told_goes_there() {
    let name = || "bot-echo".to_owned();
    let cases = [
        (Action::LoadPlugin(name()), Control::LoadPlugin { name: name() }),
        (Action::StopPlugin(name()), Control::StopPlugin { name: name() }),
        (Action::SwapPlugin(name()), Control::SwapPlugin { name: name() }),
        (
            Action::AllowPlugin {
                name: name(),
                grants: vec![Grant::Send],
                accounts: None,
                show: false,
            },
            Control::AllowPlugin { name: name(), grants: vec![Grant::Send], accounts: None },
        ),
        (Action::UseUi("web".to_owned()), Control::UseUi { name: "web".to_owned() }),
        (Action::BeginDemo, Control::BeginDemo),
        (Action::BeginRestore, Control::BeginRestore),
        (Action::BeginNew { name: Some(" ".to_owned()) }, Control::BeginNew { name: None }),
        (Action::HandOver(Task::RestoreAccount), Control::HandOver { task: Task::RestoreAccount }),
        (Action::Quit, Control::Quit),
    ];
    for (action, control) in cases {
        let mut desk = desk();
        desk.act(action);
        assert_eq!(desk.world.controls, [control]);
    }
}

#[test]
fn whoever_leaves_has_everything_kept_first() {
    let mut desk = desk();
    desk.open(desk.bob);
    desk.act(Action::Edit(Edit::Insert("unsent".to_owned())));
    desk.act(Action::Quit);
    let known = desk.world.conversation(desk.ann, &desk.bob.into()).unwrap();
    assert_eq!(known.draft.as_deref(), Some("unsent"));
    assert_eq!(desk.world.window.as_ref().unwrap().conversation, Some(desk.bob.into()));
    assert_eq!(desk.world.controls, [Control::Quit]);
    assert!(matches!(desk.seat.port.all.last(), Some(Request::Control(Control::Quit))));
}

#[test]
fn a_refused_request_is_a_note() {
    let mut desk = desk();
    desk.act(Action::SetName(String::new()));
    assert_eq!(desk.note(), "A name has 1 to 100 bytes");
    assert!(!desk.seat.model.notes.newest().unwrap().good);
    // At once, before anybody carried it out.
    desk.seat.port.refusing = Some(refusal("Busy", "Too much is asked; wait a little"));
    desk.act(Action::Approve(desk.bob));
    assert_eq!(desk.note(), "Too much is asked; wait a little");
}

#[test]
fn what_the_user_knows_nothing_of_is_refused_in_silence() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    desk.seat.model.notes.clear();
    desk.world.refusing = Some(refusal("NotGranted", "This was not granted"));
    desk.act(Action::Seen);
    desk.act(Action::Edit(Edit::Insert("x".to_owned())));
    desk.seat.tick(desk.world.now + 60_000);
    desk.settle();
    assert_eq!(desk.seat.model.notes.all(), []);
}

#[test]
fn notes_fade() {
    let mut desk = desk();
    desk.act(Action::Tell { text: "Copied".to_owned(), good: true });
    let fades = desk.seat.model.next_tick().unwrap();
    desk.seat.tick(fades - 1);
    assert_eq!(desk.note(), "Copied");
    desk.seat.tick(fades);
    assert_eq!(desk.note(), "");
    assert_eq!(desk.seat.model.next_tick(), None);
}

#[test]
fn a_plugin_that_nobody_decided_on_is_asked_about() {
    let mut desk = desk();
    desk.world.refusing = Some(refusal("NotDecided", "Say what it gets first"));
    for (action, show) in
        [(Action::LoadPlugin as fn(String) -> Action, false), (Action::UseUi, true)]
    {
        desk.seat.model.undecided = None;
        desk.act(action("bot-echo".to_owned()));
        let undecided = desk.seat.model.undecided.clone().unwrap();
        assert_eq!(undecided.name, "bot-echo");
        assert_eq!(undecided.text, "Say what it gets first");
        assert_eq!(undecided.show, show);
        assert_eq!(desk.note(), "");
    }
    desk.world.refusing = None;
    let (name, grants) = ("bot-echo".to_owned(), vec![Grant::Read]);
    desk.act(Action::AllowPlugin { name, grants, accounts: None, show: false });
    assert_eq!(desk.seat.model.undecided, None);
    assert_eq!(desk.note(), "The plugin was loaded");
}

#[test]
fn a_ui_that_was_to_be_used_takes_its_turn_once_it_is_allowed() {
    let mut desk = desk();
    let (name, grants) = (|| "window".to_owned(), vec![Grant::Read]);
    let action =
        Action::AllowPlugin { name: name(), grants: grants.clone(), accounts: None, show: true };
    desk.act(action.clone());
    let allow = Control::AllowPlugin { name: name(), grants, accounts: None };
    assert_eq!(desk.world.controls, [allow, Control::UseUi { name: name() }]);

    desk.world.controls.clear();
    desk.world.refusing = Some(refusal("NotGranted", "This was not granted"));
    desk.act(action);
    assert_eq!(
        desk.world.controls.iter().filter(|it| matches!(it, Control::UseUi { .. })).count(),
        0
    );
    assert_eq!(desk.note(), "This was not granted");
}

#[test]
fn a_new_conversation_begins_with_an_id_or_a_name() {
    let mut desk = desk();
    desk.act(Action::StartWith(format!(" {} ", desk.bob.to_string().to_uppercase())));
    assert_eq!(desk.thread().id, desk.bob.into());
    let other = ramson_wire::AccountId([5; 33]);
    desk.world.names.insert("cleo".to_owned(), other);
    desk.seat.act(Action::StartWith("cleo".to_owned()), desk.world.now);
    assert_eq!(desk.seat.model.looking_up.as_deref(), Some("cleo"));
    desk.settle();
    assert_eq!(desk.seat.model.looking_up, None);
    assert_eq!(desk.thread().id, other.into());
    assert!(desk.thread().complete());
}

#[test]
fn what_is_no_id_and_no_name_is_explained() {
    let mut desk = desk();
    let requests = desk.seat.port.all.len();
    desk.act(Action::StartWith("05abc".repeat(10)));
    assert_eq!(desk.note(), "An Account ID has 66 characters; this one has 50");
    desk.act(Action::StartWith(format!("03{}", "ab".repeat(32))));
    assert_eq!(desk.note(), "This is the ID of a group or room; an Account ID begins with 05");
    desk.act(Action::StartWith("  ".to_owned()));
    assert_eq!(desk.seat.port.all.len(), requests);
    desk.act(Action::StartWith("nobody".to_owned()));
    assert_eq!(desk.note(), "Nobody has this name");
    assert_eq!(desk.seat.model.looking_up, None);
}

#[test]
fn an_account_that_was_made_is_used() {
    let mut desk = desk();
    desk.open(desk.bob);
    desk.act(Action::CreateAccount { name: Some("Work".to_owned()) });
    let model = &desk.seat.model;
    assert_eq!(model.accounts.len(), 2);
    assert_eq!(model.account, Some(model.accounts[1].id));
    assert!(model.open.is_none());
}

#[test]
fn an_emoji_is_put_on_and_taken_away_again() {
    let mut desk = desk();
    let message = desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    let react = || Action::React { message, emoji: "🎉".to_owned() };
    desk.act(react());
    let emoji = "🎉".to_owned();
    assert_eq!(
        desk.last_command(),
        Command::React { message, emoji, remove: false, unsynced: false }
    );
    assert_eq!(desk.seat.model.frequent.top(1), ["🎉"]);
    desk.act(react());
    let emoji = "🎉".to_owned();
    assert_eq!(
        desk.last_command(),
        Command::React { message, emoji, remove: true, unsynced: false }
    );
    assert!(desk.thread().message(message).unwrap().reactions.is_empty());
}

#[test]
fn a_deleted_message_leaves_nothing_marked() {
    let mut desk = desk();
    let message = desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    desk.act(Action::Select(Some(message)));
    desk.act(Action::ReplyTo(message));
    assert_eq!((desk.thread().selected, desk.thread().reply_to), (Some(message), Some(message)));
    desk.act(Action::Delete { message, scope: DeleteScope::Here });
    assert_eq!((desk.thread().selected, desk.thread().reply_to), (None, None));
    assert!(desk.items().is_empty());
}

#[test]
fn the_way_of_a_message_can_be_asked_for() {
    let mut desk = desk();
    let message = desk.world.send(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    let clock = Clock { now: desk.world.now, civil: &Civil::utc };
    let before = crate::details::details(&desk.seat.model, message, &clock).unwrap();
    assert_eq!(before.steps, None);
    desk.act(Action::AskTrace(message));
    let after = crate::details::details(&desk.seat.model, message, &clock).unwrap();
    assert_eq!(after.steps.unwrap().len(), 3);
}

#[test]
fn a_question_that_is_refused_is_no_note_but_stands_where_the_answer_would() {
    let mut desk = desk();
    let message = desk.world.send(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    desk.world.refusing = Some(refusal("Denied", "Not granted"));
    desk.act(Action::AskTrace(message));
    desk.act(Action::AskNetwork);
    let unanswered = &desk.seat.model.unanswered;
    assert_eq!(unanswered.trace, Some((message, "Not granted".to_owned())));
    assert_eq!(unanswered.network.as_deref(), Some("Not granted"));
    assert_eq!(desk.note(), "");
    desk.world.refusing = None;
    desk.act(Action::AskTrace(message));
    desk.act(Action::AskNetwork);
    assert_eq!(desk.seat.model.unanswered, Default::default());
}

#[test]
fn what_the_user_set_is_there_in_the_next_ui_from_its_first_snapshot_on() {
    let mut desk = desk();
    let set = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        Action::Set { name, value }
    };
    desk.act(set("terminal.theme", "light"));
    assert_eq!(desk.seat.model.setting("terminal.theme"), Some("light"));
    // The host would take neither of these.
    desk.act(set("long", &"x".repeat(ramson_wire::Window::LONGEST_SETTING + 1)));
    assert_eq!(desk.seat.model.setting("long"), None);
    for number in 1..ramson_wire::Window::MOST_SETTINGS {
        desk.act(set(&number.to_string(), "x"));
    }
    desk.act(set("one too many", "x"));
    assert_eq!(desk.seat.model.setting("one too many"), None);
    desk.seat.tick(desk.world.now + 1_000);
    desk.settle();
    let mut next = Seat::default();
    let starting = ramson_wire::Snapshot {
        stage: ramson_wire::Stage::Starting { what: "Opening".to_owned() },
        ..desk.world.snapshot()
    };
    next.model.hear(0, 0, ramson_wire::Event::Snapshot(starting), desk.world.now, &mut next.port);
    assert_eq!(next.model.setting("terminal.theme"), Some("light"));
    next.renew(&desk.world);
    assert_eq!(next.model.setting("terminal.theme"), Some("light"));
}

#[test]
fn a_message_that_came_is_read_once_its_conversation_is() {
    let mut desk = desk();
    let message = desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    let state = |desk: &Desk| {
        let clock = Clock { now: desk.world.now, civil: &Civil::utc };
        let details = crate::details::details(&desk.seat.model, message, &clock).unwrap();
        details.facts.into_iter().find(|fact| fact.0 == "State").unwrap().1
    };
    assert_eq!(state(&desk), "Not read yet");
    desk.act(Action::Seen);
    assert_eq!(state(&desk), "Read");
}

#[test]
fn lines_that_begin_with_a_slash_are_commands() {
    for (line, wish) in [
        ("/help", Wish::Help),
        ("/contacts", Wish::Contacts),
        ("/me", Wish::OwnId),
        ("/network", Wish::Network),
        ("/plugins", Wish::Plugins),
        ("/settings", Wish::Settings),
        ("/new", Wish::New(String::new())),
    ] {
        let mut desk = desk();
        desk.open(desk.bob);
        desk.act(Action::Edit(Edit::Set(line.to_owned())));
        desk.act(Action::Send);
        assert_eq!(desk.seat.model.take_wish(), Some(wish));
        assert_eq!(desk.seat.model.take_wish(), None);
        assert_eq!(desk.thread().composer.text(), "");
        assert!(!desk.commands().iter().any(|it| matches!(it, Command::Send { .. })));
    }
}

#[test]
fn every_command_that_is_listed_does_something() {
    for command in crate::composer::COMMANDS {
        let mut desk = desk();
        desk.open(desk.bob);
        let line =
            format!("/{} {}", command.name, if command.argument.is_empty() { "" } else { "x" });
        desk.act(Action::Edit(Edit::Set(line)));
        desk.act(Action::Send);
        let wished = desk.seat.model.take_wish().is_some();
        let looked_up = desk.note() == "Nobody has this name";
        assert!(wished || looked_up || desk.world.controls.len() == 1, "{}", command.name);
    }
}

#[test]
fn commands_can_change_the_ui_and_end_the_program() {
    let mut desk = desk();
    desk.open(desk.bob);
    for line in ["/ui web", "/quit"] {
        desk.act(Action::Edit(Edit::Set(line.to_owned())));
        desk.act(Action::Send);
    }
    assert_eq!(desk.world.controls, [Control::UseUi { name: "web".to_owned() }, Control::Quit]);
    let known = desk.world.conversation(desk.ann, &desk.bob.into()).unwrap();
    assert_eq!(known.draft, None);
}

#[test]
fn commands_that_say_too_little_stay_there_and_are_explained() {
    let mut desk = desk();
    desk.open(desk.bob);
    for (line, note) in [
        ("/ui", "Say which one: /ui NAME"),
        ("/nonsense", "There is no command /nonsense; /help lists them, // sends a /"),
    ] {
        desk.act(Action::Edit(Edit::Set(line.to_owned())));
        desk.act(Action::Send);
        assert_eq!(desk.note(), note);
        assert_eq!(desk.thread().composer.text(), line);
    }
}

#[test]
fn replies_that_nobody_here_waits_for_change_nothing() {
    let mut desk = desk();
    let reply = ramson_wire::Event::Reply(Reply::Refused(refusal("X", "of another part")));
    desk.seat.model.hear(0, 9_999, reply, desk.world.now, &mut desk.seat.port);
    assert_eq!(desk.note(), "");
}

#[test]
fn contacts_stand_by_name_and_blocked_ones_last() {
    let mut desk = desk();
    desk.world.add_contact(desk.ann, "ada");
    desk.act(Action::Block { contact: desk.bob, blocked: true });
    let all = crate::contacts::contacts(&desk.seat.model, "");
    let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ada", "Echo", "Bob"]);
    assert_eq!(crate::contacts::contacts(&desk.seat.model, "ECH").len(), 1);
}
