//! How the guardian learns that an actor ended.

use tokio::sync::oneshot;

/// Held by an actor; when it ends, by a panic or otherwise, the other end
/// learns of it.
pub struct Lifeline {
    _held: oneshot::Sender<std::convert::Infallible>,
}

/// The guardian's end of a [`Lifeline`].
pub struct LifelineEnd(oneshot::Receiver<std::convert::Infallible>);

impl Lifeline {
    /// A lifeline and its end.
    pub fn new() -> (Self, LifelineEnd) {
        let (held, end) = oneshot::channel();
        (Self { _held: held }, LifelineEnd(end))
    }
}

impl LifelineEnd {
    /// Returns when the actor has ended.
    pub async fn ended(self) {
        // Nothing is ever sent, so this is the end of the sender.
        let _gone = self.0.await;
    }
}

/// Ends an actor that its guardian no longer wants.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct Stop;

/// Lets an actor panic, to see what becomes of it.
#[cfg(feature = "chaos")]
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct Panic;
