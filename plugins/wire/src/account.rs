//! An account of this home, and how far the program is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::codec::{Decode, Encode};

/// An account of this home: what others see of it, and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name that others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether reading is told to others, and heard of; of this home.
    pub read_receipts: bool,
    /// Whether typing is; of this home.
    pub typing: bool,
}

/// How far the program is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Stage {
    /// No engine runs yet: a UI offers `Control::Begin…`.
    Welcome {
        /// The demo was used before and goes on.
        demo_exists: bool,
    },
    /// An engine is being started.
    Starting {
        /// What is being done, for people.
        what: String,
    },
    /// An engine runs.
    Running,
}
