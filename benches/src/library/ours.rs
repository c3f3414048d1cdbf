//! ramson-crypto as the engine uses it.

use ramson_crypto::{
    AccountKeys, EncType, LayerKey, Seed, X25519Secret, ed25519, padding, session_protocol,
};
use ramson_types::X25519PublicKey;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{ANSWER, CONFIRMED, Library, REQUEST, RETRIEVE, ROUTING, Subject};

/// ramson-crypto with the backend chosen at build time.
pub struct Ours {
    author: AccountKeys,
    reader: AccountKeys,
    nodes: Vec<X25519PublicKey>,
    padded: Vec<u8>,
    message: Vec<u8>,
    key: LayerKey,
    answer: Vec<u8>,
    confirmation: [u8; 64],
    rng: StdRng,
}

impl Ours {
    /// Works on the subject.
    pub fn new(subject: &Subject) -> Self {
        let mut rng = StdRng::seed_from_u64(2);
        let copy =
            |keys: &AccountKeys| AccountKeys::new(&Seed::from_bytes32(*keys.seed().as_bytes()));
        let key = LayerKey::from_bytes(EncType::XChaCha20, [7; 32]);
        Self {
            author: copy(&subject.author),
            reader: copy(&subject.reader),
            nodes: subject.nodes.clone(),
            padded: subject.padded.clone(),
            message: subject.message.clone(),
            answer: key.seal(&[b'a'; ANSWER], &mut rng),
            key,
            confirmation: subject.author.sign(CONFIRMED),
            rng,
        }
    }
}

impl Library for Ours {
    fn seal(&mut self) -> Vec<u8> {
        let to = self.reader.account_id();
        session_protocol::encrypt(&self.author, &to, &self.padded, &mut self.rng)
            .expect("an account can be written to")
    }

    fn onion(&mut self) -> Vec<u8> {
        let mut blob = vec![b'r'; REQUEST];
        for node in self.nodes.iter().rev() {
            let ephemeral = X25519Secret::generate(&mut self.rng);
            let key = LayerKey::for_client(EncType::XChaCha20, &ephemeral, node)
                .expect("nodes have usable keys");
            blob.resize(blob.len() + ROUTING, b' ');
            blob = key.seal(&blob, &mut self.rng);
        }
        blob
    }

    fn answer(&mut self) -> usize {
        self.key.open(&self.answer).map_or(0, |text| text.len())
    }

    fn sign(&mut self) -> [u8; 64] {
        self.author.sign(RETRIEVE)
    }

    fn verify(&mut self) -> bool {
        ed25519::verify(&self.author.ed25519(), CONFIRMED, &self.confirmation)
    }

    fn receive(&mut self) -> usize {
        let opened = session_protocol::decrypt(&self.reader, &self.message);
        opened.map_or(0, |opened| padding::unpad(&opened.plaintext).len())
    }
}
