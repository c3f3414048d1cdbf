//! Carries out a plan's steps.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use ramson_codec::ons::Name;
use ramson_protocol::command::{Command, Post};
use ramson_protocol::names::NameOutcome;
use ramson_types::SwarmId;
use ramson_types::swarm::next_swarm_id;

use super::World;
use super::net::Down;
use super::plan::Step;
use super::queue::Host;

/// How long a user waits before trying again what a crash may have undone.
const USER_RETRY: Duration = Duration::from_secs(1);

impl World {
    pub(crate) fn start_script(self: &Rc<Self>) {
        let mut steps = self.plan.steps.clone();
        steps.sort_by_key(|(at, _)| *at);
        let world = self.clone();
        self.queue.spawn(Host::World, async move {
            let start = world.queue.now();
            for (at, step) in steps {
                let wait = at.saturating_sub(world.queue.now().since(start));
                world.queue.sleep(Host::World, wait).await;
                if !matches!(step, Step::Send { .. }) {
                    world.log(Host::World, format_args!("{step:?}"));
                }
                world.carry_out(step);
            }
            world.script_is_over.set(true);
        });
    }

    fn carry_out(self: &Rc<Self>, step: Step) {
        match step {
            Step::Send { from, to } => self.send(from, to),
            Step::Act(client) => self.act(client),
            Step::Begin(client) => self.start_client(client),
            Step::Kill(node, how) => self.kill_node(node, how),
            Step::KillGuardOf(client) => self.kill_guard_of(client),
            Step::KillMembers { of, count, how } => {
                for node in self.members_of(of).into_iter().take(count) {
                    self.kill_node(node, how);
                }
            }
            Step::KillAll(how) => {
                for node in 0..self.nodes.len() {
                    self.kill_node(node, how);
                }
            }
            Step::ReturnAll { keep } => {
                for node in 0..self.nodes.len() {
                    if self.net.borrow().is_down(Host::Node(node)) {
                        self.return_node(node, keep);
                    }
                }
            }
            Step::SwapMembers { of, count } => self.swap_members(of, count),
            Step::SplitSwarms => self.split_swarms(),
            Step::Dissolve { of } => self.dissolve(of),
            Step::Freeze { of, count } => {
                let nodes = self.members_of(of).into_iter().take(count);
                self.frozen.borrow_mut().extend(nodes);
            }
            Step::Thaw => {
                self.frozen.borrow_mut().clear();
                self.move_nodes(&[]);
            }
            Step::MemberFaults { of, count, faults } => {
                for node in self.members_of(of).into_iter().take(count) {
                    self.set_node_faults(node, faults);
                }
            }
            Step::NodeFaults(node, faults) => self.set_node_faults(node, faults),
            Step::CutHalfOfEachSwarm => self.cut_halves(),
            Step::CutClient(client) => {
                self.net.borrow_mut().cut_off(BTreeSet::from([Host::Client(client)]));
            }
            Step::Repair => self.net.borrow_mut().repair(),
            Step::ClientRates(rates) => self.net.borrow_mut().client_rates = rates,
            Step::NodeRates(rates) => self.net.borrow_mut().node_rates = rates,
            Step::SeedsDown => self.set_seeds(Some(Down::Refuses)),
            Step::SeedsUp => self.set_seeds(None),
            Step::Sleep(client) => self.put_client_to_sleep(client),
            Step::Wake(client) => self.wake_client(client),
            Step::Crash(client) => self.crash_client(client, "as planned"),
            Step::SetClock(client, ahead) => self.set_client_clock(client, ahead),
            Step::Resolve { by, whose } => self.resolve(by, whose),
            Step::StartWatch => self.tally.borrow_mut().start_watch(self.queue.now()),
        }
    }

    /// Nodes of an account's swarm, by number.
    pub(crate) fn members_of(&self, account: usize) -> Vec<usize> {
        let network = self.network.borrow().clone();
        let id = self.clients.iter().find(|client| client.account == account);
        let swarm = id.and_then(|client| network.swarm_of(client.id.key()));
        let members = swarm.map_or(&[][..], |swarm| network.members(swarm));
        members.iter().filter_map(|key| self.node_of(key)).collect()
    }

    fn swarms(&self) -> BTreeMap<SwarmId, Vec<usize>> {
        let mut swarms = BTreeMap::<_, Vec<_>>::new();
        for node in 0..self.nodes.len() {
            if let Some(swarm) = self.swarm_of_node(node) {
                swarms.entry(swarm).or_default().push(node);
            }
        }
        swarms
    }

    fn kill_guard_of(&self, client: usize) {
        let guard = self.clients.get(client).and_then(|client| {
            let home = client.home.borrow();
            home.guards.first().and_then(|guard| self.node_of(guard))
        });
        match guard {
            Some(node) => self.kill_node(node, Down::Silent),
            None => self.complain(Host::World, format_args!("client {client} has no guard yet")),
        }
    }

    fn swap_members(self: &Rc<Self>, of: usize, count: usize) {
        let members = self.members_of(of);
        let own = members.first().and_then(|node| self.swarm_of_node(*node));
        let others = (0..self.nodes.len()).filter(|node| !members.contains(node));
        let mut moves = Vec::new();
        for (leaves, comes) in members.iter().copied().zip(others).take(count) {
            let (Some(own), Some(other)) = (own, self.swarm_of_node(comes)) else { continue };
            moves.extend([(leaves, other), (comes, own)]);
        }
        self.move_nodes(&moves);
    }

    fn split_swarms(self: &Rc<Self>) {
        let swarms = self.swarms();
        let mut ids: Vec<SwarmId> = swarms.keys().copied().collect();
        let mut moves = Vec::new();
        for nodes in swarms.into_values().filter(|nodes| nodes.len() > 1) {
            let new = next_swarm_id(&ids);
            ids.push(new);
            let half = nodes.len() / 2;
            moves.extend(nodes.into_iter().take(half).map(|node| (node, new)));
        }
        self.move_nodes(&moves);
    }

    fn dissolve(self: &Rc<Self>, of: usize) {
        let members = self.members_of(of);
        let own = members.first().and_then(|node| self.swarm_of_node(*node));
        let others: Vec<SwarmId> =
            self.swarms().into_keys().filter(|swarm| Some(*swarm) != own).collect();
        let moves: Vec<_> = members.into_iter().zip(others.into_iter().cycle()).collect();
        self.move_nodes(&moves);
    }

    fn cut_halves(&self) {
        let halves = self.swarms().into_values().flat_map(|nodes| {
            let half = nodes.len() / 2;
            nodes.into_iter().take(half)
        });
        let side = halves.map(Host::Node).collect();
        self.net.borrow_mut().cut_off(side);
    }

    fn set_seeds(&self, down: Option<Down>) {
        for seed in 0..self.plan.seeds {
            self.net.borrow_mut().set_down(Host::Seed(seed), down);
        }
    }

    /// A user writes. If the client dies meanwhile, the user looks into the
    /// history when it is back, and writes again what is not there.
    fn send(self: &Rc<Self>, from: usize, to: usize) {
        let Some(account) = self.clients.get(from).map(|client| client.account) else { return };
        let (text, number) = self.tally.borrow_mut().expect(account, to);
        let Some(to) = self.clients.iter().find(|client| client.account == to) else { return };
        let (world, to) = (self.clone(), to.id);
        self.queue.spawn(Host::World, async move {
            loop {
                if let Some(engine) = world.engine(from) {
                    if world.stands_in_history(from, &text) {
                        break;
                    }
                    let (tell, told) = tokio::sync::oneshot::channel();
                    let text = text.clone();
                    world.queue.spawn(Host::Client(from), async move {
                        let post = Post::text(text);
                        let sent = engine.command(Command::Send { to, post }).await;
                        // A crash drops who waits, or what it waits for.
                        drop(tell.send(sent));
                    });
                    match told.await {
                        Ok(Ok(_)) => break,
                        Ok(Err(error)) => {
                            world.complain(Host::Client(from), format_args!("refuses: {error}"));
                            break;
                        }
                        Err(_) => {}
                    }
                }
                world.queue.sleep(Host::World, USER_RETRY).await;
            }
            world.tally.borrow_mut().kept(number);
        });
    }

    /// A user asks whose a name is, and again when nobody could tell. What is
    /// told must be true.
    fn resolve(self: &Rc<Self>, by: usize, whose: usize) {
        let Ok(name) = name_of(whose).parse::<Name>() else { return };
        let account = self.clients.iter().find(|client| client.account == whose);
        let right = match account {
            Some(client) => NameOutcome::Registered(client.id),
            None => NameOutcome::NotRegistered,
        };
        let world = self.clone();
        self.errands.set(self.errands.get() + 1);
        self.queue.spawn(Host::World, async move {
            loop {
                if let Some(engine) = world.engine(by) {
                    let (tell, told) = tokio::sync::oneshot::channel();
                    let asked = name.clone();
                    world.queue.spawn(Host::Client(by), async move {
                        // A crash drops who waits, or what it waits for.
                        drop(tell.send(engine.resolve(asked).await));
                    });
                    match told.await {
                        Ok(Ok(outcome)) if outcome == right => break,
                        Ok(Ok(wrong)) => {
                            let what = format_args!("{name:?} is {right:?}, not {wrong:?}");
                            world.complain(Host::Client(by), what);
                            break;
                        }
                        Ok(Err(error)) => {
                            world.log(Host::Client(by), format_args!("cannot resolve: {error}"));
                        }
                        Err(_) => {}
                    }
                }
                world.queue.sleep(Host::World, USER_RETRY * 5).await;
            }
            world.errands.set(world.errands.get() - 1);
        });
    }

    fn stands_in_history(&self, client: usize, text: &str) -> bool {
        self.clients.get(client).is_some_and(|client| {
            let home = client.home.borrow();
            home.messages.values().any(|message| message.text.as_deref() == Some(text))
        })
    }
}

/// The name that an account has.
pub(crate) fn name_of(account: usize) -> String {
    format!("account-{account}")
}
