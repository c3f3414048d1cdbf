//! Wrapping a request (02 section 3.5).

use ramson_codec::onion_frame::{self, guard_control, node_control};
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_types::{Ed25519PublicKey, ServiceNode};
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
    /// More than nodes take.
    #[error(
        "the request has {length} bytes with its layers, nodes take {MAX_BODY}; send less at once"
    )]
    TooLarge {
        /// Its size.
        length: usize,
    },
    /// Not one set of secrets per node.
    #[error("{nodes} nodes need as many layers, {layers} were given")]
    LayerCount {
        /// How many nodes.
        nodes: usize,
        /// How many layers.
        layers: usize,
    },
    /// A nonce that its cipher does not take.
    #[error(
        "the layer of service node {node} was given a nonce of {length} bytes, its cipher takes {expected}"
    )]
    NonceLength {
        /// The node.
        node: Ed25519PublicKey,
        /// The length given.
        length: usize,
        /// The length it takes.
        expected: usize,
    },
}

/// Wraps `request` for the way through `hops`, guard first, to `destination`,
/// which is not one of them. Without hops the destination is asked directly.
pub fn build(
    hops: &[ServiceNode],
    destination: Destination<'_>,
    enc_type: EncType,
    request: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<SealedOnion, OnionBuildError> {
    let nodes = nodes_of(hops, destination);
    for (number, node) in nodes.iter().enumerate() {
        if nodes.iter().take(number).any(|earlier| earlier.ed25519 == node.ed25519) {
            return Err(OnionBuildError::RepeatedNode { node: node.ed25519 });
        }
    }
    let layers: Vec<_> = nodes.iter().map(|_| LayerSecrets::fresh(enc_type, rng)).collect();
    wrap(&nodes, &layers, RequestForm::default(), request)
}

/// [`build`] with given secrets, one per node, the guard's first and the
/// destination's last. For known answers only: it does not mind repeated nodes.
pub fn build_with(
    hops: &[ServiceNode],
    destination: Destination<'_>,
    layers: &[LayerSecrets],
    form: RequestForm<'_>,
    request: &[u8],
) -> Result<SealedOnion, OnionBuildError> {
    let nodes = nodes_of(hops, destination);
    if nodes.len() != layers.len() {
        return Err(OnionBuildError::LayerCount { nodes: nodes.len(), layers: layers.len() });
    }
    wrap(&nodes, layers, form, request)
}

fn nodes_of<'a>(hops: &'a [ServiceNode], destination: Destination<'a>) -> Vec<&'a ServiceNode> {
    let Destination::Node(last) = destination;
    hops.iter().chain([last]).collect()
}

fn wrap(
    nodes: &[&ServiceNode],
    secrets: &[LayerSecrets],
    form: RequestForm<'_>,
    request: &[u8],
) -> Result<SealedOnion, OnionBuildError> {
    let mut blob = request.to_vec();
    let mut control = form.control.as_bytes().to_vec();
    let mut layers = Vec::with_capacity(nodes.len());
    let mut inside_out = nodes.iter().zip(secrets).rev().peekable();
    while let Some((node, secret)) = inside_out.next() {
        let key = LayerKey::for_client(secret.enc_type, &secret.ephemeral, &node.x25519)
            .map_err(|_| OnionBuildError::WeakKey { node: node.ed25519 })?;
        blob = key.seal_with_nonce(&secret.nonce, &frame(&blob, &control)?).map_err(|_| {
            OnionBuildError::NonceLength {
                node: node.ed25519,
                length: secret.nonce.len(),
                expected: secret.enc_type.nonce_len(),
            }
        })?;
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
    Ok(SealedOnion { body, keys: OnionKeys { layers } })
}

fn frame(blob: &[u8], control: &[u8]) -> Result<Vec<u8>, OnionBuildError> {
    onion_frame::encode(blob, control).ok_or(OnionBuildError::TooLarge { length: blob.len() })
}
