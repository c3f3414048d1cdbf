//! G11: the Transport actor and the local network's server against hyper and
//! rustls with nothing around them.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use anyhow::ensure;
use bytes::Bytes;
use futures_util::future::join_all;
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};

use crate::child::{BareClient, Child};
use crate::measure::{Rounds, Spread, ns, thread_cpu};
use crate::table::{Goal, Row};

/// Requests at the same time, each on a connection of its own.
const IN_FLIGHT: usize = 8;

/// Requests of each connection in a round.
const EACH: usize = 50;

/// Bytes of a request.
const BODY: &[u8] = &[b'b'; 2048];

/// Processes measured for memory, each way.
const PROCESSES: usize = 3;

/// All rows of G11.
pub(super) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(async {
        let mut rows = client(rounds).await?;
        rows.push(server(rounds).await?);
        rows.push(memory()?);
        Ok(rows)
    })
}

/// All connections of a bare client do their requests.
async fn bare(clients: &mut [BareClient], path: &str, expected: usize) -> anyhow::Result<()> {
    let work = clients.iter_mut().map(|client| async move {
        for _ in 0..EACH {
            let length = client.post(path, Bytes::from_static(BODY)).await?;
            ensure!(expected == 0 || length == expected, "an answer of {length} bytes");
        }
        Ok(())
    });
    join_all(work).await.into_iter().collect()
}

async fn connect(port: u16) -> anyhow::Result<Vec<BareClient>> {
    let config = BareClient::config()?;
    let mut clients = Vec::new();
    for _ in 0..IN_FLIGHT {
        clients.push(BareClient::connect(port, config.clone()).await?);
    }
    Ok(clients)
}

async fn client(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let (mut child, ready) = Child::start(&["server"])?;
    let port = u16::try_from(ready.as_u64().unwrap_or(0))?;
    let mut clients = connect(port).await?;
    let transport = Transport::new(Arc::new(RealDial), TransportConfig::default()).start();
    let ours = || {
        let transport = transport.clone();
        async move {
            let work = (0..IN_FLIGHT).map(|_| async {
                for _ in 0..EACH {
                    let post = Post {
                        class: IsolationClass(1),
                        to: Endpoint::Node { ip: [127, 0, 0, 1].into(), port },
                        path: "/echo".to_owned(),
                        content_type: None,
                        body: BODY.to_vec(),
                        timeout: Duration::from_secs(10),
                    };
                    let answer = transport.send(post).await??;
                    ensure!(answer.body.len() == 2048, "{} bytes", answer.body.len());
                }
                Ok(())
            });
            join_all(work).await.into_iter().collect::<anyhow::Result<()>>()
        }
    };
    ours().await?;
    bare(&mut clients, "/echo", 2048).await?;
    let requests = (IN_FLIGHT * EACH) as f64;
    let (mut all, mut handshakes) = (Rounds::default(), 0);
    for round in 0..rounds {
        let mut used = [0.0; 2];
        // Who goes first changes.
        for turn in 0..2 {
            let mine = (turn + round) % 2 == 0;
            let (known, before) = (child.ask("handshakes")?, thread_cpu());
            match mine {
                true => ours().await?,
                false => bare(&mut clients, "/echo", 2048).await?,
            }
            used[usize::from(!mine)] = ns(thread_cpu() - before) / requests;
            if mine {
                handshakes += child.ask("handshakes")? - known;
            }
        }
        all.push(used[0], used[1]);
    }
    let per_1000 = handshakes as f64 * 1000.0 / (requests * rounds as f64);
    let what = "Transport, a request / bare hyper and rustls, client";
    Ok(vec![
        Row::of("G11", what, &all, rounds, Goal::AtMost(1.5)),
        Row::number("G11", "TLS handshakes in 1000 requests", per_1000, Goal::AtMost(2.0))
            .figures(format!("{handshakes} in all"), String::new()),
    ])
}

/// A request that the node's rules refuse at once, so that serving is what
/// costs.
async fn server(rounds: usize) -> anyhow::Result<Row> {
    let (mut bare_child, ready) = Child::start(&["server"])?;
    let mut bare_clients = connect(u16::try_from(ready.as_u64().unwrap_or(0))?).await?;
    let mut net = super::network::Net::start(3)?;
    let mut net_clients = connect(net.ports.first().copied().unwrap_or(0)).await?;
    bare(&mut bare_clients, "/nothing", 0).await?;
    bare(&mut net_clients, "/nothing", 0).await?;
    let requests = (IN_FLIGHT * EACH) as f64;
    let mut all = Rounds::default();
    for _ in 0..rounds {
        let mut used = [0.0; 2];
        for (at, (child, clients)) in
            [(&mut net.child, &mut net_clients), (&mut bare_child, &mut bare_clients)]
                .into_iter()
                .enumerate()
        {
            let before = child.ask("cpu")?;
            bare(clients, "/nothing", 0).await?;
            used[at] = (child.ask("cpu")? - before) as f64 / requests;
        }
        all.push(used[0], used[1]);
    }
    let what = "local network, a request / bare hyper and rustls, server";
    Ok(Row::of("G11", what, &all, rounds, Goal::AtMost(1.5)))
}

fn memory() -> anyhow::Result<Row> {
    let (_server, ready) = Child::start(&["server"])?;
    let port = ready.to_string();
    let mut bytes = [Vec::new(), Vec::new()];
    for _ in 0..PROCESSES {
        for (client, bytes) in ["transport", "bare"].iter().zip(&mut bytes) {
            let (_, said) = Child::start(&["memory", client, &port])?;
            bytes.push(said.as_f64().unwrap_or(f64::NAN));
        }
    }
    let [ours, floor] = bytes;
    let ratio = Spread::of(ours.iter().zip(&floor).map(|(ours, floor)| ours / floor));
    let kib = |values: Vec<f64>| format!("{:.1} KiB", Spread::of(values).median / 1024.0);
    let row = Row::number("G11", "memory of an idle connection, client", 0.0, Goal::AtMost(1.2));
    let row = Row { ratio, rounds: PROCESSES, ..row };
    Ok(row.figures(kib(ours), kib(floor)))
}
