//! The transports.
//!
//! | file | what |
//! |---|---|
//! | `lines` | one request a line, over any stream |
//! | `split` | bytes as lines of bounded length |
//! | `unix` | lines over a Unix socket |
//! | `http`, `guard` | HTTP on loopback, and who may ask there |
//! | `streams`, `sse` | clients that are subscribed over HTTP, and their events |

mod guard;
mod http;
mod lines;
mod split;
mod sse;
mod streams;
#[cfg(test)]
mod tests;
mod unix;

pub use guard::HttpError;
pub use http::serve_http;
pub use lines::serve_lines;
pub use unix::serve_unix;

use ramson_host::Told;
use ramson_wire::Event;
use serde::Serialize;

use crate::desk::Why;
use crate::failure::{Failure, Outcome};
use crate::message::write;

/// An event as a client gets it: as plugins do, with its number in front.
fn event_params(told: &Told) -> Outcome<Vec<u8>> {
    let json = told.json().map_err(|error| Failure::internal(error.to_string()))?;
    // All there is has its number already.
    if matches!(told.event(), Event::Snapshot(_)) {
        return Ok(json.to_vec());
    }
    // Every event is an object with at least its own name in it.
    let rest = json.strip_prefix(b"{").unwrap_or(b"}");
    let mut params = format!("{{\"seq\":{},", told.seq).into_bytes();
    params.extend_from_slice(rest);
    Ok(params)
}

/// What `unsubscribed` says.
#[derive(Serialize)]
struct Unsubscribed {
    reason: &'static str,
}

fn unsubscribed_params(why: Why) -> Vec<u8> {
    write(&Unsubscribed { reason: why.name() })
}

/// A notification, without a line break.
fn notification(method: &str, params: &[u8]) -> Vec<u8> {
    let mut line =
        format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":").into_bytes();
    line.extend_from_slice(params);
    line.push(b'}');
    line
}
