//! `account create | restore | list | show | remove`.

use ramson_crypto::mnemonic;
use ramson_system::{AccountSummary, EngineError};
use ramson_types::AccountId;
use zeroize::Zeroizing;

use super::{Context, account_id};
use crate::cli::{AccountCommand, NameArgs};
use crate::error::Failure;
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

/// The name that was given, if one was.
pub(super) fn name(args: &NameArgs) -> Result<Option<String>, Failure> {
    let Some(name) = args.name.as_deref().map(str::trim) else { return Ok(None) };
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
                console.record(&Record::account(&account)).await
            }
            Self::List => {
                for account in engine.accounts().await? {
                    console.record(&Record::account(&account)).await?;
                }
                Ok(())
            }
            Self::Show { id, phrase } => {
                let id = context.account(*id, "by its ID").await?;
                let accounts = engine.accounts().await?;
                let found = accounts.into_iter().find(|account| account.id == id);
                let AccountSummary { name, .. } = found.ok_or(Failure::NoSuchAccount { id })?;
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
