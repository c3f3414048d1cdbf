//! What a plugin is asked to do, wherever it runs. In this process it is a
//! mapped library; the same calls can go to a process of its own.

use std::sync::Arc;

use ramson_abi::Status;

use crate::library::LoadError;

/// An event as it is handed over.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// Its number in the home's sequence.
    pub(crate) seq: u64,
    /// Of a reply: the request's id; else 0.
    pub(crate) reply_to: u64,
    /// The kind's number.
    pub(crate) kind: u32,
    /// In the plugin's encoding.
    pub(crate) payload: Arc<[u8]>,
}

/// What a plugin can say, on any thread and at any time.
pub(crate) trait Voice: Send + Sync {
    /// Asks for something; never blocks.
    fn submit(&self, kind: u32, id: u64, payload: &[u8]) -> Status;

    /// Writes to the log; never blocks.
    fn log(&self, level: i32, text: &[u8]);

    /// Milliseconds since 1970; never blocks.
    fn now(&self) -> u64;
}

/// One instance of a plugin. Each call blocks until the plugin returns. What
/// panicked or was given up is [forgotten](PluginLink::forget) instead of
/// destroyed.
pub(crate) trait PluginLink: Send + Sync {
    /// On the plugin's thread, before `create`: maps its library, where that
    /// was not done yet.
    fn map(&self) -> Result<(), LoadError> {
        Ok(())
    }

    /// On the plugin's thread, first. After another status than `OK` it is not
    /// called again.
    fn create(&self, voice: Arc<dyn Voice>, granted: u64, config: &[u8]) -> Status;

    /// On the plugin's thread.
    fn on_events(&self, events: &[Delivery]) -> Status;

    /// On the main thread; beside `on_events`. `CLOSED` if it is not there.
    fn run_ui(&self) -> Status;

    /// On any thread but the main one, at any time: without effect before
    /// `create` and after `destroy`.
    fn request_stop(&self);

    /// On the plugin's thread, last. Waits until `run_ui` returned.
    fn destroy(&self);

    /// Nothing is called from now on, but for `request_stop` while `run_ui` is
    /// under way; a call under way may go on for ever.
    fn forget(&self);

    /// After `destroy`, when the plugin's thread has ended: takes its code away
    /// if it promised that this is safe. Nothing is called after it.
    fn unmap(&self);

    /// Why it ended by itself, if it did: nothing is called after that.
    fn lost(&self) -> Option<String> {
        None
    }

    /// The process that it has of its own and that is not over.
    fn process(&self) -> Option<u32> {
        None
    }
}
