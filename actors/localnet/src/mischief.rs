//! What befalls requests and nodes: faults of nodes as storage servers are
//! `ramson_node`'s, those of requests, answers and connections are carried out
//! here and nowhere else, for nodes, seed and file server, and for what nodes
//! ask each other.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use ramson_codec::faults_file::RequestFault;
use ramson_node::{Faults, HttpResponse, Reply};
use tokio::time::sleep;

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

/// What goes back to whoever asked.
#[derive(Debug)]
pub(crate) enum Sent {
    /// An answer.
    Answer(HttpResponse, Pace),
    /// Its first half; then the connection is closed.
    Half(HttpResponse),
    /// Nothing; the connection is closed.
    Nothing,
}

/// Lets a request have its way, or what a fault makes of it.
pub(crate) async fn befall(
    fault: Option<RequestFault>,
    slow: Duration,
    pace: Pace,
    carry_out: impl Future<Output = HttpResponse>,
) -> Sent {
    if !slow.is_zero() {
        sleep(slow).await;
    }
    match fault {
        None => Sent::Answer(carry_out.await, pace),
        Some(RequestFault::Refused) => Sent::Nothing,
        Some(RequestFault::Hang) => std::future::pending().await,
        Some(RequestFault::Status(status)) => {
            Sent::Answer(HttpResponse { status, headers: Vec::new(), body: Vec::new() }, pace)
        }
        Some(RequestFault::Reset) => Sent::Half(carry_out.await),
        Some(RequestFault::AnswerLost) => {
            carry_out.await;
            Sent::Nothing
        }
        Some(RequestFault::Late(time)) => {
            let answer = carry_out.await;
            sleep(time).await;
            Sent::Answer(answer, pace)
        }
        Some(RequestFault::Truncated) => {
            let mut answer = carry_out.await;
            answer.body.truncate(answer.body.len() / 2);
            Sent::Answer(answer, pace)
        }
        Some(RequestFault::Garbage) => {
            let mut answer = carry_out.await;
            noise(&mut answer.body);
            Sent::Answer(answer, pace)
        }
    }
}

/// Noise in place of bytes; the same bytes give the same noise.
fn noise(bytes: &mut [u8]) {
    let mut state = bytes.iter().fold(bytes.len() as u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    for byte in bytes {
        // Numerical Recipes' generator; its upper bits are noise enough.
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        *byte = state.to_be_bytes()[0];
    }
}

impl Sent {
    /// What another node gets. From a node whose bodies do not end nothing
    /// comes until its patience ends.
    pub(crate) async fn into_reply(self) -> Reply {
        match self {
            Self::Answer(answer, Pace::Whole) => Reply::Answer(answer),
            Self::Answer(..) => std::future::pending().await,
            Self::Half(_) => Reply::Failed("the connection was closed in an answer".to_owned()),
            Self::Nothing => Reply::Failed("the connection was closed".to_owned()),
        }
    }
}

/// A body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The time between two bytes of a dripping body.
const DRIP: Duration = Duration::from_secs(1);

/// A piece of an endless body.
const PIECE: Bytes = Bytes::from_static(&[b'a'; 16 * 1024]);

impl Pace {
    pub(crate) fn body(self, whole: Vec<u8>) -> Body {
        match self {
            Self::Whole => {
                Full::new(Bytes::from(whole)).map_err(|never| match never {}).boxed_unsync()
            }
            Self::Dripping => {
                let bytes = stream::unfold(whole.into_iter(), |mut rest| async {
                    let next = rest.next()?;
                    sleep(DRIP).await;
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

/// The first half of a body; then it breaks off.
pub(crate) fn half_a_body(mut whole: Vec<u8>) -> Body {
    whole.truncate(whole.len() / 2);
    let broken = io::Error::from(io::ErrorKind::ConnectionReset);
    let pieces = [Ok(Frame::data(Bytes::from(whole))), Err(broken)];
    StreamBody::new(stream::iter(pieces)).boxed_unsync()
}

#[cfg(test)]
mod tests {
    #[test]
    fn noise_is_noise_and_always_the_same() {
        let noise = |text: &[u8]| {
            let mut bytes = text.to_vec();
            super::noise(&mut bytes);
            bytes
        };
        assert_eq!(noise(b"a text"), noise(b"a text"));
        assert_ne!(noise(b"a text"), noise(b"b text"));
        assert_ne!(noise(&[0; 64]), [0; 64]);
        assert_eq!(noise(b""), b"");
    }
}
