//! One engine per home: whoever holds the lock on its file `lock`.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use crate::error::Failure;
use crate::private;

/// The file that is locked; it also holds the process number of its holder.
const FILE: &str = "lock";

/// A home's lock. The system lets go of it when the process ends, however it
/// ends.
pub(crate) struct HomeLock {
    _held: File,
}

/// Who has a home's lock.
pub(crate) enum Claim {
    /// We, from now on.
    Ours(HomeLock),
    /// Another process, whose number is known or not.
    Taken(Option<u32>),
}

/// Takes a home's lock if it is free.
pub(crate) fn claim(home: &Path) -> Result<Claim, Failure> {
    let path = home.join(FILE);
    let io = |error| Failure::file(&path, error);
    let mut file = private::open_file(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(io)?;
            file.rewind().map_err(io)?;
            file.write_all(std::process::id().to_string().as_bytes()).map_err(io)?;
            Ok(Claim::Ours(HomeLock { _held: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.take(20).read_to_string(&mut text);
            Ok(Claim::Taken(read.ok().and_then(|_| text.parse().ok())))
        }
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_again_when_dropped() {
        let home = tempfile::tempdir().unwrap();
        let Claim::Ours(held) = claim(home.path()).unwrap() else { panic!("it was free") };
        let Claim::Taken(Some(holder)) = claim(home.path()).unwrap() else { panic!("it is held") };
        assert_eq!(holder, std::process::id());
        drop(held);
        assert!(matches!(claim(home.path()).unwrap(), Claim::Ours(_)));
    }
}
