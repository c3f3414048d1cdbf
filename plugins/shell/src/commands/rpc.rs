//! `rpc`: JSON-RPC 2.0 for bots in any language.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ramson_messages::Entropy as _;
use ramson_rpc::{HttpError, Scope, Server, Token, serve_http, serve_lines};
use ramson_system::SystemEntropy;
use ramson_types::AccountId;
use ramson_wire::GrantSet;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy, stdin, stdout,
};
use tokio::net::{TcpListener, UnixStream};

use super::Context;
use super::demo::to_wire;
use crate::cli::RpcArgs;
use crate::control::{Outcome, socket};
use crate::error::Failure;
use crate::record::Record;
use crate::rpc::Door;
use crate::signals::{Ending, Why};

/// An engine says in far fewer bytes that it narrowed a client.
const MAX_ANSWER: u64 = 64 << 10;

/// A checked `rpc`.
pub(crate) struct Rpc {
    way: Way,
    scope: Scope,
}

enum Way {
    Stdio,
    Http(SocketAddr),
    Socket(PathBuf),
}

impl Rpc {
    pub(super) fn prepare(args: &RpcArgs) -> Result<Self, Failure> {
        let way = match (args.http, &args.socket) {
            (Some(address), _) if !address.ip().is_loopback() => {
                let sentence = HttpError::NotLoopback { address }.to_string();
                return Err(Failure::Usage { sentence });
            }
            (Some(address), _) => Way::Http(address),
            (None, Some(path)) => Way::Socket(path.clone()),
            (None, None) => Way::Stdio,
        };
        let account = |text: &String| Ok(to_wire(&AccountId::parse_account(text)?));
        let accounts: Result<Vec<_>, Failure> = args.account.iter().map(account).collect();
        let scope = Scope {
            accounts: Some(accounts?).filter(|accounts| !accounts.is_empty()),
            conversations: None,
            grants: match args.grant.is_empty() {
                true => GrantSet::ALL,
                false => args.grant.iter().copied().collect(),
            },
        };
        Ok(Self { way, scope })
    }

    /// Whether stdin and stdout are its client, so that it cannot be carried
    /// out elsewhere.
    pub(crate) fn is_stdio(&self) -> bool {
        matches!(self.way, Way::Stdio)
    }

    pub(super) fn asked_from(&mut self, folder: Option<&Path>) {
        if let (Way::Socket(path), Some(folder)) = (&mut self.way, folder) {
            *path = folder.join(&path);
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let server = context.rpc.narrowed(&self.scope);
        let served = async {
            match &self.way {
                Way::Stdio if !context.own_engine => {
                    let reason = "stdin and stdout are of another process".to_owned();
                    Err(Failure::Refused { reason })
                }
                Way::Stdio => serve_lines(server, stdin(), stdout(), None).await.or_else(|error| {
                    // Its reader is gone, and so is whoever could be told.
                    tracing::debug!(%error, "stdin or stdout broke off");
                    Ok(())
                }),
                Way::Http(address) => http(*address, server, context).await,
                Way::Socket(path) => {
                    let door = Door::at(path, &context.ground.home).await?;
                    let socket = path.display().to_string();
                    context.console.record(&Record::RpcSocket { socket }).await?;
                    match door.serve(server).await {}
                }
            }
        };
        tokio::select! {
            biased;
            why = context.ending.wait() => match why {
                Why::Signal => Ok(()),
                Why::EngineEnds => {
                    Err(Failure::EngineEnded { kept: "run it again to go on".to_owned() })
                }
            },
            result = served => result,
        }
    }

    /// Lets the running engine of a home serve stdin and stdout.
    pub(crate) async fn pipe(&self, home: &Path, ending: &Ending) -> Result<Outcome, Failure> {
        let path = socket::rpc_path_of(home);
        let Ok(path) = path else { return Ok(Outcome::Nobody) };
        let Ok(stream) = UnixStream::connect(path).await else { return Ok(Outcome::Nobody) };
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        if let Some(request) = self.narrows() {
            let mut line = request.to_string();
            line.push('\n');
            if write.write_all(line.as_bytes()).await.is_err() {
                return Ok(Outcome::Nobody);
            }
            let mut answer = Vec::new();
            // An engine that ends meanwhile answers nothing.
            let read = (&mut read).take(MAX_ANSWER).read_until(b'\n', &mut answer).await;
            match (read, serde_json::from_slice::<Value>(&answer)) {
                (Ok(_), Ok(answer)) if answer.get("result").is_some() => {}
                (Ok(1..), _) => {
                    let reason = "it does not narrow what a client may do".to_owned();
                    return Err(Failure::BadControl { reason });
                }
                _ => return Ok(Outcome::Nobody),
            }
        }
        let mut told = false;
        let mut asked = std::pin::pin!(async {
            let (mut stdin, mut write) = (stdin(), write);
            // The engine is gone when it takes nothing any more.
            let _gone = copy(&mut stdin, &mut write).await;
            let _gone = write.shutdown().await;
        });
        let mut answered = std::pin::pin!(async {
            let mut stdout = stdout();
            let _gone = copy(&mut read, &mut stdout).await;
            let _gone = stdout.flush().await;
        });
        loop {
            tokio::select! {
                biased;
                _ = ending.wait() => return Ok(Outcome::Interrupted),
                () = &mut answered => break,
                () = &mut asked, if !told => told = true,
            }
        }
        match told {
            true => Ok(Outcome::Done(0)),
            false => {
                let kept = "what it had taken in is kept; run it again to go on".to_owned();
                Err(Failure::EngineEnded { kept })
            }
        }
    }

    /// What the engine is told of what this client may do, if it may do less
    /// than everything.
    fn narrows(&self) -> Option<Value> {
        let all = self.scope.accounts.is_none() && self.scope.grants == GrantSet::ALL;
        (!all).then(|| {
            let (accounts, grants) = (&self.scope.accounts, self.scope.grants);
            let params = json!({ "accounts": accounts, "grants": grants });
            json!({ "jsonrpc": "2.0", "id": 0, "method": "narrow", "params": params })
        })
    }
}

async fn http(address: SocketAddr, server: Server, context: &Context) -> Result<(), Failure> {
    let rpc = |reason: String| Failure::Rpc { reason };
    let home = &context.ground.home;
    let entropy = SystemEntropy::open().map_err(|error| Failure::System {
        reason: format!("the operating system gives no randomness: {error}"),
    })?;
    let mut random = [0; 32];
    entropy.generator("rpc-token").fill_bytes(&mut random);
    let token = Token::of_home(home, random).map_err(|error| rpc(error.to_string()))?;
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let bound = bound.await;
    let (listener, bound) =
        bound.map_err(|error| rpc(HttpError::System { address, error }.to_string()))?;
    let token_file = Token::path_in(home).display().to_string();
    let url = format!("http://{bound}");
    context.console.record(&Record::RpcHttp { url, token_file }).await?;
    match serve_http(server, listener, token).await {
        Err(error) => Err(rpc(error.to_string())),
        Ok(never) => match never {},
    }
}
