//! The file server: what is posted to it, sealed or not, what it answers, and
//! how messages name files.

use std::sync::LazyLock;
use std::time::Duration;

use ramson_codec::file_server::{Call, DownloadUrl, FileInfo, Release, Uploaded};
use ramson_codec::network_file::FileServer as KnownServer;
use ramson_codec::onion_frame;
use ramson_codec::onion_v4::{Request, Response, TARGET, TARGET_V3, V3Request};
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_node::{FileServer, FileServerConfig, FileServerKey, HttpRequest, HttpResponse};
use ramson_types::Timestamp;

use crate::fixed::{NOW, node_secret, rng};
use crate::input::Input;
use crate::show;
use crate::world::http;

/// A server small enough that inputs fill it.
fn server() -> FileServer {
    let config = FileServerConfig {
        max_file: 1_000,
        capacity: 4_000,
        max_files: 4,
        ..FileServerConfig::default()
    };
    FileServer::new(FileServerKey::from_ed25519(&node_secret(77)), config)
}

/// Whatever is posted to a file server, several requests one after the other.
/// Each has an answer of bounded size, sealed if the request was; the server
/// stays within its limits and goes on.
pub fn file_server(data: &[u8]) {
    let (mut server, mut input, mut now) = (server(), Input::new(data), NOW);
    for _ in 0..6 {
        let form = input.below(5);
        let size = usize::from(input.u16());
        let body = input.take(size).to_vec();
        now = now.plus(Duration::from_secs(u64::from(input.u16()) * 60));
        match form {
            0 => drop(serve(&mut server, http("POST", TARGET, body), now)),
            1 => drop(serve(&mut server, http("POST", TARGET_V3, body), now)),
            2 => {
                let text = String::from_utf8_lossy(&body);
                let mut lines = text.splitn(5, '\n');
                let mut line = || lines.next().unwrap_or_default().to_owned();
                let mut request = http(&line(), &line(), Vec::new());
                request.headers = vec![(line(), line())];
                request.body = line().into_bytes();
                serve(&mut server, request, now);
            }
            3 => sealed(&mut server, &body, EncType::XChaCha20, now),
            _ => sealed(&mut server, &body, EncType::AesGcm, now),
        }
        assert!(server.bytes() <= 4_000 && server.file_count() <= 4);
        server.tick(now);
        if input.is_empty() {
            break;
        }
    }
    // It went on, whatever came before.
    serve(&mut server, http("GET", "/file/none/info", Vec::new()), now);
}

fn serve(server: &mut FileServer, request: HttpRequest, now: Timestamp) -> HttpResponse {
    let answer = server.serve(&request, now, &mut rng());
    assert!((200..600).contains(&answer.status));
    assert!(answer.body.len() <= 4_000, "an answer of {} bytes", answer.body.len());
    answer
}

/// A sealed request is answered sealed, with the same key.
fn sealed(server: &mut FileServer, plain: &[u8], enc_type: EncType, now: Timestamp) {
    let ephemeral = X25519Secret::from_bytes(&[60; 32]);
    let key = match LayerKey::for_client(enc_type, &ephemeral, &server.public_key()) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    };
    let control = onion_frame::guard_control(&ephemeral.public(), Some(enc_type), None);
    let body = onion_frame::encode(&key.seal(plain, &mut rng()), &control).unwrap_or_default();
    let answer = serve(server, http("POST", TARGET, body), now);
    assert_eq!(answer.status, 200);
    let opened = key.open(&answer.body).ok();
    let read = opened.as_deref().map(Response::decode);
    assert!(read.is_some_and(|read| read.is_ok()), "a v4 answer is sealed inside");
}

static OWN: LazyLock<Option<KnownServer>> = LazyLock::new(|| {
    Some(KnownServer {
        url: "http://files.example.org".parse().ok()?,
        public_key: FileServerKey::from_ed25519(&node_secret(77)).public(),
    })
});

/// What a file server answers, v4 frames of both directions, and names of
/// files in messages. What is read is written and read to the same.
pub fn file_answer(data: &[u8]) {
    if let Ok(request) = Request::decode(data) {
        assert_eq!(Request::decode(&request.encode()).as_ref(), Ok(&request));
        match Call::parse(&request) {
            Ok(call) => assert_eq!(Call::parse(&call.to_request()).ok(), Some(call)),
            Err(error) => show(&error, data),
        }
    }
    match Response::decode(data) {
        Ok(response) => {
            assert_eq!(Response::decode(&response.encode()).as_ref(), Ok(&response));
            if let Ok(uploaded) = Uploaded::parse(&response) {
                assert!(Uploaded::parse(&uploaded.to_response()).is_ok());
            }
            if let Ok(info) = FileInfo::parse(&response) {
                assert!(FileInfo::parse(&info.to_response()).is_ok());
            }
            if let Err(error) = Release::parse(&response) {
                show(&error, data);
            }
        }
        Err(error) => show(&error, data),
    }
    drop(V3Request::decode(data));
    let text = String::from_utf8_lossy(data);
    match text.parse::<DownloadUrl>() {
        Ok(url) => {
            assert_eq!(url.to_string().parse::<DownloadUrl>().as_ref(), Ok(&url));
            if let Some(own) = &*OWN {
                drop(url.onion_key(own));
            }
        }
        Err(error) => show(&error, &data.repeat(2)),
    }
}

pub(crate) mod corpus {
    use ramson_codec::onion_v4::{Headers, Request};

    use crate::corpus::Known;

    fn step(form: u8, body: &[u8]) -> Vec<u8> {
        let size = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
        [&[form], size.as_slice(), body, &[1, 0]].concat()
    }

    pub(crate) fn file_server(known: &Known) -> Vec<Vec<u8>> {
        let upload = Request::post("/file", Headers::default(), b"content".to_vec()).encode();
        let get = Request::get("/file/abc").encode();
        let mut inputs = vec![
            [step(3, &upload), step(4, &upload), step(3, &get)].concat(),
            step(2, b"POST\n/file\nX-FS-TTL\n60\nsome bytes"),
            step(2, b"POST\n/files\nContent-Type\napplication/json\n{\"file\":\"AAAA\"}"),
            step(2, b"GET\n/file/abc/info\n\n\n"),
            step(2, b"POST\n/file/abc/extend\nX-FS-TTL\n3600\n"),
        ];
        inputs.extend(known.hex("onion-v4", &["encoded_hex"]).iter().map(|body| step(3, body)));
        inputs.extend(known.hex("onion-v4", &["http_post_body"]).iter().map(|body| step(0, body)));
        inputs
    }

    pub(crate) fn file_answer(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.hex("onion-v4", &["encoded_hex"]);
        inputs.extend(known.text("file-server", &["url"]));
        for (metadata, body) in [
            (r#"{"code":200,"headers":{}}"#, r#"{"id":"abc","expires":1700000000.5}"#),
            (r#"{"code":200,"headers":{}}"#, r#"{"size":3,"uploaded":1.5,"expires":2.5}"#),
            (r#"{"code":200,"headers":{}}"#, r#"{"result":"1.2.3"}"#),
            (r#"{"code":404,"headers":{}}"#, r#"{"status_code":404}"#),
        ] {
            let text = format!("l{}:{metadata}{}:{body}e", metadata.len(), body.len());
            inputs.push(text.into_bytes());
        }
        inputs
    }
}
