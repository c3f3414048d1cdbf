//! The time where no host tells it.

use std::time::{SystemTime, UNIX_EPOCH};

use ramson_wire::Millis;

/// Milliseconds since 1970 by the machine's clock.
#[allow(clippy::disallowed_methods, reason = "this file owns the SDK's clock")]
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
