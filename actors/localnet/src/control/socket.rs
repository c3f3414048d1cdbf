//! The control socket itself.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Answer, Command, MAX_COMMAND};
use crate::error::LocalnetError;
use crate::net::Net;

/// So many clients at once; more wait to be taken in.
const MAX_CLIENTS: usize = 32;

/// How long a client may take for a line, and for taking its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// After the system refused a connection.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// The control socket of a network. Dropping it cuts clients off and removes
/// the socket.
pub(crate) struct Control {
    path: PathBuf,
    _clients: JoinSet<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        // One that stays is replaced the next time.
        let _gone = fs::remove_file(&self.path);
    }
}

impl Control {
    /// Opens the socket, for its owner alone. One that is there already is of
    /// a process that was killed: the state folder is ours.
    pub(crate) fn open(path: &Path, net: Arc<Net>) -> Result<Self, LocalnetError> {
        let open = || -> io::Result<_> {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok((listener, fs::metadata(path)?.uid()))
        };
        let (listener, owner) = open().map_err(|error| LocalnetError::file(path, &error))?;
        let mut clients = JoinSet::new();
        clients.spawn(serve(listener, owner, net));
        Ok(Self { path: path.to_owned(), _clients: clients })
    }
}

async fn serve(listener: UnixListener, owner: u32, net: Arc<Net>) {
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while clients.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the control socket took nobody in");
                sleep(AFTER_REFUSAL).await;
                continue;
            }
        };
        // The socket's mode keeps others out already.
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0) {
            continue;
        }
        let net = net.clone();
        clients.spawn(async move {
            let _place = place;
            if let Err(error) = client(stream, &net).await {
                tracing::debug!(%error, "a client of the control socket went away");
            }
        });
    }
}

async fn client(stream: UnixStream, net: &Net) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut reader = BufReader::new(read);
    loop {
        let line = match timeout(PATIENCE, next_line(&mut reader)).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                // Where the next line begins is not known.
                return tell(&mut write, &Answer::Refused(error.to_string())).await;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                let reason = format!("no line came within {} s", PATIENCE.as_secs());
                return tell(&mut write, &Answer::Refused(reason)).await;
            }
        };
        let answer = match Command::parse(&line) {
            Ok(command) => command.carry_out(net).await,
            Err(reason) => Answer::Refused(reason),
        };
        tell(&mut write, &answer).await?;
    }
}

async fn tell(write: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut));
    timeout(PATIENCE, write.write_all(&line)).await.unwrap_or_else(late)
}

/// The next line without its end; `None` at the end of all. What stands behind
/// the last line break counts as a line too.
async fn next_line(reader: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let ready = reader.fill_buf().await?;
        if ready.is_empty() {
            return Ok(Some(line).filter(|line| !line.is_empty()));
        }
        let end = ready.iter().position(|byte| *byte == b'\n');
        let part = ready.get(..end.unwrap_or(ready.len())).unwrap_or_default();
        if line.len().saturating_add(part.len()) > MAX_COMMAND {
            let reason = format!("the line is longer than {MAX_COMMAND} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        line.extend_from_slice(part);
        let used = part.len().saturating_add(usize::from(end.is_some()));
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut reader, mut found) = (BufReader::new(bytes), Vec::new());
            while let Some(line) = next_line(&mut reader).await? {
                found.push(line);
            }
            Ok(found)
        })
    }

    #[test]
    fn lines_have_an_end_and_a_limit() {
        assert_eq!(lines(b"a\nbc\n\nd").unwrap(), [&b"a"[..], b"bc", b"", b"d"]);
        assert!(lines(b"").unwrap().is_empty());
        let longest = vec![b'x'; MAX_COMMAND];
        assert_eq!(lines(&longest).unwrap().len(), 1);
        let error = lines(&[longest, b"x\n".to_vec()].concat()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
