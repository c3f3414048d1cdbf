use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ramson_codec::file_server::{Call, FileInfo, Release, Uploaded, auth, legacy_downloaded};
use ramson_codec::onion_frame::{Protocol, ServerRelay, server_control};
use ramson_crypto::{AccountKeys, Seed};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::*;
use crate::SnapshotError;

const NOW: Timestamp = Timestamp(1_800_000_000_123);
const VECTORS: &str = include_str!("../../../../tests/vectors/onion-v4.json");

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

struct World {
    server: FileServer,
    rng: StdRng,
}

impl World {
    fn new(config: FileServerConfig) -> Self {
        let key = FileServerKey::from_ed25519(&Ed25519Secret::from_seed(&[9; 32]));
        Self { server: FileServer::new(key, config), rng: StdRng::seed_from_u64(3) }
    }

    fn http(&mut self, method: &str, path: &str, body: &[u8], now: Timestamp) -> HttpResponse {
        let request = HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.to_vec(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        self.server.serve(&request, now, &mut self.rng)
    }

    /// Through the onion, as a client of version 4.
    fn ask(&mut self, request: &Request, now: Timestamp) -> Response {
        let (body, key) = self.sealed(&request.encode(), TARGET, EncType::XChaCha20);
        let answer = self.http("POST", TARGET, &body, now);
        assert_eq!(answer.status, 200);
        Response::decode(&key.open(&answer.body).unwrap()).unwrap()
    }

    fn call(&mut self, call: &Call, now: Timestamp) -> Response {
        self.ask(&call.to_request(), now)
    }

    fn upload(&mut self, content: &[u8], ttl: Option<u64>, now: Timestamp) -> Response {
        self.call(&Call::Upload { content: content.to_vec(), ttl }, now)
    }

    fn download(&mut self, id: &str, now: Timestamp) -> Response {
        self.call(&Call::Download { id: id.to_owned() }, now)
    }

    /// What the exit node posts: the whole layer.
    fn sealed(&mut self, request: &[u8], target: &str, cipher: EncType) -> (Vec<u8>, LayerKey) {
        let ephemeral = X25519Secret::generate(&mut self.rng);
        let key = LayerKey::for_client(cipher, &ephemeral, &self.server.public_key()).unwrap();
        let (host, target) = ("files.example.test".to_owned(), target.to_owned());
        let relay = ServerRelay { host, target, protocol: Protocol::Http, port: 80 };
        let control = server_control(&relay, &ephemeral.public(), Some(cipher));
        let blob = key.seal(request, &mut self.rng);
        (onion_frame::encode(&blob, &control).unwrap(), key)
    }
}

fn default() -> World {
    World::new(FileServerConfig::default())
}

fn config(change: impl FnOnce(&mut FileServerConfig)) -> World {
    let mut config = FileServerConfig::default();
    change(&mut config);
    World::new(config)
}

#[test]
fn a_file_comes_back_as_it_was_until_it_expires() {
    let mut world = default();
    let uploaded = Uploaded::parse(&world.upload(b"content", None, NOW)).unwrap();
    assert_eq!(uploaded.id, ramson_crypto::file_id::file_id(b"content"));
    let expires = later(21 * 24 * 60 * 60);
    assert_eq!(uploaded.expires, Some(expires));
    let answer = world.download(&uploaded.id, later(1));
    assert_eq!((answer.code, answer.body.as_slice()), (200, b"content".as_slice()));
    assert_eq!(answer.headers.get("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.headers.get("expires"), Some("Fri, 05 Feb 2027 08:00:00 GMT"));
    let info = world.call(&Call::Info { id: uploaded.id.clone() }, later(1));
    let info = FileInfo::parse(&info).unwrap();
    assert_eq!(info, FileInfo { size: 7, uploaded: NOW, expires });
    let end = Timestamp(expires.millis() - 1);
    assert_eq!(world.download(&uploaded.id, end).code, 200);
    assert_eq!(world.download(&uploaded.id, expires).code, 404, "expired and not swept");
    assert_eq!((world.server.file_count(), world.server.bytes()), (1, 7));
    world.server.tick(expires);
    assert_eq!((world.server.file_count(), world.server.bytes()), (0, 0));
}

#[test]
fn the_same_endpoints_answer_over_http_directly() {
    let mut world = default();
    let answer = world.http("POST", "/file", b"content", NOW);
    let id: Value = serde_json::from_slice(&answer.body).unwrap();
    let path = format!("/file/{}", id["id"].as_str().unwrap());
    let answer = world.http("GET", &path, b"", NOW);
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"content".as_slice()));
    let kind = ("content-type".to_owned(), "application/octet-stream".to_owned());
    assert!(answer.headers.contains(&kind), "{:?}", answer.headers);
}

#[test]
fn equal_content_is_one_file_that_counts_as_uploaded_last() {
    let mut world = default();
    let first = Uploaded::parse(&world.upload(b"same", Some(1000), NOW)).unwrap();
    let again = Uploaded::parse(&world.upload(b"same", Some(10), later(5))).unwrap();
    assert_eq!(again.id, first.id);
    assert_eq!(again.expires, Some(later(1000)), "the later of both");
    let info = FileInfo::parse(&world.call(&Call::Info { id: first.id }, later(5))).unwrap();
    assert_eq!((info.uploaded, info.expires), (later(5), later(1000)));
    assert_eq!((world.server.file_count(), world.server.bytes()), (1, 4));
}

#[test]
fn random_ids_are_numbers_and_each_upload_is_a_file() {
    let mut world = config(|config| config.ids = FileIds::Random);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let uploaded = Uploaded::parse(&world.upload(b"same", None, NOW)).unwrap();
        assert!(uploaded.id.parse::<u64>().unwrap() < 1 << 53);
        ids.insert(uploaded.id);
    }
    assert_eq!(ids.len(), 3);
    let id = ids.pop_first().unwrap();
    assert_eq!(world.download(&id, NOW).body, b"same");
    let extended = world.call(&Call::Extend { id, ttl: None }, NOW);
    assert_eq!(extended.code, 404, "only ids of content can be extended");
}

#[test]
fn a_lifetime_is_taken_as_far_as_the_server_lets_uploaders_choose() {
    for (most, asked, expected) in [
        (Some(3600), 60, 60),
        (Some(3600), 7200, 3600),
        (None, 60, 21 * 24 * 60 * 60),
        (Some(3600), u64::MAX, 3600),
    ] {
        let mut world = config(|config| config.max_lifetime = most.map(Duration::from_secs));
        let uploaded = Uploaded::parse(&world.upload(b"x", Some(asked), NOW)).unwrap();
        assert_eq!(uploaded.expires, Some(later(expected)), "{most:?} {asked}");
    }
    let mut world = default();
    for malformed in ["", "-1", "1.5", "soon"] {
        let mut request = Call::Upload { content: vec![1], ttl: None }.to_request();
        request.headers.set("x-fs-ttl", malformed);
        assert_eq!(world.ask(&request, NOW).code, 400, "{malformed}");
    }
}

#[test]
fn extending_never_shortens() {
    let mut world = default();
    let id = Uploaded::parse(&world.upload(b"x", Some(1000), NOW)).unwrap().id;
    for (ttl, expected) in [(Some(10), 1000), (Some(5000), 5000), (None, 21 * 24 * 60 * 60)] {
        let answer = world.call(&Call::Extend { id: id.clone(), ttl }, NOW);
        assert_eq!(FileInfo::parse(&answer).unwrap().expires, later(expected));
    }
    let unknown = Call::Extend { id: "A".repeat(44), ttl: None };
    assert_eq!(world.call(&unknown, NOW).code, 404);
    let expired = later(21 * 24 * 60 * 60);
    assert_eq!(world.call(&Call::Extend { id, ttl: None }, expired).code, 404);
}

#[test]
fn sizes_have_limits() {
    let mut world = config(|config| config.max_file = 10);
    for (size, code) in [(0, 413), (1, 200), (10, 200), (11, 413)] {
        assert_eq!(world.upload(&vec![1; size], None, NOW).code, code, "{size}");
        let legacy = Call::LegacyUpload { content: vec![1; size] };
        assert_eq!(world.call(&legacy, NOW).code, code, "{size} in base64");
    }
    assert_eq!(world.http("POST", "/file", &vec![0; MAX_BODY + 1], NOW).status, 413);
}

#[test]
fn a_full_server_refuses_until_files_expire() {
    let mut world = config(|config| config.capacity = 10);
    assert_eq!(world.upload(&[1; 6], Some(60), NOW).code, 200);
    assert_eq!(world.upload(&[2; 5], Some(60), NOW).code, 507);
    assert_eq!(world.upload(&[2; 4], Some(90), NOW).code, 200);
    assert_eq!(world.upload(&[1; 6], Some(60), NOW).code, 200, "it is there already");
    assert_eq!(world.upload(&[3; 6], Some(60), later(60)).code, 200);
    assert_eq!(world.server.bytes(), 10);
    let mut world = config(|config| config.max_files = 2);
    for (content, code) in [([1], 200), ([2], 200), ([3], 507)] {
        assert_eq!(world.upload(&content, None, NOW).code, code);
    }
}

#[test]
fn old_clients_speak_json() {
    for (ids, is_number) in [(FileIds::Random, true), (FileIds::Content, false)] {
        let mut world = config(|config| config.ids = ids);
        let upload = Call::LegacyUpload { content: b"content".to_vec() }.to_request();
        let answer = world.ask(&upload, NOW);
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["status_code"], 200);
        assert_eq!(answer["result"].is_u64(), is_number, "{answer}");
        let id = answer["result"].to_string().replace('"', "");
        let answer = world.call(&Call::LegacyDownload { id }, NOW);
        assert_eq!(answer, legacy_downloaded(b"content"));
        for body in ["", "{}", r#"{"file":1}"#, r#"{"file":"no base64"}"#] {
            let headers = ramson_codec::onion_v4::Headers::default();
            let answer = world.ask(&Request::post("/files", headers, body.into()), NOW);
            assert_eq!(answer.code, if body.is_empty() { 413 } else { 400 }, "{body}");
        }
    }
}

#[test]
fn what_is_not_there_is_404_and_what_is_not_done_405() {
    let mut world = default();
    for (method, path, status) in [
        ("GET", "/file/123", 404),
        ("GET", "/file/123/info", 404),
        ("GET", "/files/123", 404),
        ("GET", "/", 404),
        ("GET", "/file/..%2f", 404),
        ("DELETE", "/file/123", 405),
        ("GET", "/file", 405),
        ("GET", TARGET, 404),
    ] {
        let answer = world.http(method, path, b"", NOW);
        assert_eq!(answer.status, status, "{method} {path}");
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(said, json!({ "status_code": status }));
    }
}

#[test]
fn versions_are_told_to_nobody_in_particular_or_to_who_signs() {
    let mut world = config(|config| {
        config.versions.insert("desktop".to_owned(), "v1.2.3".to_owned());
    });
    let ask = |platform: &str| {
        let platform = platform.to_owned();
        Call::Version { platform, release_channel: Some("stable".to_owned()) }.to_request()
    };
    let answer = world.ask(&ask("desktop"), NOW);
    assert_eq!(Release::parse(&answer).unwrap().version, "v1.2.3");
    assert_eq!(world.ask(&ask("ios"), NOW).code, 502);
    assert_eq!(world.ask(&ask("amiga"), NOW).code, 404);

    let key = AccountKeys::new(&Seed::from_bytes32([5; 32])).version_check_key();
    let mut signed = ask("desktop");
    auth::sign(&mut signed, &key, NOW);
    assert_eq!(world.ask(&signed, NOW).code, 200);
    assert_eq!(world.ask(&signed, later(86_400)).code, 200);
    assert_eq!(world.ask(&signed, later(86_401)).code, 425);
    let mut changed = signed.clone();
    changed.endpoint = changed.endpoint.replace("stable", "alpha");
    assert_eq!(world.ask(&changed, NOW).code, 401);
    let mut incomplete = ask("desktop");
    incomplete.headers.set("X-FS-Timestamp", "1800000000");
    let answer = world.ask(&incomplete, NOW);
    assert_eq!(answer.code, 400);
    assert!(answer.headers.get("content-type").unwrap().starts_with("text/plain"));
    let mut malformed = signed.clone();
    malformed.headers.set("X-FS-Pubkey", key.id().to_string().replacen("07", "05", 1));
    assert_eq!(world.ask(&malformed, NOW).code, 400);
}

#[test]
fn who_cannot_seal_gets_a_bare_400_and_who_cannot_write_a_sealed_one() {
    let mut world = default();
    let request = Request::get("/file/1").encode();
    let (mut body, _) = world.sealed(&request, TARGET, EncType::AesGcm);
    body[20] ^= 1;
    let (cbc, _) = world.sealed(&request, TARGET, EncType::AesCbc);
    for body in [body, cbc, Vec::new(), vec![0; 100]] {
        let answer = world.http("POST", TARGET, &body, NOW);
        assert_eq!((answer.status, answer.body.len()), (400, 0));
    }
    let (body, key) = world.sealed(b"no request", TARGET, EncType::AesGcm);
    let answer = world.http("POST", TARGET, &body, NOW);
    assert_eq!(answer.status, 200);
    let answer = Response::decode(&key.open(&answer.body).unwrap()).unwrap();
    assert_eq!(answer, Response::invalid_request());
}

#[test]
fn recorded_exchanges_are_understood() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let bytes = |case: &Value, field: &str| hex::decode(case[field].as_str().unwrap()).unwrap();
    let array = |case: &Value, field: &str| <[u8; 32]>::try_from(bytes(case, field)).unwrap();
    let server = |case: &Value| {
        let key = X25519Secret::from_bytes(&array(case, "server_seckey"));
        let server = FileServer::new(FileServerKey::new(key), FileServerConfig::default());
        assert_eq!(server.public_key().to_string(), case["server_pubkey"]);
        World { server, rng: StdRng::seed_from_u64(3) }
    };
    let key = |case: &Value| {
        let enc_type = EncType::parse(case["enc_type"].as_str().unwrap()).unwrap();
        LayerKey::from_bytes(enc_type, array(case, "symmetric_key"))
    };
    let exchanges = file["exchanges"].as_array().unwrap();
    assert!(!exchanges.is_empty());
    for case in exchanges {
        let mut world = server(case);
        let answer = world.http("POST", TARGET, &bytes(case, "http_post_body"), NOW);
        let ours = Response::decode(&key(case).open(&answer.body).unwrap()).unwrap();
        let theirs = Response::decode(&bytes(case, "response_plaintext_hex")).unwrap();
        assert_eq!(ours.code, theirs.code);
        assert_eq!(ours.headers.get("content-type"), theirs.headers.get("content-type"));
        let request = Request::decode(&bytes(case, "request_plaintext_hex")).unwrap();
        if request.method == "POST" {
            let id = Uploaded::parse(&ours).unwrap().id;
            assert_eq!(Some(world.download(&id, NOW).body), request.body);
        }
    }
    for case in file["v3_exchanges"].as_array().unwrap() {
        let mut world = server(case);
        let body = bytes(case, "http_post_body");
        let ask = |world: &mut World| {
            let answer = world.http("POST", TARGET_V3, &body, NOW);
            let sealed = STANDARD.decode(&answer.body).unwrap();
            serde_json::from_slice::<Value>(&key(case).open(&sealed).unwrap()).unwrap()
        };
        assert_eq!(ask(&mut world), json!({ "status_code": 404 }));
        let theirs: Value =
            serde_json::from_str(case["response_plaintext"].as_str().unwrap()).unwrap();
        let data = STANDARD.decode(theirs["result"].as_str().unwrap()).unwrap();
        let config = world.server.config.clone();
        world.server.files.keep("123".to_owned(), &data, later(1), NOW, &config).unwrap();
        assert_eq!(ask(&mut world), theirs);
    }
}

#[test]
fn only_what_changes_the_files_counts_as_a_change() {
    let mut world = default();
    let mut before = world.server.changes();
    let mut changed = |world: &World| {
        let now = world.server.changes();
        std::mem::replace(&mut before, now) != now
    };
    let uploaded = world.upload(b"kept", Some(60), NOW);
    assert!(changed(&world), "uploaded");
    let id = Uploaded::parse(&uploaded).unwrap().id;
    assert_eq!(world.download(&id, NOW).code, 200);
    assert_eq!(world.call(&Call::Info { id: id.clone() }, NOW).code, 200);
    assert_eq!(world.download("nobody", NOW).code, 404);
    world.server.tick(later(1));
    assert!(!changed(&world), "read");
    world.upload(b"kept", Some(60), NOW);
    assert!(changed(&world), "uploaded again");
    world.call(&Call::Extend { id: id.clone(), ttl: Some(90) }, NOW);
    assert!(changed(&world), "extended");
    let bytes = world.server.export();
    world.server.import(&bytes).unwrap();
    assert!(changed(&world), "replaced");
    world.server.tick(later(91));
    assert!(changed(&world), "expired");
}

#[test]
fn a_snapshot_brings_the_files_back() {
    let mut world = default();
    let id = Uploaded::parse(&world.upload(b"kept", Some(60), NOW)).unwrap().id;
    world.upload(b"too", None, NOW);
    let bytes = world.server.export();
    let mut fresh = default();
    fresh.server.import(&bytes).unwrap();
    assert_eq!(fresh.server.export(), bytes);
    assert_eq!((fresh.server.file_count(), fresh.server.bytes()), (2, 7));
    assert_eq!(fresh.download(&id, later(59)).body, b"kept");
    assert_eq!(fresh.download(&id, later(60)).code, 404);
    assert_eq!(fresh.server.import(b"something else"), Err(SnapshotError::Foreign));
    for length in 14..bytes.len() {
        assert!(fresh.server.import(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert_eq!(fresh.server.file_count(), 2, "a damaged snapshot changed something");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_may_be_posted(
        body: Vec<u8>,
        method in "GET|POST|PUT",
        path in "/(file|files|session_version|oxen/v4/lsrpc|loki/v3/lsrpc)?(/[ -~]{0,50})?",
    ) {
        let answer = default().http(&method, &path, &body, NOW);
        prop_assert!((200..600).contains(&answer.status));
    }

    #[test]
    fn any_request_may_be_sealed(
        text: Vec<u8>,
        method in "GET|POST|PUT",
        endpoint in "/(file|files|session_version)?(/[ -~]{0,50})?(/info|/extend)?",
        body in prop::option::of(any::<Vec<u8>>()),
        headers in prop::collection::vec(("X-FS-(TTL|Pubkey|Timestamp|Signature)", "[ -~]{0,90}"), 0..4),
    ) {
        let mut world = default();
        let headers = headers.into_iter().collect();
        let request = Request { method, endpoint, headers, body };
        let answer = world.ask(&request, NOW);
        prop_assert!((200..600).contains(&answer.code));
        for target in [TARGET, TARGET_V3] {
            let (body, key) = world.sealed(&text, target, EncType::AesGcm);
            let answer = world.http("POST", target, &body, NOW);
            prop_assert_eq!(answer.status, 200);
            let sealed = STANDARD.decode(&answer.body).unwrap_or(answer.body);
            prop_assert!(key.open(&sealed).is_ok());
        }
    }

    #[test]
    fn any_snapshot_may_be_read(bytes: Vec<u8>) {
        let marked = [b"ramson-files\0\x01".as_slice(), &bytes].concat();
        let _ = default().server.import(&marked);
    }
}
