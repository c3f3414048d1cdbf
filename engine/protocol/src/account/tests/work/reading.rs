//! What was read, here and on other devices.

use super::*;

const T: u32 = 300;

const SECOND: Duration = Duration::from_secs(1);

/// An unread message that disappears after reading.
fn fading(home: &mut Home, peer: AccountId, sent: Timestamp, seconds: u32) -> MessageId {
    let message = Message { expiry: on_reading(seconds), ..home.message(peer, sent) };
    home.put(message)
}

fn ends(home: &Home, id: MessageId) -> Option<Timestamp> {
    home.store.messages[&id].expiry.unwrap().ends
}

#[test]
fn reading_here_starts_timers_and_shortens_the_own_copies() {
    let mut home = Home::new();
    let peer = home.contact(2);
    clock_is_behind(&mut home.account, 7_000);
    let short = [1, 2].map(|n| fading(&mut home, peer, NOW.offset(n), T));
    let long = fading(&mut home, peer, NOW.offset(3), 2 * T);
    let plain = home.incoming(peer, NOW.offset(4));
    let unread = fading(&mut home, peer, NOW.offset(9), T);
    home.now = after(60);
    let turn = home.mark_read(peer, Some(NOW.offset(5)));
    // Network time is 7 s later than the local clock says.
    let end = |seconds: u32| after(60 + 7 + u64::from(seconds));
    assert_eq!(short.map(|id| ends(&home, id)), [Some(end(T)); 2]);
    assert_eq!(ends(&home, long), Some(end(2 * T)));
    assert_eq!(ends(&home, unread), None);
    assert_eq!(home.store.messages[&plain].expiry, None);
    let shortened: Vec<_> = turn
        .errands()
        .into_iter()
        .map(|errand| match errand {
            Errand::Shorten { copies, expiry } => {
                (copies.iter().map(|copy| copy.message).collect::<Vec<_>>(), *expiry)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shortened, [(short.to_vec(), end(T)), (vec![long], end(2 * T))]);
    assert_eq!(home.line(peer).unread, 1);
    // Exact, also after a restart with a clock that is right.
    home.restart();
    home.now = end(T).offset(-1);
    assert!(home.work().is_empty());
    home.now = end(T);
    assert_eq!(home.work()[0].removed(), short.map(|id| (id, true)));
}

#[test]
fn reading_elsewhere_asks_what_that_device_told_the_swarm() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let id = fading(&mut home, peer, NOW, T);
    home.receipts(true);
    home.read_elsewhere(peer, NOW);
    home.now = after(60);
    let turns = home.work();
    assert_eq!(turns.len(), 1);
    assert_eq!(ends(&home, id), Some(after(60 + u64::from(T))));
    let [Errand::AskExpiries(copies)] = turns[0].errands()[..] else {
        panic!("{:?}", turns[0].errands())
    };
    assert_eq!((copies[0].message, copies[0].seconds), (id, T));
    assert!(turns[0].outgoing.is_empty(), "the other device told the peer");
    assert_eq!(home.line(peer).unread, 0);
}

#[test]
fn twelve_hundred_are_read_in_pages_and_told_once_each() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.receipts(true);
    // Two share each millisecond: none is lost at the end of a page.
    for n in 0..1_200 {
        home.incoming(peer, NOW.offset(n / 2));
    }
    assert_eq!(home.line(peer).unread, 1_200);
    home.now = after(60);
    let mut turns = vec![home.mark_read(peer, None)];
    turns.extend(home.work());
    assert_eq!(turns.len(), 3);
    let mut told: Vec<u64> = turns.iter().flat_map(Turn::receipts).collect();
    told.sort_unstable();
    let all: Vec<u64> = (0..1_200).map(|n| NOW.offset(n / 2).millis()).collect();
    assert_eq!(told, all);
    let line = home.line(peer);
    assert_eq!((line.unread, line.read_handled), (0, NOW.offset(599)));
    assert!(turns.iter().all(|turn| turn.outgoing.len() == 1));
}

#[test]
fn marking_twice_changes_nothing_the_second_time() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.receipts(true);
    fading(&mut home, peer, NOW, T);
    let first = home.mark_read(peer, None);
    assert_eq!(first.receipts(), [NOW.millis()]);
    let before = home.store.clone();
    home.now = after(5);
    let second = home.mark_read(peer, None);
    assert!(second.outgoing.is_empty() && second.decision.events.is_empty());
    assert_eq!(home.store, before);
    let earlier = home.mark_read(peer, Some(NOW.offset(-50)));
    assert!(earlier.decision.events.is_empty());
    assert_eq!(home.store, before, "read stays read");
}

#[test]
fn receipts_go_only_to_whom_they_may() {
    let told = |receipts: bool, change: fn(&mut Contact)| {
        let mut home = Home::new();
        let peer = home.contact(2);
        home.receipts(receipts);
        let mut contact = home.account.settings.contacts.contact(&peer).unwrap();
        change(&mut contact);
        home.account.settings.contacts.set_contact(&contact);
        home.commit(Decision::default());
        home.incoming(peer, NOW);
        let notice = home.message(peer, NOW.offset(1));
        home.put(Message { kind: MessageKind::ExpirationTimerUpdate, ..notice });
        let mut gone = home.message(peer, NOW.offset(2));
        gone.delete();
        home.put(gone);
        home.mark_read(peer, None).receipts()
    };
    assert_eq!(told(true, |_| ()), [NOW.millis()]);
    assert!(told(false, |_| ()).is_empty());
    assert!(told(true, |contact| contact.blocked = true).is_empty());
    assert!(told(true, |contact| contact.approved = false).is_empty());
}

#[test]
fn read_state_and_mark_are_in_the_configs() {
    use crate::config::convo_volatile::Convo;
    let mut home = Home::new();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    let conversation = ConversationId::Account(peer);
    let state = |home: &Home| {
        let state = home.account.settings.volatile.read_state(&Convo::Account(peer));
        state.unwrap().unwrap_or_default()
    };
    home.command(Command::MarkUnread { conversation: conversation.clone(), unread: true });
    assert!(state(&home).unread && home.line(peer).marked_unread);
    home.mark_read(peer, None);
    assert_eq!(state(&home).last_read, i64::try_from(NOW.millis()).unwrap());
    assert!(!state(&home).unread && !home.line(peer).marked_unread);

    let stranger = ConversationId::Account(account(9, "").id());
    let unknown = Command::MarkRead { conversation: stranger.clone(), up_to: None };
    let refused = command(&mut home.account, unknown, NOW).unwrap_err();
    assert_eq!(refused, CommandError::NoSuchConversation { conversation: stranger });
}

#[test]
fn a_date_in_the_future_does_not_mark_what_comes_next() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    home.incoming(peer, NOW.plus(1_000 * DAY));
    home.mark_read(peer, None);
    assert!(home.line(peer).last_read <= NOW.plus(Duration::from_secs(7_200)));
    assert_eq!(home.line(peer).unread, 1);
    assert!(home.work().is_empty());
}

#[test]
fn a_crash_between_pages_loses_nothing() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let ids: Vec<_> = (0..700).map(|n| fading(&mut home, peer, NOW.offset(n), T)).collect();
    home.mark_read(peer, None);
    assert!(home.line(peer).unread > 0);
    home.restart();
    home.now = after(9);
    let turns = home.work();
    assert_eq!(turns.len(), 1);
    assert!(ids.iter().all(|id| ends(&home, *id).is_some()));
    assert_eq!(home.line(peer).unread, 0);
    // Nobody knows any more where the rest was read.
    let [Errand::AskExpiries(asked), Errand::Shorten { copies, expiry }] = turns[0].errands()[..]
    else {
        panic!("{:?}", turns[0].errands())
    };
    assert_eq!((asked, *expiry), (copies, after(9 + u64::from(T))));
    assert_eq!(asked.len(), 700 - 499);
}

#[test]
fn writing_on_in_a_conversation_that_is_read_is_no_work() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let id = ConversationId::Account(peer);
    home.incoming(peer, NOW);
    home.account.read_here(&id, NOW, home.now);
    home.commit(Decision::default());
    assert_eq!(home.work().len(), 1);
    for n in 1..4 {
        let (peer, sent) = (peer, NOW.offset(n));
        let own = Message { author: home.account.id(), ..home.message(peer, sent) };
        home.account.read_here(&id, sent, home.now);
        home.put(own);
        assert!(home.work().is_empty());
        assert_eq!(home.line(peer).read_handled, sent);
    }
    home.incoming(peer, NOW.offset(9));
    home.account.read_here(&id, NOW.offset(9), home.now);
    home.commit(Decision::default());
    assert_eq!(home.work().len(), 1);
}

#[test]
fn nothing_is_read_before_it_came() {
    let hour = Duration::from_secs(3_600);
    let mut home = Home::new();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    home.incoming(peer, NOW.plus(hour * 3));
    home.mark_read(peer, None);
    assert_eq!(home.line(peer).last_read, NOW);
    home.incoming(peer, NOW.plus(hour));
    home.mark_read(peer, Some(NOW.plus(hour * 9)));
    assert_eq!(home.line(peer).last_read, NOW.plus(hour), "an hour ahead can be read");
    home.incoming(peer, NOW.plus(hour + SECOND));
    home.mark_read(peer, Some(NOW.plus(hour)));
    assert_eq!((home.line(peer).last_read, home.line(peer).unread), (NOW.plus(hour), 2));
    home.now = NOW.plus(hour * 2);
    home.mark_read(peer, None);
    assert_eq!((home.line(peer).last_read, home.line(peer).unread), (NOW.plus(hour * 3), 0));
}

#[test]
fn a_timer_behind_what_was_read_is_not_forgotten() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    let ahead = fading(&mut home, peer, NOW.plus(DAY), T);
    // A message that is far ahead moves no line.
    home.account.lines.edit(&ConversationId::Account(peer)).latest = NOW;
    home.mark_read(peer, None);
    home.now = NOW.plus(DAY * 2);
    home.account.read_here(&ConversationId::Account(peer), home.now, home.now);
    home.commit(Decision::default());
    assert_eq!(home.work().len(), 1);
    assert!(ends(&home, ahead).is_some());
}

#[test]
fn without_the_page_nothing_is_done_and_it_stays_due() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let id = fading(&mut home, peer, NOW, T);
    home.read_elsewhere(peer, NOW);
    let work = home.account.due_work(home.now).unwrap();
    let intent = Intent::Work(work.clone());
    let now = home.now;
    let plan = home.account.carry_out(intent, &History::default(), now, &mut rng()).unwrap();
    assert!(plan.decision.is_empty() && plan.outgoing.is_empty(), "{plan:?}");
    assert_eq!(home.account.due_work(home.now), Some(work));
    home.work();
    assert!(ends(&home, id).is_some());
    assert_eq!((home.line(peer).unread, home.line(peer).read_handled), (0, NOW));
}

#[test]
fn a_time_too_far_ahead_in_the_config_gives_way_to_what_is_read() {
    use crate::config::convo_volatile::{Convo, ReadState};
    let mut home = Home::new();
    let peer = home.contact(2);
    let convo = Convo::Account(peer);
    let far = i64::try_from(NOW.plus(DAY).millis()).unwrap();
    let state = ReadState { last_read: far, ..ReadState::default() };
    home.account.settings.volatile.set_read_state(&convo, &state, NOW).unwrap();
    home.commit(Decision::default());
    assert_eq!(home.line(peer).last_read, Timestamp(0), "it is passed over");
    home.incoming(peer, NOW);
    assert_eq!(home.line(peer).unread, 1);
    home.mark_read(peer, None);
    let state = home.account.settings.volatile.read_state(&convo).unwrap().unwrap();
    assert_eq!(state.last_read, i64::try_from(NOW.millis()).unwrap());
}

#[test]
fn a_time_too_far_ahead_is_taken_once_it_is_near_and_never_written_again() {
    use crate::config::convo_volatile::{Convo, ReadState};
    let mut home = Home::new();
    let peer = home.contact(2);
    let convo = Convo::Account(peer);
    let far = NOW.plus(DAY);
    let in_config = |time: Timestamp| i64::try_from(time.millis()).unwrap();
    let state = |last_read| ReadState { last_read, ..ReadState::default() };
    let volatile = &mut home.account.settings.volatile;
    volatile.set_read_state(&convo, &state(in_config(far)), NOW).unwrap();
    home.commit(Decision::default());
    home.now = far.minus(Duration::from_secs(7_200));
    home.commit(Decision::default());
    assert_eq!(home.line(peer).last_read, far);

    home.now = NOW;
    let volatile = &mut home.account.settings.volatile;
    volatile.set_read_state(&convo, &state(in_config(NOW)), NOW).unwrap();
    let path = vec![node(7).ed25519];
    let namespace = Namespace::CONVO_INFO_VOLATILE;
    let (node, history) = (node(1).ed25519, History::default());
    home.account.receive(node, &path, namespace, Vec::new(), history, NOW);
    let read = home.account.settings.volatile.read_state(&convo).unwrap().unwrap();
    assert_eq!(read.last_read, in_config(NOW));
}

#[test]
fn a_copy_that_the_swarm_let_go_of_by_itself_ends_nothing() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let old = fading(&mut home, peer, NOW, T);
    home.now = NOW.plus(DAY * 20);
    home.read_elsewhere(peer, NOW);
    let turns = home.work();
    assert_eq!(turns[0].errands(), Vec::<&Errand>::new());
    assert_eq!(ends(&home, old), Some(home.now.plus(SECOND * T)));
}
