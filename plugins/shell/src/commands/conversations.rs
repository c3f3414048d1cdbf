//! `conversations`: pinned ones first, then the one with the newest message.

use ramson_types::AccountId;

use super::{Context, account_id};
use crate::cli::ConversationsArgs;
use crate::error::Failure;
use crate::record::{ConversationRecord, Record};

/// A checked `conversations`.
pub(crate) struct Conversations {
    account: Option<AccountId>,
    all: bool,
}

impl Conversations {
    pub(super) fn prepare(args: &ConversationsArgs) -> Result<Self, Failure> {
        Ok(Self { account: account_id(args.account.as_ref())?, all: args.all })
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let account = context.account(self.account, "with --account").await?;
        for line in context.engine.conversations(&account).await? {
            let in_list = !line.is_hidden() && !line.blocked && !line.is_request();
            if self.all || in_list {
                let record = Record::Conversation(ConversationRecord::new(&account, &line));
                context.console.record(&record).await?;
            }
        }
        Ok(())
    }
}
