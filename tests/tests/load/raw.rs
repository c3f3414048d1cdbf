//! A local network beside the test, and messages put straight into it.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use actix::Actor as _;
use ramson_codec::storage::Request;
use ramson_localnet::LocalnetConfig;
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};
use ramson_types::{AccountId, Namespace, ServiceNode, swarm};

use crate::program::Place;
use crate::support::{PATIENCE, localnet, now};

/// The nodes of a network that runs until the test ends.
pub(crate) struct Network {
    nodes: Vec<ServiceNode>,
}

impl Network {
    /// Starts one on a thread of its own, and writes `net.toml`.
    pub(crate) fn start(seed: u8, place: &Place) -> Self {
        let file = place.path("net.toml");
        let (tell, started) = sync_channel(1);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let net = localnet(LocalnetConfig::new([seed; 32])).await;
                net.write_network_file(&file).unwrap();
                tell.send(net.nodes().to_vec()).unwrap();
                std::future::pending::<()>().await;
            });
        });
        Self { nodes: started.recv().unwrap() }
    }

    /// Stores messages at one member of an account's swarm, twenty a request.
    pub(crate) fn store(&self, to: AccountId, messages: Vec<Vec<u8>>) {
        let swarms = self.nodes.iter().filter_map(|node| node.swarm);
        let swarm = swarm::swarm_of(to.key(), swarms);
        let node = *self.nodes.iter().find(|node| node.swarm == swarm).unwrap();
        actix::System::new().block_on(async move {
            let transport = Transport::new(Arc::new(RealDial), TransportConfig::default()).start();
            for batch in messages.chunks(20) {
                let (time, ttl) = (now(), 14 * 86_400_000);
                let store = |data: &Vec<u8>| {
                    Request::store_unsigned(to, Namespace::INBOX, time, ttl, data.clone())
                };
                let post = Post {
                    class: IsolationClass::NETWORK,
                    to: Endpoint::Node { ip: node.ip, port: node.https_port },
                    path: "/storage_rpc/v1".into(),
                    content_type: None,
                    body: Request::Batch(batch.iter().map(store).collect()).to_bytes(),
                    timeout: PATIENCE,
                };
                let answer = transport.send(post).await.unwrap().unwrap();
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                // Below the 300 requests a second that a node takes from one
                // address.
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
        });
    }
}
