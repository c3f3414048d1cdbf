//! Wrapping a request (02 section 3.5).

use ramson_codec::onion_frame::{self, ServerRelay, guard_control, node_control, server_control};
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_types::{Ed25519PublicKey, ServiceNode, X25519PublicKey};
use rand_core::CryptoRng;

use super::{Layer, OnionKeys};

/// The most that a node takes as a request's body, in bytes.
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// The control part that marks the final layer.
const CONTROL: &str = r#"{"headers":""}"#;

/// Who is to answer a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// A service node, with a storage RPC request.
    Node(&'a ServiceNode),
    /// A server outside of the network, with a request of
    /// [`ramson_codec::onion_v4`]. The last hop posts to it.
    Server(&'a Server),
}

/// A server that takes onion requests: of files, of communities, of pushes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where the last hop posts to.
    pub relay: ServerRelay,
    /// To which its layer is sealed.
    pub x25519: X25519PublicKey,
}

/// A request ready for its guard, and the keys of its reply.
pub struct SealedOnion {
    /// To be posted to the guard's `/onion_req/v2`.
    pub body: Vec<u8>,
    /// Opens the answer.
    pub keys: OnionKeys,
}

/// What one layer is made with. Nothing of it may be used twice.
pub struct LayerSecrets {
    /// The cipher.
    pub enc_type: EncType,
    /// Whether the cipher's name is written; aes-gcm is assumed where none is.
    pub names_enc_type: bool,
    /// The ephemeral key.
    pub ephemeral: X25519Secret,
    /// The nonce, of the length that the cipher takes.
    pub nonce: Vec<u8>,
}

impl LayerSecrets {
    fn fresh(enc_type: EncType, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let ephemeral = X25519Secret::generate(rng);
        let mut nonce = vec![0; enc_type.nonce_len()];
        rng.fill_bytes(&mut nonce);
        Self { enc_type, names_enc_type: enc_type != EncType::default(), ephemeral, nonce }
    }

    fn written(&self) -> Option<EncType> {
        self.names_enc_type.then_some(self.enc_type)
    }

    const fn wrong_nonce(&self) -> OnionBuildError {
        let expected = self.enc_type.nonce_len();
        OnionBuildError::NonceLength { length: self.nonce.len(), expected }
    }
}

/// What clients write differently without changing the meaning.
#[derive(Debug, Clone, Copy)]
pub struct RequestForm<'a> {
    /// The control part for the destination, JSON with the key `headers`.
    pub control: &'a str,
    /// How many hops before the guard to pretend.
    pub hop_no: Option<u32>,
}

impl Default for RequestForm<'static> {
    fn default() -> Self {
        Self { control: CONTROL, hop_no: None }
    }
}

/// Why a request could not be wrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnionBuildError {
    /// A node twice on the way, which would see more than it should.
    #[error("service node {node} would be on the way twice; choose another path")]
    RepeatedNode {
        /// The node.
        node: Ed25519PublicKey,
    },
    /// A node's X25519 key can keep no secret.
    #[error("service node {node} has an unusable X25519 key; drop it from the pool")]
    WeakKey {
        /// The node.
        node: Ed25519PublicKey,
    },
    /// A server's X25519 key can keep no secret.
    #[error("the server {url} has an unusable X25519 key; check where the key is from")]
    WeakServerKey {
        /// The server's URL.
        url: String,
    },
    /// A path that the exit node would not post to.
    #[error("nodes do not post to '{target}', only to paths like /oxen/v4/lsrpc")]
    Target {
        /// The path.
        target: String,
    },
    /// A server without a node to post to it.
    #[error("a request to the server {url} needs at least one service node on its way")]
    NoHops {
        /// The server's URL.
        url: String,
    },
    /// More than nodes take.
    #[error(
        "the request has {length} bytes with its layers, nodes take {MAX_BODY}; send less at once"
    )]
    TooLarge {
        /// Its size.
        length: usize,
    },
    /// Not one set of secrets per node.
    #[error("{nodes} receivers need as many layers, {layers} were given")]
    LayerCount {
        /// How many nodes, a server among them.
        nodes: usize,
        /// How many layers.
        layers: usize,
    },
    /// A nonce that its cipher does not take.
    #[error("a layer was given a nonce of {length} bytes, its cipher takes {expected}")]
    NonceLength {
        /// The length given.
        length: usize,
        /// The length it takes.
        expected: usize,
    },
}

/// Wraps `request` for the way through `hops`, guard first, to `destination`,
/// which is not one of them. Without hops a node is asked directly.
pub fn build(
    hops: &[ServiceNode],
    destination: Destination<'_>,
    enc_type: EncType,
    request: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<SealedOnion, OnionBuildError> {
    let (nodes, server) = receivers(hops, destination);
    for (number, node) in nodes.iter().enumerate() {
        if nodes.iter().take(number).any(|earlier| earlier.ed25519 == node.ed25519) {
            return Err(OnionBuildError::RepeatedNode { node: node.ed25519 });
        }
    }
    let count = nodes.len().saturating_add(usize::from(server.is_some()));
    let layers: Vec<_> = (0..count).map(|_| LayerSecrets::fresh(enc_type, rng)).collect();
    wrap(&nodes, server, &layers, RequestForm::default(), request)
}

/// [`build`] with given secrets, one per receiver, the guard's first and the
/// destination's last. For known answers only: it does not mind repeated nodes.
pub fn build_with(
    hops: &[ServiceNode],
    destination: Destination<'_>,
    layers: &[LayerSecrets],
    form: RequestForm<'_>,
    request: &[u8],
) -> Result<SealedOnion, OnionBuildError> {
    let (nodes, server) = receivers(hops, destination);
    wrap(&nodes, server, layers, form, request)
}

/// The nodes that open a layer, guard first, and the server behind them.
fn receivers<'a>(
    hops: &'a [ServiceNode],
    destination: Destination<'a>,
) -> (Vec<&'a ServiceNode>, Option<&'a Server>) {
    match destination {
        Destination::Node(last) => (hops.iter().chain([last]).collect(), None),
        Destination::Server(server) => (hops.iter().collect(), Some(server)),
    }
}

fn wrap(
    nodes: &[&ServiceNode],
    server: Option<&Server>,
    secrets: &[LayerSecrets],
    form: RequestForm<'_>,
    request: &[u8],
) -> Result<SealedOnion, OnionBuildError> {
    let receivers = nodes.len().saturating_add(usize::from(server.is_some()));
    if receivers != secrets.len() {
        return Err(OnionBuildError::LayerCount { nodes: receivers, layers: secrets.len() });
    }
    let mut blob = request.to_vec();
    let mut control = form.control.as_bytes().to_vec();
    let mut server_key = None;
    if let Some((server, secret)) = server.zip(secrets.last()) {
        let key = seal_for_server(server, secret, nodes.is_empty(), &mut blob)?;
        control = server_control(&server.relay, &secret.ephemeral.public(), secret.written());
        server_key = Some(key);
    }
    let mut layers = Vec::with_capacity(nodes.len());
    let mut inside_out = nodes.iter().zip(secrets).rev().peekable();
    while let Some((node, secret)) = inside_out.next() {
        let key = LayerKey::for_client(secret.enc_type, &secret.ephemeral, &node.x25519)
            .map_err(|_| OnionBuildError::WeakKey { node: node.ed25519 })?;
        let framed = frame(&blob, &control)?;
        blob = key.seal_with_nonce(&secret.nonce, &framed).map_err(|_| secret.wrong_nonce())?;
        let ephemeral = secret.ephemeral.public();
        control = if inside_out.peek().is_some() {
            node_control(&node.ed25519, &ephemeral, secret.written())
        } else {
            guard_control(&ephemeral, secret.written(), form.hop_no)
        };
        layers.push(Layer { node: node.ed25519, key });
    }
    let body = frame(&blob, &control)?;
    if body.len() > MAX_BODY {
        return Err(OnionBuildError::TooLarge { length: body.len() });
    }
    Ok(SealedOnion { body, keys: OnionKeys { layers, server: server_key } })
}

/// A server's layer has no frame inside: it finds the request itself.
fn seal_for_server(
    server: &Server,
    secret: &LayerSecrets,
    is_alone: bool,
    blob: &mut Vec<u8>,
) -> Result<LayerKey, OnionBuildError> {
    if is_alone {
        return Err(OnionBuildError::NoHops { url: server.relay.url() });
    }
    if !onion_frame::is_allowed_target(&server.relay.target) {
        return Err(OnionBuildError::Target { target: server.relay.target.clone() });
    }
    let key = LayerKey::for_client(secret.enc_type, &secret.ephemeral, &server.x25519)
        .map_err(|_| OnionBuildError::WeakServerKey { url: server.relay.url() })?;
    *blob = key.seal_with_nonce(&secret.nonce, blob).map_err(|_| secret.wrong_nonce())?;
    Ok(key)
}

fn frame(blob: &[u8], control: &[u8]) -> Result<Vec<u8>, OnionBuildError> {
    onion_frame::encode(blob, control).ok_or(OnionBuildError::TooLarge { length: blob.len() })
}
