//! What all nodes go by: who is in which swarm, which names there are, and
//! what is to go wrong.

use std::sync::{Arc, MutexGuard, PoisonError};

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::ons::{Name, NameRecord};
use ramson_node::{Network, NodeContact};
use ramson_types::{AccountId, ServiceNode};
use rand::rngs::StdRng;
use tokio::task::JoinHandle;

use super::Hosts;
use crate::layout::Layout;
use crate::members::arranged;
use crate::script::Script;

/// Changed as a whole, behind one lock.
pub(super) struct Shared {
    pub(super) layout: Layout,
    pub(super) network: Arc<Network>,
    script: Option<Arc<Script>>,
}

impl Shared {
    pub(super) fn new(layout: Layout, contacts: &[NodeContact]) -> Self {
        let network = arranged(&Network::default(), contacts, &layout);
        Self { layout, network: Arc::new(network), script: None }
    }
}

impl Hosts {
    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network as it is now.
    pub(crate) fn network(&self) -> Arc<Network> {
        self.shared().network.clone()
    }

    /// All nodes by their numbers, as clients would know them now.
    pub(crate) fn service_nodes(&self) -> Vec<ServiceNode> {
        let network = self.network();
        let nodes = self.contacts.iter().filter_map(|contact| network.node(&contact.ed25519));
        nodes.map(NodeContact::service_node).collect()
    }

    /// Who is in which swarm now.
    pub(crate) fn layout(&self) -> Layout {
        self.shared().layout.clone()
    }

    /// Puts nodes into other swarms. Nodes that are there learn of it at once,
    /// and push messages to those who have to hold them now; the pushes are
    /// over when those tasks are.
    pub(crate) fn rearrange(self: &Arc<Self>, layout: Layout) -> Vec<JoinHandle<()>> {
        {
            let mut shared = self.shared();
            shared.network = Arc::new(arranged(&shared.network, &self.contacts, &layout));
            shared.layout = layout;
        }
        self.tell_all()
    }

    /// Registers names for accounts, or takes them out.
    pub(crate) fn register(
        self: &Arc<Self>,
        names: impl IntoIterator<Item = (Name, Option<AccountId>)>,
        rng: &mut StdRng,
    ) {
        {
            let mut shared = self.shared();
            let mut network = Network::clone(&shared.network);
            for (name, account) in names {
                match account {
                    Some(account) => network.register_name(&name, &account, rng),
                    None => network.register_record(name.hash(), NameRecord::NotRegistered),
                }
            }
            shared.network = Arc::new(network);
        }
        self.tell_all();
    }

    fn tell_all(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let up = (0..self.len()).filter(|index| self.is_up(*index));
        up.filter_map(|index| self.tell_network(index)).collect()
    }

    /// Whether all nodes, those too that are away, know who is where and hold
    /// what they have to hold: nothing is on its way to anybody.
    pub(crate) fn all_know(&self) -> bool {
        let network = self.network();
        (0..self.len()).all(|index| {
            let settled = self.look(index, |node, _, _| {
                Arc::ptr_eq(node.network(), &network) && !node.is_moving_messages()
            });
            settled == Some(true)
        })
    }

    /// Tells a node how the network is now, and gives the task of its pushes.
    pub(super) fn tell_network(self: &Arc<Self>, index: usize) -> Option<JoinHandle<()>> {
        let network = self.network();
        let calls = self.look(index, |node, _, _| {
            if Arc::ptr_eq(node.network(), &network) {
                return Vec::new();
            }
            self.touch(index);
            node.set_network(network)
        });
        self.conclude(index, calls.unwrap_or_default())
    }

    /// What goes wrong from now on.
    pub(crate) fn set_script(&self, faults: Option<FaultsFile>) {
        let script = faults.map(|faults| Arc::new(Script::new(faults, self.now())));
        self.shared().script = script;
    }

    /// What goes wrong.
    pub(crate) fn script(&self) -> Option<Arc<Script>> {
        self.shared().script.clone()
    }
}
