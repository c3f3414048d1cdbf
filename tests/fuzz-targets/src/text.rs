//! Text that people paste or write.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::network_file::{NetworkFile, NetworkFileError, ServerUrl};
use ramson_crypto::{MnemonicError, mnemonic};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Prefix, SwarmId,
    X25519PublicKey,
};

use crate::show;

/// A network file. What is read can be used, and is the same when it is
/// written and read again.
pub fn network_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    NetworkFile::unknown_keys(&text);
    match NetworkFile::parse(&text) {
        Ok(file) => {
            assert!(!file.seeds.is_empty() && file.min_pool >= 4);
            for seed in &file.seeds {
                let _ = file.proof_of(seed);
                assert!(file.allow_http || seed.https || seed.is_loopback(), "{seed}");
            }
            let written = file.to_toml();
            assert_eq!(NetworkFile::unknown_keys(&written), Vec::<String>::new());
            assert_eq!(NetworkFile::parse(&written), Ok(file));
        }
        Err(error) => {
            // The reason of a parser may quote its line.
            show(&error, &data.repeat(2));
            if let NetworkFileError::Toml { line, .. } = error {
                assert!((1..=text.lines().count() + 1).contains(&line), "line {line}");
            }
        }
    }
}

/// A faults file. What is read is the same when it is written and read again.
pub fn faults_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match FaultsFile::parse(&text) {
        Ok(file) => {
            for (rule, nth) in (0..file.rules.len().min(20)).zip(0..) {
                file.strikes(rule, 1, nth);
            }
            assert_eq!(FaultsFile::parse(&file.to_toml()), Ok(file));
        }
        Err(error) => show(&error, &data.repeat(2)),
    }
}

/// A recovery phrase, with a checksum word and without. A seed that is read is
/// written and read to the same, and errors show one word at most.
pub fn mnemonic(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match mnemonic::decode(&text) {
        Ok(seed) => {
            let again = mnemonic::decode(&mnemonic::encode(&seed));
            assert!(again.is_ok_and(|again| again.as_bytes() == seed.as_bytes()));
        }
        Err(error) => {
            show(&error, data);
            if let MnemonicError::InvalidWord { word, .. }
            | MnemonicError::ChecksumMismatch { word } = error
            {
                assert_eq!(word.split_whitespace().count(), 1, "an error shows '{word}'");
            }
        }
    }
    match mnemonic::decode_bytes(&text) {
        Ok(bytes) => {
            let Some(words) = mnemonic::encode_bytes(&bytes) else { panic!("no words for bytes") };
            assert_eq!(mnemonic::decode_bytes(&words), Ok(bytes));
        }
        Err(error) => show(&error, data),
    }
    match mnemonic::decode_without_checksum(&text) {
        Ok(bytes) => {
            let Some(words) = mnemonic::encode_without_checksum(&bytes) else {
                panic!("no words for bytes");
            };
            assert_eq!(mnemonic::decode_without_checksum(&words), Ok(bytes));
        }
        Err(error) => show(&error, data),
    }
}

/// Names of everything. What is read is written and read to the same.
pub fn ids(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(id) = same_again::<AccountId>(&text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        assert_eq!(AccountId::from_bytes(&id.to_bytes()), Ok(id));
        assert_eq!(AccountId::parse_account(&text).is_ok(), id.prefix() == Prefix::Account);
    }
    if let Some(ConversationId::Community(place)) = same_again::<ConversationId>(&text) {
        let host = place.server.split_once("://").map(|(_, host)| host);
        assert!(host.is_some_and(|host| !host.is_empty()), "'{text}' names no server");
        assert!(!place.room.is_empty(), "'{text}' names no room");
    }
    if let Some(hash) = same_again::<MessageHash>(&text) {
        assert_eq!(hash.to_string(), text);
    }
    same_again::<MessageId>(&text);
    same_again::<Ed25519PublicKey>(&text);
    same_again::<X25519PublicKey>(&text);
    same_again::<SwarmId>(&text);
    if let Some(url) = same_again::<ServerUrl>(&text) {
        assert!(url.port != 0 && url.path.starts_with('/') && !url.host.is_empty());
    }
}

fn same_again<T: FromStr<Err: Display> + Display + Debug + PartialEq>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            let again = value.to_string().parse::<T>().ok();
            assert_eq!(again.as_ref(), Some(&value));
            Some(value)
        }
        Err(error) => {
            show(&error, text.as_bytes());
            None
        }
    }
}

pub(crate) mod corpus {
    use super::NetworkFile;
    use crate::corpus::Known;

    pub(crate) fn network_file(_: &Known) -> Vec<Vec<u8>> {
        let mut inputs: Vec<_> = [NetworkFile::mainnet(), NetworkFile::testnet()]
            .iter()
            .map(|file| file.to_toml().into_bytes())
            .collect();
        for text in [
            "seeds = ['http://127.0.0.1:22129/json_rpc']\nmin_pool = 4\n",
            "name = \"\\u0000\"\nseeds = ['HTTPS://[::1]:1']\nmax_requests_per_second = 7\n\
             [[pins]]\nhost = '[::1]'\nspki_sha256 = \
             'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='\n",
            "allow_stress = true\nallow_http = 1979-05-27\n",
        ] {
            inputs.push(text.as_bytes().to_vec());
        }
        inputs
    }

    pub(crate) fn faults_file(_: &Known) -> Vec<Vec<u8>> {
        [
            "seed = 7\n[[rule]]\nfault = 'answer lost'\nnodes = 'all'\nprobability = 0.2\n",
            "[[rule]]\nname = 'slow'\nfault = 'late'\nms = 800\nnodes = ['swarm 1', 7]\n\
             asked_by = 'clients'\nfrom = 10\nuntil = 60.5\n",
            "[[rule]]\nfault = 'wrong clock'\nms = -600000\nnodes = 4\n",
            "[[rule]]\nfault = 'partition'\ngroups = [[0, 1, 2], ['swarm 1']]\n",
            "[[rule]]\nfault = 'status'\nstatus = 503\nnodes = ['seed', 'file server']\nevery = 5\n",
            "seed = 9223372036854775807\n[[rule]]\nfault = 'refuses stores'\nstatus = 507\nnodes = 0\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    }

    pub(crate) fn mnemonic(known: &Known) -> Vec<Vec<u8>> {
        known.text("mnemonic", &["phrase", "words", "words_without_checksum"])
    }

    pub(crate) fn ids(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.text("identity", &["account_id", "id", "ed25519_public_hex"]);
        inputs.extend(known.text("message-hash", &["hash"]));
        for text in [
            "m1-42",
            "https://open.example.org/room",
            "http://[::1]:80/a.b",
            "4000000000000000",
            "15aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            inputs.push(text.as_bytes().to_vec());
        }
        inputs
    }
}
