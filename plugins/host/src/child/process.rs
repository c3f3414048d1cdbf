//! Starts a plugin's process, and tells how one ended.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// What a plugin's process keeps of the environment: what it takes to find
/// libraries, folders, the language and the time.
const KEPT: &[&str] =
    &["HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ"];

/// How a plugin's process is started. It has to call [`serve`](super::serve)
/// before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments; the plugin's name follows, for people.
    pub args: Vec<OsString>,
}

impl Default for ChildCommand {
    /// This program, with the argument `plugin-host`.
    fn default() -> Self {
        // On Linux the program that runs, also where its file is a newer one
        // by now.
        let itself = PathBuf::from("/proc/self/exe");
        let program = match itself.exists() {
            true => itself,
            false => std::env::current_exe().unwrap_or(itself),
        };
        Self { program, args: vec!["plugin-host".into()] }
    }
}

/// Starts a process, and gives the host's end of its socket. It is the first
/// of a group of its own: what a terminal sends its programs does not reach it.
pub(super) fn start(command: &ChildCommand, name: &str) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let kept = KEPT.iter().filter_map(|key| Some((key, std::env::var_os(key)?)));
    let child = Command::new(&command.program)
        .arg0("ramson")
        .args(&command.args)
        .arg(name)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    Ok((child, ours))
}

/// How a process ended, as the end of a sentence about a plugin.
pub(super) fn how(status: io::Result<ExitStatus>) -> String {
    let Ok(status) = status else { return "its process is gone".to_owned() };
    match (status.signal(), status.code()) {
        (Some(signal), _) => match signal_name(signal) {
            Some(name) => format!("its process ended by signal {signal} ({name})"),
            None => format!("its process ended by signal {signal}"),
        },
        (None, Some(code)) => format!("its process ended with exit status {code}"),
        (None, None) => "its process is gone".to_owned(),
    }
}

/// Those that end processes mostly.
fn signal_name(signal: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    names.iter().find(|(named, _)| named.as_raw() == signal).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_its_signal_or_its_exit_status() {
        let told = |raw| how(Ok(ExitStatus::from_raw(raw)));
        assert_eq!(told(11), "its process ended by signal 11 (SIGSEGV)");
        assert_eq!(told(9), "its process ended by signal 9 (SIGKILL)");
        assert_eq!(told(40), "its process ended by signal 40");
        assert_eq!(told(3 << 8), "its process ended with exit status 3");
        assert_eq!(told(0), "its process ended with exit status 0");
    }
}
