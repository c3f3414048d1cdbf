//! What the process of a plugin gives up before it maps anything: descriptors
//! that somebody left open, memory on disk after a crash, more rights by way
//! of other programs, and a life of its own.
#![allow(unsafe_code, reason = "descriptors are closed that nobody here opened")]

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use rustix::io::{fcntl_dupfd_cloexec, fcntl_getfd};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::stdio::{dup2_stdin, dup2_stdout};

/// The first descriptor that is none of stdin, stdout and stderr.
const FIRST: i32 = 3;

/// Confines this process, and gives back its end of the socket, which it was
/// started with as stdin. Has to be called before there is any other thread.
pub(super) fn confine() -> io::Result<UnixStream> {
    close_what_is_left();
    let socket = UnixStream::from(fcntl_dupfd_cloexec(rustix::stdio::stdin(), FIRST)?);
    // Anything else than a socket is refused here.
    socket.peer_addr()?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    of_this_system()?;
    Ok(socket)
}

/// Nothing of this process's own is open yet: what is, came with it.
fn close_what_is_left() {
    let Ok(open) = std::fs::read_dir("/dev/fd") else { return };
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let numbers: Vec<i32> = numbers.collect();
    for number in numbers.into_iter().filter(|number| *number >= FIRST) {
        // SAFETY: it is used for this one question only.
        let open = unsafe { BorrowedFd::borrow_raw(number) };
        // One of them was the folder's own, which is closed by now.
        if fcntl_getfd(open).is_ok() {
            // SAFETY: there is no other thread, and nothing of this program is
            // open yet, so that nobody uses the number.
            unsafe { rustix::io::close(number) };
        }
    }
}

#[cfg(target_os = "linux")]
fn of_this_system() -> io::Result<()> {
    use rustix::process::{
        DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal,
    };
    // Should the host have ended already, the socket tells.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Also where a program takes core dumps, which asks for no limit.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn of_this_system() -> io::Result<()> {
    Ok(())
}
