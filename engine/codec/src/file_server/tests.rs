use proptest::prelude::*;
use ramson_crypto::{AccountKeys, Ed25519Secret, Seed};
use ramson_types::{Ed25519PublicKey, Timestamp};

use super::auth::{AuthError, check, sign};
use super::*;
use crate::network_file::{FileServer, NetworkFile, UrlError};
use crate::onion_v4::{Headers, Request, Response};

const NOW: Timestamp = Timestamp(1_700_000_000_123);

fn own() -> FileServer {
    NetworkFile::mainnet().file_server.unwrap()
}

fn calls() -> impl Strategy<Value = Call> {
    let id = "[A-Za-z0-9_-]{1,44}";
    let content = || prop::collection::vec(any::<u8>(), 1..50);
    prop_oneof![
        (content(), any::<Option<u64>>()).prop_map(|(content, ttl)| Call::Upload { content, ttl }),
        id.prop_map(|id| Call::Download { id }),
        id.prop_map(|id| Call::Info { id }),
        (id, any::<Option<u64>>()).prop_map(|(id, ttl)| Call::Extend { id, ttl }),
        content().prop_map(|content| Call::LegacyUpload { content }),
        id.prop_map(|id| Call::LegacyDownload { id }),
        ("[a-z]{1,8}", prop::option::of("[a-z]{1,8}")).prop_map(|(platform, release_channel)| {
            Call::Version { platform, release_channel }
        }),
    ]
}

proptest! {
    #[test]
    fn the_server_reads_the_call(call in calls()) {
        let request = Request::decode(&call.to_request().encode()).unwrap();
        prop_assert_eq!(Call::parse(&request), Ok(call));
    }

    #[test]
    fn any_request_is_a_call_or_an_error(
        method in "GET|POST|PUT", path in "(/(file|files|session_version|info|extend|[^/]{0,4})){0,4}",
        body: Option<Vec<u8>>, ttl: String,
    ) {
        let headers = [(TTL_HEADER, ttl)].into_iter().collect();
        let request = Request { method, endpoint: path, headers, body };
        if let Err(why) = Call::parse(&request) {
            prop_assert!((400..500).contains(&why.status()));
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written(
        id in "[A-Za-z0-9_-]{1,44}", size: u64, uploaded in 0..1_u64 << 42, expires: Option<u32>,
    ) {
        let expires = expires.map(|at| Timestamp(u64::from(at)));
        let answer = Uploaded { id, expires };
        let response = Response::decode(&answer.to_response().encode()).unwrap();
        prop_assert_eq!(Uploaded::parse(&response), Ok(answer));
        let (uploaded, expires) = (Timestamp(uploaded), Timestamp(uploaded + 1));
        let info = FileInfo { size, uploaded, expires };
        prop_assert_eq!(FileInfo::parse(&info.to_response()), Ok(info));
    }

    #[test]
    fn any_answer_is_read_or_refused(code: u16, body: Vec<u8>, text: String) {
        for body in [body, text.into_bytes()] {
            let response = Response { code, headers: Headers::default(), body };
            prop_assert!(Uploaded::parse(&response).is_err());
            prop_assert!(FileInfo::parse(&response).is_err());
            prop_assert!(Release::parse(&response).is_err());
        }
    }

    #[test]
    fn urls_are_read_as_they_were_written(
        port in 1..u16::MAX, path in "(/[a-z]{1,5}){0,2}", id in "[A-Za-z0-9_.-]{1,44}",
        server: Option<[u8; 32]>, deterministic: bool, router in prop::option::of("[a-z.:0-9]{1,9}"),
    ) {
        let mut base = own().url;
        (base.port, base.path) = (port, path);
        let server = server.map(Ed25519PublicKey);
        let url = DownloadUrl { base, id, server, deterministic, router };
        prop_assert_eq!(url.to_string().parse(), Ok(url));
    }

    #[test]
    fn any_text_is_a_url_of_a_file_or_an_error(text: String, tail: String) {
        let _ = text.parse::<DownloadUrl>();
        let url = format!("http://a.example/file/1#{tail}").parse::<DownloadUrl>();
        if let Ok(url) = url {
            prop_assert_eq!(url.id, "1");
        }
    }

    #[test]
    fn a_signed_call_is_of_its_key_and_nothing_of_it_may_change(
        call in calls(), seed: [u8; 32], off in 0..=auth::TOLERANCE,
    ) {
        let key = AccountKeys::new(&Seed::from_bytes32(seed)).version_check_key();
        let mut request = call.to_request();
        prop_assert_eq!(check(&request, NOW), Ok(None));
        sign(&mut request, &key, NOW);
        for now in [NOW.millis() + off * 1000, NOW.millis() - off * 1000] {
            prop_assert_eq!(check(&request, Timestamp(now)), Ok(Some(key.id())));
        }
        request.endpoint.push('x');
        prop_assert_eq!(check(&request, NOW), Err(AuthError::Signature));
    }
}

#[test]
fn what_cannot_be_done_has_its_status() {
    let status = |request: Request| Call::parse(&request).unwrap_err().status();
    let post =
        |endpoint: &str, body: &[u8]| Request::post(endpoint, Headers::default(), body.into());
    assert_eq!(status(post("/file", b"")), 413);
    assert_eq!(status(Request { body: None, ..post("/file", b"") }), 413);
    assert_eq!(status(post("/files", b"{}")), 400);
    assert_eq!(status(post("/files", br#"{"file":"#)), 400);
    assert_eq!(status(Request::get("/session_version")), 400);
    assert_eq!(status(Request::get("/file")), 405);
    assert_eq!(status(post("/file/abc/info", b"")), 405);
    for unknown in ["/", "/file/", "/file/a.b", "/file/a/b", "//file/a", "/room/a"] {
        assert_eq!(status(Request::get(unknown)), 404, "{unknown}");
    }
    for ttl in ["", "-1", "+1", "x", "1.5", "99999999999999999999"] {
        let headers = [("x-fs-ttl", ttl)].into_iter().collect();
        assert_eq!(status(Request::post("/file", headers, b"a".to_vec())), 400, "{ttl}");
    }
}

#[test]
fn refusals_come_with_their_status_twice() {
    let response = failure(404);
    assert_eq!((response.code, response.body.as_slice()), (404, &br#"{"status_code":404}"#[..]));
    let refused = Err(FileAnswerError::Status { code: 404 });
    assert_eq!(Uploaded::parse(&response), refused);
    let refused = Err(FileAnswerError::Status { code: 401 });
    assert_eq!(FileInfo::parse(&text_failure(401, "no")), refused);
}

#[test]
fn old_and_odd_answers_are_understood() {
    let response = |body: &str| Response::new(200, JSON, body.into());
    let uploaded = |body: &str| Uploaded::parse(&response(body));
    let (id, expires) = ("12345".to_owned(), None);
    assert_eq!(uploaded(r#"{"id":12345}"#), Ok(Uploaded { id, expires }));
    let expires = Some(Timestamp(1_700_000_000_250));
    let id = "a".to_owned();
    assert_eq!(uploaded(r#"{"id":"a","expires":1700000000.25}"#), Ok(Uploaded { id, expires }));
    for bad in [r#"{"id":""}"#, r#"{"id":-1}"#, "{}"] {
        assert_eq!(uploaded(bad), Err(FileAnswerError::Field { field: "id" }));
    }
    assert!(matches!(uploaded("[]"), Err(FileAnswerError::NotJson { .. })));
    let info = FileInfo::parse(&response(r#"{"size":1,"uploaded":-5,"expires":1e300}"#));
    assert_eq!(info, Err(FileAnswerError::Field { field: "uploaded" }));
    let version = Release { version: "v1.2.3".to_owned() };
    assert_eq!(Release::parse(&version.to_response()), Ok(version));
}

#[test]
fn a_url_tells_the_key_or_is_of_the_networks_own_server() {
    let own = own();
    let key = |url: &str| url.parse::<DownloadUrl>().unwrap().onion_key(&own);
    assert_eq!(key("http://filev2.getsession.org/file/a#d"), Ok(own.public_key));
    let host = "files.example.test".to_owned();
    let unknown = Err(DownloadUrlError::UnknownServer { host });
    assert_eq!(key("http://files.example.test/file/a"), unknown);
    let other = Ed25519Secret::from_seed(&[1; 32]);
    let url = format!("http://files.example.test/file/a#p={}", other.public());
    assert_eq!(key(&url), Ok(other.to_x25519().public()));
    let on_own = DownloadUrl::on(&own, "a");
    assert_eq!(on_own.to_string(), "http://filev2.getsession.org/file/a");
    assert_eq!(on_own.onion_key(&own), Ok(own.public_key));
}

#[test]
fn what_is_no_url_of_a_file_says_why() {
    let error = |url: &str| url.parse::<DownloadUrl>().unwrap_err();
    for url in ["http://a.example", "http://a.example/file/", "http://a.example/file/a/b"] {
        assert_eq!(error(url), DownloadUrlError::Path { url: url.to_owned() });
    }
    let url = "ftp://a.example/file/a".to_owned();
    assert_eq!(error(&url.clone()), DownloadUrlError::Url { url, why: UrlError::Scheme });
    let url = "http://a.example/file/a#p=xy".to_owned();
    assert_eq!(error(&url.clone()), DownloadUrlError::Key { url, key: "xy".to_owned() });
    let zero = format!("http://a.example/file/a#p={}", "00".repeat(32));
    let refused = zero.parse::<DownloadUrl>().unwrap().onion_key(&own());
    assert!(matches!(refused, Err(DownloadUrlError::Key { .. })));
}

#[test]
fn headers_of_a_signed_call_are_all_there_or_none() {
    let key = AccountKeys::new(&Seed::from_bytes32([1; 32])).version_check_key();
    let mut request = Request::get("/session_version?platform=desktop");
    sign(&mut request, &key, NOW);
    let with = |name: &str, value: Option<&str>| {
        let mut request = request.clone();
        let kept = request.headers.iter().filter(|(other, _)| *other != name);
        let mut headers: Headers = kept.collect();
        if let Some(value) = value {
            headers.set(name, value);
        }
        request.headers = headers;
        check(&request, NOW)
    };
    for name in ["X-FS-Pubkey", "X-FS-Timestamp", "X-FS-Signature"] {
        let missing = with(name, None).unwrap_err();
        assert_eq!((missing.status(), &missing), (400, &AuthError::Incomplete { name }));
        let malformed = with(name, Some("x")).unwrap_err();
        let value = "x".to_owned();
        assert_eq!((malformed.status(), &malformed), (400, &AuthError::Malformed { name, value }));
    }
    let late = NOW.millis() / 1000 - auth::TOLERANCE - 1;
    assert_eq!(with("X-FS-Timestamp", Some(&late.to_string())).unwrap_err().status(), 425);
    let account = format!("05{}", "11".repeat(32));
    assert_eq!(with("X-FS-Pubkey", Some(&account)).unwrap_err().status(), 400);
}
