//! The accounts of a home: adding, listing and removing them, and how one is.

use std::time::Duration;

use ramson_crypto::{Seed, mnemonic};
use ramson_messages::identity::{AccountStatus, GetAccountStatus, GetProfile};
use ramson_messages::storage::{AccountSummary, ListAccounts, LoadAccount};
use ramson_protocol::account::Account;
use ramson_protocol::command::Profile;
use ramson_types::AccountId;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Engine, EngineError};
use crate::wiring::Order;

/// The longest display name in bytes (01 section 1.4).
const MAX_NAME: usize = 100;

/// How often it is looked whether everything of an account is stored.
const LOOK: Duration = Duration::from_millis(50);

impl Engine {
    /// Makes a new account.
    pub async fn create_account(
        &self,
        name: Option<String>,
    ) -> Result<AccountSummary, EngineError> {
        let seed = Seed::generate(&mut self.entropy.generator("account"));
        self.add_account(seed, name, false).await
    }

    /// Brings an account back from its recovery phrase. What its swarm has of
    /// it is fetched before anything of its settings is changed there. The
    /// name is that of its profile where there is one; the given one is shown
    /// until then, and is its name if there is none.
    pub async fn restore_account(
        &self,
        phrase: &str,
        name: Option<String>,
    ) -> Result<AccountSummary, EngineError> {
        self.add_account(mnemonic::decode(phrase)?, name, true).await
    }

    async fn add_account(
        &self,
        seed: Seed,
        name: Option<String>,
        restored: bool,
    ) -> Result<AccountSummary, EngineError> {
        let name = name.map(|name| name.trim().to_owned());
        if let Some(name) = name.as_ref().filter(|name| !(1..=MAX_NAME).contains(&name.len())) {
            return Err(EngineError::BadName { name: name.clone(), bytes: name.len() });
        }
        let (tell, told) = oneshot::channel();
        let at = self.clock.now();
        self.order(Order::AddAccount { seed, name, restored, at, tell }).await?;
        told.await.map_err(|_| EngineError::Stopped)?
    }

    /// Removes an account and everything of it from this home.
    pub async fn remove_account(&self, id: &AccountId) -> Result<(), EngineError> {
        let account = self.number_of(id).await?;
        let (tell, told) = oneshot::channel();
        self.order(Order::RemoveAccount { account, id: *id, tell }).await?;
        told.await.map_err(|_| EngineError::Stopped)?
    }

    /// The accounts of this home, in the order in which they were added.
    pub async fn accounts(&self) -> Result<Vec<AccountSummary>, EngineError> {
        Ok(self.wires.list_accounts.ask(ListAccounts).await??)
    }

    /// An account's recovery phrase. Whoever has it is that account.
    pub async fn recovery_phrase(&self, id: &AccountId) -> Result<Zeroizing<String>, EngineError> {
        let account = self.number_of(id).await?;
        let stored = self.wires.load_account.ask(LoadAccount { account }).await??;
        Ok(mnemonic::encode(&stored.seed))
    }

    /// An account's own profile and settings; also in an engine that stays off
    /// the network, and of an account that is down.
    pub async fn profile(&self, id: &AccountId) -> Result<Profile, EngineError> {
        if let Some(wires) = self.wires.account(id)
            && let Ok(profile) = wires.profile.ask(GetProfile).await
        {
            return Ok(profile);
        }
        let account = self.number_of(id).await?;
        let stored = self.wires.load_account.ask(LoadAccount { account }).await??;
        Ok(Account::load(stored).profile())
    }

    /// How an account is: its clock, and what of it waits.
    pub async fn account_status(&self, id: &AccountId) -> Result<AccountStatus, EngineError> {
        Ok(self.running(id)?.status.ask(GetAccountStatus).await?)
    }

    /// Waits until the swarms have everything of an account: its messages, its
    /// settings, and what was to be deleted or shortened there. That may never
    /// be without a network, and needs a first poll after
    /// [`Engine::restore_account`]; give it a time of your own.
    pub async fn settled(&self, id: &AccountId) -> Result<(), EngineError> {
        loop {
            let status = self.account_status(id).await?;
            if status.is_settled() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn number_of(&self, id: &AccountId) -> Result<u32, EngineError> {
        if let Some(wires) = self.wires.account(id) {
            return Ok(wires.number);
        }
        let accounts = self.accounts().await?;
        let found = accounts.iter().find(|account| account.id == *id);
        found.map(|account| account.number).ok_or(EngineError::NoSuchAccount { id: *id })
    }
}
