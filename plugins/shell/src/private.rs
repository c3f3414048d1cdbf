//! Files and folders for the owner alone. With `control`, `signals`,
//! `terminal` and `ui`, the only file that knows Unix.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

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
