//! The two accounts of the demo: one that its user has, and one that a bot
//! answers for.

use std::path::Path;

use ramson_host::{Allowed, Host, Readers, put_in_place};
use ramson_system::{Command, Engine};
use ramson_types::{AccountId, ConversationId};
use ramson_wire as wire;

use crate::error::Failure;
use crate::plugins;

/// What the accounts are called.
const YOU: &str = "you";
const ECHO: &str = "echo";

/// What the bot's account says first.
const GREETING: &str = "Write something: I answer with the same, through three hops each way.";

/// Where the user was last; the host keeps it.
const WINDOW: &str = "window.json";

/// The accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parties {
    pub(super) you: AccountId,
    pub(super) echo: AccountId,
}

impl Parties {
    /// Those of a home in which the demo ran.
    pub(crate) async fn find(engine: &Engine) -> Result<Option<Self>, Failure> {
        let accounts = engine.accounts().await?;
        let of = |name: &str| {
            let mut named = accounts.iter().filter(|it| it.name.as_deref() == Some(name));
            named.next().map(|account| account.id)
        };
        Ok(of(YOU).zip(of(ECHO)).map(|(you, echo)| Self { you, echo }))
    }

    /// The same; made when the demo runs for the first time.
    pub(crate) async fn make(engine: &Engine) -> Result<Self, Failure> {
        if let Some(found) = Self::find(engine).await? {
            return Ok(found);
        }
        let you = account(engine, YOU).await?;
        let echo = account(engine, ECHO).await?;
        Ok(Self { you, echo })
    }

    /// The user's account, as plugins know it.
    pub(crate) fn you(&self) -> wire::AccountId {
        to_wire(&self.you)
    }

    /// Lets both know each other, so that there is a conversation to begin
    /// with.
    pub(crate) async fn meet(&self, engine: &Engine) -> Result<(), Failure> {
        let Self { you, echo } = *self;
        let conversations = engine.conversations(&you).await?;
        let with_echo = ConversationId::Account(echo);
        if conversations.iter().any(|it| it.id == with_echo && it.latest.millis() > 0) {
            return Ok(());
        }
        engine.command(&you, Command::AddContact(echo)).await?;
        engine.command(&echo, Command::AddContact(you)).await?;
        engine.send_text(&echo, you, GREETING.to_owned()).await?;
        Ok(())
    }

    /// Lets the first user interface begin in their conversation, so that
    /// typing works at once; later ones begin where the one before ended.
    pub(crate) fn open_conversation(&self, home: &Path) -> Result<(), Failure> {
        let path = home.join(WINDOW);
        if path.exists() {
            return Ok(());
        }
        let window = wire::Window {
            account: Some(to_wire(&self.you)),
            conversation: Some(to_wire(&self.echo).into()),
            ..wire::Window::default()
        };
        let text = serde_json::to_string(&window).unwrap_or_default();
        put_in_place(&path, &text, Readers::Owner).map_err(|error| Failure::file(&path, error))
    }

    /// Lets the bot answer.
    pub(crate) async fn answer(&self, host: &Host) -> Result<(), Failure> {
        let allowed = Allowed::Everything { accounts: Some(vec![to_wire(&self.echo)]) };
        let loaded = host.load(plugins::ECHO, allowed).await;
        loaded.map(drop).map_err(|error| plugins::missing(plugins::ECHO, error))
    }
}

async fn account(engine: &Engine, name: &str) -> Result<AccountId, Failure> {
    let accounts = engine.accounts().await?;
    let found = accounts.into_iter().find(|account| account.name.as_deref() == Some(name));
    Ok(match found {
        Some(account) => account.id,
        None => engine.create_account(Some(name.to_owned())).await?.id,
    })
}

/// An id as plugins know it.
pub(crate) fn to_wire(id: &AccountId) -> wire::AccountId {
    wire::AccountId(id.to_bytes())
}
