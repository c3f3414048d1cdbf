//! How long the call that a plugin is in takes already.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::host::Limits;

/// A call on a plugin's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Its library is mapped.
    Map,
    /// `create`
    Create,
    /// `on_events`
    OnEvents,
    /// `destroy`
    Destroy,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "being mapped",
            Self::Create => "create",
            Self::OnEvents => "on_events",
            Self::Destroy => "destroy",
        })
    }
}

/// What a plugin's thread does.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<(Call, Instant)>>);

/// How a plugin's thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// Waits, or is in a call that does not take long yet.
    Fine,
    /// Is in a call for long.
    Unresponsive,
    /// Is in a call for too long.
    Stuck {
        /// Which.
        call: Call,
        /// For how long.
        since: Duration,
    },
}

impl Pulse {
    /// A call begins.
    pub(crate) fn begin(&self, call: Call, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((call, now));
    }

    /// None is under way.
    pub(crate) fn idle(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How the thread is.
    pub(crate) fn health(&self, now: Instant, limits: &Limits) -> Health {
        let Some((call, began)) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) else {
            return Health::Fine;
        };
        match now.saturating_duration_since(began) {
            since if since >= limits.retired => Health::Stuck { call, since },
            since if since >= limits.unresponsive => Health::Unresponsive,
            _ => Health::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_after_5_s_and_given_up_after_60_s() {
        let (began, limits) = (crate::clock::now(), Limits::default());
        let pulse = Pulse::default();
        let after = |ms| pulse.health(began + Duration::from_millis(ms), &limits);
        assert_eq!(after(600_000), Health::Fine);
        pulse.begin(Call::OnEvents, began);
        assert_eq!(after(4_999), Health::Fine);
        assert_eq!(after(5_000), Health::Unresponsive);
        assert_eq!(after(59_999), Health::Unresponsive);
        let since = Duration::from_secs(60);
        assert_eq!(after(60_000), Health::Stuck { call: Call::OnEvents, since });
        pulse.idle();
        assert_eq!(after(60_000), Health::Fine);
    }
}
