//! The crypto of one SEND, POLL and RECEIVE and nothing else: no protobuf, no
//! JSON, no base64. One description, three makers.

mod ours;
mod reference;
mod sodium;

use ramson_crypto::{AccountKeys, Seed, X25519Secret, padding, session_protocol};
use ramson_types::X25519PublicKey;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub use ours::Ours;
pub use reference::Reference;
pub use sodium::{Sodium, version as sodium_version};

/// Layers of a request: three hops and the destination.
pub const LAYERS: usize = 4;

/// Bytes that each layer adds to what is inside: address and JSON.
const ROUTING: usize = 180;

/// Bytes of the innermost request.
const REQUEST: usize = 1000;

/// Bytes of an answer.
const ANSWER: usize = 1024;

/// The keys and texts that all makers work on.
pub struct Subject {
    author: AccountKeys,
    reader: AccountKeys,
    nodes: Vec<X25519PublicKey>,
    padded: Vec<u8>,
    /// Sealed by the author to the reader.
    message: Vec<u8>,
}

impl Subject {
    /// The same at every call.
    pub fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let author = AccountKeys::new(&Seed::generate(&mut rng));
        let reader = AccountKeys::new(&Seed::generate(&mut rng));
        let nodes = (0..LAYERS).map(|_| X25519Secret::generate(&mut rng).public()).collect();
        let padded = padding::pad(&[b'x'; 200]);
        let message = session_protocol::encrypt(&author, &reader.account_id(), &padded, &mut rng)
            .expect("an account can be written to");
        Self { author, reader, nodes, padded, message }
    }
}

impl Default for Subject {
    fn default() -> Self {
        Self::new()
    }
}

/// A maker of these operations.
pub trait Library {
    /// Signs and seals a padded Content of 320 bytes.
    fn seal(&mut self) -> Vec<u8>;

    /// Wraps a request in its layers; a fresh key for each.
    fn onion(&mut self) -> Vec<u8>;

    /// Opens an answer with a key kept from the request.
    fn answer(&mut self) -> usize;

    /// Signs the text of a `retrieve`.
    fn sign(&mut self) -> [u8; 64];

    /// Checks one signature of a node.
    fn verify(&mut self) -> bool;

    /// Opens a message, checks its author's signature, turns the author's key
    /// into the account's and takes the padding off.
    fn receive(&mut self) -> usize;

    /// One message to one swarm.
    fn send(&mut self) {
        std::hint::black_box(self.seal());
        self.request();
    }

    /// One request and its answer.
    fn request(&mut self) {
        std::hint::black_box(self.onion());
        std::hint::black_box(self.answer());
    }

    /// One poll without messages.
    fn poll(&mut self) {
        std::hint::black_box(self.sign());
        self.request();
    }
}

/// The text of a `retrieve`.
const RETRIEVE: &[u8] = b"retrieve1700000000000";

/// The text by which a node confirms a message.
const CONFIRMED: &[u8] = &[b'h'; 43];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_makers_do_the_same_work() {
        let subject = Subject::new();
        let mut makers: [Box<dyn Library>; 3] = [
            Box::new(Ours::new(&subject)),
            Box::new(Reference::new(&subject)),
            Box::new(Sodium::new(&subject)),
        ];
        for maker in &mut makers {
            assert_eq!(maker.receive(), 200);
            assert_eq!(maker.answer(), ANSWER);
            assert!(maker.verify());
            let sealed = maker.seal();
            let opened = session_protocol::decrypt(&subject.reader, &sealed).unwrap();
            assert_eq!(opened.plaintext, subject.padded);
            assert_eq!(maker.onion().len(), REQUEST + LAYERS * (24 + 16 + ROUTING));
        }
        let signatures: Vec<_> = makers.iter_mut().map(|maker| maker.sign()).collect();
        assert!(signatures.iter().all(|signature| *signature == signatures[0]));
    }
}
