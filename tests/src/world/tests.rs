//! That a run tells when something does not hold, and is the same each time.

use ramson_types::MessageId;

use super::*;

fn calm() -> Plan {
    Plan::default().chatter(2, 5, 15)
}

#[test]
fn the_same_seed_gives_the_same_log_and_another_seed_another() {
    let runs = [1, 1, 2].map(|seed| run(calm(), seed, true));
    for run in &runs {
        assert_eq!(run.complaints, [""; 0]);
        assert_eq!((run.messages, run.log.len() as u64), (6, run.digest.lines));
    }
    assert_eq!(runs[0].log, runs[1].log);
    assert_eq!(runs[0].digest, runs[1].digest);
    assert_ne!(runs[0].digest, runs[2].digest);
}

#[test]
fn what_exceeds_its_limit_is_told() {
    let complaints = |limits: Limits| run(Plan { limits, ..calm() }, 1, false).complaints;
    let fine = Limits::default();
    let found = complaints(Limits { time: Duration::from_secs(20), ..fine });
    assert!(found[0].contains("when the time is over"), "{found:?}");
    let found = complaints(Limits { requests_per_minute: 10, ..fine });
    assert!(found[0].contains("requests in a minute"), "{found:?}");
    let found = complaints(Limits { steps_per_second: 0, ..fine });
    assert!(found[0].contains("steps a second"), "{found:?}");
    let found = complaints(Limits { steps: 100, ..fine });
    assert!(found[0].contains("no end"), "{found:?}");
}

/// Runs a world, does something to the home of its second client, and gives
/// what the last check says of it.
fn complaints_after(change: impl FnOnce(&mut client::Home)) -> Vec<String> {
    let world = World::new(calm(), 1, false);
    world.start_nodes();
    world.start_client(0);
    world.start_client(1);
    world.start_client(2);
    world.start_script();
    world.run_until_settled();
    assert_eq!(*world.complaints.borrow(), [""; 0]);
    change(&mut world.clients[1].home.borrow_mut());
    world.check_end();
    world.complaints.take()
}

#[test]
fn a_lost_a_doubled_and_a_changed_message_are_told() {
    let first = |home: &client::Home| *home.messages.keys().next().expect("there are some");
    let lost = complaints_after(|home| {
        home.messages.remove(&first(home));
    });
    assert!(lost[0].contains("0 times"), "{lost:?}");
    let doubled = complaints_after(|home| {
        let id = first(home);
        let copy = home.messages[&id].clone();
        home.messages.insert(MessageId { number: 1_000, ..id }, copy);
    });
    assert!(doubled[0].contains("2 times"), "{doubled:?}");
    let changed = complaints_after(|home| {
        let id = first(home);
        home.messages.get_mut(&id).expect("it is there").text = Some("other".to_owned());
    });
    assert!(changed.iter().any(|why| why.contains("not for it")), "{changed:?}");
    let untold = complaints_after(|home| home.ledger.clear());
    assert!(untold[0].contains("ledger"), "{untold:?}");
    let stray = complaints_after(|home| home.seen.clear());
    assert!(stray[0].contains("never seen"), "{stray:?}");
}

#[test]
fn a_store_that_is_told_something_impossible_says_so() {
    use ramson_protocol::store::Change;

    let mut home = client::Home::default();
    assert!(home.commit(vec![Change::RemoveOutbox(1)], &[]).is_err());
    assert!(home.commit(Vec::new(), &[]).is_ok());
}
