//! What is refused changes nothing; what is not refused can be sent.

use std::collections::BTreeSet;

use proptest::prelude::*;
use ramson_codec::storage::MAX_DATA;
use ramson_types::Prefix;
use ramson_types::conversation::{Disappearing, Notify};
use rand::seq::IndexedRandom as _;

use super::*;
use crate::command::{Invitation, LinkPreview};

/// One of many commands, good and bad ones.
fn any_command(home: &Home, random: &mut StdRng) -> Command {
    let mut ids: Vec<_> = (1..5).map(|n| account(n, "x").id()).collect();
    ids.push(AccountId::new(Prefix::Group, [1; 32]));
    ids.push(AccountId::new(Prefix::Blinded15, [1; 32]));
    let mut messages: Vec<_> = home.store.messages.keys().copied().collect();
    messages.push(MessageId { account: 1, number: 1 << 40 });
    let id = *ids.choose(random).unwrap();
    let message = *messages.choose(random).unwrap();
    let conversation = ConversationId::of(id).unwrap();
    let yes: bool = random.random();
    let seconds = *[0, 1, 3_600, 2_000_000].choose(random).unwrap();
    let words = ["", " ", "hi", "😀", "https://a.org", &"é".repeat(60), &"x".repeat(2_001)];
    let word = (*words.choose(random).unwrap()).to_owned();
    let until = home.now.plus(Duration::from_secs(seconds));
    match random.random_range(0..20) {
        0..5 => {
            let rarely = |random: &mut StdRng| random.random_bool(0.2);
            let (url, title) =
                ("https://a.org".to_owned(), "x".repeat(usize::from(seconds > 3_600) * 80_000));
            let post = Post {
                text: word,
                reply_to: rarely(random).then_some(message),
                preview: rarely(random).then(|| LinkPreview { url: url.clone(), title }),
                invitation: rarely(random).then(|| Invitation { url, name: "x".into() }),
                unsynced: yes,
            };
            Command::Send { to: id, post }
        }
        5 => Command::React { message, emoji: word, remove: yes, unsynced: seconds > 0 },
        6 => {
            let scopes = [DeleteScope::Here, DeleteScope::MyDevices, DeleteScope::Everyone];
            Command::Delete { message, scope: *scopes.choose(random).unwrap() }
        }
        7 => Command::MarkRead { conversation, up_to: yes.then_some(home.now) },
        8 => Command::MarkUnread { conversation, unread: yes },
        9 => Command::SetTyping { to: id, typing: yes },
        10 => Command::TellMediaSaved { message },
        11 => Command::SetName(word),
        12 => Command::AddContact(id),
        13 => Command::Approve(id),
        14 => Command::Decline(id),
        15 => Command::Block { account: id, blocked: random.random_bool(0.3) },
        16 => Command::SetNickname { account: id, nickname: yes.then_some(word) },
        17 => Command::RemoveContact(id),
        18 => match random.random_range(0..4) {
            0 => Command::SetPriority { conversation, priority: 3 },
            1 => Command::Mute { conversation, until },
            2 => Command::SetNotify { conversation, notify: Notify::Off },
            _ => Command::SetDraft { conversation, text: Some(word.repeat(6)) },
        },
        _ => {
            let setting = match random.random_range(0..3) {
                0 => Disappearing::Off,
                1 => Disappearing::AfterSend(seconds as u32),
                _ => Disappearing::AfterRead(seconds as u32),
            };
            Command::SetDisappearing { conversation, setting }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_command_is_carried_out_or_changes_nothing(seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut home, _) = Home::with_friend();
        home.does(Command::SetPrivacy { read_receipts: Some(true), typing: Some(true) }).unwrap();
        let mut times = BTreeSet::new();
        for _ in 0..40 {
            home.now = home.now.plus(Duration::from_millis(random.random_range(0..3_000)));
            if random.random_bool(0.2) {
                let from = account(random.random_range(2..5), "x").id();
                let known = home.contact(from).unwrap_or_else(|| Contact::new(from));
                home.knows(Contact { approved_me: true, ..known });
                home.hears(from, home.now);
            }
            let command = any_command(&home, &mut random);
            let (before, kept) = (home.state(), home.store.clone());
            match home.does(command.clone()) {
                Err(_) => {
                    prop_assert_eq!(home.state(), before, "{:?}", command);
                    prop_assert!(home.store == kept);
                }
                Ok(done) => {
                    // Each message has a time of its own, shared by its copies.
                    let new: BTreeSet<_> =
                        done.outgoing.iter().map(|copy| (copy.sent, copy.message)).collect();
                    for (sent, _) in new {
                        prop_assert!(times.insert(sent), "{:?}", command);
                    }
                    for copy in &done.outgoing {
                        read(copy);
                        prop_assert!(copy.ttl >= Duration::from_secs(10) && copy.ttl <= FORTNIGHT);
                        prop_assert!(copy.content.len() < MAX_DATA);
                    }
                    // What the machine thinks is what its store has.
                    let lines: Vec<_> = home.account.lines.iter().cloned().collect();
                    let stored: Vec<_> = home.store.lines.values().cloned().collect();
                    prop_assert_eq!(lines, stored);
                    prop_assert_eq!(home.account.counters, home.store.counters);
                }
            }
            if random.random_bool(0.2) {
                home.delivers();
            }
        }
    }
}
