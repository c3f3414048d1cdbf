//! JSON-RPC 2.0 for bots in any language: the same verbs as the command line,
//! events, and a word for being done with them, over stdio, a Unix socket, and
//! HTTP with server-sent events on loopback.
//!
//! | file | what |
//! |---|---|
//! | `methods/` | the methods: one table, from which all else is made |
//! | `schema`, `reference` | `docs/rpc-schema.json` and `docs/rpc.md` |
//! | `message`, `failure` | JSON-RPC 2.0 as bytes; why there is no result |
//! | `client`, `call` | one connected client; one request of it |
//! | `desk`, `seat` | its guest's place in the host |
//! | `order` | what changes something is done in order |
//! | `scope` | what clients may do |
//! | `stored` | what becomes of messages that were sent |
//! | `server` | what all clients share |
//! | `serve/` | the transports |
//! | `out` | responses on their way |
//! | `token` | the secret of clients over HTTP |
//! | `limits` | how much, and how long |

mod call;
mod client;
mod desk;
mod failure;
mod limits;
mod message;
mod methods;
mod order;
mod out;
#[cfg(test)]
mod reference;
pub mod schema;
mod scope;
mod seat;
mod serve;
mod server;
mod stored;
#[cfg(test)]
mod testing;
mod token;

pub use message::{Entry, Id, Incoming, Request, parse};
pub use scope::Scope;
pub use seat::{Boxed, Seat, Seats};
pub use serve::{HttpError, serve_http, serve_lines, serve_unix};
pub use server::Server;
pub use token::{Token, TokenError};
