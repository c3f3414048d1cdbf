//! What an account can be told to do.

use ramson_messages::identity::{Carry, CarryAll, PollNow};
use ramson_protocol::command::{Command, CommandError, Outcome, Post};
use ramson_protocol::mark::Mark;
use ramson_protocol::store::PluginChange;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::AccountId;
use ramson_types::message::Message;

use super::{Engine, EngineError};

impl Engine {
    /// Carries out a command. Commands of one account are carried out one
    /// after the other, in the order in which they were given. Returns when
    /// what it leads to is on disk; what becomes of what it sends comes as
    /// events.
    pub async fn command(
        &self,
        account: &AccountId,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        Ok(self.running(account)?.carry.ask(Carry(command)).await??)
    }

    /// Carries out several commands of one account, and keeps what goes with
    /// them in the same commit: after a crash all of it was done, or nothing.
    /// A command that is refused does not stand in the way of the others, and
    /// each knows what those before it did.
    ///
    /// [`EngineError::Link`] and [`CarryError::Store`] may mean that the account
    /// failed after all of it was kept. Once it answers a further call, be it an
    /// empty one, [`Engine::plugin_cursor`] surely tells.
    ///
    /// [`CarryError::Store`]: ramson_messages::identity::CarryError::Store
    pub async fn commands(
        &self,
        account: &AccountId,
        commands: Vec<Command>,
        keep: Vec<PluginChange>,
    ) -> Result<Vec<Result<Outcome, CommandError>>, EngineError> {
        let marks = Vec::new();
        Ok(self.running(account)?.carry_all.ask(CarryAll { commands, marks, keep }).await??)
    }

    /// The same, and what is carried out is marked so in that commit, where a
    /// command has a mark.
    pub async fn marked_commands(
        &self,
        account: &AccountId,
        commands: Vec<(Command, Option<Mark>)>,
        keep: Vec<PluginChange>,
    ) -> Result<Vec<Result<Outcome, CommandError>>, EngineError> {
        let (commands, marks) = commands.into_iter().unzip();
        Ok(self.running(account)?.carry_all.ask(CarryAll { commands, marks, keep }).await??)
    }

    /// Sends a text: [`Command::Send`] for who wants the message.
    pub async fn send_text(
        &self,
        from: &AccountId,
        to: AccountId,
        text: String,
    ) -> Result<Message, EngineError> {
        match self.command(from, Command::Send { to, post: Post::text(text) }).await? {
            Outcome::Queued(message) => Ok(*message),
            other => Err(EngineError::NoMessage { outcome: format!("{other:?}") }),
        }
    }

    /// Polls an account now, whatever the schedule says. Returns when
    /// everything the poll brought is committed and told; `None` while another
    /// poll of it is under way.
    pub async fn poll_now(&self, id: &AccountId) -> Result<Option<PollOutcome>, EngineError> {
        Ok(self.running(id)?.poll_now.ask(PollNow).await?)
    }
}
