//! What goes wrong in the network.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use ramson_codec::faults_file::{
    AskedBy, Fault, FaultRule, FaultTarget, FaultsFile, NodeFault, RequestFault, WhichRequests,
};

use crate::net::NODES;
use crate::town::Core;

/// How long a node takes for every request that it gets.
const LATENCY: Duration = Duration::from_millis(10);

/// Lets things go wrong between engines and nodes. Every setting counts from
/// now on, beside the others, until [`Faults::none`]. Which requests it
/// strikes follows from the town's seed.
#[must_use]
pub struct Faults(pub(crate) Rc<Core>);

/// All that goes wrong now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trouble {
    lost: u32,
    refused: u32,
    late: Option<(u32, Duration)>,
    down: [bool; NODES],
}

impl Faults {
    /// So many of a hundred requests are carried out, and their answer is lost.
    pub fn lose_answers(&self, percent: u32) {
        self.change(|trouble| trouble.lost = percent.min(100));
    }

    /// So many of a hundred requests are refused: nothing is done.
    pub fn refuse(&self, percent: u32) {
        self.change(|trouble| trouble.refused = percent.min(100));
    }

    /// So many of a hundred requests are answered so much later.
    pub fn delay(&self, percent: u32, by: Duration) {
        self.change(|trouble| trouble.late = Some((percent.min(100), by)));
    }

    /// A node, counted from 0 to 8, dies: its connections break, and nobody
    /// reaches it.
    pub fn node_down(&self, node: usize) {
        self.set_node(node, true);
    }

    /// A node comes back with what it held.
    pub fn node_up(&self, node: usize) {
        self.set_node(node, false);
    }

    /// Everything works again, and all nodes are back.
    pub fn none(&self) {
        (0..NODES).for_each(|node| self.node_up(node));
        self.change(|trouble| *trouble = Trouble::default());
    }

    fn set_node(&self, node: usize, down: bool) {
        assert!(node < NODES, "there is no node {node}; a town has the nodes 0 to {}", NODES - 1);
        self.0.net.borrow_mut().set_up(node, !down);
        self.change(|trouble| {
            if let Some(is_down) = trouble.down.get_mut(node) {
                *is_down = down;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Trouble)) {
        let mut trouble = self.0.trouble.borrow().clone();
        change(&mut trouble);
        if *self.0.trouble.borrow() != trouble {
            self.0.net.borrow().set_faults(trouble.file(self.0.seed));
            self.0.note("network", format_args!("{trouble}"));
            *self.0.trouble.borrow_mut() = trouble;
        }
    }
}

impl Trouble {
    /// As nodes take it.
    pub(crate) fn file(&self, seed: u64) -> FaultsFile {
        let always = |fault| FaultRule { name: None, from: Duration::ZERO, until: None, fault };
        let requests = |percent: u32, fault| {
            let which = WhichRequests::Millionths(percent.saturating_mul(10_000));
            let (to, asked_by) = (vec![FaultTarget::AllNodes], AskedBy::Clients);
            (percent > 0).then(|| always(Fault::Request { fault, to, asked_by, which }))
        };
        let (nodes, fault) = (vec![FaultTarget::AllNodes], NodeFault::Slow(LATENCY));
        let mut rules = vec![always(Fault::Node { fault, nodes })];
        rules.extend(requests(self.lost, RequestFault::AnswerLost));
        rules.extend(requests(self.refused, RequestFault::Refused));
        rules.extend(self.late.and_then(|(percent, by)| requests(percent, RequestFault::Late(by))));
        // The file's numbers stay below 2^63.
        FaultsFile { seed: seed & (u64::MAX >> 1), rules }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        let mut add = |part: std::fmt::Arguments<'_>| {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing into a text does not fail.
            let _written = write!(text, "{comma}{part}");
        };
        if self.lost > 0 {
            add(format_args!("{} % of the answers are lost", self.lost));
        }
        if self.refused > 0 {
            add(format_args!("{} % of the requests are refused", self.refused));
        }
        if let Some((percent, by)) = self.late {
            add(format_args!("{percent} % of the answers come {by:?} later"));
        }
        for (node, down) in self.down.iter().enumerate() {
            if *down {
                add(format_args!("node {node} is down"));
            }
        }
        f.write_str(if text.is_empty() { "everything works" } else { &text })
    }
}
