//! The reference backend: x25519-dalek, ed25519-dalek, chacha20poly1305. What
//! lies between the primitives is ramson-crypto's code once more, because that
//! crate is built with one backend at a time.

use poly1305::Poly1305;
use ramson_crypto::backend::reference::{SigningKey, X25519Key, XChaChaKey, verify};
use ramson_crypto::{blake2b, ed25519_to_x25519, padding};
use ramson_types::{Ed25519PublicKey, X25519PublicKey};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use salsa20::XSalsa20;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyInit, KeyIvInit, StreamCipher};
use sha2::Digest as _;
use subtle::ConstantTimeEq;

use super::{ANSWER, CONFIRMED, Library, REQUEST, RETRIEVE, ROUTING, Subject};

/// The reference backend.
pub struct Reference {
    signing: SigningKey,
    reader: X25519Key,
    nodes: Vec<X25519PublicKey>,
    padded: Vec<u8>,
    message: Vec<u8>,
    answer: Vec<u8>,
    confirmation: [u8; 64],
    rng: StdRng,
}

/// The key of answers.
const KEY: [u8; 32] = [7; 32];

impl Reference {
    /// Works on the subject.
    pub fn new(subject: &Subject) -> Self {
        let mut answer = vec![b'a'; ANSWER];
        let tag = XChaChaKey::new(&KEY).seal(&[9; 24], &[], &mut answer).unwrap_or_default();
        answer.extend_from_slice(&tag);
        let signing = SigningKey::new(subject.author.seed().as_bytes());
        Self {
            confirmation: signing.sign(CONFIRMED),
            signing,
            reader: X25519Key::new(&scalar(subject.reader.seed().as_bytes())),
            nodes: subject.nodes.clone(),
            padded: subject.padded.clone(),
            message: subject.message.clone(),
            answer,
            rng: StdRng::seed_from_u64(2),
        }
    }

    fn fresh(&mut self) -> X25519Key {
        let mut secret = [0; 32];
        self.rng.fill_bytes(&mut secret);
        X25519Key::new(&secret)
    }
}

/// The X25519 secret of a seed: the first half of its SHA-512.
fn scalar(seed: &[u8; 32]) -> [u8; 32] {
    let hash: [u8; 64] = sha2::Sha512::digest(seed).into();
    let mut half = [0; 32];
    half.copy_from_slice(&hash[..32]);
    half
}

fn box_keys(
    ours: &X25519Key,
    theirs: &[u8; 32],
    ephemeral: &[u8; 32],
    recipient: &[u8; 32],
) -> (XSalsa20, Poly1305) {
    let shared = ours.agree(theirs).expect("no key here is weak");
    let key: [u8; 32] = salsa20::hsalsa::<U10>((&*shared).into(), &Default::default()).into();
    let nonce = blake2b::hash24(&[ephemeral, recipient]);
    let mut cipher = XSalsa20::new((&key).into(), (&nonce).into());
    let mut mac_key = [0; 32];
    cipher.apply_keystream(&mut mac_key);
    (cipher, Poly1305::new((&mac_key).into()))
}

impl Library for Reference {
    fn seal(&mut self) -> Vec<u8> {
        let to = self.reader.public();
        let ephemeral = self.fresh();
        let public = ephemeral.public();
        let mut inner = self.padded.clone();
        inner.extend_from_slice(&self.signing.public());
        let unsigned = inner.len();
        inner.extend_from_slice(&to);
        let signature = self.signing.sign(&inner);
        inner.truncate(unsigned);
        inner.extend_from_slice(&signature);
        let (mut cipher, mac) = box_keys(&ephemeral, &to, &public, &to);
        cipher.apply_keystream(&mut inner);
        let tag = mac.compute_unpadded(&inner);
        [&public[..], &tag[..], &inner].concat()
    }

    fn onion(&mut self) -> Vec<u8> {
        let mut blob = vec![b'r'; REQUEST];
        for node in self.nodes.clone().iter().rev() {
            let ephemeral = self.fresh();
            let shared = ephemeral.agree(&node.0).expect("nodes have usable keys");
            let key = blake2b::hash32(&[&*shared, &ephemeral.public(), &node.0]);
            blob.resize(blob.len() + ROUTING, b' ');
            let mut nonce = [0; 24];
            self.rng.fill_bytes(&mut nonce);
            let tag = XChaChaKey::new(&key).seal(&nonce, &[], &mut blob).unwrap_or_default();
            blob = [&nonce[..], &blob, &tag].concat();
        }
        blob
    }

    fn answer(&mut self) -> usize {
        let Some((text, tag)) = self.answer.split_last_chunk::<16>() else { return 0 };
        let mut text = text.to_vec();
        match XChaChaKey::new(&KEY).open(&[9; 24], &[], &mut text, tag) {
            Some(()) => text.len(),
            None => 0,
        }
    }

    fn sign(&mut self) -> [u8; 64] {
        self.signing.sign(RETRIEVE)
    }

    fn verify(&mut self) -> bool {
        verify(&self.signing.public(), CONFIRMED, &self.confirmation)
    }

    fn receive(&mut self) -> usize {
        let Some((ephemeral, rest)) = self.message.split_first_chunk::<32>() else { return 0 };
        let Some((tag, body)) = rest.split_first_chunk::<16>() else { return 0 };
        let me = self.reader.public();
        let (mut cipher, mac) = box_keys(&self.reader, ephemeral, ephemeral, &me);
        if !bool::from(mac.compute_unpadded(body).as_slice().ct_eq(tag)) {
            return 0;
        }
        let mut inner = body.to_vec();
        cipher.apply_keystream(&mut inner);
        let Some(signature) = inner.last_chunk::<64>().copied() else { return 0 };
        inner.truncate(inner.len() - 64);
        let Some(author) = inner.last_chunk::<32>().copied() else { return 0 };
        inner.extend_from_slice(&me);
        if !verify(&author, &inner, &signature)
            || ed25519_to_x25519(&Ed25519PublicKey(author)).is_none()
        {
            return 0;
        }
        padding::unpad(&inner[..inner.len() - 64]).len()
    }
}
