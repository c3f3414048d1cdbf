//! Stores that earlier versions wrote still open, with everything in them.
//! `data/schema-1.store` was written by the first released version: forty
//! steps of the workload under the key of these tests, then closed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use ramson_messages::storage::Sweep;
use ramson_storage_actor::Store;
use ramson_storage_actor::sealed::raw::MemoryFile;
use ramson_types::Timestamp;

const SCHEMA_1: &[u8] = include_bytes!("data/schema-1.store");

/// The same steps by this version.
fn expected() -> Store {
    let store = support::create(Arc::new(MemoryFile::new()));
    (0..40).for_each(|number| support::step(&store, number));
    store
}

#[test]
fn a_store_of_schema_1_opens_and_works_as_one_of_today() {
    let file = Arc::new(MemoryFile::with_bytes(SCHEMA_1.to_vec()));
    let (old, new) = (support::open(file.clone()).unwrap(), expected());
    assert_eq!(old.check().unwrap(), new.check().unwrap());
    assert_eq!(support::view(&old), support::view(&new));
    for number in 40..60 {
        support::step(&old, number);
        support::step(&new, number);
    }
    let sweep = Sweep { now: Timestamp(55 * 86_400_000) };
    assert_eq!(old.write(&sweep), new.write(&sweep));
    assert_eq!(support::view(&old), support::view(&new));
    old.close().unwrap();

    // Opened again, there is nothing left to do.
    let again = support::open(file).unwrap();
    assert_eq!(support::view(&again), support::view(&new));
    assert_eq!(again.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_migration_that_is_cut_off_begins_again() {
    let file = Arc::new(MemoryFile::with_bytes(SCHEMA_1.to_vec()));
    // Opened and never closed: what is on disk then is one schema or the other.
    let opened = support::open(file.clone()).unwrap();
    let bytes = file.bytes();
    drop(opened);
    let again = support::open(Arc::new(MemoryFile::with_bytes(bytes))).unwrap();
    assert_eq!(support::view(&again), support::view(&expected()));
}
