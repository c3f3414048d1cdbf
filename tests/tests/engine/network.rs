//! What an engine tells of its network: status, swarms, and whose a name is.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ramson_localnet::LocalnetConfig;
use ramson_messages::transport::IsolationClass;
use ramson_system::{Activity, Engine, EngineConfig, EngineError, Environment, NetworkConfig};
use ramson_transport_actor::{Address, Dial, Dialing, RealDial};
use ramson_types::Ed25519PublicKey;
use ramson_types::swarm::swarm_of;

use crate::support::{PATIENCE, engine, localnet, next_message};

#[actix_rt::test]
async fn names_resolve_with_and_without_an_account() {
    let net = localnet(LocalnetConfig::new([41; 32])).await;
    let home = tempfile::tempdir().unwrap();
    let home = engine(home.path(), &net).await;
    // The event may have been told before anybody could subscribe.
    let pool_ready = async {
        while home.network_status().await.unwrap().swarm.pool.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, pool_ready).await.expect("there is a pool");
    // Over the network's own paths; that nobody has it is agreed on as well.
    let nobody = home.resolve("hloth", None).await;
    assert!(matches!(&nobody, Err(EngineError::NameNotRegistered { name }) if name == "hloth"));
    let me = home.create_account(None).await.unwrap();
    net.register("my_name".parse().unwrap(), Some(me.id)).await.unwrap();
    assert_eq!(home.resolve("My_Name", Some(&me.id)).await.unwrap(), me.id);
    let bad = home.resolve("-no", None).await.expect_err("no name").to_string();
    assert!(bad.starts_with("'-no' is not a name"), "{bad}");
    home.shutdown().await;
}

/// Sockets that one isolation class does not get.
struct WithoutClass(IsolationClass);

impl Dial for WithoutClass {
    fn dial(&self, to: &Address, class: IsolationClass) -> Dialing {
        if class == self.0 {
            return Box::pin(async { Err(io::Error::other("this class has no sockets")) });
        }
        RealDial.dial(to, class)
    }
}

#[actix_rt::test]
async fn a_name_is_asked_over_the_paths_of_who_wants_to_know_and_no_others() {
    let net = localnet(LocalnetConfig::new([43; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    // Two accounts, before any of them is on the network.
    let network = || NetworkConfig::of_file(&net.network_file());
    let mut config = EngineConfig::new(folder.path().to_owned(), network());
    config.activity = Activity::Offline;
    let offline = Engine::start(config).await.unwrap();
    let mut accounts = Vec::new();
    for _ in 0..2 {
        accounts.push(offline.create_account(None).await.unwrap());
    }
    offline.shutdown().await;
    // "First" is who has the lower ID.
    accounts.sort_by_key(|account| account.id);
    let [first, second] = &accounts[..] else { panic!("two accounts: {accounts:?}") };
    net.register("second".parse().unwrap(), Some(second.id)).await.unwrap();

    // Only the second one and the network's own class get anywhere.
    let dial = WithoutClass(IsolationClass(u64::from(first.number) + 1));
    let environment = Environment { dial: Arc::new(dial), ..Environment::real().unwrap() };
    let config = EngineConfig::new(folder.path().to_owned(), network());
    let home = Engine::start_in(config, environment).await.unwrap();
    let ready = async || {
        let status = home.network_status().await.unwrap();
        let paths = |id| status.accounts.iter().find(|a| a.id == id).unwrap().paths.paths.clone();
        let any = |paths: Vec<ramson_system::PathStatus>| paths.iter().any(|path| path.ready);
        (any(paths(first.id)), any(paths(second.id)), any(status.own_paths.paths.clone()))
    };
    let settled = async {
        while !ready().await.1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("the second account gets paths");
    assert_eq!(home.resolve("second", Some(&second.id)).await.unwrap(), second.id);
    assert_eq!(ready().await, (false, true, false), "the second account's own alone");
    assert!(matches!(
        home.resolve("nobody", None).await,
        Err(EngineError::NameNotRegistered { .. })
    ));
    assert_eq!(ready().await, (false, true, true), "then those of the network");
    // What the first account asks goes nowhere, rather than over other paths.
    let lost = home.resolve("lost", Some(&first.id)).await;
    assert!(matches!(lost, Err(EngineError::Name(_))), "{lost:?}");
    let stranger = format!("05{}", "ab".repeat(32)).parse().unwrap();
    let refused = home.resolve("second", Some(&stranger)).await;
    assert!(matches!(refused, Err(EngineError::NoSuchAccount { id }) if id == stranger));
    home.shutdown().await;
}

#[actix_rt::test]
async fn status_shows_pool_paths_clock_and_requests_and_a_swarm_its_members() {
    let net = localnet(LocalnetConfig::new([42; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    let home = engine(folder.path(), &net).await;
    let me = home.create_account(None).await.unwrap();
    let mut events = home.subscribe();
    home.send_text(&me.id, me.id, "a note".to_owned()).await.unwrap();
    let other = home.create_account(None).await.unwrap();
    home.send_text(&me.id, other.id, "a message".to_owned()).await.unwrap();
    next_message(&mut events).await;
    let polled = async {
        loop {
            let status = home.network_status().await.unwrap();
            let account = status.accounts.iter().find(|a| a.id == me.id).cloned().unwrap();
            if account.status.polled.is_some() {
                return (status, account);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (status, account) = tokio::time::timeout(PATIENCE, polled).await.expect("it is polled");
    let pool = status.swarm.pool.expect("there is a pool");
    assert_eq!(pool.nodes, 9);
    assert!(pool.source.contains("127.0.0.1"), "{}", pool.source);
    assert!(pool.age < Duration::from_secs(110));
    assert!(status.swarm.requests.in_60_s > 0);
    assert_eq!(status.swarm.requests_per_second, None);
    assert_eq!(status.swarm.accounts_polled, 2);
    assert_eq!(status.own_paths.paths, [], "nothing was asked about the network itself");
    assert!(account.paths.paths.iter().any(|path| path.ready && path.hops.len() == 3));
    assert!(!account.paths.guards.is_empty());
    assert!(account.status.clock_offset.abs() < 10_000);

    let members = home.swarm_of(other.id).await.unwrap();
    let swarm = swarm_of(other.id.key(), net.nodes().iter().filter_map(|node| node.swarm));
    let expected: BTreeSet<Ed25519PublicKey> =
        net.nodes().iter().filter(|node| node.swarm == swarm).map(|node| node.ed25519).collect();
    let told: BTreeSet<Ed25519PublicKey> = members.iter().map(|m| m.node.ed25519).collect();
    assert_eq!(told, expected);
    assert!(account.status.poll_member.is_some());
    home.shutdown().await;

    // A home that stays off the network says so.
    let network = NetworkConfig::of_file(&net.network_file());
    let mut config = EngineConfig::new(folder.path().to_owned(), network);
    config.activity = Activity::Offline;
    let offline = Engine::start(config).await.unwrap();
    assert!(matches!(offline.resolve("hloth", None).await, Err(EngineError::Offline)));
    let status = offline.network_status().await.unwrap();
    let pool = status.swarm.pool.expect("the kept one");
    assert_eq!((pool.nodes, pool.source.as_str()), (9, "cache"));
    offline.shutdown().await;
}
