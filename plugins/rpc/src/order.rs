//! Whose turn it is: what changes something is carried out in the order in
//! which it was asked for.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// The turns of one client.
#[derive(Debug, Clone)]
pub(crate) struct Order(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of the next turn that is given out.
    next: u64,
    /// All turns below this one are over.
    first: u64,
    /// Turns that are over, at or above that.
    over: BTreeSet<u64>,
}

impl Order {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// The next turn; it is over when it is dropped.
    pub(crate) fn turn(&self) -> Turn {
        let mut number = 0;
        self.0.send_modify(|state| {
            number = state.next;
            state.next = number.saturating_add(1);
        });
        Turn { order: self.0.clone(), number }
    }
}

/// A turn.
#[derive(Debug)]
pub(crate) struct Turn {
    order: watch::Sender<State>,
    number: u64,
}

impl Turn {
    /// Returns when all earlier ones are over.
    pub(crate) async fn comes(&self) {
        let mut state = self.order.subscribe();
        // This turn itself keeps the sender.
        let _come = state.wait_for(|state| state.first >= self.number).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.order.send_modify(|state| {
            state.over.insert(self.number);
            while state.over.remove(&state.first) {
                state.first = state.first.saturating_add(1);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_turn_comes_when_all_before_it_are_over_in_whatever_order() {
        let order = Order::new();
        let (first, second, third) = (order.turn(), order.turn(), order.turn());
        assert!(first.comes().now_or_never().is_some());
        assert!(second.comes().now_or_never().is_none());
        drop(second);
        assert!(third.comes().now_or_never().is_none());
        drop(first);
        assert!(third.comes().now_or_never().is_some());
    }
}
