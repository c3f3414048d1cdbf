//! Power cuts. A workload of the real store is recorded on a file in memory;
//! then the power is cut after every single write and the disk is left as a
//! disk may leave it: of everything since the last sync, any 512-byte sector
//! may be there or not, in any order. Every such image must open and hold
//! every commit that was acknowledged, and no half of another.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod support;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ramson_storage_actor::sealed::raw::{MemoryFile, RawFile};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const SECTOR: usize = 512;
/// Where blocks start; before them lie the headers.
const HEADERS_END: usize = 12_288;

#[derive(Clone)]
enum Operation {
    Write {
        offset: usize,
        data: Vec<u8>,
    },
    SetLen(usize),
    Sync,
    /// The write with this number has returned.
    Acknowledged(usize),
}

/// A file in memory that writes down all that is done to it.
#[derive(Default)]
struct Recorder {
    file: MemoryFile,
    log: Mutex<Vec<Operation>>,
}

impl Recorder {
    fn note(&self, operation: Operation) {
        self.log.lock().unwrap().push(operation);
    }
}

impl RawFile for Recorder {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Operation::Write { offset: offset as usize, data: data.to_vec() });
        self.file.write_at(offset, data)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.note(Operation::SetLen(length as usize));
        self.file.set_len(length)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn sync(&self) -> io::Result<()> {
        self.note(Operation::Sync);
        Ok(())
    }
}

/// A workload: all that was done to the file, and what the store held after
/// each acknowledged write.
struct Recorded {
    log: Vec<Operation>,
    states: Vec<String>,
}

fn record(steps: u64) -> Recorded {
    let recorder = Arc::new(Recorder::default());
    let mut store = support::create(recorder.clone());
    let mut states = vec![support::view(&store)];
    recorder.note(Operation::Acknowledged(0));
    for number in 0..steps {
        if number % 40 == 39 {
            // A clean stop and a start.
            store.close().unwrap();
            store = support::open(recorder.clone()).unwrap();
        } else {
            support::step(&store, number);
        }
        recorder.note(Operation::Acknowledged(states.len()));
        states.push(support::view(&store));
    }
    drop(store);
    let log = recorder.log.lock().unwrap().clone();
    // The end of the log is the clean stop by `drop`, which nobody awaited.
    Recorded { log, states }
}

/// What was written since the last sync: for each operation the whole sectors
/// it touched, as they were in the system's cache afterwards.
enum Pending {
    Sectors { start: usize, after: Vec<u8> },
    SetLen(usize),
}

/// Which sectors of which pending operation reach the disk.
const TEARS: usize = 13;

fn tear(
    kind: usize,
    pending: &[Pending],
    random: &mut StdRng,
) -> Box<dyn Fn(usize, usize) -> bool> {
    let last = pending.len() - 1;
    let sectors = match &pending[last] {
        Pending::Sectors { after, .. } => after.len().div_ceil(SECTOR),
        Pending::SetLen(_) => 1,
    };
    let (one, cut) = (random.random_range(0..=last), random.random_range(0..=sectors));
    let seed: u64 = random.random();
    let chance = move |percent: u64, operation: usize, sector: usize| {
        let mut random = StdRng::seed_from_u64(seed ^ ((operation as u64) << 32) ^ sector as u64);
        random.random_range(0..100) < percent
    };
    let start = |operation: usize| match &pending[operation] {
        Pending::Sectors { start, .. } => *start,
        Pending::SetLen(_) => 0,
    };
    let header: Vec<bool> = (0..=last).map(|index| start(index) < HEADERS_END).collect();
    match kind {
        0 => Box::new(|_, _| false),
        1 => Box::new(|_, _| true),
        2 => Box::new(move |operation, sector| operation < last || sector < cut),
        3 => Box::new(move |operation, sector| operation < last || sector >= cut),
        4 => Box::new(move |operation, sector| chance(50, operation, sector)),
        5 => Box::new(move |operation, sector| chance(90, operation, sector)),
        6 => Box::new(move |operation, sector| chance(10, operation, sector)),
        7 => Box::new(move |operation, _| operation != one),
        8 => Box::new(move |operation, _| operation == one),
        9 => Box::new(move |operation, _| operation >= one),
        10 => Box::new(move |operation, _| operation <= one),
        11 => Box::new(move |operation, _| header[operation]),
        _ => Box::new(move |operation, _| !header[operation]),
    }
}

fn image(durable: &[u8], pending: &[Pending], kept: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let mut image = durable.to_vec();
    for (index, operation) in pending.iter().enumerate() {
        match operation {
            Pending::SetLen(length) if kept(index, 0) => image.resize(*length, 0),
            Pending::SetLen(_) => {}
            Pending::Sectors { start, after } => {
                for (sector, bytes) in after.chunks(SECTOR).enumerate() {
                    if kept(index, sector) {
                        let at = start + sector * SECTOR;
                        if image.len() < at + bytes.len() {
                            image.resize(at + bytes.len(), 0);
                        }
                        image[at..at + bytes.len()].copy_from_slice(bytes);
                    }
                }
            }
        }
    }
    image
}

/// What is wrong with an image, if anything.
fn fault(recorded: &Recorded, acknowledged: usize, image: Vec<u8>, check: bool) -> Option<String> {
    let store = match support::open(Arc::new(MemoryFile::with_bytes(image))) {
        Ok(store) => store,
        Err(error) => return Some(format!("it does not open: {error}")),
    };
    let state = support::view(&store);
    let allowed = &recorded.states[acknowledged..recorded.states.len().min(acknowledged + 2)];
    if !allowed.contains(&state) {
        let older = recorded.states.iter().rposition(|older| *older == state);
        return Some(match older {
            Some(older) => format!("it holds state {older} instead of {acknowledged}"),
            None => format!("it holds no state at all, after {acknowledged}"),
        });
    }
    if check {
        let found = store.check().unwrap();
        if !found.problems.is_empty() {
            return Some(found.problems.join(", "));
        }
    }
    None
}

struct Outcome {
    positions: usize,
    images: usize,
    faults: Vec<String>,
}

/// Cuts the power after every `stride`th write and tries all tears.
fn cut_everywhere(recorded: &Recorded, stride: usize) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (positions, images) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (positions, images, faults) = (&positions, &images, &faults);
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(thread as u64);
                let (mut cache, mut pending) = (Vec::new(), Vec::new());
                let (mut durable, mut acknowledged) = (Vec::new(), None);
                for (position, operation) in recorded.log.iter().enumerate() {
                    match operation {
                        Operation::Sync => {
                            durable.clone_from(&cache);
                            pending.clear();
                            continue;
                        }
                        Operation::Acknowledged(state) => {
                            acknowledged = Some(*state);
                            continue;
                        }
                        Operation::SetLen(length) => {
                            cache.resize(*length, 0);
                            pending.push(Pending::SetLen(*length));
                        }
                        Operation::Write { offset, data } => {
                            let end = offset + data.len();
                            if cache.len() < end {
                                cache.resize(end, 0);
                            }
                            cache[*offset..end].copy_from_slice(data);
                            let start = offset / SECTOR * SECTOR;
                            let end = end.next_multiple_of(SECTOR).min(cache.len());
                            let after = cache[start..end].to_vec();
                            pending.push(Pending::Sectors { start, after });
                        }
                    }
                    // A file that is still being made has another name.
                    let Some(acknowledged) = acknowledged else { continue };
                    if position / stride % threads != thread || position % stride != 0 {
                        continue;
                    }
                    positions.fetch_add(1, Ordering::Relaxed);
                    for kind in 0..TEARS {
                        let image = image(&durable, &pending, tear(kind, &pending, &mut random));
                        let count = images.fetch_add(1, Ordering::Relaxed);
                        let fault = fault(recorded, acknowledged, image, count % 16 == 0);
                        if let Some(fault) = fault {
                            let place = format!("cut after operation {position}, tear {kind}");
                            faults.lock().unwrap().push(format!("{place}: {fault}"));
                        }
                    }
                }
            });
        }
    });
    let (positions, images) = (positions.into_inner(), images.into_inner());
    Outcome { positions, images, faults: faults.into_inner().unwrap() }
}

#[test]
fn no_power_cut_loses_an_acknowledged_commit() {
    let recorded = record(160);
    let outcome = cut_everywhere(&recorded, 1);
    println!(
        "power cut after each of {} writes of {} commits: {} images tried, {} of them fatal",
        outcome.positions,
        recorded.states.len() - 1,
        outcome.images,
        outcome.faults.len(),
    );
    assert!(outcome.faults.is_empty(), "{}", outcome.faults.join("\n"));
    assert!(outcome.positions > 1_000, "the workload wrote only {} times", outcome.positions);
    assert_eq!(outcome.images, outcome.positions * TEARS);
}

/// The test above can fail: a store that forgets to sync is caught.
#[test]
fn a_store_that_never_syncs_is_caught() {
    let mut recorded = record(60);
    let mut made = false;
    recorded.log.retain(|operation| {
        made |= matches!(operation, Operation::Acknowledged(0));
        !(made && matches!(operation, Operation::Sync))
    });
    let outcome = cut_everywhere(&recorded, 11);
    println!("without syncs: {} of {} images fatal", outcome.faults.len(), outcome.images);
    assert!(outcome.faults.len() > outcome.images / 10);
}
