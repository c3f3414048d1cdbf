//! Storage requests: which part of the node carries out which method, and how
//! work goes on when members of the swarm have to be asked.

use ramson_codec::storage::{OxendEndpoint, Request, parse_request};
use ramson_types::{AccountId, SwarmId, Timestamp};
use serde_json::{Map, Value, json};

use crate::batch::Batch;
use crate::member::{Gather, Role};
use crate::network::VERSION;
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
        let body = match self.body {
            Body::Json(json) => json,
            Body::Text(text) => text.into(),
        };
        json!({ "body": body, "code": self.status })
    }

    pub(crate) fn into_text(self) -> String {
        match self.body {
            Body::Json(json) => json.to_string(),
            Body::Text(text) => text,
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
        match parse_request(body) {
            Ok(request) => self.run(request, now),
            Err(refused) => Progress::Done(RpcAnswer::text(refused.status, refused.text)),
        }
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
            Request::GetSwarm(request) => {
                let mut answer = self.network.swarm_json(&request.key());
                self.network.stamp(&mut answer, now);
                RpcAnswer::json(200, answer)
            }
            Request::Info => {
                let mut answer = Map::new();
                answer.insert("version".to_owned(), json!(VERSION));
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
                // These nodes have no chain with names on it.
                OxendEndpoint::OnsResolve => RpcAnswer::text(400, "Unknown oxend error"),
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
    pub(crate) fn misdirected(&self, account: &AccountId, now: Timestamp) -> Option<RpcAnswer> {
        let own = self.swarm();
        let ours = own != SwarmId::UNASSIGNED && self.network.swarm_of(account.key()) == Some(own);
        if ours {
            return None;
        }
        let mut answer = self.network.swarm_json(account.key());
        self.network.stamp(&mut answer, now);
        Some(RpcAnswer::json(421, answer))
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
