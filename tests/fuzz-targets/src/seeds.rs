//! The list of service nodes, from both ends.

use std::collections::BTreeSet;

use ramson_codec::seed_rpc::server::{
    ChainState, ListedNode, parse_seed_request, service_nodes_answer,
};
use ramson_codec::seed_rpc::{Parsed, parse_service_nodes};
use serde_json::Value;

use crate::fixed::{NODES, rng};
use crate::show;

/// What a seed answers. The nodes taken are usable and none is there twice;
/// told again by a seed of ours, the list is the same.
pub fn seed_answer(data: &[u8]) {
    match parse_service_nodes(data) {
        Ok(list) => {
            check_list(&list);
            assert!(list.nodes.len() + list.rejected <= data.len());
            let height = list.height.unwrap_or(0);
            let again = tell(&list, height);
            let same = Parsed { height: Some(height), rejected: 0, ..list };
            assert_eq!(again.as_ref(), Some(&same));
        }
        Err(error) => show(&error, data),
    }
}

fn check_list(list: &Parsed) {
    assert!(!list.nodes.is_empty());
    let mut seen = BTreeSet::new();
    for node in &list.nodes {
        assert!(node.https_port != 0 && !node.ip.is_unspecified() && !node.ip.is_broadcast());
        assert!(seen.insert(node.ed25519), "{} is there twice", node.ed25519);
    }
}

fn tell(list: &Parsed, height: u64) -> Option<Parsed> {
    let nodes: Vec<_> = list.nodes.iter().copied().map(ListedNode::new).collect();
    let request = parse_seed_request(br#"{"method":"get_service_nodes"}"#).ok()?;
    let answer = service_nodes_answer(&nodes, &chain(height), &request, &mut rng());
    parse_service_nodes(&answer).ok()
}

const fn chain(height: u64) -> ChainState {
    ChainState { height, block_hash: [0xab; 32], hardfork: 19, snode_revision: 4 }
}

/// What a seed is asked. Every question has an answer that is JSON and names
/// the question; a list in it has no more nodes than there are.
pub fn seed_request(data: &[u8]) {
    let answer = match parse_seed_request(data) {
        Ok(request) => {
            let nodes = NODES.map(ListedNode::new);
            let answer = service_nodes_answer(&nodes, &chain(1), &request, &mut rng());
            if let Ok(list) = parse_service_nodes(&answer) {
                check_list(&list);
                assert!(list.nodes.iter().all(|node| NODES.contains(node)));
            }
            answer
        }
        Err(refused) => {
            show(&refused, data);
            refused.answer()
        }
    };
    // An id of ours may be a number that JSON cannot hold exactly; then only
    // that there is one.
    let Ok(answer) = serde_json::from_slice::<Value>(&answer) else { panic!("not JSON") };
    let asked = serde_json::from_slice::<Value>(data).ok();
    let id = asked.as_ref().and_then(|asked| asked.get("id")).unwrap_or(&Value::Null);
    assert_eq!(answer.get("id").map(Value::is_null), Some(id.is_null()));
    assert!(answer.get("result").is_some() != answer.get("error").is_some());
}

pub(crate) mod corpus {
    use ramson_codec::seed_rpc::get_service_nodes_request;

    use crate::corpus::Known;

    pub(crate) fn seed_answer(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.text("seeds", &["sample_response", "body"]);
        for answer in known.storage_answers() {
            if String::from_utf8_lossy(&answer).contains("service_node_states") {
                inputs.push(answer);
            }
        }
        inputs.push(br#"{"error":{"code":-1,"message":"busy"}}"#.to_vec());
        inputs.push(br#"{"result":{"status":"BUSY"}}"#.to_vec());
        inputs
    }

    pub(crate) fn seed_request(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.text("seeds", &["body"]);
        inputs.push(get_service_nodes_request());
        for params in [
            r#"{"fields":["all","-height"],"limit":-2,"active_only":true}"#,
            r#"{"fields":{"all":true},"limit":1,"service_node_pubkeys":["00"]}"#,
            r#"{"poll_block_hash":"abababababababababababababababababababababababababababababababab"}"#,
        ] {
            let body = format!(r#"{{"id":"0","method":"get_service_nodes","params":{params}}}"#);
            inputs.push(body.into_bytes());
        }
        inputs
    }
}
