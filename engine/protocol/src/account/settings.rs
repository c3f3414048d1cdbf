//! The configs that the account's devices share, and what they say about its
//! conversations.
//!
//! | file | decides |
//! |---|---|
//! | `arrive` | what a config message that came in changes |
//! | `lines` | what the configs say about the list of conversations |
//! | `push` | which configs are to be stored, and when |
//! | `alive` | that the swarm does not forget them |
//! | `start` | what a start and the end of the first sync lead to |
//! | `strangers` | how much is kept of those who ask to be heard |

mod alive;
mod arrive;
mod lines;
mod push;
mod start;
mod strangers;

use std::collections::{BTreeMap, BTreeSet};

use ramson_crypto::AccountKeys;
use ramson_types::conversation::ProfilePicture;
use ramson_types::ledger::LedgerStep;
use ramson_types::{AccountId, MessageHash, Timestamp};

use super::{Account, Decision};
use crate::command::Profile;
use crate::config::value::{Picture, Text};
use crate::config::{
    Config, ConfigKind, Contacts, ConvoInfoVolatile, LoadError, Local, Owner, UserGroups,
    UserProfile,
};
use crate::event::AccountEvent;
use crate::store::{Change, ConfigDump, Sync};

/// The local setting whether reading is told, and heard of.
pub(super) const READ_RECEIPTS: &str = "read_receipts";

/// The local setting whether typing is.
pub(super) const TYPING: &str = "typing";

pub(super) use push::PushBatch;

/// An account's configs, and what becomes of them.
pub(super) struct Settings {
    pub(super) profile: UserProfile,
    pub(super) contacts: Contacts,
    pub(super) volatile: ConvoInfoVolatile,
    pub(super) groups: UserGroups,
    pub(super) local: Local,
    pub(super) sync: Sync,
    /// No contacts were kept: the account never had any, or is from before
    /// there were configs.
    unkept: bool,
    /// Those that were kept and could not be read.
    lost: Vec<ConfigKind>,
    /// The profile as it was told last.
    told: Profile,
    /// When the contacts of the answer that is being taken in were stored.
    stored: BTreeMap<MessageHash, Timestamp>,
    /// The first of the times that are too far ahead to have been read.
    far_read: Option<Timestamp>,
    pushes: push::Pushes,
    alive: alive::KeepAlive,
}

impl Settings {
    /// The configs of their dumps. One whose dump cannot be read begins anew
    /// with what the swarm has.
    pub(super) fn load(
        keys: &AccountKeys,
        configs: Vec<(ConfigKind, ConfigDump)>,
        sync: Sync,
    ) -> Self {
        let mut settings = Self {
            profile: UserProfile::new(),
            contacts: Contacts::new(),
            volatile: ConvoInfoVolatile::new(),
            groups: UserGroups::new(),
            local: Local::new(),
            sync,
            unkept: configs.iter().all(|(kind, _)| *kind != ConfigKind::Contacts),
            lost: Vec::new(),
            told: nothing_told(keys.account_id()),
            stored: BTreeMap::new(),
            far_read: None,
            pushes: push::Pushes::default(),
            alive: alive::KeepAlive::default(),
        };
        for (kind, dump) in configs {
            if settings.load_one(kind, &Owner::Account(keys), &dump.0).is_err() {
                settings.lost.push(kind);
            }
        }
        settings.told = settings.profile(keys.account_id());
        settings
    }

    fn load_one(
        &mut self,
        kind: ConfigKind,
        owner: &Owner<'_>,
        dump: &[u8],
    ) -> Result<(), LoadError> {
        match kind {
            ConfigKind::UserProfile => self.profile = UserProfile::load(owner, dump)?,
            ConfigKind::Contacts => self.contacts = Contacts::load(owner, dump)?,
            ConfigKind::ConvoInfoVolatile => self.volatile = ConvoInfoVolatile::load(owner, dump)?,
            ConfigKind::UserGroups => self.groups = UserGroups::load(owner, dump)?,
            ConfigKind::Local => self.local = Local::load(owner, dump)?,
            ConfigKind::GroupInfo | ConfigKind::GroupMembers => {}
        }
        Ok(())
    }

    pub(super) fn config(&self, kind: ConfigKind) -> Option<&Config> {
        Some(match kind {
            ConfigKind::UserProfile => &self.profile,
            ConfigKind::Contacts => &self.contacts,
            ConfigKind::ConvoInfoVolatile => &self.volatile,
            ConfigKind::UserGroups => &self.groups,
            ConfigKind::Local => &self.local,
            ConfigKind::GroupInfo | ConfigKind::GroupMembers => return None,
        })
    }

    fn config_mut(&mut self, kind: ConfigKind) -> Option<&mut Config> {
        Some(match kind {
            ConfigKind::UserProfile => &mut self.profile,
            ConfigKind::Contacts => &mut self.contacts,
            ConfigKind::ConvoInfoVolatile => &mut self.volatile,
            ConfigKind::UserGroups => &mut self.groups,
            ConfigKind::Local => &mut self.local,
            ConfigKind::GroupInfo | ConfigKind::GroupMembers => return None,
        })
    }

    fn shared(&self) -> impl Iterator<Item = &Config> {
        ConfigKind::OF_ACCOUNT.into_iter().filter_map(|kind| self.config(kind))
    }

    /// What of the configs must be kept alive in the swarm.
    pub(super) fn active_hashes(&self) -> BTreeSet<MessageHash> {
        let hashes = self.shared().flat_map(Config::active_hashes);
        hashes.filter_map(|hash| hash.parse().ok()).collect()
    }

    /// Dumps what changed, and tells which configs did.
    fn dump(&mut self, decision: &mut Decision) -> BTreeSet<ConfigKind> {
        let mut changed = BTreeSet::new();
        for kind in ConfigKind::OF_ACCOUNT.into_iter().chain([ConfigKind::Local]) {
            let Some(config) = self.config_mut(kind).filter(|config| config.needs_dump()) else {
                continue;
            };
            let dump = ConfigDump(config.dump());
            decision.changes.push(Change::PutConfig { kind, dump });
            changed.insert(kind);
        }
        changed
    }

    fn profile(&self, id: AccountId) -> Profile {
        Profile {
            id,
            name: some_text(&self.profile.name()),
            picture: self.profile.picture().as_ref().map(picture_of),
            updated: millis(self.profile.updated()),
            read_receipts: self.local.setting(READ_RECEIPTS).unwrap_or(false),
            typing: self.local.setting(TYPING).unwrap_or(false),
            takes_community_requests: self.profile.takes_blinded_requests(),
        }
    }
}

impl Account {
    /// Its own profile and settings.
    pub fn profile(&self) -> Profile {
        let mut profile = self.settings.profile(self.id());
        if profile.name.is_none() && self.settings.sync.done {
            // A new account's goes into its configs when it first runs.
            profile.name.clone_from(&self.name);
        }
        profile
    }

    /// How many configs its swarm does not have as they are here, with those
    /// that are too long for it.
    pub fn unstored_configs(&self) -> usize {
        self.settings.unstored()
    }

    /// Whether its configs were fetched once, since it was added.
    pub const fn is_synced(&self) -> bool {
        self.settings.sync.done
    }

    /// Configs that were kept and could not be read when it was loaded. They
    /// begin anew with what the swarm has.
    pub fn lost_configs(&self) -> &[ConfigKind] {
        &self.settings.lost
    }

    /// Puts every config that changed into the decision, and what follows from
    /// it for the lines; plans when it is stored.
    pub(super) fn keep_settings(&mut self, decision: &mut Decision, now: Timestamp) {
        let changed = self.settings.dump(decision);
        let is_changed = |kind| changed.contains(&kind);
        if is_changed(ConfigKind::UserProfile) || is_changed(ConfigKind::Local) {
            self.tell_profile(decision);
        }
        if is_changed(ConfigKind::Contacts) {
            self.show_contacts();
        }
        if is_changed(ConfigKind::UserGroups) {
            self.show_groups(decision);
        }
        self.show_note_to_self();
        let is_near = self.settings.far_read.is_some_and(|read| read <= self.farthest(now));
        if is_near || ConfigKind::OF_ACCOUNT.into_iter().any(is_changed) {
            self.show_read_states(now);
        }
        self.settings.schedule(now);
        self.tell_unfit(decision, now);
    }

    /// Configs that are too long to be stored: each reason stands in the ledger
    /// once.
    fn tell_unfit(&mut self, decision: &mut Decision, now: Timestamp) {
        let (to, retry_at) = (Some(self.id()), self.settings.next_push());
        for reason in self.settings.take_unfit() {
            let step = LedgerStep::AttemptFailed { to, node: None, reason, asked: None, retry_at };
            decision.ledger(now, None, None, step);
        }
    }

    /// The profile is another: its name stands in the list of accounts, too.
    /// Without a name that list keeps the one it has.
    fn tell_profile(&mut self, decision: &mut Decision) {
        let profile = self.profile();
        if profile == self.settings.told {
            return;
        }
        if profile.name.is_some() && profile.name != self.name {
            self.name.clone_from(&profile.name);
            decision.changes.push(Change::SetName(profile.name.clone()));
        }
        let (account, name) = (profile.id, profile.name.clone());
        decision.events.push(AccountEvent::ProfileChanged { account, name });
        self.settings.told = profile;
    }
}

const fn nothing_told(id: AccountId) -> Profile {
    Profile {
        id,
        name: None,
        picture: None,
        updated: Timestamp(0),
        read_receipts: false,
        typing: false,
        takes_community_requests: None,
    }
}

fn some_text(text: &Text) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

fn picture_of(picture: &Picture) -> ProfilePicture {
    ProfilePicture { url: picture.url().to_string(), key: *picture.key() }
}

/// The time of a config's seconds.
fn millis(seconds: i64) -> Timestamp {
    Timestamp(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000))
}

/// Whole seconds, as configs have them.
fn whole_seconds(time: Timestamp) -> i64 {
    i64::try_from(time.millis() / 1_000).unwrap_or(i64::MAX)
}
