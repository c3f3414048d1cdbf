//! The host's side of a plugin in a process of its own.
//!
//! Three threads look after a process. One reads what it sends and answers its
//! requests; one waits for its end; one takes what it prints. The plugin's own
//! thread makes the calls, and waits for them to return or for the end.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ramson_abi::{CLOSED, FAILED, LOG_WARN, MAX_LOG, OK, PANICKED, Status};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::frames::{self, FrameError, MOST_TO_HOST, ToChild, ToHost};
use super::process::{self, ChildCommand};
use crate::library::{LoadError, PrivateCopy};
use crate::link::{Delivery, PluginLink, Voice};
use crate::text::one_line;

/// After it was destroyed a plugin's process has so long to end by itself.
const TIME_TO_EXIT: Duration = Duration::from_secs(1);

/// Events are put together up to so many bytes before they are sent.
const TOGETHER: usize = 64 * 1024;

/// What a process is started with.
pub(crate) struct Plan {
    /// What the plugin is called.
    pub(crate) name: String,
    pub(crate) command: ChildCommand,
    /// Its library; it is removed once it is mapped there.
    pub(crate) copy: PrivateCopy,
    /// Called once the process is gone, on a thread of its own.
    pub(crate) gone: Box<dyn FnOnce() + Send>,
}

/// A plugin in a process of its own.
pub(crate) struct ProcessLink {
    inner: Arc<Inner>,
    copy: Mutex<Option<PrivateCopy>>,
}

struct Inner {
    pid: Pid,
    socket: UnixStream,
    /// Locked while a frame is written.
    writing: Mutex<()>,
    /// `None` once it has ended and its number may be another's.
    process: Mutex<Option<Child>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stage: Stage,
    voice: Option<Arc<dyn Voice>>,
    /// A call is under way.
    asked: bool,
    /// What it returned.
    answer: Option<Answer>,
    /// Why it ended by itself.
    lost: Option<String>,
    /// The process is gone, and all that it sent was read.
    gone: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    Alive,
    /// Its end is wanted.
    Over,
}

enum Answer {
    Mapped,
    NotMapped(LoadError),
    Returned(Status),
}

impl ProcessLink {
    /// Starts the process. Nothing of the plugin runs in it yet. To be called
    /// on the plugin's thread: the process ends with it.
    pub(crate) fn start(plan: Plan) -> Result<Arc<dyn PluginLink>, LoadError> {
        let failed = |error: io::Error| {
            LoadError::Failed(format!("its process could not be started: {error}"))
        };
        let (mut child, socket) = process::start(&plan.command, &plan.name).map_err(failed)?;
        let Some(pid) = Pid::from_raw(child.id().cast_signed()) else {
            return Err(failed(io::ErrorKind::NotFound.into()));
        };
        let printed = child.stderr.take();
        let inner = Arc::new(Inner {
            pid,
            socket,
            writing: Mutex::new(()),
            process: Mutex::new(Some(child)),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let link = Self { inner: inner.clone(), copy: Mutex::new(Some(plan.copy)) };
        inner.look_after(&plan.name, printed, plan.gone).map_err(|error| {
            inner.kill();
            inner.reap(None);
            failed(error)
        })?;
        Ok(Arc::new(link))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the threads.
    fn look_after(
        self: &Arc<Self>,
        name: &str,
        printed: Option<ChildStderr>,
        gone: Box<dyn FnOnce() + Send>,
    ) -> io::Result<()> {
        let spawn = |what: &str| thread::Builder::new().name(format!("{what}:{name}"));
        if let Some(printed) = printed {
            let inner = self.clone();
            spawn("prints").spawn(move || inner.take_lines(printed))?;
        }
        let inner = self.clone();
        let reads = spawn("reads").spawn(move || inner.hear())?;
        let inner = self.clone();
        spawn("waits").spawn(move || {
            // It may be reaped by nobody else, so that this waits for its end.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(inner.pid), options), Err(Errno::INTR)) {}
            inner.reap(Some(reads));
            gone();
        })?;
        Ok(())
    }

    /// Ends the process, and whatever it started and did not set apart.
    fn kill(&self) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_some() {
            // It may have ended already.
            let _ended = kill_process_group(self.pid, Signal::KILL);
        }
    }

    /// After its end: takes it from the system, and tells who waits.
    fn reap(&self, reads: Option<JoinHandle<()>>) {
        self.kill();
        let child = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        let how = child.map(|mut child| process::how(child.wait())).unwrap_or_default();
        // Others may hold the socket still. What was sent before is heard.
        let _closed = self.socket.shutdown(Shutdown::Both);
        let _ended = reads.map(JoinHandle::join);
        let mut state = self.state();
        state.gone = true;
        state.voice = None;
        if state.lost.is_none() && state.stage != Stage::Over {
            state.lost = Some(how);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// It does not do what it has to: it is ended for that.
    fn lose(&self, reason: String) {
        let mut state = self.state();
        if state.stage != Stage::Over {
            state.lost.get_or_insert(reason);
        }
    }

    /// Reads what the process sends, to its end.
    fn hear(&self) {
        let mut from = BufReader::new(&self.socket);
        let mut frame = Vec::new();
        loop {
            let heard = match frames::next(&mut from, &mut frame, MOST_TO_HOST) {
                Ok(false) => break,
                Ok(true) => ToHost::parse(&frame).and_then(|frame| self.take(frame)),
                Err(error) => Err(error),
            };
            match heard {
                Ok(()) => {}
                // Its end says more.
                Err(FrameError::Socket(_)) => break,
                Err(error) => {
                    self.lose(format!("what its process sent makes no sense: {error}"));
                    break;
                }
            }
        }
        self.kill();
    }

    fn take(&self, frame: ToHost<'_>) -> Result<(), FrameError> {
        let answer = match frame {
            ToHost::Submit { ticket, kind, id, payload } => {
                let voice = self.state().voice.clone();
                let status = voice.map_or(CLOSED, |voice| voice.submit(kind, id, payload));
                let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
                ToChild::Submitted { ticket, status }.write(&mut &self.socket)?;
                return Ok(());
            }
            ToHost::Log { level, text } => {
                let voice = self.state().voice.clone();
                if let Some(voice) = voice {
                    voice.log(level, text);
                }
                return Ok(());
            }
            ToHost::Mapped => Answer::Mapped,
            ToHost::NotMapped { refused, reason } => {
                let reason = one_line(&String::from_utf8_lossy(reason));
                Answer::NotMapped(match refused {
                    true => LoadError::Refused(reason),
                    false => LoadError::Failed(reason),
                })
            }
            ToHost::Returned { status } => Answer::Returned(status),
        };
        let mut state = self.state();
        if !std::mem::take(&mut state.asked) {
            return Err(FrameError::Unasked);
        }
        state.answer = Some(answer);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// What the process prints is for the log.
    fn take_lines(&self, printed: ChildStderr) {
        let mut printed = BufReader::new(printed);
        let most = u64::try_from(MAX_LOG).unwrap_or(u64::MAX).saturating_add(1);
        let mut line = Vec::new();
        loop {
            line.clear();
            match printed.by_ref().take(most).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = line.trim_ascii_end();
            let voice = self.state().voice.clone();
            if let (Some(voice), false) = (voice, text.is_empty()) {
                voice.log(LOG_WARN, text);
            }
        }
    }

    /// Makes a call and waits until it returns. `None` if it never will.
    fn call(
        &self,
        send: impl FnOnce(&mut BufWriter<&UnixStream>) -> io::Result<()>,
    ) -> Option<Answer> {
        {
            let mut state = self.state();
            if state.gone {
                return None;
            }
            (state.asked, state.answer) = (true, None);
        }
        let sent = {
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut out = BufWriter::with_capacity(TOGETHER, &self.socket);
            send(&mut out).and_then(|()| out.flush())
        };
        if sent.is_err() {
            // It took half of it at most, and cannot go on.
            self.kill();
        }
        let mut state = self.state();
        while state.answer.is_none() && !state.gone {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.answer.take()
    }

    /// Ends it on purpose.
    fn finish(&self) {
        let mut state = self.state();
        state.stage = Stage::Over;
        state.voice = None;
        drop(state);
        self.kill();
    }

    /// Waits for its end.
    fn await_end(&self) {
        let state = self.state();
        let waits = |state: &mut State| !state.gone;
        let waited = self.changed.wait_timeout_while(state, TIME_TO_EXIT, waits);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if waited.timed_out() {
            self.kill();
        }
        let ended = self.changed.wait_while(self.state(), waits);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }
}

impl PluginLink for ProcessLink {
    fn map(&self) -> Result<(), LoadError> {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(library) = copy.take() else { return Ok(()) };
        let path = library.file().as_os_str().as_bytes();
        let answer = self.inner.call(|out| ToChild::Map { library: path }.write(out));
        let error = match answer {
            Some(Answer::Mapped) => return Ok(()),
            Some(Answer::NotMapped(error)) => error,
            Some(Answer::Returned(_)) | None => {
                let lost = self.lost().unwrap_or_else(|| "its process is gone".to_owned());
                LoadError::Failed(format!("{lost} while its library was mapped"))
            }
        };
        self.inner.finish();
        Err(error)
    }

    fn create(&self, voice: Arc<dyn Voice>, granted: u64, config: &[u8]) -> Status {
        {
            let mut state = self.inner.state();
            if state.stage != Stage::New {
                return FAILED;
            }
            state.voice = Some(voice);
        }
        let answer = self.inner.call(|out| ToChild::Create { granted, config }.write(out));
        let status = match answer {
            Some(Answer::Returned(status)) => status,
            Some(Answer::Mapped | Answer::NotMapped(_)) | None => PANICKED,
        };
        let mut state = self.inner.state();
        // It may have been given up meanwhile.
        let status = if status == OK && state.stage == Stage::Over { CLOSED } else { status };
        if status == OK {
            state.stage = Stage::Alive;
            return OK;
        }
        drop(state);
        self.inner.finish();
        status
    }

    fn on_events(&self, events: &[Delivery]) -> Status {
        if self.inner.state().stage != Stage::Alive {
            return CLOSED;
        }
        let answer = self.inner.call(|out| {
            for event in events {
                let Delivery { seq, reply_to, kind, ref payload } = *event;
                ToChild::Event { seq, reply_to, kind, payload }.write(out)?;
            }
            ToChild::OnEvents.write(out)
        });
        match answer {
            Some(Answer::Returned(status)) => status,
            Some(Answer::Mapped | Answer::NotMapped(_)) | None => PANICKED,
        }
    }

    fn run_ui(&self) -> Status {
        CLOSED
    }

    fn request_stop(&self) {}

    fn destroy(&self) {
        {
            let mut state = self.inner.state();
            if state.stage != Stage::Alive {
                return;
            }
            state.stage = Stage::Over;
        }
        let _returned = self.inner.call(|out| ToChild::Destroy.write(out));
        self.inner.await_end();
    }

    fn forget(&self) {
        self.inner.finish();
    }

    fn unmap(&self) {}

    fn lost(&self) -> Option<String> {
        self.inner.state().lost.clone()
    }

    fn process(&self) -> Option<u32> {
        let gone = self.inner.state().gone;
        let pid = self.inner.pid.as_raw_pid().cast_unsigned();
        (!gone).then_some(pid)
    }
}

impl Drop for ProcessLink {
    fn drop(&mut self) {
        self.inner.finish();
    }
}
