//! The Storage actor: the only writer of a home's store.
//!
//! It hears every message of `ramson-messages::storage`, asks nobody, and owns
//! nothing but a way to the store: the work is done by a writer thread and a
//! reader thread ([`StoreHandle::threads`]), or in the handler itself where
//! there must be no threads ([`StoreHandle::inline`], for simulation).
//!
//! Writes are carried out in the order in which they arrive; those that wait
//! share one commit. A full queue answers [`StoreError::Busy`] and has done
//! nothing: whoever asked keeps what it wanted to write and asks again. An
//! answer to a write means that it is durable, and every later question sees
//! it.
//!
//! [`StoreError::Busy`]: ramson_messages::storage::StoreError::Busy

mod handle;
mod threads;

use actix::{Actor, Context, Handler, ResponseFuture};
use ramson_messages::storage::{
    AddAccount, Commit, GetMessage, GetPluginCursor, GetPluginData, KeepForPlugins, LastEvent,
    LedgerIsOn, ListAccounts, ListConversations, ListMessages, ListPluginData, LoadAccount,
    LoadGuards, LoadNodePool, OldestEvent, ReadEvents, ReadLedger, RecallHashes, RecallHistory,
    RemoveAccount, SaveGuards, SaveNodePool, SetLedger, Shutdown, StoreError, Sweep,
};

use crate::store::{Question, Write};

pub use handle::StoreHandle;
pub use threads::{GROUP, QUESTIONS, WRITES};

/// Messages that wait before they reach a queue.
const MAILBOX: usize = 256;

/// The actor. When it fails, a new one over the same handle goes on without
/// losing what waits.
pub struct Storage {
    store: StoreHandle,
}

impl Storage {
    /// An actor in front of a store.
    pub const fn new(store: StoreHandle) -> Self {
        Self { store }
    }
}

impl Actor for Storage {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
    }
}

macro_rules! handlers {
    ($way:ident, $kind:ident: $($message:ty),+ $(,)?) => {
        $(impl Handler<$message> for Storage {
            type Result = ResponseFuture<Result<<$message as $kind>::Answer, StoreError>>;

            fn handle(&mut self, message: $message, _: &mut Self::Context) -> Self::Result {
                Box::pin(self.store.$way(message))
            }
        })+
    };
}

handlers! {
    write, Write:
    Commit, AddAccount, RemoveAccount, SaveNodePool, SaveGuards, SetLedger, Sweep,
    KeepForPlugins,
}
handlers! {
    ask, Question:
    ListAccounts, LoadAccount, RecallHashes, RecallHistory, ListConversations, ListMessages,
    GetMessage, ReadLedger, LedgerIsOn, LastEvent, ReadEvents, LoadNodePool, LoadGuards,
    OldestEvent, GetPluginCursor, GetPluginData, ListPluginData,
}

impl Handler<Shutdown> for Storage {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.store.close())
    }
}
