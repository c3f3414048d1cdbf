//! A local network's status for people.

use std::fmt;

use ramson_localnet::{NodeStatus, Status};

use crate::record::{harmless, one_line};

/// Shows a status.
pub(crate) struct Shown<'a>(pub(crate) &'a Status);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0;
        let up = status.nodes.iter().filter(|node| node.up).count();
        write!(
            f,
            "{}: {up} of {} nodes up, {:.1} requests a second\n  seed {}",
            one_line(&status.network),
            status.nodes.len(),
            status.requests_per_second,
            status.seed,
        )?;
        if let Some(page) = &status.page {
            write!(f, "\n  status page {page}")?;
        }
        if let Some(server) = &status.file_server {
            write!(f, "\n  file server {}: {} files", server.url, server.files)?;
        }
        for swarm in &status.swarms {
            write!(f, "\n\nswarm {} ({})", swarm.swarm, swarm.id)?;
            if swarm.nodes.is_empty() {
                f.write_str(": no nodes")?;
            }
            nodes(f, status, Some(swarm.swarm))?;
        }
        if status.nodes.iter().any(|node| node.swarm.is_none()) {
            f.write_str("\n\nin no swarm")?;
            nodes(f, status, None)?;
        }
        if !status.faults.is_empty() {
            f.write_str("\n\nfaults")?;
        }
        for rule in &status.faults {
            let on = if rule.on { "in force" } else { "not now" };
            write!(f, "\n  {} on {}: {on}", rule.fault, rule.about)?;
            if rule.struck > 0 {
                write!(f, ", struck {} requests", rule.struck)?;
            }
            if let Some(name) = &rule.name {
                write!(f, " ({})", one_line(name))?;
            }
        }
        if !status.names.is_empty() {
            f.write_str("\n\nnames")?;
        }
        for name in &status.names {
            write!(f, "\n  {}  {}", harmless(&name.name), name.id)?;
        }
        if !status.recent.is_empty() {
            f.write_str("\n\nwhat went wrong lately")?;
        }
        for trouble in status.recent.iter().take(10) {
            let ago = status.time.saturating_sub(trouble.at) / 1000;
            write!(f, "\n  {ago} s ago, {}: {}", trouble.who, one_line(&trouble.what))?;
            if trouble.times > 1 {
                write!(f, " ({} times)", trouble.times)?;
            }
        }
        Ok(())
    }
}

fn nodes(f: &mut fmt::Formatter<'_>, status: &Status, swarm: Option<usize>) -> fmt::Result {
    status.nodes.iter().filter(|node| node.swarm == swarm).try_for_each(|node| line(f, node))
}

fn line(f: &mut fmt::Formatter<'_>, node: &NodeStatus) -> fmt::Result {
    let state = match (node.up, node.stopped) {
        (true, _) => "up",
        (false, true) => "stopped",
        (false, false) => "down",
    };
    write!(
        f,
        "\n  {:>3}  {state:<7}  {}  holds {}, {} requests, {} calls",
        node.node, node.address, node.messages, node.requests, node.calls,
    )?;
    for (count, what) in [(node.misdirected, "of 421"), (node.errors, "errors")] {
        if count > 0 {
            write!(f, ", {count} {what}")?;
        }
    }
    if !node.faults.is_empty() {
        write!(f, "; faults: {}", node.faults.join(", "))?;
    }
    Ok(())
}
