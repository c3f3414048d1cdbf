use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_frame_comes_apart_as_it_was_put_together(blob: Vec<u8>, json: Vec<u8>) {
        let bytes = encode(&blob, &json).unwrap();
        prop_assert_eq!(decode(&bytes), Ok(Frame { blob: &blob, json: &json }));
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes: Vec<u8>) {
        if let Ok(frame) = decode(&bytes) {
            prop_assert_eq!(encode(frame.blob, frame.json).unwrap(), &bytes[..]);
            let _ = parse_control(frame.json);
        }
        let _ = parse_control(&bytes);
        let _ = parse_guard_control(&bytes);
    }

    #[test]
    fn relays_are_read_as_they_were_written(destination: [u8; 32], key: [u8; 32], hop_no: u32) {
        let (destination, ephemeral_key) = (Ed25519PublicKey(destination), X25519PublicKey(key));
        for (written, enc_type) in [
            (None, EncType::AesGcm),
            (Some(EncType::AesGcm), EncType::AesGcm),
            (Some(EncType::XChaCha20), EncType::XChaCha20),
        ] {
            let relay = NodeRelay { destination, ephemeral_key, enc_type };
            let json = node_control(&destination, &ephemeral_key, written);
            prop_assert_eq!(parse_control(&json), Ok(LayerControl::Node(relay)));
            let guard = GuardControl { ephemeral_key, enc_type, hop_no };
            let json = guard_control(&ephemeral_key, written, Some(hop_no));
            prop_assert_eq!(parse_guard_control(&json), Ok(guard));
        }
    }
}

#[test]
fn a_relay_to_a_server_is_read_by_the_exit_node_and_by_the_server() {
    let key = X25519PublicKey([7; 32]);
    let relay = ServerRelay {
        host: "files.example.test".to_owned(),
        target: "/oxen/v4/lsrpc".to_owned(),
        protocol: Protocol::Http,
        port: 80,
    };
    for (written, enc_type) in
        [(None, EncType::AesGcm), (Some(EncType::XChaCha20), EncType::XChaCha20)]
    {
        let json = server_control(&relay, &key, written);
        assert_eq!(parse_control(&json), Ok(LayerControl::Server(relay.clone())));
        assert_eq!(parse_sealed_control(&json), Ok((key, enc_type)));
    }
    assert!(parse_sealed_control(b"{}").is_err());
}

#[test]
fn headers_win_over_host_and_host_over_destination() {
    let control = |json: &str| parse_control(json.as_bytes());
    let plain = LayerControl::Final { json: false, base64: true };
    for value in ["\"\"", "null", "{}", "[]", "7"] {
        let json = format!(r#"{{"headers":{value},"host":"h","destination":"00"}}"#);
        assert_eq!(control(&json), Ok(plain.clone()));
    }
    let flags = control(r#"{"headers":"","json":true,"base64":false}"#);
    assert_eq!(flags, Ok(LayerControl::Final { json: true, base64: false }));
    let server = control(r#"{"host":"h","target":"t","destination":"00","port":80}"#);
    let Ok(LayerControl::Server(relay)) = server else { panic!("{server:?}") };
    assert_eq!(
        (relay.protocol, relay.port, relay.url().as_str()),
        (Protocol::Https, 80, "https://h:80t")
    );
}

#[test]
fn what_cannot_be_followed_is_an_error_that_names_it() {
    let key = "11".repeat(32);
    for (json, expected) in [
        ("{}", "no 'destination'".to_owned()),
        ("[]", "not an object".to_owned()),
        ("{} x", "not JSON".to_owned()),
        ("", "not JSON".to_owned()),
        (r#"{"headers":"","json":1}"#, "'json': 1".to_owned()),
        (r#"{"host":"h"}"#, "no 'target'".to_owned()),
        (r#"{"host":"h","target":"t","port":70000}"#, "70000".to_owned()),
        (r#"{"host":"h","target":"t","protocol":"ftp"}"#, "ftp".to_owned()),
        (r#"{"destination":"00"}"#, "'destination': \"00\"".to_owned()),
    ] {
        let error = parse_control(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&expected), "{json}: {error}");
    }
    let json = format!(r#"{{"destination":"{key}","ephemeral_key":"{key}","enc_type":"rot13"}}"#);
    let unknown = ControlError::UnknownEncType { name: "rot13".to_owned() };
    assert_eq!(parse_control(json.as_bytes()), Err(unknown));
}

#[test]
fn a_negative_hop_number_counts_as_zero() {
    let json = format!(r#"{{"ephemeral_key":"{}","hop_no":-3}}"#, "11".repeat(32));
    assert_eq!(parse_guard_control(json.as_bytes()).unwrap().hop_no, 0);
}
