//! One request on its way: what methods ask for, and in whose name.

use std::sync::Arc;
use std::time::Duration;

use ramson_wire::{
    Account, AccountCommand, AccountId, Answer, Control, Conversation, ConversationId, Done,
    GrantSet, Message, MessageId, Millis, Outcome as Came, Query, Request,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::methods;
use crate::order::Turn;
use crate::scope::{Scope, Wish};
use crate::stored::{Became, Watcher};

/// A name of so many hex digits is no name but part of an ID or key.
const PART_OF_KEY: usize = 32;

/// The longest registered name.
const LONGEST_NAME: usize = 64;

/// One request.
pub(crate) struct Call {
    client: Arc<Client>,
    /// Of what is carried out in order.
    turn: Option<Turn>,
}

/// Whom a request means: an Account ID, or a registered name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Peer(String);

impl Call {
    pub(crate) fn new(client: Arc<Client>, turn: Option<Turn>) -> Self {
        Self { client, turn }
    }

    /// Asks a question.
    pub(crate) async fn query(&self, query: Query) -> Outcome<Answer> {
        self.client.desk()?.ask(Request::Query(query)).await
    }

    /// Tells the program to do something, when it is this call's turn.
    pub(crate) async fn control(&mut self, control: Control) -> Outcome<Answer> {
        self.comes().await;
        self.client.desk()?.ask(Request::Control(control)).await
    }

    /// Tells an account to do something, when it is this call's turn; others
    /// follow.
    pub(crate) async fn command(&mut self, command: AccountCommand) -> Outcome<Answer> {
        self.submit(Request::Command(command)).await
    }

    /// The same, when more is to be told before others follow.
    pub(crate) async fn step(&mut self, command: AccountCommand) -> Outcome<Answer> {
        self.comes().await;
        self.client.desk()?.ask(Request::Command(command)).await
    }

    /// Is done with events, when it is this call's turn.
    pub(crate) async fn done(&mut self, done: Done) -> Outcome<Vec<Came>> {
        self.comes().await;
        self.must_be_subscribed()?;
        match self.submit(Request::Done(done)).await? {
            Answer::Kept { outcomes } => Ok(outcomes),
            other => Err(odd(&other)),
        }
    }

    async fn comes(&self) {
        if let Some(turn) = &self.turn {
            turn.comes().await;
        }
    }

    async fn submit(&mut self, request: Request) -> Outcome<Answer> {
        self.comes().await;
        let coming = self.client.desk()?.submit(request).await?;
        // What is asked next is passed on behind this one.
        self.turn = None;
        coming.answer().await
    }

    /// Waits for a time.
    pub(crate) async fn alarm(&self, query: Query) -> Outcome<()> {
        let desk = self.client.desk()?;
        tokio::select! {
            biased;
            () = self.client.leaves() => Err(Failure::ended()),
            answer = desk.ask(Request::Query(query)) => answer.map(drop),
        }
    }

    /// Milliseconds since 1970.
    pub(crate) async fn now(&self) -> Outcome<Millis> {
        self.client.desk()?.now().await
    }

    /// The accounts that the client sees.
    pub(crate) async fn accounts(&self) -> Outcome<Vec<Account>> {
        match self.query(Query::Accounts).await? {
            Answer::Accounts { accounts } => Ok(accounts),
            other => Err(odd(&other)),
        }
    }

    /// The account that is meant: the one asked for, else the only one.
    pub(crate) async fn account(&self, asked: Option<AccountId>) -> Outcome<AccountId> {
        if let Some(only) = asked.or_else(|| self.client.only_account()) {
            return Ok(only);
        }
        match self.accounts().await?.as_slice() {
            [only] => Ok(only.id),
            [] => {
                let text = "this client sees no account; 'account.create' makes one";
                Err(Failure::refused("NoAccount", text))
            }
            several => {
                let text = format!(
                    "this client sees {} accounts; give `account`, 'account.list' shows them",
                    several.len()
                );
                Err(Failure::refused("SeveralAccounts", text))
            }
        }
    }

    /// An account as it is now.
    pub(crate) async fn account_of(&self, id: &AccountId) -> Outcome<Account> {
        let found = self.accounts().await?.into_iter().find(|account| account.id == *id);
        found.ok_or_else(|| {
            let text =
                format!("this client sees no account {id}; 'account.list' shows which it does");
            Failure::refused("NoSuchAccount", text)
        })
    }

    /// Whose a message is: the account asked for, else the one that has it.
    pub(crate) async fn owner(
        &self,
        asked: Option<AccountId>,
        message: MessageId,
    ) -> Outcome<AccountId> {
        if let Some(only) = asked.or_else(|| self.client.only_account()) {
            return Ok(only);
        }
        let accounts = self.accounts().await?;
        if let [only] = accounts.as_slice() {
            return Ok(only.id);
        }
        // Accounts are numbered as they are added, so that the guess is good
        // where none was removed.
        let guess = usize::try_from(message.account).ok().and_then(|it| it.checked_sub(1));
        let guess = guess.and_then(|at| accounts.get(at));
        for account in guess.into_iter().chain(&accounts) {
            let query = Query::Message { account: account.id, message };
            if let Answer::Message { message: Some(_) } = self.query(query).await? {
                return Ok(account.id);
            }
        }
        Err(no_such(message))
    }

    /// A message as it is now.
    pub(crate) async fn message(&self, account: &AccountId, id: MessageId) -> Outcome<Message> {
        match self.query(Query::Message { account: *account, message: id }).await? {
            Answer::Message { message: Some(message) } => Ok(message),
            Answer::Message { message: None } => Err(no_such(id)),
            other => Err(odd(&other)),
        }
    }

    /// All conversations of an account.
    pub(crate) async fn conversations(&self, account: AccountId) -> Outcome<Vec<Conversation>> {
        let _place = self.client.large().await;
        match self.query(Query::Conversations { account }).await? {
            Answer::Conversations { conversations } => Ok(conversations),
            other => Err(odd(&other)),
        }
    }

    /// Messages of a conversation.
    pub(crate) async fn messages(&self, query: Query) -> Outcome<(Vec<Message>, bool)> {
        let _place = self.client.large().await;
        match self.query(query).await? {
            Answer::Messages { messages, complete } => Ok((messages, complete)),
            other => Err(odd(&other)),
        }
    }

    /// Whose a registered name is.
    pub(crate) async fn resolve(&self, account: AccountId, name: String) -> Outcome<AccountId> {
        match self.query(Query::Resolve { account, name }).await? {
            Answer::Name { id } => Ok(id),
            other => Err(odd(&other)),
        }
    }

    /// The account of a peer.
    pub(crate) async fn peer(&self, account: &AccountId, peer: &Peer) -> Outcome<AccountId> {
        match peer.id() {
            Some(id) => Ok(id),
            None if peer.is_name() => self.resolve(*account, peer.0.clone()).await,
            None => Err(peer.neither()),
        }
    }

    /// The conversation with a peer.
    pub(crate) async fn conversation(
        &self,
        account: &AccountId,
        with: &Peer,
    ) -> Outcome<ConversationId> {
        // Groups and communities have ids of their own kinds.
        if with.id().is_some() || with.0.contains("://") {
            return Ok(ConversationId(with.0.clone()));
        }
        self.peer(account, with).await.map(ConversationId::from)
    }

    /// Watches what becomes of messages.
    pub(crate) async fn watch(&self) -> Outcome<Watch> {
        Ok(Watch(self.client.server().watcher().await?))
    }

    /// Lets events come.
    pub(crate) async fn subscribe(&mut self, wish: Wish) -> Outcome<()> {
        self.comes().await;
        self.client.subscribe(&wish)
    }

    /// Lets no more events come.
    pub(crate) async fn unsubscribe(&mut self) -> Outcome<()> {
        self.comes().await;
        self.client.unsubscribe()
    }

    /// Lets the client do less from now on.
    pub(crate) async fn narrow(
        &mut self,
        accounts: Option<Vec<AccountId>>,
        conversations: Option<Vec<ConversationId>>,
        grants: Option<GrantSet>,
    ) -> Outcome<()> {
        self.comes().await;
        let grants = grants.unwrap_or(GrantSet::ALL);
        self.client.narrow(&Scope { accounts, conversations, grants })
    }

    /// Refuses what only a client that is subscribed can do.
    pub(crate) fn must_be_subscribed(&self) -> Outcome<()> {
        if self.client.is_subscribed() { Ok(()) } else { Err(Failure::not_subscribed()) }
    }

    /// How many clients there are, and how many of them are subscribed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.client.server().counts()
    }

    /// The program's version.
    pub(crate) fn version(&self) -> &str {
        self.client.server().version()
    }
}

/// Watches what becomes of messages.
pub(crate) struct Watch(Arc<Watcher>);

impl Watch {
    /// Waits for what becomes of one, at most so long. `look` for one that may
    /// have been sent before.
    pub(crate) async fn wait(
        &self,
        account: AccountId,
        message: MessageId,
        look: bool,
        time: Duration,
    ) -> Became {
        self.0.wait(account, message, look, time).await
    }
}

impl Peer {
    fn id(&self) -> Option<AccountId> {
        self.0.parse().ok()
    }

    /// Text that looks like an ID which lost a part is no name: whoever
    /// registered that would get what is meant for somebody else.
    fn is_name(&self) -> bool {
        let Self(text) = self;
        let hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let part = hex && (text.starts_with("05") || text.len() >= PART_OF_KEY);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !part && (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(plain)
    }

    fn neither(&self) -> Failure {
        let shown: String = self.0.chars().filter(|it| !it.is_control()).take(80).collect();
        let text = format!(
            "'{shown}' is neither an Account ID nor a registered name; an Account ID has 66 \
             characters, 0-9 and a-f, and starts with 05"
        );
        Failure::refused("InvalidAccountId", text)
    }
}

fn no_such(message: MessageId) -> Failure {
    let text = format!("there is no message {message}; it may have been deleted");
    Failure::refused("NoSuchMessage", text)
}

/// The host gave an answer to something else.
pub(crate) fn odd(answer: &Answer) -> Failure {
    let name = serde_json::to_value(answer).ok();
    let name = name.as_ref().and_then(|it| it.get("answer")?.as_str()).unwrap_or("?");
    Failure::internal(format!("the host answers '{name}', which is no answer to this"))
}

/// The method of a request, if there is one.
pub(crate) fn method(name: &str) -> Outcome<&'static methods::Method> {
    methods::find(name).ok_or_else(|| {
        let shown: String = name.chars().filter(|it| !it.is_control()).take(80).collect();
        let text = format!("there is no method '{shown}'; 'schema' and docs/rpc.md list them all");
        Failure::new(crate::failure::Code::Method, "UnknownMethod", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_told_apart() {
        let peer = |text: &str| Peer(text.to_owned());
        let id = format!("05{}", "ab".repeat(32));
        assert_eq!(peer(&id).id(), id.parse().ok());
        for name in ["bob", "Alice_1", "a-b", "deadbeef", "5", "0x05ab"] {
            assert!(peer(name).id().is_none() && peer(name).is_name(), "{name}");
        }
        let parts = [format!("05{}", "ab".repeat(31)), "ab".repeat(32), "ab".repeat(16)];
        for text in
            ["", "bob!", "a b", "05ab", "05"].into_iter().chain(parts.iter().map(|it| it.as_str()))
        {
            assert!(peer(text).id().is_none() && !peer(text).is_name(), "{text}");
            assert_eq!(peer(text).neither().kind(), "InvalidAccountId");
        }
    }
}
