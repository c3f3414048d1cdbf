//! Events as a body that does not end: server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

use super::streams::Stream;
use super::{event_params, unsubscribed_params};
use crate::desk::What;
use crate::limits;

/// The body.
pub(super) struct Events {
    stream: Stream,
    quiet: Pin<Box<Sleep>>,
    /// So that whoever asked knows at once that it was heard.
    greeted: bool,
    ended: bool,
}

impl Events {
    pub(super) fn new(stream: Stream) -> Self {
        let quiet = Box::pin(sleep(limits::KEEP_ALIVE));
        Self { stream, quiet, greeted: false, ended: false }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Poll::Ready(Some(b": here\n\n".to_vec()));
        }
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            match self.stream.notices.poll_recv(cx) {
                Poll::Ready(Some(notice)) => match notice.what {
                    What::Event(told) => {
                        if let Ok(params) = event_params(&told) {
                            let name = name_of(&params);
                            return Poll::Ready(Some(message(Some(told.seq), &name, &params)));
                        }
                    }
                    What::Ended(why) => {
                        self.ended = true;
                        let params = unsubscribed_params(why);
                        return Poll::Ready(Some(message(None, "unsubscribed", &params)));
                    }
                },
                // Another request of this client has its events now.
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => {
                    ready!(self.quiet.as_mut().poll(cx));
                    self.rest();
                    return Poll::Ready(Some(b": still here\n\n".to_vec()));
                }
            }
        }
    }

    fn rest(&mut self) {
        let next = Instant::now().checked_add(limits::KEEP_ALIVE);
        if let Some(next) = next {
            self.quiet.as_mut().reset(next);
        }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = ready!(self.next(cx));
        self.rest();
        Poll::Ready(next.map(|bytes| Ok(Frame::data(Bytes::from(bytes)))))
    }
}

/// One message: JSON has no line breaks of its own.
fn message(id: Option<u64>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut text = id.map_or_else(String::new, |id| format!("id: {id}\n")).into_bytes();
    text.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    text.extend_from_slice(data);
    text.extend_from_slice(b"\n\n");
    text
}

/// The name of an event; it is the first field, behind the number.
fn name_of(params: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Name {
        event: String,
    }
    serde_json::from_slice::<Name>(params).map_or_else(|_| "event".to_owned(), |it| it.event)
}
