//! The log: on stderr, or in a file while a user interface has the terminal.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::error::Failure;
use crate::{home, private};

/// Names what is logged when `-v` does not say enough.
const VARIABLE: &str = "RAMSON_LOG";

/// A log that is longer is begun anew.
const LONGEST: u64 = 4 << 20;

/// Starts logging on stderr: RAMSON_LOG decides, else the number of `-v`.
pub(crate) fn start(verbose: u8) {
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter(verbose, "error"))
        .with_writer(io::stderr)
        .with_ansi(false)
        .finish();
    // A logger that is set already does as well.
    let _first = tracing::subscriber::set_global_default(logger);
}

/// Starts logging in the file. A panic goes there, too.
pub(crate) fn start_in_file(verbose: u8) -> Result<(), Failure> {
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter(verbose, "warn"))
        .with_writer(Mutex::new(file()?))
        .with_ansi(false)
        .finish();
    let _first = tracing::subscriber::set_global_default(logger);
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
}

/// The log's file, to write on at its end.
pub(crate) fn file() -> Result<File, Failure> {
    let path = path();
    let open = || {
        if let Some(folder) = path.parent() {
            private::make_folder(folder)?;
        }
        private::open_log(&path, LONGEST)
    };
    open().map_err(|error| Failure::file(&path, error))
}

/// In the user's state folder. Where none is known, nothing is kept: a folder
/// of everybody is no place for it.
fn path() -> PathBuf {
    home::state_folder().map_or_else(|| "/dev/null".into(), |folder| folder.join("ramson.log"))
}

fn filter(verbose: u8, otherwise: &str) -> EnvFilter {
    let level = match verbose {
        0 => otherwise,
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    match std::env::var(VARIABLE) {
        Ok(filter) if !filter.is_empty() => EnvFilter::new(filter),
        _ => EnvFilter::new(level),
    }
}
