//! Our nodes must answer as the recorded ones did.

use std::net::{IpAddr, Ipv4Addr};

use ramson_node::{HttpRequest, HttpResponse, Node};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::transcript::{Step, Transcript};
use crate::world::World;
use crate::{answers, onion_side, prefill};

/// Replays a file.
pub(crate) fn run(transcript: &Transcript, cases: &mut Cases) -> Result<(), String> {
    let mut world = World::new(transcript);
    prefill::prefill(transcript, &mut world)?;
    let mut lost = false;
    for (number, step) in transcript.steps.iter().enumerate() {
        let name = format!("step {number} ({})", step.about);
        let Some(request) = http_request(step) else {
            cases.skip(name, "the HTTP library answers this before the node sees it");
            continue;
        };
        if let Some(reason) = out_of_reach(step, lost) {
            cases.skip(name, reason);
            continue;
        }
        lost |= step.about.contains("while two of three hang");
        cases.check(name, || match step.json["request"]["repeated"].as_u64() {
            Some(times) => repeated(&mut world, step, &request, times),
            None => {
                let refused = Node::admit(&request.headers).filter(|_| request.body.is_empty());
                let response = match refused {
                    Some(refused) => refused,
                    None => world.serve(step, &request).ok_or("no such node")?,
                };
                compare(step, &response)
            }
        });
    }
    Ok(())
}

/// Why a step cannot be repeated here.
fn out_of_reach(step: &Step, lost: bool) -> Option<&'static str> {
    (lost && step.about.starts_with("when they are back"))
        .then_some("what a node that hung finds in its sockets is the operating system's doing")
}

/// The recorded request as our node gets it. `None` for what is not HTTP/1.1.
fn http_request(step: &Step) -> Option<HttpRequest> {
    let head = step.json["request"]["head"].as_str()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path, version) = (first.next()?, first.next()?, first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let value = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    };
    let good_length = value("content-length").is_none_or(|length| length.parse::<u64>().is_ok());
    if version != "HTTP/1.1" || !good_length {
        return None;
    }
    let body = match value("transfer-encoding") {
        Some("chunked") => unchunked(&step.request)?,
        _ => step.request.clone(),
    };
    let (method, path) = (method.to_owned(), path.to_owned());
    Some(HttpRequest { method, path, headers, body, peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)) })
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let (length, rest) = bytes.split_at_checked(end)?;
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let (chunk, rest) = rest.get(2..)?.split_at_checked(length)?;
        body.extend_from_slice(chunk);
        bytes = rest.get(2..)?;
    }
}

/// Many at once until the node refuses; the recorded ones took so long that a
/// few tokens came back meanwhile.
fn repeated(
    world: &mut World<'_>,
    step: &Step,
    request: &HttpRequest,
    times: u64,
) -> Result<(), String> {
    let mut refused = None;
    for number in 0..times {
        let response = world.serve(step, request).ok_or("no such node")?;
        let expected = if number < 600 { 200 } else { 429 };
        expect_eq(&format!("status of request {number}"), response.status, expected)?;
        refused = Some(response).filter(|response| response.status == 429);
    }
    let refused = refused.ok_or("nothing was refused")?;
    expect_eq("headers", &refused.headers, &answers::headers(&step.json["response"]))?;
    answers::compare(&refused.body, &step.response)
}

fn compare(step: &Step, ours: &HttpResponse) -> Result<(), String> {
    let said = String::from_utf8_lossy(&ours.body);
    let status = format!("status (body '{}')", said.chars().take(300).collect::<String>());
    expect_eq(&status, u64::from(ours.status), step.status)?;
    let recorded = &step.json["response"];
    expect_eq("headers", &ours.headers, &answers::headers(recorded))?;
    if let Some(opened) = step.opened() {
        return onion_side::compare_sealed(step, ours, opened);
    }
    if let Some(digest) = recorded.get("body_sha256").and_then(Value::as_str) {
        let length = u64::try_from(ours.body.len()).ok();
        expect_eq("length", length, recorded["body_length"].as_u64())?;
        return expect_eq("sha256", hex::encode(Sha256::digest(&ours.body)).as_str(), digest);
    }
    let body = &recorded_request(step)["params"];
    if step.status == 200 && body["endpoint"] == "get_service_nodes" {
        return compare_nodes(&body["params"], &ours.body, &step.response);
    }
    answers::compare(&ours.body, &step.response)
}

fn recorded_request(step: &Step) -> &Value {
    &step.json["request"]["body_json"]
}

/// The daemon's list of nodes. The recorded daemon has fields that no client
/// reads and ours does not have, which are told when no fields are named; and
/// it draws by lot which nodes it names when there is a limit.
fn compare_nodes(params: &Value, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    let read = |bytes| serde_json::from_slice::<Value>(bytes).map_err(|why| why.to_string());
    let (mut ours, mut theirs) = (read(ours)?, read(theirs)?);
    let list = |answer: &mut Value| answer["result"]["service_node_states"].take();
    let (our_nodes, their_nodes) = (list(&mut ours), list(&mut theirs));
    let mut nodes = [our_nodes, their_nodes].map(|nodes| match nodes {
        Value::Array(nodes) => nodes,
        _ => Vec::new(),
    });
    let [our_nodes, their_nodes] = &mut nodes;
    if params.get("fields").is_none() {
        keep_known(&ours["result"], &mut theirs["result"]);
        if let Some(ours) = our_nodes.first() {
            their_nodes.iter_mut().for_each(|node| keep_known(ours, node));
        }
    }
    if params.get("limit").is_some() {
        for node in our_nodes.iter_mut().chain(their_nodes) {
            let fields = node.as_object_mut().into_iter().flatten();
            fields.for_each(|(_, value)| *value = Value::Null);
        }
    }
    let put_back = |mut answer: Value, nodes: &Vec<Value>| {
        answer["result"]["service_node_states"] = nodes.as_slice().into();
        answers::lasting(answer).to_string()
    };
    let [our_nodes, their_nodes] = &nodes;
    expect_eq("nodes", put_back(ours, our_nodes), put_back(theirs, their_nodes))
}

/// Takes out the fields that ours does not have.
fn keep_known(ours: &Value, theirs: &mut Value) {
    if let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object_mut()) {
        theirs.retain(|name, _| ours.contains_key(name));
    }
}
