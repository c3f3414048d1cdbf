//! Which library is meant, and what it may do.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use ramson_wire::{AccountId, ConversationId, GrantSet};

use super::entry::Rights;
use super::instance::{aside, no_thread};
use super::{Allowed, Asker, Host, HostError};
use crate::decisions::{Decision, Decisions};
use crate::library::{self, Descriptor, is_path};
use crate::text::one_line;

/// A library that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) library: PathBuf,
    /// It is the one that the name alone stands for.
    pub(super) known: bool,
    /// The name alone stands for another one.
    pub(super) hides: bool,
}

impl Host {
    /// The library of a name, or that at a path; folders are read aside.
    pub(super) async fn find(&self, name_or_path: &str) -> Result<Found, HostError> {
        let (host, name) = (self.clone(), name_or_path.to_owned());
        let found = aside(move || host.resolve(&name)).await;
        found.unwrap_or_else(|| Err(no_thread_for(name_or_path)))
    }

    /// The library of a name, or that at a path.
    pub(super) fn resolve(&self, name_or_path: &str) -> Result<Found, HostError> {
        if self.is_ended() {
            return Err(HostError::Ended);
        }
        // What is quoted in errors steers no terminal, and a thread bears it.
        let harmless = one_line(name_or_path);
        if !is_path(name_or_path) {
            if harmless != name_or_path {
                return Err(HostError::NotFound { name: harmless, folders: self.folders() });
            }
            let name = name_or_path.to_owned();
            return match self.library_of(&name) {
                Some(library) => Ok(Found { name, library, known: true, hides: false }),
                None => Err(HostError::NotFound { name, folders: self.folders() }),
            };
        }
        let path = Path::new(name_or_path);
        let refused =
            |reason: &str| HostError::Refused { name: harmless.clone(), reason: reason.to_owned() };
        let library =
            path.canonicalize().map_err(|error| refused(&format!("not a library: {error}")))?;
        let name = library::name_of(path)
            .or_else(|| library::name_of(&library))
            .ok_or_else(|| refused(library::NO_NAME))?;
        let own = self.library_of(&name);
        let there = own.is_some();
        let known = own.and_then(|own| own.canonicalize().ok()).as_ref() == Some(&library);
        Ok(Found { name, library, known, hides: there && !known })
    }

    fn folders(&self) -> Vec<PathBuf> {
        self.inner.config.folders.clone()
    }

    /// What a name stands for: what the user wrote, else what the folders have.
    fn library_of(&self, name: &str) -> Option<PathBuf> {
        let decided = self.decisions().ok().and_then(|it| it.get(name)?.library.clone());
        decided.or_else(|| library::find(name, &self.inner.config.folders))
    }

    fn decisions(&self) -> Result<Decisions, HostError> {
        Decisions::open(&self.home())
            .map_err(|error| HostError::Decisions { reason: error.to_string() })
    }

    /// The plugins that start with the engine.
    pub(super) fn to_start(&self) -> Result<Vec<String>, HostError> {
        let decisions = self.decisions()?;
        let started = decisions.iter().filter(|(_, decision)| decision.start);
        Ok(started.map(|(name, _)| name.to_owned()).collect())
    }

    /// For a UI: what was decided, else all that it asks for.
    pub(super) fn allowed_ui(&self, found: &Found, asker: Asker) -> Allowed {
        let decided = self.decisions().is_ok_and(|it| it.get(&found.name).is_some());
        // One at another path has to be decided about first, and one that a
        // plugin brings in as well.
        let trusted = asker == Asker::Program || ships(&found.library);
        match decided || !found.known || !trusted {
            true => Allowed::AsDecided,
            false => Allowed::Everything { accounts: self.shown() },
        }
    }

    /// What a plugin may do; the file of decisions is read and written aside.
    pub(super) async fn find_rights(
        &self,
        found: &Found,
        descriptor: &Descriptor,
        allowed: Allowed,
    ) -> Result<Rights, HostError> {
        let (host, wanted, descriptor) = (self.clone(), found.clone(), descriptor.clone());
        let rights = aside(move || host.rights(&wanted, &descriptor, allowed)).await;
        rights.unwrap_or_else(|| Err(no_thread_for(&found.name)))
    }

    /// What a plugin may do. What was decided about a name counts only for the
    /// library that the name stands for.
    fn rights(
        &self,
        found: &Found,
        descriptor: &Descriptor,
        allowed: Allowed,
    ) -> Result<Rights, HostError> {
        let asked = descriptor.grants;
        let not_decided = || HostError::NotDecided { name: found.name.clone(), asked };
        let decided =
            |decisions: &Decisions| decisions.get(&found.name).filter(|_| found.known).cloned();
        // Who is not trusted under a name is not trusted with another library.
        let distrusted =
            |decisions: &Decisions| decisions.get(&found.name).is_some_and(|it| it.untrusted);
        let rights = |decision: Option<Decision>, grants: GrantSet| {
            let decision = decision.unwrap_or_default();
            Rights {
                grants: grants.and(asked),
                accounts: decision.accounts,
                conversations: decision.conversations,
                rate: decision.rate,
                untrusted: decision.untrusted,
                config: serde_json::to_vec(&decision.config).unwrap_or_default(),
            }
        };
        Ok(match allowed {
            Allowed::Anew { grants, accounts } => {
                let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
                let mut decisions = self.decisions()?;
                let decision = decided(&decisions);
                let conversations = self.conversations_before(&decisions, &found.name);
                let library = (!found.known).then(|| found.library.clone());
                let (in_accounts, in_conversations) = (accounts.clone(), conversations.clone());
                let name = found.name.as_str();
                decisions.allow(name, grants.and(asked), in_accounts, in_conversations, library);
                decisions
                    .save(&self.home())
                    .map_err(|error| HostError::Decisions { reason: error.to_string() })?;
                let accounts = if descriptor.ui { both(accounts, self.shown()) } else { accounts };
                let untrusted = distrusted(&decisions);
                Rights { accounts, conversations, untrusted, ..rights(decision, grants) }
            }
            Allowed::AsDecided => {
                let mut decision = decided(&self.decisions()?).ok_or_else(not_decided)?;
                if descriptor.ui {
                    decision.accounts = both(decision.accounts, self.shown());
                }
                let grants = decision.grants;
                rights(Some(decision), grants)
            }
            Allowed::Everything { accounts } => {
                // What ships with the program runs without the file as well.
                let decisions = self.decisions().unwrap_or_default();
                let untrusted = distrusted(&decisions);
                let rights = rights(decided(&decisions), asked);
                Rights { accounts, conversations: None, untrusted, ..rights }
            }
            Allowed::These { grants, accounts, conversations, untrusted, remember } => {
                let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
                let mut decisions = self.decisions()?;
                let decision = decided(&decisions);
                if remember {
                    let library = (!found.known).then(|| found.library.clone());
                    let (accounts, conversations) = (accounts.clone(), conversations.clone());
                    decisions.allow(
                        &found.name,
                        grants.and(asked),
                        accounts,
                        conversations,
                        library,
                    );
                    if untrusted {
                        decisions.set_untrusted(&found.name);
                    }
                    decisions
                        .save(&self.home())
                        .map_err(|error| HostError::Decisions { reason: error.to_string() })?;
                }
                let untrusted = untrusted || distrusted(&decisions);
                Rights { accounts, conversations, untrusted, ..rights(decision, grants) }
            }
        })
    }
}

impl Host {
    /// The conversations that a plugin was limited to: as decided, else as it
    /// was loaded last.
    fn conversations_before(
        &self,
        decisions: &Decisions,
        name: &str,
    ) -> Option<Vec<ConversationId>> {
        let decided = decisions.get(name).and_then(|decision| decision.conversations.clone());
        decided.or_else(|| self.inner.entries.recipe(name)?.1.conversations)
    }
}

/// The accounts that both scopes have.
pub(super) fn both(
    one: Option<Vec<AccountId>>,
    other: Option<Vec<AccountId>>,
) -> Option<Vec<AccountId>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.into_iter().filter(|id| other.contains(id)).collect()),
        (one, other) => one.or(other),
    }
}

/// Whether a library lies where those lie that come with the program: beside
/// it, or where a package puts them.
fn ships(library: &Path) -> bool {
    let program = std::env::current_exe().and_then(std::fs::canonicalize);
    let (Ok(program), Ok(library)) = (program, library.canonicalize()) else { return false };
    let Some(beside) = program.parent() else { return false };
    let packaged = beside.parent().map(|above| above.join("lib/ramson/plugins"));
    let folder = library.parent();
    folder == Some(beside) || (folder.is_some() && folder == packaged.as_deref())
}

fn no_thread_for(name: &str) -> HostError {
    HostError::Load { name: name.to_owned(), reason: no_thread() }
}
