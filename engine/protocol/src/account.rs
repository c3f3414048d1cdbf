//! One account: what it sends, what a received message means, what is kept.
//!
//! The machine answers every input with a [`Decision`]: changes for the store
//! and events that are true once those are committed. Decisions of one
//! account must be committed in the order in which they were taken.
//!
//! | file | decides |
//! |---|---|
//! | `intent`, `history` | what is carried out, and what it needs to know |
//! | `commands` | what a command leads to |
//! | `compose` | the Content, sent time and copies of what is sent |
//! | `outbox` | what to send now, what an answer means, when to try again |
//! | `poll` | what to ask a swarm member for, and what it answered |
//! | `watch` | which member to ask, and what it means when two differ |
//! | `receive` | what a received message means |
//! | `settings` | the configs that the account's devices share |
//! | `lines` | the list of conversations |
//! | `errands` | what is stored, deleted and shortened in the own swarm |
//! | `work` | what is due by itself: timers, what other devices read or removed |
//! | `disappearing` | when messages disappear |
//! | `clock` | network time |

mod clock;
mod commands;
mod compose;
mod disappearing;
mod errands;
mod history;
mod intent;
mod lines;
mod outbox;
mod poll;
pub(crate) mod receive;
mod settings;
#[cfg(test)]
mod tests;
mod watch;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use ramson_crypto::AccountKeys;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp};
use rand_core::CryptoRng;

use crate::command::CommandError;
use crate::event::{AccountEvent, AccountSignal};
use crate::store::{Change, Counters, Cursor, StoredAccount};

pub use clock::{NetworkClock, Sample};
pub use compose::MAX_TEXT;
pub use errands::{DueErrand, ErrandAnswer};
pub use history::{Answer, History, PAGE, Question};
pub use intent::{Intent, Outgoing, Plan, Work};
pub use outbox::{Delivery, DeliveryAnswer, SendResult};
pub use poll::{Poll, PollAnswer, PollError};
pub use receive::{Arrival, ArrivalBody, DropReason};
pub use watch::Verdict;

/// What an input led to.
#[derive(Debug, Default, PartialEq)]
pub struct Decision {
    /// To be committed together.
    pub changes: Vec<Change>,
    /// To be told once the changes are committed.
    pub events: Vec<AccountEvent>,
    /// To be told then, and not kept.
    pub signals: Vec<AccountSignal>,
}

impl Decision {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.events.is_empty() && self.signals.is_empty()
    }

    /// Adds what is to be committed and told with it.
    pub fn and(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.events.extend(other.events);
        self.signals.extend(other.signals);
    }

    fn ledger(
        &mut self,
        at: Timestamp,
        message: Option<MessageId>,
        hash: Option<MessageHash>,
        step: LedgerStep,
    ) {
        self.changes.push(Change::Ledger(LedgerLine { at, message, hash, step }));
    }
}

/// The machine of one account.
pub struct Account {
    number: u32,
    keys: Arc<AccountKeys>,
    /// The name that the list of accounts shows.
    name: Option<String>,
    counters: Counters,
    clock: NetworkClock,
    cursors: BTreeMap<(Ed25519PublicKey, Namespace), Cursor>,
    outbox: outbox::Outbox,
    settings: settings::Settings,
    lines: lines::Lines,
    errands: errands::Errands,
    expiring: disappearing::Expiring,
    watch: watch::Watch,
    poll_failures: BTreeMap<Ed25519PublicKey, String>,
    pending: work::Pending,
    /// Whose conversations were removed since the start.
    vanished: receive::Vanished,
    /// The notices of calls since the start.
    calls: receive::Calls,
    /// When reactions were made lately.
    reacted: Vec<Timestamp>,
    /// Whom it told lately that it types.
    typed: commands::Typed,
}

impl Account {
    /// The machine of an account as the store has it.
    pub fn load(stored: StoredAccount) -> Self {
        let keys = Arc::new(AccountKeys::new(&stored.seed));
        let settings = settings::Settings::load(&keys, stored.configs, stored.sync);
        let lines = lines::Lines::load(stored.conversations);
        let pending = work::Pending::load(&lines, &settings.contacts, keys.account_id());
        Self {
            number: stored.number,
            name: stored.name,
            counters: stored.counters,
            clock: NetworkClock::default(),
            cursors: stored
                .cursors
                .into_iter()
                .map(|(node, namespace, cursor)| ((node, namespace), cursor))
                .collect(),
            outbox: outbox::Outbox::load(stored.outbox),
            settings,
            lines,
            errands: errands::Errands::load(stored.errands),
            expiring: disappearing::Expiring::load(stored.expiring),
            watch: watch::Watch::default(),
            poll_failures: BTreeMap::new(),
            pending,
            vanished: receive::Vanished::default(),
            calls: receive::Calls::default(),
            reacted: Vec::new(),
            typed: commands::Typed::default(),
            keys,
        }
    }

    /// Its id.
    pub fn id(&self) -> AccountId {
        self.keys.account_id()
    }

    /// Its keys.
    pub fn keys(&self) -> &Arc<AccountKeys> {
        &self.keys
    }

    /// Its network clock.
    pub fn clock(&self) -> &NetworkClock {
        &self.clock
    }

    /// Its network clock, to learn from.
    pub fn clock_mut(&mut self) -> &mut NetworkClock {
        &mut self.clock
    }

    /// What of the history an intent needs to know.
    pub fn questions(&self, intent: &Intent) -> Vec<Question> {
        match intent {
            Intent::Command(command) => self.command_questions(command),
            Intent::Work(work) => self.work_questions(work),
        }
    }

    /// Carries out an intent, with the answers to [`Account::questions`]. What
    /// the plan has outgoing is sealed and handed to [`Account::queue`]; where
    /// that fails, the account has to start again from the store.
    pub fn carry_out(
        &mut self,
        intent: Intent,
        history: &History,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Plan, CommandError> {
        let mut plan = match intent {
            Intent::Command(command) => self.command(command, history, now, rng)?,
            Intent::Work(work) => self.work(work, history, now),
        };
        self.keep(&mut plan.decision, now);
        Ok(plan)
    }

    /// When something is due: deliveries, errands or work.
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.next_delivery(), self.next_errand(), self.next_work()].into_iter().flatten().min()
    }

    /// Puts everything of settings and conversations that changed into a
    /// decision: the last step of each.
    fn keep(&mut self, decision: &mut Decision, now: Timestamp) {
        let contacts_changed = self.settings.contacts.needs_dump();
        self.keep_settings(decision, now);
        self.note_work(decision, contacts_changed);
        self.lines.keep(decision);
    }

    fn next_message_id(&mut self) -> MessageId {
        let number = self.counters.next_message;
        self.counters.next_message = number.saturating_add(1);
        MessageId { account: self.number, number }
    }
}
