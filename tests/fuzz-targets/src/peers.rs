//! What service nodes say to each other: bencode, pushed messages, forwarded
//! requests, relayed onion layers; and the list of active nodes.

use std::collections::BTreeSet;

use ramson_codec::node_to_node::{RelayedOnion, forward, parse_forwarded, push};
use ramson_codec::{active_nodes, bt};

use crate::input::Input;
use crate::show;

/// Bencode. What a strict reader takes is written back to the same bytes; the
/// tolerant reader takes it too, as the same value.
pub fn bencode(data: &[u8]) {
    match bt::decode(data) {
        Ok(value) => {
            assert_eq!(value.encode(), data);
            assert_eq!(bt::decode_tolerant(data), Ok(value));
        }
        Err(error) => show(&error, data),
    }
    if let Ok(value) = bt::decode_tolerant(data) {
        let written = value.encode();
        assert_eq!(bt::decode(&written).map(|again| again.encode()), Ok(written));
    }
    if let Ok(strings) = bt::strings(data, 3) {
        assert!(strings.len() <= 3);
        assert!(strings.iter().map(|text| text.len()).sum::<usize>() <= data.len());
    }
}

/// What another node sends. What is read is written and read to the same.
pub fn peer_message(data: &[u8]) {
    let mut input = Input::new(data);
    let form = input.below(3);
    let bytes = input.rest();
    match form {
        0 => match push::decode(bytes) {
            Ok(messages) => {
                assert!(messages.len() <= bytes.len());
                let blobs = push::encode(&messages);
                let again: Vec<_> =
                    blobs.iter().filter_map(|blob| push::decode(blob).ok()).flatten().collect();
                assert_eq!(again, messages);
            }
            Err(error) => show(&error, bytes),
        },
        1 => match RelayedOnion::decode(bytes) {
            Ok(relayed) => assert_eq!(RelayedOnion::decode(&relayed.encode()), Ok(relayed)),
            Err(error) => show(&error, bytes),
        },
        _ => {
            let (method, params) = match bytes.iter().position(|byte| *byte == b'\n') {
                Some(at) => bytes.split_at_checked(at).unwrap_or((bytes, &[])),
                None => (bytes, &[][..]),
            };
            let method = String::from_utf8_lossy(method);
            let params = params.strip_prefix(b"\n").unwrap_or(params);
            match parse_forwarded(&method, params) {
                Ok(request) => {
                    let Some((name, written)) = forward(&request) else {
                        panic!("'{method}' was read, and cannot be forwarded");
                    };
                    assert_eq!(parse_forwarded(name, &written).ok(), Some(request));
                }
                Err(error) => show(&error, bytes),
            }
        }
    }
}

/// The list of active nodes, raw or in base64. Those taken into a pool are
/// usable, and none is there twice.
pub fn active_nodes(data: &[u8]) {
    match active_nodes::decode(data) {
        Ok(nodes) => assert_eq!(active_nodes::encode(&nodes), data),
        Err(error) => show(&error, data),
    }
    if let Ok(nodes) = active_nodes::decode_body(data) {
        let mut seen = BTreeSet::new();
        for node in active_nodes::pool(&nodes).iter() {
            assert!(node.https_port != 0 && !node.ip.is_unspecified());
            assert!(seen.insert(node.ed25519), "{} is there twice", node.ed25519);
        }
    }
}

pub(crate) mod corpus {
    use crate::corpus::{Known, behind};

    pub(crate) fn bencode(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.hex("bencode", &["encoded_hex", "hex", "bytes_hex", "input_hex"]);
        inputs.extend(known.hex("onion-v4", &["encoded_hex"]));
        inputs.extend(known.hex("node-to-node", &["part0_hex", "part1_hex", "blob_hex"]));
        for text in ["d1:ai-7e1:bl0:eee", "li18446744073709551615ee", "i-0e", "01:a", "llllleeeee"]
        {
            inputs.push(text.as_bytes().to_vec());
        }
        inputs
    }

    pub(crate) fn peer_message(known: &Known) -> Vec<Vec<u8>> {
        let keys = ["blob_hex", "encoded_hex", "push_hex"];
        let mut inputs = behind(&[&[0]], &known.hex("node-to-node", &keys));
        inputs.extend(behind(&[&[1]], &known.hex("node-to-node", &["part0_hex"])));
        let forwarded = known.hex("node-to-node", &["part1_hex"]);
        for method in ["store", "delete", "delete_all", "expire"] {
            inputs.extend(behind(&[format!("\u{2}{method}\n").as_bytes()], &forwarded));
        }
        inputs.push(b"\x00\x01le".to_vec());
        inputs.push(b"\x01de".to_vec());
        inputs
    }

    pub(crate) fn active_nodes(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.hex("active-nodes-bin", &["raw_hex"]);
        inputs.extend(known.text("active-nodes-bin", &["body_b64"]));
        inputs.extend([vec![0; 51], vec![b'A'; 68], vec![0xff; 102]]);
        inputs
    }
}
