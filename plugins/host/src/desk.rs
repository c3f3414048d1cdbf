//! What is known of plugins that keep something in the home, by their names:
//! how far each is, and which instance may say so. An instance that took a name
//! over shuts out those before it, so that no event is answered twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ramson_system::{Engine, EngineError, Marked, PluginChange};
use ramson_types::Timestamp;

/// So long a key keeps a command from being carried out again.
const KEYS_KEPT: Duration = Duration::from_secs(14 * 86_400);
const A_DAY: Duration = Duration::from_secs(86_400);

/// Marks that are read at once.
const PAGE: usize = 1_000;

/// Begins the names of marks: no plugin can name such a record.
const MARK: &str = "\u{1}k/";

/// Behind the names of all marks, and before those of all records.
pub(crate) const FIRST_RECORD: &str = "\u{1f}";

/// What is known of one name. Locked while something of it is carried out.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The engine that all of it is of, by its number.
    pub(crate) engine: u64,
    /// That engine's home.
    pub(crate) home: String,
    /// The instance that took the name over last, by its generation.
    pub(crate) owner: u64,
    /// It is done with every event up to here.
    pub(crate) cursor: u64,
    /// Whether the last thing that was said is on disk is not known.
    pub(crate) unclear: bool,
    /// When marks that are too old were forgotten last.
    pub(crate) forgot: Option<Timestamp>,
    /// What it said of events up to here was refused as a whole: nothing behind
    /// it is done before it.
    pub(crate) stuck: Option<u64>,
}

/// All desks.
#[derive(Debug, Default)]
pub(crate) struct Desks(Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<Desk>>>>);

impl Desks {
    /// The desk of a name.
    pub(crate) fn of(&self, name: &str) -> Arc<tokio::sync::Mutex<Desk>> {
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desks.entry(name.to_owned()).or_default().clone()
    }
}

/// The name of the record that marks a command as carried out.
pub(crate) fn mark(account: &ramson_types::AccountId, key: &str) -> String {
    format!("{MARK}{account}/{key}")
}

/// Whether a mark is young enough to count.
pub(crate) fn counts(engine: &Engine, marked: &Marked) -> bool {
    marked.at >= engine.now().minus(KEYS_KEPT)
}

impl Desk {
    /// Takes away marks that are too old to count, once a day. What fails is
    /// done the next day: they do not count anyway.
    pub(crate) async fn forget_marks(&mut self, engine: &Engine, plugin: &str) {
        let now = engine.now();
        if self.forgot.is_some_and(|at| now.since(at) < A_DAY && at <= now) {
            return;
        }
        self.forgot = Some(now);
        if let Err(error) = forget_marks(engine, plugin).await {
            tracing::warn!(plugin, "old keys are forgotten later: {error}");
        }
    }
}

async fn forget_marks(engine: &Engine, plugin: &str) -> Result<(), EngineError> {
    let mut after = None;
    loop {
        let marks = engine.plugin_records(plugin.to_owned(), MARK.to_owned(), after, PAGE).await?;
        let old = |value: &[u8]| !Marked::parse(value).is_some_and(|it| counts(engine, &it));
        let gone: Vec<_> = marks
            .iter()
            .filter(|(_, value)| old(value))
            .map(|(key, _)| PluginChange::PutData {
                plugin: plugin.to_owned(),
                key: key.clone(),
                value: None,
            })
            .collect();
        if !gone.is_empty() {
            engine.keep_for_plugins(gone).await?;
        }
        if marks.len() < PAGE {
            return Ok(());
        }
        after = marks.into_iter().next_back().map(|(key, _)| key);
    }
}
