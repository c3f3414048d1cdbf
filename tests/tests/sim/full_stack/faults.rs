//! Connections whose requests fail, each in a way that the seed chooses.
//!
//! A request begins when the client writes after it has read. Under TLS the
//! first such turn is the handshake, which is left alone: what is to fail are
//! requests.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ramson_messages::transport::IsolationClass;
use ramson_transport_actor::{Address, BoxedStream, Dial, Dialing};
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::log::Log;

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// No connection.
    Refused,
    /// It never arrives, and nobody says so.
    Hanging,
    /// The connection breaks while it is sent.
    Reset,
    /// It is carried out, but the connection breaks before the answer.
    AnswerLost,
    /// The answer comes late, perhaps too late.
    Late(Duration),
    /// The answer ends early.
    Truncated,
    /// The answer is not what was sent.
    Garbage,
}

/// Long enough for any request to be carried out.
const CARRIED_OUT: Duration = Duration::from_secs(3);

impl Fault {
    fn draw(rng: &mut StdRng) -> Self {
        match rng.random_range(0..7) {
            0 => Self::Refused,
            1 => Self::Hanging,
            2 => Self::Reset,
            3 => Self::AnswerLost,
            4 => Self::Late(Duration::from_millis(rng.random_range(1_000..20_000))),
            5 => Self::Truncated,
            _ => Self::Garbage,
        }
    }
}

/// Dials, and lets so many of a hundred requests fail.
pub(super) struct FaultyDial<D> {
    dial: D,
    fates: Fates,
    plain_port: u16,
}

/// What becomes of each request, in order.
#[derive(Clone)]
pub(super) struct Fates {
    rng: Arc<Mutex<StdRng>>,
    percent: u32,
    log: Log,
    host: &'static str,
}

impl Fates {
    pub(super) fn new(rng: StdRng, percent: u32, log: Log, host: &'static str) -> Self {
        Self { rng: Arc::new(Mutex::new(rng)), percent, log, host }
    }

    fn next(&self) -> Option<Fault> {
        let mut rng = self.rng.lock().unwrap();
        let fails = rng.random_range(0..100) < self.percent;
        let fault = fails.then(|| Fault::draw(&mut rng));
        match fault {
            Some(fault) => self.log.note(self.host, format_args!("{FAULT}{fault:?}")),
            None => self.log.note(self.host, NO_FAULT),
        }
        fault
    }
}

/// How a request that fails stands in the log.
pub(super) const FAULT: &str = "request fails: ";

/// How a request that does not fail stands in the log.
pub(super) const NO_FAULT: &str = "request goes out";

impl<D: Dial> FaultyDial<D> {
    /// Everything but `plain_port` is TLS.
    pub(super) fn new(dial: D, fates: Fates, plain_port: u16) -> Self {
        Self { dial, fates, plain_port }
    }
}

impl<D: Dial> Dial for FaultyDial<D> {
    fn dial(&self, to: &Address, class: IsolationClass) -> Dialing {
        let first = self.fates.next();
        if first == Some(Fault::Refused) {
            return Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into())));
        }
        let (dialing, fates) = (self.dial.dial(to, class), self.fates.clone());
        let handshakes = if to.port == self.plain_port { 0 } else { 1 };
        Box::pin(async move {
            let stream = dialing.await?;
            let turns = Turns { handshakes, first: Some(first), fates };
            Ok(Box::new(FaultyStream::new(stream, turns)) as BoxedStream)
        })
    }
}

/// What becomes of each turn of one connection.
struct Turns {
    handshakes: usize,
    /// That of the request for which it was opened.
    first: Option<Option<Fault>>,
    fates: Fates,
}

impl Turns {
    fn next(&mut self) -> Option<Fault> {
        if let Some(rest) = self.handshakes.checked_sub(1) {
            self.handshakes = rest;
            return None;
        }
        self.first.take().unwrap_or_else(|| self.fates.next())
    }
}

struct FaultyStream {
    stream: BoxedStream,
    turns: Turns,
    /// Whether the last thing that happened was a write.
    asking: bool,
    fault: Option<Fault>,
    part: Part,
    /// Of a late answer, what the reader had no room for.
    left: Vec<u8>,
}

/// How far a fault has come.
enum Part {
    /// Nothing was done yet.
    Whole,
    /// This answer is held back.
    Held(Vec<u8>, Pin<Box<Sleep>>),
    /// Nothing goes through any more.
    Over,
}

impl FaultyStream {
    fn new(stream: BoxedStream, turns: Turns) -> Self {
        Self { stream, turns, asking: false, fault: None, part: Part::Whole, left: Vec::new() }
    }

    fn give_left(&mut self, buf: &mut ReadBuf<'_>) {
        let fits = self.left.len().min(buf.remaining());
        buf.put_slice(&self.left[..fits]);
        self.left.drain(..fits);
    }

    fn reset<T>(&mut self) -> Poll<io::Result<T>> {
        self.part = Part::Over;
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    /// Something of the answer, as it came.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let mut space = vec![0; 16 * 1024];
        let mut buf = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
        let length = buf.filled().len();
        space.truncate(length);
        Poll::Ready(Ok(space))
    }

    /// Holds the answer for a time and gives it then.
    fn poll_late(&mut self, cx: &mut Context<'_>, time: Duration) -> Poll<io::Result<Vec<u8>>> {
        if matches!(self.part, Part::Whole) {
            let answer = ready!(self.poll_answer(cx))?;
            self.part = Part::Held(answer, Box::pin(tokio::time::sleep(time)));
        }
        if let Part::Held(answer, sleep) = &mut self.part {
            ready!(sleep.as_mut().poll(cx));
            let answer = std::mem::take(answer);
            self.part = Part::Whole;
            return Poll::Ready(Ok(answer));
        }
        Poll::Pending
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.part, Part::Over) {
            return match this.fault {
                Some(Fault::Truncated) => Poll::Ready(Ok(())),
                _ => this.reset(),
            };
        }
        let before = buf.filled().len();
        match this.fault {
            _ if !this.left.is_empty() => this.give_left(buf),
            None | Some(Fault::Refused) => {
                ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
            }
            Some(Fault::Hanging) => return Poll::Pending,
            // Nothing was answered to half a request.
            Some(Fault::Reset) => return Poll::Pending,
            Some(Fault::AnswerLost) => {
                ready!(this.poll_late(cx, CARRIED_OUT))?;
                return this.reset();
            }
            Some(Fault::Late(time)) => {
                this.left = ready!(this.poll_late(cx, time))?;
                this.fault = None;
                this.give_left(buf);
            }
            Some(Fault::Truncated) => {
                let answer = ready!(this.poll_answer(cx))?;
                let half = (answer.len() / 2).min(buf.remaining());
                buf.put_slice(&answer[..half]);
                this.part = Part::Over;
            }
            Some(Fault::Garbage) => {
                let mut answer = ready!(this.poll_answer(cx))?;
                answer.truncate(buf.remaining());
                this.turns.fates.rng.lock().unwrap().fill_bytes(&mut answer);
                buf.put_slice(&answer);
            }
        }
        if buf.filled().len() > before {
            this.asking = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if matches!(this.part, Part::Over) {
            return this.reset();
        }
        if !this.asking {
            this.asking = true;
            this.fault = this.turns.next();
        }
        match this.fault {
            // Too late to be refused.
            Some(Fault::Reset | Fault::Refused) => {
                let half = bytes.len() / 2;
                if half > 0 {
                    ready!(Pin::new(&mut this.stream).poll_write(cx, &bytes[..half]))?;
                }
                this.reset()
            }
            Some(Fault::Hanging) => Poll::Ready(Ok(bytes.len())),
            _ => Pin::new(&mut this.stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
