//! What changes something of an account: profile, contacts, requests, and
//! messages that are there. Returns once this home has it, and the account's
//! swarm or the peer's, too, where they have to.

use std::time::Duration;

use ramson_system::{Command as Act, DeleteScope, Disappearing, Notify};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::peer::Peer;
use super::reach::{self, Limit};
use super::{Context, account_id};
use crate::cli::*;
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::{ConversationRecord, ProfileRecord, Record};
use crate::signals::Why;
use crate::time::span;

/// How long a command waits for what other devices did before it is carried
/// out without, unless `--timeout` says otherwise.
const LEARN_TIME: Duration = Duration::from_secs(10);

/// A checked command of this kind.
pub(crate) struct Job {
    account: Of,
    peer: Option<Peer>,
    act: What,
}

/// Whose it is.
enum Of {
    /// That of a flag, else the home's only one.
    Flag(Option<AccountId>),
    /// That of a message.
    Message(MessageId),
}

/// What is done, once the peer is known.
enum What {
    Profile {
        name: Option<String>,
        read_receipts: Option<bool>,
        typing: Option<bool>,
    },
    ListContacts,
    ListRequests,
    /// To a peer.
    Peer(fn(AccountId) -> Act),
    Nickname(Option<String>),
    Block(bool),
    DeclineAll,
    React {
        message: MessageId,
        emoji: String,
        remove: bool,
    },
    Delete {
        message: MessageId,
        scope: DeleteScope,
    },
    Read {
        up_to: Option<MessageId>,
        unread: bool,
    },
    Expire(Disappearing),
    Set(Vec<Setting>),
}

enum Setting {
    Priority(i64),
    /// For so long; `None` for no more.
    Mute(Option<Duration>),
    Notify(Notify),
    Draft(Option<String>),
}

impl Job {
    pub(super) fn profile(args: &ProfileArgs) -> Result<Self, Failure> {
        let on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
        let (read_receipts, typing) = (on(args.read_receipts), on(args.typing));
        let act = What::Profile { name: args.name.clone(), read_receipts, typing };
        Self::of(args.account.as_ref(), None, act)
    }

    pub(super) fn contact(command: &ContactCommand) -> Result<Self, Failure> {
        let to = |args: &ContactArgs, act| Self::to(&args.id, &args.of, act);
        match command {
            ContactCommand::List(of) => Self::of(of.account.as_ref(), None, What::ListContacts),
            ContactCommand::Add(args) => to(args, What::Peer(Act::AddContact)),
            ContactCommand::Approve(args) => to(args, What::Peer(Act::Approve)),
            ContactCommand::Block(args) => to(args, What::Block(true)),
            ContactCommand::Unblock(args) => to(args, What::Block(false)),
            ContactCommand::Remove(args) => to(args, What::Peer(Act::RemoveContact)),
            ContactCommand::Nickname(args) => {
                let nickname = args.nickname.clone().filter(|nickname| !nickname.is_empty());
                Self::to(&args.id, &args.of, What::Nickname(nickname))
            }
        }
    }

    pub(super) fn requests(args: &RequestsArgs) -> Result<Self, Failure> {
        match &args.command {
            None => Self::of(args.of.account.as_ref(), None, What::ListRequests),
            Some(RequestsCommand::Accept(args)) => {
                Self::to(&args.id, &args.of, What::Peer(Act::Approve))
            }
            Some(RequestsCommand::Decline(args)) => {
                Self::to(&args.id, &args.of, What::Peer(Act::Decline))
            }
            Some(RequestsCommand::DeclineAll(of)) => {
                Self::of(of.account.as_ref(), None, What::DeclineAll)
            }
        }
    }

    pub(super) fn react(args: &ReactArgs) -> Result<Self, Failure> {
        let message = message_id(&args.message)?;
        let act = What::React { message, emoji: args.emoji.clone(), remove: args.remove };
        Ok(Self { account: Of::Message(message), peer: None, act })
    }

    pub(super) fn delete(args: &DeleteArgs) -> Result<Self, Failure> {
        let message = message_id(&args.message)?;
        let scope = match args.from {
            Scope::Here => DeleteScope::Here,
            Scope::Devices => DeleteScope::MyDevices,
            Scope::Everyone => DeleteScope::Everyone,
        };
        Ok(Self { account: Of::Message(message), peer: None, act: What::Delete { message, scope } })
    }

    pub(super) fn read(args: &ReadArgs) -> Result<Self, Failure> {
        let up_to = args.up_to.as_deref().map(message_id).transpose()?;
        Self::with(&args.with, What::Read { up_to, unread: args.unread })
    }

    pub(super) fn expire(args: &ExpireArgs) -> Result<Self, Failure> {
        let seconds = span(&args.time)?.map(|time| time.as_secs());
        let seconds = seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        let setting = match (seconds, args.after_read) {
            (None, _) => Disappearing::Off,
            (Some(seconds), true) => Disappearing::AfterRead(seconds),
            (Some(seconds), false) => Disappearing::AfterSend(seconds),
        };
        Self::with(&args.with, What::Expire(setting))
    }

    pub(super) fn set(args: &SetArgs) -> Result<Self, Failure> {
        let mut settings = Vec::new();
        if let Some(priority) = args.pin {
            settings.push(Setting::Priority(priority.into()));
        }
        if args.unpin {
            settings.push(Setting::Priority(0));
        }
        if args.hide {
            settings.push(Setting::Priority(-1));
        }
        if let Some(time) = &args.mute {
            settings.push(Setting::Mute(span(time)?));
        }
        if let Some(notify) = args.notify {
            settings.push(Setting::Notify(match notify {
                NotifyArg::Default => Notify::Default,
                NotifyArg::All => Notify::All,
                NotifyArg::Mentions => Notify::Mentions,
                NotifyArg::Off => Notify::Off,
            }));
        }
        if let Some(text) = &args.draft {
            settings.push(Setting::Draft(Some(text.clone()).filter(|text| !text.is_empty())));
        }
        Self::with(&args.with, What::Set(settings))
    }

    fn of(account: Option<&String>, peer: Option<Peer>, act: What) -> Result<Self, Failure> {
        Ok(Self { account: Of::Flag(account_id(account)?), peer, act })
    }

    fn to(id: &str, of: &OfAccount, act: What) -> Result<Self, Failure> {
        Self::of(of.account.as_ref(), Some(Peer::parse(id)?), act)
    }

    fn with(with: &WithArgs, act: What) -> Result<Self, Failure> {
        Self::of(with.account.as_ref(), Some(Peer::parse(&with.with)?), act)
    }

    /// Whether the store is enough.
    pub(super) fn only_reads(&self) -> bool {
        match &self.act {
            What::ListContacts | What::ListRequests => true,
            What::Profile { name, read_receipts, typing } => {
                name.is_none() && read_receipts.is_none() && typing.is_none()
            }
            _ => false,
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let account = match self.account {
            Of::Flag(account) => context.account(account, "with --account").await?,
            Of::Message(message) => owner(context, message).await?,
        };
        let mut limit = Limit::of(context);
        let progress = Progress::quiet(&context.console);
        let peer = match &self.peer {
            Some(peer) => Some(peer.find(context, Some(&account), &mut limit, &progress).await?),
            None => None,
        };
        match &self.act {
            What::ListContacts => return list(context, &account, |line| !line.is_request()).await,
            What::ListRequests => return list(context, &account, |line| line.is_request()).await,
            What::Profile { .. } if self.only_reads() => {
                return self.tell(context, &account, peer).await;
            }
            _ => self.learn(context, &account, &progress).await?,
        }
        for act in self.acts(context, peer).await? {
            context.engine.command(&account, act).await?;
        }
        self.wait(context, &account, &mut limit, &progress).await?;
        self.tell(context, &account, peer).await
    }

    async fn acts(&self, context: &Context, peer: Option<AccountId>) -> Result<Vec<Act>, Failure> {
        let one = |act: fn(AccountId) -> Act| peer.map(act).into_iter().collect();
        let conversation = peer.map(ConversationId::Account);
        Ok(match &self.act {
            What::ListContacts | What::ListRequests => Vec::new(),
            What::Profile { name, read_receipts, typing } => {
                let mut acts: Vec<Act> = name.clone().map(Act::SetName).into_iter().collect();
                if read_receipts.is_some() || typing.is_some() {
                    let (read_receipts, typing) = (*read_receipts, *typing);
                    acts.push(Act::SetPrivacy { read_receipts, typing });
                }
                acts
            }
            What::Peer(act) => one(*act),
            What::Block(blocked) => {
                let blocked = *blocked;
                peer.map(|account| Act::Block { account, blocked }).into_iter().collect()
            }
            What::Nickname(nickname) => {
                let nickname = nickname.clone();
                peer.map(|account| Act::SetNickname { account, nickname }).into_iter().collect()
            }
            What::DeclineAll => vec![Act::DeclineAll],
            What::React { message, emoji, remove } => {
                vec![Act::React {
                    message: *message,
                    emoji: emoji.clone(),
                    remove: *remove,
                    unsynced: false,
                }]
            }
            What::Delete { message, scope } => {
                vec![Act::Delete { message: *message, scope: *scope }]
            }
            What::Read { up_to, unread } => {
                let Some(conversation) = conversation else { return Ok(Vec::new()) };
                if *unread {
                    return Ok(vec![Act::MarkUnread { conversation, unread: true }]);
                }
                let up_to = match up_to {
                    Some(message) => Some(sent(context, *message).await?),
                    None => None,
                };
                vec![Act::MarkRead { conversation, up_to }]
            }
            What::Expire(setting) => {
                let setting = *setting;
                let act = |conversation| Act::SetDisappearing { conversation, setting };
                conversation.map(act).into_iter().collect()
            }
            What::Set(settings) => {
                let Some(conversation) = conversation else { return Ok(Vec::new()) };
                let now = context.engine.now();
                settings.iter().map(|setting| setting.act(conversation.clone(), now)).collect()
            }
        })
    }

    /// What other devices of the account did until now, so that this knows it:
    /// they may have brought the peer or the message that is meant. Without a
    /// network it is done all the same.
    async fn learn(
        &self,
        context: &Context,
        account: &AccountId,
        progress: &Progress,
    ) -> Result<(), Failure> {
        if !context.own_engine && context.engine.account_status(account).await?.synced {
            return Ok(());
        }
        progress.step("asking what the account's other devices did").await;
        let mut limit = Limit::or(context, LEARN_TIME);
        tokio::select! {
            biased;
            why = context.ending.wait() => Err(reach::ended(why)),
            synced = reach::synced(context, account) => synced,
            () = limit.over() => Ok(()),
        }
    }

    /// Until nothing of the account waits for the network.
    async fn wait(
        &self,
        context: &Context,
        account: &AccountId,
        limit: &mut Limit,
        progress: &Progress,
    ) -> Result<(), Failure> {
        progress.step("telling the account's other devices").await;
        tokio::select! {
            biased;
            why = context.ending.wait() => Err(ended(why)),
            settled = context.engine.settled(account) => Ok(settled?),
            () = limit.over() => Err(Failure::NotToldInTime { seconds: limit.seconds() }),
        }
    }

    async fn tell(
        &self,
        context: &Context,
        account: &AccountId,
        peer: Option<AccountId>,
    ) -> Result<(), Failure> {
        let record = match (&self.act, peer) {
            (What::Profile { .. }, _) => {
                Record::Profile(ProfileRecord::new(&context.engine.profile(account).await?))
            }
            (What::React { message, emoji, remove: false }, _) => {
                done(format!("{emoji} is on {message}"))
            }
            (What::React { message, emoji, remove: true }, _) => {
                done(format!("{emoji} is taken off {message}"))
            }
            (What::Delete { message, .. }, _) => done(format!("{message} is deleted")),
            (What::DeclineAll, _) => done("all message requests are turned down".to_owned()),
            (_, Some(peer)) => {
                let id = ConversationId::Account(peer);
                let lines = context.engine.conversations(account).await?;
                match lines.iter().find(|line| line.id == id) {
                    Some(line) => Record::Conversation(ConversationRecord::new(account, line)),
                    None => done(format!("{peer} is gone")),
                }
            }
            (_, None) => done("done".to_owned()),
        };
        context.console.record(&record).await
    }
}

impl Setting {
    fn act(&self, conversation: ConversationId, now: Timestamp) -> Act {
        match self {
            Self::Priority(priority) => Act::SetPriority { conversation, priority: *priority },
            Self::Mute(time) => {
                let until = time.map_or(Timestamp(0), |time| now.plus(time));
                Act::Mute { conversation, until }
            }
            Self::Notify(notify) => Act::SetNotify { conversation, notify: *notify },
            Self::Draft(text) => Act::SetDraft { conversation, text: text.clone() },
        }
    }
}

/// How the wait for the network ends before its time.
fn ended(why: Why) -> Failure {
    let kept = "it is done in this home, and told to others when Ramson next runs on it".to_owned();
    match why {
        Why::Signal => Failure::Interrupted { kept },
        Why::EngineEnds => Failure::EngineEnded { kept },
    }
}

fn done(detail: String) -> Record {
    Record::Done { detail }
}

/// Reads a message's name.
pub(super) fn message_id(text: &str) -> Result<MessageId, Failure> {
    text.parse().map_err(|_| Failure::InvalidMessage { text: text.to_owned() })
}

/// Whose a message is, by the number in its name.
pub(super) async fn owner(context: &Context, message: MessageId) -> Result<AccountId, Failure> {
    let accounts = context.engine.accounts().await?;
    let owner = accounts.iter().find(|account| account.number == message.account);
    owner.map(|account| account.id).ok_or(Failure::NoSuchMessage { message })
}

async fn sent(context: &Context, message: MessageId) -> Result<Timestamp, Failure> {
    let found = context.engine.message(message).await?;
    found.map(|message| message.sent).ok_or(Failure::NoSuchMessage { message })
}

async fn list(
    context: &Context,
    account: &AccountId,
    wanted: impl Fn(&ramson_types::conversation::Conversation) -> bool,
) -> Result<(), Failure> {
    for line in context.engine.conversations(account).await? {
        let contact = matches!(line.id, ConversationId::Account(id) if id != *account);
        if contact && wanted(&line) {
            let record = Record::Conversation(ConversationRecord::new(account, &line));
            context.console.record(&record).await?;
        }
    }
    Ok(())
}
