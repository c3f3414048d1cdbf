//! Where the control socket of a home lies.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::private;

/// A socket's path has at most 107 bytes on Linux, 103 on macOS.
const MAX_PATH: usize = 103;

/// The socket's path for a home: in the home, or, when that is too deep for a
/// socket, in a private folder of this user, under a hash of the home's path.
pub(crate) fn path_of(home: &Path) -> io::Result<PathBuf> {
    named(home, "control.sock", ".sock")
}

/// The same for the socket of bots.
pub(crate) fn rpc_path_of(home: &Path) -> io::Result<PathBuf> {
    named(home, "rpc.sock", ".rpc.sock")
}

fn named(home: &Path, name: &str, elsewhere: &str) -> io::Result<PathBuf> {
    let path = home.join(name);
    if path.as_os_str().len() <= MAX_PATH {
        return Ok(path);
    }
    let owner = private::owner_of(home)?;
    let folder = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(runtime) => PathBuf::from(runtime).join("ramson"),
        None => std::env::temp_dir().join(format!("ramson-{owner}")),
    };
    private::make_folder(&folder)?;
    // A folder of that name may be somebody else's in a shared place.
    if !private::is_private_folder(&folder, owner)? {
        let reason = format!("'{}' is not this user's own private folder", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let hash = Sha256::digest(home.as_os_str().as_bytes());
    let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(folder.join(name + elsewhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_home_has_its_socket_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let near = folder.path().join("home");
        assert_eq!(path_of(&near).unwrap(), near.join("control.sock"));

        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = path_of(&deep).unwrap();
        assert!(path.as_os_str().len() <= MAX_PATH, "{}", path.display());
        assert_eq!(path, path_of(&deep).unwrap());
        let other = rpc_path_of(&deep).unwrap();
        assert!(other != path && other.as_os_str().len() <= MAX_PATH, "{}", other.display());
    }
}
