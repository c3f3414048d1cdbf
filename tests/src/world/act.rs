//! What users do as chance has it: every command there is, on what their client
//! has at that moment.

use std::rc::Rc;
use std::time::Duration;

use ramson_protocol::command::{Command, CommandError, DeleteScope, Post};
use ramson_types::conversation::{Conversation, Disappearing, Notify};
use ramson_types::message::{Message, MessageKind};
use ramson_types::{AccountId, ConversationId};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::oneshot;

use super::World;
use super::queue::Host;

const EMOJI: [&str; 3] = ["👍", "❤️", "😂"];

/// Accounts that nobody has: they never write, so it makes no difference in
/// which order their devices learn that they are blocked or removed.
const STRANGERS: [u8; 3] = [1, 2, 3];

impl World {
    /// A user does something; a sleeping or dead client does nothing.
    pub(crate) fn act(self: &Rc<Self>, client: usize) {
        let Some(engine) = self.engine(client) else { return };
        let mut rng = StdRng::from_rng(&mut *self.rng.borrow_mut());
        let Some(command) = self.draw(client, &mut rng) else { return };
        let deletes = self.what_goes(client, &command);
        self.log(Host::Client(client), format_args!("the user: {command:?}"));
        let (tell, told) = oneshot::channel();
        let name = name_of(&command);
        self.queue.spawn(Host::Client(client), async move {
            drop(tell.send(engine.command(command).await));
        });
        let world = self.clone();
        self.queue.spawn(Host::World, async move {
            // A crash takes the command with it, unless it was on disk: then
            // the user sees what came of it.
            let done = told.await;
            let mut tally = world.tally.borrow_mut();
            let acts = tally.acts.entry(name).or_default();
            match done {
                Ok(Ok(_)) => {
                    acts.0 += 1;
                    match deletes {
                        Some((DeleteScope::Here, name)) => tally.deleted_here.push((client, name)),
                        Some((_, name)) => {
                            let account = world.clients.get(client).map(|client| client.account);
                            tally.deleted.extend(account.map(|account| (account, name)));
                        }
                        None => {}
                    }
                }
                Ok(Err(error)) => {
                    acts.1 += 1;
                    drop(tally);
                    world.log(Host::Client(client), format_args!("refused: {error}"));
                    if matches!(error, CommandError::Busy { .. } | CommandError::TooLarge { .. }) {
                        world.complain(Host::Client(client), format_args!("refuses: {error}"));
                    }
                }
                // It may have been on disk before the crash.
                Err(_) => {
                    if let Some((DeleteScope::Here, name)) = deletes {
                        tally.deleted_here.push((client, name));
                    }
                }
            }
        });
    }

    fn what_goes(
        &self,
        client: usize,
        command: &Command,
    ) -> Option<(DeleteScope, ramson_types::message::MessageName)> {
        let Command::Delete { message, scope } = command else { return None };
        let home = self.clients.get(client)?.home.borrow();
        Some((*scope, home.messages.get(message)?.name()))
    }

    fn draw(&self, client: usize, rng: &mut StdRng) -> Option<Command> {
        let host = self.clients.get(client)?;
        let home = host.home.borrow();
        let me = host.id;
        let peers = self.clients.iter().filter(|other| other.account != host.account);
        // Everybody writes to the account with the devices that are compared.
        let peers: Vec<AccountId> = match host.account {
            0 => peers.map(|peer| peer.id).collect(),
            _ => peers.filter(|peer| peer.account == 0).map(|peer| peer.id).take(1).collect(),
        };
        let line = |rng: &mut StdRng| -> Option<Conversation> {
            let known = |line: &&Conversation| match line.id {
                ConversationId::Account(id) => id == me || peers.contains(&id),
                _ => false,
            };
            home.conversations.values().filter(known).choose(rng).cloned()
        };
        let message = |rng: &mut StdRng| -> Option<Message> {
            let shown =
                |message: &&Message| message.kind == MessageKind::Visible && !message.deleted;
            home.messages.values().filter(shown).choose(rng).cloned()
        };
        let stranger = |rng: &mut StdRng| STRANGERS.into_iter().choose(rng).map(stranger);
        Some(match rng.random_range(0..100) {
            0..34 => {
                let to = if rng.random_ratio(1, 8) { me } else { *peers.iter().choose(rng)? };
                let same = |other: &Message| {
                    other.conversation == ConversationId::Account(to)
                        && other.kind == MessageKind::Visible
                };
                let reply_to = message(rng).filter(same).map(|message| message.id);
                let reply_to = reply_to.filter(|_| rng.random_ratio(1, 3));
                let mut text = format!("text {}", rng.random::<u32>());
                if rng.random_ratio(1, 6) {
                    text.push_str(&format!(" @{to}"));
                }
                Command::Send { to, post: Post { text, reply_to, ..Post::default() } }
            }
            34..50 => {
                let emoji = EMOJI.into_iter().choose(rng)?.to_owned();
                let message = message(rng)?.id;
                Command::React { message, emoji, remove: rng.random_ratio(1, 3), unsynced: false }
            }
            50..58 => {
                let message = message(rng)?.id;
                let scope = match rng.random_range(0..5) {
                    0 => DeleteScope::Here,
                    1 | 2 => DeleteScope::MyDevices,
                    _ => DeleteScope::Everyone,
                };
                Command::Delete { message, scope }
            }
            58..74 => {
                let line = line(rng)?;
                let up_to =
                    rng.random_ratio(1, 4).then(|| line.latest.minus(Duration::from_secs(1)));
                Command::MarkRead { conversation: line.id, up_to }
            }
            74..77 => {
                let unread = rng.random();
                Command::MarkUnread { conversation: line(rng)?.id, unread }
            }
            77..81 => {
                let account = *peers.iter().choose(rng)?;
                let nickname = rng.random::<bool>().then(|| format!("nick {}", rng.random::<u8>()));
                Command::SetNickname { account, nickname }
            }
            81..84 => {
                let priority = rng.random_range(0..3);
                Command::SetPriority { conversation: line(rng)?.id, priority }
            }
            84..86 => {
                // What is set of a note to self stays on its device.
                let conversation = ConversationId::Account(*peers.iter().choose(rng)?);
                let until = self.queue.now().plus(Duration::from_secs(3600));
                Command::Mute { conversation, until }
            }
            86..88 => {
                let notify = [Notify::Default, Notify::All, Notify::Off].into_iter().choose(rng)?;
                let conversation = ConversationId::Account(*peers.iter().choose(rng)?);
                Command::SetNotify { conversation, notify }
            }
            88..93 => {
                let seconds = rng.random_range(30..400);
                let setting = match rng.random_range(0..3) {
                    0 => Disappearing::Off,
                    1 => Disappearing::AfterSend(seconds),
                    _ => Disappearing::AfterRead(seconds),
                };
                Command::SetDisappearing { conversation: line(rng)?.id, setting }
            }
            93 => Command::SetName(format!("name {}", rng.random::<u8>())),
            94 => {
                let text = rng.random::<bool>().then(|| "a draft".to_owned());
                Command::SetDraft { conversation: line(rng)?.id, text }
            }
            95 => Command::SetTyping { to: *peers.iter().choose(rng)?, typing: rng.random() },
            96 => Command::AddContact(stranger(rng)?),
            97 => Command::Block { account: stranger(rng)?, blocked: rng.random() },
            98 => Command::RemoveContact(stranger(rng)?),
            _ => Command::Approve(*peers.iter().choose(rng)?),
        })
    }
}

fn stranger(number: u8) -> AccountId {
    ramson_crypto::AccountKeys::new(&ramson_crypto::Seed::from_bytes32([number; 32])).account_id()
}

const fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Send { .. } => "send",
        Command::React { .. } => "react",
        Command::Delete { .. } => "delete",
        Command::MarkRead { .. } => "mark read",
        Command::SetDisappearing { .. } => "set disappearing",
        _ => "other",
    }
}
