//! The store without threads. What it is asked and told are the messages of
//! `ramson-messages::storage`; see [`Write`] and [`Question`].

mod accounts;
mod changes;
mod check;
mod early;
mod failure;
mod history;
mod ledger;
mod migrate;
mod plugins;
mod questions;
mod recall;
mod sweep;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ramson_messages::storage::{Commit, Committed, StoreError};
use rand::Rng as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, StorageError};

pub use check::Checked;
pub use questions::Question;
pub use writes::Write;

pub(crate) use failure::Failure;
pub(crate) use questions::Reading;
pub(crate) use writes::{Job, Single};

use crate::keys::StoreKey;
use crate::sealed::raw::{MemoryFile, RawFile};
use crate::sealed::{Cipher, Nonces, SealedFile};
use crate::tables::{META, SCHEMA, Tables, meta};
use crate::{OpenError, records};

/// How much of the database is kept in memory.
const CACHE: usize = 32 * 1024 * 1024;

/// A home's store. All methods may be called from any thread; writes take
/// turns, reads see every commit that has returned.
pub struct Store {
    path: PathBuf,
    file: Arc<dyn RawFile>,
    cipher: Arc<Cipher>,
    nonces: Nonces,
    /// `None` after it failed and could not be opened again yet.
    database: RwLock<Option<Database>>,
    /// Whether there were commits since the last quick-repair one.
    unsettled: AtomicBool,
}

impl Store {
    /// A new store in an empty file. `path` is for errors only.
    pub fn create_on(
        file: Arc<dyn RawFile>,
        path: &Path,
        key: StoreKey,
        random: StdRng,
    ) -> Result<Self, OpenError> {
        let (cipher, nonces) = (Arc::new(Cipher::new(&key)), Nonces::new(random));
        let sealed = SealedFile::create(file.clone(), cipher.clone(), nonces.clone())
            .map_err(|error| OpenError::io(path, &error))?;
        let database = build(sealed, path)?;
        create_tables(&database).map_err(|failure| failure.on_open(path))?;
        Ok(Self::with(database, file, path, cipher, nonces))
    }

    /// The store in a file. `path` is for errors only.
    pub fn open_on(
        file: Arc<dyn RawFile>,
        path: &Path,
        key: StoreKey,
        random: StdRng,
    ) -> Result<Self, OpenError> {
        let (cipher, nonces) = (Arc::new(Cipher::new(&key)), Nonces::new(random));
        let database = open_database(file.clone(), path, &cipher, &nonces)?;
        let store = Self::with(database, file, path, cipher, nonces);
        let found = store.number(meta::SCHEMA).map_err(|failure| failure.on_open(path))?;
        let migrated = match found {
            Some(SCHEMA) => true,
            Some(found) if found > SCHEMA => {
                let path = path.to_owned();
                return Err(OpenError::LaterVersion { path, found, known: SCHEMA });
            }
            Some(found) => store
                .with_database(|database| migrate::migrate(database, found))
                .map_err(|failure| failure.on_open(path))?,
            None => false,
        };
        if !migrated {
            let reason = format!("schema version {found:?} was never written");
            return Err(OpenError::Damaged { path: path.to_owned(), reason });
        }
        Ok(store)
    }

    /// A new store in memory, for simulation.
    pub fn in_memory(mut random: StdRng) -> Result<Self, OpenError> {
        let key = StoreKey::generate(&mut random);
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        let file = Arc::new(MemoryFile::new());
        Self::create_on(file, Path::new("memory"), key, StdRng::from_seed(seed))
    }

    fn with(
        database: Database,
        file: Arc<dyn RawFile>,
        path: &Path,
        cipher: Arc<Cipher>,
        nonces: Nonces,
    ) -> Self {
        let (path, database) = (path.to_owned(), RwLock::new(Some(database)));
        Self { path, file, cipher, nonces, database, unsettled: AtomicBool::new(true) }
    }

    /// Commits many commits in one transaction, durably before it returns; one
    /// answer for each. A commit that cannot be carried out, such as one of an
    /// unknown account, leaves nothing behind and does not touch the others.
    /// When the disk fails, all of them fail; should the system have written
    /// them all the same, doing them again changes nothing but the ledger.
    pub fn apply(&self, commits: &[Commit]) -> Vec<Result<Committed, StoreError>> {
        let mut jobs: Vec<_> = commits.iter().map(Single::new).collect();
        let mut group: Vec<&mut dyn Job> = Vec::with_capacity(jobs.len());
        group.extend(jobs.iter_mut().map(|job| job as &mut dyn Job));
        let outcomes = self.run_group(&mut group);
        jobs.into_iter().zip(outcomes).map(|(job, outcome)| job.answer(outcome)).collect()
    }

    /// Carries out one write, durably before it returns.
    pub fn write<W: Write>(&self, write: &W) -> Result<W::Answer, StoreError> {
        let mut job = Single::new(write);
        let outcome = self.run_group(&mut [&mut job]).pop();
        job.answer(outcome.unwrap_or(Err(StoreError::Closed)))
    }

    /// Answers one question from the state of the last commit.
    pub fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, StoreError> {
        self.with_database(|database| question.answer(&Reading::begin(database)?))
            .map_err(Failure::on_read)
    }

    /// Binds a new home to a network, or compares with the network that it is
    /// bound to.
    pub fn bind_network(&self, asked: &str) -> Result<(), OpenError> {
        let on_open = |failure: Failure| failure.on_open(&self.path);
        if let Some(home) = self.network().map_err(on_open)? {
            return if home == asked {
                Ok(())
            } else {
                Err(OpenError::OtherNetwork { home, asked: asked.to_owned() })
            };
        }
        let record = records::encode(&records::Text { value: asked.to_owned() });
        self.with_database(|database| {
            let transaction = database.begin_write()?;
            transaction.open_table(META)?.insert(meta::NETWORK, record.as_slice())?;
            Ok(transaction.commit()?)
        })
        .map_err(on_open)
    }

    fn network(&self) -> Result<Option<String>, Failure> {
        self.with_database(|database| {
            let table = database.begin_read()?.open_table(META)?;
            let Some(record) = table.get(meta::NETWORK)? else { return Ok(None) };
            let text: records::Text = Failure::record("the network's name", record.value())?;
            Ok(Some(text.value))
        })
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.with_database(|database| {
            let table = database.begin_read()?.open_table(META)?;
            let Some(record) = table.get(name)? else { return Ok(None) };
            let number: records::Number = Failure::record(name, record.value())?;
            Ok(Some(number.value))
        })
    }

    /// One quick-repair commit, if there were other commits since the last
    /// one: after it an unclean stop costs the next start nothing, while after
    /// an ordinary commit the next start reads the whole file. For when
    /// nothing was written for about a second. Tells whether it wrote.
    pub fn idle_commit(&self) -> Result<bool, StoreError> {
        if !self.unsettled.swap(false, Ordering::SeqCst) {
            return Ok(false);
        }
        let settled = self.with_database(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_quick_repair(true);
            Ok(transaction.commit()?)
        });
        settled.map(|()| true).map_err(|failure| {
            self.unsettled.store(true, Ordering::SeqCst);
            failure.on_write()
        })
    }

    /// Gives the space of deleted records back and moves live ones over their
    /// places, so that less of them is left in the file. Tells whether
    /// anything moved. Takes as long as rewriting the file.
    pub fn compact(&self) -> Result<bool, StoreError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_mut().ok_or(StoreError::Closed)?;
        database.compact().map_err(|error| StoreError::Write { reason: error.to_string() })
    }

    /// Closes the store, so that the next start finds nothing to repair.
    pub fn close(self) -> Result<(), StoreError> {
        let database = self.database.into_inner().unwrap_or_else(PoisonError::into_inner);
        match database.map(Database::close) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(StoreError::Write { reason: error.to_string() }),
        }
    }

    /// Runs `work` on the database. A database that failed before refuses
    /// everything, and is opened again first.
    fn with_database<T>(
        &self,
        work: impl Fn(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self.try_with_database(&work) {
            Err(Failure::Latched) => {
                self.reopen()?;
                self.try_with_database(&work)
            }
            other => other,
        }
    }

    fn try_with_database<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        work(database.as_ref().ok_or(Failure::Latched)?)
    }

    fn reopen(&self) -> Result<(), Failure> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Dropped first: two databases over one file would write over each other.
        drop(database.take());
        self.unsettled.store(true, Ordering::SeqCst);
        let opened = open_database(self.file.clone(), &self.path, &self.cipher, &self.nonces);
        *database = Some(opened.map_err(|error| Failure::Disk(error.to_string()))?);
        Ok(())
    }
}

fn build(sealed: SealedFile, path: &Path) -> Result<Database, OpenError> {
    Builder::new().set_cache_size(CACHE).create_with_backend(sealed).map_err(|error| match error {
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() != std::io::ErrorKind::InvalidData =>
        {
            OpenError::io(path, &error)
        }
        other => OpenError::Damaged { path: path.to_owned(), reason: other.to_string() },
    })
}

fn open_database(
    file: Arc<dyn RawFile>,
    path: &Path,
    cipher: &Arc<Cipher>,
    nonces: &Nonces,
) -> Result<Database, OpenError> {
    let (sealed, leniency) = SealedFile::open(file, cipher.clone(), nonces.clone())
        .map_err(|error| OpenError::sealed(path, error))?;
    let database = build(sealed, path);
    drop(leniency);
    database
}

fn create_tables(database: &Database) -> Result<(), Failure> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    let schema = records::encode(&records::Number { value: SCHEMA });
    tables.meta.insert(meta::SCHEMA, schema.as_slice())?;
    drop(tables);
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests;
