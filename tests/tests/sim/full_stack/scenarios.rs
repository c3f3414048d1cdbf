//! What goes wrong, and what must hold all the same: every message arrives
//! once, and the same seed gives the same log.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use libtest_mimic::Trial;
use ramson_codec::faults_file::FaultsFile;
use ramson_types::swarm::swarm_of;
use rand::RngExt;

use super::faults::{FAULT, NO_FAULT};
use super::home::{ALICE, BOB};
use super::log::{Log, assert_same, digest};
use super::machine::generator;
use super::stage::{NODES, Script, Stage, node_name};

const SEEDS: u64 = 10;

/// Runs a scenario with each seed, or with that of `RAMSON_SEED`, twice, and
/// compares the two logs; gives one of each.
fn with_seeds(name: &str, run: impl Fn(u64, Log)) -> Vec<Vec<String>> {
    let one = std::env::var("RAMSON_SEED").ok();
    let one = one.map(|text| text.parse().expect("RAMSON_SEED is a number"));
    let seeds = one.map_or(0..SEEDS, |seed: u64| seed..seed.saturating_add(1));
    let run_once = |seed| {
        let log = Log::default();
        let ended = catch_unwind(AssertUnwindSafe(|| run(seed, log.clone())));
        let lines = log.lines();
        let shown = if one.is_some() || ended.is_ok() { 0 } else { lines.len().saturating_sub(20) };
        if one.is_some() || ended.is_err() {
            println!("{}", lines[shown..].join("\n"));
        }
        ended.unwrap_or_else(|panic| resume_unwind(panic));
        lines
    };
    let run_twice = |seed| {
        let lines = run_once(seed);
        assert_same(&lines, &run_once(seed));
        println!("{name}: seed {seed}: {} lines, {}", lines.len(), digest(&lines));
        lines
    };
    seeds
        .map(|seed| {
            catch_unwind(AssertUnwindSafe(|| run_twice(seed))).unwrap_or_else(|panic| {
                println!("full_stack::{name} failed; replay it with RAMSON_SEED={seed}");
                resume_unwind(panic)
            })
        })
        .collect()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A node of the recipient's swarm.
fn member_of_bobs_swarm(stage: &Stage<'_>) -> usize {
    let nodes = stage.nodes.service_nodes();
    let swarm = swarm_of(BOB.id(stage.seed).key(), nodes.iter().filter_map(|node| node.swarm));
    let mut members = (0..nodes.len()).filter(|index| nodes[*index].swarm == swarm);
    members.nth(generator(stage.seed, "who dies").random_range(0..3)).expect("three members")
}

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &'static str, run: fn(&'static str)| {
        Trial::test(format!("full_stack::{name}"), move || {
            run(name);
            Ok(())
        })
    };
    vec![
        trial("letters_arrive_once_while_a_node_dies_and_returns", a_node_dies),
        trial("letters_arrive_once_through_a_partition_from_half_the_nodes", a_partition),
        trial("letters_arrive_once_while_a_fifth_of_the_requests_fail", requests_fail),
    ]
}

/// Trouble that nobody notices proves nothing.
fn assert_noticed(logs: &[Vec<String>]) {
    let noticed = |log: &&Vec<String>| log.iter().any(|line| line.contains("PathFailed"));
    let delayed = |log: &&Vec<String>| log.iter().any(|line| line.contains("SendDelayed"));
    assert!(logs.iter().filter(noticed).count() > logs.len() / 2, "no path failed");
    assert!(logs.len() == 1 || logs.iter().any(|log| delayed(&log)), "nothing was delayed");
}

fn a_node_dies(name: &str) {
    let logs = with_seeds(name, |seed, log| {
        let stage = Stage::new(seed, 0, log);
        let victim = member_of_bobs_swarm(&stage);
        let script: Script<'_> = vec![
            (
                seconds(20),
                Box::new(move |stage| {
                    stage.note("a node dies");
                    stage.nodes.set_up(victim, false);
                    stage.sim.crash(node_name(victim));
                }),
            ),
            (
                seconds(60),
                Box::new(move |stage| {
                    stage.note("it returns");
                    stage.sim.bounce(node_name(victim));
                }),
            ),
        ];
        stage.run(script);
    });
    assert_noticed(&logs);
}

fn a_partition(name: &str) {
    let logs = with_seeds(name, |seed, log| {
        let cut = |stage: &mut Stage<'_>, whole: bool| {
            stage.note(if whole { "the partition is repaired" } else { "a partition" });
            for home in [ALICE.name, BOB.name] {
                for node in (0..NODES).step_by(2) {
                    match whole {
                        true => stage.sim.repair(home, node_name(node)),
                        false => stage.sim.partition(home, node_name(node)),
                    }
                }
            }
        };
        let script: Script<'_> = vec![
            (seconds(15), Box::new(move |stage| cut(stage, false))),
            (seconds(60), Box::new(move |stage| cut(stage, true))),
        ];
        Stage::new(seed, 0, log).run(script);
    });
    assert_noticed(&logs);
}

/// What goes wrong besides, inside TLS and between nodes, where a connection's
/// faults do not reach.
const AT_THE_NODES: &str = r#"
    [[rule]]
    fault = "garbage"
    nodes = "all"
    probability = 0.02

    [[rule]]
    fault = "truncated"
    nodes = "all"
    probability = 0.02

    [[rule]]
    fault = "answer lost"
    asked_by = "nodes"
    nodes = "all"
    probability = 0.02
"#;

fn requests_fail(name: &str) {
    let logs = with_seeds(name, |seed, log| {
        let stage = Stage::new(seed, 20, log);
        let faults = FaultsFile::parse(AT_THE_NODES).expect("a faults file");
        stage.nodes.set_faults(FaultsFile { seed, ..faults });
        stage.run(Vec::new());
    });
    assert_noticed(&logs);
    let lines = || logs.iter().flatten();
    let failed = lines().filter(|line| line.contains(FAULT)).count();
    let whole = lines().filter(|line| line.contains(NO_FAULT)).count();
    let share = failed * 100 / (failed + whole);
    println!("{failed} of {} requests failed: {share} %", failed + whole);
    if logs.len() == 1 {
        // Chance may have left something out.
        return;
    }
    assert!((15..=25).contains(&share), "{share} % of the requests failed");
    for fault in ["Refused", "Hanging", "Reset", "AnswerLost", "Late", "Truncated", "Garbage"] {
        let fault = format!("{FAULT}{fault}");
        assert!(lines().any(|line| line.contains(&fault)), "there was no '{fault}'");
    }
}
