//! The workspace's source files.

use std::path::{Path, PathBuf};

/// A file by its path from the workspace's root, with `/`, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

pub(crate) fn read(path: &str) -> Result<String, String> {
    let full = root().join(path);
    std::fs::read_to_string(&full).map_err(|why| format!("{}: {why}", full.display()))
}

/// Every `.rs` file in the folders, in a fixed order.
pub(crate) fn rust(folders: &[&str]) -> Result<Vec<Source>, String> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files)?;
    }
    if files.is_empty() {
        return Err(format!("no source file in {folders:?}: this check looks at nothing"));
    }
    files.sort_by(|left: &Source, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<Source>) -> Result<(), String> {
    let unreadable = |why: std::io::Error| format!("{}: {why}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path)
                .map_err(|why| format!("{}: {why}", path.display()))?;
            let path = path.strip_prefix(root()).unwrap_or(&path);
            let path = path.to_string_lossy().replace('\\', "/");
            files.push(Source { path, text });
        }
    }
    Ok(())
}

/// Fails with all complaints, one a line.
pub(crate) fn none(complaints: &[String]) -> Result<(), String> {
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}
