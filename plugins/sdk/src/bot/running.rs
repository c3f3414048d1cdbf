//! The plugin around the machine.

use ramson_wire::Topic;

use super::Bot;
use super::runner::Runner;
use crate::{Config, Delivery, Error, Host, Manifest};

/// A bot that runs: what a [`crate::Plugin`] hands its events to. `bot!` does
/// that; a plugin that is more than a bot has one of these.
#[derive(Debug)]
pub struct Running {
    host: Host,
    runner: Runner,
}

impl Running {
    /// The manifest of a bot: it is durable, and hears conversations, by which
    /// strangers are told from contacts.
    pub const fn manifest(manifest: Manifest) -> Manifest {
        manifest.durable().hears(Topic::Conversations)
    }

    /// Lets a bot begin with the next snapshot. Without a durable manifest it
    /// hears only what comes while it runs.
    pub fn new<S: Setup>(
        manifest: &Manifest,
        host: Host,
        config: Config,
        setup: impl FnOnce(&mut Bot) -> S,
    ) -> Result<Self, Error> {
        let mut bot = Bot::new(host.clone(), config);
        setup(&mut bot).result()?;
        Ok(Self { host, runner: Runner::new(manifest, bot) })
    }

    /// Something is, or happened.
    pub fn on_event(&mut self, event: &Delivery) {
        self.runner.hear(event, self.host.now());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.runner.stop();
    }
}

/// What a function returns that says what a bot does: nothing, or a `Result`.
pub trait Setup {
    /// After an error the bot is not started.
    fn result(self) -> Result<(), Error>;
}

impl Setup for () {
    fn result(self) -> Result<(), Error> {
        Ok(())
    }
}

impl Setup for Result<(), Error> {
    fn result(self) -> Result<(), Error> {
        self
    }
}
