//! Servers in a process of their own, so that their CPU does not count: the
//! bench's own program once more, with a hidden argument. It is asked by lines
//! on its standard input and ends with it.

mod bare_client;
mod bare_server;
mod memory;

use std::io::{BufRead, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_types::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::measure::process_cpu;

pub use bare_client::BareClient;

/// The hidden argument.
pub const CHILD: &str = "--child";

/// Nodes of the local network, at least.
const NODES: usize = 9;

/// The wall clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A child process.
pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts one; it says a line when it is ready.
    pub fn start(arguments: &[&str]) -> anyhow::Result<(Self, Value)> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(CHILD)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().context("the child has no input")?;
        let output = process.stdout.take().context("the child has no output")?;
        let mut child = Self { process, input, output: BufReader::new(output) };
        let ready = child.line()?;
        Ok((child, ready))
    }

    /// Asks for a number.
    pub fn ask(&mut self, what: &str) -> anyhow::Result<u64> {
        writeln!(self.input, "{what}")?;
        self.line()?.as_u64().ok_or_else(|| anyhow!("the child does not know '{what}'"))
    }

    fn line(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the child said '{line}'"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the child does when the hidden argument is there.
pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["localnet", swarm] => localnet(swarm.parse()?),
        ["server"] => server(),
        ["memory", client, port] => memory::run(client, port.parse()?),
        _ => Err(anyhow!("no such child: {arguments:?}")),
    }
}

/// A local network that counts the requests that came over the wire.
fn localnet(swarm: usize) -> anyhow::Result<()> {
    let requests = Arc::new(AtomicU64::new(0));
    let counted = requests.clone();
    let mut config = LocalnetConfig::new([3; 32]);
    (config.nodes, config.swarm_size) = ((3 * swarm).max(NODES), swarm);
    config.tap = Some(Arc::new(move |_, _, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    serve(move |tell| async move {
        let net = Localnet::start(config, StdRng::seed_from_u64(4), Arc::new(now)).await?;
        let ports: Vec<_> = net.nodes().iter().map(|node| node.https_port).collect();
        let swarms: Vec<_> = net.nodes().iter().map(|node| node.swarm.map(|id| id.0)).collect();
        let network = net.network_file().to_toml();
        tell(json!({ "network": network, "ports": ports, "swarms": swarms }));
        std::future::pending::<()>().await;
        drop(net);
        Ok(())
    });
    answer(&[("requests", &|| requests.load(Ordering::SeqCst))])
}

/// hyper and rustls with nothing around them.
fn server() -> anyhow::Result<()> {
    let handshakes = Arc::new(AtomicU64::new(0));
    let counted = handshakes.clone();
    serve(move |tell| async move {
        let (port, server) = bare_server::bind(counted).await?;
        tell(json!(port));
        server.await
    });
    answer(&[("handshakes", &|| handshakes.load(Ordering::SeqCst))])
}

/// Runs on a thread of its own; `tell` says that it is ready.
fn serve<F>(work: impl FnOnce(fn(Value)) -> F + Send + 'static)
where
    F: Future<Output = anyhow::Result<()>>,
{
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = runtime
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(work(|ready| println!("{ready}"))));
        if let Err(error) = ended {
            eprintln!("the child failed: {error:#}");
            std::process::exit(1);
        }
    });
}

/// Answers questions for numbers until nobody asks any more.
fn answer(counts: &[(&str, &dyn Fn() -> u64)]) -> anyhow::Result<()> {
    for question in std::io::stdin().lock().lines() {
        let question = question?;
        let number = match question.as_str() {
            "cpu" => u64::try_from(process_cpu().as_nanos())?,
            _ => match counts.iter().find(|(name, _)| *name == question) {
                Some((_, count)) => count(),
                None => return Err(anyhow!("nobody counts '{question}'")),
            },
        };
        println!("{number}");
    }
    Ok(())
}
