//! Finds a library by its plugin's name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is said of a library without a plugin's name.
pub(crate) const NO_NAME: &str =
    "its file is not named like a library; name it libramson_<name>.so";

/// What a plugin is called whose library has this path: `bot-echo` for
/// `libramson_bot_echo.so`. `None` if it is no library's name.
pub fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let stem = file.strip_suffix(std::env::consts::DLL_SUFFIX)?;
    let stem = stem.strip_prefix(std::env::consts::DLL_PREFIX)?;
    let name = stem.strip_prefix("ramson_").unwrap_or(stem).replace('_', "-");
    // The name goes into messages, threads and files.
    let fine = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '+');
    (!name.is_empty() && name.len() <= 64 && name.chars().all(fine)).then_some(name)
}

/// Whether it is the path of a library rather than a plugin's name.
pub fn is_path(name_or_path: &str) -> bool {
    name_or_path.contains(std::path::MAIN_SEPARATOR)
        || name_or_path.ends_with(std::env::consts::DLL_SUFFIX)
}

/// All libraries in the folders; of a name that several have, the first.
pub(crate) fn found(folders: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for folder in folders.iter().filter(|folder| !is_build_waste(folder)) {
        // A folder that is not there has no plugins.
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut here: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
        // The order of a folder is chance, and `lib<name>` may stand beside
        // `libramson_<name>`: the latter goes first.
        here.sort_by_key(|path| (!is_ours(path), path.clone()));
        for path in here.into_iter().filter(|path| path.is_file()) {
            if let Some(name) = name_of(&path) {
                found.entry(name).or_insert(path);
            }
        }
    }
    found
}

/// The library of a plugin's name.
pub(crate) fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    found(folders).remove(name)
}

fn is_ours(path: &Path) -> bool {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    file.strip_prefix(std::env::consts::DLL_PREFIX).is_some_and(|it| it.starts_with("ramson_"))
}

/// Cargo keeps old copies there, under the same names.
fn is_build_waste(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "deps")
        && folder.ancestors().any(|above| above.file_name().is_some_and(|it| it == "target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(folder: &Path, file: &str) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(file);
        std::fs::write(&path, "x").unwrap();
        path
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_plugin_is_called_as_its_library() {
        let name = |file: &str| name_of(Path::new(file));
        assert_eq!(name("/a/libramson_bot_echo.so").as_deref(), Some("bot-echo"));
        assert_eq!(name("libgreeter.so").as_deref(), Some("greeter"));
        assert_eq!(name("libgreeter.so.1"), None);
        assert_eq!(name("greeter.so"), None);
        assert_eq!(name("libramson_.so"), None);
        assert_eq!(name("liba\x1bb.so"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_first_folder_goes_first_and_build_waste_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        let waste = dir.path().join("target/debug/deps");
        let a = library(&first, "libramson_a.so");
        library(&second, "libramson_a.so");
        let b = library(&second, "libramson_b.so");
        library(&second, "libb.so");
        library(&second, "notes.txt");
        library(&waste, "libramson_c.so");
        let folders = [dir.path().join("nowhere"), waste, first, second];
        let found = found(&folders);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("a".into(), a), ("b".into(), b)]);
        assert_eq!(find("c", &folders), None);
    }
}
