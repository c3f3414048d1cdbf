//! The file server at work: `ramson_node`'s machine behind a lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_crypto::{Ed25519Secret, blake2b};
use ramson_node::SnapshotError;
use ramson_node::{FileServer, FileServerConfig, FileServerKey, HttpRequest, HttpResponse};
use ramson_types::{Timestamp, X25519PublicKey};
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use crate::activity::Who;
use crate::hosts::{Hosts, answer_alone};
use crate::server::Answer;

/// The file server.
pub(crate) struct FileHost {
    inner: Mutex<(FileServer, StdRng)>,
    /// Its count of changes when it was saved last.
    saved: Mutex<Option<u64>>,
}

impl FileHost {
    /// One without files, whose key is derived from the network's seed.
    pub(crate) fn new(seed: &[u8; 32], rng: StdRng) -> Self {
        let name: &[u8] = b"ramson local file server";
        let key = Zeroizing::new(blake2b::hash32(&[name, seed]));
        let key = FileServerKey::from_ed25519(&Ed25519Secret::from_seed(&key));
        let server = FileServer::new(key, FileServerConfig::default());
        let saved = Mutex::new(Some(server.changes()));
        Self { inner: Mutex::new((server, rng)), saved }
    }

    fn lock(&self) -> MutexGuard<'_, (FileServer, StdRng)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To which requests are sealed.
    pub(crate) fn public_key(&self) -> X25519PublicKey {
        self.lock().0.public_key()
    }

    /// How many files it holds, and their bytes.
    pub(crate) fn count(&self) -> (usize, u64) {
        let server = &self.lock().0;
        (server.file_count(), server.bytes())
    }

    /// Lets time pass.
    pub(crate) fn tick(&self, now: Timestamp) {
        self.lock().0.tick(now);
    }

    fn serve(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let (server, rng) = &mut *self.lock();
        server.serve(request, now, rng)
    }

    /// Gives it what it held.
    pub(crate) fn restore(&self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let server = &mut self.lock().0;
        server.import(bytes)?;
        *self.saved() = Some(server.changes());
        Ok(())
    }

    /// What it holds, if that is not what was saved last.
    pub(crate) fn changed(&self) -> Option<Vec<u8>> {
        let server = &self.lock().0;
        let changes = server.changes();
        (self.saved().replace(changes) != Some(changes)).then(|| server.export())
    }

    /// What [`FileHost::changed`] gave could not be saved.
    pub(crate) fn not_saved(&self) {
        *self.saved() = None;
    }

    fn saved(&self) -> MutexGuard<'_, Option<u64>> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its answers over HTTP.
pub(crate) fn answers(files: Arc<FileHost>, hosts: Arc<Hosts>) -> Answer {
    let clock = hosts.clone();
    answer_alone(hosts, Who::FileServer, move |request| files.serve(request, clock.now()))
}
