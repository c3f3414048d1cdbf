//! One request over one path: seal, post to the guard, open.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use ramson_codec::storage::{InfoAnswer, Request};
use ramson_crypto::EncType;
use ramson_messages::paths::{OnionAnswer, OnionError};
use ramson_messages::transport::TransportError;
use ramson_protocol::account::Sample;
use ramson_protocol::onion::{self, Destination, OnionReply};
use ramson_protocol::paths::Path;
use ramson_types::{Ed25519PublicKey, ServiceNode};

use super::engine::Engine;
use crate::world::net::Failure;

/// Where a guard takes onion requests.
const ONION_PATH: &str = "/onion_req/v2";

/// Sends a request to a destination beyond the path.
pub(super) async fn send(
    engine: &Rc<Engine>,
    path: &Path,
    destination: ServiceNode,
    body: Vec<u8>,
    timeout: Duration,
) -> Result<OnionAnswer, OnionError> {
    let asked = engine.now();
    let reply = exchange(engine, &path.hops, destination, body, timeout).await?;
    let (path, answered) = (path.keys(), engine.now());
    Ok(OnionAnswer { reply, path, asked, answered, clock_samples: Vec::new() })
}

/// Asks the last node of a path for `info`.
pub(super) async fn info(
    engine: &Rc<Engine>,
    path: &Path,
    timeout: Duration,
) -> Result<Option<Sample>, OnionError> {
    let Some((last, before)) = path.hops.split_last() else { return Ok(None) };
    let (asked, body) = (engine.now(), Request::Info.to_bytes());
    let reply = exchange(engine, before, *last, body, timeout).await?;
    let (node, answered) = (last.ed25519, engine.now());
    let info = InfoAnswer::parse(reply.body.as_bytes()).ok();
    Ok(info.map(|info| Sample { node, asked, answered, theirs: info.time }))
}

async fn exchange(
    engine: &Rc<Engine>,
    hops: &[ServiceNode],
    destination: ServiceNode,
    body: Vec<u8>,
    timeout: Duration,
) -> Result<OnionReply, OnionError> {
    let guard = hops.first().copied().unwrap_or(destination);
    let keys = || hops.iter().map(|hop| hop.ed25519).collect::<Vec<Ed25519PublicKey>>();
    let sealed = {
        let mut rng = engine.rng.borrow_mut();
        let to = Destination::Node(&destination);
        onion::build(hops, to, EncType::XChaCha20, &body, &mut *rng)?
    };
    let (host, peer) = (engine.host, address(engine.number));
    let asked = engine.world.post_to_node(host, peer, guard.ip, ONION_PATH, sealed.body);
    let to = format!("{}:{}", guard.ip, guard.https_port);
    let answer = match engine.world.queue.timeout(host, timeout, asked).await {
        Some(answer) => answer.map_err(|failure| transport_error(failure, to)),
        None => Err(TransportError::TimedOut { to, seconds: timeout.as_secs() }),
    };
    let answer = answer.map_err(|error| OnionError::Guard { error, path: keys() })?;
    let opened = sealed.keys.open_reply(answer.status, &answer.body);
    opened.map_err(|error| OnionError::Reply { error, path: keys() })
}

fn address(client: usize) -> IpAddr {
    let [.., high, low] = u32::try_from(client).unwrap_or(u32::MAX).to_be_bytes();
    Ipv4Addr::new(192, 168, high, low).into()
}

pub(super) fn transport_error(failure: Failure, to: String) -> TransportError {
    match failure {
        Failure::Refused => {
            TransportError::Unreachable { to, reason: "connection refused".to_owned() }
        }
        Failure::Reset => TransportError::Broken { to, reason: "connection reset".to_owned() },
    }
}
