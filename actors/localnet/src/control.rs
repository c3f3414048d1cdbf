//! What can be done to a local network while it runs, and the socket over
//! which another process does it: one JSON object a line, a [`Command`], and
//! one line for its [`Answer`].
//!
//! ```text
//! > {"do":"stop-node","node":3}
//! < {"done":"node 3 is stopped"}
//! > {"do":"stop-node","node":99}
//! < {"refused":"there is no node 99; nodes count from 0"}
//! > {"do":"status"}
//! < {"status":{"network":"local",…}}
//! ```

mod socket;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::ons::Name;
use ramson_types::AccountId;
use serde::{Deserialize, Serialize};

use crate::error::LocalnetError;
use crate::net::Net;
use crate::status::Status;

pub(crate) use socket::Control;

/// The longest line of a [`Command`], in bytes: a faults file as JSON, with
/// room.
pub const MAX_COMMAND: usize = 1 << 20;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Tell how everything stands.
    Status {},
    /// Let a node die. It stays dead, over restarts too.
    StopNode {
        /// From 0.
        node: usize,
    },
    /// Bring it back, with what it held.
    StartNode {
        /// From 0.
        node: usize,
    },
    /// Put a node into another swarm; messages follow.
    Move {
        /// From 0.
        node: usize,
        /// From 0, in the order in which swarms were made; `None` for no
        /// swarm at all.
        swarm: Option<usize>,
    },
    /// Make a swarm of nodes that leave theirs.
    NewSwarm {
        /// From 0; at least one.
        nodes: Vec<usize>,
    },
    /// What goes wrong from now on, in place of what went wrong before. Times
    /// count from now.
    Faults {
        /// The text of a faults file.
        text: String,
    },
    /// Nothing goes wrong any more.
    ClearFaults {},
    /// Register a name for an account.
    Name {
        /// The name.
        name: String,
        /// The Account ID.
        id: String,
    },
    /// Take a name out.
    ForgetName {
        /// The name.
        name: String,
    },
    /// End the network cleanly. The connection is closed when all is saved.
    Stop {},
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It is done; a sentence.
    Done(String),
    /// How everything stands.
    Status(Box<Status>),
    /// Nothing was changed; the sentence says why.
    Refused(String),
}

impl Command {
    /// Reads a line of the control socket.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| {
            format!("the line is no command: {error}; such as {{\"do\":\"status\"}}")
        })
    }

    pub(crate) async fn carry_out(self, net: &Net) -> Answer {
        match self.try_out(net).await {
            Ok(answer) => answer,
            Err(error) => Answer::Refused(error.to_string()),
        }
    }

    async fn try_out(self, net: &Net) -> Result<Answer, LocalnetError> {
        Ok(Answer::Done(match self {
            Self::Status {} => return Ok(Answer::Status(Box::new(net.status()))),
            Self::StopNode { node } => {
                net.stop_node(node).await?;
                format!("node {node} is stopped")
            }
            Self::StartNode { node } => {
                net.start_node(node).await?;
                format!("node {node} is up")
            }
            Self::Move { node, swarm } => {
                net.move_node(node, swarm).await?;
                match swarm {
                    Some(swarm) => format!("node {node} is in swarm {swarm} now"),
                    None => format!("node {node} is in no swarm now"),
                }
            }
            Self::NewSwarm { nodes } => {
                let swarm = net.new_swarm(&nodes).await?;
                let nodes: Vec<_> = nodes.iter().map(ToString::to_string).collect();
                format!("swarm {swarm} is made, of {}", nodes.join(", "))
            }
            Self::Faults { text } => {
                let faults = FaultsFile::parse(&text)?;
                let count = faults.rules.len();
                net.set_faults(Some(faults)).await;
                match count {
                    1 => "1 rule is in force".to_owned(),
                    count => format!("{count} rules are in force"),
                }
            }
            Self::ClearFaults {} => {
                net.set_faults(None).await;
                "no rule is in force".to_owned()
            }
            Self::Name { name, id } => {
                let name: Name = name.parse()?;
                let id = AccountId::parse_account(&id)?;
                net.register(name.clone(), Some(id)).await?;
                format!("'{name}' is {id}")
            }
            Self::ForgetName { name } => {
                let name: Name = name.parse()?;
                net.register(name.clone(), None).await?;
                format!("'{name}' is nobody")
            }
            Self::Stop {} => {
                net.ask_to_stop();
                "the network ends".to_owned()
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_the_lines_that_are_written_down() {
        let cases = [
            (Command::Status {}, r#"{"do":"status"}"#),
            (Command::StopNode { node: 3 }, r#"{"do":"stop-node","node":3}"#),
            (Command::StartNode { node: 3 }, r#"{"do":"start-node","node":3}"#),
            (Command::Move { node: 3, swarm: Some(1) }, r#"{"do":"move","node":3,"swarm":1}"#),
            (Command::Move { node: 3, swarm: None }, r#"{"do":"move","node":3,"swarm":null}"#),
            (Command::NewSwarm { nodes: vec![6, 7] }, r#"{"do":"new-swarm","nodes":[6,7]}"#),
            (Command::Faults { text: "seed = 1".into() }, r#"{"do":"faults","text":"seed = 1"}"#),
            (Command::ClearFaults {}, r#"{"do":"clear-faults"}"#),
            (
                Command::Name { name: "a".into(), id: "05".into() },
                r#"{"do":"name","name":"a","id":"05"}"#,
            ),
            (Command::ForgetName { name: "a".into() }, r#"{"do":"forget-name","name":"a"}"#),
            (Command::Stop {}, r#"{"do":"stop"}"#),
        ];
        for (command, line) in cases {
            assert_eq!(serde_json::to_string(&command).unwrap(), line);
            assert_eq!(Command::parse(line.as_bytes()), Ok(command));
        }
    }

    #[test]
    fn what_is_no_command_is_told_so() {
        let lines: [&[u8]; 6] = [
            b"",
            b"rubbish",
            b"{\"do\":\"dance\"}",
            b"{\"do\":\"stop-node\"}",
            b"{\"do\":\"stop-node\",\"node\":-1}",
            b"\xff\xfe",
        ];
        for line in lines {
            let error = Command::parse(line).unwrap_err();
            assert!(error.starts_with("the line is no command: "), "{error}");
        }
    }
}
