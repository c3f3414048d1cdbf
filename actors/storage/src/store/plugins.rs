//! What the home keeps for plugins: how far each is in the event log, and its
//! own records.

use ramson_messages::storage::{
    GetPluginCursor, GetPluginData, KeepForPlugins, ListPluginData, OldestEvent,
};
use ramson_protocol::store::PluginChange;
use redb::ReadableTable as _;

use super::{Failure, Question, Reading, Write};
use crate::tables::{EVENTS, PLUGIN_CURSORS, PLUGIN_DATA, Tables};

/// Writes one change.
pub(super) fn write(change: &PluginChange, tables: &mut Tables<'_>) -> Result<(), Failure> {
    match change {
        PluginChange::SetCursor { plugin, seq } => {
            // Something may be said to be done late; that takes nothing back.
            let before = tables.plugin_cursors.get(plugin.as_str())?.map(|before| before.value());
            let seq = before.map_or(*seq, |before| before.max(*seq));
            tables.plugin_cursors.insert(plugin.as_str(), seq)?;
        }
        PluginChange::PutData { plugin, key, value } => {
            let key = (plugin.as_str(), key.as_str());
            match value {
                Some(value) => drop(tables.plugin_data.insert(key, value.as_slice())?),
                None => drop(tables.plugin_data.remove(key)?),
            }
        }
        PluginChange::Forget { plugin } => {
            tables.plugin_cursors.remove(plugin.as_str())?;
            let all = (plugin.as_str(), "")..;
            let mut keys = Vec::new();
            for entry in tables.plugin_data.range(all)? {
                let (key, _) = entry?;
                let (of, key) = key.value();
                if of != plugin {
                    break;
                }
                keys.push(key.to_owned());
            }
            for key in keys {
                tables.plugin_data.remove((plugin.as_str(), key.as_str()))?;
            }
        }
    }
    Ok(())
}

impl Write for KeepForPlugins {
    type Answer = ();

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        self.changes.iter().try_for_each(|change| write(change, tables))
    }
}

impl Question for OldestEvent {
    type Answer = Option<u64>;

    fn answer(&self, reading: &Reading) -> Result<Option<u64>, Failure> {
        Ok(reading.table(EVENTS)?.first()?.map(|(seq, _)| seq.value()))
    }
}

impl Question for GetPluginCursor {
    type Answer = Option<u64>;

    fn answer(&self, reading: &Reading) -> Result<Option<u64>, Failure> {
        let cursor = reading.table(PLUGIN_CURSORS)?.get(self.plugin.as_str())?;
        Ok(cursor.map(|cursor| cursor.value()))
    }
}

impl Question for GetPluginData {
    type Answer = Option<Vec<u8>>;

    fn answer(&self, reading: &Reading) -> Result<Option<Vec<u8>>, Failure> {
        let key = (self.plugin.as_str(), self.key.as_str());
        Ok(reading.table(PLUGIN_DATA)?.get(key)?.map(|record| record.value().to_vec()))
    }
}

impl Question for ListPluginData {
    type Answer = Vec<(String, Vec<u8>)>;

    fn answer(&self, reading: &Reading) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let mut records = Vec::new();
        let after = self.after.as_deref().unwrap_or_default();
        let from = (self.plugin.as_str(), after.max(self.prefix.as_str()));
        for entry in reading.table(PLUGIN_DATA)?.range(from..)? {
            let (key, record) = entry?;
            let (plugin, key) = key.value();
            if plugin == self.plugin && self.after.as_deref() == Some(key) {
                continue;
            }
            if records.len() >= self.limit
                || plugin != self.plugin
                || !key.starts_with(self.prefix.as_str())
            {
                break;
            }
            records.push((key.to_owned(), record.value().to_vec()));
        }
        Ok(records)
    }
}
