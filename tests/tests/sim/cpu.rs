//! How long this thread computed.

use std::time::Duration;

/// CPU time of the calling thread so far; `None` where the system does not
/// tell.
pub(crate) fn time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = stat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}
