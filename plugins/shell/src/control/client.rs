//! The side of a command that an engine in another process carries out.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::timeout;

use super::wire::{self, Lines};
use super::{Frame, MAX_FRAME, Request, socket};
use crate::console::Console;
use crate::error::Failure;
use crate::signals::Ending;

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The command was carried out, with this exit status.
    Done(u8),
    /// Nothing happened: nobody answers.
    Nobody,
    /// Nothing happened: the engine cannot do it, and ends soon.
    Busy,
    /// The user interrupted it.
    Interrupted,
}

/// How long an engine may take to say that it began.
const BEGIN_TIME: Duration = Duration::from_secs(10);

/// Lets the running engine of a home carry a command out.
pub(crate) async fn attach(
    home: &Path,
    request: &Request,
    console: &Console,
    ending: &Ending,
) -> Result<Outcome, Failure> {
    let Ok(stream) = connect(home).await else { return Ok(Outcome::Nobody) };
    let (read, mut write) = stream.into_split();
    // An engine that ends meanwhile takes no request, and closes.
    let Ok(()) = wire::write(&mut write, request).await else { return Ok(Outcome::Nobody) };
    let mut lines = Lines::new(read, MAX_FRAME);
    let mut begun = false;
    loop {
        let next = async {
            if begun {
                return lines.next::<Frame>().await;
            }
            let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut));
            timeout(BEGIN_TIME, lines.next::<Frame>()).await.unwrap_or_else(late)
        };
        let frame = tokio::select! {
            biased;
            _ = ending.wait() => return Ok(Outcome::Interrupted),
            frame = next => frame,
        };
        match frame {
            Ok(Some(Frame::Begun {})) => begun = true,
            Ok(Some(Frame::Out(lines))) => console.out(lines).await?,
            Ok(Some(Frame::Err(line))) => console.note(line.as_str()).await,
            Ok(Some(Frame::Exit(status))) => return Ok(Outcome::Done(status)),
            Ok(Some(Frame::Retry {})) => return Ok(Outcome::Busy),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(Failure::BadControl { reason: error.to_string() });
            }
            Ok(None) | Err(_) if !begun => return Ok(Outcome::Nobody),
            Ok(None) | Err(_) => {
                let kept = "what it had taken in is kept; look at it with 'ramson messages' and run the command again".to_owned();
                return Err(Failure::EngineEnded { kept });
            }
        }
    }
}

async fn connect(home: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(socket::path_of(home)?).await
}
