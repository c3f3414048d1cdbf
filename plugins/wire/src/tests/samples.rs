//! One of each. That nothing is missing is tested with the schema
//! (`json_schema`).

use std::collections::BTreeMap;

use crate::*;

pub(super) const ALICE: AccountId = AccountId([5; 33]);
pub(super) const BOB: AccountId = AccountId([0xb0; 33]);

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(it: &str) -> Option<String> {
    Some(text(it))
}

fn id(number: u64) -> MessageId {
    MessageId { account: 3, number }
}

/// Everything that a message can have.
pub(super) fn message() -> Message {
    Message {
        id: id(42),
        conversation: ALICE.into(),
        author: ALICE,
        outgoing: false,
        sent: 1_700_000_000_000,
        received: 1_700_000_000_321,
        state: MessageState::Received,
        text: some("ä \"☂\" \\ \u{1f600}\n"),
        notice: None,
        quote: Some(Quote { author: BOB, sent: 1_699_999_999_999 }),
        preview: Some(preview()),
        invitation: Some(invitation()),
        attachments: vec![
            Attachment { name: None, content_type: None, size: 0, voice: false, caption: None },
            Attachment {
                name: some("a.ogg"),
                content_type: some("audio/ogg"),
                size: u32::MAX,
                voice: true,
                caption: some("words"),
            },
        ],
        reactions: vec![reaction()],
        expiry: Some(Expiry { seconds: 60, after_read: true, ends: Some(1_700_000_060_000) }),
        mentions_me: true,
        deleted: false,
        hash: some("aGFzaA"),
    }
}

/// As little as a message can have.
pub(super) fn bare(state: MessageState, notice: Option<Notice>) -> Message {
    Message {
        state,
        notice,
        text: None,
        quote: None,
        preview: None,
        invitation: None,
        attachments: vec![],
        reactions: vec![],
        expiry: None,
        hash: None,
        ..message()
    }
}

fn preview() -> LinkPreview {
    LinkPreview { url: text("https://example.org"), title: text("Example") }
}

fn invitation() -> Invitation {
    Invitation { url: text("https://example.org/room?public_key=00"), name: text("Room") }
}

fn reaction() -> Reaction {
    Reaction { author: BOB, emoji: text("👍"), at: 1_700_000_000_500 }
}

fn account() -> Account {
    Account { id: BOB, name: some("Bob"), read_receipts: true, typing: false }
}

fn nameless() -> Account {
    Account { name: None, ..account() }
}

/// Everything that a conversation can have.
pub(super) fn conversation() -> Conversation {
    Conversation {
        id: ALICE.into(),
        name: some("Alice"),
        nickname: some("Al"),
        approved: true,
        approved_me: true,
        blocked: false,
        request: false,
        priority: -1,
        muted_until: 1_800_000_000_000,
        notify: Notify::Mentions,
        disappearing: Disappearing::AfterRead(3600),
        latest: 1_700_000_000_000,
        unread: 2,
        mentions: 1,
        marked_unread: true,
        last_read: 1_699_000_000_000,
        draft: some("dra"),
    }
}

fn conversations() -> Vec<Conversation> {
    let other = |notify, disappearing| Conversation {
        notify,
        disappearing,
        ..Conversation::new(ConversationId(text("https://example.org/room")))
    };
    vec![
        conversation(),
        other(Notify::All, Disappearing::AfterSend(5)),
        other(Notify::Off, Disappearing::Off),
        other(Notify::Default, Disappearing::Off),
    ]
}

fn plugin(state: PluginState) -> Plugin {
    Plugin {
        name: text("bot-echo"),
        id: text("org.ramson.bot-echo"),
        title: text("Echo"),
        version: text("1.0"),
        ui: false,
        state,
        queued: 1,
        events: 2,
        lagged: 3,
        in_flight: 4,
        restarts: 5,
        durable: true,
        process: Some(4_242),
        asked: GrantSet::ALL,
        granted: GrantSet::NONE.with(Grant::Read),
        accounts: Some(vec![BOB]),
        conversations: Some(vec![ALICE.into()]),
    }
}

fn plugins() -> Vec<Plugin> {
    let reason = || text("why");
    let mut plugins: Vec<_> = [
        PluginState::Available,
        PluginState::Starting,
        PluginState::Running,
        PluginState::Unresponsive,
        PluginState::Stopping,
        PluginState::Stopped,
        PluginState::Refused { reason: reason() },
        PluginState::Failed { reason: reason(), retry_in: 60 },
        PluginState::Retired { reason: reason() },
    ]
    .into_iter()
    .map(plugin)
    .collect();
    plugins.push(Plugin { accounts: None, conversations: None, ..plugin(PluginState::Running) });
    plugins
}

fn window() -> Window {
    Window {
        account: Some(BOB),
        conversation: Some(ALICE.into()),
        places: BTreeMap::from([(
            BOB,
            BTreeMap::from([(ALICE.into(), Place { message: id(7), below: 2 })]),
        )]),
        settings: BTreeMap::from([(text("terminal.theme"), text("light"))]),
    }
}

fn snapshot(stage: Stage, window: Option<Window>) -> Snapshot {
    Snapshot {
        seq: 99,
        version: text("0.1.0"),
        stage,
        network: text("local"),
        home: text("/home/bob/.ramson"),
        granted: GrantSet::ALL,
        accounts: vec![account(), nameless()],
        conversations: vec![(BOB, conversations()), (ALICE, vec![])],
        plugins: plugins(),
        window,
    }
}

fn path() -> Path {
    let hop = |key: &str, address| Hop { key: text(key), address };
    Path { hops: vec![hop("aa", some("10.0.0.1:443")), hop("bb", None)] }
}

fn network(trouble: Option<String>) -> Network {
    Network {
        name: text("local"),
        nodes: 20,
        paths: vec![path()],
        paths_wanted: 2,
        swarm: path().hops,
        clock_ahead: -250,
        trouble,
    }
}

fn trace() -> Trace {
    let line = TraceLine { at: 1, step: text("stored"), bad: false, text: text("It is stored.") };
    Trace { message: id(42), lines: vec![line] }
}

fn states() -> Vec<MessageState> {
    vec![
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Stored,
        MessageState::Failed { reason: text("why") },
        MessageState::Received,
        MessageState::Read,
    ]
}

fn notices() -> Vec<Notice> {
    vec![
        Notice::Timer { setting: Disappearing::AfterSend(5) },
        Notice::MediaSaved,
        Notice::Screenshot,
        Notice::RequestAccepted,
        Notice::MissedCall,
        Notice::Group { name: some("Group") },
        Notice::Group { name: None },
        Notice::Other,
    ]
}

fn changes() -> Vec<Change> {
    let mut changes = vec![
        Change::Stored { hash: text("aGFzaA"), nodes: vec![text("aa"), text("bb")] },
        Change::Delayed { reason: text("why"), retry_at: 1_700_000_000_000 },
        Change::Reaction { reaction: reaction(), removed: true },
        Change::Expiry { expiry: Some(Expiry { seconds: 1, after_read: false, ends: None }) },
        Change::Expiry { expiry: None },
        Change::Deleted,
        Change::Now { message: message() },
    ];
    changes.extend(states().into_iter().map(|state| Change::State { state }));
    changes
}

fn network_events() -> Vec<NetworkEvent> {
    let reason = || text("why");
    vec![
        NetworkEvent::Nodes { count: 20 },
        NetworkEvent::PathReady { path: path() },
        NetworkEvent::PathFailed { reason: reason() },
        NetworkEvent::SeedFailed { seed: text("https://seed.example"), reason: reason() },
        NetworkEvent::StoreTrouble { reason: reason() },
        NetworkEvent::PartFailed { part: text("paths"), restarted: true },
    ]
}

fn replies() -> Vec<Reply> {
    let refusal = Refusal { kind: text("NoSuchMessage"), text: text("There is none.") };
    let mut replies: Vec<_> = [
        Answer::Done,
        Answer::Queued { message: message() },
        Answer::Told { message: id(43) },
        Answer::Accounts { accounts: vec![account()] },
        Answer::Conversations { conversations: conversations() },
        Answer::Conversation { conversation: Some(conversation()) },
        Answer::Conversation { conversation: None },
        Answer::Messages { messages: vec![message()], complete: true },
        Answer::Message { message: Some(message()) },
        Answer::Message { message: None },
        Answer::Trace { trace: trace() },
        Answer::Network { network: network(some("why")) },
        Answer::Network { network: network(None) },
        Answer::Name { id: ALICE },
        Answer::Plugins { plugins: plugins() },
        Answer::Account { account: account() },
        Answer::Kept { outcomes: outcomes() },
        Answer::Record { value: some("1") },
        Answer::Record { value: None },
        Answer::Records { records: records(), complete: true },
    ]
    .into_iter()
    .map(Reply::Ok)
    .collect();
    replies.push(Reply::Refused(refusal));
    replies
}

/// Every event, with everything that can be in one.
pub(super) fn events() -> Vec<Event> {
    let (account_id, conversation_id) = (BOB, ConversationId::from(ALICE));
    let mut events = vec![
        Event::Snapshot(snapshot(Stage::Running, Some(window()))),
        Event::Snapshot(snapshot(Stage::Welcome { demo_exists: true }, None)),
        Event::Snapshot(snapshot(
            Stage::Starting { what: text("Opening") },
            Some(Window::default()),
        )),
        Event::Message { account: account_id, message: message() },
        Event::MessageRemoved {
            account: account_id,
            conversation: conversation_id.clone(),
            message: id(42),
            expired: true,
        },
        Event::Conversation { account: account_id, conversation: conversation() },
        Event::ConversationRemoved { account: account_id, conversation: conversation_id.clone() },
        Event::Profile { account: account() },
        Event::Account { account: nameless() },
        Event::AccountRemoved { account: account_id },
        Event::Typing { account: account_id, conversation: conversation_id, typing: true },
        Event::Plugins { plugins: plugins() },
        Event::Lagged(Lagged { skipped: 12_345 }),
    ];
    let told = |message| Event::Message { account: BOB, message };
    events.extend(states().into_iter().map(|state| told(bare(state, None))));
    let noticed = |notice| told(bare(MessageState::Read, Some(notice)));
    events.extend(notices().into_iter().map(noticed));
    events.extend(changes().into_iter().map(|change| Event::MessageChanged {
        account: BOB,
        conversation: ALICE.into(),
        message: id(42),
        change,
    }));
    events.extend(network_events().into_iter().map(|what| Event::Network { what }));
    events.extend(replies().into_iter().map(Event::Reply));
    events
}

fn commands() -> Vec<Command> {
    let (contact, conversation) = (ALICE, ConversationId::from(ALICE));
    let conversation = || conversation.clone();
    vec![
        Command::Send {
            to: contact,
            text: text("hello"),
            reply_to: Some(id(41)),
            preview: Some(preview()),
            invitation: Some(invitation()),
            unsynced: true,
        },
        Command::text(contact, ""),
        Command::React { message: id(42), emoji: text("👍"), remove: true, unsynced: true },
        Command::Delete { message: id(42), scope: DeleteScope::Here },
        Command::Delete { message: id(42), scope: DeleteScope::MyDevices },
        Command::Delete { message: id(42), scope: DeleteScope::Everyone },
        Command::MarkRead { conversation: conversation(), up_to: Some(1_700_000_000_000) },
        Command::MarkRead { conversation: conversation(), up_to: None },
        Command::MarkUnread { conversation: conversation(), unread: true },
        Command::SetTyping { to: contact, typing: true },
        Command::SetName { name: text("Bob") },
        Command::SetPrivacy { read_receipts: Some(true), typing: Some(false) },
        Command::SetPrivacy { read_receipts: None, typing: None },
        Command::AddContact { contact },
        Command::Approve { contact },
        Command::Decline { contact },
        Command::DeclineAll,
        Command::Block { contact, blocked: true },
        Command::SetNickname { contact, nickname: some("Al") },
        Command::SetNickname { contact, nickname: None },
        Command::RemoveContact { contact },
        Command::SetPriority { conversation: conversation(), priority: i64::MIN },
        Command::Mute { conversation: conversation(), until: u64::MAX },
        Command::SetNotify { conversation: conversation(), notify: Notify::All },
        Command::SetDisappearing {
            conversation: conversation(),
            setting: Disappearing::AfterRead(5),
        },
        Command::SetDraft { conversation: conversation(), text: some("dra") },
        Command::SetDraft { conversation: conversation(), text: None },
    ]
}

fn queries() -> Vec<Query> {
    let (account, message, conversation) = (BOB, id(42), ConversationId::from(ALICE));
    let messages = |before| Query::Messages {
        account,
        conversation: ConversationId::from(ALICE),
        before,
        limit: 1000,
    };
    vec![
        Query::Accounts,
        Query::Conversations { account },
        Query::Conversation { account, conversation },
        messages(Some(message)),
        messages(None),
        Query::Message { account, message },
        Query::Trace { account, message },
        Query::Network { account },
        Query::Resolve { account, name: text("alice") },
        Query::Plugins,
        Query::Record { key: text("count") },
        Query::Records { prefix: text("kit/"), after: some("kit/a"), limit: 10 },
        Query::Records { prefix: String::new(), after: None, limit: 1_000 },
        Query::Alarm { at: 1_700_000_000_000 },
    ]
}

fn controls() -> Vec<Control> {
    let name = || text("bot-echo");
    vec![
        Control::SetWindow { window: window() },
        Control::UseUi { name: name() },
        Control::LoadPlugin { name: name() },
        Control::AllowPlugin {
            name: name(),
            grants: Grant::ALL.to_vec(),
            accounts: Some(vec![BOB]),
        },
        Control::AllowPlugin { name: name(), grants: vec![], accounts: None },
        Control::StopPlugin { name: name() },
        Control::SwapPlugin { name: name() },
        Control::CreateAccount { name: some("Bob") },
        Control::CreateAccount { name: None },
        Control::RemoveAccount { account: BOB },
        Control::BeginDemo,
        Control::BeginNew { name: some("Bob") },
        Control::BeginNew { name: None },
        Control::BeginRestore,
        Control::HandOver { task: Task::RestoreAccount },
        Control::HandOver { task: Task::ShowPhrase { account: BOB } },
        Control::Quit,
    ]
}

fn keyed() -> AccountCommand {
    AccountCommand::new(BOB, Command::text(ALICE, "once")).keyed("k1")
}

fn records() -> Vec<Record> {
    vec![Record { key: text("a"), value: some("1") }, Record { key: text("b"), value: None }]
}

fn outcomes() -> Vec<Outcome> {
    let refusal = Refusal { kind: text("NotGranted"), text: text("It may not.") };
    vec![
        Outcome::Done,
        Outcome::Queued { message: id(1) },
        Outcome::Told { message: id(2) },
        Outcome::Refused(refusal),
    ]
}

/// Every request, with everything that can be in one.
pub(super) fn requests() -> Vec<Request> {
    let command = |command| Request::Command(AccountCommand::new(BOB, command));
    let mut requests: Vec<_> = commands().into_iter().map(command).collect();
    requests.push(Request::Command(keyed()));
    requests.extend(queries().into_iter().map(Request::Query));
    requests.extend(controls().into_iter().map(Request::Control));
    requests.push(Request::Done(Done::default()));
    let commands = vec![keyed(), AccountCommand::new(ALICE, Command::text(BOB, "yes"))];
    requests.push(Request::Done(Done { through: Some(17), records: records(), commands }));
    requests
}
