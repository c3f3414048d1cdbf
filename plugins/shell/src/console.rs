//! Where output goes: to this process's stdout and stderr, or to the client
//! that a command is carried out for. Nothing else prints.

use std::error::Error as _;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use tokio::sync::mpsc;

use crate::control::{Frame, Wiped};
use crate::error::Failure;
use crate::record::Record;

/// Takes everything that a command has to say.
#[derive(Clone)]
pub(crate) struct Console {
    to: To,
    json: bool,
    verbose: bool,
}

#[derive(Clone)]
enum To {
    Here,
    Client(mpsc::Sender<Frame>),
}

impl Console {
    /// Output of this process.
    pub(crate) fn here(json: bool, verbose: bool) -> Self {
        Self { to: To::Here, json, verbose }
    }

    /// Output for a client of the control socket.
    pub(crate) fn client(frames: mpsc::Sender<Frame>, json: bool, verbose: bool) -> Self {
        Self { to: To::Client(frames), json, verbose }
    }

    /// Whether records are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person looks at stderr.
    pub(crate) fn is_watched(&self) -> bool {
        matches!(self.to, To::Here) && !self.json && io::stderr().is_terminal()
    }

    /// Prints a record on stdout.
    pub(crate) async fn record(&self, record: &Record) -> Result<(), Failure> {
        self.out(if self.json { record.to_json() } else { record.to_string() }).await
    }

    /// Prints a line for people on stdout; nothing with `--json`.
    pub(crate) async fn say(&self, text: impl Into<String>) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        self.out::<String>(text.into()).await
    }

    /// Prints lines as they are on stdout.
    pub(crate) async fn out<T: Into<Wiped>>(&self, lines: T) -> Result<(), Failure> {
        let lines = lines.into();
        let Self { to: To::Client(frames), .. } = self else { return print(lines).await };
        frames.send(Frame::Out(lines)).await.map_err(|_| Failure::OutputGone)
    }

    /// Tells something on stderr. That it cannot be told is no failure.
    pub(crate) async fn note(&self, text: impl Into<String>) {
        match &self.to {
            To::Here => note_here(&text.into()),
            To::Client(frames) => {
                let _gone = frames.send(Frame::Err(text.into().into())).await;
            }
        }
    }

    /// Tells that a command failed, and gives the exit status.
    pub(crate) async fn failed(&self, failure: &Failure) -> u8 {
        if !matches!(failure, Failure::OutputGone) {
            if self.json {
                // The sentence on stderr tells it as well.
                let _gone = self.record(&Record::error(failure)).await;
            }
            self.note(sentence(failure, self.verbose)).await;
        }
        failure.status()
    }
}

/// What stderr says of a failure.
fn sentence(failure: &Failure, verbose: bool) -> String {
    let mut text = failure.line();
    let mut cause = failure.source().filter(|_| verbose);
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    text
}

/// Prints to stdout on a thread that may wait for a slow reader.
async fn print(lines: Wiped) -> Result<(), Failure> {
    let printed = tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::new(io::stdout().lock());
        writeln!(out, "{}", lines.as_str())?;
        out.flush()
    });
    match printed.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::OutputGone),
        Ok(Err(error)) => Err(Failure::System {
            reason: format!("stdout: {error}; free some space, or send the output elsewhere"),
        }),
        Err(_) => Err(Failure::OutputGone),
    }
}

/// Prints to stdout before there is a runtime.
pub(crate) fn print_here(text: &str) {
    // Nobody is left to be told when this fails.
    let _gone = writeln!(io::stdout().lock(), "{text}");
}

/// Prints to stderr.
pub(crate) fn note_here(text: &str) {
    let _gone = writeln!(io::stderr().lock(), "{text}");
}

/// Writes to the terminal on stdout as it is.
pub(crate) fn write_here(text: &str) {
    let mut out = io::stdout().lock();
    let _gone = write!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a question to stderr, and leaves the line open for the answer.
pub(crate) fn ask_here(text: &str) -> io::Result<()> {
    let mut err = io::stderr().lock();
    write!(err, "{text}").and_then(|()| err.flush())
}
