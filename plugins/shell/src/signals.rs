//! When to end: a signal, or the end of the engine that carries a command out.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::Failure;
use crate::terminal;

/// Why a command ends before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The user sent SIGINT or SIGTERM, or closed the terminal.
    Signal,
    /// The engine that carries the command out is stopped.
    EngineEnds,
}

/// Tells when to end. Clones tell the same.
#[derive(Clone)]
pub(crate) struct Ending {
    told: watch::Receiver<bool>,
    why: Why,
}

/// Tells an [`Ending`].
#[derive(Clone)]
pub(crate) struct EndingSwitch(watch::Sender<bool>);

impl EndingSwitch {
    /// It is time to end.
    pub(crate) fn end(&self) {
        self.0.send_replace(true);
    }
}

impl Ending {
    /// An end that is told by hand.
    pub(crate) fn by_hand(why: Why) -> (EndingSwitch, Self) {
        let (tell, told) = watch::channel(false);
        (EndingSwitch(tell), Self { told, why })
    }

    /// Ends on SIGINT, SIGTERM and SIGHUP, which from now on do not kill the
    /// process.
    pub(crate) fn on_signals() -> Result<Self, Failure> {
        Self::on_signals_or_switch().map(|(_, ending)| ending)
    }

    /// The same, and by hand as well.
    pub(crate) fn on_signals_or_switch() -> Result<(EndingSwitch, Self), Failure> {
        let watch = Self::watch_signals();
        watch.map_err(|error| Failure::System { reason: error.to_string() })
    }

    fn watch_signals() -> std::io::Result<(EndingSwitch, Self)> {
        let (switch, ending) = Self::by_hand(Why::Signal);
        let by_hand = switch.clone();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        if !ignores_hangup() {
            let mut hangup = signal(SignalKind::hangup())?;
            let switch = switch.clone();
            // The system and the shell may both send it, so that the second is
            // no sign of haste.
            tokio::spawn(async move {
                while hangup.recv().await.is_some() {
                    switch.end();
                }
            });
        }
        tokio::spawn(async move {
            for first in [true, false] {
                tokio::select! {
                    biased;
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if first {
                    switch.end();
                }
            }
            // Whoever asks twice does not want to wait; nothing kept is lost.
            terminal::give_back();
            std::process::exit(1);
        });
        Ok((by_hand, ending))
    }

    /// Whether it is time to end.
    pub(crate) fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Returns when it is time to end.
    pub(crate) async fn wait(&self) -> Why {
        let mut told = self.told.clone();
        // A switch that is gone has ended too.
        let _ended = told.wait_for(|end| *end).await;
        self.why
    }
}

/// Whether the process was started so that the end of its terminal does not
/// end it, as `nohup` does. Where that is not known, it stays as it is.
fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| ignores(&status))
}

/// Whether SIGHUP, the first signal, is among those that a process ignores.
fn ignores(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_is_ignored_is_told_from_one_that_is_not() {
        assert!(ignores("Name:\tramson\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001006\n"));
        assert!(ignores("something else"));
    }
}
