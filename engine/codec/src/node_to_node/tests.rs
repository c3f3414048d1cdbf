use super::*;
use crate::storage::{
    ExpireMode, Expiries, Lifetime, Namespaces, Request, RequestSigner as _, Store,
};
use proptest::prelude::*;
use ramson_crypto::{AccountKeys, Seed, message_hash};
use ramson_types::{Namespace, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn keys() -> AccountKeys {
    AccountKeys::new(&Seed::from_bytes32([5; 32]))
}

/// Requests of every forwarded method.
fn requests() -> Vec<Request> {
    let keys = keys();
    let hashes: Vec<_> = (0..3_u8)
        .map(|number| message_hash(&keys.account_id(), Namespace::INBOX, &[number]))
        .collect();
    let auth = keys.auth(b"anything");
    let account = keys.account_id();
    let mut all = vec![
        Request::store_signed(&keys, Namespace(5), NOW, 1000, vec![0, 0xff], NOW),
        Request::store_unsigned(account, Namespace::INBOX, NOW, 1000, b"x".to_vec()),
        Request::delete_signed(&keys, &hashes),
        Request::delete_all_signed(&keys, Namespaces::All, NOW),
        Request::delete_all_signed(&keys, Namespaces::One(Namespace(-10)), NOW),
        Request::DeleteBefore(crate::storage::DeleteBefore {
            account,
            namespaces: Namespaces::One(Namespace(2)),
            before: NOW,
            auth,
        }),
        Request::ExpireAll(crate::storage::ExpireAll {
            account,
            namespaces: Namespaces::All,
            expiry: NOW,
            auth,
        }),
        Request::Expire(crate::storage::Expire {
            account,
            messages: hashes.iter().map(ToString::to_string).collect(),
            expiries: Expiries::Each(vec![NOW; 3]),
            mode: ExpireMode::Extend,
            auth,
        }),
    ];
    for mode in [ExpireMode::Set, ExpireMode::Extend, ExpireMode::Shorten] {
        all.push(Request::expire_signed(&keys, &hashes, NOW, mode));
    }
    let revocation = crate::storage::Revocation {
        account,
        tokens: vec![[3; 36], [4; 36]],
        timestamp: NOW,
        auth,
    };
    all.push(Request::RevokeSubaccount(revocation.clone()));
    all.push(Request::UnrevokeSubaccount(revocation));
    all
}

/// What a request is once it was forwarded.
fn forwarded(request: &Request) -> Request {
    let mut request = request.clone();
    if let Request::Store(Store { timestamp, lifetime, .. }) = &mut request
        && let Lifetime::Ttl(ttl) = lifetime
    {
        *lifetime = Lifetime::Until(Timestamp(timestamp.millis() + *ttl));
    }
    request
}

#[test]
fn members_read_the_request_that_was_forwarded() {
    for request in requests() {
        let (method, params) = forward(&request).unwrap();
        assert_eq!(method, request.method());
        assert_eq!(parse_forwarded(method, &params), Ok(forwarded(&request)), "{request:?}");
    }
}

#[test]
fn required_stays_with_the_node_that_was_asked() {
    let mut request = requests().swap_remove(2);
    let plain = forward(&request);
    if let Request::Delete(delete) = &mut request {
        delete.required = true;
    }
    assert_eq!(forward(&request), plain);
}

#[test]
fn what_one_node_does_alone_is_not_forwarded() {
    let keys = keys();
    let retrieve = Request::retrieve_signed(&keys, Namespace::INBOX, None, None, NOW);
    for request in [retrieve, Request::Info, Request::get_swarm(&keys.account_id())] {
        assert_eq!(forward(&request), None);
    }
    let method = "info".to_owned();
    assert_eq!(parse_forwarded("info", b"de"), Err(ForwardError::NotForwarded { method }));
}

#[test]
fn a_key_may_come_as_hex() {
    let account = keys().account_id();
    let mut dict = Dict::new();
    dict.insert(b"data".to_vec(), "x".into());
    dict.insert(b"expiry".to_vec(), 1_700_000_001_000_u64.into());
    dict.insert(b"pubkey".to_vec(), account.to_string().as_str().into());
    dict.insert(b"timestamp".to_vec(), NOW.millis().into());
    let expected = Request::store_unsigned(account, Namespace::INBOX, NOW, 1000, b"x".to_vec());
    let read = parse_forwarded("store", &Value::Dict(dict).encode());
    assert_eq!(read, Ok(forwarded(&expected)));
}

#[test]
fn unusable_parameters_are_named() {
    let parameter = |name: &str| {
        Err(ForwardError::Parameter { method: "delete".to_owned(), name: name.to_owned() })
    };
    assert_eq!(parse_forwarded("delete", b"le"), parameter(""));
    assert_eq!(parse_forwarded("delete", b"d1:adee"), parameter("a"));
    assert_eq!(parse_forwarded("delete", b"d1:allee1:b0:e"), parameter("a"));
    assert_eq!(parse_forwarded("delete", b"d8:messagesl1:\xffee"), parameter("messages"));
    assert!(matches!(parse_forwarded("delete", b"de"), Err(ForwardError::Refused(_))));
    assert!(matches!(parse_forwarded("delete", b"d"), Err(ForwardError::Bencode { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_a_command_or_an_error(bytes: Vec<u8>, which in 0..13_usize, at: prop::sample::Index, byte: u8) {
        let (method, mut params) = forward(&requests()[which]).unwrap();
        let at = at.index(params.len());
        params[at] = byte;
        let _ = parse_forwarded(method, &params);
        prop_assert!(parse_forwarded(method, &bytes).is_err());
        prop_assert!(RelayedOnion::decode(&bytes).is_err());
    }

    #[test]
    fn the_next_node_reads_the_layer_that_was_handed_on(data: Vec<u8>, key: [u8; 32], hop_no: u32) {
        for enc_type in [EncType::AesGcm, EncType::XChaCha20, EncType::AesCbc] {
            let ephemeral_key = X25519PublicKey(key);
            let onion = RelayedOnion { data: data.clone(), enc_type, ephemeral_key, hop_no };
            prop_assert_eq!(RelayedOnion::decode(&onion.encode()), Ok(onion));
        }
    }
}
