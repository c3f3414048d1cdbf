//! The storage RPC, from both ends.

use ramson_codec::storage::{
    BatchAnswer, InfoAnswer, MAX_DATA, MAX_SUBREQUESTS, MAX_TOKENS, Request, RetrieveAnswer,
    StoreAnswer, SwarmAnswer, parse_request,
};
use ramson_crypto::message_hash;
use ramson_types::Namespace;
use serde_json::Value;

use crate::fixed::ME;
use crate::show;

/// What a node is asked. A request that is read is within the limits, and is
/// the same when it is written and read again.
pub fn storage_request(data: &[u8]) {
    match parse_request(data) {
        Ok(request) => {
            limits(&request);
            let again = parse_request(&request.to_bytes());
            // Reading a fraction may lose its last digit, and only what is for
            // the daemon holds fractions.
            if !has_fraction(&request.to_json()) {
                assert_eq!(again, Ok(request));
            }
        }
        Err(error) => {
            assert_eq!(error.status, 400);
            show(&error, data);
        }
    }
}

fn limits(request: &Request) {
    match request {
        Request::Store(store) => assert!(store.data.len() <= MAX_DATA),
        Request::Batch(parts) | Request::Sequence(parts) => {
            assert!((1..=MAX_SUBREQUESTS).contains(&parts.len()));
            for part in parts {
                let flat =
                    !matches!(part, Request::Batch(_) | Request::Sequence(_) | Request::IfElse(_));
                assert!(flat, "{} within a batch", part.method());
                limits(part);
            }
        }
        Request::IfElse(choice) => {
            assert!(!choice.conditions.is_empty());
            assert!(choice.then.is_some() || choice.otherwise.is_some());
            choice.then.iter().chain(&choice.otherwise).for_each(limits);
        }
        Request::RevokeSubaccount(revocation) | Request::UnrevokeSubaccount(revocation) => {
            assert!(revocation.tokens.len() <= MAX_TOKENS);
        }
        Request::Delete(delete) => assert!(!delete.messages.is_empty()),
        Request::GetExpiries(get) => assert!(!get.messages.is_empty()),
        Request::Expire(expire) => {
            let expiries = expire.expiries.as_slice().len();
            assert!(expiries == 1 || expiries == expire.messages.len());
        }
        _ => {}
    }
}

fn has_fraction(json: &Value) -> bool {
    match json {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_fraction),
        Value::Object(object) => object.values().any(has_fraction),
        _ => false,
    }
}

/// What nodes answer, each body read as the answer to each method. Nothing is
/// taken that is not there, and nobody confirms what was not signed.
pub fn storage_answers(data: &[u8]) {
    match StoreAnswer::parse(data) {
        Ok(answer) => {
            let expected = message_hash(&ME.account_id(), Namespace::INBOX, b"never stored");
            assert_eq!(answer.confirmed(expected), [], "nobody can have signed this");
            let told = answer.hash.unwrap_or(expected);
            assert!(answer.confirmed(told).len() <= answer.swarm.len());
        }
        Err(error) => show(&error, &[]),
    }
    match RetrieveAnswer::parse(data) {
        Ok(answer) => {
            let mut bytes = 0_usize;
            for message in &answer.messages {
                bytes = bytes.saturating_add(message.data.as_deref().map_or(0, <[u8]>::len));
                message.hash_is_right(&ME.account_id(), Namespace::INBOX);
                if let Err(error) = &message.data {
                    show(error, &[]);
                }
            }
            assert!(bytes <= data.len(), "{bytes} bytes out of {}", data.len());
            assert!(answer.messages.len() + answer.unnamed <= data.len());
        }
        Err(error) => show(&error, &[]),
    }
    match SwarmAnswer::parse(data) {
        Ok(answer) => {
            for node in &answer.nodes {
                assert!(node.https_port != 0 && !node.ip.is_unspecified());
                assert_eq!(node.swarm, answer.swarm);
            }
        }
        Err(error) => show(&error, &[]),
    }
    match BatchAnswer::parse(data) {
        Ok(answer) => {
            for result in &answer.results {
                let body = result.body_bytes();
                let _ = StoreAnswer::parse(&body);
                let _ = RetrieveAnswer::parse(&body);
                // Text is as it came, and JSON is still the same JSON.
                if !result.body.is_string() && !has_fraction(&result.body) {
                    assert_eq!(
                        serde_json::from_slice::<Value>(&body).ok().as_ref(),
                        Some(&result.body)
                    );
                }
            }
        }
        Err(error) => show(&error, &[]),
    }
    if let Err(error) = InfoAnswer::parse(data) {
        show(&error, &[]);
    }
}

pub(crate) mod corpus {
    use crate::corpus::Known;

    pub(crate) fn storage_request(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.text("storage-rpc-cases", &["request_body", "request"]);
        inputs.extend(known.storage_requests());
        inputs
    }

    pub(crate) fn storage_answers(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.text("storage-rpc-cases", &["response"]);
        inputs.extend(known.storage_answers());
        inputs
    }
}
