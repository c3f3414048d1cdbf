//! All there is, for one plugin: read from the engine once for all that want
//! it, and then each gets what it may see.

use std::sync::Arc;

use ramson_system::{Engine, EngineError};
use ramson_wire::{
    Account, AccountId, Conversation, Event, Grant, Plugin, Snapshot, Stage, Topic, Window,
};

use crate::convert::conversation::{account, conversation};
use crate::host::EngineInfo;
use crate::prepared::Prepared;
use crate::seat::Seat;
use crate::window;

/// What an engine has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whole {
    accounts: Vec<Account>,
    conversations: Vec<(AccountId, Vec<Conversation>)>,
}

impl Whole {
    /// Reads it; conversations only where somebody wants them.
    pub(crate) async fn read(engine: &Engine, lines: bool) -> Result<Self, EngineError> {
        let mut whole = Self::default();
        for summary in engine.accounts().await? {
            let profile = match engine.profile(&summary.id).await {
                Ok(profile) => account(&profile),
                // It was removed meanwhile.
                Err(EngineError::NoSuchAccount { .. }) => continue,
                Err(error) => return Err(error),
            };
            if lines {
                let lines = match engine.conversations(&summary.id).await {
                    Ok(lines) => lines,
                    Err(EngineError::NoSuchAccount { .. }) => continue,
                    Err(error) => return Err(error),
                };
                let lines = lines.iter().map(conversation).collect();
                whole.conversations.push((profile.id, lines));
            }
            whole.accounts.push(profile);
        }
        Ok(whole)
    }

    /// The accounts.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }
}

/// What surrounds it.
pub(crate) struct Around<'a> {
    pub(crate) version: &'a str,
    pub(crate) stage: Stage,
    pub(crate) info: Option<&'a EngineInfo>,
    pub(crate) plugins: &'a [Plugin],
    pub(crate) window: Window,
}

/// Whether a plugin is told of conversations in its snapshots.
pub(crate) fn wants_conversations(seat: &Seat) -> bool {
    seat.gate.is_told(Topic::Conversations, Grant::Read)
}

/// The snapshot of one plugin: every event above `seq` is told afterwards.
pub(crate) fn of(seat: &Seat, seq: u64, around: &Around<'_>, whole: &Whole) -> Arc<Prepared> {
    let gate = &seat.gate;
    let accounts = whole.accounts.iter().filter(|account| gate.sees_account(&account.id));
    let conversations = whole.conversations.iter().filter(|(id, _)| gate.sees_account(id));
    let seen = |lines: &[Conversation]| {
        lines.iter().filter(|line| gate.sees(&line.id)).cloned().collect::<Vec<_>>()
    };
    let mut snapshot = Snapshot {
        seq,
        version: around.version.to_owned(),
        stage: around.stage.clone(),
        network: around.info.map(|info| info.network.clone()).unwrap_or_default(),
        home: around.info.map(|info| info.home.clone()).unwrap_or_default(),
        granted: gate.grants(),
        accounts: if gate.grants().has(Grant::Read) {
            accounts.cloned().collect()
        } else {
            Vec::new()
        },
        conversations: if wants_conversations(seat) {
            conversations.map(|(id, lines)| (*id, seen(lines))).collect()
        } else {
            Vec::new()
        },
        plugins: if gate.is_told(Topic::Plugins, Grant::Plugins) {
            gate.plugins(around.plugins)
        } else {
            Vec::new()
        },
        window: seat.ui.then(|| window::seen(around.window.clone(), gate)),
    };
    let prepared = Arc::new(Prepared::new(Event::Snapshot(snapshot.clone())));
    if prepared.bytes(seat.encoding()).is_ok() {
        return prepared;
    }
    // It can still ask for them, account by account.
    tracing::warn!("the conversations are too many for one snapshot of '{}'", seat.name);
    snapshot.conversations = Vec::new();
    Arc::new(Prepared::new(Event::Snapshot(snapshot)))
}
