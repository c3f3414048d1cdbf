//! Networks that are changed while they run: swarms, names, faults.

use std::path::Path;
use std::time::Duration;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::network_file::NetworkFile;
use ramson_codec::ons::{Name, NameRecord};
use ramson_codec::seed_rpc::{get_service_nodes_request, parse_service_nodes};
use ramson_node::Quirks;
use ramson_types::ServiceNode;

use super::client::{plain, tls};
use super::{
    Localnet, LocalnetConfig, LocalnetError, account, instant, read, rpc, run, start, store, swarm,
};

fn with_state(folder: &Path, seed: u8) -> LocalnetConfig {
    LocalnetConfig { state: Some(folder.to_owned()), ..LocalnetConfig::new([seed; 32]) }
}

async fn told_by_the_seed(localnet: &Localnet) -> Vec<ServiceNode> {
    let network = NetworkFile::parse(&localnet.network_file().to_toml()).unwrap();
    let (_, body) = plain(&network.seeds[0], get_service_nodes_request()).await.unwrap();
    parse_service_nodes(&body).unwrap().nodes
}

/// Waits for what comes soon.
async fn soon<F: Future<Output = bool>>(what: &str, come: impl Fn() -> F) {
    let started = instant();
    while !come().await {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} does not come");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn messages_follow_nodes_that_move_and_moves_outlive_a_restart() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(with_state(folder.path(), 20)).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(20);
        let members = swarm(&nodes, &account);
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "moves")).await.0, 200);
        let status = localnet.status();
        let own = status.nodes[members[0]].swarm.unwrap();
        let other = (0..9).find(|node| !members.contains(node)).unwrap();

        localnet.move_node(other, Some(own)).await.unwrap();
        let told = localnet.net.hosts.service_nodes();
        assert_eq!(told[other].swarm, nodes[members[0]].swarm);
        assert_eq!(told_by_the_seed(&localnet).await.len(), 9);
        soon("the message", async || read(&nodes[other], &account).await == ["moves"]).await;
        // And those who leave do not answer for it any more.
        localnet.move_node(members[0], None).await.unwrap();
        assert_eq!(told_by_the_seed(&localnet).await.len(), 8, "it takes no part");
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "lost")).await.0, 503);
        let made = localnet.new_swarm(&[members[0], members[1]]).await.unwrap();
        assert_eq!((made, localnet.status().swarms[made].nodes.len()), (3, 2));

        let error = localnet.move_node(9, None).await.unwrap_err();
        assert_eq!(error, LocalnetError::NoSuchNode { index: 9 });
        let error = localnet.move_node(1, Some(4)).await.unwrap_err();
        assert_eq!(error, LocalnetError::NoSuchSwarm { swarm: 4, count: 4 });
        assert_eq!(localnet.new_swarm(&[]).await, Err(LocalnetError::EmptySwarm));

        let before = localnet.status();
        localnet.stop().await.unwrap();
        let localnet = start(with_state(folder.path(), 20)).await;
        let after = localnet.status();
        assert_eq!(before.swarms, after.swarms);
        let told = localnet.nodes();
        assert_eq!(told[members[0]].swarm, told[members[1]].swarm);
        assert_ne!(told[members[0]].swarm, nodes[members[0]].swarm);
    });
}

#[test]
fn a_node_that_was_away_learns_of_a_move_when_it_comes_back() {
    run(async {
        let mut localnet = start(LocalnetConfig::new([21; 32])).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(21);
        let members = swarm(&nodes, &account);
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "late")).await.0, 200);
        let own = localnet.status().nodes[members[0]].swarm;
        let other = (0..9).find(|node| !members.contains(node)).unwrap();
        for member in &members {
            localnet.stop_node(*member).await.unwrap();
        }
        localnet.move_node(other, own).await.unwrap();
        assert!(read(&nodes[other], &account).await.is_empty());
        localnet.start_node(members[1]).await.unwrap();
        soon("the message", async || read(&nodes[other], &account).await == ["late"]).await;
    });
}

async fn resolve(node: &ServiceNode, name: &Name) -> NameRecord {
    let (status, body) = rpc(node, &name.request()).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    NameRecord::parse(&body).unwrap()
}

#[test]
fn names_are_told_by_all_nodes_and_outlive_a_restart() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let (one, other): (Name, Name) = ("one".parse().unwrap(), "other".parse().unwrap());
        let mut config = with_state(folder.path(), 22);
        config.names.insert(one.clone(), account(1).account_id());
        let localnet = start(config).await;
        localnet.register(other.clone(), Some(account(2).account_id())).await.unwrap();
        let told = resolve(&localnet.nodes()[0], &other).await;
        assert!(matches!(told, NameRecord::Registered { .. }));
        for node in localnet.nodes() {
            assert_eq!(resolve(node, &other).await, told);
        }
        localnet.stop().await.unwrap();
        let localnet = start(with_state(folder.path(), 22)).await;
        let nodes = localnet.nodes().to_vec();
        for name in [&one, &other] {
            assert!(matches!(resolve(&nodes[8], name).await, NameRecord::Registered { .. }));
        }
        localnet.register(one.clone(), None).await.unwrap();
        assert_eq!(resolve(&nodes[3], &one).await, NameRecord::NotRegistered);
        assert_eq!(localnet.status().names.len(), 1);
    });
}

fn faults(text: &str) -> Option<FaultsFile> {
    Some(FaultsFile::parse(text).unwrap())
}

#[test]
fn requests_fail_as_the_faults_file_says() {
    run(async {
        let localnet = start(LocalnetConfig::new([23; 32])).await;
        let node = localnet.nodes()[4];
        let ask = async || {
            let asked = tls(&node, "/storage_rpc/v1", br#"{"method":"info","params":{}}"#.to_vec());
            tokio::time::timeout(Duration::from_millis(1500), asked).await
        };
        let (status, whole) = ask().await.unwrap().unwrap();
        assert_eq!(status, 200);
        let with = async |fault: &str| {
            localnet.set_faults(faults(&format!("[[rule]]\nnodes = 4\nfault = {fault}"))).await;
            ask().await
        };
        for fault in ["'refused'", "'answer lost'", "'reset'"] {
            assert!(with(fault).await.unwrap().is_err(), "{fault}");
        }
        assert!(with("'hang'").await.is_err(), "it answers");
        let started = instant();
        assert_eq!(with("'late'\nms = 700").await.unwrap().unwrap().0, 200);
        assert!(started.elapsed() >= Duration::from_millis(700));
        assert_eq!(with("'status'\nstatus = 502").await.unwrap().unwrap(), (502, Vec::new()));
        let (status, body) = with("'truncated'").await.unwrap().unwrap();
        assert_eq!((status, body.len()), (200, whole.len() / 2));
        let (status, body) = with("'garbage'").await.unwrap().unwrap();
        assert_eq!((status, body.len()), (200, whole.len()));
        assert_ne!(body, whole);
        assert_eq!(with("'not ready'").await.unwrap().unwrap().0, 503);
        // Others are as they were.
        let (status, _) = tls(&localnet.nodes()[5], "/ping_test/v1", Vec::new()).await.unwrap();
        assert_eq!(status, 200);
        let status = localnet.status();
        assert_eq!(status.nodes[4].faults, ["not ready"]);
        assert!(status.nodes[4].errors >= 8 && status.nodes[5].faults.is_empty(), "{status:?}");
        localnet.set_faults(None).await;
        assert_eq!(ask().await.unwrap().unwrap().0, 200);
    });
}

#[test]
fn the_seed_fails_too() {
    run(async {
        let config = LocalnetConfig {
            faults: faults("[[rule]]\nfault = 'refused'\nnodes = 'seed'\nevery = 2"),
            ..LocalnetConfig::new([24; 32])
        };
        let localnet = start(config).await;
        let network = localnet.network_file();
        let ask = async || plain(&network.seeds[0], get_service_nodes_request()).await.is_ok();
        assert_eq!(
            [ask().await, ask().await, ask().await, ask().await],
            [true, false, true, false]
        );
        assert_eq!(localnet.status().faults[0].struck, 2);
    });
}

#[test]
fn nodes_go_and_come_as_the_faults_file_says() {
    run(async {
        let localnet = start(LocalnetConfig::new([25; 32])).await;
        let node = localnet.nodes()[2];
        let up = async || tls(&node, "/ping_test/v1", Vec::new()).await.is_ok();
        localnet.set_faults(faults("[[rule]]\nfault = 'down'\nnodes = 2\nuntil = 1.5")).await;
        assert!(!up().await);
        let status = localnet.status();
        assert!(!status.nodes[2].up && !status.nodes[2].stopped && status.nodes[3].up);
        soon("the node", up).await;
    });
}

#[test]
fn a_partition_keeps_a_swarm_from_itself() {
    run(async {
        let localnet = start(LocalnetConfig::new([26; 32])).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(22);
        let members = swarm(&nodes, &account);
        let [one, two, apart] = members[..] else { panic!("{members:?}") };
        let groups = format!(
            "[[rule]]\nfault = 'partition'\nuntil = 8\ngroups = [[{one}, {two}], [{apart}]]"
        );
        localnet.set_faults(faults(&groups)).await;
        assert_eq!(rpc(&nodes[one], &store(&account, "parted")).await.0, 200);
        assert_eq!(read(&nodes[two], &account).await, ["parted"]);
        assert!(read(&nodes[apart], &account).await.is_empty());
        soon("the message", async || read(&nodes[apart], &account).await == ["parted"]).await;
    });
}

#[test]
fn faithful_nodes_are_old_ones() {
    run(async {
        let config = LocalnetConfig { quirks: Quirks::faithful(), ..LocalnetConfig::new([27; 32]) };
        let localnet = start(config).await;
        let head = "GET /get_stats/v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = super::client::raw(&localnet.nodes()[0], head).await;
        assert!(answer.contains("Server: Oxen Storage Server/2.8.0\r\n"), "{answer}");
    });
}

#[test]
fn a_move_that_a_kill_cut_off_is_finished_by_the_next_start() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(with_state(folder.path(), 28)).await;
        let nodes = localnet.nodes().to_vec();
        let account = account(23);
        let members = swarm(&nodes, &account);
        assert_eq!(rpc(&nodes[members[0]], &store(&account, "kept")).await.0, 200);
        localnet.stop().await.unwrap();
        let localnet = start(with_state(folder.path(), 28)).await;
        let swarm = localnet.status().nodes[members[0]].swarm;
        let [one, other, third]: [usize; 3] = (0..9)
            .filter(|node| !members.contains(node))
            .take(3)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        for node in [one, other] {
            localnet.move_node(node, swarm).await.unwrap();
        }
        for node in &members {
            localnet.move_node(*node, None).await.unwrap();
        }
        // As if it were killed now: what moved is not on disk.
        drop(localnet);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let localnet = start(with_state(folder.path(), 28)).await;
        assert_eq!(localnet.status().swarms[swarm.unwrap()].nodes.len(), 2);
        assert_eq!(read(&nodes[one], &account).await, ["kept"]);
        // After a clean end nothing is left to move.
        localnet.stop().await.unwrap();
        let text = std::fs::read_to_string(folder.path().join("network.json")).unwrap();
        assert!(text.contains("\"unsettled\": []"), "{text}");
        let localnet = start(with_state(folder.path(), 28)).await;
        localnet.move_node(third, swarm).await.unwrap();
        assert_eq!(read(&nodes[third], &account).await, ["kept"]);
    });
}
