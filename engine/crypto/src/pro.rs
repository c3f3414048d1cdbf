//! What an account without Session Pro puts where one with it signs.

use curve25519_dalek::{EdwardsPoint, Scalar};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// 64 bytes that nobody can tell from a signature by an unknown key: R = r·B
/// and s, with r and s random scalars (01 section 2.4). Goes into every
/// envelope's `proSig`.
pub fn decoy_signature(rng: &mut (impl CryptoRng + ?Sized)) -> [u8; 64] {
    let mut scalar = || {
        let mut bytes = Zeroizing::new([0; 64]);
        rng.fill_bytes(bytes.as_mut_slice());
        Scalar::from_bytes_mod_order_wide(&bytes)
    };
    let (r, s) = (Zeroizing::new(scalar()), scalar());
    let mut signature = [0; 64];
    let (first, last) = signature.split_at_mut(32);
    first.copy_from_slice(EdwardsPoint::mul_base(&r).compress().as_bytes());
    last.copy_from_slice(s.as_bytes());
    signature
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::edwards::CompressedEdwardsY;
    use rand::SeedableRng;

    #[test]
    fn a_decoy_has_the_form_of_a_signature() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(3);
        let (one, two) = (decoy_signature(&mut rng), decoy_signature(&mut rng));
        assert_ne!(one, two);
        let r = CompressedEdwardsY::from_slice(&one[..32]).unwrap().decompress().unwrap();
        assert!(r.is_torsion_free() && !r.is_small_order());
        let s: [u8; 32] = one[32..].try_into().unwrap();
        assert!(bool::from(Scalar::from_canonical_bytes(s).is_some()));
    }
}
