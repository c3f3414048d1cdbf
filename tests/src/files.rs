//! Where vectors and transcripts lie.

use std::path::{Path, PathBuf};

/// A folder of JSON files that an environment variable can point elsewhere.
pub struct Folder {
    path: PathBuf,
    elsewhere: bool,
}

impl Folder {
    /// The folder that `variable` names, or `name` in this package.
    pub fn new(variable: &str, name: &str) -> Self {
        match std::env::var_os(variable) {
            Some(path) => Self { path: path.into(), elsewhere: true },
            None => {
                Self { path: Path::new(env!("CARGO_MANIFEST_DIR")).join(name), elsewhere: false }
            }
        }
    }

    /// Whether the environment chose the folder; it may then hold fewer files
    /// than this package's own.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of its JSON files without the ending, sorted.
    pub fn names(&self) -> Result<Vec<String>, String> {
        let unreadable = |why: std::io::Error| format!("{}: {why}", self.path.display());
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "json")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Reads one file of the folder.
pub fn load(folder: &Folder, name: &str) -> Result<serde_json::Value, String> {
    let path = folder.path().join(format!("{name}.json"));
    let text =
        std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    serde_json::from_str(&text).map_err(|why| format!("{}: {why}", path.display()))
}
