//! What an engine dials, with a proxy and without.

mod commands;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use ramson_codec::network_file::NetworkFile;
use ramson_messages::events::EngineEvent;
use ramson_messages::transport::IsolationClass;
use ramson_storage_actor::Store;
use ramson_transport_actor::{Address, Dialing};

use super::*;

/// Notes where a connection should lead, and opens none.
#[derive(Default)]
struct Notes(Mutex<BTreeSet<String>>);

impl Dial for Notes {
    fn dial(&self, to: &Address, _: IsolationClass) -> Dialing {
        self.0.lock().unwrap().insert(to.to_string());
        Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into())))
    }
}

/// Where an engine connects to on a network with this seed, until it knows
/// that the seed does not answer.
async fn dialled(seed: &str, proxy: Option<&str>) -> (BTreeSet<String>, String) {
    let dial = Arc::new(Notes::default());
    let environment = Environment::real().unwrap();
    let store = Store::in_memory(environment.entropy.generator("store")).unwrap();
    let stage = Stage::Current { store: Box::new(store) };
    let environment = Environment { dial: dial.clone(), stage, ..environment };
    let file = NetworkFile {
        allow_http: true,
        ..NetworkFile::with_seeds("test", vec![seed.parse().unwrap()])
    };
    let config = EngineConfig::new(PathBuf::new(), NetworkConfig::of_file(&file));
    let proxy = proxy.map(|text| text.parse().unwrap());
    let engine = Engine::start_in(EngineConfig { proxy, ..config }, environment).await.unwrap();
    let mut events = engine.subscribe();
    let reason = loop {
        if let Event::Engine(EngineEvent::SeedFailed { reason, .. }) = events.recv().await.unwrap()
        {
            break reason;
        }
    };
    engine.shutdown().await;
    let seen = dial.0.lock().unwrap().clone();
    (seen, reason)
}

#[actix_rt::test]
async fn with_a_proxy_nothing_goes_around_it_but_to_a_network_of_this_machine() {
    let proxy = Some("socks5://127.0.0.1:9050");
    let (seen, _) = dialled("http://203.0.113.1/json_rpc", None).await;
    assert_eq!(seen, BTreeSet::from(["203.0.113.1:80".to_owned()]));
    for seed in ["http://203.0.113.1/json_rpc", "https://seed.example/json_rpc"] {
        let (seen, reason) = dialled(seed, proxy).await;
        assert_eq!(seen, BTreeSet::from(["127.0.0.1:9050".to_owned()]));
        assert!(reason.contains("the proxy 127.0.0.1:9050 could not be reached"), "{reason}");
    }
    let (seen, _) = dialled("http://127.0.0.1:22020/json_rpc", proxy).await;
    assert_eq!(seen, BTreeSet::from(["127.0.0.1:22020".to_owned()]));
}
