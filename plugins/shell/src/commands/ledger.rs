//! `ledger on | off | status`.

use super::Context;
use crate::cli::LedgerCommand;
use crate::error::Failure;
use crate::record::Record;

/// A `ledger` command.
pub(crate) struct Ledger {
    command: LedgerCommand,
}

impl Ledger {
    pub(super) fn new(command: LedgerCommand) -> Self {
        Self { command }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self.command {
            LedgerCommand::On => context.engine.set_ledger(true).await?,
            LedgerCommand::Off => context.engine.set_ledger(false).await?,
            LedgerCommand::Status => {}
        }
        let on = context.engine.ledger_is_on().await?;
        context.console.record(&Record::Ledger { on }).await
    }
}
