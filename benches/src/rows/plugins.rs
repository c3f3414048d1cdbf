//! What the boundary to plugins costs: events to plugins in Rust and in C, a
//! slow plugin beside a quick one, and how long after its commit an event is
//! heard.

mod delay;
mod stage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use ramson_host::Prepared;
use ramson_wire::codec::{Encoding, decode_event, encode_event};
use ramson_wire::{AccountId, ConversationId, Event, Message, MessageId, NetworkEvent};

use self::stage::{Line, Stage};
use super::network::text;
use crate::measure::{Rounds, Spread, ns, process_cpu, thread_cpu, waits};
use crate::table::{Goal, Row};

/// Events that wait for a plugin at most: what the program has.
const QUEUE: usize = 1_024;

/// Events of a window: with the one that closes it they fit into the queue.
const EVENTS: usize = 1_000;

/// Windows of a round, for each thing that is measured.
const WINDOWS: usize = 5;

/// What plugins may hear of: messages, and the event that closes a window.
const HEARS: &[&str] = &["read", "network"];

/// How long the slow plugin takes for an event, in ms.
const SLOW: u32 = 20;

/// The same messages each time.
fn messages(count: usize) -> Vec<Event> {
    let (account, author) = (AccountId([5; 33]), AccountId([6; 33]));
    let message = |number: usize| Message {
        sent: 1_760_000_000_000,
        received: 1_760_000_000_500,
        text: Some(text()),
        hash: Some("h".repeat(43)),
        ..Message::new(
            MessageId { account: 1, number: number as u64 },
            ConversationId::from(author),
            author,
        )
    };
    (0..count).map(|number| Event::Message { account, message: message(number) }).collect()
}

fn prepared(events: Vec<Event>) -> Vec<Arc<Prepared>> {
    events.into_iter().map(|event| Arc::new(Prepared::new(event))).collect()
}

/// The event after which a plugin says what it counted.
fn close() -> Arc<Prepared> {
    Arc::new(Prepared::new(Event::Network { what: NetworkEvent::Nodes { count: 1 } }))
}

/// All rows.
pub(super) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(async {
        let mut rows = boundary(rounds, EVENTS).await?;
        rows.extend(slow(rounds, EVENTS, QUEUE).await?);
        rows.push(delay::row(delay::Pace::of(rounds)).await?);
        Ok(rows)
    })
}

/// One plugin, and what its windows cost.
struct Told {
    stage: Stage,
    line: Line,
    encoding: Encoding,
    /// What the plugin's sum of a window has to be.
    sum: u64,
    /// Bytes of a payload.
    bytes: usize,
    seq: u64,
    rounds: Rounds,
    /// Ours against encoding alone.
    encoded: Rounds,
    /// Events a second.
    rate: Vec<f64>,
    woken: f64,
}

impl Told {
    async fn new(encoding: Encoding, count: usize) -> anyhow::Result<Self> {
        let stage = Stage::new(QUEUE)?;
        let library = match encoding {
            Encoding::Bincode => stage::counter()?,
            Encoding::Json => stage::counter_in_c(stage.folder())?,
        };
        let line = stage.load("counter", &library, HEARS, "").await?;
        let (mut sum, mut bytes) = (0, 0);
        for event in messages(count) {
            let payload = encode_event(&event, encoding)?;
            bytes = payload.len();
            sum += match (encoding, &event) {
                (Encoding::Json, _) => payload.iter().map(|byte| u64::from(*byte)).sum(),
                (_, Event::Message { message, .. }) => {
                    message.text.as_ref().map_or(0, |text| text.len() as u64)
                }
                _ => 0,
            };
        }
        let (rounds, encoded, rate) = <(Rounds, Rounds, Vec<f64>)>::default();
        Ok(Self { stage, line, encoding, sum, bytes, seq: 1, rounds, encoded, rate, woken: 0.0 })
    }

    /// CPU in ns for an event: told, queued, encoded, handed over, decoded or
    /// looked at, and dropped.
    async fn window(&mut self, count: usize) -> anyhow::Result<f64> {
        let (events, close) = (prepared(messages(count)), close());
        let slept = waits();
        let (began, before) = (Instant::now(), process_cpu());
        for event in events {
            self.stage.host.tell(self.seq, &event);
            self.seq += 1;
        }
        self.stage.host.tell(self.seq, &close);
        let (heard, sum) = self.line.counted().await?;
        let (used, took) = (process_cpu() - before, began.elapsed());
        self.woken += (waits() - slept) as f64;
        ensure!(
            (heard, sum) == (count as u64, self.sum),
            "{heard} of {count} events were heard, with a sum of {sum} instead of {}",
            self.sum
        );
        self.rate.push(count as f64 / took.as_secs_f64());
        Ok(ns(used) / count as f64)
    }

    /// CPU in ns for encoding and decoding an event, and for encoding alone.
    fn floor(&self, count: usize) -> anyhow::Result<(f64, f64)> {
        let events = messages(count);
        let before = thread_cpu();
        for event in events {
            let payload = encode_event(&event, self.encoding)?;
            std::hint::black_box(decode_event(std::hint::black_box(&payload), self.encoding)?);
        }
        let both = ns(thread_cpu() - before) / count as f64;
        let events = messages(count);
        let before = thread_cpu();
        for event in events {
            std::hint::black_box(encode_event(&event, self.encoding)?);
        }
        Ok((both, ns(thread_cpu() - before) / count as f64))
    }

    async fn round(&mut self, first: bool, count: usize) -> anyhow::Result<()> {
        let (mut ours, mut floor, mut alone) = (0.0, 0.0, 0.0);
        for _ in 0..WINDOWS {
            // Who goes first changes.
            if first {
                ours += self.window(count).await?;
            }
            let (both, encoded) = self.floor(count)?;
            floor += both;
            alone += encoded;
            if !first {
                ours += self.window(count).await?;
            }
        }
        let windows = WINDOWS as f64;
        self.rounds.push(ours / windows, floor / windows);
        self.encoded.push(ours / windows, alone / windows);
        Ok(())
    }
}

/// Events across the boundary against encoding and decoding them.
async fn boundary(rounds: usize, count: usize) -> anyhow::Result<Vec<Row>> {
    let mut rust = Told::new(Encoding::Bincode, count).await?;
    let mut c = Told::new(Encoding::Json, count).await?;
    for round in 0..=rounds {
        for told in [&mut rust, &mut c] {
            told.round(round % 2 == 0, count).await?;
            // The first one warms up.
            if round == 0 {
                (told.rounds, told.encoded) = Default::default();
                (told.rate, told.woken) = Default::default();
            }
        }
    }
    let mut rows = Vec::new();
    for (told, who) in [(&rust, "bincode, a plugin in Rust"), (&c, "JSON, a plugin in C")] {
        let plugin = told.stage.plugin("counter")?;
        ensure!(plugin.lagged == 0, "{} events were dropped", plugin.lagged);
        let what = format!("an event to a plugin, {who} / encode and decode");
        let events = (rounds * WINDOWS * count) as f64;
        let note = format!(
            "{} bytes, {:.0} events a second, {:.0} wake-ups a window of {count} events; {:.2} \
             times the encoding alone",
            told.bytes,
            Spread::of(told.rate.iter().copied()).median,
            told.woken * count as f64 / events,
            told.encoded.ratio().median,
        );
        rows.push(Row::of("Plugins", &what, &told.rounds, rounds, Goal::None).note(note));
    }
    rust.stage.host.end().await;
    c.stage.host.end().await;
    Ok(rows)
}

/// A host with a quick plugin, and with another one beside it or none.
struct Beside {
    stage: Stage,
    quick: Line,
    other: Option<Line>,
    /// The other one is not waited for.
    slow: bool,
    seq: u64,
    worst: Duration,
}

impl Beside {
    async fn new(other: Option<u32>, queue: usize) -> anyhow::Result<Self> {
        let stage = Stage::new(queue)?;
        let library = stage::counter_in_c(stage.folder())?;
        let quick = stage.load("quick", &library, HEARS, "").await?;
        let slow = other.is_some_and(|millis| millis > 0);
        let other = match other {
            None => None,
            Some(millis) => {
                Some(stage.load("other", &library, HEARS, &format!("slow = {millis}")).await?)
            }
        };
        Ok(Self { stage, quick, other, slow, seq: 1, worst: Duration::ZERO })
    }

    /// CPU in ns of whoever tells an event, from a window of them.
    async fn window(&mut self, count: usize) -> anyhow::Result<f64> {
        let (events, close) = (prepared(messages(count)), close());
        let (before, mut last) = (thread_cpu(), Instant::now());
        for event in events {
            self.stage.host.tell(self.seq, &event);
            self.seq += 1;
            let now = Instant::now();
            self.worst = self.worst.max(now - last);
            last = now;
        }
        let used = thread_cpu() - before;
        self.stage.host.tell(self.seq, &close);
        let other = self.other.as_mut().filter(|_| !self.slow);
        for line in [Some(&mut self.quick), other].into_iter().flatten() {
            let heard = line.counted().await?.0;
            ensure!(heard == count as u64, "{heard} of {count} events were heard");
        }
        Ok(ns(used) / count as f64)
    }
}

/// What a slow plugin adds to whoever tells events.
async fn slow(rounds: usize, count: usize, queue: usize) -> anyhow::Result<Vec<Row>> {
    let mut stages = [
        Beside::new(None, queue).await?,
        Beside::new(Some(0), queue).await?,
        Beside::new(Some(SLOW), queue).await?,
    ];
    // The slow one's queue is full from here on.
    for stage in &mut stages {
        for _ in 0..=queue / count {
            stage.window(count).await?;
        }
        stage.worst = Duration::ZERO;
    }
    let (mut beside_quick, mut beside_none) = <(Rounds, Rounds)>::default();
    for round in 0..rounds {
        let mut windows = [const { Vec::new() }; 3];
        for window in 0..WINDOWS {
            for at in 0..stages.len() {
                let at = (at + window + round) % stages.len();
                windows[at].push(stages[at].window(count).await?);
            }
        }
        let [alone, quick, slow] = windows.map(|times| Spread::of(times).median);
        beside_quick.push(slow, quick);
        beside_none.push(slow, alone);
    }
    let [alone, quick, slow] = &stages;
    let (host, told) = (slow.stage.plugin("other")?, slow.seq - 1);
    ensure!(host.lagged > 0, "the slow plugin's queue was never full");
    ensure!(slow.stage.plugin("quick")?.lagged == 0, "the quick plugin lost events");
    let worst = format!(
        "worst single one: {:.0} us beside the slow plugin, {:.0} us beside a quick one, {:.0} us \
         alone",
        ns(slow.worst) / 1e3,
        ns(quick.worst) / 1e3,
        ns(alone.worst) / 1e3,
    );
    let lost = format!("{} of {told} events were dropped for the slow one, none else", host.lagged);
    let row = |what: &str, measured: &Rounds, note: String| {
        let of = |spread: Spread| format!("{:.0} ns", spread.median);
        Row::of("Plugins", what, measured, rounds, Goal::None)
            .figures(of(measured.ours()), of(measured.floor()))
            .note(note)
    };
    let rows = vec![
        row(
            "to tell a quick plugin and one that takes 20 ms an event / two quick ones",
            &beside_quick,
            worst,
        ),
        row("the same / the quick plugin alone", &beside_none, lost),
    ];
    for stage in &stages {
        stage.stage.host.end().await;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_hear_of_all_that_is_told() {
        actix_rt::System::new().block_on(async {
            assert_eq!(boundary(1, 100).await.unwrap().len(), 2);
            // A window and the event that closes it fit.
            assert_eq!(slow(1, 100, 101).await.unwrap().len(), 2);
        });
    }

    #[test]
    fn every_draft_is_heard_of() {
        let pace = delay::Pace { a_second: 200, rounds: 1 };
        let row = actix_rt::System::new().block_on(delay::row(pace)).unwrap();
        assert_eq!(row.rounds, 1);
    }
}
