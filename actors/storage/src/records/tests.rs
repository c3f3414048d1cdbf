use std::time::Duration;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use ramson_protocol::config::ConfigKind;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{
    ConfigDump, Copy, Counters, Cursor, Early, Errand, ErrandCopy, OutboxEntry, StoredErrand, Sync,
};
use ramson_types::conversation::{
    CommunityRoom, Conversation, Disappearing, Notify, ProfilePicture,
};
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind, MessageState, Reaction};
use ramson_types::{
    ConversationId, MessageId, Namespace, Prefix, ServiceNode, SwarmId, Timestamp, X25519PublicKey,
};

use super::event::KeptEvent;
use super::*;

fn id() -> impl Strategy<Value = AccountId> {
    let prefix = prop_oneof![
        Just(Prefix::Account),
        Just(Prefix::Group),
        Just(Prefix::Blinded15),
        Just(Prefix::Blinded25)
    ];
    (prefix, any::<[u8; 32]>()).prop_map(|(prefix, key)| AccountId::new(prefix, key))
}

fn node() -> impl Strategy<Value = Ed25519PublicKey> {
    any::<[u8; 32]>().prop_map(Ed25519PublicKey)
}

fn hash() -> impl Strategy<Value = MessageHash> {
    any::<[u8; 32]>().prop_map(MessageHash)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp)
}

fn namespace() -> impl Strategy<Value = Namespace> {
    any::<i16>().prop_map(Namespace)
}

fn conversation_id() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        id().prop_map(ConversationId::Account),
        id().prop_map(ConversationId::Group),
        id().prop_map(ConversationId::Blinded),
        (any::<String>(), any::<String>()).prop_map(|(server, room)| {
            ConversationId::Community(CommunityRoom { server, room })
        }),
    ]
}

fn kind() -> impl Strategy<Value = MessageKind> {
    prop_oneof![
        Just(MessageKind::Visible),
        Just(MessageKind::ExpirationTimerUpdate),
        Just(MessageKind::DataExtraction),
        Just(MessageKind::MessageRequestResponse),
        Just(MessageKind::Call),
        Just(MessageKind::GroupUpdate),
    ]
}

fn state() -> impl Strategy<Value = MessageState> {
    prop_oneof![
        Just(MessageState::Queued),
        Just(MessageState::Stored),
        any::<String>().prop_map(|reason| MessageState::Failed { reason }),
        Just(MessageState::Received),
        Just(MessageState::Read),
    ]
}

fn expiry() -> impl Strategy<Value = Expiry> {
    let from = prop_oneof![Just(ExpiresFrom::Sent), Just(ExpiresFrom::Read)];
    (from, any::<u32>(), of(time())).prop_map(|(from, seconds, ends)| Expiry {
        from,
        seconds,
        ends,
    })
}

fn reactions() -> impl Strategy<Value = Vec<Reaction>> {
    let one = (id(), any::<String>(), time(), any::<bool>())
        .prop_map(|(author, emoji, at, removed)| Reaction { author, emoji, at, removed });
    vec(one, 0..4)
}

prop_compose! {
    fn a_message()(
        number: u64, conversation in conversation_id(), author in id(), sent in time(),
        received in time(), kind in kind(), (state, text) in (state(), of(any::<String>())),
        content: Vec<u8>, (hash, own_hash) in (of(hash()), of(hash())), expiry in of(expiry()),
        reactions in reactions(), (mentions_me, deleted) in any::<(bool, bool)>(),
    ) -> Message {
        let id = MessageId { account: 3, number };
        Message {
            id, conversation, author, sent, received, kind, state, text, content, hash, own_hash,
            expiry, reactions, mentions_me, deleted,
        }
    }
}

prop_compose! {
    fn a_line()(
        id in conversation_id(), name in of(any::<String>()), nickname in of(any::<String>()),
        picture in of((any::<String>(), any::<[u8; 32]>())
            .prop_map(|(url, key)| ProfilePicture { url, key })),
        (approved, approved_me, blocked, marked_unread) in any::<(bool, bool, bool, bool)>(),
        priority: i64,
        notify in prop_oneof![
            Just(Notify::Default), Just(Notify::All), Just(Notify::Off), Just(Notify::Mentions)
        ],
        disappearing in prop_oneof![
            Just(Disappearing::Off),
            any::<u32>().prop_map(Disappearing::AfterSend),
            any::<u32>().prop_map(Disappearing::AfterRead),
        ],
        (muted_until, created, latest, last_read, read_handled)
            in (time(), time(), time(), time(), time()),
        (unread, mentions) in any::<(u64, u64)>(), draft in of(any::<String>()),
    ) -> Conversation {
        Conversation {
            id, name, nickname, picture, approved, approved_me, blocked, priority, muted_until,
            notify, disappearing, created, latest, unread, mentions, marked_unread, last_read,
            read_handled, draft,
        }
    }
}

fn an_errand() -> impl Strategy<Value = StoredErrand> {
    let copies = || {
        let copy = (hash(), any::<u64>(), conversation_id(), any::<u32>());
        let copy = copy.prop_map(|(hash, number, conversation, seconds)| ErrandCopy {
            hash,
            message: MessageId { account: 3, number },
            conversation,
            seconds,
        });
        vec(copy, 0..4)
    };
    let errand = prop_oneof![
        vec(hash(), 0..4).prop_map(Errand::Delete),
        (copies(), time()).prop_map(|(copies, expiry)| Errand::Shorten { copies, expiry }),
        copies().prop_map(Errand::AskExpiries),
    ];
    (any::<u64>(), time(), errand).prop_map(|(number, begun, errand)| StoredErrand {
        number,
        begun,
        errand,
    })
}

fn step() -> impl Strategy<Value = LedgerStep> {
    let nodes = || vec(node(), 0..4);
    prop_oneof![
        (id(), any::<u64>()).prop_map(|(to, bytes)| LedgerStep::Queued { to, bytes }),
        (any::<u32>(), of(id()), node(), nodes(), of(time())).prop_map(
            |(attempt, to, node, path, asked)| LedgerStep::Attempted {
                attempt,
                to,
                node,
                path,
                asked
            }
        ),
        (id(), nodes(), nodes()).prop_map(|(to, confirmed, failed)| LedgerStep::Stored {
            to,
            confirmed,
            failed
        }),
        (of(id()), node(), any::<u32>()).prop_map(|(to, node, members)| LedgerStep::WrongSwarm {
            to,
            node,
            members
        }),
        (of(id()), of(node()), any::<String>(), of(time()), of(time())).prop_map(
            |(to, node, reason, asked, retry_at)| LedgerStep::AttemptFailed {
                to,
                node,
                reason,
                asked,
                retry_at
            }
        ),
        (node(), node(), time(), any::<u32>()).prop_map(|(node, had, noticed, times)| {
            LedgerStep::Missed { node, had, noticed, times }
        }),
        (node(), namespace(), any::<u32>()).prop_map(|(node, namespace, messages)| {
            LedgerStep::Replayed { node, namespace, messages }
        }),
        (node(), nodes(), namespace()).prop_map(|(node, path, namespace)| LedgerStep::Received {
            node,
            path,
            namespace
        }),
        (node(), any::<String>(), of(time())).prop_map(|(node, reason, remembered_until)| {
            LedgerStep::Dropped { node, reason, remembered_until }
        }),
        (node(), namespace())
            .prop_map(|(node, namespace)| LedgerStep::CursorMoved { node, namespace }),
    ]
}

proptest! {
    #[test]
    fn a_message_comes_back(expected in a_message()) {
        let record = message(&expected).unwrap();
        let conversation = expected.conversation.clone();
        prop_assert_eq!(parse_message(expected.id, conversation, &record), Ok(expected));
    }

    #[test]
    fn a_conversation_comes_back(expected in a_line()) {
        prop_assert_eq!(parse_conversation(&conversation(&expected).unwrap()), Ok(expected));
    }

    #[test]
    fn an_errand_comes_back(expected in an_errand()) {
        let record = errand(&expected).unwrap();
        prop_assert_eq!(parse_errand(3, expected.number, &record), Ok(expected));
    }

    #[test]
    fn what_was_said_early_comes_back(
        (deleted, read) in any::<(bool, bool)>(), reactions in reactions(), until in time(),
    ) {
        let expected = Early { deleted, read, reactions, until };
        prop_assert_eq!(parse_early(&early(&expected)), Ok(expected));
    }

    #[test]
    fn an_event_comes_back(
        kind in 1..=10u32, message in of(any::<u64>()), conversation in conversation_id(),
        at in time(),
    ) {
        let kind = EventKind::from_number(kind).unwrap();
        let message = message.map(|number| MessageId { account: 3, number });
        let expected = EventRef { kind, message, conversation };
        let record = event(3, &expected, at).unwrap();
        prop_assert_eq!(event_account(&record), Some(3));
        let kept = KeptEvent { account: 3, event: Some(expected), at };
        prop_assert_eq!(parse_event(&record), Ok(kept));
    }

    #[test]
    fn an_account_comes_back(
        of in id(), name in of(any::<String>()), done: bool, contacts in time(), at in time(),
    ) {
        let sync = Sync { done, contacts_stored: contacts };
        let record = AccountRecord::new(of, name.clone(), sync, at);
        let read: AccountRecord = decode(&encode(&record)).unwrap();
        prop_assert_eq!((read.id(), read.sync()), (Ok(of), sync));
        prop_assert_eq!((&read.name, &read), (&name, &record));
    }

    #[test]
    fn a_config_comes_back(dump: Vec<u8>) {
        let dump = ConfigDump(dump);
        prop_assert_eq!(parse_config(&config(&dump)), Ok(dump));
    }

    #[test]
    fn different_conversations_have_different_keys(
        one in conversation_id(), two in conversation_id(),
    ) {
        let (keys, ids) = (conversation_key(&one) == conversation_key(&two), one == two);
        prop_assert_eq!(keys, ids);
    }

    #[test]
    fn a_ledger_line_comes_back(
        at in time(), message in of(any::<u64>()), hash in of(hash()), step in step(),
    ) {
        let message = message.map(|number| MessageId { account: 3, number });
        let expected = LedgerLine { at, message, hash, step };
        prop_assert_eq!(parse_ledger_line(3, &ledger_line(&expected).unwrap()), Ok(expected));
    }

    #[test]
    fn an_outbox_entry_comes_back(
        number: u64, message: u64, sync: bool, to in id(), namespace in namespace(),
        timestamp in time(), (seconds, nanos) in (any::<u64>(), 0..1_000_000_000u32),
        data: Vec<u8>, attempts: u32, next_attempt in time(),
        (quiet, outside_history) in any::<(bool, bool)>(),
    ) {
        let copy = if sync { Copy::Sync } else { Copy::Recipient };
        let message = MessageId { account: 3, number: message };
        let ttl = Duration::new(seconds, nanos);
        let expected = OutboxEntry {
            number, message, copy, to, namespace, timestamp, ttl, data, attempts, next_attempt,
            quiet, outside_history,
        };
        prop_assert_eq!(parse_outbox(3, number, &outbox(&expected)), Ok(expected));
    }

    #[test]
    fn counters_and_cursors_come_back(
        (next_message, next_outbox, next_errand) in any::<(u64, u64, u64)>(), last_sent in time(),
        hash in hash(), expires in time(),
    ) {
        let expected = Counters { next_message, next_outbox, next_errand, last_sent };
        prop_assert_eq!(parse_counters(&counters(&expected)), Ok(expected));
        let expected = Cursor { hash, expires };
        prop_assert_eq!(parse_cursor(&cursor(&expected)), Ok(expected));
    }

    #[test]
    fn pool_and_guards_come_back(
        nodes in vec((node(), any::<[u8; 32]>(), any::<[u8; 4]>(), any::<u16>(), of(any::<u64>())), 0..5),
        at in time(),
    ) {
        let keys: Vec<_> = nodes.iter().map(|node| node.0).collect();
        prop_assert_eq!(parse_guards(&guards(&keys)), Ok(keys));
        let pool = nodes.into_iter().map(|(ed25519, x25519, ip, https_port, swarm)| ServiceNode {
            ed25519,
            x25519: X25519PublicKey(x25519),
            ip: ip.into(),
            https_port,
            swarm: swarm.map(SwarmId),
        });
        let pool = pool.collect();
        prop_assert_eq!(parse_node_pool(&node_pool(&pool, at)), Ok((pool, at)));
    }

    #[test]
    fn a_seed_comes_back(bytes: [u8; 32]) {
        let record = seed(&ramson_crypto::Seed::from_bytes32(bytes));
        prop_assert_eq!(parse_seed(&*record).ok().map(|seed| *seed.as_bytes()), Some(bytes));
    }

    /// Garbage is an error or something that was not meant, never a panic;
    /// what decodes can be written down again.
    #[test]
    fn garbage_never_panics(garbage: Vec<u8>, version in prop_oneof![Just(1u8), any::<u8>()]) {
        let mut bytes = vec![version];
        bytes.extend_from_slice(&garbage);
        for bytes in [garbage.as_slice(), &bytes] {
            let id = MessageId { account: 3, number: 1 };
            let place = ConversationId::Account(AccountId::new(Prefix::Account, [0; 32]));
            if let Ok(found) = parse_message(id, place.clone(), bytes) {
                let again = parse_message(id, place, &message(&found).unwrap());
                prop_assert_eq!(again.unwrap(), found);
            }
            if let Ok(found) = parse_conversation(bytes) {
                let again = parse_conversation(&conversation(&found).unwrap());
                prop_assert_eq!(again.unwrap(), found);
            }
            let _ = parse_ledger_line(3, bytes).map(|found| ledger_line(&found).unwrap());
            let _ = parse_outbox(3, 1, bytes).map(|found| outbox(&found));
            let _ = parse_errand(3, 1, bytes).map(|found| errand(&found).unwrap());
            let _ = parse_early(bytes).map(|found| early(&found));
            let _ = parse_event(bytes)
                .map(|found| found.event.map(|found| event(3, &found, Timestamp(1)).unwrap()));
            let _ = is_of_removed_kind(bytes);
            let _ = parse_config(bytes);
            let _ = parse_counters(bytes);
            let _ = parse_cursor(bytes);
            let _ = parse_node_pool(bytes);
            let _ = parse_guards(bytes);
            let _ = parse_seed(bytes);
            let _ = decode::<AccountRecord>(bytes).map(|found| found.id());
        }
    }

    /// The same with records that are nearly right.
    #[test]
    fn a_changed_record_never_panics(
        expected in a_message(), at: prop::sample::Index, with: u8, step in step(),
        line in a_line(), told in an_errand(),
    ) {
        for record in [conversation(&line).unwrap(), errand(&told).unwrap()] {
            let mut record = record;
            let at_byte = at.index(record.len());
            record[at_byte] ^= with;
            if let Ok(found) = parse_conversation(&record) {
                let again = parse_conversation(&conversation(&found).unwrap());
                prop_assert_eq!(again.unwrap(), found);
            }
            if let Ok(found) = parse_errand(3, 1, &record) {
                prop_assert_eq!(parse_errand(3, 1, &errand(&found).unwrap()).unwrap(), found);
            }
            record.truncate(at_byte);
            let _ = parse_conversation(&record);
            let _ = parse_errand(3, 1, &record);
        }
        let mut record = message(&expected).unwrap();
        let at_byte = at.index(record.len());
        record[at_byte] ^= with;
        let (id, place) = (expected.id, expected.conversation.clone());
        if let Ok(found) = parse_message(id, place.clone(), &record) {
            let again = parse_message(id, place, &message(&found).unwrap());
            prop_assert_eq!(again.unwrap(), found, "what decodes can be written down again");
        }
        let line = LedgerLine { at: Timestamp(1), message: None, hash: None, step };
        let mut record = ledger_line(&line).unwrap();
        let at_byte = at.index(record.len());
        record[at_byte] ^= with;
        let _ = parse_ledger_line(3, &record);
        record.truncate(at_byte);
        let _ = parse_ledger_line(3, &record);
    }
}

#[test]
fn an_unknown_version_is_named() {
    let mut record = counters(&Counters::default());
    record[0] = 2;
    assert_eq!(parse_counters(&record), Err(RecordError::Version(2)));
    assert!(RecordError::Version(2).to_string().contains("version 2"));
    assert_eq!(parse_counters(&[]), Err(RecordError::Empty));
    assert_eq!(parse_seed(&[2; 33]).err(), Some(RecordError::Version(2)));
}

/// Bytes as the first version wrote them; later versions must read them.
#[test]
fn records_of_version_1_stay_readable() {
    let cursor = [&[1, 0x0a, 32][..], &[7; 32], &[0x10, 5]].concat();
    let expected = Cursor { hash: MessageHash([7; 32]), expires: Timestamp(5) };
    assert_eq!(parse_cursor(&cursor), Ok(expected));
    assert_eq!(super::cursor(&expected), cursor);
}

/// Counters as they were written before there were errands.
#[test]
fn counters_without_errands_begin_to_count_them() {
    let expected = Counters { next_message: 7, next_outbox: 8, ..Counters::default() };
    assert_eq!(parse_counters(&[1, 0x08, 7, 0x10, 8]), Ok(expected));
}

#[test]
fn each_kind_of_config_has_its_own_number() {
    let kinds = [
        ConfigKind::UserProfile,
        ConfigKind::Contacts,
        ConfigKind::ConvoInfoVolatile,
        ConfigKind::UserGroups,
        ConfigKind::Local,
        ConfigKind::GroupInfo,
        ConfigKind::GroupMembers,
    ];
    // Never to be changed.
    for (number, kind) in (1..).zip(kinds) {
        assert_eq!((config_number(kind), config_kind(number)), (Ok(number), Ok(kind)));
    }
    assert_eq!(config_kind(8), Err(RecordError::Field("kind")));
}

/// The outbox knows what is on its way; the history has it as waiting.
#[test]
fn a_message_on_its_way_is_kept_as_one_that_waits() {
    let place = ConversationId::Account(AccountId::new(Prefix::Account, [1; 32]));
    let sending = Message {
        id: MessageId { account: 3, number: 1 },
        conversation: place.clone(),
        author: AccountId::new(Prefix::Account, [2; 32]),
        sent: Timestamp(1),
        received: Timestamp(1),
        kind: MessageKind::Visible,
        state: MessageState::Sending,
        text: None,
        content: Vec::new(),
        hash: None,
        own_hash: None,
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    };
    let read = parse_message(sending.id, place, &message(&sending).unwrap()).unwrap();
    assert_eq!(read, Message { state: MessageState::Queued, ..sending });
}

/// A line of the ledger as it was written before its steps told to whom and
/// how long.
#[test]
fn ledger_lines_without_the_later_fields_stay_readable() {
    let attempted = [&[1, 0x08, 9, 0x10, 3, 0x2a, 36, 0x08, 2, 0x12, 32][..], &[7; 32]].concat();
    let node = Ed25519PublicKey([7; 32]);
    let step = LedgerStep::Attempted { attempt: 2, to: None, node, path: Vec::new(), asked: None };
    let message = Some(MessageId { account: 3, number: 3 });
    let line = LedgerLine { at: Timestamp(9), message, hash: None, step };
    assert_eq!(parse_ledger_line(3, &attempted), Ok(line.clone()));
    assert_eq!(ledger_line(&line).unwrap(), attempted);
}
