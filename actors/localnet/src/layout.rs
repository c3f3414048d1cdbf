//! Who is in which swarm.

use ramson_types::SwarmId;
use ramson_types::swarm::next_swarm_id;

/// The swarm of each of `nodes` nodes: as many swarms of `swarm_size` as there
/// can be, at least one; nodes that are left over join the first ones.
pub(crate) fn swarms(nodes: usize, swarm_size: usize) -> Vec<SwarmId> {
    let count = nodes.checked_div(swarm_size).unwrap_or(0).max(1);
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        ids.push(next_swarm_id(&ids));
    }
    ids.into_iter().cycle().take(nodes).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn sizes(nodes: usize, swarm_size: usize) -> Vec<usize> {
        let swarms = swarms(nodes, swarm_size);
        assert_eq!(swarms.len(), nodes);
        let mut sizes = BTreeMap::new();
        for swarm in swarms {
            assert_ne!(swarm, SwarmId::UNASSIGNED);
            *sizes.entry(swarm).or_default() += 1;
        }
        let mut sizes: Vec<_> = sizes.into_values().collect();
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
}
