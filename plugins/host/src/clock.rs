//! The clock. The only file of this crate that reads one.

use std::time::Instant;

/// Now.
#[allow(clippy::disallowed_methods, reason = "this file owns the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
