//! The seed of an account (01 section 1.1). Whoever has it is the account.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 32 bytes from which every key of an account follows. Accounts made by the
/// apps and by [`Seed::generate`] have 16 random bytes and 16 zeros.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A new account's seed: 16 bytes of `rng`, then zeros.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut seed = Self([0; 32]);
        if let Some(entropy) = seed.0.first_chunk_mut::<16>() {
            rng.fill_bytes(entropy);
        }
        seed
    }

    /// The seed of a 13-word phrase: the 16 bytes, then zeros.
    pub fn from_entropy16(mut entropy: [u8; 16]) -> Self {
        let mut seed = Self([0; 32]);
        if let Some(half) = seed.0.first_chunk_mut::<16>() {
            *half = entropy;
        }
        entropy.zeroize();
        seed
    }

    /// A seed that fills all 32 bytes.
    pub fn from_bytes32(mut bytes: [u8; 32]) -> Self {
        let seed = Self(bytes);
        bytes.zeroize();
        seed
    }

    /// All 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 bytes, when the rest is zero; only such a seed has a
    /// 13-word phrase.
    pub fn entropy16(&self) -> Option<&[u8; 16]> {
        let rest = self.0.last_chunk::<16>()?;
        if *rest == [0; 16] { self.0.first_chunk() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_new_seed_has_sixteen_random_bytes_and_sixteen_zeros() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let (one, two) = (Seed::generate(&mut rng), Seed::generate(&mut rng));
        assert_ne!(one.as_bytes(), two.as_bytes());
        assert_ne!(one.entropy16().unwrap(), &[0; 16]);
        assert_eq!(one.as_bytes()[16..], [0; 16]);
    }

    #[test]
    fn only_a_half_empty_seed_has_entropy16() {
        assert_eq!(Seed::from_entropy16([7; 16]).entropy16(), Some(&[7; 16]));
        assert!(Seed::from_bytes32([7; 32]).entropy16().is_none());
    }
}
