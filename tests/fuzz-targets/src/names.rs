//! Names: what people type, and what service nodes say of them.

use ramson_codec::ons::{Name, NameQuestion, NameRecord};
use ramson_crypto::ons;

use crate::input::Input;
use crate::show;

/// A name as it is typed. One that is taken is in lower case, and taken again.
pub fn name(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match text.parse::<Name>() {
        Ok(name) => {
            assert_eq!(name.as_str(), text.to_ascii_lowercase());
            assert!((1..=64).contains(&name.as_str().len()));
            assert_eq!(name.to_string().parse::<Name>().as_ref(), Ok(&name));
            assert_eq!(name.hash(), ons::name_hash(name.as_str()));
        }
        Err(error) => show(&error, data),
    }
}

/// What a node answers about a name, and what a node is asked. A record that
/// is read is written and read to the same; what it hides opens only with the
/// right name, and what is sealed here opens here.
pub fn name_record(data: &[u8]) {
    let mut input = Input::new(data);
    let form = input.below(3);
    match form {
        0 => {
            let body = input.rest();
            match NameRecord::parse(body) {
                Ok(record) => {
                    let again = serde_json::json!({ "result": record.to_json() }).to_string();
                    assert_eq!(NameRecord::parse(again.as_bytes()).as_ref(), Ok(&record));
                    if let NameRecord::Registered { encrypted_value, nonce } = record {
                        // Legacy records cost a second and 256 MiB: not here.
                        match ons::open("somebody", &encrypted_value, nonce) {
                            Ok(_) => assert!(nonce.is_some()),
                            Err(error) => show(&error, body),
                        }
                    }
                }
                Err(error) => show(&error, body),
            }
        }
        1 => {
            if let Ok(params) = serde_json::from_slice(input.rest()) {
                match NameQuestion::parse(&params) {
                    Ok(question) => {
                        question.is_of_account();
                    }
                    Err(error) => show(&error, data),
                }
            }
        }
        _ => {
            let (nonce, id) = (input.array::<24>(), input.array::<33>());
            let name = String::from_utf8_lossy(input.rest()).into_owned();
            let sealed = ons::seal(&name, &id, nonce);
            assert!(ons::open(&name, &sealed, Some(nonce)).is_ok_and(|opened| opened == id));
            assert!(ons::open(&format!("{name}x"), &sealed, Some(nonce)).is_err());
        }
    }
}

pub(crate) mod corpus {
    use serde_json::{Value, json};

    use crate::corpus::{Known, behind};

    pub(crate) fn name(known: &Known) -> Vec<Vec<u8>> {
        known.text("ons", &["input", "name"])
    }

    pub(crate) fn name_record(known: &Known) -> Vec<Vec<u8>> {
        let values = known.under("ons", &["encrypted_value"]);
        let nonces = known.under("ons", &["nonce"]);
        let records = values.iter().zip(nonces.iter().chain(std::iter::repeat(&Value::Null)));
        let answers: Vec<_> = records
            .map(|(value, nonce)| {
                json!({ "result": { "encrypted_value": value, "nonce": nonce } }).to_string().into()
            })
            .collect();
        let mut inputs = behind(&[&[0]], &answers);
        inputs.extend(behind(&[&[0]], &known.storage_answers()));
        inputs.extend(behind(&[&[1]], &known.text("ons", &["params"])));
        inputs.push([&[2][..], &[9; 57], b"somebody"].concat());
        inputs
    }
}
