//! One request over one path: seal, post to the guard, open.

use std::time::Duration;

use ramson_codec::storage::{InfoAnswer, Request};
use ramson_messages::Clock;
use ramson_messages::crypto::{OpenOnion, SealOnion};
use ramson_messages::paths::{OnionAnswer, OnionError};
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_protocol::account::Sample;
use ramson_protocol::onion::OnionReply;
use ramson_protocol::paths::Path;
use ramson_types::{Ed25519PublicKey, ServiceNode};

use crate::Ports;

/// Where a guard takes onion requests.
const ONION_PATH: &str = "/onion_req/v2";

/// Sends a request to a destination beyond the path.
pub(crate) async fn send(
    ports: &Ports,
    class: IsolationClass,
    path: &Path,
    destination: ServiceNode,
    body: Vec<u8>,
    timeout: Duration,
    clock: &dyn Clock,
) -> Result<OnionAnswer, OnionError> {
    let asked = clock.now();
    let reply = exchange(ports, class, &path.hops, destination, body, timeout).await?;
    let (path, answered) = (path.keys(), clock.now());
    Ok(OnionAnswer { reply, path, asked, answered, clock_samples: Vec::new() })
}

/// Asks the last node of a path for `info`: whether the path carries anything,
/// and what time it is there.
pub(crate) async fn info(
    ports: &Ports,
    class: IsolationClass,
    path: &Path,
    timeout: Duration,
    clock: &dyn Clock,
) -> Result<Option<Sample>, OnionError> {
    let Some((last, before)) = path.hops.split_last() else { return Ok(None) };
    let (asked, body) = (clock.now(), Request::Info.to_bytes());
    let reply = exchange(ports, class, before, *last, body, timeout).await?;
    let (node, answered) = (last.ed25519, clock.now());
    let info = InfoAnswer::parse(reply.body.as_bytes()).ok();
    Ok(info.map(|info| Sample { node, asked, answered, theirs: info.time }))
}

async fn exchange(
    ports: &Ports,
    class: IsolationClass,
    hops: &[ServiceNode],
    destination: ServiceNode,
    body: Vec<u8>,
    timeout: Duration,
) -> Result<OnionReply, OnionError> {
    let guard = hops.first().copied().unwrap_or(destination);
    let keys = || hops.iter().map(|hop| hop.ed25519).collect::<Vec<Ed25519PublicKey>>();
    let sealed = ports.seal.ask(SealOnion { hops: hops.to_vec(), destination, body }).await??;
    let post = Post {
        class,
        to: Endpoint::Node { ip: guard.ip, port: guard.https_port },
        path: ONION_PATH.to_owned(),
        content_type: None,
        body: sealed.body,
        timeout,
    };
    let answer =
        ports.post.ask(post).await?.map_err(|error| OnionError::Guard { error, path: keys() })?;
    let open = OpenOnion { keys: sealed.keys, status: answer.status, body: answer.body };
    ports.open.ask(open).await?.map_err(|error| OnionError::Reply { error, path: keys() })
}
