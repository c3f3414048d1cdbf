//! The process's side: its main thread is the plugin's thread, and another one
//! reads what the host sends. When the host is gone so is the process, whatever
//! the plugin does.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ramson_abi::{CLOSED, FAILED, MAX_BATCH, OK, Status};
use rustix::process::{Signal, getpid, kill_process};

use super::confine::confine;
use super::frames::{self, FrameError, MOST_TO_CHILD, ToChild, ToHost};
use crate::clock;
use crate::library::{self, LoadError};
use crate::link::{Delivery, PluginLink, Voice};

/// Makes this process the one that a plugin runs in, until the plugin is
/// destroyed or the host is gone. The program calls it before anything else.
///
/// An error only where the process was not started by a host.
pub fn serve() -> io::Result<()> {
    let socket = Arc::new(confine()?);
    let mouth = Arc::new(Mouth::new(socket.clone()));
    // The host makes one call at a time.
    let (calls, next) = sync_channel(1);
    let hears = mouth.clone();
    std::thread::Builder::new().name("host".to_owned()).spawn(move || {
        let heard = catch_unwind(AssertUnwindSafe(|| hear(&socket, &hears, &calls)));
        drop(heard);
        vanish();
    })?;
    attend(&mouth, &next);
    Ok(())
}

/// Ends this process at once: nothing of the plugin's is run for it.
fn vanish() -> ! {
    let _ended = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

/// A call that the host makes.
enum Call {
    Map(Vec<u8>),
    Create { granted: u64, config: Vec<u8> },
    OnEvents(Vec<Delivery>),
    Destroy,
}

/// Reads what the host sends, to its end.
fn hear(socket: &UnixStream, mouth: &Mouth, calls: &SyncSender<Call>) -> Result<(), FrameError> {
    let mut from = BufReader::new(socket);
    let mut frame = Vec::new();
    let mut events = Vec::new();
    while frames::next(&mut from, &mut frame, MOST_TO_CHILD)? {
        let call = match ToChild::parse(&frame)? {
            ToChild::Submitted { ticket, status } => {
                mouth.submitted(ticket, status);
                continue;
            }
            ToChild::Event { seq, reply_to, kind, payload } => {
                if events.len() >= MAX_BATCH {
                    return Err(FrameError::Unasked);
                }
                events.push(Delivery { seq, reply_to, kind, payload: payload.into() });
                continue;
            }
            ToChild::Map { library } => Call::Map(library.to_owned()),
            ToChild::Create { granted, config } => {
                Call::Create { granted, config: config.to_owned() }
            }
            ToChild::OnEvents => Call::OnEvents(std::mem::take(&mut events)),
            ToChild::Destroy => Call::Destroy,
        };
        if calls.try_send(call).is_err() {
            return Err(FrameError::Unasked);
        }
    }
    Ok(())
}

/// Makes the calls, one after another.
fn attend(mouth: &Arc<Mouth>, calls: &Receiver<Call>) {
    let mut link: Option<Arc<dyn PluginLink>> = None;
    while let Ok(call) = calls.recv() {
        let status = match (call, &link) {
            (Call::Map(path), None) => {
                match library::map_copy(Path::new(OsStr::from_bytes(&path))) {
                    Ok(mapped) => {
                        link = Some(mapped);
                        mouth.say(&ToHost::Mapped);
                    }
                    Err(error) => {
                        let refused = matches!(error, LoadError::Refused(_));
                        let reason = error.to_string();
                        mouth.say(&ToHost::NotMapped { refused, reason: reason.as_bytes() });
                    }
                }
                continue;
            }
            (Call::Create { granted, config }, Some(link)) => {
                link.create(mouth.clone(), granted, &config)
            }
            (Call::OnEvents(events), Some(link)) => link.on_events(&events),
            (Call::Destroy, Some(link)) => {
                link.destroy();
                mouth.say(&ToHost::Returned { status: OK });
                return;
            }
            (Call::Map(_), Some(_)) | (_, None) => FAILED,
        };
        mouth.say(&ToHost::Returned { status });
    }
}

/// What the plugin says goes to the host.
struct Mouth {
    socket: Arc<UnixStream>,
    /// Locked while a frame is written.
    writing: Mutex<()>,
    asked: Mutex<Asked>,
    answered: Condvar,
}

/// Requests whose status is not known yet, or not taken yet.
#[derive(Default)]
struct Asked {
    tickets: u64,
    open: BTreeMap<u64, Option<Status>>,
}

impl Mouth {
    fn new(socket: Arc<UnixStream>) -> Self {
        Self {
            socket,
            writing: Mutex::default(),
            asked: Mutex::default(),
            answered: Condvar::new(),
        }
    }

    /// Whether it was said. If not the host is gone, and so is this process soon.
    fn say(&self, what: &ToHost<'_>) -> bool {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        what.write(&mut &*self.socket).is_ok()
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submitted(&self, ticket: u64, status: Status) {
        if let Some(open) = self.asked().open.get_mut(&ticket) {
            *open = Some(status);
        }
        self.answered.notify_all();
    }
}

impl Voice for Mouth {
    /// Waits for the host's status, which comes at once: the thread that gives
    /// it does nothing else.
    fn submit(&self, kind: u32, id: u64, payload: &[u8]) -> Status {
        let ticket = {
            let mut asked = self.asked();
            asked.tickets = asked.tickets.wrapping_add(1);
            let ticket = asked.tickets;
            asked.open.insert(ticket, None);
            ticket
        };
        if !self.say(&ToHost::Submit { ticket, kind, id, payload }) {
            self.asked().open.remove(&ticket);
            return CLOSED;
        }
        let mut asked = self.asked();
        loop {
            match asked.open.get(&ticket) {
                Some(Some(status)) => {
                    let status = *status;
                    asked.open.remove(&ticket);
                    return status;
                }
                Some(None) => {
                    asked = self.answered.wait(asked).unwrap_or_else(PoisonError::into_inner);
                }
                None => return CLOSED,
            }
        }
    }

    fn log(&self, level: i32, text: &[u8]) {
        self.say(&ToHost::Log { level, text });
    }

    fn now(&self) -> u64 {
        clock::millis()
    }
}
