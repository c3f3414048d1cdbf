//! The HTTP surface of a node (02 section 4.1).

use std::net::IpAddr;

use ramson_types::{SwarmId, Timestamp};
use rand_core::CryptoRng;
use serde_json::json;

use crate::Node;
use crate::network::VERSION;
use crate::onion::OnionProgress;
use crate::rpc::{Body, Progress, RpcAnswer};
use crate::step::{PeerCall, PeerMessage, Pending, Reply, Step, Waiting};

/// Largest HTTP body that a node takes, in bytes.
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// A request as it came over HTTPS.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path, with query if there is one.
    pub path: String,
    /// Headers in order; names in any case.
    pub headers: Vec<(String, String)>,
    /// Body, whole and not chunked any more; see [`Node::admit`] for its size.
    pub body: Vec<u8>,
    /// From where, for the rate limit.
    pub peer: IpAddr,
}

impl HttpRequest {
    fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// An answer over HTTPS. The driver adds `Content-Length` and `Date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200, …
    pub status: u16,
    /// Headers in order, `Server` and `Content-Type` among them.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What a body is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Json,
    Binary,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Json => "application/json",
            Self::Binary => "application/octet-stream",
        }
    }
}

/// An answer before it gets its headers, or none on the way to another node.
pub(crate) struct Plain {
    status: u16,
    kind: Kind,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Plain {
    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind: Kind::Text, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn binary(status: u16, body: Vec<u8>) -> Self {
        Self { kind: Kind::Binary, ..Self::text(status, body) }
    }

    /// A server's answer as it is; what belongs to its connection stays away.
    /// (The real server writes `Date` and `Content-Length` twice.)
    pub(crate) fn of_server(answer: HttpResponse) -> Self {
        const OF_THE_CONNECTION: [&str; 5] =
            ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];
        let mut headers = answer.headers;
        headers.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.to_lowercase().as_str()));
        Self { headers, ..Self::text(answer.status, answer.body) }
    }

    fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// For a client, from a server of that version.
    fn into_response(self, version: [u16; 3]) -> HttpResponse {
        let Self { status, kind, headers: own, body } = self;
        let server = format!("Oxen Storage Server/{}", dotted(version));
        let mut headers = vec![("Server".to_owned(), server)];
        if header(&own, "content-type").is_none() {
            headers.push(("Content-Type".to_owned(), kind.name().to_owned()));
        }
        headers.extend(own);
        HttpResponse { status, headers, body }
    }

    /// For another node, which wants no headers.
    fn into_peer_response(self) -> HttpResponse {
        HttpResponse { status: self.status, headers: Vec::new(), body: self.body }
    }
}

fn dotted([major, minor, patch]: [u16; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

impl From<RpcAnswer> for Plain {
    fn from(answer: RpcAnswer) -> Self {
        let kind = match &answer.body {
            Body::Json(_) => Kind::Json,
            Body::Text(_) => Kind::Text,
            Body::Binary(_) => Kind::Binary,
        };
        let status = answer.status;
        Self { kind, ..Self::text(status, answer.into_bytes()) }
    }
}

impl Node {
    /// What the head alone refuses: a length that is no number or too large.
    /// Drivers ask before they read the body, and then close the connection.
    pub fn admit(headers: &[(String, String)]) -> Option<HttpResponse> {
        let length = header(headers, "content-length")?;
        let refused = match length.trim().parse::<usize>() {
            Ok(length) if length <= MAX_BODY => return None,
            Ok(_) => Plain::text(413, "Request body too large"),
            Err(_) => Plain::text(400, "invalid Content-Length"),
        };
        Some(refused.with_header("Connection", "close").into_response(VERSION))
    }

    /// Carries out an HTTP request.
    pub fn serve(
        &mut self,
        request: &HttpRequest,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Step {
        if let Some(step) = self.oversized_http() {
            return step;
        }
        let now = now.offset(self.faults.clock_offset);
        let path = request.path.split('?').next().unwrap_or_default();
        let plain = match (request.method.as_str(), path) {
            ("POST", "/storage_rpc/v1") => match self.refused_rpc(request, now) {
                Some(refused) => refused,
                None => {
                    let progress = self.run_bytes(&request.body, now);
                    return self.rpc_step(progress);
                }
            },
            ("POST", "/onion_req/v2") => match self.refused_body(request) {
                Some(refused) => refused,
                None => {
                    let progress = self.onion_body(&request.body, now, rng);
                    return self.onion_step(progress, false);
                }
            },
            ("POST", "/ping_test/v1") => {
                let legacy = self.contact().map(|contact| contact.legacy);
                let legacy = legacy.unwrap_or(self.key().0);
                Plain::text(200, "").with_header("X-Oxen-Snode-Pubkey", crate::base64(&legacy))
            }
            ("GET", "/get_stats/v1") => {
                RpcAnswer::json(200, json!({ "version": dotted(self.version()) })).into()
            }
            (method, path) => {
                let text = format!("{} {path} Not Found", method.to_lowercase());
                Plain::text(404, text)
            }
        };
        Step::Done(plain.into_response(self.version()))
    }

    /// Carries out what another node asks. The answer goes back to it as
    /// [`Reply::Answer`].
    pub fn answer(
        &mut self,
        call: &PeerCall,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Step {
        let now = now.offset(self.faults.clock_offset);
        match &*call.0 {
            PeerMessage::Member(command) => Step::Done(self.member_for_peer(command, now)),
            PeerMessage::Messages(push) => {
                self.take_over(&push.heard(), now);
                Step::Done(Plain::text(200, "").into_peer_response())
            }
            PeerMessage::Onion(bytes) => {
                let progress = self.onion_packet(bytes, now, rng);
                self.onion_step(progress, true)
            }
        }
    }

    /// Goes on with work, now that the replies to its calls are there, in the
    /// order of the calls. A reply that is missing counts as timed out.
    pub fn resume(
        &mut self,
        pending: Pending,
        replies: Vec<Reply>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Step {
        let now = now.offset(self.faults.clock_offset);
        match pending.work {
            Waiting::Rpc(work) => {
                let progress = self.resume_rpc(work, replies, now);
                self.rpc_step(progress)
            }
            Waiting::Onion(work) => {
                let progress = self.resume_onion(work, replies, now, rng);
                self.onion_step(progress, pending.for_peer)
            }
        }
    }

    fn refused_rpc(&mut self, request: &HttpRequest, now: Timestamp) -> Option<Plain> {
        if let Some(refused) = self.not_ready() {
            return Some(refused);
        }
        if self.quirks.ipv6_is_refused && request.peer.is_ipv6() {
            return Some(Plain::text(400, "Bad Request\n"));
        }
        let known = self.network.nodes().any(|node| IpAddr::from(node.ip) == request.peer);
        if !self.rate_limit.admits(request.peer, known, now) {
            return Some(Plain::text(429, "Too Many Requests\n"));
        }
        if request.header("x-loki-long-poll").is_some_and(|value| !value.is_empty()) {
            let text = "long polling is no longer supported, client upgrade required";
            return Some(Plain::text(410, text));
        }
        self.refused_body(request)
    }

    fn refused_body(&self, request: &HttpRequest) -> Option<Plain> {
        if let Some(refused) = self.not_ready() {
            return Some(refused);
        }
        (request.body.len() > MAX_BODY).then(|| Plain::text(413, "Request body too large"))
    }

    fn not_ready(&self) -> Option<Plain> {
        let reason = match self.swarm() {
            SwarmId::UNASSIGNED => "not in any swarm",
            _ => "not done syncing",
        };
        let text = format!("Service node is not ready: {reason}\n");
        (!self.is_ready()).then(|| Plain::text(503, text))
    }

    fn rpc_step(&self, progress: Progress) -> Step {
        match progress {
            Progress::Done(answer) => Step::Done(Plain::from(answer).into_response(self.version())),
            Progress::Ask(calls, work) => {
                let pending = Pending { work: Waiting::Rpc(work), for_peer: false };
                Step::Ask { calls, pending }
            }
        }
    }

    fn onion_step(&self, progress: OnionProgress, for_peer: bool) -> Step {
        match progress {
            OnionProgress::Done(plain) if for_peer => Step::Done(plain.into_peer_response()),
            OnionProgress::Done(plain) => Step::Done(plain.into_response(self.version())),
            OnionProgress::Ask(calls, work) => {
                Step::Ask { calls, pending: Pending { work, for_peer } }
            }
        }
    }
}
