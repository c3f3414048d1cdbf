//! What comes of a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{
    Account, AccountId, Conversation, Message, MessageId, Network, Outcome, Plugin, Record, Trace,
};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly every reply is the large one")]
pub enum Reply {
    /// It was done.
    Ok(Answer),
    /// It was not; nothing was changed.
    Refused(Refusal),
}

impl Reply {
    /// As a result.
    pub fn into_result(self) -> Result<Answer, Refusal> {
        match self {
            Self::Ok(answer) => Ok(answer),
            Self::Refused(refusal) => Err(refusal),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)]
pub enum Answer {
    /// It is done, or nothing had to be done.
    Done,
    /// A message stands in the history and waits for the network.
    Queued {
        /// The message.
        message: Message,
    },
    /// Something that is no message of the history waits for the network.
    Told {
        /// Its name in events and ledger.
        message: MessageId,
    },
    /// To `accounts`.
    Accounts {
        /// In the order in which they were added.
        accounts: Vec<Account>,
    },
    /// To `conversations`.
    Conversations {
        /// All of them.
        conversations: Vec<Conversation>,
    },
    /// To `conversation`.
    Conversation {
        /// Left out if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<Conversation>,
    },
    /// To `messages`.
    Messages {
        /// Oldest first.
        messages: Vec<Message>,
        /// There are none before these.
        complete: bool,
    },
    /// To `message`.
    Message {
        /// Left out if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Message>,
    },
    /// To `trace`.
    Trace {
        /// The way.
        trace: Trace,
    },
    /// To `network`.
    Network {
        /// How it is.
        network: Network,
    },
    /// To `resolve`.
    Name {
        /// Whose the name is.
        id: AccountId,
    },
    /// To `plugins`.
    Plugins {
        /// All of them.
        plugins: Vec<Plugin>,
    },
    /// An account was made.
    Account {
        /// The account.
        account: Account,
    },
    /// What was done with is kept, and all that went with it.
    Kept {
        /// What came of each command.
        outcomes: Vec<Outcome>,
    },
    /// To `record`.
    Record {
        /// Left out if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// To `records`.
    Records {
        /// In order of their names.
        records: Vec<Record>,
        /// There are none behind these.
        complete: bool,
    },
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// A name for programs, which never changes: `NotGranted`, `NoSuchMessage` …
    pub kind: String,
    /// A sentence for people, which says what to do.
    pub text: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}
