//! The files of a home's store: finding, making and locking them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::rngs::StdRng;

use crate::keys::{KeyFile, StoreKey, create_data_key, load_data_key};
use crate::sealed::raw::DiskFile;
use crate::{OpenError, Store};

/// Where the files of a home's store lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeFiles {
    /// The sealed store.
    pub store: PathBuf,
    /// The wrapped data key.
    pub keys: PathBuf,
    /// The key that wraps the data key.
    pub key_file: PathBuf,
}

impl HomeFiles {
    /// The files in a home's folder.
    pub fn in_folder(home: &Path) -> Self {
        Self {
            store: home.join("store"),
            keys: home.join("store.keys"),
            key_file: home.join("store.key"),
        }
    }

    /// Opens the store that is there.
    pub fn open(&self, random: StdRng) -> Result<Store, OpenError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.store).map_err(
            |error| match error.kind() {
                io::ErrorKind::NotFound => OpenError::NotFound { path: self.store.clone() },
                _ => OpenError::io(&self.store, &error),
            },
        )?;
        lock(&file, &self.store)?;
        let key = load_data_key(&self.keys, &KeyFile::load(&self.key_file)?)?;
        Store::open_on(Arc::new(DiskFile::new(file)), &self.store, key, random)
    }

    /// Opens the store; makes folder, keys and store where there is none. A
    /// power cut meanwhile leaves no store, and the next start makes it.
    pub fn open_or_create(&self, mut random: StdRng) -> Result<Store, OpenError> {
        if self.exists()? {
            return self.open(random);
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| OpenError::io(&path, &error)
        };
        if let Some(folder) = self.store.parent() {
            private_folder(folder).map_err(io(folder))?;
        }
        let unfinished = beside(&self.store, ".new");
        let file = private_file(&unfinished, false).map_err(io(&unfinished))?;
        lock(&file, &self.store)?;
        // Another process may have finished its store between the two looks,
        // and then this is its file under its old name.
        if self.exists()? {
            drop(file);
            return self.open(random);
        }
        let key = self.keys_for_new_store(&mut random)?;
        file.set_len(0).map_err(io(&unfinished))?;
        let whole = file.try_clone().map_err(io(&unfinished))?;
        let raw = Arc::new(DiskFile::new(file));
        let store = Store::create_on(raw, &self.store, key, random)?;
        whole.sync_all().map_err(io(&unfinished))?;
        fs::rename(&unfinished, &self.store).map_err(io(&self.store))?;
        sync_folder_of(&self.store).map_err(io(&self.store))?;
        Ok(store)
    }

    fn exists(&self) -> Result<bool, OpenError> {
        self.store.try_exists().map_err(|error| OpenError::io(&self.store, &error))
    }

    /// Keys may be there already, when an earlier start was cut off.
    fn keys_for_new_store(&self, random: &mut StdRng) -> Result<StoreKey, OpenError> {
        let there = self.keys.try_exists().map_err(|error| OpenError::io(&self.keys, &error))?;
        if there {
            return load_data_key(&self.keys, &KeyFile::load(&self.key_file)?);
        }
        let wrapping = KeyFile::load_or_create(&self.key_file, random)?;
        create_data_key(&self.keys, &wrapping, random)
    }
}

fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Locked { path: path.to_owned() },
        TryLockError::Error(error) => OpenError::io(path, &error),
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn private_file(path: &Path, only_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false);
    if only_new {
        options.create_new(true);
    } else {
        options.create(true);
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a small file so that it is there whole or not at all.
pub(crate) fn put_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = beside(path, ".new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private_file(&unfinished, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_folder_of(path)
}

/// A new name is durable only when its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
