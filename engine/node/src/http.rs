//! The HTTP surface of a node (02 section 4.1).

use std::net::IpAddr;

use ramson_types::Timestamp;
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

/// An answer before it gets its headers, or none on the way to another node.
pub(crate) struct Plain {
    status: u16,
    json: bool,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Plain {
    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, json: false, headers: Vec::new(), body: body.into() }
    }

    /// A server's answer as it is; what belongs to its connection stays away.
    /// (The real server writes `Date` and `Content-Length` twice.)
    pub(crate) fn of_server(answer: HttpResponse) -> Self {
        const OF_THE_CONNECTION: [&str; 5] =
            ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];
        let mut headers = answer.headers;
        headers.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.to_lowercase().as_str()));
        Self { status: answer.status, json: false, headers, body: answer.body }
    }

    fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn into_response(self, for_peer: bool) -> HttpResponse {
        let Self { status, json, headers: own, body } = self;
        let mut headers = Vec::new();
        if !for_peer {
            let [major, minor, patch] = VERSION;
            let server = format!("Oxen Storage Server/{major}.{minor}.{patch}");
            headers.push(("Server".to_owned(), server));
            if header(&own, "content-type").is_none() {
                let kind = if json { "application/json" } else { "text/plain" };
                headers.push(("Content-Type".to_owned(), kind.to_owned()));
            }
            headers.extend(own);
        }
        HttpResponse { status, headers, body }
    }
}

impl From<RpcAnswer> for Plain {
    fn from(answer: RpcAnswer) -> Self {
        let json = matches!(answer.body, Body::Json(_));
        let status = answer.status;
        Self { json, ..Self::text(status, answer.into_text()) }
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
        Some(refused.with_header("Connection", "close").into_response(false))
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
                None => return rpc_step(self.run_bytes(&request.body, now)),
            },
            ("POST", "/onion_req/v2") => match self.refused_body(request) {
                Some(refused) => refused,
                None => return onion_step(self.onion_body(&request.body, now, rng), false),
            },
            ("POST", "/ping_test/v1") => {
                let legacy = self.contact().map(|contact| contact.legacy);
                let legacy = legacy.unwrap_or(self.key().0);
                Plain::text(200, "").with_header("X-Oxen-Snode-Pubkey", crate::base64(&legacy))
            }
            ("GET", "/get_stats/v1") => {
                let [major, minor, patch] = VERSION;
                RpcAnswer::json(200, json!({ "version": format!("{major}.{minor}.{patch}") }))
                    .into()
            }
            (method, path) => {
                let text = format!("{} {path} Not Found", method.to_lowercase());
                Plain::text(404, text)
            }
        };
        Step::Done(plain.into_response(false))
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
            PeerMessage::Member(request) => Step::Done(self.member_for_peer(request, now)),
            PeerMessage::Messages(messages) => {
                self.take_over(messages, now);
                Step::Done(Plain::text(200, "").into_response(true))
            }
            PeerMessage::Onion(packet) => onion_step(self.onion_packet(packet, now, rng), true),
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
            Waiting::Rpc(work) => rpc_step(self.resume_rpc(work, replies, now)),
            Waiting::Onion(work) => {
                onion_step(self.resume_onion(work, replies, now, rng), pending.for_peer)
            }
        }
    }

    fn refused_rpc(&mut self, request: &HttpRequest, now: Timestamp) -> Option<Plain> {
        if let Some(refused) = self.not_ready() {
            return Some(refused);
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
        let text = "Service node is not ready: not in any swarm\n";
        (!self.is_ready()).then(|| Plain::text(503, text))
    }
}

fn rpc_step(progress: Progress) -> Step {
    match progress {
        Progress::Done(answer) => Step::Done(Plain::from(answer).into_response(false)),
        Progress::Ask(calls, work) => {
            let pending = Pending { work: Waiting::Rpc(work), for_peer: false };
            Step::Ask { calls, pending }
        }
    }
}

fn onion_step(progress: OnionProgress, for_peer: bool) -> Step {
    match progress {
        OnionProgress::Done(plain) => Step::Done(plain.into_response(for_peer)),
        OnionProgress::Ask(calls, work) => Step::Ask { calls, pending: Pending { work, for_peer } },
    }
}
