//! The HTTP server at the end of `onion-to-server`, as the file describes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_node::{HttpResponse, Reply, ServerRequest};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::answers;
use crate::transcript::Step;

/// Whether the bytes the server saw are the recorded ones.
pub(crate) fn saw(step: &Step, request: &ServerRequest) -> bool {
    let seen = step.json["seen_by_end_server"].as_array().and_then(|seen| seen.first());
    seen.is_none_or(|seen| {
        let path = seen["request_line"].as_str().and_then(|line| line.split(' ').nth(1));
        seen["body_b64"] == STANDARD.encode(&request.body)
            && path.is_none_or(|path| request.url.ends_with(path))
    })
}

pub(crate) fn ask(file: &Value, step: &Step, request: &ServerRequest) -> Reply {
    if !saw(step, request) {
        return Reply::Failed("the server saw other bytes than those recorded".to_owned());
    }
    let address = file["end_server"]["address"].as_str().unwrap_or_default();
    let Some(path) = request.url.strip_prefix(&format!("http://{address}")) else {
        // Another port, or TLS: the error is the operating system's.
        return Reply::Failed(String::from_utf8_lossy(&step.response).into_owned());
    };
    let status = path.split("/status/").nth(1).and_then(|rest| rest.split('/').next());
    let body = if path.contains("/binary/") {
        (0..=255).collect()
    } else {
        let digest = STANDARD.encode(Sha256::digest(&request.body));
        format!("answer of the server: {digest}").into_bytes()
    };
    // Those of the node stand first; where a path is longer, all are its own.
    let mut headers = answers::headers(&step.json["response"]).split_off(1);
    headers.push(("Content-Length".to_owned(), body.len().to_string()));
    let status = status.and_then(|status| status.parse().ok()).unwrap_or(200);
    Reply::Answer(HttpResponse { status, headers, body })
}
