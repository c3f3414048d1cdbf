use std::time::Duration;

use ramson_codec::network_file::NetworkFile;
use ramson_system::{
    AccountNetwork, AccountStatus, AccountSummary, Doubted, NetworkStatus, PathStatus, PathsStatus,
    PoolStatus, RequestRate, SwarmMember, SwarmStatus,
};
use ramson_types::{AccountId, Ed25519PublicKey, ServiceNode, Timestamp, X25519PublicKey};

use super::*;
use crate::network::Network;

const NOW: Timestamp = Timestamp(1_764_000_000_000);

fn key(byte: u8) -> Ed25519PublicKey {
    Ed25519PublicKey([byte; 32])
}

fn id(byte: &str) -> AccountId {
    format!("05{}", byte.repeat(32)).parse().unwrap()
}

fn ground(proxy: Option<&str>) -> Ground {
    let text = "name = \"mine\"\nseeds = [\"http://127.0.0.1:22129/json_rpc\"]";
    Ground {
        home: "/home".into(),
        network: Network::File(NetworkFile::parse(text).unwrap()),
        proxy: proxy.map(|url| Proxy::parse(url).unwrap()),
    }
}

fn path(hops: [u8; 3], ready: bool) -> PathStatus {
    PathStatus {
        hops: hops.map(key).to_vec(),
        ready,
        suspected: false,
        replaces_another: false,
        age: Duration::from_secs(150),
        strikes: 0,
    }
}

fn busy() -> NetworkStatus {
    let suspected = PathStatus { suspected: true, strikes: 2, ..path([0x11, 0x66, 0x77], true) };
    let new = PathStatus { replaces_another: true, ..path([0x22, 0x88, 0x99], false) };
    let paths = PathsStatus {
        guards: vec![key(0x11), key(0x22)],
        paths: vec![path([0x11, 0x44, 0x55], true), suspected, new],
        strikes: vec![(key(0x66), 1), (key(0x77), 3)],
    };
    let quiet = AccountStatus {
        clock_offset: 0,
        outbox: 0,
        unstored_configs: 0,
        errands: 0,
        synced: true,
        polling: false,
        poll_member: None,
        polled: None,
    };
    NetworkStatus {
        swarm: SwarmStatus {
            pool: Some(PoolStatus {
                nodes: 9,
                age: Duration::from_secs(12),
                source: "http://127.0.0.1:22129/json_rpc".into(),
            }),
            pool_is_doubted: false,
            last_pool_error: None,
            requests: RequestRate { in_10_s: 12, in_60_s: 45 },
            requests_per_second: Some(200),
            requests_waiting: 3,
            polls_wait: true,
            polls_under_way: 1,
            accounts_polled: 2,
        },
        own_paths: PathsStatus {
            paths: vec![path([0x33, 0x44, 0x55], true)],
            ..Default::default()
        },
        accounts: vec![
            AccountNetwork {
                id: id("ab"),
                paths,
                status: AccountStatus {
                    clock_offset: -1200,
                    outbox: 2,
                    unstored_configs: 1,
                    errands: 3,
                    synced: true,
                    polling: true,
                    poll_member: Some(key(0xaa)),
                    polled: Some(Timestamp(NOW.millis() - 4_000)),
                },
            },
            AccountNetwork { id: id("cd"), paths: PathsStatus::default(), status: quiet },
        ],
        up: Duration::from_secs(3 * 60 * 60),
    }
}

fn swarm() -> Swarm {
    let member = |byte, ip: &str, doubted: Option<u32>| SwarmMember {
        node: ServiceNode {
            ed25519: key(byte),
            x25519: X25519PublicKey([byte; 32]),
            ip: ip.parse().unwrap(),
            https_port: 22021,
            swarm: None,
        },
        doubted: doubted.map(|times| Doubted { times, until: NOW }),
        doubted_for: Duration::from_secs(if doubted.is_some() { 28 } else { 0 }),
    };
    let members = vec![member(0xaa, "172.17.0.2", None), member(0xbb, "10.0.0.3", Some(2))];
    Swarm { id: id("ab"), name: Some("example".into()), members }
}

fn accounts() -> Vec<AccountSummary> {
    vec![AccountSummary { number: 1, id: id("ab"), name: Some("Ann".into()) }]
}

#[test]
fn a_busy_network_is_told_in_lines() {
    let proxy = Some("socks5://me:secret@127.0.0.1:9050");
    let view = View::new(&ground(proxy), &busy(), &accounts(), Some(&swarm()), NOW);
    let expected = "\
network mine
  seed      http://127.0.0.1:22129/json_rpc
  proxy     socks5://127.0.0.1:9050
  nodes     9, from http://127.0.0.1:22129/json_rpc, 12 s old
  requests  1.2 a second in the last 10 s, 0.7 in the last minute; at most 200, 3 wait for their turn
  polls     2 accounts, 1 under way, others wait for their turn
  engine    has run for 3 h

account 05abababababababababababababababababababababababababababababababab (Ann)
  clock     -1200 ms to the network's
  outbox    2 copies to go out
  polled    4 s ago at aaaaaaaa, again just now
  guards    11111111, 22222222
  path      11111111 > 44444444 > 55555555  ready for 2 min
  path      11111111 > 66666666 > 77777777  being verified again, 2 min old, 2 requests failed
  path      22222222 > 88888888 > 99999999  being tried for 2 min, to replace an older one
  strikes   66666666 (1), 77777777 (3)

account 05cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
  clock     0 ms to the network's
  outbox    empty
  polled    not yet
  path      none

the network itself
  path      33333333 > 44444444 > 55555555  ready for 2 min

swarm of 05abababababababababababababababababababababababababababababababab (example)
  aaaaaaaa  172.17.0.2:22021
  bbbbbbbb  10.0.0.3:22021    failed 2 times; asked last for 28 s";
    let shown = view.to_string();
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert_eq!(shown.join("\n"), expected);
}

#[test]
fn a_network_without_nodes_says_why() {
    let mut status = busy();
    status.swarm.pool = None;
    status.swarm.pool_is_doubted = true;
    status.swarm.last_pool_error = Some("http://a: \u{1b}[2Jnobody listens".into());
    status.swarm.requests_per_second = None;
    status.swarm.requests_waiting = 0;
    status.accounts.clear();
    status.own_paths = PathsStatus::default();
    let shown = View::new(&ground(None), &status, &[], None, NOW).to_string();
    for part in [
        "\n  nodes     none known\n            no newer list: http://a: \\u{1b}[2Jnobody listens\n",
        "            in doubt, because no path could be built from them lately\n",
        "; no limit\n",
    ] {
        assert!(shown.contains(part), "'{part}' is not in\n{shown}");
    }
}

#[test]
fn json_has_whole_keys() {
    let view = View::new(&ground(None), &busy(), &accounts(), Some(&swarm()), NOW);
    let record = crate::record::Record::Network(Box::new(view));
    let json: serde_json::Value = serde_json::from_str(&record.to_json()).unwrap();
    assert_eq!(json["event"], "network");
    assert_eq!(json["network"], "mine");
    assert_eq!(json["pool"]["nodes"], 9);
    assert_eq!(json["pool"]["age"], 12_000);
    assert_eq!(json["requests"]["per_second"], 200);
    let account = &json["accounts"][0];
    assert_eq!(account["clock_offset"], -1200);
    assert_eq!(account["paths"][0]["hops"][0], "11".repeat(32));
    assert_eq!(account["paths"][1]["state"], "suspected");
    assert_eq!(account["strikes"][1]["strikes"], 3);
    assert_eq!(json["swarm"]["members"][1]["ed25519"], "bb".repeat(32));
    assert_eq!(json["swarm"]["members"][1]["doubted"], 2);
}
