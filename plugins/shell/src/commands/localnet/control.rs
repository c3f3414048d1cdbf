//! Talks to a local network that runs, over the control socket of its state
//! folder.

use std::io;
use std::path::Path;
use std::time::Duration;

use ramson_localnet::control::{Answer, Command};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{files, places};
use crate::cli::LocalnetCommand;
use crate::console::Console;
use crate::error::Failure;
use crate::record::Record;

/// How long an answer may take, and the end of a network that was asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer: the status of two hundred nodes and thousands of names.
const MAX_ANSWER: u64 = 16 << 20;

pub(super) async fn run(asked: &LocalnetCommand, console: &Console) -> Result<(), Failure> {
    let (state, command) = command(asked)?;
    let (state, socket) = match places(state) {
        Ok(places) => places,
        Err(_) => return Err(Failure::NoLocalnet { state: state.to_owned() }),
    };
    let stream = UnixStream::connect(&socket)
        .await
        .map_err(|_| Failure::NoLocalnet { state: state.clone() })?;
    let answer = match timeout(PATIENCE, ask(stream, &command)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let reason = error.to_string();
            return Err(Failure::LocalnetSilent { state, reason });
        }
        Err(_) => {
            let reason = format!("it said nothing within {} s", PATIENCE.as_secs());
            return Err(Failure::LocalnetSilent { state, reason });
        }
    };
    match answer {
        Answer::Done(detail) => console.record(&Record::Done { detail }).await,
        Answer::Status(status) => console.record(&Record::Localnet(status)).await,
        Answer::Refused(reason) => Err(Failure::LocalnetRefused { reason }),
    }
}

/// Sends a command, and reads until the network has no more to say: after
/// `stop`, that is its end.
async fn ask(mut stream: UnixStream, command: &Command) -> io::Result<Answer> {
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    if *command != (Command::Stop {}) {
        stream.shutdown().await?;
    }
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(serde_json::from_slice(line)?)
}

/// The state folder that is meant, and what is to be done.
fn command(asked: &LocalnetCommand) -> Result<(&Path, Command), Failure> {
    Ok(match asked {
        LocalnetCommand::Status(of) => (&of.state, Command::Status {}),
        LocalnetCommand::StopNode(args) => (&args.of.state, Command::StopNode { node: args.node }),
        LocalnetCommand::StartNode(args) => {
            (&args.of.state, Command::StartNode { node: args.node })
        }
        LocalnetCommand::Move(args) => {
            let swarm = match args.swarm.as_str() {
                "none" => None,
                number => Some(number.parse().map_err(|_| Failure::Usage {
                    sentence: format!(
                        "'{number}' is no swarm; give its number, counted from 0, or 'none'"
                    ),
                })?),
            };
            (&args.of.state, Command::Move { node: args.node, swarm })
        }
        LocalnetCommand::NewSwarm(args) => {
            (&args.of.state, Command::NewSwarm { nodes: args.nodes.clone() })
        }
        LocalnetCommand::Faults(args) => {
            let (text, _) = files::faults(&args.file)?;
            (&args.of.state, Command::Faults { text })
        }
        LocalnetCommand::ClearFaults(of) => (&of.state, Command::ClearFaults {}),
        LocalnetCommand::Name(args) => {
            let (name, id) = (args.name.clone(), args.id.clone());
            (&args.of.state, Command::Name { name, id })
        }
        LocalnetCommand::ForgetName(args) => {
            (&args.of.state, Command::ForgetName { name: args.name.clone() })
        }
        LocalnetCommand::Stop(of) => (&of.state, Command::Stop {}),
    })
}
