//! A port of an actor: where its messages of one kind go.

use std::sync::Arc;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, Recipient};
use arc_swap::ArcSwapOption;

/// A way to another actor that survives its restart: the guardian points it
/// at the new one. Cheap to clone; all clones move together.
pub struct Link<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    to: &'static str,
    target: Arc<ArcSwapOption<Recipient<M>>>,
}

impl<M> Link<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// A link to the actor of that name, which leads nowhere yet.
    pub fn new(to: &'static str) -> Self {
        Self { to, target: Arc::new(ArcSwapOption::empty()) }
    }

    /// Lets the link lead to a (new) actor.
    pub fn point_at<A>(&self, actor: &Addr<A>)
    where
        A: Actor + Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.target.store(Some(Arc::new(actor.clone().recipient())));
    }

    /// Sends a message and waits for its answer. The message is in the
    /// actor's mailbox when this returns its future, unless the mailbox is
    /// full: then the future waits for room.
    pub fn ask(&self, message: M) -> impl Future<Output = Result<M::Result, LinkError>> + use<M> {
        let to = self.to;
        let target = self.target.load_full().filter(|target| target.connected());
        let request = target.map(|target| target.send(message));
        async move {
            match request {
                Some(request) => request.await.map_err(|_| LinkError::Unanswered { to }),
                None => Err(LinkError::Down { to }),
            }
        }
    }

    /// Sends a message without waiting for its answer; refused when the
    /// mailbox is full.
    pub fn tell(&self, message: M) -> Result<(), LinkError> {
        let to = self.to;
        match self.target.load_full() {
            Some(target) => target.try_send(message).map_err(|_| LinkError::Full { to }),
            None => Err(LinkError::Down { to }),
        }
    }
}

impl<M> Clone for Link<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn clone(&self) -> Self {
        Self { to: self.to, target: self.target.clone() }
    }
}

/// Why a message did not reach an actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The actor stopped; the guardian starts it again.
    #[error("the {to} actor is not running; it is being started again, try once more")]
    Down {
        /// Which actor.
        to: &'static str,
    },
    /// The actor had the message, and stopped before it answered.
    #[error(
        "the {to} actor stopped before it answered and is being started again; it may have done \
         what it was asked, so look before you try again"
    )]
    Unanswered {
        /// Which actor.
        to: &'static str,
    },
    /// The actor's mailbox is full.
    #[error("the {to} actor has too much to do; try again in a moment")]
    Full {
        /// Which actor.
        to: &'static str,
    },
}
