//! The recovery phrase: 12 words for 16 bytes and a checksum word (01 section
//! 1.3), from a list of 1,626 words of which the first three letters suffice.

use std::sync::LazyLock;

use zeroize::Zeroizing;

use crate::Seed;

/// The list, one word a line, sorted.
const ENGLISH: &str = include_str!("mnemonic/english.txt");

static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| ENGLISH.lines().collect());

/// Length of the list.
const N: u32 = 1626;
/// Words in an account's phrase, the checksum word with them.
const PHRASE_WORDS: usize = 13;

/// Why a text is not a recovery phrase. At most one of its words is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MnemonicError {
    /// Words are missing, maybe only the checksum word at the end.
    #[error(
        "a recovery phrase has 13 words, this has {found}; enter all of them, the last one too"
    )]
    NotEnoughWords {
        /// How many words there are.
        found: usize,
    },
    /// Something stands there that is not part of the phrase.
    #[error("a recovery phrase has 13 words, this has {found}; enter nothing else")]
    TooManyWords {
        /// How many words there are.
        found: usize,
    },
    /// A word that is not in the list, or that cannot follow the two before it.
    #[error(
        "word {position}, '{word}', cannot stand there in a recovery phrase; check its spelling and the words before it"
    )]
    InvalidWord {
        /// The word as it was given, in lower case.
        word: String,
        /// Its place, counted from 1.
        position: usize,
    },
    /// All words exist, but the last does not match the others.
    #[error(
        "the last word, '{word}', does not match the others: a word is wrong, or two are swapped"
    )]
    ChecksumMismatch {
        /// The last word as it was given, in lower case.
        word: String,
    },
}

/// The 13 words of an account's seed. A seed that fills its 32 bytes, as no app
/// makes, gets 25 words; [`decode`] refuses those, as all apps do.
pub fn encode(seed: &Seed) -> Zeroizing<String> {
    let bytes = seed.entropy16().map_or(seed.as_bytes().as_slice(), |half| half.as_slice());
    encode_groups(bytes.as_chunks::<4>().0)
}

/// The seed of a phrase of 13 words, in any case and with any white space.
pub fn decode(phrase: &str) -> Result<Seed, MnemonicError> {
    let found = phrase.split_whitespace().count();
    if found > PHRASE_WORDS {
        return Err(MnemonicError::TooManyWords { found });
    }
    let bytes = decode_bytes(phrase)?;
    let entropy = bytes.as_slice().try_into();
    Ok(Seed::from_entropy16(entropy.map_err(|_| MnemonicError::NotEnoughWords { found })?))
}

/// The words of any number of bytes, with the checksum word. `None` for no
/// bytes or a number that is not a multiple of 4.
pub fn encode_bytes(bytes: &[u8]) -> Option<Zeroizing<String>> {
    whole_groups(bytes).map(encode_groups)
}

/// The bytes of words with a checksum word behind them.
pub fn decode_bytes(phrase: &str) -> Result<Zeroizing<Vec<u8>>, MnemonicError> {
    let given = given_words(phrase);
    let found = given.len();
    // Three words make four bytes, and the checksum word comes on top.
    let Some((last, data)) = given.split_last().filter(|(_, data)| data.len() % 3 == 0) else {
        return Err(MnemonicError::NotEnoughWords { found });
    };
    if data.is_empty() {
        return Err(MnemonicError::NotEnoughWords { found });
    }
    let indices = look_up(&given)?;
    let (Some((checksum, indices)), words) = (indices.split_last(), &*WORDS) else {
        return Err(MnemonicError::NotEnoughWords { found });
    };
    let bytes = bytes_of(indices, data)?;
    let words: Vec<&str> = indices.iter().filter_map(|index| word(words, *index)).collect();
    if words.get(checksum_index(&words)).copied() != word(&WORDS, *checksum) {
        return Err(MnemonicError::ChecksumMismatch { word: last.to_string() });
    }
    Ok(bytes)
}

/// The words of bytes without a checksum word; see [`encode_bytes`].
pub fn encode_without_checksum(bytes: &[u8]) -> Option<Zeroizing<String>> {
    Some(Zeroizing::new(words_of(whole_groups(bytes)?).join(" ")))
}

/// The bytes of words without a checksum word.
pub fn decode_without_checksum(phrase: &str) -> Result<Zeroizing<Vec<u8>>, MnemonicError> {
    let given = given_words(phrase);
    if given.is_empty() || !given.len().is_multiple_of(3) {
        return Err(MnemonicError::NotEnoughWords { found: given.len() });
    }
    bytes_of(&look_up(&given)?, &given)
}

fn word(words: &[&'static str], index: u32) -> Option<&'static str> {
    words.get(usize::try_from(index).ok()?).copied()
}

fn given_words(phrase: &str) -> Vec<Zeroizing<String>> {
    phrase.split_whitespace().map(|word| Zeroizing::new(word.to_lowercase())).collect()
}

/// The words' places in the list, found by their first three letters.
fn look_up(given: &[Zeroizing<String>]) -> Result<Zeroizing<Vec<u32>>, MnemonicError> {
    let find = |text: &str| {
        let letters = text.get(..3)?;
        let at = WORDS.binary_search_by(|word| word.get(..3).cmp(&Some(letters))).ok()?;
        u32::try_from(at).ok()
    };
    let mut indices = Zeroizing::new(Vec::with_capacity(given.len()));
    for (word, position) in given.iter().zip(1..) {
        indices.push(find(word).ok_or_else(|| invalid(word, position))?);
    }
    Ok(indices)
}

fn invalid(word: &str, position: usize) -> MnemonicError {
    MnemonicError::InvalidWord { word: word.to_owned(), position }
}

fn whole_groups(bytes: &[u8]) -> Option<&[[u8; 4]]> {
    let (groups, rest) = bytes.as_chunks::<4>();
    (!groups.is_empty() && rest.is_empty()).then_some(groups)
}

fn encode_groups(groups: &[[u8; 4]]) -> Zeroizing<String> {
    let mut words = words_of(groups);
    words.extend(words.get(checksum_index(&words)).copied());
    Zeroizing::new(words.join(" "))
}

fn words_of(groups: &[[u8; 4]]) -> Vec<&'static str> {
    let indices = groups.iter().flat_map(|group| indices_of(u32::from_le_bytes(*group)));
    indices.filter_map(|index| word(&WORDS, index)).collect()
}

fn bytes_of(
    indices: &[u32],
    given: &[Zeroizing<String>],
) -> Result<Zeroizing<Vec<u8>>, MnemonicError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(indices.len().saturating_mul(2)));
    let (groups, _) = indices.as_chunks::<3>();
    for ((group, words), position) in groups.iter().zip(given.chunks(3)).zip((3..).step_by(3)) {
        let value = value_of(group).ok_or_else(|| {
            // Which of the three is wrong cannot be known.
            invalid(words.last().map_or("", |word| word.as_str()), position)
        })?;
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}

/// Three places in the list for four bytes; each is shifted by the one before.
#[expect(clippy::arithmetic_side_effects, reason = "all sums stay below 2^32 / 1626 + 1626")]
fn indices_of(value: u32) -> [u32; 3] {
    let first = value % N;
    let second = (value / N + first) % N;
    let third = (value / N / N + second) % N;
    [first, second, third]
}

/// The opposite; `None` where the three stand for a number over 2^32 - 1,
/// which [`indices_of`] never makes.
#[expect(clippy::arithmetic_side_effects, reason = "places are below 1626, so all is below 2^33")]
fn value_of(&[first, second, third]: &[u32; 3]) -> Option<u32> {
    let n = u64::from(N);
    let low = u64::from(first);
    let middle = u64::from((N - first + second) % N);
    let high = u64::from((N - second + third) % N);
    u32::try_from(low + n * middle + n * n * high).ok()
}

/// Which of the words is repeated at the end: CRC-32 of the first three
/// letters of all, modulo their number.
fn checksum_index(words: &[&str]) -> usize {
    let mut crc = crc32fast::Hasher::new();
    for word in words {
        crc.update(word.get(..3).unwrap_or(word).as_bytes());
    }
    let crc = usize::try_from(crc.finalize()).unwrap_or(0);
    crc.checked_rem(words.len()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
