//! How the network is.

use actix::prelude::*;
use ramson_messages::swarm::{GetSwarmStatus, PoolStatus, SwarmStatus};
use ramson_protocol::swarm::PoolSource;

use crate::SwarmActor;

impl SwarmActor {
    fn pool_status(&self) -> Option<PoolStatus> {
        let nodes = self.bootstrap.pool()?.len();
        let (source, fetched) = self.bootstrap.origin()?;
        let source = match source {
            PoolSource::Cache => "cache".to_owned(),
            PoolSource::Nodes => "service nodes".to_owned(),
            PoolSource::Seed(index) => self.seed_url(index),
        };
        Some(PoolStatus { nodes, age: self.clock.steady().since(fetched), source })
    }
}

impl Handler<GetSwarmStatus> for SwarmActor {
    type Result = MessageResult<GetSwarmStatus>;

    fn handle(&mut self, _: GetSwarmStatus, _: &mut Context<Self>) -> Self::Result {
        MessageResult(SwarmStatus {
            pool: self.pool_status(),
            pool_is_doubted: self.bootstrap.is_doubted(),
            last_pool_error: self.last_pool_error.clone(),
            requests: self.budget.request_rate(self.clock.steady()),
            requests_per_second: self.budget.per_second(),
            requests_waiting: self.budget.waiting(),
            polls_wait: self.budget.polls_wait(),
            polls_under_way: self.schedule.under_way(),
            accounts_polled: self.schedule.watched(),
        })
    }
}
