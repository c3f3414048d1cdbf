//! Requests that every member of a swarm carries out (02 section 4.6): the
//! node asked does its part, passes the request on, and puts together what
//! the members say.

use std::time::Duration;

use ramson_codec::node_to_node;
use ramson_codec::storage::Request;
use ramson_types::{AccountId, Ed25519PublicKey, Timestamp};
use serde_json::{Map, Value, json};

use crate::database::StoreFailure;
use crate::rpc::{Body, RpcAnswer};
use crate::step::{Call, Command, PeerCall, PeerMessage, Reply};
use crate::{HttpResponse, Node, change, store};

/// How long the node asked waits for a member.
const MEMBER_TIMEOUT: Duration = Duration::from_secs(5);

/// From whom a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// From a client.
    Asked,
    /// From another member.
    Peer,
}

/// What one member says of itself.
#[derive(Debug)]
pub(crate) struct MemberResult {
    pub(crate) fields: Map<String, Value>,
    /// The method worked, and yet the whole answer is to be a 500.
    pub(crate) breaks_answer: bool,
}

impl MemberResult {
    pub(crate) fn new(
        fields: impl IntoIterator<Item = (&'static str, Value)>,
        signature: Option<[u8; 64]>,
    ) -> Self {
        let mut fields: Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(signature) = signature {
            fields.insert("signature".to_owned(), crate::base64(&signature).into());
        }
        Self { fields, breaks_answer: false }
    }

    /// What a member says whose database could not do it.
    pub(crate) fn failed(failure: StoreFailure) -> Self {
        let fields = [
            ("failed", Value::from(true)),
            ("query_failure", true.into()),
            ("reason", failure.to_string().into()),
        ];
        Self::new(fields, None)
    }

    /// As it arrives at another node: the encoding on the way has no booleans.
    fn into_peer_answer(self) -> HttpResponse {
        if self.breaks_answer {
            return peer_text(500, "request failed");
        }
        let fields = self.fields.into_iter().map(|(name, value)| match value {
            Value::Bool(value) => (name, u8::from(value).into()),
            value => (name, value),
        });
        let body = Value::from(fields.collect::<Map<_, _>>()).to_string().into_bytes();
        HttpResponse { status: 200, headers: Vec::new(), body }
    }
}

fn peer_text(status: u16, text: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: text.into() }
}

/// A request that waits for the members of the swarm.
pub(crate) struct Gather {
    request: PeerCall,
    members: Vec<Ed25519PublicKey>,
    swarm: Map<String, Value>,
    breaks_answer: bool,
    started: Timestamp,
}

impl Node {
    /// Carries out this member's part, or refuses the whole.
    pub(crate) fn member(
        &mut self,
        request: &Request,
        role: Role,
        now: Timestamp,
    ) -> Result<MemberResult, RpcAnswer> {
        let account = account_of(request).ok_or_else(|| RpcAnswer::text(500, "request failed"))?;
        if let Some(answer) = self.misdirected(account, now) {
            return Err(answer);
        }
        match request {
            Request::Store(request) => store::store(self, request, role, now),
            Request::Delete(request) => change::delete(self, request),
            Request::DeleteAll(request) => change::delete_all(self, request, role, now),
            Request::DeleteBefore(request) => change::delete_before(self, request, now),
            Request::Expire(request) => change::expire(self, request, now),
            Request::ExpireAll(request) => change::expire_all(self, request, role, now),
            Request::RevokeSubaccount(request) => change::revoke(self, request, now),
            Request::UnrevokeSubaccount(request) => change::unrevoke(self, request, now),
            _ => Err(RpcAnswer::text(500, "request failed")),
        }
    }

    /// Carries out what another member passed on.
    pub(crate) fn member_for_peer(&mut self, command: &Command, now: Timestamp) -> HttpResponse {
        let request = match node_to_node::parse_forwarded(command.method, &command.params) {
            Ok(request) => request,
            Err(why) => return peer_text(400, why.to_string()),
        };
        match self.member(&request, Role::Peer, now) {
            Ok(result) => result.into_peer_answer(),
            Err(refused) => peer_text(refused.status, refused.into_bytes()),
        }
    }

    /// The calls to the other members. One that is known not to answer is told
    /// later, unless a quirk has every write wait for it.
    pub(crate) fn forward(
        &mut self,
        request: Request,
        own: MemberResult,
        now: Timestamp,
    ) -> (Vec<Call>, Gather) {
        let account = account_of(&request);
        let members = account.map_or(&[][..], |account| self.network.members_of(account.key()));
        let others = members.iter().copied().filter(|key| *key != self.key());
        let waits = self.quirks.writes_wait_for_dead_members;
        let (behind, members): (Vec<_>, Vec<_>) =
            others.partition(|key| !waits && self.missed.is_behind(key));
        // All that gets here is carried out by all members, and so has a form.
        let (method, params) = node_to_node::forward(&request).unwrap_or_default();
        let command = Box::new(Command { request, method, params });
        let request = PeerCall::new(PeerMessage::Member(command));
        let call = |key: &Ed25519PublicKey| Call::to_node(*key, request.clone(), MEMBER_TIMEOUT);
        let calls = members.iter().map(call).collect();
        let mut swarm = Map::new();
        swarm.insert(self.key().to_string(), own.fields.into());
        for key in behind {
            let later = self.to_be_told(&request);
            self.missed.add_behind(key, later);
            swarm.insert(key.to_string(), did_not_answer());
        }
        let breaks_answer = own.breaks_answer;
        (calls, Gather { request, members, swarm, breaks_answer, started: now })
    }

    /// The answer, once every member has said something or let it pass.
    pub(crate) fn gathered(
        &mut self,
        mut gather: Gather,
        replies: Vec<Reply>,
        now: Timestamp,
    ) -> RpcAnswer {
        let mut replies = replies.into_iter();
        for key in &gather.members {
            let reply = replies.next().unwrap_or(Reply::TimedOut);
            let entry = match reply {
                Reply::Answer(answer) => member_entry(&answer),
                Reply::TimedOut | Reply::Failed(_) => {
                    let later = self.to_be_told(&gather.request);
                    self.missed.add(*key, later, now);
                    did_not_answer()
                }
            };
            gather.swarm.insert(key.to_string(), entry);
        }
        if gather.breaks_answer {
            return RpcAnswer::text(500, "request failed");
        }
        let PeerMessage::Member(command) = &*gather.request.0 else {
            return RpcAnswer::text(500, "request failed");
        };
        let mut answer = Map::new();
        let status = match &command.request {
            Request::Store(_) => {
                let hash = gather.swarm.values().find_map(|member| member.get("hash"));
                if let Some(hash) = hash.cloned() {
                    answer.insert("hash".to_owned(), hash);
                }
                200
            }
            Request::Delete(delete) if delete.required => {
                let deleted = |member: &Value| {
                    let list = member.get("deleted").and_then(Value::as_array);
                    list.is_some_and(|list| !list.is_empty())
                };
                if gather.swarm.values().any(deleted) { 200 } else { 404 }
            }
            _ => 200,
        };
        let failed = |member: &Value| match member.get("failed") {
            Some(Value::Bool(failed)) => *failed,
            Some(failed) => *failed == 1,
            None => false,
        };
        let status = match self.quirks.write_that_failed_everywhere_is_200 {
            false if gather.swarm.values().all(failed) => 500,
            _ => status,
        };
        answer.insert("swarm".to_owned(), gather.swarm.into());
        self.network.stamp(&mut answer, gather.started);
        RpcAnswer { status, body: Body::Json(answer.into()) }
    }
}

fn did_not_answer() -> Value {
    json!({ "failed": true, "timeout": true })
}

fn member_entry(answer: &HttpResponse) -> Value {
    if answer.status != 200 {
        let reason = String::from_utf8_lossy(&answer.body).into_owned();
        return json!({ "failed": true, "code": answer.status.to_string(), "reason": reason });
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(fields)) => fields.into(),
        _ => json!({ "failed": true, "bad_peer_response": true }),
    }
}

pub(crate) fn account_of(request: &Request) -> Option<&AccountId> {
    Some(match request {
        Request::Store(request) => &request.account,
        Request::Delete(request) => &request.account,
        Request::DeleteAll(request) => &request.account,
        Request::DeleteBefore(request) => &request.account,
        Request::Expire(request) => &request.account,
        Request::ExpireAll(request) => &request.account,
        Request::RevokeSubaccount(request) | Request::UnrevokeSubaccount(request) => {
            &request.account
        }
        _ => return None,
    })
}
