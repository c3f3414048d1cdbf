//! What the program decides beside loading: decisions without a plugin that
//! runs, which accounts user interfaces see, and which home all this is of.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use ramson_wire::{AccountId, ConversationId, GrantSet};

use super::instance::{UI_UNTRUSTED, aside};
use super::resolve::{Found, both};
use super::{Host, HostError};
use crate::decisions::Decisions;
use crate::library;

impl Host {
    /// Writes down what a plugin may do, without loading it; what it does not
    /// ask for is left out.
    pub fn decide(
        &self,
        name_or_path: &str,
        grants: GrantSet,
        accounts: Option<Vec<AccountId>>,
        conversations: Option<Vec<ConversationId>>,
    ) -> Result<(), HostError> {
        let found = self.resolve(name_or_path)?;
        let name = found.name.clone();
        let read = library::read(&found.library);
        let descriptor = read.map_err(|reason| HostError::Refused { name, reason })?;
        let grants = grants.and(descriptor.grants);
        let library = (!found.known).then(|| found.library.clone());
        self.write_down(&found, |decisions| {
            decisions.allow(&found.name, grants, accounts, conversations, library);
        })
    }

    /// What is wrong with `plugins.toml`, if something is: until it is mended
    /// nothing counts that it says.
    pub fn decisions_error(&self) -> Option<String> {
        let error = Decisions::open(&self.home()).err()?;
        Some(HostError::Decisions { reason: error.to_string() }.to_string())
    }

    /// Writes down whether a plugin starts with the engine. It was decided
    /// before what it may do.
    pub fn set_start(&self, name_or_path: &str, start: bool) -> Result<(), HostError> {
        let found = self.resolve(name_or_path)?;
        self.write_down(&found, |decisions| {
            if decisions.get(&found.name).is_some() {
                decisions.set_start(&found.name, start);
            }
        })
    }

    /// Writes down that a plugin runs in a process of its own once it is loaded
    /// anew. It was decided before what it may do.
    pub fn set_untrusted(&self, name_or_path: &str) -> Result<(), HostError> {
        let found = self.resolve(name_or_path)?;
        let refused = |reason| HostError::Refused { name: found.name.clone(), reason };
        if library::read(&found.library).map_err(refused)?.ui {
            return Err(refused(UI_UNTRUSTED.to_owned()));
        }
        self.write_down(&found, |decisions| {
            if decisions.get(&found.name).is_some() {
                decisions.set_untrusted(&found.name);
            }
        })
    }

    /// From now on user interfaces see these accounts only; `None` for all. The
    /// one that shows gets a fresh copy, which knows no other.
    pub async fn show_to_uis(&self, accounts: Option<Vec<AccountId>>) -> Result<(), HostError> {
        self.inner.shown.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&accounts);
        let Some(name) = self.ui() else { return Ok(()) };
        let (host, decided) = (self.clone(), name.clone());
        let decided = aside(move || host.decided_accounts(&decided)).await.flatten();
        self.inner.entries.set_accounts(&name, both(decided, accounts));
        self.renew_ui(&name).await
    }

    /// From now on decisions, and where the user is, are those of another home.
    pub fn move_to(&self, home: &Path) {
        *self.inner.home.lock().unwrap_or_else(PoisonError::into_inner) = home.to_owned();
        self.inner.shared.places.move_to(home);
    }

    /// The home whose decisions count.
    pub(super) fn home(&self) -> PathBuf {
        self.inner.home.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The accounts that user interfaces see.
    pub(super) fn shown(&self) -> Option<Vec<AccountId>> {
        self.inner.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The accounts that the user's decision on a plugin names.
    fn decided_accounts(&self, name: &str) -> Option<Vec<AccountId>> {
        Decisions::open(&self.home()).ok()?.get(name)?.accounts.clone()
    }

    fn write_down(
        &self,
        found: &Found,
        change: impl FnOnce(&mut Decisions),
    ) -> Result<(), HostError> {
        let failed = |error: crate::decisions::DecisionsError| HostError::Decisions {
            reason: format!("{}: {error}", found.name),
        };
        let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decisions = Decisions::open(&self.home()).map_err(failed)?;
        change(&mut decisions);
        decisions.save(&self.home()).map_err(failed)
    }
}
