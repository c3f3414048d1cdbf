//! Nodes that die and come back, and networks that do.

use std::path::Path;
use std::time::Duration;

use ramson_codec::storage::{StoreAnswer, StoreOutcome};

use super::client::tls;
use super::{
    Localnet, LocalnetConfig, LocalnetError, account, clock, instant, mode, read, rng, rpc, run,
    start, store, swarm,
};

fn with_state(folder: &Path, seed: u8) -> LocalnetConfig {
    LocalnetConfig { state: Some(folder.to_owned()), ..LocalnetConfig::new([seed; 32]) }
}

#[test]
fn a_stopped_node_is_dead_for_clients_and_peers_and_catches_up() {
    run(async {
        let mut localnet = start(LocalnetConfig::new([10; 32])).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(9);
        let members = swarm(&nodes, &account);
        let (asked, dead) = (&nodes[members[0]], members[2]);
        localnet.stop_node(dead).await.unwrap();
        let refused = tls(&nodes[dead], "/ping_test/v1", Vec::new()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

        let started = instant();
        let (status, body) = rpc(asked, &store(&account, "while it was away")).await;
        let took = started.elapsed();
        assert!((4900..8000).contains(&took.as_millis()), "peers wait 5 s, not {took:?}");
        assert_eq!(status, 200);
        let answer = StoreAnswer::parse(&body).unwrap();
        assert_eq!(answer.confirmed(answer.hash.unwrap()).len(), 2);
        assert!(
            matches!(
                answer.swarm[&nodes[dead].ed25519],
                StoreOutcome::Failed { timed_out: true, .. }
            ),
            "{answer:?}"
        );

        localnet.start_node(dead).await.unwrap();
        assert_eq!(read(&nodes[dead], &account).await, Vec::<String>::new());
        let started = instant();
        while read(&nodes[dead], &account).await.is_empty() {
            assert!(started.elapsed() < Duration::from_secs(15), "it never hears of it");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(read(&nodes[dead], &account).await, ["while it was away"]);
        assert_eq!(localnet.stop_node(9).await, Err(LocalnetError::NoSuchNode { index: 9 }));
    });
}

#[test]
fn a_node_that_comes_back_in_time_still_answers() {
    run(async {
        let mut localnet = start(LocalnetConfig::new([11; 32])).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(10);
        let members = swarm(&nodes, &account);
        localnet.stop_node(members[1]).await.unwrap();
        let request = store(&account, "hello");
        let storing = rpc(&nodes[members[0]], &request);
        let back = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            localnet.start_node(members[1]).await.unwrap();
        };
        let ((status, body), ()) = tokio::join!(storing, back);
        assert_eq!(status, 200);
        let answer = StoreAnswer::parse(&body).unwrap();
        assert_eq!(answer.confirmed(answer.hash.unwrap()).len(), 3);
    });
}

#[test]
fn a_network_goes_on_after_a_restart() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("state");
        let localnet = start(with_state(&folder, 12)).await;
        let (nodes, seed_url) = (localnet.nodes().to_vec(), localnet.seed_url());
        let account = account(11);
        let members = swarm(&nodes, &account);
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "kept")).await.0, 200);
        localnet.stop().await.unwrap();

        assert_eq!(mode(&folder), 0o700);
        let mut files: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let node_files = members.iter().map(|index| format!("node-{index}.bin"));
        let others = ["certificate.pem", "key.pem", "lock", "network.json"].map(str::to_owned);
        let mut expected: Vec<String> = node_files.chain(others).collect();
        expected.sort();
        assert_eq!(files, expected);
        for file in files {
            assert_eq!(mode(&folder.join(&file)), 0o600, "{file}");
        }

        // Another seed for the keys makes no difference: the folder has one.
        let started = instant();
        let localnet = start(with_state(&folder, 99)).await;
        eprintln!("nine nodes took {:?} with a certificate at hand", started.elapsed());
        assert_eq!(localnet.nodes(), nodes);
        assert_eq!(localnet.seed_url(), seed_url);
        for index in &members {
            assert_eq!(read(&nodes[*index], &account).await, ["kept"]);
        }
    });
}

#[test]
fn messages_are_saved_while_the_network_runs() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(with_state(folder.path(), 13)).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(12);
        let members = swarm(&nodes, &account);
        rpc(&nodes[members[0]], &store(&account, "soon on disk")).await;
        let started = instant();
        let saved = |index: &usize| folder.path().join(format!("node-{index}.bin")).exists();
        while !members.iter().all(saved) {
            assert!(started.elapsed() < Duration::from_secs(15), "nothing was saved");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Dropped, as if the process had ended without a word.
        drop(localnet);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let localnet = start(with_state(folder.path(), 13)).await;
        let nodes = localnet.nodes().to_vec();
        assert_eq!(read(&nodes[members[1]], &account).await, ["soon on disk"]);
    });
}

#[test]
fn what_a_move_puts_on_its_way_is_saved_though_nobody_asks_for_anything() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(with_state(folder.path(), 15)).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(13);
        let members = swarm(&nodes, &account);
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "moves")).await.0, 200);
        localnet.stop().await.unwrap();
        let mut localnet = start(with_state(folder.path(), 15)).await;
        let file =
            || std::fs::read(folder.path().join(format!("node-{}.bin", members[0]))).unwrap();
        let before = file();
        let other = (0..9).find(|node| !members.contains(node)).unwrap();
        localnet.stop_node(other).await.unwrap();
        let own = localnet.status().nodes[members[0]].swarm;
        localnet.move_node(other, own).await.unwrap();
        let started = instant();
        while file() == before {
            assert!(started.elapsed() < Duration::from_secs(15), "it is not saved");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!localnet.net.hosts.all_know());
        // What is concluded is another thing to save.
        let pushing = file();
        localnet.start_node(other).await.unwrap();
        while file() == pushing || !localnet.net.hosts.all_know() {
            assert!(started.elapsed() < Duration::from_secs(30), "the end is not saved");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(read(&nodes[other], &account).await, ["moves"]);
    });
}

#[test]
fn nobody_comes_back_at_the_end_of_a_network() {
    run(async {
        let localnet = start(LocalnetConfig::new([16; 32])).await;
        let nodes = localnet.nodes().to_vec();
        localnet.net.end_nodes().await;
        localnet.net.start_node(0).await.unwrap();
        let refused = tls(&nodes[0], "/ping_test/v1", Vec::new()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_state_folder_is_for_one_network_of_one_shape() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let localnet = start(with_state(folder, 14)).await;
        let refused = async |config| Localnet::start(config, rng(), clock()).await.err().unwrap();
        assert_eq!(
            refused(with_state(folder, 14)).await,
            LocalnetError::Locked { path: folder.to_owned() }
        );
        localnet.stop().await.unwrap();
        assert_eq!(
            refused(LocalnetConfig { nodes: 6, ..with_state(folder, 14) }).await,
            LocalnetError::OtherNetwork { path: folder.to_owned(), nodes: 9, swarm_size: 3 }
        );
        std::fs::write(folder.join("node-0.bin"), b"rubbish").unwrap();
        let error = refused(with_state(folder, 14)).await;
        assert!(matches!(error, LocalnetError::Damaged { .. }), "{error}");
        std::fs::remove_file(folder.join("node-0.bin")).unwrap();
        std::fs::write(folder.join("network.json"), b"{").unwrap();
        let error = refused(with_state(folder, 14)).await;
        assert!(matches!(error, LocalnetError::Damaged { .. }), "{error}");
    });
}
