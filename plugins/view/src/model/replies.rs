//! What comes of requests.

use ramson_wire::{AccountId, Answer, ConversationId, MessageId, Millis, Refusal, Reply};

use super::{Model, Undecided};
use crate::thread::held;
use crate::{Action, Port};

/// What was asked for, and what follows from the answer.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// Something that is done, or is not.
    Plain,
    /// The same, and the user is told that it is done.
    Told(&'static str),
    /// Something of which the user knows nothing: they are not told.
    Quiet,
    /// A page of the open conversation.
    Page { account: AccountId, conversation: ConversationId, page: held::Asked },
    /// All conversations of an account, as they were after a snapshot.
    Conversations { account: AccountId, since: u64 },
    /// The newest message of a conversation.
    Newest { account: AccountId, conversation: ConversationId },
    /// A text to be sent.
    Send {
        account: AccountId,
        conversation: ConversationId,
        text: String,
        reply_to: Option<MessageId>,
    },
    /// A text to be sent once more; the message that failed goes.
    Retry { account: AccountId, failed: MessageId },
    /// Whose a name is.
    Resolve { name: String },
    /// An account is made, and then used.
    CreateAccount,
    /// A plugin is loaded.
    Load { name: String },
    /// A UI is loaded, and takes its turn then.
    AllowUi { name: String },
    /// Another UI takes its turn.
    UseUi { name: String },
    /// How the network is.
    Network,
    /// The way of a message.
    Trace { message: MessageId },
}

impl Model {
    pub(super) fn hear_reply(
        &mut self,
        reply_to: u64,
        reply: Reply,
        now: Millis,
        port: &mut dyn Port,
    ) {
        // Nobody here asked: another part of the UI did.
        let Some(asked) = self.asked.remove(&reply_to) else { return };
        match reply {
            Reply::Ok(answer) => self.answered(asked, answer, now, port),
            Reply::Refused(refusal) => self.refused(asked, &refusal, now, port),
        }
    }

    fn answered(&mut self, asked: Asked, answer: Answer, now: Millis, port: &mut dyn Port) {
        match (asked, answer) {
            (Asked::Told(text), _) => self.notes.good(text, now),
            (
                Asked::Page { account, conversation, page },
                Answer::Messages { messages, complete },
            ) => {
                self.page_came(account, &conversation, messages, complete, page, now, port);
            }
            (Asked::Conversations { account, since }, Answer::Conversations { conversations }) => {
                self.conversations_came(account, conversations, since);
            }
            (Asked::Newest { account, conversation }, Answer::Messages { messages, .. }) => {
                self.book_mut(account).end_fetch(&conversation, messages.last());
            }
            (Asked::Retry { account, failed }, _) => {
                let command = ramson_wire::Command::Delete {
                    message: failed,
                    scope: ramson_wire::DeleteScope::Here,
                };
                self.command_as(account, command, Asked::Plain, now, port);
            }
            (Asked::Resolve { name, .. }, Answer::Name { id }) if self.looks_up(&name) => {
                self.looking_up = None;
                self.act(Action::Open(id.into()), now, port);
            }
            (Asked::Load { name }, _) => self.notes.good(format!("{name} was loaded"), now),
            (Asked::AllowUi { name }, _) => self.act(Action::UseUi(name), now, port),
            (Asked::CreateAccount, Answer::Account { account }) => {
                let id = account.id;
                self.put_account(account);
                self.act(Action::SwitchAccount(id), now, port);
            }
            (_, Answer::Trace { trace }) => self.trace = Some(trace),
            (_, Answer::Network { network }) => {
                self.unanswered.network = None;
                self.network = Some(network);
            }
            (_, Answer::Plugins { plugins }) => self.plugins = plugins,
            // A message that was sent is told of as an event, like any other.
            _ => {}
        }
    }

    pub(super) fn refused(
        &mut self,
        asked: Asked,
        refusal: &Refusal,
        now: Millis,
        port: &mut dyn Port,
    ) {
        let tell = match asked {
            Asked::Quiet => false,
            Asked::Newest { account, conversation } => {
                self.book_mut(account).end_fetch(&conversation, None);
                false
            }
            Asked::Page { account, conversation, page } => {
                !self.page_refused(account, &conversation, page, now, port)
            }
            Asked::Send { account, conversation, text, reply_to } => {
                self.give_back(account, &conversation, &text, reply_to, now, port);
                true
            }
            Asked::Resolve { name, .. } if self.looks_up(&name) => {
                self.looking_up = None;
                true
            }
            // The user went on to something else.
            Asked::Resolve { .. } => false,
            // Where the answer would be.
            Asked::Network => {
                self.unanswered.network = Some(refusal.text.clone());
                false
            }
            Asked::Trace { message } => {
                self.unanswered.trace = Some((message, refusal.text.clone()));
                false
            }
            Asked::Load { name } if refusal.kind == "NotDecided" => {
                self.undecided = Some(Undecided { name, text: refusal.text.clone(), show: false });
                false
            }
            Asked::UseUi { name } if refusal.kind == "NotDecided" => {
                self.undecided = Some(Undecided { name, text: refusal.text.clone(), show: true });
                false
            }
            _ => true,
        };
        if tell {
            self.notes.bad(refusal.text.clone(), now);
        }
    }

    fn looks_up(&self, name: &str) -> bool {
        self.looking_up.as_deref() == Some(name)
    }
}
