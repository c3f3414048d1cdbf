//! A plugin that counts what it is told, for the table's rows about plugins.
//! `counter.c` is the same in C. Its config has:
//!
//! | key | what |
//! |---|---|
//! | `line` | a socket; numbers of eight bytes are written to it, little endian |
//! | `stamps` | after so many drafts it writes whose each was, and when it heard of it |
//!
//! At its first snapshot and at each event of the network it writes how many
//! messages came since the last time, and the bytes of their texts.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use ramson_sdk::{Config, Delivery, Error, Event, Grant, Host, Manifest, Plugin, Topic};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

#[derive(Deserialize)]
struct Wishes {
    line: PathBuf,
    #[serde(default)]
    stamps: usize,
}

struct Counter {
    line: UnixStream,
    events: u64,
    sum: u64,
    begun: bool,
    wanted: usize,
    stamps: Vec<(u64, u64)>,
}

impl Plugin for Counter {
    const MANIFEST: Manifest = Manifest::new("org.ramson.counter", "Counter", "1.0")
        .hears(Topic::Messages)
        .hears(Topic::Conversations)
        .hears(Topic::Network)
        .asks(Grant::Read)
        .asks(Grant::Network)
        .unloads();

    fn create(_: Host, config: Config) -> Result<Self, Error> {
        let Wishes { line, stamps: wanted } = config.get()?;
        let stamps = Vec::with_capacity(wanted);
        let line = UnixStream::connect(line)?;
        Ok(Self { line, events: 0, sum: 0, begun: false, wanted, stamps })
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        match &event.event {
            Event::Message { message, .. } => {
                self.events += 1;
                self.sum += message.text.as_ref().map_or(0, |text| text.len() as u64);
            }
            Event::Conversation { account, conversation } if conversation.draft.is_some() => {
                let own = account.0.iter().skip(1).take(8);
                let own = own.fold(0, |tag, byte| tag << 8 | u64::from(*byte));
                self.stamps.push((own, monotonic()));
                if self.stamps.len() == self.wanted {
                    let stamps = std::mem::take(&mut self.stamps);
                    let bytes = stamps.iter().flat_map(|(own, at)| [*own, *at]);
                    let bytes: Vec<u8> = bytes.flat_map(u64::to_le_bytes).collect();
                    self.line.write_all(&bytes)?;
                }
            }
            Event::Network { .. } => self.tell()?,
            Event::Snapshot(_) if !std::mem::replace(&mut self.begun, true) => self.tell()?,
            _ => {}
        }
        Ok(())
    }
}

impl Counter {
    fn tell(&mut self) -> Result<(), Error> {
        let counted = [std::mem::take(&mut self.events), std::mem::take(&mut self.sum)];
        let bytes: Vec<u8> = counted.into_iter().flat_map(u64::to_le_bytes).collect();
        Ok(self.line.write_all(&bytes)?)
    }
}

/// The table's clock, in ns.
fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let whole = u64::try_from(time.tv_sec).unwrap_or(0).saturating_mul(1_000_000_000);
    whole.saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

ramson_sdk::plugin!(Counter);
