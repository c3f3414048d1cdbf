//! The keys of a home: a data key that seals the store, and what wraps it. For
//! now that is a key in a file that only the owner may read; the record of
//! wraps has room for others, such as a passphrase.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use prost::Message as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::OpenError;
use crate::files::put_in_place;
use crate::sealed::{Cipher, Domain, NONCE_LEN, Nonces, TAG_LEN};

const KEY_LEN: usize = 32;

/// A key of 32 bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct StoreKey([u8; KEY_LEN]);

impl StoreKey {
    /// A new key.
    pub fn generate(random: &mut StdRng) -> Self {
        let mut key = Self([0; KEY_LEN]);
        random.fill_bytes(&mut key.0);
        key
    }

    /// The key with these bytes.
    pub fn from_bytes(mut bytes: [u8; KEY_LEN]) -> Self {
        let key = Self(bytes);
        bytes.zeroize();
        key
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

/// The file that holds the key which wraps the data key: 32 bytes, for the
/// owner alone.
pub struct KeyFile;

impl KeyFile {
    /// Reads the key; makes it when there is no file.
    pub fn load_or_create(path: &Path, random: &mut StdRng) -> Result<StoreKey, OpenError> {
        match Self::load(path) {
            Err(OpenError::KeyMissing { .. }) => {
                let key = StoreKey::generate(random);
                put_in_place(path, key.as_bytes()).map_err(|error| OpenError::io(path, &error))?;
                Ok(key)
            }
            other => other,
        }
    }

    /// Reads the key. Refuses a file that others may read.
    pub fn load(path: &Path) -> Result<StoreKey, OpenError> {
        let mut file = open_existing(path)?;
        let mode = mode_of(&file).map_err(|error| OpenError::io(path, &error))?;
        if mode & 0o077 != 0 {
            return Err(OpenError::KeyReadable { path: path.to_owned(), mode });
        }
        let mut bytes = Zeroizing::new([0; KEY_LEN + 1]);
        let mut length = 0usize;
        while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match file.read(rest).map_err(|error| OpenError::io(path, &error))? {
                0 => break,
                more => length = length.saturating_add(more),
            }
        }
        match bytes.first_chunk::<KEY_LEN>() {
            Some(key) if length == KEY_LEN => Ok(StoreKey::from_bytes(*key)),
            _ => Err(damaged(path, "it does not hold exactly 32 bytes")),
        }
    }
}

#[cfg(unix)]
fn mode_of(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode_of(_file: &File) -> io::Result<u32> {
    Ok(0o600)
}

fn open_existing(path: &Path) -> Result<File, OpenError> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::KeyMissing { path: path.to_owned() },
        _ => OpenError::io(path, &error),
    })
}

fn damaged(path: &Path, reason: &str) -> OpenError {
    OpenError::KeyDamaged { path: path.to_owned(), reason: reason.to_owned() }
}

/// The first bytes of the record of wraps; the last is its version.
const WRAPS_MAGIC: [u8; 12] = *b"Ramson keys\x01";

/// The data key, wrapped once for each way to open the home.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Wraps {
    #[prost(message, repeated, tag = "1")]
    wraps: Vec<Wrap>,
}

/// The data key under one other key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Wrap {
    /// By what it is wrapped; 1 is the key file.
    #[prost(uint32, tag = "1")]
    kind: u32,
    /// Nonce, sealed data key and tag.
    #[prost(bytes = "vec", tag = "2")]
    sealed: Vec<u8>,
}

const BY_KEY_FILE: u32 = 1;

/// Reads the data key that the key file's key wraps.
pub(crate) fn load_data_key(path: &Path, wrapping: &StoreKey) -> Result<StoreKey, OpenError> {
    let mut bytes = Vec::new();
    let mut file = open_existing(path)?;
    file.read_to_end(&mut bytes).map_err(|error| OpenError::io(path, &error))?;
    let Some((magic, record)) = bytes.split_first_chunk::<{ WRAPS_MAGIC.len() }>() else {
        return Err(damaged(path, "it is cut short"));
    };
    let ([text @ .., version], [our_text @ .., known]) = (magic, &WRAPS_MAGIC);
    if text != our_text {
        return Err(damaged(path, "it is not a record of keys"));
    }
    if version != known {
        let (found, known) = ((*version).into(), (*known).into());
        return Err(OpenError::LaterVersion { path: path.to_owned(), found, known });
    }
    let wraps = Wraps::decode(record).map_err(|_| damaged(path, "its record is garbled"))?.wraps;
    let wrap = wraps
        .iter()
        .find(|wrap| wrap.kind == BY_KEY_FILE)
        .ok_or_else(|| damaged(path, "the key is not kept under a key file"))?;
    let mut key = StoreKey([0; KEY_LEN]);
    Cipher::new(wrapping)
        .open((Domain::KeyWrap, BY_KEY_FILE.into()), &wrap.sealed, &mut key.0)
        .map_err(|_| OpenError::WrongKey { path: path.to_owned() })?;
    Ok(key)
}

/// Makes a data key and keeps it, wrapped by the key file's key.
pub(crate) fn create_data_key(
    path: &Path,
    wrapping: &StoreKey,
    random: &mut StdRng,
) -> Result<StoreKey, OpenError> {
    let key = StoreKey::generate(random);
    let mut nonces = [0; 32];
    random.fill_bytes(&mut nonces);
    let nonces = Nonces::new(rand::SeedableRng::from_seed(nonces));
    let mut sealed = Vec::with_capacity(NONCE_LEN + KEY_LEN + TAG_LEN);
    let place = (Domain::KeyWrap, BY_KEY_FILE.into());
    Cipher::new(wrapping).seal(place, &nonces, key.as_bytes(), &mut sealed);
    let wraps = Wraps { wraps: vec![Wrap { kind: BY_KEY_FILE, sealed }] };
    let mut bytes = WRAPS_MAGIC.to_vec();
    bytes.extend_from_slice(&wraps.encode_to_vec());
    put_in_place(path, &bytes).map_err(|error| OpenError::io(path, &error))?;
    Ok(key)
}
