//! `messages`: the newest of a conversation, oldest first.

use ramson_types::{AccountId, ConversationId};

use super::peer::{Peer, name_in};
use super::reach::Limit;
use super::{Context, Needs, account_id};
use crate::cli::MessagesArgs;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::{MessageRecord, Record};

/// A checked `messages`.
pub(crate) struct Messages {
    with: With,
    account: Option<AccountId>,
    limit: usize,
}

enum With {
    Conversation(ConversationId),
    Peer(Peer),
}

impl Messages {
    pub(super) fn prepare(args: &MessagesArgs) -> Result<Self, Failure> {
        Ok(Self {
            with: match name_in(&args.with) {
                Some(name) => With::Peer(Peer::Name(name)),
                None => With::Conversation(args.with.parse()?),
            },
            account: account_id(args.account.as_ref())?,
            limit: args.limit as usize,
        })
    }

    /// The history is in the store; whose a name is, the network knows.
    pub(super) fn needs(&self) -> Needs {
        match self.with {
            With::Conversation(_) => Needs::Store,
            With::Peer(_) => Needs::Network,
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let account = context.account(self.account, "with --account").await?;
        let with = match &self.with {
            With::Conversation(with) => with.clone(),
            With::Peer(peer) => ConversationId::Account(
                peer.find(
                    context,
                    Some(&account),
                    &mut Limit::of(context),
                    &Progress::quiet(&context.console),
                )
                .await?,
            ),
        };
        let messages = context.engine.messages(&account, with, self.limit).await?;
        for message in messages {
            let record = MessageRecord::new(None, &account, &message);
            context.console.record(&Record::Message(Box::new(record))).await?;
        }
        Ok(())
    }
}
