//! The node pool: from seeds, and from the nodes themselves.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::seed_rpc;
use ramson_messages::paths::{OnionError, OnionRequest};
use ramson_protocol::swarm::{Ask, PoolNews, agreed, pick_askers, service_nodes_request};
use ramson_types::{NodePool, ServiceNode, Timestamp};

use super::engine::{Class, Engine};
use super::exchange::transport_error;
use crate::world::queue::Host;

/// How long each seed or node may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// So many answers of nodes are compared.
const ANSWERS: usize = 3;

/// So many nodes are asked in all, when some do not answer.
const ASKED: usize = 6;

/// Fewer answers prove nothing.
const FEWEST: usize = 2;

/// Why a node did not tell.
struct Failure {
    reason: String,
    /// The request left this machine.
    reached: bool,
}

impl Engine {
    /// Asks whoever is due to be asked.
    pub(super) fn fetch_pool(self: &Rc<Self>, now: Timestamp) {
        let ask = {
            let mut rng = self.rng.borrow_mut();
            self.swarm.borrow_mut().bootstrap.ask_due(now, true, &mut *rng)
        };
        let own = self.clone();
        match ask {
            Some(Ask::Seed(seed)) => {
                self.spend(1);
                self.spawn(async move {
                    let nodes = own.ask_seed(seed).await;
                    let now = own.steady();
                    let news = own.swarm.borrow_mut().bootstrap.answered(seed, nodes, now);
                    own.take_news(news);
                });
            }
            Some(Ask::Nodes) => {
                self.spawn(async move {
                    let (nodes, asked) = own.ask_nodes().await;
                    own.spend(asked);
                    let now = own.steady();
                    let news = own.swarm.borrow_mut().bootstrap.refreshed(nodes, now);
                    own.take_news(news);
                });
            }
            None => {}
        }
    }

    fn take_news(self: &Rc<Self>, news: PoolNews) {
        match news {
            PoolNews::New(pool) => {
                let now = self.now();
                let known = {
                    let mut swarm = self.swarm.borrow_mut();
                    swarm.last_pool_error = None;
                    swarm.memberships.set_pool(&pool);
                    swarm.published == pool
                };
                if let Some(client) = self.client() {
                    client.home.borrow_mut().pool = Some(((*pool).clone(), now));
                }
                if !known {
                    self.publish_pool(pool);
                }
            }
            PoolNews::Kept(why) | PoolNews::None(why) => {
                self.log(format_args!("no new pool: {why}"));
                self.swarm.borrow_mut().last_pool_error = Some(why.to_string());
            }
        }
        self.tick();
    }

    pub(super) fn publish_pool(self: &Rc<Self>, pool: Arc<NodePool>) {
        self.log(format_args!("a pool of {} nodes", pool.len()));
        self.swarm.borrow_mut().published = pool.clone();
        self.take_pool(Class::Account, pool.clone());
        self.take_pool(Class::Network, pool);
    }

    async fn ask_seed(self: &Rc<Self>, seed: usize) -> Result<NodePool, String> {
        let body = seed_rpc::get_service_nodes_request();
        let asked = self.world.post_to_seed(self.host, seed, body);
        let to = Host::Seed(seed).to_string();
        let answer = match self.world.queue.timeout(self.host, TIMEOUT, asked).await {
            None => return Err(format!("{to} did not answer")),
            Some(answer) => answer.map_err(|failure| transport_error(failure, to).to_string())?,
        };
        if answer.status != 200 {
            return Err(format!("it answered with HTTP status {}", answer.status));
        }
        let list = seed_rpc::parse_service_nodes(&answer.body).map_err(|e| e.to_string())?;
        Ok(list.nodes.into_iter().collect())
    }

    /// What two nodes at least say alike, and how many were asked.
    async fn ask_nodes(self: &Rc<Self>) -> (Result<NodePool, String>, usize) {
        let Some(pool) = self.swarm.borrow().bootstrap.pool().cloned() else {
            return (Err("no node is known".to_owned()), 0);
        };
        let askers = pick_askers(&pool, ASKED, true, &mut *self.rng.borrow_mut());
        let (mut answers, mut asked) = (Vec::new(), 0);
        let mut reason = "no node was left to ask".to_owned();
        let mut left = askers.into_iter();
        while answers.len() < ANSWERS {
            let wanted = ANSWERS - answers.len();
            let round: Vec<_> = left.by_ref().take(wanted).map(|n| self.ask_node(n)).collect();
            if round.is_empty() {
                break;
            }
            asked += round.len();
            let mut reached = false;
            for answer in join_all(round).await {
                match answer {
                    Ok(pool) => answers.push(pool),
                    Err(failure) => {
                        reached |= failure.reached;
                        reason = failure.reason;
                    }
                }
            }
            if answers.is_empty() && !reached {
                // Without a path there is no use in asking others.
                break;
            }
        }
        if answers.len() < FEWEST {
            return (Err(reason), asked);
        }
        (Ok(agreed(&answers)), asked)
    }

    async fn ask_node(self: &Rc<Self>, destination: ServiceNode) -> Result<NodePool, Failure> {
        let body = service_nodes_request().to_bytes();
        let ask = OnionRequest { destination, body, timeout: TIMEOUT };
        let answer = self.onion(Class::Network, ask).await.map_err(|error| {
            let reached = matches!(error, OnionError::Guard { .. } | OnionError::Reply { .. });
            Failure { reason: error.to_string(), reached }
        })?;
        let unusable = |reason: String| Failure { reason, reached: true };
        if answer.reply.status != 200 {
            return Err(unusable(format!("it answered with status {}", answer.reply.status)));
        }
        let list = seed_rpc::parse_service_nodes(answer.reply.body.as_bytes());
        Ok(list.map_err(|error| unusable(error.to_string()))?.nodes.into_iter().collect())
    }
}
