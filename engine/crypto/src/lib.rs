//! Keys, sealed boxes, onion layer ciphers, signatures and hashes of the
//! Session network. Bytes in, bytes out: randomness is always an argument, no
//! clock, no files. What is signed or sealed (texts of storage requests,
//! protobuf) is put together in ramson-codec.
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod account_keys;
pub mod aead;
pub mod backend;
pub mod blake2b;
pub mod config_cipher;
pub mod ed25519;
mod error;
pub mod file_id;
pub mod message_hash;
pub mod mnemonic;
pub mod onion_layer;
pub mod ons;
pub mod padding;
pub mod pro;
pub mod sealed_box;
mod secret_box;
pub mod seed;
pub mod session_protocol;
pub mod subaccount;
pub mod x25519;

pub use account_keys::{AccountKeys, VersionCheckKey, ed25519_to_x25519, x25519_to_ed25519};
pub use ed25519::Ed25519Secret;
pub use error::CryptoError;
pub use message_hash::message_hash;
pub use mnemonic::MnemonicError;
pub use onion_layer::{EncType, LayerKey};
pub use seed::Seed;
pub use x25519::{SharedSecret, X25519Secret};
