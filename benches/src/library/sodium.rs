//! libsodium, the library that official clients use, through its C interface.
#![allow(unsafe_code)]

use std::ptr::{null, null_mut};

use libsodium_sys as c;
use ramson_crypto::padding;

use super::{ANSWER, CONFIRMED, Library, REQUEST, RETRIEVE, ROUTING, Subject};

/// libsodium.
pub struct Sodium {
    signing: [u8; 64],
    author: [u8; 32],
    reader_secret: [u8; 32],
    reader: [u8; 32],
    nodes: Vec<[u8; 32]>,
    padded: Vec<u8>,
    message: Vec<u8>,
    answer: Vec<u8>,
    confirmation: [u8; 64],
}

/// The key and nonce of answers.
const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 24] = [9; 24];

/// libsodium's own name of its version.
pub fn version() -> &'static str {
    // Safety: a string constant of the library.
    let text = unsafe { std::ffi::CStr::from_ptr(c::sodium_version_string()) };
    text.to_str().unwrap_or("?")
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

fn done(result: i32) {
    assert_eq!(result, 0, "libsodium refuses what it must take");
}

impl Sodium {
    /// Works on the subject.
    pub fn new(subject: &Subject) -> Self {
        let mut new = Self {
            signing: [0; 64],
            author: [0; 32],
            reader_secret: [0; 32],
            reader: subject.reader.x25519().0,
            nodes: subject.nodes.iter().map(|node| node.0).collect(),
            padded: subject.padded.clone(),
            message: subject.message.clone(),
            answer: Vec::new(),
            confirmation: [0; 64],
        };
        let (mut reader_public, mut reader_signing) = ([0; 32], [0; 64]);
        // Safety: all pointers lead to buffers of the sizes that libsodium's
        // documentation names, here and below.
        unsafe {
            assert!(c::sodium_init() >= 0, "libsodium does not start");
            done(c::crypto_sign_seed_keypair(
                new.author.as_mut_ptr(),
                new.signing.as_mut_ptr(),
                subject.author.seed().as_bytes().as_ptr(),
            ));
            done(c::crypto_sign_seed_keypair(
                reader_public.as_mut_ptr(),
                reader_signing.as_mut_ptr(),
                subject.reader.seed().as_bytes().as_ptr(),
            ));
            done(c::crypto_sign_ed25519_sk_to_curve25519(
                new.reader_secret.as_mut_ptr(),
                reader_signing.as_ptr(),
            ));
        }
        new.answer = seal(&KEY, &NONCE, &[b'a'; ANSWER]);
        new.confirmation = new.signature(CONFIRMED);
        new
    }

    fn signature(&self, text: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        unsafe {
            done(c::crypto_sign_detached(
                signature.as_mut_ptr(),
                null_mut(),
                text.as_ptr(),
                length(text),
                self.signing.as_ptr(),
            ));
        }
        signature
    }
}

/// Nonce, ciphertext and tag.
fn seal(key: &[u8; 32], nonce: &[u8; 24], text: &[u8]) -> Vec<u8> {
    let mut sealed = vec![0; 24 + text.len() + 16];
    sealed[..24].copy_from_slice(nonce);
    unsafe {
        done(c::crypto_aead_xchacha20poly1305_ietf_encrypt(
            sealed[24..].as_mut_ptr(),
            null_mut(),
            text.as_ptr(),
            length(text),
            null(),
            0,
            null(),
            nonce.as_ptr(),
            key.as_ptr(),
        ));
    }
    sealed
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    unsafe { c::randombytes_buf(bytes.as_mut_ptr().cast(), N) };
    bytes
}

impl Library for Sodium {
    fn seal(&mut self) -> Vec<u8> {
        let mut inner = self.padded.clone();
        inner.extend_from_slice(&self.author);
        let unsigned = inner.len();
        inner.extend_from_slice(&self.reader);
        let signature = self.signature(&inner);
        inner.truncate(unsigned);
        inner.extend_from_slice(&signature);
        let mut sealed = vec![0; inner.len() + 48];
        unsafe {
            done(c::crypto_box_seal(
                sealed.as_mut_ptr(),
                inner.as_ptr(),
                length(&inner),
                self.reader.as_ptr(),
            ));
        }
        sealed
    }

    fn onion(&mut self) -> Vec<u8> {
        let mut blob = vec![b'r'; REQUEST];
        for node in self.nodes.iter().rev() {
            let secret: [u8; 32] = random();
            let (mut public, mut shared, mut key) = ([0; 32], [0; 32], [0; 32]);
            unsafe {
                done(c::crypto_scalarmult_base(public.as_mut_ptr(), secret.as_ptr()));
                done(c::crypto_scalarmult(shared.as_mut_ptr(), secret.as_ptr(), node.as_ptr()));
                let text = [shared, public, *node].concat();
                done(c::crypto_generichash(
                    key.as_mut_ptr(),
                    32,
                    text.as_ptr(),
                    length(&text),
                    null(),
                    0,
                ));
            }
            blob.resize(blob.len() + ROUTING, b' ');
            blob = seal(&key, &random(), &blob);
        }
        blob
    }

    fn answer(&mut self) -> usize {
        let (nonce, body) = self.answer.split_at(24);
        let mut text = vec![0; body.len() - 16];
        let result = unsafe {
            c::crypto_aead_xchacha20poly1305_ietf_decrypt(
                text.as_mut_ptr(),
                null_mut(),
                null_mut(),
                body.as_ptr(),
                length(body),
                null(),
                0,
                nonce.as_ptr(),
                KEY.as_ptr(),
            )
        };
        if result == 0 { text.len() } else { 0 }
    }

    fn sign(&mut self) -> [u8; 64] {
        self.signature(RETRIEVE)
    }

    fn verify(&mut self) -> bool {
        let result = unsafe {
            c::crypto_sign_verify_detached(
                self.confirmation.as_ptr(),
                CONFIRMED.as_ptr(),
                length(CONFIRMED),
                self.author.as_ptr(),
            )
        };
        result == 0
    }

    fn receive(&mut self) -> usize {
        let mut inner = vec![0; self.message.len() - 48];
        let opened = unsafe {
            c::crypto_box_seal_open(
                inner.as_mut_ptr(),
                self.message.as_ptr(),
                length(&self.message),
                self.reader.as_ptr(),
                self.reader_secret.as_ptr(),
            )
        };
        let Some(signature) = inner.last_chunk::<64>().copied() else { return 0 };
        inner.truncate(inner.len() - 64);
        let Some(author) = inner.last_chunk::<32>().copied() else { return 0 };
        inner.extend_from_slice(&self.reader);
        let mut account = [0; 32];
        let good = unsafe {
            opened == 0
                && c::crypto_sign_verify_detached(
                    signature.as_ptr(),
                    inner.as_ptr(),
                    length(&inner),
                    author.as_ptr(),
                ) == 0
                && c::crypto_sign_ed25519_pk_to_curve25519(account.as_mut_ptr(), author.as_ptr())
                    == 0
        };
        if good { padding::unpad(&inner[..inner.len() - 64]).len() } else { 0 }
    }
}
