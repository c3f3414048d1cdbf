//! The methods: one table, from which requests are dispatched, the schema is
//! made, and the reference page.
//!
//! | file | which |
//! |---|---|
//! | `account` | `account.…`, `profile` |
//! | `send` | `send`, `reply` |
//! | `message` | what is done to messages and conversations that are there |
//! | `contact` | `contact.…`, `requests.…` |
//! | `look` | what there is: conversations, messages, ways, names, the network |
//! | `program` | `plugin.…`, `ui.use`, `health`, `version`, `schema` |
//! | `events` | `subscribe`, `ack`, `done`, `alarm` |
//! | `record` | `record.…` |

mod account;
mod contact;
mod events;
mod look;
mod message;
mod program;
mod record;
mod send;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::failure::{Failure, Outcome};

/// Whether a method uses the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Network {
    /// It does not.
    No,
    /// The response waits for it.
    Waits,
    /// The response does not wait: the network is told afterwards.
    Background,
}

#[cfg(test)]
impl Network {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Waits => "waits",
            Self::Background => "background",
        }
    }
}

/// In which order a method is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Beside all others.
    Free,
    /// Behind those of the same client that were asked for before.
    Turn,
}

type Running = Pin<Box<dyn Future<Output = Outcome<Value>> + Send>>;

/// One line of the table.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) about: &'static str,
    pub(crate) network: Network,
    pub(crate) order: Order,
    pub(crate) params: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) result: fn(&mut SchemaGenerator) -> Schema,
    carry: Box<dyn Fn(Call, Value) -> Outcome<Running> + Send + Sync>,
}

impl Method {
    /// Carries it out; wrong parameters are told at once.
    pub(crate) fn begin(&self, call: Call, params: Value) -> Outcome<Running> {
        (self.carry)(call, params)
    }
}

/// The table.
pub(crate) static METHODS: LazyLock<Vec<Method>> = LazyLock::new(table);

/// The method of a name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// A method without parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParams {}

/// It is done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NoResult {}

fn method<P, R, F, Running>(
    name: &'static str,
    network: Network,
    order: Order,
    about: &'static str,
    carry: F,
) -> Method
where
    P: DeserializeOwned + JsonSchema + Send + 'static,
    R: Serialize + JsonSchema + Send + 'static,
    F: Fn(Call, P) -> Running + Send + Sync + 'static,
    Running: Future<Output = Outcome<R>> + Send + 'static,
{
    let carry = move |call: Call, params: Value| -> Outcome<self::Running> {
        let running = carry(call, read(params)?);
        Ok(Box::pin(async move { write(&running.await?) }))
    };
    Method {
        name,
        about,
        network,
        order,
        params: |generator| generator.subschema_for::<P>(),
        result: |generator| generator.subschema_for::<R>(),
        carry: Box::new(carry),
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Outcome<P> {
    let params = match params {
        Value::Null => Value::Object(serde_json::Map::new()),
        params @ Value::Object(_) => params,
        _ => return Err(Failure::params("parameters have names; give an object")),
    };
    serde_json::from_value(params).map_err(|error| {
        Failure::params(format!("{error}; docs/rpc.md has the parameters of each method"))
    })
}

fn write(result: &impl Serialize) -> Outcome<Value> {
    serde_json::to_value(result).map_err(|error| Failure::internal(error.to_string()))
}

fn table() -> Vec<Method> {
    use Network::{Background, No, Waits};
    use Order::{Free, Turn};
    vec![
        method(
            "account.list",
            No,
            Free,
            "Lists the accounts that the client sees, in the order in which they were added.",
            account::list,
        ),
        method(
            "account.create",
            No,
            Turn,
            "Makes an account. Its recovery phrase is only shown by `ramson account show --phrase`.",
            account::create,
        ),
        method("account.show", No, Free, "Shows one account.", account::show),
        method(
            "account.remove",
            No,
            Turn,
            "Removes an account and all its messages from this home. Without its recovery phrase it is gone for good.",
            account::remove,
        ),
        method(
            "profile",
            Background,
            Turn,
            "Sets what others see of an account, and what they are told; shows it when nothing is set.",
            account::profile,
        ),
        method(
            "send",
            Waits,
            Turn,
            "Sends a text, and returns once the recipient's swarm has stored it. What is not stored in time fails with `NotStoredYet`, but the message stays in the outbox and goes out later. With a `key` a message that was sent under that key within 14 days is not sent again.",
            send::send,
        ),
        method(
            "reply",
            Waits,
            Turn,
            "Answers a message, with a quote of it; otherwise like `send`.",
            send::reply,
        ),
        method(
            "react",
            Background,
            Turn,
            "Puts an emoji on a message, or takes it away; at most 20 a minute.",
            message::react,
        ),
        method(
            "delete",
            Background,
            Turn,
            "Deletes a message. What was deleted does not come back, whatever the swarm still has.",
            message::delete,
        ),
        method(
            "read",
            Background,
            Turn,
            "Marks a conversation as read or unread, on all devices of the account.",
            message::read,
        ),
        method(
            "typing",
            Background,
            Turn,
            "Says that the account types, or stopped. Nothing is kept.",
            message::typing,
        ),
        method(
            "expire",
            Background,
            Turn,
            "Lets messages of a conversation disappear from now on, or stay.",
            message::expire,
        ),
        method(
            "set",
            Background,
            Turn,
            "Sets how a conversation is listed and what is told of it.",
            message::set,
        ),
        method("contact.list", No, Free, "Lists contacts.", contact::list),
        method(
            "contact.add",
            Background,
            Turn,
            "Makes a contact of an account, and lets it write.",
            contact::add,
        ),
        method(
            "contact.approve",
            Background,
            Turn,
            "Lets an account write that asked to.",
            contact::approve,
        ),
        method(
            "contact.name",
            Background,
            Turn,
            "Gives a contact a name, or takes it away.",
            contact::name,
        ),
        method(
            "contact.block",
            Background,
            Turn,
            "Does not hear an account any more, or hears it again.",
            contact::block,
        ),
        method(
            "contact.remove",
            Background,
            Turn,
            "Removes a contact, its conversation and all messages of it.",
            contact::remove,
        ),
        method(
            "requests.list",
            No,
            Free,
            "Lists message requests: strangers who wrote.",
            contact::requests,
        ),
        method(
            "requests.accept",
            Background,
            Turn,
            "Accepts a message request: its author is told, and may write.",
            contact::accept,
        ),
        method(
            "requests.decline",
            Background,
            Turn,
            "Turns message requests down: their messages go, and nothing is said.",
            contact::decline,
        ),
        method(
            "conversations",
            No,
            Free,
            "Lists conversations, pinned ones first, then the one with the newest message.",
            look::conversations,
        ),
        method(
            "messages",
            No,
            Free,
            "Gives the newest messages of a conversation, oldest first. Long ones come fewer at once.",
            look::messages,
        ),
        method("message", No, Free, "Gives one message.", look::message),
        method(
            "trace",
            No,
            Free,
            "Gives the delivery ledger of one message: every step of its way.",
            look::trace,
        ),
        method(
            "resolve",
            Waits,
            Free,
            "Gives the Account ID that a registered name stands for. Several service nodes are asked, and they must say the same.",
            look::resolve,
        ),
        method(
            "network.status",
            No,
            Free,
            "Tells how the network is for an account.",
            look::network,
        ),
        method(
            "plugin.list",
            No,
            Free,
            "Lists plugins: those that run, those that ran, and those that are there.",
            program::list,
        ),
        method(
            "plugin.run",
            No,
            Free,
            "Runs a plugin. It may do what its user decided with `ramson plugin allow`.",
            program::run,
        ),
        method("plugin.stop", No, Free, "Stops a plugin.", program::stop),
        method(
            "plugin.swap",
            No,
            Free,
            "Loads a plugin's library anew; the old one goes once the new one is ready.",
            program::swap,
        ),
        method(
            "ui.use",
            No,
            Free,
            "Lets the running program show another user interface.",
            program::use_ui,
        ),
        method(
            "subscribe",
            No,
            Turn,
            "Lets events come. On stdio and the Unix socket only; over HTTP GET /api/v1/events does it. A subscription that the connection had before ends, and so does one of the same client name on another connection.",
            events::subscribe,
        ),
        method(
            "unsubscribe",
            No,
            Turn,
            "Lets no more events come. What a durable client was not done with is told again when it comes back.",
            events::unsubscribe,
        ),
        method(
            "ack",
            No,
            Turn,
            "Says that the client is done with every event up to a number. Only of a durable client.",
            events::ack,
        ),
        method(
            "done",
            Background,
            Turn,
            "The same, together with records and commands that follow from the events: all of it is kept in one commit, or nothing is. Only of a durable client.",
            events::done,
        ),
        method("record.get", No, Free, "Gives a record of the client.", record::get),
        method(
            "record.put",
            No,
            Turn,
            "Writes a record down, or takes it away. It stays in the home under the name of the client.",
            record::put,
        ),
        method(
            "record.list",
            No,
            Free,
            "Lists records of the client, in order of their keys.",
            record::list,
        ),
        method(
            "alarm",
            No,
            Free,
            "Returns when a time has come. A client has one alarm: another one lets the earlier one return at once.",
            events::alarm,
        ),
        method(
            "narrow",
            No,
            Turn,
            "Lets this connection do less from now on. There is no way back. Ends its subscription. On stdio and the Unix socket only.",
            events::narrow,
        ),
        method(
            "health",
            No,
            Free,
            "Tells whether the engine answers, and how many clients there are.",
            program::health,
        ),
        method("version", No, Free, "Tells the version of the program.", program::version),
        method(
            "schema",
            No,
            Free,
            "Gives the JSON schema of all methods, as it stands in docs/rpc-schema.json.",
            program::schema,
        ),
    ]
}
