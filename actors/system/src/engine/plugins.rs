//! What the home keeps for plugins that must not lose their place.

use ramson_messages::storage::{
    GetPluginCursor, GetPluginData, KeepForPlugins, ListPluginData, OldestEvent,
};
use ramson_protocol::store::PluginChange;

use super::{Engine, EngineError};
use crate::follow::Follower;

impl Engine {
    /// Keeps something that belongs to no command; see [`Engine::commands`].
    pub async fn keep_for_plugins(&self, changes: Vec<PluginChange>) -> Result<(), EngineError> {
        Ok(self.wires.plugins.keep.ask(KeepForPlugins { changes }).await??)
    }

    /// How far a plugin is in the event log; `None` if it was never there.
    pub async fn plugin_cursor(&self, plugin: String) -> Result<Option<u64>, EngineError> {
        Ok(self.wires.plugins.cursor.ask(GetPluginCursor { plugin }).await??)
    }

    /// A record of a plugin.
    pub async fn plugin_record(
        &self,
        plugin: String,
        key: String,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.wires.plugins.data.ask(GetPluginData { plugin, key }).await??)
    }

    /// Records of a plugin whose names begin with a text, in order of their
    /// names; only those behind a name if one is given.
    pub async fn plugin_records(
        &self,
        plugin: String,
        prefix: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, EngineError> {
        Ok(self.wires.plugins.list.ask(ListPluginData { plugin, prefix, after, limit }).await??)
    }

    /// The number of the oldest event that the log still has.
    pub async fn oldest_event(&self) -> Result<Option<u64>, EngineError> {
        Ok(self.wires.plugins.oldest_event.ask(OldestEvent).await??)
    }

    /// Everything that happened after an event, as far back as the log goes,
    /// and goes on with what comes. What only the log has is told without its
    /// content, but for messages that came in. One that is gone by then is told
    /// by its removal alone, which has a later number.
    pub fn follow_after(&self, seq: u64) -> Follower {
        Follower::after(self.clone(), seq)
    }
}
