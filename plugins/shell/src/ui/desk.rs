//! What comes next: something to do for a user interface, or the end.

use std::time::Duration;

use ramson_host::{Errand, SlotEnd};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::error::Failure;
use crate::signals::Ending;

/// What comes next.
pub(super) enum Next {
    Errand(Errand),
    /// The program ends: its user wants it, or no user interface works.
    End(Result<(), Failure>),
}

/// Where everything arrives that the program has to do.
pub(super) struct Desk {
    errands: mpsc::Receiver<Errand>,
    /// Told when the main thread is free; `None` when it was.
    left: Option<oneshot::Receiver<SlotEnd>>,
    ending: Ending,
}

impl Desk {
    pub(super) fn new(
        errands: mpsc::Receiver<Errand>,
        left: oneshot::Receiver<SlotEnd>,
        ending: Ending,
    ) -> Self {
        Self { errands, left: Some(left), ending }
    }

    pub(super) fn ending(&self) -> &Ending {
        &self.ending
    }

    pub(super) async fn next(&mut self) -> Next {
        let Some(left) = &mut self.left else { return Next::End(Ok(())) };
        tokio::select! {
            biased;
            _ = self.ending.wait() => Next::End(Ok(())),
            end = left => {
                self.left = None;
                Next::End(match end {
                    Ok(SlotEnd::Failed { ui, reason }) => Err(Failure::UiFailed { ui, reason }),
                    _ => Ok(()),
                })
            }
            errand = self.errands.recv() => errand.map_or(Next::End(Ok(())), Next::Errand),
        }
    }

    /// Waits so long for the main thread after the end; whether it came.
    pub(super) async fn ui_left(&mut self, patience: Duration) -> bool {
        let Some(left) = self.left.take() else { return true };
        timeout(patience, left).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{EndingSwitch, Why};

    type Ends = (mpsc::Sender<Errand>, oneshot::Sender<SlotEnd>, EndingSwitch);

    fn desk() -> (Desk, Ends) {
        let (errand, errands) = mpsc::channel(1);
        let (leave, left) = oneshot::channel();
        let (switch, ending) = Ending::by_hand(Why::Signal);
        (Desk::new(errands, left, ending), (errand, leave, switch))
    }

    #[tokio::test]
    async fn a_user_interface_that_was_closed_is_no_failure_and_one_that_failed_is() {
        let ui = "ui".to_owned();
        let (mut closed, (_errands, leave, _switch)) = desk();
        leave.send(SlotEnd::Closed { ui: ui.clone() }).unwrap();
        assert!(matches!(closed.next().await, Next::End(Ok(()))));
        assert!(closed.ui_left(Duration::ZERO).await);

        let (mut failed, (_errands, leave, _switch)) = desk();
        leave.send(SlotEnd::Failed { ui, reason: "it panicked".to_owned() }).unwrap();
        let Next::End(Err(failure)) = failed.next().await else { panic!("it goes on") };
        assert_eq!((failure.kind(), failure.status()), ("UiFailed", 1));
    }

    #[tokio::test]
    async fn the_end_comes_before_what_is_still_to_be_done() {
        let (mut desk, (errands, _leave, switch)) = desk();
        let (tell, _told) = oneshot::channel();
        errands.send(Errand::BeginDemo { tell }).await.unwrap();
        switch.end();
        assert!(matches!(desk.next().await, Next::End(Ok(()))));
    }

    #[tokio::test]
    async fn a_user_interface_that_keeps_the_main_thread_is_not_waited_for_for_ever() {
        let (mut desk, (_errands, leave, _switch)) = desk();
        assert!(!desk.ui_left(Duration::from_millis(1)).await);
        drop(leave);
    }
}
