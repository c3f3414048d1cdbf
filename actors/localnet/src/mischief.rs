//! Nodes that misbehave, for tests: their faults as storage servers are
//! `ramson_node`'s, those of their connections are here.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use ramson_node::Faults;

/// How a node misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mischief {
    /// What is wrong with what it answers.
    pub faults: Faults,
    /// How its answers come.
    pub pace: Pace,
}

/// How the body of an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// At once. Other nodes get their answers at once as well.
    #[default]
    Whole,
    /// One byte a second; other nodes get no answer.
    Dripping,
    /// It never ends; other nodes get no answer.
    Endless,
}

/// A body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The time between two bytes of a dripping body.
const DRIP: Duration = Duration::from_secs(1);

/// A piece of an endless body.
const PIECE: Bytes = Bytes::from_static(&[b'a'; 16 * 1024]);

impl Pace {
    pub(crate) fn body(self, whole: Vec<u8>) -> Body {
        match self {
            Self::Whole => Full::new(Bytes::from(whole)).boxed_unsync(),
            Self::Dripping => {
                let bytes = stream::unfold(whole.into_iter(), |mut rest| async {
                    let next = rest.next()?;
                    tokio::time::sleep(DRIP).await;
                    Some((Ok(Frame::data(Bytes::copy_from_slice(&[next]))), rest))
                });
                StreamBody::new(bytes).boxed_unsync()
            }
            Self::Endless => {
                let pieces = stream::repeat_with(|| Ok(Frame::data(PIECE)));
                StreamBody::new(pieces).boxed_unsync()
            }
        }
    }
}
