//! The engine's log, on stderr.

use tracing_subscriber::EnvFilter;

/// Names what is logged when `-v` does not say enough.
const VARIABLE: &str = "RAMSON_LOG";

/// Starts logging: RAMSON_LOG decides, else the number of `-v`.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = match std::env::var(VARIABLE) {
        Ok(filter) if !filter.is_empty() => EnvFilter::new(filter),
        _ => EnvFilter::new(level),
    };
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .finish();
    // A logger that is set already does as well.
    let _first = tracing::subscriber::set_global_default(logger);
}
