//! A thousand accounts in one process.

use std::collections::BTreeMap;

use ramson_localnet::LocalnetConfig;
use ramson_system::{AccountEvent, Engine, EngineConfig, Event, Isolation, NetworkConfig};

use crate::memory::resident_kib;
use crate::support::{localnet, wait_for};

/// How many accounts; `RAMSON_LOAD_ACCOUNTS` changes it.
fn accounts() -> usize {
    std::env::var("RAMSON_LOAD_ACCOUNTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000)
}

/// Messages that each account sends.
const EACH: usize = 10;

#[tokio::test]
async fn a_thousand_accounts_write_to_each_other_and_nothing_is_lost_or_doubled() {
    let net = localnet(LocalnetConfig::new([5; 32])).await;
    let home = tempfile::tempdir().unwrap();
    let network = NetworkConfig::of_file(&net.network_file());
    let config = EngineConfig {
        shards: 2,
        isolation: Isolation::Shared,
        ..EngineConfig::new(home.path().to_owned(), network)
    };
    let engine = Engine::start(config).await.unwrap();
    let before = resident_kib(std::process::id());
    let mut ids = Vec::new();
    for _ in 0..accounts() {
        ids.push(engine.create_account(None).await.unwrap().id);
    }
    let idle = resident_kib(std::process::id()).saturating_sub(before);
    println!("{} accounts take {idle} KiB, {} KiB each", ids.len(), idle as f64 / ids.len() as f64);

    let mut events = engine.subscribe();
    let total = ids.len() * EACH;
    let collect = async {
        let mut got: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = 0;
        while count < total {
            let text = wait_for(&mut events, |event| match event {
                Event::Account { event: AccountEvent::MessageReceived(m), .. } => m.text.clone(),
                _ => None,
            })
            .await;
            *got.entry(text).or_default() += 1;
            count += 1;
        }
        got
    };
    let send = async {
        for round in 0..EACH {
            for (n, from) in ids.iter().enumerate() {
                // A different recipient each round.
                let to = ids[(n + 1 + round * 37) % ids.len()];
                engine.send_text(from, to, format!("{n} in round {round}")).await.unwrap();
            }
        }
    };
    let (got, ()) = tokio::join!(collect, send);
    assert_eq!(got.len(), total, "every text arrived");
    assert!(got.values().all(|times| *times == 1), "and each once");
    println!("{total} messages among {} accounts arrived once", ids.len());
    engine.shutdown().await;
}
