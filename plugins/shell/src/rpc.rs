//! The RPC sockets of this user: that of a home beside its control socket, and
//! those that are asked for. The server itself is in `ramson-rpc`.

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use ramson_rpc::{Server, serve_unix};
use tokio::net::{UnixListener, UnixStream};

use crate::control::socket;
use crate::error::Failure;
use crate::private;

/// An open socket; its file goes with it.
pub(crate) struct Door {
    listener: UnixListener,
    user: u32,
    file: File,
}

/// The file of a socket.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        // One that stays is replaced by whoever opens it next.
        let _gone = std::fs::remove_file(&self.0);
    }
}

impl Door {
    /// Opens the socket of a home whose lock is ours: one that is there is of a
    /// process that was killed.
    pub(crate) fn of_home(home: &Path) -> Result<Self, Failure> {
        let open = || {
            let path = socket::rpc_path_of(home)?;
            Self::bind(path, private::owner_of(home)?)
        };
        open().map_err(|error| Failure::System {
            reason: format!("the RPC socket of {} cannot be opened: {error}", home.display()),
        })
    }

    /// Opens a socket at a path of the user's own choice.
    pub(crate) async fn at(path: &Path, home: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::Rpc {
            reason: format!(
                "the socket {} cannot be opened: {error}; give another path",
                path.display()
            ),
        };
        if UnixStream::connect(path).await.is_ok() {
            return Err(failed(io::ErrorKind::AddrInUse.into()));
        }
        let is_socket = std::fs::symlink_metadata(path).map(|about| about.file_type().is_socket());
        if is_socket.is_ok_and(|is| !is) {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let user = private::owner_of(home).map_err(failed)?;
        Self::bind(path.to_owned(), user).map_err(failed)
    }

    fn bind(path: PathBuf, user: u32) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        let file = File(path);
        private::close_to_others(&file.0)?;
        Ok(Self { listener, user, file })
    }

    /// Serves clients until the future is dropped.
    pub(crate) async fn serve(self, server: Server) -> Infallible {
        let Self { listener, user, file: _file } = self;
        serve_unix(server, listener, user).await
    }
}
