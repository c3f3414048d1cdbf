//! What the user wrote for the plugin.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Error;

/// The plugin's table `[<name>.config]` of `plugins.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config(Map<String, Value>);

impl Config {
    /// A table as JSON; no text at all is an empty one.
    pub fn of_json(json: &str) -> Result<Self, Error> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(json)
            .map(Self)
            .map_err(|error| format!("the plugin's config is no table: {error}").into())
    }

    /// The whole table.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|error| format!("config: {error}; see plugins.toml").into())
    }

    /// The text of one name, if there is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

#[test]
fn a_config_is_a_table() {
    let config = Config::of_json(r#"{"prefix": "e: ", "times": 3}"#).unwrap();
    assert_eq!(config.text("prefix"), Some("e: "));
    assert_eq!((config.text("times"), config.text("other")), (None, None));
    let table: std::collections::BTreeMap<String, serde_json::Value> = config.get().unwrap();
    assert_eq!(table.len(), 2);
    assert!(config.get::<u8>().is_err());
}
