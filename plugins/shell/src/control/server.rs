//! The engine's side of the control socket.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ramson_host::Host;
use ramson_rpc::Server;
use ramson_system::Engine;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::wire::{self, Lines};
use super::{Frame, MAX_CLIENTS, MAX_REQUEST, Request, socket};
use crate::commands::{Context, Ground, Needs};
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::private;
use crate::record::Record;
use crate::settings::Proxy;
use crate::signals::{Ending, EndingSwitch, Why};

/// How long a client may take for its request.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// So many frames wait for a slow client; then its command waits.
const FRAME_QUEUE: usize = 64;

/// How long commands have to end once they are told to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The engine that carries commands out.
#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) engine: Engine,
    pub(crate) host: Host,
    pub(crate) rpc: Server,
    pub(crate) ground: Arc<Ground>,
    /// What it can do for others.
    pub(crate) offers: Needs,
}

impl Carrier {
    /// Refuses a client that asks for another proxy than the engine has.
    fn check_proxy(&self, asked: Option<&str>) -> Result<(), Failure> {
        let Some(asked) = asked.map(Proxy::parse).transpose()? else { return Ok(()) };
        // Without a network there is nothing to go through.
        if self.offers == Needs::Store || self.ground.proxy.as_ref() == Some(&asked) {
            return Ok(());
        }
        let running = self.ground.proxy.as_ref().map(Proxy::to_string);
        Err(Failure::OtherProxy { running, asked: asked.to_string() })
    }
}

/// The clients of an engine.
pub(crate) struct Guests {
    listener: UnixListener,
    path: PathBuf,
    user: u32,
    carrier: Carrier,
    clients: FuturesUnordered<Pin<Box<dyn Future<Output = ()>>>>,
    /// Ends the commands that have no end of their own.
    endless: (EndingSwitch, Ending),
    /// Ends all others.
    others: (EndingSwitch, Ending),
}

impl Guests {
    /// Opens the socket of a home whose lock is ours: a socket that is there
    /// is of a process that was killed.
    pub(crate) fn welcome(home: &Home, carrier: Carrier) -> Result<Self, Failure> {
        let open = || -> io::Result<_> {
            let path = socket::path_of(home.folder())?;
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(&path)?;
            private::close_to_others(&path)?;
            Ok((listener, path, private::owner_of(home.folder())?))
        };
        let (listener, path, user) = open().map_err(|error| Failure::System {
            reason: format!(
                "the control socket of {} cannot be opened: {error}",
                home.folder().display()
            ),
        })?;
        let (endless, others) =
            (Ending::by_hand(Why::EngineEnds), Ending::by_hand(Why::EngineEnds));
        Ok(Self {
            listener,
            path,
            user,
            carrier,
            clients: FuturesUnordered::new(),
            endless,
            others,
        })
    }

    /// Carries out what clients ask for.
    pub(crate) async fn serve(&mut self) -> Infallible {
        loop {
            tokio::select! {
                biased;
                Some(()) = self.clients.next(), if !self.clients.is_empty() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.take_in(stream),
                    Err(error) => {
                        tracing::warn!(%error, "the control socket took nobody in");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
    }

    fn take_in(&self, stream: UnixStream) {
        // The folder keeps others out already; this holds in an open one too.
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == self.user || peer.uid() == 0) {
            return;
        }
        let full = self.clients.len() >= MAX_CLIENTS;
        let client = Client {
            carrier: self.carrier.clone(),
            endless: self.endless.1.clone(),
            others: self.others.1.clone(),
            full,
        };
        if self.clients.len() < MAX_CLIENTS * 2 {
            self.clients.push(Box::pin(client.serve(stream)));
        }
    }

    /// Takes nobody in any more, gives commands under way some time, and ends
    /// them.
    pub(crate) async fn farewell(self, grace: Duration) {
        let Self { listener, path, mut clients, endless, others, .. } = self;
        drop(listener);
        // A socket that stays is replaced by the next engine.
        let _gone = std::fs::remove_file(path);
        endless.0.end();
        let all = async |clients: &mut FuturesUnordered<_>| while clients.next().await.is_some() {};
        if timeout(grace, all(&mut clients)).await.is_err() {
            others.0.end();
            let _cut_off = timeout(LAST_WORDS, all(&mut clients)).await;
        }
    }
}

/// One client.
struct Client {
    carrier: Carrier,
    endless: Ending,
    others: Ending,
    full: bool,
}

impl Client {
    async fn serve(self, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = Lines::new(read, MAX_REQUEST);
        let request = match timeout(REQUEST_TIME, lines.next::<Request>()).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) | Err(_) => return,
            Ok(Err(error)) => {
                let reason = format!("the request: {error}");
                let failure = Failure::Refused { reason };
                return refuse(&mut write, &failure, false).await;
            }
        };
        if let Err(error) = self.answer(request, lines, &mut write).await {
            tracing::debug!(%error, "a client of the control socket went away");
        }
    }

    async fn answer(
        self,
        request: Request,
        mut lines: Lines<OwnedReadHalf>,
        write: &mut OwnedWriteHalf,
    ) -> io::Result<()> {
        // A command line that makes no sense is told as it asks for, too.
        let json = request.args.iter().any(|arg| arg == "--json");
        if self.full {
            let reason =
                format!("it carries {MAX_CLIENTS} commands out already; try again in a moment");
            refuse(write, &Failure::Refused { reason }, json).await;
            return Ok(());
        }
        let prepared = request.prepare();
        let (job, global) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                refuse(write, &failure, json).await;
                return Ok(());
            }
        };
        let asked = request.proxy.as_deref().or(global.proxy.as_deref());
        if let Err(failure) = self.carrier.check_proxy(asked) {
            refuse(write, &failure, global.json).await;
            return Ok(());
        }
        drop(request);
        if job.needs() > self.carrier.offers {
            return wire::write(write, &Frame::Retry {}).await;
        }
        wire::write(write, &Frame::Begun {}).await?;

        let (frames, mut queue) = mpsc::channel(FRAME_QUEUE);
        let context = Context {
            engine: self.carrier.engine,
            host: self.carrier.host,
            rpc: self.carrier.rpc,
            ground: self.carrier.ground,
            console: Console::client(frames, global.json, global.verbose > 0),
            own_engine: false,
            ending: if job.is_endless() { self.endless } else { self.others },
            timeout: global.timeout.map(Duration::from_secs),
        };
        // The queue ends when the command does, because the context goes with it.
        let work = async move {
            match job.run(&context).await {
                Ok(()) => 0,
                Err(failure) => context.console.failed(&failure).await,
            }
        };
        let told = async {
            while let Some(frame) = queue.recv().await {
                wire::write(write, &frame).await?;
            }
            Ok(())
        };
        let done = async {
            let (status, told): (u8, io::Result<()>) = futures_util::future::join(work, told).await;
            told.map(|()| status)
        };
        let status = tokio::select! {
            biased;
            // A client says nothing more, so this is its end.
            _ = lines.next::<serde_json::Value>() => return Ok(()),
            done = done => done?,
        };
        wire::write(write, &Frame::Exit(status)).await
    }
}

/// Answers with a failure.
async fn refuse(write: &mut OwnedWriteHalf, failure: &Failure, json: bool) {
    let record = json.then(|| Frame::Out(Record::error(failure).to_json().into()));
    let told = [Frame::Err(failure.line().into()), Frame::Exit(failure.status().max(1))];
    for frame in record.into_iter().chain(told) {
        if wire::write(write, &frame).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_is_a_record_where_records_are_asked_for() {
        for json in [true, false] {
            let (engine, client) = UnixStream::pair().unwrap();
            let (_read, mut write) = engine.into_split();
            let failure = Failure::Refused { reason: "full; try again".to_owned() };
            refuse(&mut write, &failure, json).await;
            drop((_read, write));
            let mut lines = Lines::new(client, MAX_REQUEST);
            let mut frames = Vec::new();
            while let Some(frame) = lines.next::<Frame>().await.unwrap() {
                frames.push(frame);
            }
            if json {
                let Frame::Out(record) = frames.remove(0) else { panic!("{frames:?}") };
                assert!(record.as_str().contains(r#""kind":"Refused""#), "{}", record.as_str());
            }
            assert!(matches!(frames[..], [Frame::Err(_), Frame::Exit(1)]), "{frames:?}");
        }
    }
}
