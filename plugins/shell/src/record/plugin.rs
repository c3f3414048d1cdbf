//! A plugin as it is now, and what was found of a library.

use std::fmt;

use ramson_host::Report;
use ramson_wire::codec::Encoding;
use ramson_wire::{GrantSet, Plugin, PluginState};
use serde::Serialize;

use super::{harmless, one_line};

/// A plugin.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PluginRecord {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) ui: bool,
    pub(crate) state: &'static str,
    /// Why it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// In how many seconds it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_in: Option<u64>,
    pub(crate) queued: u64,
    pub(crate) events: u64,
    pub(crate) lagged: u64,
    pub(crate) in_flight: u64,
    pub(crate) restarts: u64,
    /// The process that it has of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<u32>,
    pub(crate) asked: GrantSet,
    pub(crate) granted: GrantSet,
    /// What it asks for and does not have.
    pub(crate) refused: GrantSet,
    /// Null for all.
    pub(crate) accounts: Option<Vec<String>>,
    /// Null for all.
    pub(crate) conversations: Option<Vec<String>>,
}

impl PluginRecord {
    pub(crate) fn new(plugin: &Plugin) -> Self {
        let (state, reason, retry_in) = match &plugin.state {
            PluginState::Available => ("available", None, None),
            PluginState::Starting => ("starting", None, None),
            PluginState::Running => ("running", None, None),
            PluginState::Unresponsive => ("unresponsive", None, None),
            PluginState::Stopping => ("stopping", None, None),
            PluginState::Stopped => ("stopped", None, None),
            PluginState::Refused { reason } => ("refused", Some(reason), None),
            PluginState::Failed { reason, retry_in } => ("failed", Some(reason), Some(*retry_in)),
            PluginState::Retired { reason } => ("retired", Some(reason), None),
        };
        let Plugin { asked, granted, .. } = *plugin;
        Self {
            name: plugin.name.clone(),
            id: plugin.id.clone(),
            title: plugin.title.clone(),
            version: plugin.version.clone(),
            ui: plugin.ui,
            state,
            reason: reason.cloned(),
            retry_in,
            queued: plugin.queued,
            events: plugin.events,
            lagged: plugin.lagged,
            in_flight: plugin.in_flight,
            restarts: plugin.restarts,
            process: plugin.process,
            asked,
            granted,
            refused: if was_loaded(state) { asked.without(granted) } else { GrantSet::NONE },
            accounts: texts(plugin.accounts.as_deref()),
            conversations: texts(plugin.conversations.as_deref()),
        }
    }
}

/// Whether it is or was loaded, so that it was given something.
fn was_loaded(state: &str) -> bool {
    !matches!(state, "available" | "refused")
}

fn texts<T: ToString>(ids: Option<&[T]>) -> Option<Vec<String>> {
    ids.map(|ids| ids.iter().map(T::to_string).collect())
}

impl fmt::Display for PluginRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", one_line(&self.name), self.state)?;
        if self.ui {
            f.write_str(", a user interface")?;
        }
        if !self.version.is_empty() {
            write!(f, "  {} {}", one_line(&self.title), one_line(&self.version))?;
        }
        if let Some(reason) = &self.reason {
            write!(f, "\n  {}", harmless(reason))?;
        }
        if let Some(seconds) = self.retry_in {
            write!(f, "\n  it is started again in {seconds} s")?;
        }
        if !was_loaded(self.state) {
            return match self.asked.is_empty() {
                true => Ok(()),
                false => write!(f, "\n  asks for {}", self.asked),
            };
        }
        write!(f, "\n  may {}", self.granted)?;
        if !self.refused.is_empty() {
            write!(f, "; asked in vain for {}", self.refused)?;
        }
        for (what, ids) in [("accounts", &self.accounts), ("conversations", &self.conversations)] {
            if let Some(ids) = ids {
                write!(f, "\n  {what} {}", one_line(&ids.join(", ")))?;
            }
        }
        if let Some(process) = self.process {
            write!(f, "\n  in a process of its own, {process}")?;
        }
        write!(
            f,
            "\n  {} events, {} wait, {} dropped; {} requests under way; started again {} times",
            self.events, self.queued, self.lagged, self.in_flight, self.restarts
        )
    }
}

/// What was found of a library.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CheckRecord {
    pub(crate) path: String,
    pub(crate) good: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) says: Option<SaysRecord>,
    pub(crate) problems: Vec<String>,
    pub(crate) notes: Vec<String>,
}

/// What a library says of itself.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SaysRecord {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) abi: String,
    pub(crate) encoding: &'static str,
    pub(crate) ui: bool,
    pub(crate) unload: bool,
    pub(crate) durable: bool,
    pub(crate) topics: ramson_wire::TopicSet,
    pub(crate) asked: GrantSet,
}

impl CheckRecord {
    pub(crate) fn new(report: Report) -> Self {
        let good = report.is_good();
        let Report { path, descriptor, problems, notes } = report;
        let says = descriptor.map(|it| SaysRecord {
            id: it.id,
            title: it.title,
            version: it.version,
            abi: format!("{}.{}", it.abi.0, it.abi.1),
            encoding: if it.encoding == Encoding::Json { "json" } else { "bincode" },
            ui: it.ui,
            unload: it.unload,
            durable: it.durable,
            topics: it.topics,
            asked: it.grants,
        });
        Self { path: path.display().to_string(), good, says, problems, notes }
    }
}

impl fmt::Display for CheckRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.good { "can be loaded" } else { "cannot be loaded" };
        write!(f, "{} {verdict}", one_line(&self.path))?;
        if let Some(says) = &self.says {
            let kind = match (says.ui, says.durable) {
                (true, _) => "a user interface",
                (false, true) => "a durable plugin",
                (false, false) => "a plugin",
            };
            let (id, title, version) =
                (one_line(&says.id), one_line(&says.title), one_line(&says.version));
            write!(f, "\n  {kind}: {title} {version} ({id})")?;
            write!(f, "\n  ABI {}, {}", says.abi, says.encoding)?;
            write!(f, "\n  hears {}; asks for {}", says.topics, says.asked)?;
        }
        self.problems.iter().try_for_each(|it| write!(f, "\n  problem: {}", one_line(it)))?;
        self.notes.iter().try_for_each(|it| write!(f, "\n  note: {}", one_line(it)))
    }
}

#[cfg(test)]
mod tests {
    use ramson_wire::Grant;

    use super::*;

    fn plugin(state: PluginState) -> Plugin {
        Plugin {
            name: "bot".to_owned(),
            id: "example.bot".to_owned(),
            title: "Bot\u{1b}[2J".to_owned(),
            version: "1.0".to_owned(),
            ui: false,
            state,
            queued: 0,
            events: 0,
            lagged: 0,
            in_flight: 0,
            restarts: 0,
            durable: false,
            process: None,
            asked: [Grant::Read, Grant::Send].into_iter().collect(),
            granted: GrantSet::NONE.with(Grant::Read),
            accounts: None,
            conversations: None,
        }
    }

    #[test]
    fn what_a_plugin_did_not_get_is_refused_only_once_it_was_loaded() {
        let running = PluginRecord::new(&plugin(PluginState::Running));
        assert_eq!(running.refused, GrantSet::NONE.with(Grant::Send));
        assert!(running.to_string().contains("asked in vain for send"), "{running}");
        let available = PluginRecord::new(&plugin(PluginState::Available));
        assert!(available.refused.is_empty());
        assert!(available.to_string().contains("asks for read, send"), "{available}");
        assert!(!available.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_failure_is_told_with_its_reason_and_when_it_is_tried_again() {
        let failed = PluginState::Failed { reason: "it panicked".to_owned(), retry_in: 4 };
        let record = PluginRecord::new(&plugin(failed));
        let json: serde_json::Value = serde_json::to_value(&record).unwrap();
        assert_eq!((&json["state"], &json["retry_in"]), (&"failed".into(), &4.into()));
        assert_eq!(json["reason"], "it panicked");
        assert_eq!(json["asked"], serde_json::json!(["read", "send"]));
    }
}
