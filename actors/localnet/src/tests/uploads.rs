//! The file server, reached as clients reach it: through an onion path.

use ramson_codec::onion_frame::{Protocol, ServerRelay};
use ramson_codec::onion_v4::{Request, Response, TARGET};
use ramson_crypto::EncType;
use ramson_protocol::onion::{self, Destination, Server};
use ramson_types::ServiceNode;

use super::client::tls;
use super::{Localnet, LocalnetConfig, rng, run, start};

async fn ask(localnet: &Localnet, request: &Request) -> Response {
    let file_server = localnet.network_file().file_server.unwrap();
    let relay = ServerRelay {
        host: file_server.url.host.clone(),
        target: TARGET.to_owned(),
        protocol: Protocol::Http,
        port: file_server.url.port,
    };
    let server = Server { relay, x25519: file_server.public_key };
    let path: Vec<ServiceNode> = localnet.nodes().iter().take(3).copied().collect();
    let destination = Destination::Server(&server);
    let onion = onion::build(&path, destination, EncType::XChaCha20, &request.encode(), &mut rng())
        .unwrap();
    let (status, body) = tls(&path[0], "/onion_req/v2", onion.body).await.unwrap();
    Response::decode(&onion.keys.open_server_reply(status, &body).unwrap()).unwrap()
}

#[test]
fn files_go_up_and_come_down_through_three_hops_and_outlive_a_restart() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let config = LocalnetConfig {
            state: Some(folder.path().to_owned()),
            ..LocalnetConfig::new([40; 32])
        };
        let localnet = start(config.clone()).await;
        let headers = [("Content-Type", "application/octet-stream")].into_iter().collect();
        let file = vec![7; 100_000];
        let uploaded = ask(&localnet, &Request::post("/file", headers, file.clone())).await;
        assert_eq!(uploaded.code, 200);
        let answer: serde_json::Value = serde_json::from_slice(&uploaded.body).unwrap();
        let download = Request::get(format!("/file/{}", answer["id"].as_str().unwrap()));
        assert_eq!(ask(&localnet, &download).await.body, file);
        let status = localnet.status().file_server.unwrap();
        assert_eq!((status.files, status.bytes), (1, 100_000));
        let (place, url) = (localnet.network_file().file_server, status.url);
        localnet.stop().await.unwrap();

        let localnet = start(config).await;
        assert_eq!(localnet.network_file().file_server, place);
        assert_eq!(localnet.status().file_server.unwrap().url, url);
        assert_eq!(ask(&localnet, &download).await.body, file);
        assert_eq!(ask(&localnet, &Request::get("/file/nobody")).await.code, 404);
    });
}
