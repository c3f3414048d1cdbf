//! Files and folders for the owner alone. With `control`, `signals` and
//! `terminal`, the only file that knows Unix.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// Makes a folder, and those above it, that only the owner may enter. One that
/// is there already stays as it is.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for reading and writing; makes it, for the owner alone, where
/// there is none.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Opens a file of the owner's alone to write at its end; anew, if it is
/// longer than that.
pub(crate) fn open_log(path: &Path, longest: u64) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.len() > longest {
        file.set_len(0)?;
    }
    Ok(file)
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Everybody the user's settings let.
    All,
}

/// Writes a small file that is there whole or not at all, and stays: once this
/// returns, a power cut does not bring the old one back.
pub(crate) fn put_in_place(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let unfinished = PathBuf::from(name);
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        // A new name is durable only when its folder is. A name without a
        // folder stands in the current one.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().inspect_err(|_| {
        // What could not be finished is of no use to anybody.
        let _gone = fs::remove_file(&unfinished);
    })
}

/// Lets only the owner use a file.
pub(crate) fn close_to_others(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Who owns a file or folder.
pub(crate) fn owner_of(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.uid())
}

/// Whether a folder is `owner`'s own and closed to all others.
pub(crate) fn is_private_folder(path: &Path, owner: u32) -> io::Result<bool> {
    let about = fs::symlink_metadata(path)?;
    Ok(about.is_dir() && about.uid() == owner && about.mode() & 0o077 == 0)
}
