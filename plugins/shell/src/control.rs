//! How a command reaches the engine that already runs on its home: over a
//! Unix socket, one JSON object a line. The client sends a [`Request`]; the
//! engine answers with [`Frame`]s, of which the last is the exit status. A
//! client that goes away ends its command.

mod client;
mod server;
pub(crate) mod socket;
mod wire;

use std::fmt;
use std::path::PathBuf;

use clap::Parser as _;
use ramson_wire::GrantSet;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::cli::{Cli, Global};
use crate::commands::Job;
use crate::error::Failure;
use crate::start;

pub(crate) use client::{Outcome, attach};
pub(crate) use server::{Carrier, Guests};

/// What a client asks for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    /// The client's version, which has to be the engine's.
    pub(crate) version: String,
    /// The command line, without the program's name.
    pub(crate) args: Vec<String>,
    /// What the command reads from stdin, if it does; may be a phrase.
    pub(crate) stdin: Option<String>,
    /// The proxy that the client asks for, if it does; may hold a password.
    #[serde(default)]
    pub(crate) proxy: Option<String>,
    /// The folder that the client is in, where paths begin.
    #[serde(default)]
    pub(crate) folder: Option<PathBuf>,
    /// What a plugin may do, where its user was asked, and agreed.
    #[serde(default)]
    pub(crate) agreed: Option<GrantSet>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.args.zeroize();
        self.stdin.zeroize();
        self.proxy.zeroize();
    }
}

impl Request {
    /// The command that it stands for.
    fn prepare(&self) -> Result<(Job, Global), Failure> {
        if self.version != VERSION {
            let (ours, theirs) = (self.version.clone(), VERSION.to_owned());
            return Err(Failure::OtherVersion { ours, theirs });
        }
        let words = std::iter::once("ramson").chain(self.args.iter().map(String::as_str));
        let cli = Cli::try_parse_from(words).map_err(|error| start::usage(&error))?;
        let job = cli.command.as_ref().map(|command| Job::prepare(command, self.stdin.as_deref()));
        let reason = "that command needs no engine".to_owned();
        let mut job = job.transpose()?.flatten().ok_or(Failure::Refused { reason })?;
        job.asked_from(self.folder.as_deref(), self.agreed);
        Ok((job, cli.global))
    }
}

/// The command in a line of the socket, or why it is refused.
pub(crate) fn understand(line: &[u8]) -> Result<Job, Failure> {
    let request: Request = serde_json::from_slice(line)
        .map_err(|error| Failure::Refused { reason: format!("the request: {error}") })?;
    request.prepare().map(|(job, _)| job)
}

/// One line of the engine's answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Frame {
    /// The command is being carried out. Before this line nothing happened.
    Begun {},
    /// This engine cannot do it and ends soon; the client may try on.
    Retry {},
    /// For stdout.
    Out(Wiped),
    /// For stderr.
    Err(Wiped),
    /// The command is done; its exit status.
    Exit(u8),
}

/// Lines on their way to a user. There may be a phrase among them, so they are
/// wiped and not shown elsewhere.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Wiped(String);

impl Wiped {
    /// The lines.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Wiped {
    fn from(lines: String) -> Self {
        Self(lines)
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The version that both sides must have.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest request: more than any text that can be sent, as JSON.
const MAX_REQUEST: usize = 4 << 20;

/// The longest frame: the largest message as JSON, with room.
const MAX_FRAME: usize = 4 << 20;

/// So many commands are carried out at once; more are refused.
const MAX_CLIENTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_lines_that_are_written_down() {
        let cases = [
            (Frame::Begun {}, r#"{"begun":{}}"#),
            (Frame::Retry {}, r#"{"retry":{}}"#),
            (Frame::Out(Wiped("a".into())), r#"{"out":"a"}"#),
            (Frame::Err(Wiped("b".into())), r#"{"err":"b"}"#),
            (Frame::Exit(2), r#"{"exit":2}"#),
        ];
        for (frame, line) in cases {
            assert_eq!(serde_json::to_string(&frame).unwrap(), line);
            assert_eq!(serde_json::from_str::<Frame>(line).unwrap(), frame);
        }
    }

    #[test]
    fn what_a_frame_holds_is_not_in_debug_output() {
        let frame = Frame::Out(Wiped("abbey".into()));
        assert_eq!(format!("{frame:?}"), "Out((5 bytes))");
    }
}
