//! Flipped bits. In the headers no single one matters; in the blocks each is
//! noticed or lies in free space; garbage never makes the store panic or
//! answer something that was never written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::Arc;

use ramson_storage_actor::OpenError;
use ramson_storage_actor::sealed::raw::MemoryFile;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

const COPIES: [usize; 4] = [4096, 6144, 8192, 10_240];
const COPY_LEN: usize = 24 + 8 + 8 + 320 + 16;
const BLOCKS_START: usize = 12_288;

/// A used store's file, closed cleanly or as a killed process leaves it.
fn used(clean: bool) -> (Vec<u8>, String) {
    let file = Arc::new(MemoryFile::new());
    let store = support::create(file.clone());
    for number in 0..30 {
        support::step(&store, number);
    }
    let view = support::view(&store);
    let killed = file.bytes();
    store.close().unwrap();
    (if clean { file.bytes() } else { killed }, view)
}

fn with_flip(bytes: &[u8], bit: usize) -> Arc<MemoryFile> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Arc::new(MemoryFile::with_bytes(bytes))
}

#[test]
fn no_single_bit_of_the_headers_matters() {
    let mut flips = 0;
    for clean in [true, false] {
        let (bytes, expected) = used(clean);
        for (index, start) in COPIES.into_iter().enumerate() {
            // Every seventh bit, and another seventh in each copy.
            for bit in (index..COPY_LEN * 8).step_by(7) {
                let store = support::open(with_flip(&bytes, start * 8 + bit)).unwrap();
                assert_eq!(support::view(&store), expected, "copy {index}, bit {bit}");
                flips += 1;
            }
        }
    }
    println!("{flips} flips in headers, all survived");
}

#[test]
fn a_flip_in_a_cleanly_closed_store_is_noticed_or_in_free_space() {
    let (bytes, expected) = used(true);
    let mut random = StdRng::seed_from_u64(3);
    let (mut free, mut named) = (0, 0);
    for _ in 0..1_500 {
        let bit = random.random_range(BLOCKS_START * 8..bytes.len() * 8);
        match support::open(with_flip(&bytes, bit)) {
            Err(OpenError::Damaged { .. }) => named += 1,
            Err(other) => panic!("bit {bit}: {other}"),
            Ok(store) => match store.check() {
                Err(_) => named += 1,
                Ok(found) => {
                    assert!(found.problems.is_empty(), "bit {bit}: {:?}", found.problems);
                    assert_eq!(support::view(&store), expected, "bit {bit}");
                    free += 1;
                }
            },
        }
    }
    println!("{named} flips were named, {free} lay in free space");
    assert!(named > 100 && free > 0);
}

/// Only where redb does not read everything when it opens, as it does with
/// debug assertions.
#[cfg(not(debug_assertions))]
#[test]
fn reading_a_flipped_block_is_an_error_and_the_rest_can_still_be_read() {
    use ramson_messages::storage::{ListAccounts, ListConversations, StoreError};
    let (bytes, _) = used(true);
    let mut damaged = 0;
    for block in 0..(bytes.len() - BLOCKS_START) / 4136 {
        let bit = (BLOCKS_START + block * 4136) * 8 + 999;
        let Ok(store) = support::open(with_flip(&bytes, bit)) else { continue };
        let Ok(accounts) = store.ask(&ListAccounts) else { continue };
        for account in accounts {
            let list = ListConversations { account: account.number };
            if let Err(error) = store.ask(&list) {
                assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
                damaged += 1;
                // The database latches after such a read; the store opens it
                // again by itself.
                assert!(store.ask(&ListAccounts).is_ok());
            }
        }
    }
    assert!(damaged > 0);
}

#[test]
fn garbage_is_refused() {
    let mut random = StdRng::seed_from_u64(4);
    let (bytes, _) = used(false);
    for length in [0, 1, 15, 16, 4096, BLOCKS_START - 1, BLOCKS_START, 100_000] {
        let mut garbage = vec![0; length];
        random.fill_bytes(&mut garbage);
        let opened = support::open(Arc::new(MemoryFile::with_bytes(garbage.clone())));
        assert!(matches!(opened, Err(OpenError::Foreign { .. })), "{length} bytes");
        // And behind the first bytes of a store.
        for (to, from) in garbage.iter_mut().zip(&bytes[..16]) {
            *to = *from;
        }
        let opened = support::open(Arc::new(MemoryFile::with_bytes(garbage)));
        let error = opened.err().unwrap();
        let as_expected = match length {
            0..16 => matches!(error, OpenError::Foreign { .. }),
            16..BLOCKS_START => matches!(error, OpenError::Truncated { .. }),
            _ => matches!(error, OpenError::WrongKey { .. }),
        };
        assert!(as_expected, "{length} bytes: {error}");
    }
}
