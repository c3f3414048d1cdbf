use ramson_abi::{REQUEST_COMMAND, REQUEST_CONTROL, REQUEST_QUERY};
use ramson_wire::codec::encode_request;
use ramson_wire::{
    Account, Conversation, DeleteScope, Disappearing, Lagged, MessageId, NetworkEvent, Notify,
    Window,
};

use super::*;

const OWN: AccountId = AccountId([5; 33]);
const STRANGE: AccountId = AccountId([6; 33]);
const MESSAGE: MessageId = MessageId { account: 1, number: 2 };

fn now() -> Instant {
    crate::clock::now()
}

fn rules() -> Rules {
    Rules {
        name: "bot".to_owned(),
        ui: false,
        encoding: Encoding::Json,
        topics: TopicSet::ALL,
        grants: GrantSet::ALL,
        accounts: None,
        conversations: None,
        rate: None,
    }
}

fn ask(gate: &Gate, request: &Request) -> Result<Request, Status> {
    let payload = encode_request(request, gate.encoding).unwrap();
    gate.admit(request.kind().number(), &payload, now())
}

fn command(command: Command) -> Request {
    Request::Command(AccountCommand::new(OWN, command))
}

fn place() -> ConversationId {
    STRANGE.into()
}

/// One of each, with where it has its effect: all that there are.
fn commands() -> Vec<(Command, Option<ConversationId>)> {
    let (conversation, here) = (place(), Some(place()));
    let message = MESSAGE;
    vec![
        (
            Command::Send {
                to: STRANGE,
                text: "hello".into(),
                reply_to: None,
                preview: None,
                invitation: None,
                unsynced: false,
            },
            here.clone(),
        ),
        (Command::React { message, emoji: "👍".into(), remove: false, unsynced: false }, None),
        (Command::Delete { message, scope: DeleteScope::Here }, None),
        (Command::MarkRead { conversation: conversation.clone(), up_to: None }, here.clone()),
        (Command::MarkUnread { conversation: conversation.clone(), unread: true }, here.clone()),
        (Command::SetTyping { to: STRANGE, typing: true }, here.clone()),
        (Command::SetName { name: "me".into() }, None),
        (Command::SetPrivacy { read_receipts: None, typing: None }, None),
        (Command::AddContact { contact: STRANGE }, here.clone()),
        (Command::Approve { contact: STRANGE }, here.clone()),
        (Command::Decline { contact: STRANGE }, here.clone()),
        (Command::Block { contact: STRANGE, blocked: true }, here.clone()),
        (Command::SetNickname { contact: STRANGE, nickname: None }, here.clone()),
        (Command::RemoveContact { contact: STRANGE }, here.clone()),
        (Command::SetPriority { conversation: conversation.clone(), priority: 1 }, here.clone()),
        (Command::Mute { conversation: conversation.clone(), until: 0 }, here.clone()),
        (
            Command::SetNotify { conversation: conversation.clone(), notify: Notify::All },
            here.clone(),
        ),
        (
            Command::SetDisappearing {
                conversation: conversation.clone(),
                setting: Disappearing::Off,
            },
            here.clone(),
        ),
        (Command::SetDraft { conversation, text: None }, here),
    ]
}

/// One of each, with the account it is about, and what it needs.
fn queries() -> Vec<(Query, bool, Grant)> {
    let (account, conversation) = (OWN, place());
    vec![
        (Query::Accounts, false, Grant::Read),
        (Query::Conversations { account }, true, Grant::Read),
        (Query::Conversation { account, conversation: conversation.clone() }, true, Grant::Read),
        (Query::Messages { account, conversation, before: None, limit: 1 }, true, Grant::History),
        (Query::Message { account, message: MESSAGE }, true, Grant::History),
        (Query::Trace { account, message: MESSAGE }, true, Grant::Network),
        (Query::Network { account }, true, Grant::Network),
        (Query::Resolve { account, name: "me".into() }, true, Grant::Network),
        (Query::Plugins, false, Grant::Plugins),
    ]
}

#[test]
fn a_command_needs_its_own_grant_and_no_other() {
    let all = commands().into_iter().map(|(command, _)| command).chain([Command::DeclineAll]);
    for each in all {
        let needs = each.needs();
        let only = Gate::new(Rules { grants: GrantSet::NONE.with(needs), ..rules() });
        let request = command(each);
        assert_eq!(ask(&only, &request), Ok(request.clone()));
        let grants = GrantSet::ALL.without(GrantSet::NONE.with(needs));
        let others = Gate::new(Rules { grants, ..rules() });
        assert_eq!(ask(&others, &request), Err(DENIED), "{request:?}");
    }
}

#[test]
fn a_question_needs_its_own_grant_and_an_account_in_scope() {
    for (query, of_account, grant) in queries() {
        let request = Request::Query(query);
        let only = Gate::new(Rules { grants: GrantSet::NONE.with(grant), ..rules() });
        assert!(ask(&only, &request).is_ok(), "{request:?}");
        let grants = GrantSet::ALL.without(GrantSet::NONE.with(grant));
        assert_eq!(ask(&Gate::new(Rules { grants, ..rules() }), &request), Err(DENIED));
        let elsewhere = Gate::new(Rules { accounts: Some(vec![STRANGE]), ..rules() });
        assert_eq!(ask(&elsewhere, &request).is_err(), of_account, "{request:?}");
    }
}

#[test]
fn commands_stay_in_the_accounts_and_conversations_of_the_plugin() {
    let elsewhere = Gate::new(Rules { accounts: Some(vec![STRANGE]), ..rules() });
    let nowhere = Gate::new(Rules { conversations: Some(Vec::new()), ..rules() });
    let here = Gate::new(Rules {
        accounts: Some(vec![OWN]),
        conversations: Some(vec![place()]),
        ..rules()
    });
    for (each, at) in commands() {
        let request = command(each);
        assert_eq!(ask(&elsewhere, &request), Err(DENIED), "{request:?}");
        assert_eq!(ask(&nowhere, &request).is_err(), at.is_some(), "{request:?}");
        assert!(ask(&here, &request).is_ok(), "{request:?}");
    }
    let all_requests = command(Command::DeclineAll);
    assert_eq!(ask(&here, &all_requests), Err(DENIED));
    let (account, conversation) = (OWN, ConversationId("05".to_owned() + &"7".repeat(64)));
    for query in [
        Query::Conversation { account, conversation: conversation.clone() },
        Query::Messages { account, conversation, before: None, limit: 9 },
    ] {
        assert_eq!(ask(&here, &Request::Query(query)), Err(DENIED));
    }
}

#[test]
fn only_a_ui_has_the_screen_and_the_welcome() {
    let mine = Task::ShowPhrase { account: OWN };
    let of_uis = [
        (Control::SetWindow { window: Window::default() }, None),
        (Control::BeginDemo, Some(Grant::Accounts)),
        (Control::BeginNew { name: None }, Some(Grant::Accounts)),
        (Control::BeginRestore, Some(Grant::Accounts)),
        (Control::HandOver { task: mine.clone() }, Some(Grant::Accounts)),
        (Control::HandOver { task: Task::RestoreAccount }, Some(Grant::Accounts)),
        (Control::Quit, Some(Grant::Plugins)),
    ];
    for (control, grant) in of_uis {
        let request = Request::Control(control);
        assert_eq!(ask(&Gate::new(rules()), &request), Err(DENIED), "{request:?}");
        let grants = grant.map_or(GrantSet::NONE, |grant| GrantSet::NONE.with(grant));
        let ui = Rules { ui: true, grants, ..rules() };
        assert!(ask(&Gate::new(ui.clone()), &request).is_ok(), "{request:?}");
        let without = Rules { grants: GrantSet::ALL.without(grants), ..ui };
        assert_eq!(ask(&Gate::new(without), &request).is_ok(), grant.is_none());
    }
    let other = Rules { ui: true, accounts: Some(vec![STRANGE]), ..rules() };
    let phrase = Request::Control(Control::HandOver { task: mine });
    assert_eq!(ask(&Gate::new(other), &phrase), Err(DENIED));
}

#[test]
fn plugins_and_accounts_are_controlled_with_a_grant_only() {
    let name = || "other".to_owned();
    let cases = [
        (Control::UseUi { name: name() }, Grant::Plugins),
        (Control::LoadPlugin { name: name() }, Grant::Plugins),
        (Control::AllowPlugin { name: name(), grants: Vec::new(), accounts: None }, Grant::Plugins),
        (Control::StopPlugin { name: name() }, Grant::Plugins),
        (Control::SwapPlugin { name: name() }, Grant::Plugins),
        (Control::CreateAccount { name: None }, Grant::Accounts),
        (Control::RemoveAccount { account: OWN }, Grant::Accounts),
    ];
    for (control, grant) in cases {
        let request = Request::Control(control);
        let only = Gate::new(Rules { grants: GrantSet::NONE.with(grant), ..rules() });
        assert!(ask(&only, &request).is_ok(), "{request:?}");
        let grants = GrantSet::ALL.without(GrantSet::NONE.with(grant));
        assert_eq!(ask(&Gate::new(Rules { grants, ..rules() }), &request), Err(DENIED));
    }
    let elsewhere = Gate::new(Rules { accounts: Some(vec![STRANGE]), ..rules() });
    let remove = Request::Control(Control::RemoveAccount { account: OWN });
    assert_eq!(ask(&elsewhere, &remove), Err(DENIED));
}

#[test]
fn no_plugin_gives_what_it_has_not_and_none_gives_itself_anything() {
    let allow = |name: &str, grants: &[Grant], accounts: Option<Vec<AccountId>>| {
        let name = name.to_owned();
        Request::Control(Control::AllowPlugin { name, grants: grants.to_vec(), accounts })
    };
    let some = GrantSet::NONE.with(Grant::Plugins).with(Grant::Read);
    let gate = Gate::new(Rules { grants: some, accounts: Some(vec![OWN]), ..rules() });
    assert!(ask(&gate, &allow("other", &[Grant::Read], Some(vec![OWN]))).is_ok());
    for (name, grants, accounts) in [
        ("other", Grant::Send, Some(vec![OWN])),
        ("other", Grant::Read, Some(vec![OWN, STRANGE])),
        ("other", Grant::Read, None),
        ("bot", Grant::Read, Some(vec![OWN])),
        ("/tmp/libramson_bot.so", Grant::Read, Some(vec![OWN])),
    ] {
        assert_eq!(ask(&gate, &allow(name, &[grants], accounts)), Err(DENIED), "{name} {grants:?}");
    }
    let narrow = Gate::new(Rules { conversations: Some(vec![place()]), ..rules() });
    assert_eq!(ask(&narrow, &allow("other", &[], None)), Err(DENIED));
    assert!(ask(&Gate::new(rules()), &allow("other", Grant::ALL, None)).is_ok());
}

#[test]
fn what_is_no_request_is_turned_away() {
    let gate = Gate::new(rules());
    for kind in [0, 5, u32::MAX] {
        assert_eq!(gate.admit(kind, b"{}", now()), Err(BAD_PAYLOAD));
    }
    for payload in [&b"{"[..], b"{}", b"[]", b"\xff", b"{\"query\":\"everything\"}"] {
        for kind in [REQUEST_COMMAND, REQUEST_QUERY, REQUEST_CONTROL] {
            assert_eq!(gate.admit(kind, payload, now()), Err(BAD_PAYLOAD), "{payload:?}");
        }
    }
    let large = vec![b' '; ramson_abi::MAX_REQUEST + 1];
    assert_eq!(gate.admit(REQUEST_QUERY, &large, now()), Err(TOO_LARGE));
    // Written as the other encoding.
    let request = Request::Query(Query::Accounts);
    let bytes = encode_request(&request, Encoding::Bincode).unwrap();
    assert_eq!(gate.admit(REQUEST_QUERY, &bytes, now()), Err(BAD_PAYLOAD));
    let bincode = Gate::new(Rules { encoding: Encoding::Bincode, ..rules() });
    assert_eq!(bincode.admit(REQUEST_QUERY, &bytes, now()), Ok(request));
}

proptest::proptest! {
    #[test]
    fn no_bytes_at_all_upset_the_gate(kind in 0_u32..6, bytes: Vec<u8>) {
        for encoding in [Encoding::Json, Encoding::Bincode] {
            let gate = Gate::new(Rules { grants: GrantSet::NONE, encoding, ..rules() });
            // What is its own needs no grant.
            let harmless = match gate.admit(kind, &bytes, now()) {
                Err(_) => true,
                Ok(Request::Done(done)) => done.commands.is_empty(),
                Ok(Request::Query(query)) => matches!(
                    query,
                    Query::Record { .. } | Query::Records { .. } | Query::Alarm { .. }
                ),
                Ok(_) => false,
            };
            proptest::prop_assert!(harmless);
        }
    }
}

#[test]
fn a_rate_lets_a_minute_full_through_and_then_one_after_the_other() {
    let gate = Gate::new(Rules { rate: Some(6), ..rules() });
    let payload = encode_request(&Request::Query(Query::Accounts), Encoding::Json).unwrap();
    let start = now();
    let at = |seconds: u64| {
        let now = start + Duration::from_secs(seconds);
        gate.admit(REQUEST_QUERY, &payload, now)
    };
    for _ in 0..6 {
        assert!(at(0).is_ok());
    }
    assert_eq!(at(0), Err(AGAIN));
    assert_eq!(at(9), Err(AGAIN));
    assert!(at(10).is_ok());
    assert_eq!(at(11), Err(AGAIN));
    for _ in 0..6 {
        assert!(at(500).is_ok());
    }
    assert_eq!(at(500), Err(AGAIN));
    let none = Gate::new(Rules { rate: Some(0), ..rules() });
    assert_eq!(none.admit(REQUEST_QUERY, &payload, start), Err(AGAIN));
}

#[test]
fn what_is_refused_costs_nothing_of_the_rate() {
    let grants = GrantSet::NONE.with(Grant::Read);
    let gate = Gate::new(Rules { rate: Some(1), grants, ..rules() });
    assert_eq!(ask(&gate, &Request::Query(Query::Plugins)), Err(DENIED));
    assert!(ask(&gate, &Request::Query(Query::Accounts)).is_ok());
}

fn account() -> Account {
    Account { id: OWN, name: None, read_receipts: false, typing: false }
}

/// One event of each kind that is not for one plugin alone, with what it needs.
fn events() -> Vec<(Event, Option<Topic>, Grant)> {
    let (account_id, conversation, message) = (OWN, place(), MESSAGE);
    vec![
        (
            Event::MessageRemoved {
                account: account_id,
                conversation: conversation.clone(),
                message,
                expired: false,
            },
            Some(Topic::Messages),
            Grant::Read,
        ),
        (
            Event::Conversation {
                account: account_id,
                conversation: Conversation::new(conversation.clone()),
            },
            Some(Topic::Conversations),
            Grant::Read,
        ),
        (
            Event::ConversationRemoved { account: account_id, conversation: conversation.clone() },
            Some(Topic::Conversations),
            Grant::Read,
        ),
        (Event::Profile { account: account() }, Some(Topic::Conversations), Grant::Read),
        (Event::Account { account: account() }, None, Grant::Read),
        (Event::AccountRemoved { account: account_id }, None, Grant::Read),
        (
            Event::Typing { account: account_id, conversation, typing: true },
            Some(Topic::Typing),
            Grant::Read,
        ),
        (
            Event::Network { what: NetworkEvent::Nodes { count: 1 } },
            Some(Topic::Network),
            Grant::Network,
        ),
        (Event::Plugins { plugins: Vec::new() }, Some(Topic::Plugins), Grant::Plugins),
    ]
}

#[test]
fn a_plugin_hears_of_its_topics_with_the_grant_and_in_its_scope() {
    for (event, topic, grant) in events() {
        let topics: TopicSet = topic.into_iter().collect();
        let only = Rules { topics, grants: GrantSet::NONE.with(grant), ..rules() };
        assert!(Gate::new(only.clone()).hears(&event), "{event:?}");
        let silent = Rules { topics: TopicSet::ALL.without(topics), ..rules() };
        assert_eq!(Gate::new(silent).hears(&event), topic.is_none(), "{event:?}");
        let grants = GrantSet::ALL.without(GrantSet::NONE.with(grant));
        assert!(!Gate::new(Rules { grants, ..rules() }).hears(&event), "{event:?}");
        let elsewhere = Gate::new(Rules { accounts: Some(vec![STRANGE]), ..only.clone() });
        assert_eq!(elsewhere.hears(&event), event.account().is_none(), "{event:?}");
        let nowhere = Gate::new(Rules { conversations: Some(Vec::new()), ..only });
        assert_eq!(nowhere.hears(&event), event.conversation().is_none(), "{event:?}");
    }
    let nothing = Rules { topics: TopicSet::NONE, grants: GrantSet::NONE, ..rules() };
    assert!(Gate::new(nothing).hears(&Event::Lagged(Lagged { skipped: 1 })));
}
