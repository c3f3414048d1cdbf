//! Both backends agree on every input tried, also where curves have corners.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use proptest::prelude::*;
use sha2::{Digest, Sha512};

use super::{aws_lc, reference};

/// Little-endian 2^255 - 19 + `offset`.
fn near_p(offset: i16) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    let low = 0xffed_u32.wrapping_add_signed(offset.into());
    bytes[..2].copy_from_slice(&u16::try_from(low).unwrap().to_le_bytes());
    bytes[31] = 0x7f;
    bytes
}

fn small(value: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = value;
    bytes
}

fn agreed(secret: &[u8; 32], public: &[u8; 32]) -> Option<[u8; 32]> {
    let ours = aws_lc::X25519Key::new(secret).agree(public).map(|shared| *shared);
    let theirs = reference::X25519Key::new(secret).agree(public).map(|shared| *shared);
    assert_eq!(ours, theirs, "secret {secret:02x?}, public {public:02x?}");
    ours
}

#[test]
fn x25519_refuses_keys_of_small_order_and_takes_odd_ones() {
    let mut high_zero = [0; 32];
    high_zero[31] = 0x80;
    let mut weak = vec![small(0), small(1), near_p(-1), near_p(0), near_p(1), high_zero];
    weak.extend(EIGHT_TORSION.iter().map(|point| point.to_montgomery().to_bytes()));
    let mut high_nine = small(9);
    high_nine[31] = 0x80;
    // 2 lies on the twist.
    let odd = [small(9), small(2), near_p(9), high_nine, [0xff; 32]];
    for secret in [[0; 32], [0xff; 32], [1; 32], [0x77; 32]] {
        for public in &weak {
            assert_eq!(agreed(&secret, public), None, "public {public:02x?}");
        }
        for public in &odd {
            assert!(agreed(&secret, public).is_some(), "public {public:02x?}");
        }
        let (ours, theirs) = (aws_lc::X25519Key::new(&secret), reference::X25519Key::new(&secret));
        assert_eq!(ours.public(), theirs.public());
    }
}

fn verified(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let ours = aws_lc::verify(public, message, signature);
    assert_eq!(
        ours,
        reference::verify(public, message, signature),
        "public {public:02x?}, signature {signature:02x?}",
    );
    ours
}

fn join(r: &EdwardsPoint, s: &Scalar) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r.compress().as_bytes());
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

#[test]
fn ed25519_refuses_everything_of_small_order() {
    for key in EIGHT_TORSION {
        for r in EIGHT_TORSION {
            for message in [&b"a"[..], b"b", b"c", b"d", b"e"] {
                let signature = join(&r, &Scalar::ZERO);
                assert!(!verified(key.compress().as_bytes(), message, &signature));
            }
        }
    }
}

#[test]
fn ed25519_decides_alike_on_keys_and_r_with_a_torsion_part() {
    let (secret, nonce) = (Scalar::from(123_456_789_u64), Scalar::from(987_654_321_u64));
    let mut accepted = 0;
    for key_torsion in EIGHT_TORSION {
        let key = (ED25519_BASEPOINT_POINT * secret + key_torsion).compress().to_bytes();
        for r_torsion in EIGHT_TORSION {
            let r = ED25519_BASEPOINT_POINT * nonce + r_torsion;
            for number in 0..14_u8 {
                let hash = Sha512::new()
                    .chain_update(r.compress().as_bytes())
                    .chain_update(key)
                    .chain_update([number])
                    .finalize();
                let s = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
                accepted += u32::from(verified(&key, &[number], &join(&r, &s)));
            }
        }
    }
    assert!(accepted > 14, "the torsion-free ones and some by chance, was {accepted}");
}

#[test]
fn ed25519_refuses_s_that_is_not_reduced_and_keys_that_are_not_canonical() {
    let key = reference::SigningKey::new(&[5; 32]);
    let mut signature = key.sign(b"text");
    assert!(verified(&key.public(), b"text", &signature));
    // Adds the group's order to s.
    let order = {
        let mut bytes = (-Scalar::ONE).to_bytes();
        bytes[0] += 1;
        bytes
    };
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!verified(&key.public(), b"text", &signature));
    for offset in 0..19 {
        assert!(!verified(&near_p(offset), b"text", &signature));
    }
}

proptest! {
    #[test]
    fn x25519_agrees(secret: [u8; 32], public: [u8; 32], other: [u8; 32]) {
        agreed(&secret, &public);
        let ours = aws_lc::X25519Key::new(&other).public();
        prop_assert_eq!(ours, reference::X25519Key::new(&other).public());
        prop_assert_eq!(agreed(&secret, &ours), agreed(&other, &aws_lc::X25519Key::new(&secret).public()));
    }

    #[test]
    fn ed25519_signs_and_verifies_alike(seed: [u8; 32], message: Vec<u8>, at in 0..64_usize) {
        let (ours, theirs) = (aws_lc::SigningKey::new(&seed), reference::SigningKey::new(&seed));
        prop_assert_eq!(ours.public(), theirs.public());
        let mut signature = ours.sign(&message);
        prop_assert_eq!(signature, theirs.sign(&message));
        prop_assert!(verified(&ours.public(), &message, &signature));
        signature[at] ^= 0x10;
        prop_assert!(!verified(&ours.public(), &message, &signature));
    }

    #[test]
    fn any_bytes_are_judged_alike(public: [u8; 32], r: [u8; 32], s: [u8; 32]) {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(&s);
        prop_assert!(!verified(&public, b"text", &signature));
    }

    #[test]
    fn xchacha20_poly1305_agrees(key: [u8; 32], nonce: [u8; 24], aad: Vec<u8>, text: Vec<u8>) {
        let (ours, theirs) = (aws_lc::XChaChaKey::new(&key), reference::XChaChaKey::new(&key));
        let (mut one, mut two) = (text.clone(), text.clone());
        let tag = ours.seal(&nonce, &aad, &mut one).unwrap();
        prop_assert_eq!(theirs.seal(&nonce, &aad, &mut two), Some(tag));
        prop_assert_eq!(&one, &two);
        prop_assert!(theirs.open(&nonce, &aad, &mut one, &tag).is_some());
        prop_assert!(ours.open(&nonce, &aad, &mut two, &tag).is_some());
        prop_assert!(one == text && two == text);
        let mut wrong = tag;
        wrong[15] ^= 1;
        prop_assert!(ours.open(&nonce, &aad, &mut one, &wrong).is_none());
        prop_assert!(theirs.open(&nonce, &aad, &mut two, &wrong).is_none());
    }

    #[test]
    fn aes_256_gcm_agrees(key: [u8; 32], nonce: [u8; 12], text: Vec<u8>) {
        let (mut one, mut two) = (text.clone(), text.clone());
        let tag = aws_lc::aes_gcm_seal(&key, &nonce, &mut one).unwrap();
        prop_assert_eq!(reference::aes_gcm_seal(&key, &nonce, &mut two), Some(tag));
        prop_assert_eq!(&one, &two);
        prop_assert!(reference::aes_gcm_open(&key, &nonce, &mut one, &tag).is_some());
        prop_assert!(aws_lc::aes_gcm_open(&key, &nonce, &mut two, &tag).is_some());
        prop_assert!(one == text && two == text);
        let mut wrong = tag;
        wrong[0] ^= 1;
        prop_assert!(aws_lc::aes_gcm_open(&key, &nonce, &mut one, &wrong).is_none());
        prop_assert!(reference::aes_gcm_open(&key, &nonce, &mut two, &wrong).is_none());
    }
}
