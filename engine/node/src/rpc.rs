//! Storage requests: which part of the node carries out which method, and how
//! work goes on when members of the swarm have to be asked.

use ramson_codec::storage::{OxendEndpoint, Request, parse_request};
use ramson_types::{AccountId, SwarmId, Timestamp};
use serde_json::{Map, Value, json};

use crate::batch::Batch;
use crate::member::{Gather, Role};
use crate::step::{Call, Reply};
use crate::{Node, retrieve};

/// The answer to a storage request, before it is put into HTTP or an onion.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpcAnswer {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    Text(String),
    Binary(Vec<u8>),
}

impl Body {
    /// As JSON; bytes become base64.
    fn into_json(self) -> Value {
        match self {
            Self::Json(json) => json,
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => crate::base64(&bytes).into(),
        }
    }
}

impl RpcAnswer {
    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, body: Body::Text(text.into()) }
    }

    pub(crate) fn json(status: u16, body: impl Into<Value>) -> Self {
        Self { status, body: Body::Json(body.into()) }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// As an element of `batch`, and as the result of `ifelse`.
    pub(crate) fn into_element(self) -> Value {
        json!({ "body": self.body.into_json(), "code": self.status })
    }

    /// As the body of an onion answer, where JSON may stay as it is.
    pub(crate) fn into_onion_body(self, keep_json: bool) -> Value {
        match self.body {
            Body::Json(json) if !keep_json => json.to_string().into(),
            body => body.into_json(),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Body::Json(json) => json.to_string().into_bytes(),
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
        }
    }
}

/// A request on its way.
pub(crate) enum Progress {
    Done(RpcAnswer),
    Ask(Vec<Call>, Work),
}

/// What waits for replies.
pub(crate) enum Work {
    Members(Box<Gather>),
    Batch(Batch),
    IfElse { answer: Map<String, Value>, inner: Box<Work> },
}

impl Node {
    pub(crate) fn run_bytes(&mut self, body: &[u8], now: Timestamp) -> Progress {
        let refused = match parse_request(body) {
            Ok(request) => match self.quirks.is_old.then(|| new_method(&request)).flatten() {
                None => return self.run(request, now),
                Some(unknown) => RpcAnswer::text(400, unknown),
            },
            Err(refused) => RpcAnswer::text(refused.status, refused.text),
        };
        Progress::Done(refused)
    }

    pub(crate) fn run(&mut self, request: Request, now: Timestamp) -> Progress {
        if let Some(answer) = self.oversized_rpc() {
            return Progress::Done(answer);
        }
        Progress::Done(match request {
            Request::Retrieve(request) => match self.misdirected(&request.account, now) {
                Some(answer) => answer,
                None => retrieve::retrieve(self, &request, now),
            },
            Request::GetExpiries(request) => match self.misdirected(&request.account, now) {
                Some(answer) => answer,
                None => retrieve::get_expiries(self, &request, now),
            },
            Request::RevokedSubaccounts(request) => match self.misdirected(&request.account, now) {
                Some(answer) => answer,
                None => retrieve::revoked_subaccounts(self, &request, now),
            },
            Request::GetSwarm(request) => self.swarm_answer(200, &request.key(), now),
            Request::ActiveNodesBin => {
                let body = Body::Binary(self.network.active_nodes(self.version()));
                RpcAnswer { status: 200, body }
            }
            Request::Info => {
                let mut answer = Map::new();
                answer.insert("version".to_owned(), json!(self.version()));
                answer.insert("timestamp".to_owned(), now.millis().into());
                self.network.stamp(&mut answer, now);
                RpcAnswer::json(200, answer)
            }
            Request::OxendRequest(request) => match request.endpoint {
                OxendEndpoint::GetServiceNodes => {
                    let mut answer = Map::new();
                    let nodes = self.network.service_nodes(&request.params);
                    answer.insert("result".to_owned(), nodes);
                    self.network.stamp(&mut answer, now);
                    RpcAnswer::json(200, answer)
                }
                OxendEndpoint::OnsResolve => match self.network.names.resolve(&request.params) {
                    Ok(record) => {
                        let mut answer = Map::new();
                        answer.insert("result".to_owned(), record);
                        self.network.stamp(&mut answer, now);
                        RpcAnswer::json(200, answer)
                    }
                    Err(said) => RpcAnswer::text(400, said),
                },
            },
            Request::Batch(requests) => return self.batch(requests, now),
            Request::Sequence(requests) => return self.sequence(requests, now),
            Request::IfElse(choice) => return self.if_else(*choice, now),
            // Everything else is carried out by all members of a swarm.
            request => return self.recursive(request, now),
        })
    }

    pub(crate) fn resume_rpc(
        &mut self,
        work: Work,
        replies: Vec<Reply>,
        now: Timestamp,
    ) -> Progress {
        match work {
            Work::Members(gather) => Progress::Done(self.gathered(*gather, replies, now)),
            Work::Batch(batch) => self.resume_batch(batch, replies, now),
            Work::IfElse { answer, inner } => {
                let inner = self.resume_rpc(*inner, replies, now);
                if_else_result(answer, inner)
            }
        }
    }

    /// The 421 for accounts of other swarms, with the right swarm in it.
    pub(crate) fn misdirected(&mut self, account: &AccountId, now: Timestamp) -> Option<RpcAnswer> {
        let own = self.swarm();
        let ours = own != SwarmId::UNASSIGNED && self.network.swarm_of(account.key()) == Some(own);
        if ours && !self.faults.misdirects {
            return None;
        }
        let answer = self.swarm_answer(421, account.key(), now);
        self.misdirections = self.misdirections.saturating_add(u64::from(answer.status == 421));
        Some(answer)
    }

    /// The swarm that holds the messages of a key, as it tells it.
    fn swarm_answer(&self, status: u16, key: &[u8; 32], now: Timestamp) -> RpcAnswer {
        let mut swarm = self.network.swarm_of(key);
        if swarm.is_none() && !self.quirks.missing_swarm_is_empty {
            return RpcAnswer::text(500, "No swarms known!");
        }
        if self.faults.lies_about_its_swarm {
            swarm = swarm.and_then(|swarm| self.network.next_swarm(swarm));
        }
        let all = self.quirks.nodes_without_address_are_named;
        let mut answer = self.network.swarm_json(swarm, |node| all || node.has_address());
        self.network.stamp(&mut answer, now);
        RpcAnswer::json(status, answer)
    }

    fn recursive(&mut self, request: Request, now: Timestamp) -> Progress {
        match self.member(&request, Role::Asked, now) {
            Ok(own) => {
                let (calls, gather) = self.forward(request, own, now);
                Progress::Ask(calls, Work::Members(Box::new(gather)))
            }
            Err(refused) => Progress::Done(refused),
        }
    }
}

/// What a server of 2.8.0 says to a request that it does not know, or that has
/// one in it.
fn new_method(request: &Request) -> Option<String> {
    match request {
        Request::ActiveNodesBin | Request::RevokedSubaccounts(_) => {
            Some(format!("no method {}", request.method()))
        }
        Request::Batch(requests) | Request::Sequence(requests) => {
            let unknown = requests.iter().find(|request| new_method(request).is_some())?;
            let method = unknown.method();
            Some(format!("invalid request: Invalid batch subrequest: invalid method \"{method}\""))
        }
        Request::IfElse(choice) => choice.then.iter().chain(&choice.otherwise).find_map(new_method),
        _ => None,
    }
}

/// Puts the result of a branch into the answer of its `ifelse`.
pub(crate) fn if_else_result(mut answer: Map<String, Value>, inner: Progress) -> Progress {
    match inner {
        Progress::Done(result) => {
            answer.insert("result".to_owned(), result.into_element());
            Progress::Done(RpcAnswer::json(200, answer))
        }
        Progress::Ask(calls, inner) => {
            Progress::Ask(calls, Work::IfElse { answer, inner: Box::new(inner) })
        }
    }
}
