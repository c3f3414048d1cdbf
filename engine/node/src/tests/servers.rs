//! A request to the file server at the end of an onion path.

use ramson_codec::file_server::{Call, Uploaded};
use ramson_codec::onion_frame::{Protocol, ServerRelay, server_control};
use ramson_codec::onion_v4::{Response, TARGET};

use super::*;

/// Sends a call through nodes 1 and 2 to the server.
fn through(world: &mut World, server: &mut FileServer, call: &Call) -> Response {
    let enc_type = EncType::XChaCha20;
    let ephemeral = X25519Secret::generate(&mut world.rng);
    let key = LayerKey::for_client(enc_type, &ephemeral, &server.public_key()).unwrap();
    let mut blob = key.seal(&call.to_request().encode(), &mut world.rng);
    let (host, target) = ("127.0.0.1".to_owned(), TARGET.to_owned());
    let relay = ServerRelay { host, target, protocol: Protocol::Http, port: 8000 };
    let mut control = server_control(&relay, &ephemeral.public(), Some(enc_type));
    for n in [2, 1] {
        let ephemeral = X25519Secret::generate(&mut world.rng);
        let key = LayerKey::for_client(enc_type, &ephemeral, &contact(n, 0).x25519).unwrap();
        let frame = ramson_codec::onion_frame::encode(&blob, &control).unwrap();
        blob = key.seal(&frame, &mut world.rng);
        control = match n {
            1 => guard_control(&ephemeral.public(), Some(enc_type), None),
            n => node_control(&super::key(n), &ephemeral.public(), Some(enc_type)),
        };
    }
    let body = ramson_codec::onion_frame::encode(&blob, &control).unwrap();
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: "/onion_req/v2".to_owned(),
        headers: Vec::new(),
        body,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let step = world.nodes.serve(&super::key(1), &request, NOW, &mut world.rng);
    let Some(NodesStep::AskServer { request, path, .. }) = step else { panic!("{step:?}") };
    assert_eq!(request.url, format!("http://127.0.0.1:8000{TARGET}"));
    let posted = HttpRequest {
        method: "POST".to_owned(),
        path: TARGET.to_owned(),
        headers: Vec::new(),
        body: request.body,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let reply = Reply::Answer(server.serve(&posted, NOW, &mut world.rng));
    match world.nodes.resume(path, reply, NOW, &mut world.rng) {
        NodesStep::Done(answer) => {
            assert_eq!(answer.status, 200);
            Response::decode(&key.open(&answer.body).unwrap()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_goes_through_the_onion_and_comes_back() {
    let mut world = World::new();
    let key = FileServerKey::from_ed25519(&Ed25519Secret::from_seed(&[50; 32]));
    let mut server = FileServer::new(key, FileServerConfig::default());
    let content: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let upload = Call::Upload { content: content.clone(), ttl: Some(3600) };
    let id = Uploaded::parse(&through(&mut world, &mut server, &upload)).unwrap().id;
    let answer = through(&mut world, &mut server, &Call::Download { id });
    assert_eq!((answer.code, answer.body), (200, content));
}
