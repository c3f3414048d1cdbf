//! What stands in the history does not depend on the order in which messages
//! arrive, nor on how they are split into batches.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ramson_types::message::MessageName;

use super::super::super::work::counts_as_unread;
use super::*;

/// What happened, in the order in which it was sent.
#[derive(Debug, Clone)]
struct Script(Vec<Step>);

#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    by_me: bool,
    target: usize,
    emoji: usize,
    flag: bool,
}

fn steps() -> impl Strategy<Value = Script> {
    let step = (0..12_u8, any::<bool>(), 0..24_usize, 0..3_usize, any::<bool>());
    let step = step.prop_map(|(kind, by_me, target, emoji, flag)| Step {
        kind,
        by_me,
        target,
        emoji,
        flag,
    });
    prop::collection::vec(step, 1..24).prop_map(Script)
}

const PEER: u8 = 2;
const STRANGER: u8 = 3;

impl Script {
    /// Who wrote the message of a step, and when.
    fn target(&self, step: &Step) -> (AccountId, Timestamp) {
        let n = step.target % self.0.len();
        let author = if self.0[n].by_me { id(1) } else { id(PEER) };
        (author, at(n as u64))
    }

    fn arrival(&self, n: usize, copy: u8) -> Arrival {
        let step = &self.0[n];
        let sent = at(n as u64);
        let (me, peer) = (id(1), id(PEER));
        let author = if step.by_me { me } else { peer };
        let (target_author, target_sent) = self.target(step);
        let to_peer = |content: Content| match step.by_me {
            true => synced(peer, content),
            false => content,
        };
        let later = ExpirationType::DeleteAfterSend;
        match step.kind {
            0..=2 => {
                let text = if step.flag { format!("@{me} hear {n}") } else { format!("say {n}") };
                let mut content = words(&text);
                if step.flag {
                    content = timed(content, later, 86_400 * 7);
                }
                content.data_message.as_mut().unwrap().profile =
                    (!step.by_me).then(|| profile(&format!("Peer {n}"), Some(1 + n as u64)));
                copy_of(author, sent, &to_peer(content), copy)
            }
            3..=5 => {
                let given = ["👍", "👎", "🎉"][step.emoji];
                let content = emoji(target_author, target_sent, given, step.flag);
                copy_of(author, sent, &to_peer(content), copy)
            }
            6 if step.by_me || target_author == peer => {
                copy_of(author, sent, &unsend(target_author, target_sent), copy)
            }
            7 | 6 => copy_of(peer, sent, &receipt(&[target_sent, sent]), copy),
            8 => {
                let content = timer_update(later, 86_400 * (1 + n as u32));
                copy_of(author, sent, &to_peer(content), copy)
            }
            9 => copy_of(id(STRANGER), sent, &words("who are you?"), copy),
            10 => copy_of(me, sent, &synced(me, words("buy milk")), copy),
            _ => {
                let content = Content {
                    message_request_response: Some(ramson_codec::proto::MessageRequestResponse {
                        is_approved: true,
                        profile_key: None,
                        profile: None,
                    }),
                    ..Content::default()
                };
                copy_of(peer, sent, &content, copy)
            }
        }
    }
}

/// What a user sees of a message. Its place, where it was deleted, only who
/// saw it before sees.
type Shown =
    (String, bool, MessageState, Vec<(AccountId, String, Timestamp, bool)>, Option<Timestamp>);

fn shown(device: &Device) -> BTreeMap<(MessageName, MessageKind), Shown> {
    // Of several acceptances the first to come is told.
    let messages =
        device.store.messages.values().filter(|message| {
            !message.deleted && message.kind != MessageKind::MessageRequestResponse
        });
    let shown = messages.map(|message| {
        let reaction = |reaction: &ramson_types::message::Reaction| {
            (reaction.author, reaction.emoji.clone(), reaction.at, reaction.removed)
        };
        let mut reactions: Vec<_> = message.reactions.iter().map(reaction).collect();
        reactions.sort();
        let ends = message.expiry.and_then(|expiry| expiry.ends);
        let text = message.text.clone().unwrap_or_default();
        let state = message.state.clone();
        ((message.name(), message.kind), (text, message.mentions_me, state, reactions, ends))
    });
    let all: Vec<_> = shown.collect();
    let count = all.len();
    let all: BTreeMap<_, _> = all.into_iter().collect();
    assert_eq!(all.len(), count, "no name stands there twice");
    all
}

/// What a user sees of a conversation and its contact.
fn line(device: &Device, peer: u8) -> String {
    let me = device.me();
    let contact = device.account.settings.contacts.contact(&id(peer));
    let contact = contact.map(|contact| Contact { created: 0, ..contact });
    let Some(line) = device.account.lines.get(&with(id(peer))) else {
        return format!("{contact:?}");
    };
    let unread = device.store.messages.values().filter(|message| {
        message.conversation == line.id
            && counts_as_unread(message, me)
            && message.sent > line.read_handled
    });
    let (unread, mentions): (Vec<_>, Vec<_>) =
        unread.map(|message| ((), message.mentions_me)).unzip();
    assert_eq!(line.unread, unread.len() as u64, "what is counted is what is there");
    assert_eq!(line.mentions, mentions.iter().filter(|is| **is).count() as u64);
    format!("{:?}", (line.unread, line.mentions, line.latest, line.last_read, contact))
}

fn difference(one: &Device, other: &Device) -> String {
    let (one, other) = (shown(one), shown(other));
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let different = names.into_iter().filter(|name| one.get(name) != other.get(name));
    different
        .map(|name| format!("{name:?}: {:?}, {:?}\n", one.get(name), other.get(name)))
        .collect()
}

fn fresh() -> Device {
    let mut device = Device::new(&[id(PEER)]);
    device.switch_on("read_receipts");
    device
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        script in steps(),
        keys in prop::collection::vec(any::<u32>(), 48),
        splits in prop::collection::vec(1..6_usize, 48),
        twice in prop::collection::vec(any::<bool>(), 24),
    ) {
        let mut once = fresh();
        for n in 0..script.0.len() {
            once.take(script.arrival(n, 0));
        }
        let mut order: Vec<(u32, usize, u8)> = Vec::new();
        for n in 0..script.0.len() {
            order.push((keys[n], n, 0));
            if twice[n] {
                order.push((keys[n + 24], n, 1));
            }
        }
        order.sort();
        let mut shuffled = fresh();
        let mut rest = &order[..];
        for split in splits {
            let (batch, more) = rest.split_at(split.min(rest.len()));
            let batch = batch.iter().map(|(_, n, copy)| script.arrival(*n, *copy)).collect();
            shuffled.take_all(batch);
            rest = more;
        }
        prop_assert!(rest.is_empty() || order.len() > 48);
        shuffled.take_all(rest.iter().map(|(_, n, copy)| script.arrival(*n, *copy)).collect());
        prop_assert!(shown(&once) == shown(&shuffled), "{}", difference(&once, &shuffled));
        for peer in [1, PEER, STRANGER] {
            prop_assert_eq!(line(&once, peer), line(&shuffled, peer));
        }
        // A second look at everything changes nothing.
        let before = shown(&shuffled);
        let all = (0..script.0.len()).map(|n| script.arrival(n, 2)).collect();
        shuffled.take_all(all);
        prop_assert!(before == shown(&shuffled));
    }
}
