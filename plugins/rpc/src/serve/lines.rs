//! One request a line, one response or event a line, over any stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufWriter};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::split::{Piece, Split};
use super::{event_params, notification, unsubscribed_params};
use crate::client::Client;
use crate::desk::{Notice, What};
use crate::failure::{Code, Failure};
use crate::limits;
use crate::message::{Id, Response, write};
use crate::out::{self, Line, Out};
use crate::server::Server;

/// Serves one client. Once it sends no more, what it asked for is answered
/// before this returns. `first` is how long its first line may take.
pub async fn serve_lines(
    server: Server,
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    first: Option<Duration>,
) -> io::Result<()> {
    let (notices, told) = mpsc::channel(limits::EVENTS);
    let client = Client::on_line(&server, notices);
    let (out, lines) = out::channel();
    let mut asked = std::pin::pin!(ask(&client, out, Split::new(read), first));
    let mut answered = std::pin::pin!(answer(&client, write, lines, told));
    // A client that takes nothing any more is served no more.
    tokio::select! {
        biased;
        written = &mut answered => written,
        read = &mut asked => {
            let written = answered.await;
            read.and(written)
        }
    }
}

/// Says once that there is no room, and leaves it at that.
pub(super) async fn refuse(mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
    let text = format!(
        "{} clients are connected already; close one, or try again in a moment",
        limits::CONNECTIONS
    );
    let mut line = write(&Response::new(Id::Null, Err(Failure::refused("Busy", text))));
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.shutdown().await
}

/// Takes lines as long as they come, and puts the responses out.
async fn ask(
    client: &Arc<Client>,
    out: Out,
    mut pieces: Split<impl AsyncRead + Unpin>,
    first: Option<Duration>,
) -> io::Result<()> {
    let mut running = JoinSet::new();
    let mut late = std::pin::pin!(sleep(first.unwrap_or_default()));
    let mut begun = first.is_none();
    let ended = loop {
        let piece = tokio::select! {
            biased;
            Some(ended) = running.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a request was not carried out to its end");
                }
                continue;
            }
            piece = pieces.next(), if running.len() < limits::IN_FLIGHT => piece,
            () = &mut late, if !begun => break Ok(()),
        };
        let response = match piece {
            Err(error) => break Err(error),
            Ok(Piece::End) => break Ok(()),
            Ok(Piece::Endless) => {
                let text = "a line does not end; end each request with a line break";
                put(&out, &Failure::new(Code::Request, "TooLarge", text)).await;
                break Ok(());
            }
            Ok(Piece::TooLong) => {
                put(&out, &Failure::too_large(limits::LINE)).await;
                continue;
            }
            Ok(Piece::Line(line)) => {
                begun = true;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                client.take(&line)
            }
        };
        let out = out.clone();
        running.spawn(async move {
            if let Some(response) = response.await {
                // Nobody takes it where the client is gone.
                let _gone = out.put(response).await;
            }
        });
    };
    client.leave();
    while running.join_next().await.is_some() {}
    ended
}

async fn put(out: &Out, failure: &Failure) {
    let response = write(&Response::new(Id::Null, Err(failure.clone())));
    let _gone = out.put(response).await;
}

/// Writes responses and events until no more responses come.
async fn answer(
    client: &Client,
    stream: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<Line>,
    mut told: mpsc::Receiver<Notice>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(stream);
    loop {
        let mut bytes = tokio::select! {
            biased;
            line = lines.recv() => match line {
                Some(line) => {
                    // It counts until it is written.
                    stream.write_all(&line.bytes).await?;
                    b"".to_vec()
                }
                None => return stream.shutdown().await,
            },
            Some(notice) = told.recv() => {
                if !client.wants(&notice) {
                    continue;
                }
                match notice.what {
                    What::Event(told) => match event_params(&told) {
                        Ok(params) => notification("event", &params),
                        Err(failure) => {
                            tracing::error!(reason = failure.message(), "an event cannot be told");
                            continue;
                        }
                    },
                    What::Ended(why) => notification("unsubscribed", &unsubscribed_params(why)),
                }
            }
        };
        bytes.push(b'\n');
        stream.write_all(&bytes).await?;
        if lines.is_empty() && told.is_empty() {
            stream.flush().await?;
        }
    }
}
