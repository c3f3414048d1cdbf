//! How the account is, for who asks.

use actix::prelude::*;
use ramson_messages::identity::{AccountStatus, GetAccountStatus};

use crate::IdentityActor;

impl Handler<GetAccountStatus> for IdentityActor {
    type Result = MessageResult<GetAccountStatus>;

    fn handle(&mut self, _: GetAccountStatus, _: &mut Context<Self>) -> Self::Result {
        MessageResult(AccountStatus {
            clock_offset: self.account.clock().offset(),
            outbox: self.account.outbox_len(),
            polling: self.polling,
            poll_member: self.polled.map(|(node, _)| node),
            polled: self.polled.map(|(_, at)| at),
        })
    }
}
