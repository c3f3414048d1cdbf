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
    let body = &step.json["request"]["body_json"];
    let params = &body["params"];
    if body["method"] == "oxend_request" && step.status == 200 {
        if params["endpoint"] == "ons_resolve" {
            return Some("names are registered with a chain daemon, which our nodes do not have");
        }
        if params["params"].get("fields").is_none() {
            return Some("all fields of the recorded daemon, most of which no client reads");
        }
        if params["params"].get("limit").is_some() {
            return Some("the recorded daemon drew its nodes by lot");
        }
    }
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
    answers::compare(&ours.body, &step.response)
}
