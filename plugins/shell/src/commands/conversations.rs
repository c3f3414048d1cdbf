//! `conversations`: the one with the newest message first.

use ramson_types::AccountId;

use super::{Context, account_id};
use crate::cli::ConversationsArgs;
use crate::error::Failure;
use crate::record::Record;

/// A checked `conversations`.
pub(crate) struct Conversations {
    account: Option<AccountId>,
}

impl Conversations {
    pub(super) fn prepare(args: &ConversationsArgs) -> Result<Self, Failure> {
        Ok(Self { account: account_id(args.account.as_ref())? })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let account = context.account(self.account, "with --account").await?;
        for conversation in context.engine.conversations(&account).await? {
            let record = Record::Conversation {
                account: account.to_string(),
                conversation: conversation.id.to_string(),
                name: conversation.name,
                timestamp: conversation.latest.millis(),
                unread: conversation.unread,
            };
            context.console.record(&record).await?;
        }
        Ok(())
    }
}
