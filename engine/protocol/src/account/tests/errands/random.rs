//! Whatever a node answers.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn any_status() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(200), 1 => prop::sample::select(vec![400, 401, 406, 421, 425, 500, 503])]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::from(hash(1).to_string())),
        any::<String>().prop_map(Value::from),
    ];
    let names = ["results", "code", "body", "swarm", "deleted", "updated", "snodes", "expiries"];
    leaf.prop_recursive(4, 30, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.to_vec()), inner, 0..4)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// Puts a value somewhere into an honest answer.
fn spoil(value: &mut Value, path: &[prop::sample::Index], with: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = with;
        return;
    };
    match value {
        Value::Array(list) if !list.is_empty() => {
            let at = first.index(list.len());
            spoil(&mut list[at], rest, with);
        }
        Value::Object(map) if !map.is_empty() => {
            let at = first.index(map.len());
            if let Some(inner) = map.values_mut().nth(at) {
                spoil(inner, rest, with);
            }
        }
        other => *other = with,
    }
}

/// One answer: honest, spoilt, made up, or none.
#[derive(Debug, Clone)]
enum Given {
    Honest(usize),
    Spoilt(Vec<prop::sample::Index>, Value),
    MadeUp(u16, Value),
    Bytes(u16, Vec<u8>),
    None,
}

fn any_given() -> impl Strategy<Value = Given> {
    let path = prop::collection::vec(any::<prop::sample::Index>(), 0..7);
    prop_oneof![
        1 => (0_usize..3).prop_map(Given::Honest),
        3 => (path, any_value()).prop_map(|(path, value)| Given::Spoilt(path, value)),
        2 => (any_status(), any_value()).prop_map(|(status, value)| Given::MadeUp(status, value)),
        1 => (any_status(), any::<Vec<u8>>()).prop_map(|(status, body)| Given::Bytes(status, body)),
        1 => Just(Given::None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_errand_leaves_only_when_it_is_done(given in prop::collection::vec(any_given(), 1..40)) {
        let mut bench = Bench::new(3);
        bench.name("Alice");
        for n in 0..6 {
            bench.swarm.put(hash(n), NOW.plus(DAY));
            let message = MessageId { account: 1, number: n.into() };
            bench.account.expiring.set(message, Some(NOW.plus(DAY * 2)));
            let conversation = bench.account.id();
            let copy = ErrandCopy {
                hash: hash(n), message, conversation: ConversationId::Account(conversation),
                seconds: 60,
            };
            bench.add(match n % 3 {
                0 => Errand::Delete(vec![hash(n), hash(n + 100)]),
                1 => Errand::Shorten { copies: vec![copy], expiry: NOW.plus(DAY / 2) },
                _ => Errand::AskExpiries(vec![copy]),
            });
        }
        for given in given {
            let Some(at) = bench.account.next_errand() else { break };
            bench.now = bench.now.max(at);
            let Some(errand) = bench.due() else { continue };
            let before = bench.home.errands.clone();
            let asked = Some(node(1).ed25519);
            match &given {
                Given::Honest(at) => drop(bench.answers(&errand, *at)),
                Given::None => drop(bench.fails(&errand, 1, "no answer")),
                Given::Bytes(status, body) => drop(bench.ends(&errand, asked, Ok((*status, body)))),
                Given::MadeUp(status, value) => {
                    let body = value.to_string();
                    bench.ends(&errand, asked, Ok((*status, body.as_bytes())));
                }
                Given::Spoilt(path, value) => {
                    let body = bench.swarm.answer(0, &errand.request, bench.now);
                    let mut body = serde_json::from_str(&body).unwrap();
                    spoil(&mut body, path, value.clone());
                    let body = body.to_string();
                    bench.ends(&errand, asked, Ok((200, body.as_bytes())));
                }
            }
            // Whatever is gone is done: at more than half of the members.
            for (number, gone) in before {
                if bench.home.errands.contains_key(&number) {
                    continue;
                }
                let done = |member: &Member| match &gone.errand {
                    Errand::Delete(hashes) => {
                        hashes.iter().all(|hash| !member.copies.contains_key(hash))
                    }
                    Errand::Shorten { copies, expiry } => {
                        copies.iter().all(|copy| member.copies.get(&copy.hash) <= Some(expiry))
                    }
                    Errand::AskExpiries(_) => true,
                };
                prop_assert!(bench.swarm.members.iter().filter(|m| done(m)).count() >= 2);
            }
        }
        prop_assert_eq!(bench.account.errands_waiting(), bench.home.errands.len());
        // And in the end all is done.
        bench.finish();
        prop_assert!(bench.home.errands.is_empty());
        prop_assert_eq!(bench.account.unstored_configs(), 0);
    }
}
