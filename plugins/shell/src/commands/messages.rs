//! `messages`: the newest of a conversation, oldest first.

use ramson_types::{AccountId, ConversationId};

use super::{Context, account_id};
use crate::cli::MessagesArgs;
use crate::error::Failure;
use crate::record::{MessageRecord, Record};

/// A checked `messages`.
pub(crate) struct Messages {
    with: ConversationId,
    account: Option<AccountId>,
    limit: usize,
}

impl Messages {
    pub(super) fn prepare(args: &MessagesArgs) -> Result<Self, Failure> {
        Ok(Self {
            with: args.with.parse()?,
            account: account_id(args.account.as_ref())?,
            limit: args.limit as usize,
        })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let account = context.account(self.account, "with --account").await?;
        let messages = context.engine.messages(&account, self.with.clone(), self.limit).await?;
        for message in messages {
            let record = MessageRecord::new(None, &account, &message);
            context.console.record(&Record::Message(record)).await?;
        }
        Ok(())
    }
}
