//! The clock. The only file of this crate that reads one.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ramson_wire::Millis;

/// Now.
#[allow(clippy::disallowed_methods, reason = "this file owns the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970 by the machine's clock, where no engine tells it.
#[allow(clippy::disallowed_methods, reason = "this file owns the clock")]
pub(crate) fn millis() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
