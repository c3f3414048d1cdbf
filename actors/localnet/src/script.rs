//! A faults file at work: which of its rules strikes what, now.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ramson_codec::faults_file::{
    Fault, FaultRule, FaultTarget, FaultsFile, NodeFault, RequestFault,
};
use ramson_node::Faults;
use ramson_types::Timestamp;

use crate::activity::Who;
use crate::mischief::{Mischief, Pace};
use crate::status::RuleStatus;

/// A faults file, since it was given.
pub(crate) struct Script {
    file: FaultsFile,
    since: Timestamp,
    tallies: Mutex<Tallies>,
}

#[derive(Default)]
struct Tallies {
    /// Requests that a rule looked at, by rule and host.
    seen: BTreeMap<(usize, Who), u64>,
    /// Requests that a rule struck.
    struck: BTreeMap<usize, u64>,
}

/// One who is asked, and the swarm it is in now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) who: Who,
    pub(crate) swarm: Option<usize>,
}

/// What is wrong with a node, all rules together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Condition {
    pub(crate) down: bool,
    pub(crate) slow: Duration,
    pub(crate) mischief: Mischief,
}

impl Place {
    fn is(self, target: FaultTarget) -> bool {
        match (target, self.who) {
            (FaultTarget::AllNodes, Who::Node(_)) => true,
            (FaultTarget::Node(number), Who::Node(own)) => usize::try_from(number) == Ok(own),
            (FaultTarget::Swarm(number), Who::Node(_)) => {
                self.swarm.is_some_and(|own| usize::try_from(number) == Ok(own))
            }
            (FaultTarget::Seed, Who::Seed) | (FaultTarget::FileServer, Who::FileServer) => true,
            _ => false,
        }
    }

    fn is_any(self, targets: &[FaultTarget]) -> bool {
        targets.iter().any(|target| self.is(*target))
    }
}

/// Stands for a host where chance is drawn.
fn number(who: Who) -> u64 {
    match who {
        Who::Node(index) => index as u64,
        Who::Seed => u64::MAX,
        Who::FileServer => u64::MAX - 1,
    }
}

impl Script {
    pub(crate) fn new(file: FaultsFile, now: Timestamp) -> Self {
        Self { file, since: now, tallies: Mutex::default() }
    }

    fn rules(&self, now: Timestamp) -> impl Iterator<Item = (usize, &FaultRule)> {
        let since = Duration::from_millis(now.millis().saturating_sub(self.since.millis()));
        self.file.rules.iter().enumerate().filter(move |(_, rule)| rule.is_on(since))
    }

    /// The fault that strikes a request to `to`, and its name. Every request
    /// has to be told of, once.
    pub(crate) fn request(
        &self,
        to: Place,
        by_a_node: bool,
        now: Timestamp,
    ) -> Option<(RequestFault, &'static str)> {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for (index, rule) in self.rules(now) {
            let Fault::Request { fault, to: targets, asked_by, .. } = &rule.fault else {
                continue;
            };
            if !asked_by.includes(by_a_node) || !to.is_any(targets) {
                continue;
            }
            let seen = tallies.seen.entry((index, to.who)).or_default();
            let nth = *seen;
            *seen = seen.saturating_add(1);
            if struck.is_none() && self.file.strikes(index, number(to.who), nth) {
                struck = Some((*fault, rule.fault.name()));
                let count = tallies.struck.entry(index).or_default();
                *count = count.saturating_add(1);
            }
        }
        struck
    }

    /// What is wrong with a node now.
    pub(crate) fn condition(&self, node: Place, now: Timestamp) -> Condition {
        let mut condition = Condition::default();
        for (_, rule) in self.rules(now) {
            if let Fault::Node { fault, nodes } = &rule.fault
                && node.is_any(nodes)
            {
                condition.add(*fault);
            }
        }
        condition
    }

    /// Whether two nodes are kept from hearing each other.
    pub(crate) fn parts(&self, one: Place, other: Place, now: Timestamp) -> bool {
        self.rules(now).any(|(_, rule)| {
            let Fault::Partition { groups } = &rule.fault else { return false };
            let group = |node: Place| groups.iter().position(|group| node.is_any(group));
            matches!((group(one), group(other)), (Some(one), Some(other)) if one != other)
        })
    }

    /// Names of the faults that a node has now.
    pub(crate) fn names(&self, node: Place, now: Timestamp) -> Vec<String> {
        let names = self.rules(now).filter_map(|(_, rule)| {
            let about = match &rule.fault {
                Fault::Request { to, .. } => node.is_any(to),
                Fault::Node { nodes, .. } => node.is_any(nodes),
                Fault::Partition { groups } => groups.iter().any(|group| node.is_any(group)),
            };
            about.then(|| rule.fault.name().to_owned())
        });
        names.collect()
    }

    /// All rules, as they stand.
    pub(crate) fn status(&self, now: Timestamp) -> Vec<RuleStatus> {
        let on: Vec<usize> = self.rules(now).map(|(index, _)| index).collect();
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let status = |(index, rule): (usize, &FaultRule)| RuleStatus {
            fault: rule.fault.name().to_owned(),
            name: rule.name.clone(),
            about: about(&rule.fault),
            on: on.contains(&index),
            struck: tallies.struck.get(&index).copied().unwrap_or_default(),
        };
        self.file.rules.iter().enumerate().map(status).collect()
    }
}

fn about(fault: &Fault) -> String {
    let list = |targets: &[FaultTarget]| {
        let names = targets.iter().map(|target| match target {
            FaultTarget::AllNodes => "all nodes".to_owned(),
            FaultTarget::Node(number) => format!("node {number}"),
            FaultTarget::Swarm(number) => format!("swarm {number}"),
            FaultTarget::Seed => "the seed".to_owned(),
            FaultTarget::FileServer => "the file server".to_owned(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    match fault {
        Fault::Request { to, .. } => list(to),
        Fault::Node { nodes, .. } => list(nodes),
        Fault::Partition { groups } => {
            groups.iter().map(|group| list(group)).collect::<Vec<_>>().join(" | ")
        }
    }
}

impl Condition {
    fn add(&mut self, fault: NodeFault) {
        let Mischief { faults, pace } = &mut self.mischief;
        match fault {
            NodeFault::Down => self.down = true,
            NodeFault::Slow(time) => self.slow = self.slow.saturating_add(time),
            NodeFault::Dripping => *pace = Pace::Dripping,
            NodeFault::Endless => *pace = Pace::Endless,
            NodeFault::WrongClock(offset) => {
                faults.clock_offset = faults.clock_offset.saturating_add(offset);
            }
            NodeFault::LiesAboutItsSwarm => faults.lies_about_its_swarm = true,
            NodeFault::ForgetsLastHash => faults.forgets_last_hash = true,
            NodeFault::WrongSignatures => faults.wrong_signatures = true,
            NodeFault::WithholdsMessages => faults.withholds_messages = true,
            NodeFault::LosesMessages => faults.loses_messages = true,
            NodeFault::RefusesStores(status) => faults.refuses_stores = Some(status),
            NodeFault::RefusesRetrieves(status) => faults.refuses_retrieves = Some(status),
            NodeFault::Misdirects => faults.misdirects = true,
            NodeFault::NotReady => faults.not_ready = true,
            NodeFault::ForeignMessages => faults.foreign_messages = true,
            NodeFault::OversizedAnswers => faults.oversized_answers = true,
        }
    }

    /// What it is together with what a test asked for.
    pub(crate) fn with(mut self, other: Mischief) -> Self {
        let Mischief { faults, pace } = self.mischief;
        self.mischief.faults = Faults {
            clock_offset: faults.clock_offset.saturating_add(other.faults.clock_offset),
            wrong_signatures: faults.wrong_signatures || other.faults.wrong_signatures,
            foreign_messages: faults.foreign_messages || other.faults.foreign_messages,
            oversized_answers: faults.oversized_answers || other.faults.oversized_answers,
            lies_about_its_swarm: faults.lies_about_its_swarm || other.faults.lies_about_its_swarm,
            forgets_last_hash: faults.forgets_last_hash || other.faults.forgets_last_hash,
            refuses_stores: faults.refuses_stores.or(other.faults.refuses_stores),
            refuses_retrieves: faults.refuses_retrieves.or(other.faults.refuses_retrieves),
            loses_messages: faults.loses_messages || other.faults.loses_messages,
            withholds_messages: faults.withholds_messages || other.faults.withholds_messages,
            misdirects: faults.misdirects || other.faults.misdirects,
            not_ready: faults.not_ready || other.faults.not_ready,
        };
        if pace == Pace::Whole {
            self.mischief.pace = other.pace;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        Script::new(FaultsFile::parse(text).unwrap(), Timestamp(1_000_000))
    }

    fn node(number: usize, swarm: usize) -> Place {
        Place { who: Who::Node(number), swarm: Some(swarm) }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp(1_000_000 + millis)
    }

    #[test]
    fn rules_strike_whom_and_when_they_say() {
        let script = script(
            "[[rule]]\nfault = 'hang'\nnodes = ['swarm 1', 'seed']\nfrom = 1\nuntil = 2\n\
             [[rule]]\nfault = 'refused'\nnodes = 'all'\nevery = 2\nasked_by = 'nodes'\n\
             [[rule]]\nfault = 'garbage'\nnodes = 'file server'",
        );
        let strikes = |place, by_a_node, millis| {
            script.request(place, by_a_node, at(millis)).map(|(fault, _)| fault)
        };
        assert_eq!(strikes(node(0, 1), false, 999), None);
        assert_eq!(strikes(node(0, 1), false, 1000), Some(RequestFault::Hang));
        assert_eq!(strikes(node(0, 0), false, 1000), None);
        let seed = Place { who: Who::Seed, swarm: None };
        assert_eq!(strikes(seed, false, 1999), Some(RequestFault::Hang));
        assert_eq!(strikes(seed, false, 2000), None);
        let calls: Vec<_> = (0..4).map(|_| strikes(node(3, 0), true, 0).is_some()).collect();
        assert_eq!(calls, [false, true, false, true]);
        // Each host is counted by itself.
        assert_eq!(strikes(node(4, 0), true, 0), None);
        let server = Place { who: Who::FileServer, swarm: None };
        assert_eq!(strikes(server, false, 0), Some(RequestFault::Garbage));
        let status = script.status(at(0));
        assert_eq!(status.iter().map(|rule| rule.struck).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(status.iter().map(|rule| rule.on).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(status[0].about, "swarm 1, the seed");
        assert_eq!(script.names(node(0, 1), at(1500)), ["hang", "refused"]);
    }

    #[test]
    fn faults_of_nodes_add_up() {
        let script = script(
            "[[rule]]\nfault = 'wrong clock'\nms = -5\nnodes = 'all'\n\
             [[rule]]\nfault = 'wrong clock'\nms = 8\nnodes = 1\n\
             [[rule]]\nfault = 'slow'\nms = 70\nnodes = 1\n\
             [[rule]]\nfault = 'down'\nnodes = 2\nuntil = 1\n\
             [[rule]]\nfault = 'dripping'\nnodes = 2",
        );
        let condition = |number, millis| script.condition(node(number, 0), at(millis));
        assert_eq!(condition(0, 0).mischief.faults.clock_offset, -5);
        let one = condition(1, 0);
        assert_eq!((one.mischief.faults.clock_offset, one.slow.as_millis()), (3, 70));
        assert_eq!((condition(2, 999).down, condition(2, 1000).down), (true, false));
        let other = Mischief {
            faults: Faults { not_ready: true, clock_offset: 1, ..Faults::default() },
            pace: Pace::Endless,
        };
        let both = condition(2, 0).with(other);
        assert_eq!(both.mischief.pace, Pace::Dripping);
        assert_eq!((both.mischief.faults.clock_offset, both.mischief.faults.not_ready), (-4, true));
    }

    #[test]
    fn a_partition_parts_only_its_groups() {
        let script = script("[[rule]]\nfault = 'partition'\ngroups = [[0, 1], ['swarm 1']]");
        let parts = |one, other| script.parts(one, other, at(0));
        assert!(parts(node(0, 0), node(5, 1)) && parts(node(5, 1), node(1, 0)));
        assert!(!parts(node(0, 0), node(1, 0)) && !parts(node(2, 0), node(5, 1)));
    }
}
