//! The program itself: its plugins, how it is, what it can do.

use ramson_wire::{Answer, Control, Plugin, Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;

use super::{NoParams, NoResult};
use crate::call::{Call, odd};
use crate::failure::Outcome;
use crate::limits;

/// The plugins.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PluginListResult {
    /// All of them.
    plugins: Vec<Plugin>,
}

pub(super) async fn list(call: Call, _: NoParams) -> Outcome<PluginListResult> {
    match call.query(Query::Plugins).await? {
        Answer::Plugins { plugins } => Ok(PluginListResult { plugins }),
        other => Err(odd(&other)),
    }
}

/// Which plugin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginRunParams {
    /// Its name, such as bot-echo, or the path of its library.
    name: String,
}

pub(super) async fn run(mut call: Call, params: PluginRunParams) -> Outcome<NoResult> {
    call.control(Control::LoadPlugin { name: params.name }).await?;
    Ok(NoResult {})
}

/// Which plugin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginParams {
    /// Its name, such as bot-echo.
    name: String,
}

pub(super) async fn stop(mut call: Call, params: PluginParams) -> Outcome<NoResult> {
    call.control(Control::StopPlugin { name: params.name }).await?;
    Ok(NoResult {})
}

pub(super) async fn swap(mut call: Call, params: PluginParams) -> Outcome<NoResult> {
    call.control(Control::SwapPlugin { name: params.name }).await?;
    Ok(NoResult {})
}

/// Which user interface.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UiUseParams {
    /// Its name, or the path of its library.
    name: String,
}

pub(super) async fn use_ui(mut call: Call, params: UiUseParams) -> Outcome<NoResult> {
    call.control(Control::UseUi { name: params.name }).await?;
    Ok(NoResult {})
}

/// How the program is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HealthResult {
    /// The engine answers.
    ok: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// How many accounts the client sees.
    accounts: u64,
    /// Clients that are connected; each HTTP request is one.
    clients: u64,
    /// Clients that are subscribed.
    subscribed: u64,
}

pub(super) async fn health(call: Call, _: NoParams) -> Outcome<HealthResult> {
    let (clients, subscribed) = call.counts();
    let late = || format!("the engine did not answer within {} s", limits::HEALTH.as_secs());
    let asked = timeout(limits::HEALTH, call.accounts()).await;
    let (accounts, trouble) = match asked {
        Ok(Ok(accounts)) => (accounts.len() as u64, None),
        // It answers, but this client may not ask that.
        Ok(Err(failure)) if failure.kind() == "NotGranted" => (0, None),
        Ok(Err(failure)) => (0, Some(failure.message().to_owned())),
        Err(_) => (0, Some(late())),
    };
    Ok(HealthResult { ok: trouble.is_none(), trouble, accounts, clients, subscribed })
}

/// What answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VersionResult {
    /// `ramson`.
    program: String,
    /// Its version.
    version: String,
    /// The number of this interface: raised when something is taken away.
    rpc: u32,
}

pub(super) async fn version(call: Call, _: NoParams) -> Outcome<VersionResult> {
    let version = call.version().to_owned();
    Ok(VersionResult { program: "ramson".to_owned(), version, rpc: 1 })
}

/// A JSON schema.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct SchemaResult(Value);

pub(super) async fn schema(_: Call, _: NoParams) -> Outcome<SchemaResult> {
    Ok(SchemaResult(crate::schema::value()))
}
