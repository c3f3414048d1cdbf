//! The alarm of a plugin: answered when its time has come, or another one is
//! set.

use std::sync::Arc;
use std::time::Duration;

use ramson_wire::{Answer, Millis};

use super::Owed;
use crate::shared::Shared;

/// The host's clock may be set anew, so it is looked at now and then.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The alarm of one plugin, if it set one.
pub(super) struct Alarm {
    shared: Arc<Shared>,
    set: Option<(Owed, Millis)>,
}

impl Alarm {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, set: None }
    }

    /// Sets it; the one before is answered.
    pub(super) fn set(&mut self, owed: Owed, at: Millis) {
        self.answer();
        self.set = Some((owed, at));
    }

    /// Until its time has come; for ever if none is set.
    pub(super) async fn rings(&self) {
        let Some((_, at)) = &self.set else { return std::future::pending().await };
        loop {
            let left = at.saturating_sub(self.shared.now());
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left).min(LONGEST_SLEEP)).await;
        }
    }

    /// Answers the one that is set.
    pub(super) fn answer(&mut self) {
        if let Some((owed, _)) = self.set.take() {
            owed.pay(Ok(Answer::Done));
        }
    }
}
