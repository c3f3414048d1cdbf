//! How the account is, for who asks.

use actix::prelude::*;
use ramson_messages::identity::{AccountStatus, GetAccountStatus, GetProfile, GetSending};

use crate::IdentityActor;

impl Handler<GetAccountStatus> for IdentityActor {
    type Result = MessageResult<GetAccountStatus>;

    fn handle(&mut self, _: GetAccountStatus, _: &mut Context<Self>) -> Self::Result {
        let due = self.work_under_way || self.account.due_work(self.clock.now()).is_some();
        MessageResult(AccountStatus {
            clock_offset: self.account.clock().offset(),
            outbox: self.account.outbox_len(),
            unstored_configs: self.account.unstored_configs(),
            errands: self.account.errands_waiting().saturating_add(usize::from(due)),
            synced: self.account.is_synced(),
            polling: self.polling,
            poll_member: self.polled.map(|(node, _)| node),
            polled: self.polled.map(|(_, at)| at),
        })
    }
}

impl Handler<GetProfile> for IdentityActor {
    type Result = MessageResult<GetProfile>;

    fn handle(&mut self, _: GetProfile, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.account.profile())
    }
}

impl Handler<GetSending> for IdentityActor {
    type Result = MessageResult<GetSending>;

    fn handle(&mut self, _: GetSending, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.account.sending())
    }
}
