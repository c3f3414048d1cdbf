//! Changes inputs as a fuzzer does, from a seed: the same seed, the same
//! inputs.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Longest input.
const LONGEST: usize = 16 * 1024;

/// Numbers at which arithmetic breaks, text that parsers trip over.
const INTERESTING: &[&[u8]] = &[
    &[0],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff; 2],
    &[0xff; 4],
    &[0xff; 8],
    &[0, 0, 0, 0x80],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    b"0",
    b"-1",
    b"1e999",
    b"65536",
    b"4294967296",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"[[",
    b"\"\"",
    b"\"\\u0000\"",
    b"\\ud800",
    b",",
    b"=",
    b" ",
    b"\n",
    "é\u{130}\u{1f600}".as_bytes(),
];

/// Makes inputs out of others.
pub(crate) struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    rng: StdRng,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        Self { corpus, rng: StdRng::seed_from_u64(seed) }
    }

    /// The next input: one of the corpus, changed a few times.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.one().to_vec();
        for _ in 0..self.rng.random_range(1..=4) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn one(&mut self) -> &'a [u8] {
        self.corpus.choose(&mut self.rng).map_or(&[], Vec::as_slice)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.rng.random_range(0..=input.len());
        let length = self.rng.random_range(0..=16.min(input.len() - at));
        match self.rng.random_range(0..8) {
            0 => flip(input, at, 1 << self.rng.random_range(0..8)),
            1 => flip(input, at, self.rng.random()),
            2 => input.truncate(at),
            3 => drop(input.drain(at..at + length)),
            4 => {
                let again = input.get(at..at + length).unwrap_or_default().to_vec();
                input.splice(at..at, again);
            }
            5 => {
                let word = INTERESTING.choose(&mut self.rng).copied().unwrap_or_default();
                input.splice(at..at, word.iter().copied());
            }
            6 => {
                let word = INTERESTING.choose(&mut self.rng).copied().unwrap_or_default();
                let end = input.len().min(at + word.len());
                input.splice(at..end, word.iter().copied());
            }
            _ => {
                let other = self.one();
                let from = self.rng.random_range(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}
