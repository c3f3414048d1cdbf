//! Resident memory for each idle connection, in a fresh process.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use bytes::Bytes;
use futures_util::future::join_all;
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};

use super::BareClient;
use crate::measure::resident_kib;

/// Connections that are opened.
const CONNECTIONS: usize = 200;

/// Opens connections and prints how many bytes each takes when it is idle.
pub(super) fn run(client: &str, port: u16) -> anyhow::Result<()> {
    let bytes = actix_rt::System::new().block_on(async {
        match client {
            "transport" => transport(port).await,
            _ => bare(port).await,
        }
    })?;
    println!("{bytes}");
    Ok(())
}

async fn transport(port: u16) -> anyhow::Result<u64> {
    let limits = TransportConfig {
        max_per_endpoint: CONNECTIONS + 1,
        max_connections: CONNECTIONS + 1,
        ..TransportConfig::default()
    };
    let transport = Transport::new(Arc::new(RealDial), limits).start();
    let post = |path: &str| {
        transport.send(Post {
            class: IsolationClass(1),
            to: Endpoint::Node { ip: [127, 0, 0, 1].into(), port },
            path: path.to_owned(),
            content_type: None,
            body: vec![b'b'; 2048],
            timeout: Duration::from_secs(30),
        })
    };
    // What a first request allocates for good does not count.
    post("/echo").await??;
    let before = resident_kib();
    // As many requests at once need as many connections.
    for answer in join_all((0..CONNECTIONS).map(|_| post("/slow"))).await {
        answer??;
    }
    Ok(grown(before).await)
}

async fn bare(port: u16) -> anyhow::Result<u64> {
    let config = BareClient::config()?;
    let mut first = BareClient::connect(port, config.clone()).await?;
    let body = Bytes::from_static(&[b'b'; 2048]);
    first.post("/echo", body.clone()).await?;
    let before = resident_kib();
    let opened = Rc::new(std::cell::RefCell::new(Vec::new()));
    let slow = (0..CONNECTIONS).map(|_| {
        let (config, opened, body) = (config.clone(), opened.clone(), body.clone());
        async move {
            let mut client = BareClient::connect(port, config).await?;
            client.post("/slow", body).await?;
            opened.borrow_mut().push(client);
            anyhow::Ok(())
        }
    });
    for done in join_all(slow).await {
        done?;
    }
    Ok(grown(before).await)
}

async fn grown(before: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(200)).await;
    resident_kib().saturating_sub(before) * 1024 / CONNECTIONS as u64
}
