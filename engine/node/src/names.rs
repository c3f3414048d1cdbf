//! Names of the chain, for `ons_resolve` (02 section 8): a table that stands in
//! for the chain. What is in a record is sealed with the name itself, so the
//! table knows only hashes.

use std::collections::BTreeMap;

use ramson_codec::ons::{Name, NameQuestion, NameRecord};
use ramson_crypto::ons::{NONCE_LEN, seal};
use ramson_types::AccountId;
use rand_core::CryptoRng;
use serde_json::Value;

use crate::network::Network;

/// Names and what is registered for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Names {
    accounts: BTreeMap<[u8; 32], NameRecord>,
}

/// The largest type that the daemon knows: accounts, wallets, and hosts for
/// one, two, five and ten years.
const LAST_TYPE: u64 = 5;

impl Names {
    /// The daemon's answer, or its words of refusal.
    pub(crate) fn resolve(&self, params: &Value) -> Result<Value, String> {
        let given = |key: &str| params.get(key).filter(|value| !value.is_null());
        for key in ["name_hash", "type"] {
            if given(key).is_none() {
                return Err(format!("Unable to parse request: Required key '{key}' not found"));
            }
        }
        let refuse = |why: &str| Err(format!("RPC error -1: Unable to resolve ONS address: {why}"));
        let kind = given("type").and_then(Value::as_u64).filter(|kind| *kind <= LAST_TYPE);
        if kind.is_none() {
            return refuse("'type' parameter not specified");
        }
        let Ok(question) = NameQuestion::parse(params) else {
            let hash = given("name_hash").and_then(Value::as_str).unwrap_or_default();
            return refuse(&format!("invalid 'name_hash' value '{hash}'"));
        };
        let found = self.accounts.get(&question.name_hash).filter(|_| question.is_of_account());
        Ok(found.unwrap_or(&NameRecord::NotRegistered).to_json())
    }
}

impl Network {
    /// Registers a name for an account, instead of what was registered for it
    /// before. All nodes answer the same, because they share the network.
    pub fn register_name(
        &mut self,
        name: &Name,
        account: &AccountId,
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let encrypted_value = seal(name.as_str(), &account.to_bytes(), nonce);
        let record = NameRecord::Registered { encrypted_value, nonce: Some(nonce) };
        self.register_record(name.hash(), record);
    }

    /// Registers a sealed record by the hash of its name, or takes it out.
    pub fn register_record(&mut self, name_hash: [u8; 32], record: NameRecord) {
        match record {
            NameRecord::Registered { .. } => self.names.accounts.insert(name_hash, record),
            NameRecord::NotRegistered => self.names.accounts.remove(&name_hash),
        };
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ramson_crypto::ons;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_registered_name_opens_to_its_account_and_others_are_nobody_s() {
        let mut network = Network::default();
        let name: Name = "Some-Name".parse().unwrap();
        let account: AccountId = format!("05{}", "ab".repeat(32)).parse().unwrap();
        network.register_name(&name, &account, &mut StdRng::seed_from_u64(1));
        for hash in [STANDARD.encode(name.hash()), hex::encode(name.hash())] {
            let params = json!({ "type": 0, "name_hash": hash });
            let answer = json!({ "result": network.names.resolve(&params).unwrap() });
            let record = NameRecord::parse(answer.to_string().as_bytes()).unwrap();
            let NameRecord::Registered { encrypted_value, nonce } = record else {
                panic!("{answer}")
            };
            let opened = ons::open(name.as_str(), &encrypted_value, nonce).unwrap();
            assert_eq!(opened, account.to_bytes());
        }
        let nobody = json!({ "status": "OK" });
        for (kind, hash) in [(0, [1; 32]), (2, name.hash())] {
            let params = json!({ "type": kind, "name_hash": STANDARD.encode(hash) });
            assert_eq!(network.names.resolve(&params), Ok(nobody.clone()));
        }
        network.register_record(name.hash(), NameRecord::NotRegistered);
        let params = json!({ "type": 0, "name_hash": STANDARD.encode(name.hash()) });
        assert_eq!(network.names.resolve(&params), Ok(nobody));
    }

    #[test]
    fn the_daemon_says_what_it_does_not_like() {
        let names = Names::default();
        let hash = STANDARD.encode([1; 32]);
        let no_type = "RPC error -1: Unable to resolve ONS address: 'type' parameter not specified";
        let no_hash =
            "RPC error -1: Unable to resolve ONS address: invalid 'name_hash' value 'name'";
        for (params, said) in [
            (json!(null), "Unable to parse request: Required key 'name_hash' not found"),
            (json!({ "type": 0 }), "Unable to parse request: Required key 'name_hash' not found"),
            (
                json!({ "name_hash": hash }),
                "Unable to parse request: Required key 'type' not found",
            ),
            (json!({ "type": 6, "name_hash": hash }), no_type),
            (json!({ "type": -1, "name_hash": hash }), no_type),
            (json!({ "type": 0, "name_hash": "name" }), no_hash),
        ] {
            assert_eq!(names.resolve(&params), Err(said.to_owned()), "{params}");
        }
    }
}
