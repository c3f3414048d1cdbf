//! Lines over a Unix socket, for its owner alone.

use std::convert::Infallible;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::lines::{refuse, serve_lines};
use crate::limits;
use crate::server::Server;

/// After the system refused a connection, out of file handles for instance.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Whoever is told that there is no room gets so long to hear it.
const REFUSAL: Duration = Duration::from_secs(1);

/// So many of them at once; the next ones are closed without a word.
const REFUSALS: usize = 32;

/// Serves a socket until the future is dropped, its clients with it. `user` is
/// whose clients are served, beside those of root.
pub async fn serve_unix(server: Server, listener: UnixListener, user: u32) -> Infallible {
    let mut clients = JoinSet::new();
    let mut refusals = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = clients.join_next() => {}
            Some(_) = refusals.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if !is_of(&stream, user) => {}
                Ok((stream, _)) if clients.len() < limits::CONNECTIONS => {
                    let server = server.clone();
                    clients.spawn(async move {
                        let (read, write) = stream.into_split();
                        let served = serve_lines(server, read, write, Some(limits::FIRST_LINE)).await;
                        if let Err(error) = served {
                            tracing::debug!(%error, "a client went away");
                        }
                    });
                }
                Ok((stream, _)) if refusals.len() < REFUSALS => {
                    refusals.spawn(timeout(REFUSAL, refuse(stream)));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the RPC socket took nobody in");
                    sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
}

/// The folder keeps others out already; this holds in an open one too.
fn is_of(stream: &UnixStream, user: u32) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == user || peer.uid() == 0)
}
