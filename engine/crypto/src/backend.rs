//! Two implementations of the operations that cost time, behind one set of
//! names: X25519, Ed25519, XChaCha20-Poly1305 and AES-256-GCM. Both are always
//! compiled; the tests here prove that they agree, also at the edges. aws-lc
//! is the default, the feature `reference` chooses the other.
//!
//! Nothing outside this crate should call a backend: `x25519`, `ed25519`,
//! `aead` and `onion_layer` are the doors. They are public for the benchmarks
//! that compare them.

pub mod aws_lc;
pub mod reference;

#[cfg(not(feature = "reference"))]
pub(crate) use aws_lc as chosen;
#[cfg(feature = "reference")]
pub(crate) use reference as chosen;

#[cfg(test)]
mod tests;
