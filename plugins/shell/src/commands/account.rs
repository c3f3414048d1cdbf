//! `account create | restore | list | show | remove`.

use std::time::Duration;

use ramson_crypto::mnemonic;
use ramson_system::{AccountSummary, EngineError};
use ramson_types::AccountId;
use zeroize::Zeroizing;

use super::reach::{self, Limit};
use super::{Context, account_id};
use crate::cli::{AccountCommand, NameArgs};
use crate::error::Failure;
use crate::progress::Progress;
use crate::record::{Phrase, Record};

/// A checked account command.
pub(crate) enum Account {
    Create { name: Option<String> },
    Restore { phrase: Zeroizing<String>, name: Option<String> },
    List,
    Show { id: Option<AccountId>, phrase: bool },
    Remove { id: AccountId, agreed: bool },
}

/// A display name has at most so many bytes (01 section 1.4). The engine
/// checks it too, but a home should not be made for nothing.
const MAX_NAME: usize = 100;

/// How long a restored account's profile is waited for (01 section 1.4),
/// unless `--timeout` says otherwise.
const PROFILE_TIME: Duration = Duration::from_secs(15);

/// The name that was given, if one was.
pub(super) fn name(args: &NameArgs) -> Result<Option<String>, Failure> {
    display_name(args.name.as_deref())
}

/// A name that does for an account.
pub(crate) fn display_name(name: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(name) = name.map(str::trim) else { return Ok(None) };
    if (1..=MAX_NAME).contains(&name.len()) {
        return Ok(Some(name.to_owned()));
    }
    Err(EngineError::BadName { name: name.to_owned(), bytes: name.len() }.into())
}

impl Account {
    pub(super) fn prepare(command: &AccountCommand, stdin: Option<&str>) -> Result<Self, Failure> {
        Ok(match command {
            AccountCommand::Create(args) => Self::Create { name: name(args)? },
            AccountCommand::Restore(args) => {
                let phrase = Zeroizing::new(stdin.unwrap_or_default().trim().to_owned());
                // A wrong phrase is told before a home is made for it.
                drop(mnemonic::decode(&phrase)?);
                Self::Restore { phrase, name: name(args)? }
            }
            AccountCommand::List => Self::List,
            AccountCommand::Show(args) => {
                Self::Show { id: account_id(args.id.as_ref())?, phrase: args.phrase }
            }
            AccountCommand::Remove(args) => {
                Self::Remove { id: AccountId::parse_account(&args.id)?, agreed: args.yes }
            }
        })
    }

    /// Whether it fetches what the network has of the account.
    pub(super) fn fetches(&self) -> bool {
        matches!(self, Self::Restore { .. })
    }

    pub(super) fn makes_home(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Restore { .. })
    }

    /// What its user has to agree to, unless that was done.
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Remove { id, agreed: false } => Some(format!(
                "Account {id} and all its messages are removed from this home; without its \
                 recovery phrase it is gone for good."
            )),
            _ => None,
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let Context { engine, console, .. } = context;
        match self {
            Self::Create { name } => {
                let account = engine.create_account(name.clone()).await?;
                console.record(&Record::account(&account)).await?;
                console
                    .note(
                        "without its recovery phrase the account is lost with this home: \
                         'ramson account show --phrase' shows it; write it down",
                    )
                    .await;
                Ok(())
            }
            Self::Restore { phrase, name } => {
                let account = engine.restore_account(phrase, name.clone()).await?;
                let fetched = fetch(context, &account.id).await?;
                let account = summary(context, &account.id).await?;
                console.record(&Record::account(&account)).await?;
                if !fetched {
                    let note = "the account is restored; its profile, contacts and messages were \
                                not fetched yet, and come while 'ramson listen' or 'ramson run' \
                                does";
                    console.note(note).await;
                } else if account.name.is_none() {
                    let note = "the network has no profile of this account; 'ramson profile \
                                --name' gives it a name";
                    console.note(note).await;
                }
                Ok(())
            }
            Self::List => {
                for account in engine.accounts().await? {
                    console.record(&Record::account(&account)).await?;
                }
                Ok(())
            }
            Self::Show { id, phrase } => {
                let id = context.account(*id, "by its ID").await?;
                let AccountSummary { name, .. } = summary(context, &id).await?;
                let phrase = match phrase {
                    true => Some(Phrase(engine.recovery_phrase(&id).await?.to_string())),
                    false => None,
                };
                console.record(&Record::Account { id: id.to_string(), name, phrase }).await
            }
            Self::Remove { id, .. } => {
                engine.remove_account(id).await?;
                console.record(&Record::Removed { id: id.to_string() }).await
            }
        }
    }
}

/// Waits for what the swarm has of a restored account; whether it came in
/// time. The account is there either way.
async fn fetch(context: &Context, id: &AccountId) -> Result<bool, Failure> {
    let mut limit = Limit::or(context, PROFILE_TIME);
    let progress = Progress::quiet(&context.console);
    progress.step("fetching the account's profile and messages").await;
    tokio::select! {
        biased;
        _ = context.ending.wait() => Ok(false),
        synced = reach::synced(context, id) => synced.map(|()| true),
        () = limit.over() => Ok(false),
    }
}

async fn summary(context: &Context, id: &AccountId) -> Result<AccountSummary, Failure> {
    let accounts = context.engine.accounts().await?;
    let found = accounts.into_iter().find(|account| account.id == *id);
    found.ok_or(Failure::NoSuchAccount { id: *id })
}
