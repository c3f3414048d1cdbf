//! Onion requests (02 section 3): a node opens its layer and does what is in
//! it: answers a storage request, hands the rest to the next node, or posts it
//! to a server.

use std::time::Duration;

use ramson_codec::node_to_node::RelayedOnion;
use ramson_codec::onion_frame::{
    self, ControlError, FrameError, LayerControl, NodeRelay, ServerRelay,
};
use ramson_crypto::{EncType, LayerKey};
use ramson_types::{Timestamp, X25519PublicKey};
use rand_core::CryptoRng;
use serde_json::json;

use crate::Node;
use crate::http::Plain;
use crate::rpc::{Progress, RpcAnswer, Work};
use crate::step::{Call, Destination, PeerCall, PeerMessage, Reply, ServerRequest, Waiting};

/// Hops are numbered from 0; this is the last.
const LAST_HOP: u32 = 15;

/// How long a node waits for the rest of the path.
const RELAY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the last node waits for a server.
const SERVER_TIMEOUT: Duration = Duration::from_secs(25);

/// An onion request that waits for somebody else.
pub(crate) enum OnionWork {
    /// For the answer to the storage request in the last layer.
    Final(Work, Seal),
    /// For the rest of the path.
    Relay,
    /// For a server.
    Server,
}

/// How the answer is encrypted: by the last node alone, with its layer's key.
pub(crate) struct Seal {
    key: LayerKey,
    json: bool,
    base64: bool,
    raw_is_text: bool,
}

impl Seal {
    fn seal(&self, answer: RpcAnswer, rng: &mut (impl CryptoRng + ?Sized)) -> Plain {
        let status = answer.status;
        let text = json!({ "body": answer.into_onion_body(self.json), "status": status });
        let sealed = self.key.seal(text.to_string().as_bytes(), rng);
        match (self.base64, self.raw_is_text) {
            (true, _) => Plain::text(200, crate::base64(&sealed)),
            (false, true) => Plain::text(200, sealed),
            (false, false) => Plain::binary(200, sealed),
        }
    }
}

/// What an onion layer led to.
pub(crate) enum OnionProgress {
    Done(Plain),
    Ask(Vec<Call>, Waiting),
}

impl Node {
    /// The body posted to `/onion_req/v2`.
    pub(crate) fn onion_body(
        &mut self,
        body: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> OnionProgress {
        let bad = |why: String| {
            let text = format!("Error parsing onion request: {why}");
            OnionProgress::Done(Plain::text(400, text))
        };
        let frame = match onion_frame::decode(body) {
            Ok(frame) => frame,
            Err(error) => return bad(frame_text(error)),
        };
        let control = match onion_frame::parse_guard_control(frame.json) {
            Ok(control) => control,
            Err(error) => return bad(control_text(error)),
        };
        let how = (control.enc_type, control.ephemeral_key);
        self.peel(frame.blob, how, control.hop_no, now, rng)
    }

    /// A layer that another node passed on.
    pub(crate) fn onion_packet(
        &mut self,
        bytes: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> OnionProgress {
        match RelayedOnion::decode(bytes) {
            Ok(packet) => {
                let how = (packet.enc_type, packet.ephemeral_key);
                self.peel(&packet.data, how, packet.hop_no, now, rng)
            }
            Err(why) => OnionProgress::Done(Plain::text(400, why.to_string())),
        }
    }

    fn peel(
        &mut self,
        blob: &[u8],
        (enc_type, ephemeral_key): (EncType, X25519PublicKey),
        hop_no: u32,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> OnionProgress {
        if !self.is_ready() {
            let text = format!("Snode not ready: {}", self.key());
            return OnionProgress::Done(Plain::text(503, text));
        }
        if hop_no > LAST_HOP {
            let text = "onion request max path length exceeded";
            return OnionProgress::Done(Plain::text(400, text));
        }
        let key = LayerKey::for_node(enc_type, &self.keys.x25519, &ephemeral_key);
        let opened = key.and_then(|key| Ok((key.open(blob)?, key)));
        let Ok((plaintext, key)) = opened else {
            return OnionProgress::Done(Plain::text(400, "Invalid ciphertext"));
        };
        // Errors in the layer are only for who made it.
        let raw_is_text = self.quirks.raw_answers_are_called_text;
        let mut seal = Seal { key, json: false, base64: true, raw_is_text };
        let mut refuse = |seal: &Seal, status, text: &str| {
            OnionProgress::Done(seal.seal(RpcAnswer::text(status, text), rng))
        };
        let Ok(frame) = onion_frame::decode(&plaintext) else {
            return refuse(&seal, 400, "Invalid json");
        };
        match onion_frame::parse_control(frame.json) {
            Ok(LayerControl::Final { json, base64 }) => {
                (seal.json, seal.base64) = (json, base64);
                let progress = self.run_bytes(frame.blob, now);
                final_progress(progress, seal, rng)
            }
            Ok(LayerControl::Server(relay)) => {
                if !onion_frame::is_allowed_target(&relay.target) {
                    return refuse(&seal, 400, "Invalid url");
                }
                ask_server(&relay, plaintext)
            }
            Ok(LayerControl::Node(relay)) => self.ask_node(relay, frame.blob.to_vec(), hop_no),
            Err(ControlError::Invalid { key: "protocol", .. }) => refuse(&seal, 400, "Invalid url"),
            Err(_) => refuse(&seal, 400, "Invalid json"),
        }
    }

    fn ask_node(&self, relay: NodeRelay, blob: Vec<u8>, hop_no: u32) -> OnionProgress {
        let next = relay.destination;
        let refused = |why| OnionProgress::Done(Plain::text(502, format!("{why}: {next}")));
        match self.network.node(&next) {
            None => return refused("Next node not found"),
            Some(node) if !node.has_address() && !self.quirks.nodes_without_address_are_named => {
                return refused("Next node is currently unreachable");
            }
            Some(_) => {}
        }
        let NodeRelay { ephemeral_key, enc_type, .. } = relay;
        let hop_no = hop_no.saturating_add(1);
        let packet = RelayedOnion { data: blob, enc_type, ephemeral_key, hop_no };
        let call = PeerCall::new(PeerMessage::Onion(packet.encode()));
        let call = Call::to_node(next, call, RELAY_TIMEOUT);
        OnionProgress::Ask(vec![call], Waiting::Onion(OnionWork::Relay))
    }

    pub(crate) fn resume_onion(
        &mut self,
        work: OnionWork,
        replies: Vec<Reply>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> OnionProgress {
        let work = match work {
            OnionWork::Final(work, seal) => {
                let progress = self.resume_rpc(work, replies, now);
                return final_progress(progress, seal, rng);
            }
            other => other,
        };
        let reply = replies.into_iter().next().unwrap_or(Reply::TimedOut);
        OnionProgress::Done(match (work, reply) {
            (OnionWork::Server, Reply::Failed(why)) => Plain::text(502, why),
            (_, Reply::TimedOut | Reply::Failed(_)) => Plain::text(504, "Request time out"),
            (OnionWork::Server, Reply::Answer(answer)) => Plain::of_server(answer),
            (_, Reply::Answer(answer)) => Plain::text(answer.status, answer.body),
        })
    }
}

fn final_progress(
    progress: Progress,
    seal: Seal,
    rng: &mut (impl CryptoRng + ?Sized),
) -> OnionProgress {
    match progress {
        Progress::Done(answer) => OnionProgress::Done(seal.seal(answer, rng)),
        Progress::Ask(calls, work) => {
            OnionProgress::Ask(calls, Waiting::Onion(OnionWork::Final(work, seal)))
        }
    }
}

/// The server gets the whole layer, not just what is in it.
fn ask_server(relay: &ServerRelay, plaintext: Vec<u8>) -> OnionProgress {
    let request = ServerRequest { url: relay.url(), body: plaintext };
    let call = Call { to: Destination::Server(request), timeout: SERVER_TIMEOUT };
    OnionProgress::Ask(vec![call], Waiting::Onion(OnionWork::Server))
}

fn frame_text(error: FrameError) -> String {
    match error {
        FrameError::LengthBeyondEnd { stated, available } => {
            format!("Unexpected payload size {available}, expected >= {stated}")
        }
        _ => "Unexpected payload size; expected ciphertext size".to_owned(),
    }
}

/// The real server's words, but for those of its JSON library's parser.
fn control_text(error: ControlError) -> String {
    match error {
        ControlError::Missing { key } => {
            format!("[json.exception.out_of_range.403] key '{key}' not found")
        }
        ControlError::NotAnObject => {
            "[json.exception.type_error.304] cannot use at() with array".to_owned()
        }
        ControlError::NotJson { reason } => {
            format!("[json.exception.parse_error.101] parse error: {reason}")
        }
        ControlError::Invalid { key: "ephemeral_key", value } => key_text(&value),
        other => other.to_string(),
    }
}

fn key_text(value: &str) -> String {
    let Some(digits) = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return format!("[json.exception.type_error.303] incompatible type for a key: {value}");
    };
    let why = match digits.len() {
        64 => "data is not hex".to_owned(),
        length => format!("expected 32 hex digits, received {length}"),
    };
    format!("Hex key data is invalid: {why}")
}
