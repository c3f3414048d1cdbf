//! The two traits, and what a plugin is told.

use ramson_wire::{AccountId, Event, Message, Reply};

use crate::{Config, Host, Manifest, RequestId};

/// What went wrong in a plugin. Everything that is an error becomes one by
/// `?`, and a text by `.into()`.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A plugin without a user interface. All of it runs on the plugin's own
/// thread, dropping it too; whatever threads it starts have to end with it.
///
/// A panic is caught and logged, and the plugin is not called again, not even
/// dropped. Only a panic in a `drop` while another one unwinds cannot be
/// caught: it ends the program.
pub trait Plugin: Sized + Send + 'static {
    /// What the plugin is.
    const MANIFEST: Manifest;

    /// Makes the plugin. After an error it is not started.
    fn create(host: Host, config: Config) -> Result<Self, Error>;

    /// Something is, or happened. An error is logged, and the plugin goes on.
    fn on_event(&mut self, event: &Delivery) -> Result<(), Error>;
}

/// A plugin with a user interface. It has two threads at once: its own one for
/// [`UiPlugin::on_event`], the process's main thread for [`UiPlugin::run_ui`].
/// What [`Plugin`] says of panics holds here too.
pub trait UiPlugin: Sized + Send + Sync + 'static {
    /// What the plugin is.
    const MANIFEST: Manifest;

    /// Makes the plugin, on its own thread; nothing is shown yet.
    fn create(host: Host, config: Config) -> Result<Self, Error>;

    /// Something is, or happened: usually handed on to the other thread.
    fn on_event(&self, event: Delivery) -> Result<(), Error>;

    /// Shows the user interface, and returns when it ends. Main thread.
    fn run_ui(&self) -> Result<(), Error>;

    /// Asks [`UiPlugin::run_ui`] to return soon. Any thread, also before it
    /// runs.
    fn request_stop(&self);
}

/// An event as it is handed to a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the home's one sequence: ascending, with gaps where
    /// something was not for this plugin.
    pub seq: u64,
    /// Of a reply: the request.
    pub reply_to: Option<RequestId>,
    /// What.
    pub event: Event,
}

impl Delivery {
    /// A text that somebody else wrote to an account: not by the account
    /// itself on any device, no notice, and not taken back.
    pub fn incoming_text(&self) -> Option<(AccountId, &Message, &str)> {
        let Event::Message { account, message } = &self.event else { return None };
        let theirs = !message.outgoing && message.author != *account;
        let written = message.notice.is_none() && !message.deleted;
        let text = message.text.as_deref().filter(|text| !text.is_empty())?;
        (theirs && written).then_some((*account, message, text))
    }

    /// What came of a request.
    pub fn reply(&self) -> Option<(RequestId, &Reply)> {
        match (&self.event, self.reply_to) {
            (Event::Reply(reply), Some(request)) => Some((request, reply)),
            _ => None,
        }
    }
}
