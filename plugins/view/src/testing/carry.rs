//! Carrying requests out.

use ramson_wire::{
    AccountId, Answer, Change, Command, Control, ConversationId, Event, MessageId, MessageState,
    Query, Quote, Reaction, Refusal, Reply, Request, Trace, TraceLine,
};

use super::World;

fn refusal(kind: &str, text: &str) -> Refusal {
    Refusal { kind: kind.to_owned(), text: text.to_owned() }
}

impl World {
    /// Carries a request out.
    pub fn carry_out(&mut self, request: Request) -> Reply {
        if let Some(refusal) = &self.refusing {
            return Reply::Refused(refusal.clone());
        }
        let answer = match request {
            Request::Command(command) => self.command(command.account, command.command),
            Request::Query(query) => self.query(query),
            Request::Control(control) => self.control(control),
            Request::Done(_) => Err(refusal("NotDurable", "A user interface is not durable")),
        };
        answer.map_or_else(Reply::Refused, Reply::Ok)
    }

    fn command(&mut self, account: AccountId, command: Command) -> Result<Answer, Refusal> {
        match command {
            Command::Send { to, text, reply_to, preview, invitation, .. } => {
                let conversation = ConversationId::from(to);
                if self.conversation(account, &conversation).is_some_and(|it| it.blocked) {
                    return Err(refusal("Blocked", "You blocked them; unblock them first"));
                }
                let quote = match reply_to {
                    Some(id) => Some(self.quote(account, id)?),
                    None => None,
                };
                self.change(account, &conversation, |it| {
                    it.approved = true;
                    it.request = false;
                });
                let mut message = self.blank(account, &conversation);
                message.outgoing = true;
                message.state = MessageState::Queued;
                message.text = Some(text);
                message.quote = quote;
                message.preview = preview;
                message.invitation = invitation;
                self.put(account, message.clone());
                return Ok(Answer::Queued { message });
            }
            Command::React { message, emoji, remove, .. } => {
                self.known(account, message)?;
                let reaction = Reaction { author: account, emoji, at: self.now };
                self.alter(account, message, Change::Reaction { reaction, removed: remove });
            }
            Command::Delete { message, .. } => {
                self.known(account, message)?;
                self.remove(account, message, false);
            }
            Command::MarkRead { conversation, up_to } => {
                let up_to = up_to.unwrap_or(self.now);
                let shelf = self.books.entry(account).or_default();
                let unread: Vec<MessageId> = shelf
                    .messages
                    .values()
                    .filter(|it| it.conversation == conversation && it.sent <= up_to)
                    .filter(|it| it.state == MessageState::Received)
                    .map(|it| it.id)
                    .collect();
                for id in unread {
                    self.alter(account, id, Change::State { state: MessageState::Read });
                }
                self.change(account, &conversation, |it| {
                    it.last_read = it.last_read.max(up_to);
                    it.marked_unread = false;
                });
            }
            Command::MarkUnread { conversation, unread } => {
                self.change(account, &conversation, |it| it.marked_unread = unread);
            }
            Command::SetTyping { .. } => {}
            Command::SetName { name } => {
                if name.is_empty() || name.len() > 100 {
                    return Err(refusal("BadName", "A name has 1 to 100 bytes"));
                }
                self.profile(account, |it| it.name = Some(name));
            }
            Command::SetPrivacy { read_receipts, typing } => self.profile(account, |it| {
                it.read_receipts = read_receipts.unwrap_or(it.read_receipts);
                it.typing = typing.unwrap_or(it.typing);
            }),
            Command::AddContact { contact } | Command::Approve { contact } => {
                self.change(account, &contact.into(), |it| {
                    it.approved = true;
                    it.request = false;
                });
            }
            Command::Decline { contact } | Command::RemoveContact { contact } => {
                self.remove_conversation(account, &contact.into());
            }
            Command::DeclineAll => {
                let shelf = self.books.entry(account).or_default();
                let requests = shelf.conversations.values().filter(|it| it.request);
                let ids: Vec<ConversationId> = requests.map(|it| it.id.clone()).collect();
                for id in ids {
                    self.remove_conversation(account, &id);
                }
            }
            Command::Block { contact, blocked } => {
                self.change(account, &contact.into(), |it| it.blocked = blocked);
            }
            Command::SetNickname { contact, nickname } => {
                self.change(account, &contact.into(), |it| it.nickname = nickname);
            }
            Command::SetPriority { conversation, priority } => {
                self.change(account, &conversation, |it| it.priority = priority);
            }
            Command::Mute { conversation, until } => {
                self.change(account, &conversation, |it| it.muted_until = until);
            }
            Command::SetNotify { conversation, notify } => {
                self.change(account, &conversation, |it| it.notify = notify);
            }
            Command::SetDisappearing { conversation, setting } => {
                self.change(account, &conversation, |it| it.disappearing = setting);
            }
            Command::SetDraft { conversation, text } => {
                self.change(account, &conversation, |it| it.draft = text);
            }
        }
        Ok(Answer::Done)
    }

    fn query(&self, query: Query) -> Result<Answer, Refusal> {
        Ok(match query {
            Query::Record { .. } | Query::Records { .. } | Query::Alarm { .. } => {
                return Err(refusal("NotKept", "This world keeps no records"));
            }
            Query::Accounts => {
                Answer::Accounts { accounts: self.accounts.iter().map(|it| it.0.clone()).collect() }
            }
            Query::Conversations { account } => {
                let shelf = self.books.get(&account);
                let all = shelf.into_iter().flat_map(|it| it.conversations.values());
                Answer::Conversations { conversations: all.cloned().collect() }
            }
            Query::Conversation { account, conversation } => {
                let conversation = self.conversation(account, &conversation).cloned();
                Answer::Conversation { conversation }
            }
            Query::Messages { account, conversation, before, limit } => {
                let before = match before {
                    Some(id) => Some((self.known(account, id)?, id)),
                    None => None,
                };
                let limit = usize::try_from(limit.min(1_000)).unwrap_or(1_000);
                let shelf = self.books.get(&account);
                let all = shelf.into_iter().flat_map(|it| it.messages.iter());
                let mut messages: Vec<_> = all
                    .filter(|(key, _)| before.is_none_or(|before| **key < before))
                    .filter(|(_, message)| message.conversation == conversation)
                    .map(|(_, message)| message.clone())
                    .collect();
                let more = messages.len().saturating_sub(limit);
                messages.drain(..more);
                Answer::Messages { messages, complete: more == 0 }
            }
            Query::Message { account, message } => {
                Answer::Message { message: self.message(account, message).cloned() }
            }
            Query::Trace { account, message } => {
                let at = self.known(account, message)?;
                let step = |after, step: &str, text: &str| TraceLine {
                    at: at.saturating_add(after),
                    step: step.to_owned(),
                    bad: false,
                    text: text.to_owned(),
                };
                let lines = vec![
                    step(0, "queued", "Safe in the outbox"),
                    step(40, "attempted", "Sent through a path of three service nodes"),
                    step(310, "stored", "Stored by 3 members of the recipient's swarm"),
                ];
                Answer::Trace { trace: Trace { message, lines } }
            }
            Query::Network { .. } => Answer::Network { network: self.network.clone() },
            Query::Resolve { name, .. } => match self.names.get(&name) {
                Some(id) => Answer::Name { id: *id },
                None => return Err(refusal("NoSuchName", "Nobody has this name")),
            },
            Query::Plugins => Answer::Plugins { plugins: self.plugins.clone() },
        })
    }

    fn control(&mut self, control: Control) -> Result<Answer, Refusal> {
        match control {
            Control::SetWindow { window } => self.window = Some(window),
            Control::CreateAccount { name } => {
                let id = self.add_account(name.as_deref().unwrap_or_default());
                let account = self.accounts.iter().find(|it| it.0.id == id);
                let account = account.map(|it| it.0.clone());
                let gone = || refusal("NoSuchAccount", "The account is gone");
                return Ok(Answer::Account { account: account.ok_or_else(gone)? });
            }
            Control::RemoveAccount { account } => {
                self.accounts.retain(|it| it.0.id != account);
                self.books.remove(&account);
                self.tell(Event::AccountRemoved { account });
            }
            other => self.controls.push(other),
        }
        Ok(Answer::Done)
    }

    fn known(&self, account: AccountId, id: MessageId) -> Result<u64, Refusal> {
        let message = self.message(account, id);
        message.map(|it| it.sent).ok_or_else(|| refusal("NoSuchMessage", "The message is gone"))
    }

    fn quote(&self, account: AccountId, id: MessageId) -> Result<Quote, Refusal> {
        let sent = self.known(account, id)?;
        let author = self.message(account, id).map_or(account, |message| message.author);
        Ok(Quote { author, sent })
    }

    fn profile(&mut self, id: AccountId, how: impl FnOnce(&mut ramson_wire::Account)) {
        let Some((account, _)) = self.accounts.iter_mut().find(|it| it.0.id == id) else { return };
        how(account);
        let account = account.clone();
        self.tell(Event::Profile { account });
    }
}
