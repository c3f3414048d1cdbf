//! The plugin's thread: maps the library, creates the plugin, hands over what
//! waits in its queue, and destroys it. Nothing else calls into a plugin but
//! the main thread, for a UI.

#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use ramson_abi::{AGAIN, BAD_PAYLOAD, LOG_WARN, MAX_BATCH, OK, PANICKED, Status};
use tokio::sync::watch;

use crate::clock;
use crate::library::LoadError;
use crate::link::{Delivery, PluginLink, Voice as _};
use crate::queue::Queued;
use crate::seat::Seat;
use crate::watchdog::{Call, Pulse};

/// Makes the link, on the plugin's thread.
pub(crate) type Open = Box<dyn FnOnce() -> Result<Arc<dyn PluginLink>, LoadError> + Send>;

/// How far a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is being created.
    Starting,
    /// It hears of events.
    Running,
    /// It is not called any more.
    Ended(Ending),
}

/// How a plugin came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was destroyed.
    Destroyed,
    /// Its library could not be used.
    NotLoaded(LoadError),
    /// `create` failed.
    NotCreated(String),
    /// It panicked: it was forgotten.
    Panicked(String),
    /// It did not return from a call: it was forgotten, and its thread may
    /// never end.
    GivenUp(String),
}

/// The thread of one instance.
pub(crate) struct Worker {
    pub(crate) seat: Arc<Seat>,
    pub(crate) pulse: Pulse,
    link: OnceLock<Arc<dyn PluginLink>>,
    phase: watch::Sender<Phase>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread.
    pub(crate) fn start(seat: Arc<Seat>, open: Open, config: Vec<u8>) -> io::Result<Arc<Self>> {
        let worker = Arc::new(Self {
            seat,
            pulse: Pulse::default(),
            link: OnceLock::new(),
            phase: watch::Sender::new(Phase::Starting),
            thread: Mutex::new(None),
        });
        let own = worker.clone();
        let thread = std::thread::Builder::new()
            .name(format!("plugin:{}", worker.seat.name))
            .spawn(move || own.run(open, &config))?;
        *worker.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(worker)
    }

    /// How far it is.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// How far it is, from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The plugin, once its library is mapped.
    pub(crate) fn link(&self) -> Option<Arc<dyn PluginLink>> {
        self.link.get().cloned()
    }

    /// Ends it from outside: it is never called again, whatever its thread does.
    pub(crate) fn give_up(&self, reason: String) {
        self.end(Ending::GivenUp(reason));
        self.seat.close();
        if let Some(link) = self.link.get() {
            link.forget();
        }
    }

    /// After its end: waits until its thread is gone, and takes the library's
    /// code away where that was promised. Blocks; what was given up is not
    /// waited for.
    pub(crate) fn clear(&self) {
        let Phase::Ended(ending) = self.phase() else { return };
        if matches!(ending, Ending::GivenUp(_)) {
            return;
        }
        // Locked until it is gone: whoever else clears waits for that, too.
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        // It catches all panics of its own.
        let _ended = thread.take().map(JoinHandle::join);
        if let (Ending::Destroyed, Some(link)) = (ending, self.link.get()) {
            link.unmap();
        }
    }

    fn end(&self, ending: Ending) {
        // The first end counts.
        self.phase.send_if_modified(|phase| {
            let ended = matches!(phase, Phase::Ended(_));
            if !ended {
                *phase = Phase::Ended(ending);
            }
            !ended
        });
    }

    fn is_ended(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Ended(_))
    }

    fn run(&self, open: Open, config: &[u8]) {
        let lived = catch_unwind(AssertUnwindSafe(|| self.live(open, config)));
        let ending = lived.unwrap_or_else(|_| {
            Ending::Panicked("the host's own thread for it panicked".to_owned())
        });
        self.pulse.idle();
        self.seat.close();
        if let (Ending::Panicked(_), Some(link)) = (&ending, self.link.get()) {
            link.forget();
        }
        self.end(ending);
    }

    fn live(&self, open: Open, config: &[u8]) -> Ending {
        self.pulse.begin(Call::Map, clock::now());
        let link = match open() {
            Ok(link) => link,
            Err(error) => return Ending::NotLoaded(error),
        };
        let link = self.link.get_or_init(|| link);
        if self.is_ended() {
            // It was given up meanwhile.
            link.forget();
            return Ending::Destroyed;
        }
        if let Err(error) = link.map() {
            return Ending::NotLoaded(error);
        }
        self.pulse.begin(Call::Create, clock::now());
        let granted = self.seat.gate.grants().bits();
        let status = link.create(self.seat.clone(), granted, config);
        self.pulse.idle();
        match status {
            OK => {}
            PANICKED => return self.broken(&**link, "it panicked in create"),
            status => return Ending::NotCreated(self.seat.explain(&not_created(status))),
        }
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Running;
            }
            starting
        });
        while let Some(batch) = self.seat.take(MAX_BATCH) {
            let events = self.deliveries(batch);
            if events.is_empty() {
                continue;
            }
            self.pulse.begin(Call::OnEvents, clock::now());
            let status = link.on_events(&events);
            self.pulse.idle();
            if self.is_ended() {
                return Ending::Destroyed;
            }
            match status {
                OK | AGAIN => {}
                PANICKED => return self.broken(&**link, "it panicked in on_events"),
                // It would show nothing, and answer nobody.
                BAD_PAYLOAD => {
                    return Ending::Panicked(self.seat.explain(
                        "it cannot read what it is told, rebuild it against this program's SDK",
                    ));
                }
                status => {
                    // As if it said so itself: it may fail as often as it likes.
                    let text = format!("it failed at events with status {status}, and goes on");
                    self.seat.log(LOG_WARN, text.as_bytes());
                }
            }
        }
        self.seat.close();
        if self.is_ended() {
            return Ending::Destroyed;
        }
        if let Some(reason) = link.lost() {
            return Ending::Panicked(self.seat.explain(&reason));
        }
        self.pulse.begin(Call::Destroy, clock::now());
        link.destroy();
        Ending::Destroyed
    }

    /// It panicked, or what it ran in is gone.
    fn broken(&self, link: &dyn PluginLink, panicked: &str) -> Ending {
        let lost = link.lost();
        Ending::Panicked(self.seat.explain(lost.as_deref().unwrap_or(panicked)))
    }

    fn deliveries(&self, batch: Vec<Queued>) -> Vec<Delivery> {
        let encode = |queued: Queued| {
            let kind = queued.what.kind();
            match queued.what.bytes(self.seat.encoding()) {
                Ok(payload) => Some(Delivery {
                    seq: queued.seq,
                    reply_to: queued.reply_to,
                    kind: kind.number(),
                    payload,
                }),
                Err(error) => {
                    let plugin = self.seat.name.as_str();
                    tracing::warn!(plugin, ?kind, %error, "an event does not reach the plugin");
                    None
                }
            }
        };
        batch.into_iter().filter_map(encode).collect()
    }
}

fn not_created(status: Status) -> String {
    match status {
        ramson_abi::FAILED => "its create failed".to_owned(),
        status => format!("its create failed with status {status}"),
    }
}
