//! Why something was not done.

use std::path::PathBuf;

use ramson_wire::GrantSet;

/// Why a plugin was not loaded, stopped or swapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// No library of that name.
    #[error("no plugin '{name}' in {}; 'ramson plugin list' shows those that are there", folders_text(.folders))]
    NotFound {
        /// The name.
        name: String,
        /// Where it was searched.
        folders: Vec<PathBuf>,
    },
    /// Its library is no plugin for this program.
    #[error("'{name}' is not loaded: {reason}")]
    Refused {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The user did not decide yet what it may do.
    #[error("'{name}' asks for: {asked}; it is loaded once you allow it")]
    NotDecided {
        /// The name.
        name: String,
        /// What it asks for.
        asked: GrantSet,
    },
    /// `plugins.toml` cannot be read or written.
    #[error("plugins.toml: {reason}")]
    Decisions {
        /// Why.
        reason: String,
    },
    /// Its library cannot be copied or mapped.
    #[error("'{name}' cannot be loaded: {reason}")]
    Load {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// It did not begin.
    #[error("'{name}' did not start: {reason}")]
    Create {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// It is loaded already.
    #[error("'{name}' is loaded already; 'ramson plugin stop {name}' stops it")]
    Loaded {
        /// The name.
        name: String,
    },
    /// It is not loaded.
    #[error("'{name}' is not loaded; 'ramson plugin list' shows what is")]
    NotLoaded {
        /// The name.
        name: String,
    },
    /// It is no user interface.
    #[error("'{name}' is no user interface; 'ramson plugin list' shows which are")]
    NoUi {
        /// The name.
        name: String,
    },
    /// It shows now.
    #[error("'{name}' shows now; use another UI first, or quit")]
    Shows {
        /// The name.
        name: String,
    },
    /// The UI that shows does not return.
    #[error("'{name}' does not give the screen back; quit to end it")]
    Stuck {
        /// The name.
        name: String,
    },
    /// The host was ended.
    #[error("the program is ending; start it again")]
    Ended,
}

fn folders_text(folders: &[PathBuf]) -> String {
    let texts: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if texts.is_empty() { "no folder at all".to_owned() } else { texts.join(", ") }
}
