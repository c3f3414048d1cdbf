//! The counts of a line are those of its history, whatever happens to it.

use proptest::prelude::*;

use super::*;
use crate::account::work::{counts_as_unread, uncount_unread};

#[derive(Debug, Clone)]
enum Step {
    /// A message of a kind comes, sent then; with a mention, with a timer.
    Incoming(u8, i64, bool, bool),
    Own(i64),
    Read(i64),
    ReadElsewhere(i64),
    Delete(usize),
    Restart,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..40_i64;
    prop_oneof![
        6 => (0..4_u8, at.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(kind, at, mention, timer)| Step::Incoming(kind, at, mention, timer)),
        1 => at.clone().prop_map(Step::Own),
        2 => at.clone().prop_map(Step::Read),
        1 => at.prop_map(Step::ReadElsewhere),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => Just(Step::Restart),
        1 => (0..200_u64).prop_map(Step::Wait),
    ]
}

fn recount(home: &Home, peer: AccountId) -> (u64, u64) {
    let me = home.account.id();
    let line = home.line(peer);
    let unread = home
        .store
        .messages
        .values()
        .filter(|message| counts_as_unread(message, me) && message.sent > line.read_handled);
    let mentions = unread.clone().filter(|message| message.mentions_me);
    (unread.count() as u64, mentions.count() as u64)
}

fn take(home: &mut Home, peer: AccountId, step: Step) {
    let id = ConversationId::Account(peer);
    match step {
        Step::Incoming(kind, at, mentions_me, timer) => {
            let kind = match kind {
                0 => MessageKind::Call,
                1 => MessageKind::ExpirationTimerUpdate,
                _ => MessageKind::Visible,
            };
            let expiry = timer.then(|| on_reading(100)).flatten();
            let message = home.message(peer, NOW.offset(at));
            home.put(Message { kind, mentions_me, expiry, ..message });
        }
        Step::Own(at) => {
            let own = Message { author: home.account.id(), ..home.message(peer, NOW.offset(at)) };
            home.account.read_here(&id, NOW.offset(at), home.now);
            home.put(own);
        }
        Step::Read(at) => {
            home.mark_read(peer, Some(NOW.offset(at)));
        }
        Step::ReadElsewhere(at) => {
            let before = home.line(peer).last_read;
            home.read_elsewhere(peer, before.max(NOW.offset(at)));
        }
        Step::Delete(which) => {
            let all: Vec<_> = home.store.messages.values().cloned().collect();
            let Some(message) = all.get(which % all.len().max(1)) else { return };
            let me = home.account.id();
            uncount_unread(home.account.lines.edit(&id), message, me);
            let edit = crate::store::MessageEdit::Delete;
            let changes = vec![Change::EditMessage { id: message.id, edit }];
            home.commit(Decision { changes, ..Decision::default() });
        }
        Step::Restart => home.restart(),
        Step::Wait(seconds) => home.now = home.now.plus(Duration::from_secs(seconds)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn counts_are_those_of_the_history(steps in prop::collection::vec((step(), any::<bool>()), 1..40)) {
        let mut home = Home::new();
        let peer = home.contact(2);
        home.incoming(peer, NOW);
        for (step, work) in steps {
            take(&mut home, peer, step.clone());
            if work {
                home.work();
            }
            let line = home.line(peer);
            prop_assert_eq!((line.unread, line.mentions), recount(&home, peer), "{:?}", step);
        }
        home.work();
        let line = home.line(peer);
        prop_assert_eq!((line.unread, line.mentions), recount(&home, peer));
        prop_assert!(line.last_read <= line.read_handled);
    }
}
