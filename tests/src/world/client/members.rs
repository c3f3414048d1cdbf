//! Who holds an account's messages.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::select_all;
use ramson_codec::storage::{Request, SwarmAnswer};
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{SwarmError, SwarmView};
use ramson_protocol::swarm::Redirected;
use ramson_types::{AccountId, Ed25519PublicKey, NodePool, ServiceNode};
use rand::seq::IteratorRandom as _;
use tokio::sync::oneshot;

use super::engine::{Class, Engine};

/// So many nodes are asked for a swarm before giving up.
const ATTEMPTS: usize = 3;

/// How long each may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The next one is asked beside those that did not answer for so long.
const HEDGE: Duration = Duration::from_millis(2_500);

/// A swarm that a node named.
struct Found {
    members: Vec<ServiceNode>,
    /// It named others, too.
    strangers: bool,
}

/// Who named a swarm, and whom.
type Named = (Ed25519PublicKey, Vec<ServiceNode>);

impl Engine {
    /// An account's swarm for one request to it; asks random nodes if it is
    /// not known.
    pub(super) async fn swarm_of(
        self: &Rc<Self>,
        account: AccountId,
    ) -> Result<SwarmView, SwarmError> {
        self.obstacle(&account)?;
        self.turn_of(&account).await?;
        let members = self.find_members(account).await?;
        let now = self.steady();
        Ok(SwarmView {
            ask: self.swarm.borrow().memberships.trusted(&members, now),
            members: members.iter().map(|member| member.ed25519).collect(),
        })
    }

    fn obstacle(&self, account: &AccountId) -> Result<(), SwarmError> {
        let now = self.steady();
        let swarm = self.swarm.borrow();
        if let Some(until) = swarm.memberships.on_hold(account, now) {
            let seconds = until.since(now).as_secs().saturating_add(1);
            return Err(SwarmError::Disputed { account: *account, seconds });
        }
        match swarm.bootstrap.pool() {
            Some(_) => Ok(()),
            None => Err(SwarmError::NoPool { last_seed_error: swarm.last_pool_error.clone() }),
        }
    }

    async fn find_members(
        self: &Rc<Self>,
        account: AccountId,
    ) -> Result<Vec<ServiceNode>, SwarmError> {
        let known = self.swarm.borrow().memberships.members(&account).to_vec();
        if !known.is_empty() {
            return Ok(known);
        }
        self.obstacle(&account)?;
        let pool = self.swarm.borrow().bootstrap.pool().cloned().unwrap_or_default();
        let nodes = pool.iter().copied().sample(&mut *self.rng.borrow_mut(), ATTEMPTS);
        let (found, asked) = self.look_up(account, nodes, &pool).await;
        self.spend(asked);
        let Found { members, strangers } = found?;
        if strangers {
            self.swarm.borrow_mut().bootstrap.wish();
            self.tick();
        }
        let learnt = members.clone();
        let now = self.steady();
        self.swarm.borrow_mut().memberships.learn(account, learnt, strangers, now);
        Ok(members)
    }

    async fn look_up(
        self: &Rc<Self>,
        account: AccountId,
        nodes: Vec<ServiceNode>,
        pool: &NodePool,
    ) -> (Result<Found, SwarmError>, usize) {
        let (mut reason, mut asked) = ("no node was asked".to_owned(), 0);
        let (mut nodes, mut asking) = (nodes.into_iter(), Vec::new());
        loop {
            if let Some(node) = nodes.next() {
                asked += 1;
                asking.push(self.ask_for_swarm(account, node));
            }
            if asking.is_empty() {
                return (Err(SwarmError::NotTold { account, reason }), asked);
            }
            let first = select_all(&mut asking);
            let first = match nodes.len() {
                0 => Some(first.await),
                _ => self.world.queue.timeout(self.host, HEDGE, first).await,
            };
            let Some((answer, index, _)) = first else { continue };
            drop(asking.remove(index));
            match answer.unwrap_or_else(|gone| Err(gone.to_string())) {
                Ok((node, named)) => {
                    let count = named.len();
                    let members = known_nodes(named, pool);
                    if !members.is_empty() {
                        let strangers = members.len() < count;
                        return (Ok(Found { members, strangers }), asked);
                    }
                    reason = format!("{node} names no swarm of known nodes");
                }
                Err(why) => reason = why,
            }
        }
    }

    /// Asks a node for a swarm. Goes on when nobody waits for the answer any
    /// more, as the actor of the paths does.
    fn ask_for_swarm(
        self: &Rc<Self>,
        account: AccountId,
        destination: ServiceNode,
    ) -> oneshot::Receiver<Result<Named, String>> {
        let (own, (give, answer)) = (self.clone(), oneshot::channel());
        self.spawn(async move {
            let node = destination.ed25519;
            let body = Request::get_swarm(&account).to_bytes();
            let ask = OnionRequest { destination, body, timeout: TIMEOUT };
            let answer = match own.onion(Class::Account, ask).await {
                Ok(answer) => SwarmAnswer::parse(answer.reply.body.as_bytes())
                    .map(|swarm| (node, swarm.nodes))
                    .map_err(|error| format!("{node}: {error}")),
                Err(error) => Err(error.to_string()),
            };
            drop(give.send(answer));
        });
        answer
    }

    /// A node said that an account's swarm is this one (421).
    pub(super) fn learn_swarm(
        self: &Rc<Self>,
        account: AccountId,
        by: Ed25519PublicKey,
        members: Vec<ServiceNode>,
    ) {
        let now = self.steady();
        let looks = {
            let mut swarm = self.swarm.borrow_mut();
            let Some(pool) = swarm.bootstrap.pool().cloned() else { return };
            let named = members.len();
            let members = known_nodes(members, &pool);
            let strangers = members.len() < named;
            if members.is_empty() {
                // The network has changed, or the node lies: the seeds know.
                swarm.memberships.denied(account, by, now);
                swarm.memberships.forget(&account);
                swarm.bootstrap.doubt();
                true
            } else {
                let redirected = swarm.memberships.redirected(account, by, members, strangers, now);
                self.log(format_args!("sent to another swarm: {redirected:?}"));
                let wishes = strangers || redirected != Redirected::Learnt;
                if wishes {
                    swarm.bootstrap.wish();
                }
                wishes
            }
        };
        if looks {
            self.tick();
        }
    }

    /// A member of a swarm failed or lied.
    pub(super) fn doubt_member(self: &Rc<Self>, node: Ed25519PublicKey, gone: bool) {
        let now = self.steady();
        if gone {
            {
                let mut swarm = self.swarm.borrow_mut();
                swarm.memberships.reported_gone(node, now);
                swarm.bootstrap.wish();
            }
            self.tick();
        } else {
            self.swarm.borrow_mut().memberships.doubt(node, now);
        }
    }
}

/// Those nodes that the seeds know as well, as the seeds know them.
fn known_nodes(nodes: Vec<ServiceNode>, pool: &NodePool) -> Vec<ServiceNode> {
    nodes.iter().filter_map(|node| pool.get(&node.ed25519).copied()).collect()
}
