//! What the tests draw: a home with everything in it that a screen can show.
//! All of it is made from numbers, so that a picture is the same every time.

mod engine;

use ramson_wire::*;

pub(crate) use engine::{network, plugins, trace};

/// Tuesday, 14 July 2026, 15:30 UTC.
pub(crate) const NOW: Millis = 1_784_043_000_000;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// The sequence number of the first snapshot.
pub(crate) const SEQ: u64 = 4_711;

/// Bytes that look like keys, the same for the same seed.
fn bytes(seed: u64, into: &mut [u8]) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    for byte in into {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = state.to_le_bytes()[3];
    }
}

/// An Account ID.
pub(crate) fn id(seed: u64) -> AccountId {
    let mut all = [0; 33];
    bytes(seed, &mut all);
    all[0] = 0x05;
    AccountId(all)
}

/// A key of a service node, in hex.
pub(crate) fn key(seed: u64) -> String {
    let mut all = [0; 32];
    bytes(seed + 9_000, &mut all);
    all.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The account whose home it is.
pub(crate) fn ann() -> AccountId {
    id(1)
}

/// Its second account.
pub(crate) fn work() -> AccountId {
    id(2)
}

/// Whose conversation is open in most pictures.
pub(crate) fn bob() -> AccountId {
    id(3)
}

/// A bot.
pub(crate) fn echo() -> AccountId {
    id(4)
}

/// Both accounts.
pub(crate) fn accounts() -> Vec<Account> {
    vec![
        Account { id: ann(), name: Some("Ann".into()), read_receipts: true, typing: true },
        Account {
            id: work(),
            name: Some("Ann, library".into()),
            read_receipts: false,
            typing: true,
        },
    ]
}

fn contact(with: AccountId, name: &str, ago: Millis) -> Conversation {
    Conversation {
        name: Some(name.into()),
        approved: true,
        approved_me: true,
        latest: NOW - ago,
        last_read: NOW - ago,
        ..Conversation::new(with.into())
    }
}

/// A hundred conversations, as a snapshot brings them, and four requests.
pub(crate) fn conversations() -> Vec<Conversation> {
    let mut all = vec![
        Conversation { priority: 2, ..contact(bob(), "Bob", 2 * MINUTE) },
        Conversation { priority: 1, ..contact(ann(), "Ann", 3 * DAY) },
        Conversation { unread: 3, mentions: 1, ..contact(echo(), "Echo", 7 * MINUTE) },
        Conversation {
            nickname: Some("Gardener".into()),
            disappearing: Disappearing::AfterRead(3_600),
            ..contact(id(5), "green fingers", 40 * MINUTE)
        },
        Conversation { unread: 12, ..contact(id(6), "图书馆的朋友", 2 * HOUR) },
        Conversation { unread: 1, ..contact(id(7), "הספרייה העירונית", 3 * HOUR) },
        Conversation {
            draft: Some("I will bring the".into()),
            ..contact(id(8), "Baker 🥐", 5 * HOUR)
        },
        Conversation {
            muted_until: NOW + 30 * DAY,
            unread: 140,
            ..contact(id(9), "Donaudampfschifffahrtsgesellschaftskapitän", DAY)
        },
        Conversation { marked_unread: true, ..contact(id(10), "花屋さん", 30 * HOUR) },
        Conversation { name: None, ..contact(id(11), "", 2 * DAY) },
        Conversation { approved_me: false, ..contact(id(12), "Postman 📮", 2 * DAY + HOUR) },
        contact(id(13), "👩‍🚀 Station", 4 * DAY),
    ];
    let names =
        ["Neighbour", "Choir", "Bicycle shop", "Ferry", "Clockmaker", "Lighthouse", "Weaver"];
    for number in 0..88 {
        let name = format!("{} {}", names[number as usize % names.len()], number + 1);
        all.push(contact(id(100 + number), &name, (6 + number) * DAY));
    }
    let wrote = [(400, Some("Traveller")), (401, Some("מטיילת")), (402, None), (403, Some("旅人"))];
    for (number, (seed, name)) in (0..).zip(wrote) {
        all.push(Conversation {
            name: name.map(Into::into),
            request: true,
            unread: 1 + number,
            latest: NOW - (20 + 50 * number) * MINUTE,
            ..Conversation::new(id(seed).into())
        });
    }
    all.push(Conversation { blocked: true, ..contact(id(500), "Salesman", 50 * DAY) });
    all
}

/// A message with a text.
pub(crate) fn text(number: u64, outgoing: bool, ago: Millis, text: &str) -> Message {
    Message {
        outgoing,
        sent: NOW - ago,
        received: NOW - ago + 900,
        state: MessageState::Read,
        text: Some(text.into()),
        ..Message::new(
            MessageId { account: 1, number },
            bob().into(),
            if outgoing { ann() } else { bob() },
        )
    }
}

fn attachment(name: &str, content_type: &str, size: u32) -> Attachment {
    Attachment {
        name: Some(name.into()),
        content_type: Some(content_type.into()),
        size,
        voice: false,
        caption: None,
    }
}

fn reaction(author: AccountId, emoji: &str) -> Reaction {
    Reaction { author, emoji: emoji.into(), at: NOW - HOUR }
}

/// A notice.
fn notice(number: u64, outgoing: bool, ago: Millis, what: Notice) -> Message {
    Message { notice: Some(what), ..Message { text: None, ..text(number, outgoing, ago, "") } }
}

/// The conversation with Bob: one of everything, oldest first.
pub(crate) fn thread() -> Vec<Message> {
    let asked = text(3, false, 26 * HOUR, "Did you find the map of the old harbour?");
    let quote = Some(Quote { author: bob(), sent: asked.sent });
    let mut all = vec![
        notice(1, false, 27 * HOUR, Notice::RequestAccepted),
        text(2, false, 26 * HOUR + MINUTE, "Good morning!"),
        asked,
        Message {
            quote,
            reactions: vec![reaction(bob(), "❤️"), reaction(ann(), "❤️"), reaction(bob(), "🎉")],
            ..text(4, true, 25 * HOUR, "Yes, it was in the second drawer, under the letters.")
        },
        Message {
            attachments: vec![attachment("harbour-1898.jpg", "image/jpeg", 2_411_724)],
            ..text(5, true, 25 * HOUR - MINUTE, "Here it is:")
        },
        notice(
            6,
            false,
            24 * HOUR,
            Notice::Timer { setting: Disappearing::AfterSend(7 * 24 * 3_600) },
        ),
        Message { deleted: true, text: None, ..text(7, false, 23 * HOUR, "") },
        text(8, false, 95 * MINUTE, "你好！今天下午我在图书馆，三点以后有空。"),
        text(9, false, 94 * MINUTE, "שלום, הספר שביקשת הגיע. אפשר לבוא עד 18:00."),
        Message {
            preview: Some(LinkPreview {
                url: "https://example.org/harbour".into(),
                title: "The harbour: a walk along the quays".into(),
            }),
            ..text(
                10,
                true,
                80 * MINUTE,
                "There is a page about it: https://example.org/harbour and it even has the names \
                 of all ships that lay there in the summer of 1898.",
            )
        },
        Message {
            attachments: vec![Attachment {
                voice: true,
                ..attachment("voice.ogg", "audio/ogg", 48_200)
            }],
            text: None,
            ..text(11, false, 60 * MINUTE, "")
        },
        Message {
            mentions_me: true,
            state: MessageState::Received,
            ..text(12, false, 12 * MINUTE, &format!("@{} will you be there at six? 🙂", ann()))
        },
        Message {
            state: MessageState::Stored,
            hash: Some("fHkIrCcyZGNpqNVH6RjUwqnoWNRXaLbqcU0c4yVBmHk".into()),
            ..text(13, true, 6 * MINUTE, "I will. By the pier, next to the ticket office.")
        },
        Message {
            state: MessageState::Failed { reason: "the swarm did not take it".into() },
            ..text(14, true, 5 * MINUTE, "And bring the umbrella")
        },
        Message {
            state: MessageState::Sending, ..text(15, true, 3 * MINUTE, "👍👍🏽👩‍🚀")
        },
        Message { state: MessageState::Queued, ..text(16, true, 2 * MINUTE, "See you there!") },
    ];
    for message in &mut all {
        message.expiry = (message.id.number > 6).then(|| Expiry {
            seconds: 7 * 24 * 3_600,
            after_read: false,
            ends: Some(message.sent + 7 * DAY),
        });
    }
    all
}

/// The first thing a UI hears once the engine runs.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        seq: SEQ,
        version: "0.1.0".into(),
        stage: Stage::Running,
        network: "mainnet".into(),
        home: "/home/ann/.local/share/ramson".into(),
        granted: GrantSet::ALL,
        accounts: accounts(),
        conversations: vec![(ann(), conversations()), (work(), Vec::new())],
        plugins: plugins(),
        window: None,
    }
}

/// The same on a home in which nothing happened yet.
pub(crate) fn empty_snapshot() -> Snapshot {
    Snapshot {
        accounts: accounts().into_iter().take(1).collect(),
        conversations: vec![(ann(), Vec::new())],
        plugins: Vec::new(),
        ..snapshot()
    }
}

/// Before there is an engine.
pub(crate) fn welcome_snapshot(stage: Stage) -> Snapshot {
    Snapshot {
        stage,
        network: String::new(),
        accounts: Vec::new(),
        conversations: Vec::new(),
        plugins: Vec::new(),
        ..snapshot()
    }
}

/// The messages of a conversation: the whole thread of Bob's, one or none of
/// the others'.
pub(crate) fn messages(conversation: &ConversationId) -> Vec<Message> {
    if *conversation == bob().into() {
        return thread();
    }
    let all = conversations();
    let Some(number) = all.iter().position(|it| it.id == *conversation) else { return Vec::new() };
    let Some((state, author)) = all.get(number).zip(conversation.account()) else {
        return Vec::new();
    };
    let words = [
        "See you at the corner at six.",
        "Thank you! That helped a lot.",
        "好的，那我们明天见。",
        "תודה רבה, נתראה מחר",
        "The boat leaves on time today, they say.",
        "👍",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
    ];
    let outgoing = number % 3 == 1;
    let said = match number {
        2 => "Hello, Ann! I say what you say.",
        _ => words.get(number % words.len()).copied().unwrap_or_default(),
    };
    vec![Message {
        id: MessageId { account: 1, number: 1_000 + number as u64 },
        conversation: conversation.clone(),
        author: if outgoing { ann() } else { author },
        state: if state.unread > 0 { MessageState::Received } else { MessageState::Read },
        ..text(0, outgoing && state.unread == 0, NOW - state.latest, said)
    }]
}
