//! The panic hook. A library has its own: without one, panics would be written
//! to standard error, across a user interface on the terminal.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{panic, thread};

use crate::{Host, Level};

/// Whom panics are told: the one whose plugin the thread is in; all of them if
/// a thread is the plugin's own. In a library this is one host; tests have many.
static HOSTS: Mutex<Vec<Host>> = Mutex::new(Vec::new());

/// Held while the hook is set or taken. The hook itself does not want it: it
/// runs under a lock of its own, which setting and taking wait for. A thread
/// that unwinds may do neither; to try would panic again.
static TURN: Mutex<()> = Mutex::new(());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells this host of panics from now on.
pub(super) fn forward_to(host: &Host) {
    let _turn = locked(&TURN);
    let first = {
        let mut hosts = locked(&HOSTS);
        hosts.push(host.clone());
        hosts.len() == 1
    };
    if first && !thread::panicking() {
        panic::set_hook(Box::new(tell));
    }
}

/// Does not tell this host any more. With the last one the hook goes, so that
/// nothing points into a library that is unmapped; no host destroys a plugin
/// from within the plugin's own panic.
pub(super) fn end(host: &Host) {
    let _turn = locked(&TURN);
    let last = {
        let mut hosts = locked(&HOSTS);
        let before = hosts.len();
        hosts.retain(|other| other.address() != host.address());
        before != 0 && hosts.is_empty()
    };
    if last && !thread::panicking() {
        drop(panic::take_hook());
    }
}

fn tell(info: &panic::PanicHookInfo<'_>) {
    let call = super::CALL.get();
    let mut hosts = locked(&HOSTS).clone();
    hosts.retain(|host| call.is_none_or(|call| call.host == host.address()));
    let at = info.location().map(|at| format!(" at {at}")).unwrap_or_default();
    let text = info.payload_as_str().unwrap_or("without a text");
    for host in &hosts {
        host.log(Level::Error, &format!("panicked{at}: {text}"));
    }
    super::CALL.set(call.map(|call| super::Call { told: !hosts.is_empty(), ..call }));
    #[cfg(test)]
    #[allow(clippy::print_stderr, reason = "a test that fails says why")]
    {
        eprintln!("{info}");
    }
}
