//! How much a client may ask for, and how long it may take. The reference page
//! says the same; a test holds the two together.

use std::time::Duration;

/// The longest line or body.
pub(crate) const LINE: usize = 1 << 20;

/// A line that goes on for so long ends its connection.
pub(crate) const ENDLESS_LINE: usize = 16 << 20;

/// Requests in one batch.
pub(crate) const BATCH: usize = 100;

/// Requests of one client without a response.
pub(crate) const IN_FLIGHT: usize = 64;

/// Connections of one socket.
pub(crate) const CONNECTIONS: usize = 64;

/// Connections of one HTTP listener.
pub(crate) const HTTP_CONNECTIONS: usize = 256;

/// A connection that sends no whole line for so long is closed.
pub(crate) const FIRST_LINE: Duration = Duration::from_secs(30);

/// For the head of an HTTP request; so long a connection may be idle, too.
pub(crate) const HEAD: Duration = Duration::from_secs(10);

/// For the body of an HTTP request.
pub(crate) const BODY: Duration = Duration::from_secs(10);

/// A stream of events without events says so often that it is there.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// So long a client may go on without its stream of events.
pub(crate) const LINGER: Duration = Duration::from_secs(60);

/// Events that wait for a client on a line; what comes then waits in the host.
pub(crate) const EVENTS: usize = 64;

/// Events that wait for a stream of events: more than the window of a durable
/// client, so that responses never wait behind events.
pub(crate) const STREAM_EVENTS: usize = 1_024;

/// Of these so many are kept free for events that have a number.
pub(crate) const NUMBERED_EVENTS: usize = 512;

/// Responses that wait for a slow client.
pub(crate) const RESPONSES: usize = 64;

/// Bytes of responses that wait for a slow client; one may be larger.
pub(crate) const RESPONSE_BYTES: u32 = 16 << 20;

/// Questions of one client with a long answer that are answered at once.
pub(crate) const LARGE: usize = 4;

/// The longest name of a client.
pub(crate) const CLIENT_NAME: usize = 64;

/// Clients that are subscribed over HTTP.
pub(crate) const HTTP_CLIENTS: usize = 64;

/// How long `send` waits when nothing else is said, in seconds.
pub(crate) const SEND: u64 = 60;

/// The longest that it waits, in seconds.
pub(crate) const LONGEST_SEND: u64 = 3_600;

/// How many messages there are when nothing else is said.
pub(crate) const MESSAGES: u32 = 50;

/// How long `health` waits for the engine.
pub(crate) const HEALTH: Duration = Duration::from_secs(5);
