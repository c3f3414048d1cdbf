//! A plugin is allowed anew, because a user interface asked its user.

use ramson_wire::{AccountId, GrantSet};

use super::entry::Rights;
use super::instance::{Leave, aside, no_thread};
use super::resolve::Found;
use super::{Allowed, Host, HostError, Since};
use crate::library;

impl Host {
    /// Writes down what a plugin may do. One that runs goes on as a fresh copy
    /// with the new rights, after a stop where they are less; any other is loaded.
    /// What its name stands for stays so, and so do the conversations that it is
    /// limited to.
    pub(crate) async fn allow_for_plugin(
        &self,
        name_or_path: &str,
        grants: GrantSet,
        accounts: Option<Vec<AccountId>>,
    ) -> Result<(), HostError> {
        let found = self.find(name_or_path).await?;
        if found.hides {
            let reason = "another library has that name; give its file another one".to_owned();
            return Err(HostError::Refused { name: found.name, reason });
        }
        let name = found.name.as_str();
        let allowed = Allowed::Anew { grants, accounts };
        let shows = || self.ui().as_deref() == Some(name);
        if !shows() {
            let door = self.inner.entries.door(name);
            let _inside = door.lock().await;
            // It may have got the screen meanwhile.
            if !shows() {
                if self.inner.entries.running(name).is_none() {
                    return self.load_inside(&found, allowed, Since::Now).await.map(drop);
                }
                let (before, rights) = self.decide_anew(&found, allowed.clone()).await?;
                if rights.are_less_than(&before) {
                    // What was taken away is not used for what waits either,
                    // nor for lack of a new copy. It may have ended by itself.
                    let _stopped = self.stop_inside(name, Leave::AtOnce).await;
                    return self.load_inside(&found, allowed, Since::Now).await.map(drop);
                }
                let swapped = self.swap_inside(name).await;
                return swapped.inspect_err(|_| self.keep_rights(name, before));
            }
        }
        let (before, _) = self.decide_anew(&found, allowed).await?;
        self.renew_ui(name).await.inspect_err(|_| self.keep_rights(name, before))
    }

    /// Decides what the next instance of a plugin that runs may do: the rights
    /// before, and the new ones.
    async fn decide_anew(
        &self,
        found: &Found,
        allowed: Allowed,
    ) -> Result<(Rights, Rights), HostError> {
        let entries = &self.inner.entries;
        let name = found.name.as_str();
        let not_loaded = || HostError::NotLoaded { name: name.to_owned() };
        let (runs, _) = entries.recipe(name).ok_or_else(not_loaded)?;
        let wanted = found.library.clone();
        let read = aside(move || {
            // What was decided about a name is not for another library that
            // runs under it.
            let same = runs == wanted || runs.canonicalize().ok() == wanted.canonicalize().ok();
            same.then(|| library::read(&wanted))
        });
        let descriptor = match read.await {
            None => Err(no_thread()),
            Some(None) => return Err(HostError::Loaded { name: name.to_owned() }),
            Some(Some(read)) => read,
        };
        let refuse = |reason| HostError::Refused { name: name.to_owned(), reason };
        let rights = self.find_rights(found, &descriptor.map_err(refuse)?, allowed).await?;
        let before = entries.set_rights(name, rights.clone()).ok_or_else(not_loaded)?;
        Ok((before, rights))
    }

    /// The instance that runs stays.
    fn keep_rights(&self, name: &str, before: Rights) {
        self.inner.entries.set_rights(name, before);
        self.publish();
    }
}
