//! Recovery phrases.

use ramson_crypto::{AccountKeys, MnemonicError, mnemonic};
use ramson_tests::fields::{hex, number, parsed, run_sections, size, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        // The algorithm is told in words; every other section tests it.
        &["description", "algorithm"],
        &[
            ("valid", valid),
            ("without_checksum", without_checksum),
            ("lenient_input", lenient),
            ("invalid", invalid),
            ("checksum_steps", checksum_steps),
        ],
    );
}

fn valid(_: &Value, case: &Value) -> Result<(), String> {
    let (bytes, phrase) = (hex(case, "seed_hex")?, text(case, "phrase")?);
    expect_eq("words", phrase.split(' ').count(), size(case, "words")?)?;
    expect_eq("phrase", encoded(&bytes)?, phrase.to_owned())?;
    let back = mnemonic::decode_bytes(phrase).map_err(|why| why.to_string())?;
    expect_eq("bytes", back.to_vec(), bytes.clone())?;
    let seed = mnemonic::decode(phrase);
    if number(case, "words")? != 13 {
        let found = size(case, "words")?;
        return expect_eq("error", seed.err(), Some(MnemonicError::TooManyWords { found }));
    }
    let seed = seed.map_err(|why| why.to_string())?;
    expect_eq("seed", seed.entropy16().map(|half| half.to_vec()), Some(bytes))?;
    expect_eq("phrase of the seed", mnemonic::encode(&seed).as_str(), phrase)?;
    if case.get("account_id").is_some() {
        let keys = AccountKeys::new(&seed);
        expect_eq("Account ID", keys.account_id(), parsed(case, "account_id")?)?;
    }
    Ok(())
}

fn encoded(bytes: &[u8]) -> Result<String, String> {
    Ok(mnemonic::encode_bytes(bytes).ok_or("not a multiple of 4 bytes")?.to_string())
}

fn without_checksum(_: &Value, case: &Value) -> Result<(), String> {
    let (bytes, words) = (hex(case, "data_hex")?, text(case, "words_without_checksum")?);
    let ours = mnemonic::encode_without_checksum(&bytes).ok_or("not a multiple of 4 bytes")?;
    expect_eq("words", ours.as_str(), words)?;
    let back = mnemonic::decode_without_checksum(words).map_err(|why| why.to_string())?;
    expect_eq("bytes", back.to_vec(), bytes)
}

fn lenient(_: &Value, case: &Value) -> Result<(), String> {
    let seed = mnemonic::decode(text(case, "phrase")?).map_err(|why| why.to_string())?;
    expect_eq("seed", seed.entropy16().map(|half| half.to_vec()), Some(hex(case, "seed_hex")?))
}

fn invalid(_: &Value, case: &Value) -> Result<(), String> {
    let error = mnemonic::decode(text(case, "phrase")?).err().ok_or("was accepted")?;
    let class = match error {
        MnemonicError::NotEnoughWords { .. } => "NotEnoughWords",
        MnemonicError::TooManyWords { .. } => "TooManyWords",
        MnemonicError::InvalidWord { .. } => "InvalidWord",
        MnemonicError::ChecksumMismatch { .. } => "ChecksumMismatch",
        _ => "another",
    };
    expect_eq("error", class, text(case, "error")?)
}

fn checksum_steps(_: &Value, case: &Value) -> Result<(), String> {
    let words = text(case, "words")?;
    let bytes = mnemonic::decode_without_checksum(words).map_err(|why| why.to_string())?;
    let phrase = format!("{words} {}", text(case, "checksum_word")?);
    expect_eq("phrase", encoded(&bytes)?, phrase)?;
    let prefixes: String = words.split(' ').filter_map(|word| word.get(..3)).collect();
    expect_eq("first letters", prefixes.as_str(), text(case, "prefix_string")?)?;
    let at_index = words.split(' ').nth(size(case, "checksum_index")?);
    expect_eq("word at the index", at_index, Some(text(case, "checksum_word")?))
}
