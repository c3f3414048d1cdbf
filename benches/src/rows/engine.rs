//! G2, G3 and G4 through the engine's own door: every actor as the program
//! wires them, over TLS, to a local network in another process.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use ramson_protocol::swarm::PollOutcome;
use ramson_system::{AccountEvent, Engine, Event, LedgerSubject};
use ramson_types::ledger::LedgerStep;
use ramson_types::message::MessageState;
use ramson_types::{AccountId, ConversationId};
use tokio::sync::broadcast::Receiver;

use super::network::{Author, Net, quiet, text};
use crate::library::{Library, Ours, Subject};
use crate::measure::{Rounds, ns, ns_per_call, process_cpu, waits};
use crate::table::{Goal, Row};

/// Messages or polls in a round.
const COUNT: usize = 200;

/// Requests of the caller at the same time.
const IN_FLIGHT: usize = 4;

/// Accounts that are polled.
const POLLED: usize = 8;

/// How long a round of polls lasts: 25 times 8 polls.
const POLLING: Duration = Duration::from_millis(500);

/// Members of a swarm that confirm a message.
const SWARM: usize = 5;

/// Messages in one answer.
const PER_ANSWER: usize = 20;

/// Answers in a round, each of another account.
const ANSWERS: usize = 10;

/// The floor's parts in ns, measured again in each round.
struct Parts {
    seal: f64,
    request: f64,
    verify: f64,
    sign: f64,
    receive: f64,
}

impl Parts {
    fn measure(ours: &mut Ours) -> Self {
        Self {
            seal: ns_per_call(60, || drop(std::hint::black_box(ours.seal()))),
            request: ns_per_call(40, || ours.request()),
            verify: ns_per_call(40, || assert!(ours.verify())),
            sign: ns_per_call(40, || {
                std::hint::black_box(ours.sign());
            }),
            receive: ns_per_call(60, || assert_eq!(std::hint::black_box(ours.receive()), 200)),
        }
    }
}

/// Rows of G2.
pub(super) fn send(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(sends(rounds))
}

async fn sends(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut net = Net::start(SWARM)?;
    let home = tempfile::tempdir()?;
    let engine = net.engine(home.path()).await?;
    let me = engine.create_account(None).await?;
    let to: Vec<AccountId> = (0..IN_FLIGHT as u64).map(|n| Author::new(10 + n).id()).collect();
    let mut events = engine.subscribe();
    let mut ours = Ours::new(&Subject::new());
    let (mut single, mut strict, mut batched) = <(Rounds, Rounds, Rounds)>::default();
    let (mut requests, mut woken) = ([0.0, 0.0], 0.0);
    let mut sent = one_by_one(&engine, &mut events, &me.id, &to, COUNT / 4).await?;
    for _ in 0..rounds {
        let parts = Parts::measure(&mut ours);
        for batch in [false, true] {
            let asked = net.child.ask("requests")?;
            let (slept, before) = (waits(), quiet().await);
            if batch {
                sent += at_once(&engine, &mut events, &me.id, to[0], COUNT).await?;
            } else {
                sent += one_by_one(&engine, &mut events, &me.id, &to, COUNT).await?;
            }
            let used = ns(quiet().await - before) / COUNT as f64;
            let asked = (net.child.ask("requests")? - asked) as f64 / COUNT as f64;
            requests[usize::from(batch)] += asked / rounds as f64;
            // Two copies are sealed, the recipient's and the own devices'.
            let floor = 2.0 * parts.seal + asked * parts.request;
            if batch {
                batched.push(used, floor);
            } else {
                woken += (waits() - slept) as f64 / (COUNT * rounds) as f64;
                strict.push(used, floor);
                single.push(used, floor + 2.0 * SWARM as f64 * parts.verify);
            }
        }
    }
    let lines = engine.ledger(LedgerSubject::Account(me.number, usize::MAX)).await?;
    let stored = lines.iter().filter(|line| matches!(line.step, LedgerStep::Stored { .. })).count();
    ensure!(stored == 2 * sent, "{stored} copies were stored of {sent} messages");
    engine.shutdown().await;
    let note = |asked: f64| format!("2 sealed copies and {asked:.2} requests a message");
    Ok(vec![
        Row::of("G2", "engine, a sent message / SEND floor", &strict, rounds, Goal::AtMost(1.30))
            .note(format!("{}, {woken:.1} wake-ups a message", note(requests[0]))),
        Row::of(
            "G2",
            "the same / floor with the swarm's signatures checked",
            &single,
            rounds,
            Goal::None,
        )
        .note(format!("{} signatures a message", 2 * SWARM)),
        Row::of("G2", "200 messages given at once / SEND floor", &batched, rounds, Goal::None)
            .note(note(requests[1])),
    ])
}

/// Sends with some in flight, and waits until the swarms have all.
async fn one_by_one(
    engine: &Engine,
    events: &mut Receiver<Event>,
    me: &AccountId,
    to: &[AccountId],
    count: usize,
) -> anyhow::Result<usize> {
    let mut open = BTreeMap::new();
    let mut left = count;
    for to in to {
        open.insert(engine.send_text(me, *to, text()).await?.id, *to);
        left = left.saturating_sub(1);
    }
    while !open.is_empty() {
        let Some(to) = next_stored(events).await?.and_then(|id| open.remove(&id)) else { continue };
        if left > 0 {
            left -= 1;
            open.insert(engine.send_text(me, to, text()).await?.id, to);
        }
    }
    Ok(count.max(to.len()))
}

/// Gives all to the engine at once.
async fn at_once(
    engine: &Engine,
    events: &mut Receiver<Event>,
    me: &AccountId,
    to: AccountId,
    count: usize,
) -> anyhow::Result<usize> {
    let sent = try_join_all((0..count).map(|_| engine.send_text(me, to, text()))).await?;
    let mut open: BTreeMap<_, _> = sent.iter().map(|message| (message.id, ())).collect();
    while !open.is_empty() {
        next_stored(events).await?.and_then(|id| open.remove(&id));
    }
    Ok(count)
}

async fn next_stored(
    events: &mut Receiver<Event>,
) -> anyhow::Result<Option<ramson_types::MessageId>> {
    match tokio::time::timeout(Duration::from_secs(30), events.recv()).await?? {
        Event::Account { event: AccountEvent::MessageStored { id, .. }, .. } => Ok(Some(id)),
        Event::Account { event: AccountEvent::MessageFailed { reason, .. }, .. } => {
            bail!("a message was given up: {reason}")
        }
        Event::Account { event: AccountEvent::SendDelayed { reason, .. }, .. } => {
            bail!("a message was delayed: {reason}")
        }
        _ => Ok(None),
    }
}

/// The row of G3.
pub(super) fn poll(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(polls(rounds))
}

async fn polls(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut net = Net::start(SWARM)?;
    let home = tempfile::tempdir()?;
    let engine = net.polling_engine(home.path()).await?;
    for _ in 0..POLLED {
        engine.create_account(None).await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut ours = Ours::new(&Subject::new());
    let (mut all, mut woken) = (Rounds::default(), 0.0);
    for _ in 0..rounds {
        let parts = Parts::measure(&mut ours);
        // The schedule polls all accounts together and then rests; windows
        // begin and end in a rest.
        quiet().await;
        let asked = net.child.ask("requests")?;
        let (slept, before) = (waits(), process_cpu());
        tokio::time::sleep(POLLING).await;
        let used = ns(quiet().await - before);
        let slept = waits() - slept;
        let asked = (net.child.ask("requests")? - asked) as f64;
        ensure!(asked >= COUNT as f64 / 2.0, "only {asked} polls in {POLLING:?}");
        woken += slept as f64 / asked / rounds as f64;
        all.push(used / asked, parts.sign + parts.request);
    }
    for account in engine.accounts().await? {
        let lines = engine.ledger(LedgerSubject::Account(account.number, usize::MAX)).await?;
        ensure!(lines.is_empty(), "an idle poll left {} lines in the ledger", lines.len());
    }
    engine.shutdown().await;
    let row = Row::of("G3", "engine, an idle poll / POLL floor", &all, rounds, Goal::AtMost(1.20));
    Ok(vec![row.note(format!("{POLLED} accounts at once, {woken:.1} wake-ups a poll"))])
}

/// The whole way of received messages, polls included.
pub(super) fn receive(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(receives(rounds))
}

async fn receives(rounds: usize) -> anyhow::Result<Vec<Row>> {
    // With one member, a poll brings what is new and nothing twice.
    let net = Net::start(1)?;
    let home = tempfile::tempdir()?;
    let engine = net.engine(home.path()).await?;
    let mut accounts = Vec::new();
    for _ in 0..ANSWERS {
        accounts.push(engine.create_account(None).await?.id);
    }
    let mut author = Author::new(20);
    let mut events = engine.subscribe();
    let mut ours = Ours::new(&Subject::new());
    let (mut all, mut woken) = <(Rounds, f64)>::default();
    for round in 0..=rounds {
        let parts = Parts::measure(&mut ours);
        for me in &accounts {
            net.store(*me, author.write(me, PER_ANSWER)?).await?;
        }
        quiet().await;
        let (slept, before) = (waits(), process_cpu());
        for me in &accounts {
            let outcome = engine.poll_now(me).await?;
            ensure!(outcome == Some(PollOutcome::Messages), "a poll ended with {outcome:?}");
            for _ in 0..PER_ANSWER {
                next_received(&mut events).await?;
            }
        }
        let used = ns(process_cpu() - before) / (ANSWERS * PER_ANSWER) as f64;
        // The first one warms up.
        if round > 0 {
            woken += (waits() - slept) as f64 / (ANSWERS * rounds) as f64;
            all.push(used, parts.receive + (parts.sign + parts.request) / PER_ANSWER as f64);
        }
    }
    for me in &accounts {
        let conversation = ConversationId::Account(author.id());
        let kept = engine.messages(me, conversation, usize::MAX).await?;
        let good = kept.iter().filter(|message| message.state == MessageState::Received).count();
        let sent = (rounds + 1) * PER_ANSWER;
        ensure!(good == sent, "{good} messages are in the store of {sent}");
    }
    engine.shutdown().await;
    let what = "engine, a received message, its poll included / RECEIVE + POLL/20";
    let row = Row::of("G4", what, &all, rounds, Goal::AtMost(1.30));
    Ok(vec![row.note(format!("20 an answer, {woken:.1} wake-ups an answer"))])
}

async fn next_received(events: &mut Receiver<Event>) -> anyhow::Result<()> {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv())
            .await
            .context("no message came")??;
        if matches!(event, Event::Account { event: AccountEvent::MessageReceived(_), .. }) {
            return Ok(());
        }
    }
}
