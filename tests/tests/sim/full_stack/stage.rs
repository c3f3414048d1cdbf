//! The hosts of a simulation: nine nodes, a seed, two homes.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, ServerUrl};
use ramson_localnet::{Certificate, Nodes};
use ramson_system::NetworkConfig;
use ramson_transport_actor::Dial;
use turmoil::Sim;

use super::faults::{Fates, FaultyDial};
use super::home::{self, ALICE, BOB, Ground, Person};
use super::log::Log;
use super::machine::{generator, now};
use super::sockets::{SimDial, SimListener};

pub(super) const NODES: usize = 9;
const SWARM: usize = 3;
const NODE_PORT: u16 = 22_021;
const SEED_PORT: u16 = 22_020;

/// How finely time passes.
const TICK: Duration = Duration::from_millis(10);

/// Longer than any scenario; an end that never comes is a failure.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// One run on its stage.
pub(super) struct Stage<'a> {
    pub(super) sim: Sim<'a>,
    pub(super) nodes: Nodes,
    pub(super) log: Log,
    pub(super) seed: u64,
}

/// What is done to the network while time passes: times after the start, in
/// order, and what happens then.
pub(super) type Script<'a> = Vec<(Duration, Box<dyn Fn(&mut Stage<'_>) + 'a>)>;

/// The certificate of all nodes: its key is not the seed's, but its size is
/// always the same, and nothing of it gets into a log.
fn certificate() -> &'static Certificate {
    static MADE: OnceLock<Certificate> = OnceLock::new();
    MADE.get_or_init(|| Certificate::generate().expect("a certificate"))
}

impl Stage<'_> {
    /// A network that works, and two homes of which so many of a hundred
    /// requests fail.
    pub(super) fn new(seed: u64, percent: u32, log: Log) -> Self {
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .simulation_duration(LONGEST)
            .enable_random_order()
            .build();
        let ip = |name: &str| match sim.lookup(name) {
            IpAddr::V4(ip) => ip,
            IpAddr::V6(ip) => panic!("{ip} in a network of IPv4"),
        };
        let addresses: Vec<_> =
            (0..NODES).map(|index| SocketAddrV4::new(ip(&node_name(index)), NODE_PORT)).collect();
        let seed_ip = ip("seed");
        let nodes = Nodes::new(
            addresses,
            SWARM,
            &[7; 32],
            certificate(),
            generator(seed, "nodes"),
            Arc::new(now),
        )
        .expect("nodes");
        for index in 0..NODES {
            let nodes = Rc::new(nodes.clone());
            sim.host(node_name(index), move || {
                let nodes = nodes.clone();
                async move {
                    let listener = SimListener::bind(NODE_PORT).await?;
                    // A host that crashed comes back.
                    nodes.set_up(index, true);
                    nodes.serve(index, listener).await;
                    Ok(())
                }
            });
        }
        let at_seed = Rc::new(nodes.clone());
        sim.host("seed", move || {
            let nodes = at_seed.clone();
            async move {
                let listener = SimListener::bind(SEED_PORT).await?;
                tokio::join!(nodes.serve_seed(listener), nodes.live());
                Ok(())
            }
        });
        for (me, other) in [(ALICE, BOB), (BOB, ALICE)] {
            let ground = Ground {
                seed,
                network: network(seed_ip),
                dial: dial(me, seed, percent, &log),
                log: log.clone(),
            };
            sim.client(me.name, home::live(me, other, ground));
        }
        Self { sim, nodes, log, seed }
    }

    /// Runs to the end of both homes.
    pub(super) fn run(mut self, script: Script<'_>) {
        let mut script = script.into_iter().peekable();
        loop {
            while let Some((_, act)) = script.next_if(|(at, _)| *at <= self.sim.elapsed()) {
                act(&mut self);
            }
            if self.sim.step().expect("no host fails") {
                assert!(script.next().is_none(), "the homes were done before the script");
                return;
            }
        }
    }

    pub(super) fn note(&self, what: &str) {
        self.log.note_at(format!("{:?}", self.sim.elapsed()), "script", what);
    }
}

pub(super) fn node_name(index: usize) -> String {
    format!("node-{index}")
}

fn network(seed_ip: Ipv4Addr) -> NetworkConfig {
    let url = ServerUrl::http(&seed_ip.to_string(), SEED_PORT, "/json_rpc");
    let file = NetworkFile { allow_http: true, ..NetworkFile::with_seeds("simulated", vec![url]) };
    NetworkConfig::of_file(&file)
}

fn dial(me: Person, seed: u64, percent: u32, log: &Log) -> Arc<dyn Dial> {
    if percent == 0 {
        return Arc::new(SimDial);
    }
    let rng = generator(seed, &format!("{} faults", me.name));
    let fates = Fates::new(rng, percent, log.clone(), me.name);
    Arc::new(FaultyDial::new(SimDial, fates, SEED_PORT))
}
