//! From the commit of an event to the plugin's handler, on an engine.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use ramson_codec::network_file::NetworkFile;
use ramson_host::EngineInfo;
use ramson_system::{AccountEvent, Activity, Command, Engine, EngineConfig, Event, NetworkConfig};
use ramson_types::{AccountId, ConversationId};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::broadcast::Receiver;

use super::{QUEUE, stage};
use crate::measure::{Rounds, Spread, ns};
use crate::table::{Goal, Row};

/// Accounts that take turns: one account carries its commands out one after
/// another, and each waits for the disk.
const ACCOUNTS: usize = 16;

/// How often something is committed, and for how long.
pub(super) struct Pace {
    pub(super) a_second: usize,
    /// Each takes a second.
    pub(super) rounds: usize,
}

impl Pace {
    /// 500 a second, for five seconds at most.
    pub(super) fn of(rounds: usize) -> Self {
        Self { a_second: 500, rounds: rounds.clamp(1, 5) }
    }
}

/// When a command was given, and when its caller had the answer.
#[derive(Debug, Clone, Copy)]
struct Done {
    given: u64,
    answered: u64,
}

/// When an event was published, and when a subscriber had it.
#[derive(Debug, Clone, Copy)]
struct Heard {
    own: AccountId,
    published: u64,
    heard: u64,
}

/// The row: what an event takes to a plugin's handler, against what it takes
/// to a subscriber on the host's own thread.
pub(super) async fn row(pace: Pace) -> anyhow::Result<Row> {
    let stage = stage::Stage::new(QUEUE)?;
    // Nobody is there; drafts stay in the home anyway.
    let network = NetworkFile::parse("name = \"none\"\nseeds = [\"http://127.0.0.1:9/json_rpc\"]")?;
    let network = NetworkConfig::of_file(&network);
    let config = EngineConfig::new(stage.folder().join("engine"), network);
    let engine = Engine::start(EngineConfig { activity: Activity::Sending, ..config }).await?;
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(engine.create_account(None).await?.id);
    }
    let count = pace.a_second * pace.rounds;
    // It waits before the host does, and so it is woken first.
    let listening = tokio::spawn(listen(engine.subscribe(), count));
    tokio::task::yield_now().await;
    let info = EngineInfo { network: "none".to_owned(), home: String::new() };
    stage.host.attach(engine.clone(), info).await;
    let config = format!("stamps = {count}");
    // Of the network it would count, too.
    let mut line = stage.load("counter", &stage::counter()?, &["read"], &config).await?;

    let began = Instant::now();
    let done = give(&engine, &accounts, count, pace.a_second).await?;
    let took = began.elapsed();
    let told = line.numbers(2 * count).await?;
    let heard = listening.await??;
    let lagged = stage.plugin("counter")?.lagged;
    ensure!(lagged == 0, "{lagged} events were dropped");
    stage.host.detach().await;
    stage.host.end().await;
    engine.shutdown().await;

    // Of one account, the events come in the order of the commands.
    let mut handled = Turns::default();
    for pair in told.chunks_exact(2) {
        if let [own, at] = pair {
            handled.0.entry(*own).or_default().push_back(*at);
        }
    }
    let mut given = Turns::default();
    for (done, own) in done.iter().zip(accounts.iter().cycle()) {
        given.0.entry(tag(own)).or_default().push_back(done.given);
    }
    let mut rounds = vec![Rounds::default(); pace.rounds];
    let (mut after, mut whole) = (Vec::new(), Vec::new());
    for (number, event) in heard.iter().enumerate() {
        let (given, handled) = (given.next(&event.own)?, handled.next(&event.own)?);
        ensure!(handled > given, "an event was heard of before there was one");
        let millis = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e6;
        after.push(millis(event.published, handled));
        whole.push(millis(given, handled));
        if let Some(round) = rounds.get_mut(number / pace.a_second) {
            let floor = millis(event.published, event.heard);
            round.push(millis(event.published, handled), floor);
        }
    }
    let mut measured = Rounds::default();
    for round in &rounds {
        measured.push(round.ours().median, round.floor().median);
    }
    let mut answered: Vec<f64> =
        done.iter().map(|done| done.answered.saturating_sub(done.given) as f64 / 1e6).collect();
    let note = format!(
        "event to handler p50 {:.3}, p99 {:.3} ms; from the command on p50 {:.2}, p99 {:.2} ms, \
         and its caller's answer p50 {:.2}, p99 {:.2} ms; {:.0} a second",
        share(&mut after, 0.5),
        share(&mut after, 0.99),
        share(&mut whole, 0.5),
        share(&mut whole, 0.99),
        share(&mut answered, 0.5),
        share(&mut answered, 0.99),
        count as f64 / took.as_secs_f64(),
    );
    let figure = |spread: Spread| format!("{:.3} ms", spread.median);
    let what = format!(
        "a committed event to a plugin's handler, {} a second / to a subscriber",
        pace.a_second
    );
    Ok(Row::of("Plugins", &what, &measured, pace.rounds, Goal::None)
        .figures(figure(measured.ours()), figure(measured.floor()))
        .note(note))
}

/// Times by account, in their order.
#[derive(Default)]
struct Turns(BTreeMap<u64, VecDeque<u64>>);

impl Turns {
    fn next(&mut self, own: &AccountId) -> anyhow::Result<u64> {
        let turn = self.0.get_mut(&tag(own)).and_then(VecDeque::pop_front);
        turn.context("an event was not heard of, or there was one too many")
    }
}

/// Notes when it is woken, on the thread that wakes it.
struct Bell {
    task: Waker,
    rung: Arc<AtomicU64>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(monotonic(), Ordering::SeqCst);
        self.task.wake_by_ref();
    }
}

/// Hears of so many drafts. The bus wakes who waits while it publishes: that
/// is when an event was published, or up to some 10 us later if others are
/// woken first. Of several that came together it is the first one's time.
async fn listen(mut events: Receiver<Event>, count: usize) -> anyhow::Result<Vec<Heard>> {
    let rung = Arc::new(AtomicU64::new(monotonic()));
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let mut next = pin!(events.recv());
        let event = poll_fn(|cx| {
            let bell = Bell { task: cx.waker().clone(), rung: rung.clone() };
            let waker = Waker::from(Arc::new(bell));
            next.as_mut().poll(&mut Context::from_waker(&waker))
        });
        let event = event.await?;
        let heard = monotonic();
        if let Event::Account { account, event: AccountEvent::ConversationChanged(line), .. } =
            event
            && line.draft.is_some()
        {
            all.push(Heard { own: account, published: rung.load(Ordering::SeqCst), heard });
        }
    }
    Ok(all)
}

/// Gives drafts to accounts in turn, at a pace and without waiting for those
/// before.
async fn give(
    engine: &Engine,
    accounts: &[AccountId],
    count: usize,
    a_second: usize,
) -> anyhow::Result<Vec<Done>> {
    let mut given = Vec::with_capacity(count);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(a_second)?);
    for (number, own) in accounts.iter().cycle().take(count).enumerate() {
        ticks.tick().await;
        let (engine, own) = (engine.clone(), *own);
        let draft = Command::SetDraft {
            conversation: ConversationId::Account(own),
            text: Some(format!("draft {number}")),
        };
        given.push(tokio::spawn(async move {
            let given = monotonic();
            engine.command(&own, draft).await?;
            anyhow::Ok(Done { given, answered: monotonic() })
        }));
    }
    let mut done = Vec::with_capacity(count);
    for given in given {
        done.push(given.await??);
    }
    Ok(done)
}

/// As the plugin calls an account.
fn tag(account: &AccountId) -> u64 {
    account.key().iter().take(8).fold(0, |tag, byte| tag << 8 | u64::from(*byte))
}

/// The plugin's clock, in ns.
fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let since = Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0));
    ns(since) as u64
}

/// The value below which such a share of them lies.
fn share(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = share * values.len().saturating_sub(1) as f64;
    values.get(place.round() as usize).copied().unwrap_or(0.0)
}
