//! Small files for their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Writes a file that is there whole or not at all. Where a link leads to it,
/// the link stays.
pub(crate) fn put_in_place(path: &Path, text: &str) -> io::Result<()> {
    let meant = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = meant.as_path();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let unfinished = PathBuf::from(name);
    let write = || {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        // A new name is durable only when its folder is.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().inspect_err(|_| {
        // What could not be finished is of no use to anybody.
        let _gone = fs::remove_file(&unfinished);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_and_nothing_unfinished_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        put_in_place(&file, "one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        put_in_place(&link, "two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        put_in_place(&dir.path().join("nowhere/file"), "x").unwrap_err();
    }
}
