//! The tables. Keys start with the account's number and grow with time where
//! they can, so that new records land on the pages written last.

use std::collections::BTreeMap;

use redb::{
    ReadTransaction, ReadableTableMetadata as _, Table, TableDefinition, TableError,
    WriteTransaction,
};

/// A record: a version byte and a protobuf message.
pub(crate) type Record = &'static [u8];
/// Author and kind: what tells messages of one conversation and one sent time
/// apart.
pub(crate) type AuthorKind = &'static [u8; 34];
/// Who wrote a message.
pub(crate) type Author = &'static [u8; 33];
/// A hash or a key.
pub(crate) type Hash = &'static [u8; 32];

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident $field:ident: $key:ty => $value:ty;)+) => {
        $($(#[$doc])* pub(crate) const $name: TableDefinition<'static, $key, $value> =
            TableDefinition::new(stringify!($field));)+

        /// All tables of a write transaction.
        pub struct Tables<'t> {
            $($(#[$doc])* pub(crate) $field: Table<'t, $key, $value>,)+
            /// Number of the next ledger line by account, once it was looked up.
            pub(crate) next_line: BTreeMap<u32, u64>,
            /// Whether a ledger is kept, once it was looked up.
            pub(crate) ledger_is_on: Option<bool>,
        }

        impl<'t> Tables<'t> {
            /// Opens all tables; makes those that are not there, so that no
            /// reader meets a missing one.
            pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
                Ok(Self {
                    $($field: transaction.open_table($name)?,)+
                    next_line: BTreeMap::new(),
                    ledger_is_on: None,
                })
            }
        }

        /// How many records each table has, by its name.
        pub(crate) fn counts(
            transaction: &ReadTransaction,
        ) -> Result<BTreeMap<&'static str, u64>, TableError> {
            let mut counts = BTreeMap::new();
            $(counts.insert(stringify!($field), transaction.open_table($name)?.len()?);)+
            Ok(counts)
        }
    };
}

tables! {
    /// What holds for the whole home, by name.
    META meta: &'static str => Record;
    /// Accounts by number.
    ACCOUNTS accounts: u32 => Record;
    /// Seeds by account: a version byte and the seed.
    SEEDS seeds: u32 => Record;
    /// Accounts' numbers by id.
    ACCOUNT_NUMBERS account_numbers: &'static [u8; 33] => u32;
    /// Counters by account.
    COUNTERS counters: u32 => Record;
    /// Conversations by account and number.
    CONVERSATIONS conversations: (u32, u32) => Record;
    /// Conversations' numbers by account and id.
    CONVERSATION_NUMBERS conversation_numbers: (u32, Record) => u32;
    /// Messages by account, conversation and number.
    MESSAGES messages: (u32, u32, u64) => Record;
    /// Messages' conversations by account and message number.
    MESSAGE_PLACES message_places: (u32, u64) => u32;
    /// Messages' numbers by account, conversation, sent time, and author and
    /// kind.
    MESSAGE_KEYS message_keys: (u32, u32, u64, AuthorKind) => u64;
    /// When messages disappear, by account, that time and message number.
    EXPIRING expiring: (u32, u64, u64) => ();
    /// What was said of messages that are not there, by account, conversation,
    /// sent time and author.
    EARLY early: (u32, u32, u64, Author) => Record;
    /// The same in the order in which it is forgotten.
    EARLY_BY_TIME early_by_time: (u64, u32, u32, u64, Author) => ();
    /// Configs by account and kind: a version byte and the dump.
    CONFIGS configs: (u32, u8) => Record;
    /// Errands by account and number.
    ERRANDS errands: (u32, u64) => Record;
    /// Tombstones by account, namespace and hash: when to forget them.
    SEEN seen: (u32, i16, Hash) => u64;
    /// The same in the order in which they are forgotten.
    SEEN_BY_TIME seen_by_time: (u64, u32, i16, Hash) => ();
    /// Cursors by account, node and namespace.
    CURSORS cursors: (u32, Hash, i16) => Record;
    /// Outbox entries by account and number.
    OUTBOX outbox: (u32, u64) => Record;
    /// Ledger lines by account and line number.
    LEDGER ledger: (u32, u64) => Record;
    /// Ledger lines by account, message and line number.
    LEDGER_BY_MESSAGE ledger_by_message: (u32, u64, u64) => ();
    /// Ledger lines by hash, account and line number.
    LEDGER_BY_HASH ledger_by_hash: (Hash, u32, u64) => ();
    /// The event log by sequence number.
    EVENTS events: u64 => Record;
    /// How far plugins are in the event log, by name.
    PLUGIN_CURSORS plugin_cursors: &'static str => u64;
    /// Records of plugins by the plugin's name and their own.
    PLUGIN_DATA plugin_data: (&'static str, &'static str) => Record;
    /// Guards by isolation class.
    GUARDS guards: u64 => Record;
}

/// Names in [`META`].
pub(crate) mod meta {
    /// Which tables and records there are; [`super::SCHEMA`].
    pub(crate) const SCHEMA: &str = "schema";
    /// The network that the home belongs to.
    pub(crate) const NETWORK: &str = "network";
    /// Sequence number of the next event.
    pub(crate) const NEXT_EVENT: &str = "next event";
    /// Number of the next account; never given twice.
    pub(crate) const NEXT_ACCOUNT: &str = "next account";
    /// The node pool kept last.
    pub(crate) const NODE_POOL: &str = "node pool";
    /// 0 when no ledger is kept.
    pub(crate) const LEDGER: &str = "ledger";
}

/// The schema that this program writes.
pub(crate) const SCHEMA: u64 = 4;
