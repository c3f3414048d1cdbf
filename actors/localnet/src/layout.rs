//! Who is in which swarm.

use ramson_types::SwarmId;
use ramson_types::swarm::next_swarm_id;
use serde::{Deserialize, Serialize};

/// All swarms that there ever were, and where each node is. Numbers count
/// from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// In the order in which they were made.
    swarms: Vec<SwarmNumber>,
    /// The swarm of each node, if it is in one.
    nodes: Vec<Option<usize>>,
    /// How often nodes moved.
    changes: u64,
}

/// A swarm's number on the chain, as the chain writes it: JSON numbers of
/// that size are not safe everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct SwarmNumber(SwarmId);

impl TryFrom<String> for SwarmNumber {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<SwarmNumber> for String {
    fn from(number: SwarmNumber) -> Self {
        number.0.to_string()
    }
}

impl Layout {
    /// As many swarms of `swarm_size` as there can be, at least one; nodes
    /// that are left over join the first ones.
    pub(crate) fn new(nodes: usize, swarm_size: usize) -> Self {
        let count = nodes.checked_div(swarm_size).unwrap_or(0).max(1);
        let mut layout = Self { swarms: Vec::new(), nodes: Vec::new(), changes: 0 };
        for _ in 0..count {
            layout.add_swarm();
        }
        layout.nodes = (0..count).cycle().take(nodes).map(Some).collect();
        layout
    }

    /// Whether it is one of so many nodes, each in a swarm that there is.
    pub(crate) fn is_for(&self, nodes: usize) -> bool {
        self.nodes.len() == nodes
            && self.nodes.iter().flatten().all(|swarm| *swarm < self.swarms.len())
    }

    /// Makes a swarm without nodes, and gives its number.
    pub(crate) fn add_swarm(&mut self) -> usize {
        let ids: Vec<SwarmId> = self.swarms.iter().map(|swarm| swarm.0).collect();
        self.swarms.push(SwarmNumber(next_swarm_id(&ids)));
        ids.len()
    }

    /// How many swarms there are, those without nodes too.
    pub(crate) fn swarm_count(&self) -> usize {
        self.swarms.len()
    }

    /// A swarm's number on the chain.
    pub(crate) fn id(&self, swarm: usize) -> Option<SwarmId> {
        self.swarms.get(swarm).map(|swarm| swarm.0)
    }

    /// The swarm of a node, if it is in one.
    pub(crate) fn swarm(&self, node: usize) -> Option<usize> {
        self.nodes.get(node).copied().flatten()
    }

    /// Moves a node. What is asked for has to be there.
    pub(crate) fn put(&mut self, node: usize, swarm: Option<usize>) {
        if let Some(place) = self.nodes.get_mut(node) {
            *place = swarm;
            self.changes = self.changes.saturating_add(1);
        }
    }

    /// How often nodes moved.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The nodes of a swarm.
    pub(crate) fn members(&self, swarm: usize) -> Vec<usize> {
        let members = self.nodes.iter().zip(0..).filter(|(of, _)| **of == Some(swarm));
        members.map(|(_, node)| node).collect()
    }

    /// On the chain, the swarm of each node.
    pub(crate) fn ids(&self) -> impl Iterator<Item = SwarmId> {
        let id = |swarm: &Option<usize>| swarm.and_then(|swarm| self.id(swarm));
        self.nodes.iter().map(move |swarm| id(swarm).unwrap_or(SwarmId::UNASSIGNED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(nodes: usize, swarm_size: usize) -> Vec<usize> {
        let layout = Layout::new(nodes, swarm_size);
        assert!(layout.is_for(nodes) && !layout.is_for(nodes + 1));
        assert!(layout.ids().all(|id| id != SwarmId::UNASSIGNED));
        let mut sizes: Vec<_> =
            (0..layout.swarm_count()).map(|swarm| layout.members(swarm).len()).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn every_node_is_in_exactly_one_swarm() {
        assert_eq!(sizes(9, 3), [3, 3, 3]);
        assert_eq!(sizes(10, 3), [3, 3, 4]);
        assert_eq!(sizes(11, 3), [3, 4, 4]);
        assert_eq!(sizes(4, 5), [4]);
        assert_eq!(sizes(4, 0), [4]);
        assert_eq!(sizes(7, 1), [1; 7]);
    }

    #[test]
    fn nodes_move_and_swarms_are_added() {
        let mut layout = Layout::new(9, 3);
        let added = layout.add_swarm();
        assert_eq!(added, 3);
        layout.put(8, Some(added));
        layout.put(0, None);
        assert_eq!((layout.members(2), layout.members(3)), (vec![2, 5], vec![8]));
        assert_eq!(layout.ids().next(), Some(SwarmId::UNASSIGNED));
        assert_eq!((Layout::new(9, 3).changes(), layout.changes()), (0, 2));
        let text = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout);
        assert!(text.contains("\"7fffffffffffffff\""), "{text}");
    }
}
