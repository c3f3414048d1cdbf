//! A whole network on loopback, asked as any client asks it.

mod change;
mod client;
mod control;
mod life;
mod uploads;

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use ramson_codec::network_file::NetworkFile;
use ramson_codec::seed_rpc::{get_service_nodes_request, parse_service_nodes};
use ramson_codec::storage::Request;
use ramson_codec::storage::{RetrieveAnswer, StoreAnswer, SwarmAnswer};
use ramson_crypto::{AccountKeys, EncType, Seed};
use ramson_protocol::onion::{self, Destination};
use ramson_types::swarm::swarm_of;
use ramson_types::{Namespace, ServiceNode, SwarmId, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

use self::client::{plain, tls};
use crate::{Localnet, LocalnetConfig, LocalnetError, Now};

#[expect(clippy::disallowed_methods, reason = "a test of real time")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp(since.as_millis().try_into().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a test of real time")]
fn instant() -> Instant {
    Instant::now()
}

fn clock() -> Now {
    Arc::new(now)
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

async fn start(config: LocalnetConfig) -> Localnet {
    Localnet::start(config, rng(), clock()).await.unwrap()
}

fn account(number: u8) -> AccountKeys {
    AccountKeys::new(&Seed::from_entropy16([number; 16]))
}

/// Numbers of the nodes in the account's swarm.
fn swarm(nodes: &[ServiceNode], account: &AccountKeys) -> Vec<usize> {
    let swarms = nodes.iter().filter_map(|node| node.swarm);
    let swarm = swarm_of(account.account_id().key(), swarms);
    (0..nodes.len()).filter(|index| nodes[*index].swarm == swarm).collect()
}

async fn rpc(node: &ServiceNode, request: &Request) -> (u16, Vec<u8>) {
    tls(node, "/storage_rpc/v1", request.to_bytes()).await.unwrap()
}

fn store(account: &AccountKeys, text: &str) -> Request {
    let day = 24 * 60 * 60 * 1000;
    Request::store_unsigned(account.account_id(), Namespace::INBOX, now(), day, text.into())
}

async fn read(node: &ServiceNode, account: &AccountKeys) -> Vec<String> {
    let request = Request::retrieve_signed(account, Namespace::INBOX, None, None, now());
    let (status, body) = rpc(node, &request).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let messages = RetrieveAnswer::parse(&body).unwrap().messages;
    messages.into_iter().map(|message| String::from_utf8(message.data.unwrap()).unwrap()).collect()
}

#[test]
fn the_seed_names_all_nodes() {
    run(async {
        let started = instant();
        let localnet = start(LocalnetConfig::new([1; 32])).await;
        eprintln!("nine nodes and a certificate took {:?}", started.elapsed());
        let network = NetworkFile::parse(&localnet.network_file().to_toml()).unwrap();
        assert_eq!(network.name, "local");
        assert_eq!(network.seeds[0].to_string(), localnet.seed_url());
        let (status, body) = plain(&network.seeds[0], get_service_nodes_request()).await.unwrap();
        assert_eq!(status, 200);
        let told = parse_service_nodes(&body).unwrap();
        assert_eq!((told.nodes.len(), told.rejected), (9, 0));
        for (told, node) in told.nodes.iter().zip(localnet.nodes()) {
            assert_eq!(*told, ServiceNode { swarm: None, ..*node });
        }
        let (status, body) = plain(&network.seeds[0], b"{}".to_vec()).await.unwrap();
        assert_eq!(status, 200);
        assert!(String::from_utf8(body).unwrap().contains("the request names no method"));
        localnet.stop().await.unwrap();
        assert!(plain(&network.seeds[0], get_service_nodes_request()).await.is_err());
    });
}

#[test]
fn a_stored_message_is_on_every_node_of_its_swarm_and_on_no_other() {
    run(async {
        let localnet = start(LocalnetConfig::new([2; 32])).await;
        let nodes = localnet.nodes();
        let account = account(7);
        let members = swarm(nodes, &account);
        assert_eq!(members.len(), 3);
        let (status, body) = rpc(&nodes[members[1]], &store(&account, "hello")).await;
        assert_eq!(status, 200);
        let answer = StoreAnswer::parse(&body).unwrap();
        assert_eq!(answer.confirmed(answer.hash.unwrap()).len(), 3);
        for (index, node) in nodes.iter().enumerate() {
            if members.contains(&index) {
                assert_eq!(read(node, &account).await, ["hello"]);
            } else {
                let (status, body) = rpc(node, &store(&account, "lost")).await;
                assert_eq!(status, 421);
                let right = SwarmAnswer::parse(&body).unwrap();
                assert_eq!(right.swarm, nodes[members[0]].swarm);
                assert_eq!(right.nodes.len(), 3);
            }
        }
    });
}

#[test]
fn an_onion_request_goes_through_three_hops_and_the_guard_reads_nothing() {
    run(async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let tap = {
            let seen = seen.clone();
            move |node: usize, request: &[u8], answer: &[u8]| {
                seen.lock().unwrap().push((node, [request, answer].concat()));
            }
        };
        let config = LocalnetConfig { tap: Some(Arc::new(tap)), ..LocalnetConfig::new([3; 32]) };
        let localnet = start(config).await;
        let nodes = localnet.nodes();
        let account = account(8);
        let members = swarm(nodes, &account);
        let hops: Vec<usize> = (0..9).filter(|index| !members.contains(index)).take(3).collect();
        let path: Vec<ServiceNode> = hops.iter().map(|index| nodes[*index]).collect();
        let mut rng = rng();
        for enc_type in [EncType::AesGcm, EncType::XChaCha20] {
            let text = format!("a secret sealed with {enc_type}");
            let request = store(&account, &text);
            let destination = Destination::Node(&nodes[members[0]]);
            let onion =
                onion::build(&path, destination, enc_type, &request.to_bytes(), &mut rng).unwrap();
            let (status, body) = tls(&path[0], "/onion_req/v2", onion.body).await.unwrap();
            let reply = onion.keys.open_reply(status, &body).unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
            let answer = StoreAnswer::parse(reply.body.as_bytes()).unwrap();
            assert_eq!(answer.confirmed(answer.hash.unwrap()).len(), 3);
        }
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(seen.iter().map(|(node, _)| *node).collect::<Vec<_>>(), [hops[0], hops[0]]);
        let id = account.account_id();
        for (_, bytes) in &seen {
            for secret in [id.to_string().as_bytes(), id.key(), b"secret".as_slice()] {
                assert!(!bytes.windows(secret.len()).any(|window| window == secret));
            }
        }
        assert_eq!(read(&nodes[members[2]], &account).await.len(), 2);
    });
}

#[test]
fn http_is_as_real_nodes_speak_it() {
    run(async {
        let localnet = start(LocalnetConfig::new([4; 32])).await;
        let node = &localnet.nodes()[0];
        let raw = |head: &'static str| client::raw(node, head);
        let answer =
            raw("GET /get_stats/v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\nServer: Oxen Storage Server/2.11.3\r\n"));
        assert!(answer.ends_with("\r\n\r\n{\"version\":\"2.11.3\"}"), "{answer}");
        let too_large =
            "POST /storage_rpc/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n";
        let answer = raw(too_large).await;
        assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nRequest body too large"), "{answer}");
        let old = raw("GET /get_stats/v1 HTTP/1.0\r\n\r\n").await;
        assert!(old.contains(" 505 "), "{old}");
        let head = "x".repeat(600_000).leak();
        assert!(raw(head).await.contains(" 4"), "an endless head is refused");
        // And a body without end, in chunks.
        let chunked = tls(node, "/storage_rpc/v1", vec![b'x'; 11 * 1024 * 1024]).await;
        assert_eq!(chunked.unwrap().0, 413);
    });
}

#[test]
fn impossible_networks_are_refused() {
    run(async {
        let base = LocalnetConfig::new([5; 32]);
        let refused = async |config: LocalnetConfig| {
            Localnet::start(config, rng(), clock()).await.err().unwrap()
        };
        assert_eq!(
            refused(LocalnetConfig { nodes: 3, ..base.clone() }).await,
            LocalnetError::TooFewNodes { nodes: 3 }
        );
        let bind = "0.0.0.0".parse().unwrap();
        assert_eq!(
            refused(LocalnetConfig { bind, ..base.clone() }).await,
            LocalnetError::NoAddress { bind }
        );
        assert_eq!(
            refused(LocalnetConfig { base_port: 65530, ..base.clone() }).await,
            LocalnetError::NoPorts { base_port: 65530, nodes: 9 }
        );
        let bind = "203.0.113.1".parse().unwrap();
        let error = refused(LocalnetConfig { bind, ..base }).await;
        assert!(error.to_string().starts_with("203.0.113.1:0 cannot be listened on: "), "{error}");
    });
}

#[test]
fn ports_follow_the_base() {
    run(async {
        // Others use ports of this machine too: one of many bases is free.
        let mut started = None;
        for base_port in (20_000..30_000).step_by(100) {
            let config = LocalnetConfig { base_port, ..LocalnetConfig::new([6; 32]) };
            if let Ok(localnet) = Localnet::start(config, rng(), clock()).await {
                started = Some((base_port, localnet));
                break;
            }
        }
        let (base_port, localnet) = started.expect("ten free ports in a row");
        assert_eq!(localnet.seed_url(), format!("http://127.0.0.1:{base_port}/json_rpc"));
        let ports: Vec<u16> = localnet.nodes().iter().map(|node| node.https_port).collect();
        assert_eq!(ports, (base_port + 1..=base_port + 9).collect::<Vec<_>>());
    });
}

#[test]
fn the_network_file_is_written_for_others() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.toml");
        let localnet = start(LocalnetConfig::new([7; 32])).await;
        localnet.write_network_file(&path).unwrap();
        let network = NetworkFile::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(network, localnet.network_file());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("no such folder/net.toml");
        let error = localnet.write_network_file(&nowhere).unwrap_err();
        assert!(matches!(error, LocalnetError::File { .. }), "{error}");
    });
}

#[test]
fn swarms_are_those_of_the_chain() {
    run(async {
        let localnet = start(LocalnetConfig { nodes: 10, ..LocalnetConfig::new([8; 32]) }).await;
        let mut swarms: Vec<SwarmId> =
            localnet.nodes().iter().filter_map(|node| node.swarm).collect();
        assert_eq!(swarms.len(), 10);
        swarms.sort_unstable();
        swarms.dedup();
        // The first three of `new_swarm_id_sequence` in the vectors.
        let expected = [0, 0x7fff_ffff_ffff_ffff, 0xbfff_ffff_ffff_ffff];
        assert_eq!(swarms, expected.map(SwarmId));
    });
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
