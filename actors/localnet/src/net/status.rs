//! How a network stands, put together.

use ramson_types::Timestamp;

use super::Net;
use crate::activity::Who;
use crate::script::Place;
use crate::status::{FileServerStatus, NameStatus, NodeStatus, Status, SwarmStatus};

/// Over how many seconds requests per second are told.
const RECENT: usize = 10;

impl Net {
    /// How everything stands.
    pub(crate) fn status(&self) -> Status {
        let now = self.hosts.now();
        let layout = self.hosts.layout();
        let last_minute = self.hosts.activity.last_minute(now);
        let recent = last_minute.iter().rev().take(RECENT);
        let requests_per_second =
            recent.map(|count| f64::from(*count)).sum::<f64>() / RECENT as f64;
        let kept = self.kept().clone();
        let swarm = |swarm| SwarmStatus {
            swarm,
            id: layout.id(swarm).map(|id| id.to_string()).unwrap_or_default(),
            nodes: layout.members(swarm),
        };
        let names = kept.names.iter();
        Status {
            network: self.name.clone(),
            seed: self.seed_server().to_string(),
            page: self.page.map(|page| format!("http://{page}/")),
            time: now.millis(),
            up_seconds: now.millis().saturating_sub(self.started.millis()) / 1000,
            requests_per_second,
            last_minute,
            nodes: (0..self.nodes.len())
                .map(|index| self.node_status(index, kept.stopped.contains(&index), now))
                .collect(),
            swarms: (0..layout.swarm_count()).map(swarm).collect(),
            names: names
                .map(|(name, id)| NameStatus { name: name.clone(), id: id.clone() })
                .collect(),
            file_server: Some(self.file_server_status()),
            faults: self.hosts.script().map(|script| script.status(now)).unwrap_or_default(),
            recent: self.hosts.activity.recent(),
        }
    }

    fn file_server_status(&self) -> FileServerStatus {
        let (files, bytes) = self.files.count();
        let (url, public_key) = (self.file_server_url(), self.files.public_key());
        FileServerStatus { url: url.to_string(), public_key: public_key.to_string(), files, bytes }
    }

    fn node_status(&self, index: usize, stopped: bool, now: Timestamp) -> NodeStatus {
        let swarm = self.hosts.layout().swarm(index);
        let counts = self.hosts.activity.counts(index);
        let place = Place { who: Who::Node(index), swarm };
        let node = self.nodes.get(index);
        let address = node.map(|node| format!("{}:{}", node.ip, node.https_port));
        NodeStatus {
            node: index,
            key: node.map(|node| node.ed25519.to_string()).unwrap_or_default(),
            address: address.unwrap_or_default(),
            swarm,
            up: self.hosts.is_up(index),
            stopped,
            messages: self.hosts.message_count(index),
            requests: counts.requests,
            calls: counts.calls,
            misdirected: self.hosts.misdirections(index),
            errors: counts.errors,
            faults: self.hosts.script().map(|script| script.names(place, now)).unwrap_or_default(),
        }
    }
}
