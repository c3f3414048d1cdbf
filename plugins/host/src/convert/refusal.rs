//! Why something was refused: a name for programs, a sentence for people.

use std::fmt::Display;

use ramson_system::{CarryError, CommandError, EngineError};
use ramson_system::{NameError, OpenError, ResolveError, StoreError};
use ramson_wire::Refusal;

use crate::host::HostError;

/// What it led to, or why it was refused.
pub(crate) type Refused<T> = Result<T, Refusal>;

/// A refusal of a kind.
pub(crate) fn refusal(kind: &str, text: impl Display) -> Refusal {
    Refusal { kind: kind.to_owned(), text: text.to_string() }
}

/// The plugin may not do that.
pub(crate) fn not_granted(what: &str) -> Refusal {
    refusal("NotGranted", format_args!("{what}; the user decides that in plugins.toml"))
}

/// What the engine refused.
pub(crate) fn of_engine(error: &EngineError) -> Refusal {
    refusal(kind_of(error), error)
}

/// What an account refused.
pub(crate) fn of_command(error: &CommandError) -> Refusal {
    refusal(kind_of_command(error), error)
}

/// What the host refused.
pub(crate) fn of_host(error: &HostError) -> Refusal {
    refusal(kind_of_host(error), error)
}

/// The name of an error for programs, which never changes.
pub const fn kind_of_host(error: &HostError) -> &'static str {
    match error {
        HostError::NotFound { .. } => "NoSuchPlugin",
        HostError::Refused { .. } => "BadPlugin",
        HostError::NotDecided { .. } => "NotDecided",
        HostError::Decisions { .. } => "InvalidDecisions",
        HostError::Load { .. } | HostError::Create { .. } => "PluginFailed",
        HostError::Loaded { .. } => "PluginLoaded",
        HostError::NotLoaded { .. } => "PluginNotLoaded",
        HostError::NoUi { .. } => "NoUi",
        HostError::Shows { .. } | HostError::Stuck { .. } => "UiShows",
        HostError::Ended => "Ended",
    }
}

/// The name of an error for programs, which never changes.
pub fn kind_of(error: &EngineError) -> &'static str {
    match error {
        EngineError::Open(error) => kind_of_open(error),
        EngineError::Store(error) | EngineError::Carry(CarryError::Store(error)) => match error {
            StoreError::NoSuchAccount { .. } => "NoSuchAccount",
            StoreError::AccountExists { .. } => "AccountExists",
            StoreError::Damaged { .. } => "DamagedStore",
            StoreError::Busy { .. } => "Busy",
            _ => "Store",
        },
        EngineError::Carry(CarryError::Command(error)) => kind_of_command(error),
        EngineError::Carry(CarryError::Seal(_)) => "InvalidAccountId",
        EngineError::Carry(CarryError::OutboxFull { .. }) => "OutboxFull",
        EngineError::Phrase(_) => "InvalidPhrase",
        EngineError::NoSuchAccount { .. } => "NoSuchAccount",
        EngineError::BadName { .. } | EngineError::BadNameText(_) => "InvalidName",
        EngineError::NameNotRegistered { .. } => "NameNotRegistered",
        EngineError::Name(error) => match error {
            NameError::Resolve(ResolveError::Disagreement { .. }) => "NameDisputed",
            NameError::Resolve(ResolveError::TooFewAnswers { .. }) => "NameUnanswered",
            NameError::Resolve(_) => "NameUnusable",
            NameError::Busy { .. } => "Busy",
            _ => "Network",
        },
        EngineError::Swarm(_) => "Network",
        _ => "Engine",
    }
}

const fn kind_of_open(error: &OpenError) -> &'static str {
    match error {
        OpenError::NotFound { .. } => "NoHome",
        OpenError::Foreign { .. } => "ForeignStore",
        OpenError::LaterVersion { .. } => "LaterVersion",
        OpenError::Truncated { .. } => "TruncatedStore",
        OpenError::WrongKey { .. } => "WrongKey",
        OpenError::Locked { .. } => "HomeInUse",
        OpenError::KeyMissing { .. } => "KeyMissing",
        OpenError::KeyDamaged { .. } => "KeyDamaged",
        OpenError::KeyReadable { .. } => "KeyReadable",
        OpenError::Damaged { .. } => "DamagedStore",
        OpenError::OtherNetwork { .. } => "WrongNetwork",
        _ => "Store",
    }
}

const fn kind_of_command(error: &CommandError) -> &'static str {
    match error {
        CommandError::Empty => "EmptyMessage",
        CommandError::TooLong { .. } | CommandError::TooLarge { .. } => "MessageTooLong",
        CommandError::NotAnAccount { .. } => "InvalidAccountId",
        CommandError::NoSuchMessage { .. } | CommandError::OtherConversation { .. } => {
            "NoSuchMessage"
        }
        CommandError::NoSuchContact { .. } => "NoSuchContact",
        CommandError::NoSuchConversation { .. } => "NoSuchConversation",
        CommandError::OwnAccount { .. } => "OwnAccount",
        CommandError::NotAuthor { .. } => "NotAuthor",
        CommandError::Blocked { .. } => "Blocked",
        CommandError::NotApproved { .. } => "NotApproved",
        CommandError::BadEmoji { .. } => "InvalidEmoji",
        CommandError::TooManyReactions { .. } | CommandError::Busy { .. } => "Busy",
        CommandError::BadName { .. } => "InvalidName",
        CommandError::BadPreview { .. } => "InvalidLink",
        CommandError::BadInvitation { .. } | CommandError::TextWithInvitation => {
            "InvalidInvitation"
        }
        CommandError::NoAfterRead | CommandError::BadTimer { .. } => "InvalidTimer",
        CommandError::NotOneToOne { .. } => "NotSupported",
        CommandError::NotARequest { .. } => "NotARequest",
        _ => "Message",
    }
}
