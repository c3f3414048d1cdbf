//! Sealing with the data key: XChaCha20-Poly1305 with random nonces, which are
//! long enough that nobody has to count them.

use std::sync::{Arc, Mutex, PoisonError};

use ramson_crypto::aead::XChaCha20Poly1305Key;
use rand::Rng as _;
use rand::rngs::StdRng;

use crate::keys::StoreKey;

pub(crate) const NONCE_LEN: usize = 24;
pub(crate) const TAG_LEN: usize = 16;

/// What sealed bytes are, bound into their seal together with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// A block of the store; the number is the block's.
    Block,
    /// A copy of the header; the number is the copy's.
    Header,
    /// A wrapped data key; the number is the kind of wrap.
    KeyWrap,
}

impl Domain {
    fn associated_data(self, number: u64) -> [u8; 24] {
        let word = match self {
            Self::Block => *b"ramson store blk",
            Self::Header => *b"ramson store hdr",
            Self::KeyWrap => *b"ramson key wrap ",
        };
        let mut data = [0; 24];
        let (left, right) = data.split_at_mut(word.len());
        left.copy_from_slice(&word);
        right.copy_from_slice(&number.to_le_bytes());
        data
    }
}

/// Bytes that are not what this key once sealed in this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not what was sealed there")]
pub(crate) struct Unauthentic;

/// A source of nonces that the backends of one store share.
#[derive(Clone)]
pub(crate) struct Nonces(Arc<Mutex<StdRng>>);

impl Nonces {
    pub(crate) fn new(random: StdRng) -> Self {
        Self(Arc::new(Mutex::new(random)))
    }

    pub(crate) fn draw(&self) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut nonce);
        nonce
    }
}

/// Seals and opens under one key.
pub(crate) struct Cipher {
    key: XChaCha20Poly1305Key,
}

impl Cipher {
    pub(crate) fn new(key: &StoreKey) -> Self {
        Self { key: XChaCha20Poly1305Key::new(key.as_bytes()) }
    }

    /// Appends nonce, sealed bytes and tag to `out`.
    pub(crate) fn seal(
        &self,
        (domain, number): (Domain, u64),
        nonces: &Nonces,
        plain: &[u8],
        out: &mut Vec<u8>,
    ) {
        let nonce = nonces.draw();
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plain);
        let body = out.get_mut(start..).unwrap_or_default();
        let tag = self.key.seal_in_place_detached(&nonce, &domain.associated_data(number), body);
        out.extend_from_slice(&tag);
    }

    /// Opens nonce, sealed bytes and tag into `plain`, which is as long as
    /// what was sealed. When that fails, `plain` holds nothing of use.
    pub(crate) fn open(
        &self,
        (domain, number): (Domain, u64),
        sealed: &[u8],
        plain: &mut [u8],
    ) -> Result<(), Unauthentic> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unauthentic)?;
        let (body, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(Unauthentic)?;
        if body.len() != plain.len() {
            return Err(Unauthentic);
        }
        plain.copy_from_slice(body);
        let data = domain.associated_data(number);
        self.key.open_in_place_detached(nonce, &data, plain, tag).map_err(|_| Unauthentic)
    }
}
