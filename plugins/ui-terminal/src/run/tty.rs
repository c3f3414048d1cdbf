//! Waiting for a terminal: for bytes, for another size, or for being woken.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{Winsize, tcgetwinsize};
use signal_hook::SigId;
use signal_hook::low_level::{pipe, unregister};

/// `SIGWINCH` on Linux and macOS.
const WINDOW_CHANGED: i32 = 28;

/// The most bytes that are read at once.
const PIECE: usize = 4_096;

/// Wakes the thread that waits; from any thread, any number of times.
pub(crate) struct Waker {
    far: UnixStream,
    near: UnixStream,
}

impl Waker {
    /// One that nobody waits for yet.
    pub(crate) fn new() -> io::Result<Self> {
        let (far, near) = UnixStream::pair()?;
        far.set_nonblocking(true)?;
        near.set_nonblocking(true)?;
        Ok(Self { far, near })
    }

    /// Ends the wait that is under way, or the next one.
    pub(crate) fn wake(&self) {
        // Full is as good: then it will be woken.
        let _ = (&self.far).write(&[0]);
    }
}

/// What a wait ended with.
pub(super) enum Ready {
    /// These were typed.
    Bytes(Vec<u8>),
    /// Nothing to read.
    Nothing,
    /// The terminal was closed.
    Gone,
}

/// The terminal that is typed on.
pub(super) struct Tty {
    input: Input,
    window: UnixStream,
    signal: SigId,
    size: Option<(u16, u16)>,
}

enum Input {
    Standard(io::Stdin),
    Own(File),
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Standard(stdin) => stdin.as_fd(),
            Self::Own(file) => file.as_fd(),
        }
    }
}

impl Tty {
    /// Standard input if it is a terminal, else the one that the program
    /// belongs to.
    pub(super) fn open() -> io::Result<Self> {
        let stdin = io::stdin();
        let input = if stdin.is_terminal() {
            Input::Standard(stdin)
        } else {
            Input::Own(File::open("/dev/tty")?)
        };
        let (window, told) = UnixStream::pair()?;
        window.set_nonblocking(true)?;
        let signal = pipe::register(WINDOW_CHANGED, told)?;
        let mut tty = Self { input, window, signal, size: None };
        tty.resized();
        Ok(tty)
    }

    /// Waits until there is something to read, the window changed, somebody
    /// woke it, or the time is over.
    pub(super) fn wait(&mut self, waker: &Waker, most: Duration) -> io::Result<Ready> {
        let timeout = Timespec::try_from(most).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let mut awaited = [
            PollFd::new(&self.input, PollFlags::IN),
            PollFd::new(&self.window, PollFlags::IN),
            PollFd::new(&waker.near, PollFlags::IN),
        ];
        match poll(&mut awaited, Some(&timeout)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::Nothing),
            Err(error) => return Err(error.into()),
        }
        let [typed, window, woken] = awaited.map(|fd| fd.revents());
        if window.contains(PollFlags::IN) {
            drain(&self.window);
        }
        if woken.contains(PollFlags::IN) {
            drain(&waker.near);
        }
        if typed.contains(PollFlags::IN) {
            let mut bytes = vec![0; PIECE];
            return match rustix::io::read(&self.input, &mut bytes) {
                Ok(0) | Err(Errno::IO) => Ok(Ready::Gone),
                Ok(count) => {
                    bytes.truncate(count);
                    Ok(Ready::Bytes(bytes))
                }
                Err(Errno::INTR | Errno::AGAIN) => Ok(Ready::Nothing),
                Err(error) => Err(error.into()),
            };
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Ok(if typed.intersects(gone) { Ready::Gone } else { Ready::Nothing })
    }

    /// Whether the window has another size than last time.
    pub(super) fn resized(&mut self) -> bool {
        let size = tcgetwinsize(io::stdout()).ok();
        let size = size.map(|Winsize { ws_row, ws_col, .. }| (ws_col, ws_row));
        std::mem::replace(&mut self.size, size) != size
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        unregister(self.signal);
    }
}

fn drain(mut stream: &UnixStream) {
    let mut bytes = [0; 64];
    while matches!(stream.read(&mut bytes), Ok(count) if count > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_never_blocks_however_often_it_is_used() {
        let waker = Waker::new().unwrap();
        for _ in 0..1_000_000 {
            waker.wake();
        }
        let mut fds = [PollFd::new(&waker.near, PollFlags::IN)];
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        assert_eq!(poll(&mut fds, Some(&none)), Ok(1));
        drain(&waker.near);
        assert_eq!(poll(&mut fds, Some(&none)), Ok(0));
    }
}
