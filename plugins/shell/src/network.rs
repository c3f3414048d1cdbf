//! The network a home is bound to: what `--network` names, and the copy that
//! the home keeps.

use std::fs;
use std::path::Path;

use ramson_codec::network_file::{NetworkFile, SeedProof};
use serde::Deserialize;

use crate::error::Failure;

/// A network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Network {
    /// Session's own.
    Mainnet,
    /// Session's own for trying out.
    Testnet,
    /// Service nodes in this process, started with the engine.
    Local,
    /// What a file says.
    File(NetworkFile),
}

/// The part of a home's copy that says more than a network file.
#[derive(Deserialize)]
struct Copy {
    builtin: Option<String>,
}

/// Names that a network file must not take.
const RESERVED: [&str; 2] = ["mainnet", "testnet"];

impl Network {
    /// What the value of `--network` names.
    pub(crate) fn choose(value: &str) -> Result<Self, Failure> {
        if let Some(builtin) = Self::builtin(value) {
            return Ok(builtin);
        }
        let path = Path::new(value);
        let text = fs::read_to_string(path).map_err(|error| Failure::UnreadableNetworkFile {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let file = read(path, &text)?;
        if RESERVED.contains(&file.name.as_str()) {
            return Err(Failure::ReservedNetworkName { path: path.to_owned(), name: file.name });
        }
        Ok(Self::File(file))
    }

    fn builtin(name: &str) -> Option<Self> {
        match name {
            "mainnet" => Some(Self::Mainnet),
            "testnet" => Some(Self::Testnet),
            "local" => Some(Self::Local),
            _ => None,
        }
    }

    /// Reads a home's copy.
    pub(crate) fn read_copy(path: &Path, text: &str) -> Result<Self, Failure> {
        let copy = toml::from_str::<Copy>(text).ok().and_then(|copy| copy.builtin);
        match copy.and_then(|name| Self::builtin(&name)) {
            Some(builtin) => Ok(builtin),
            None => read(path, text).map(Self::File),
        }
    }

    /// The copy for a home. It names Session's own networks only, so that
    /// their seeds are always those of the program.
    pub(crate) fn copy(&self) -> String {
        match self {
            Self::File(file) => file.to_toml(),
            builtin => format!("builtin = \"{}\"\n", builtin.name()),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Local => "local",
            Self::File(file) => &file.name,
        }
    }

    /// Its name, and where that could be mistaken, its seed.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::File(NetworkFile { name, seeds, .. }) => match seeds.first() {
                Some(seed) => format!("'{name}' (seed {seed})"),
                None => format!("'{name}'"),
            },
            Self::Local => "'local' (in this process)".to_owned(),
            builtin => format!("'{}'", builtin.name()),
        }
    }

    /// Whether both are one network. A file may have changed since: its name
    /// says which network it is.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(ours), Self::File(theirs)) => ours.name == theirs.name,
            (ours, theirs) => ours == theirs,
        }
    }

    /// How to find its service nodes; `None` for the one in this process.
    pub(crate) fn file(&self) -> Option<NetworkFile> {
        match self {
            Self::Mainnet => Some(NetworkFile::mainnet()),
            Self::Testnet => Some(NetworkFile::testnet()),
            Self::File(file) => Some(file.clone()),
            Self::Local => None,
        }
    }

    /// The URLs of its seeds; none for the one in this process.
    pub(crate) fn seeds(&self) -> Vec<String> {
        self.file().iter().flat_map(|file| &file.seeds).map(ToString::to_string).collect()
    }

    /// What its user should know, once.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let Self::File(file) = self else { return Vec::new() };
        let unchecked =
            file.seeds.iter().filter(|seed| file.proof_of(seed) == SeedProof::AnyCertificate);
        unchecked
            .map(|seed| {
                format!("the certificate of the seed {seed} is not checked: it is on this machine, and none is pinned")
            })
            .collect()
    }
}

fn read(path: &Path, text: &str) -> Result<NetworkFile, Failure> {
    NetworkFile::parse(text)
        .map_err(|error| Failure::InvalidNetworkFile { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, seed: &str) -> Network {
        let text = format!("name = \"{name}\"\nseeds = [\"{seed}\"]\n");
        Network::File(NetworkFile::parse(&text).unwrap())
    }

    #[test]
    fn a_copy_is_read_as_what_was_written() {
        let networks = [
            Network::Mainnet,
            Network::Testnet,
            Network::Local,
            file("mine", "http://127.0.0.1:1/json_rpc"),
        ];
        for network in networks {
            assert_eq!(Network::read_copy(Path::new("copy"), &network.copy()).unwrap(), network);
        }
    }

    #[test]
    fn a_network_is_known_by_its_name() {
        let mine = file("mine", "http://127.0.0.1:1/json_rpc");
        assert!(mine.is_same(&file("mine", "http://127.0.0.1:2/json_rpc")));
        assert!(!mine.is_same(&file("yours", "http://127.0.0.1:1/json_rpc")));
        assert!(!file("local", "http://127.0.0.1:1/json_rpc").is_same(&Network::Local));
        assert!(!Network::Mainnet.is_same(&Network::Testnet));
    }

    #[test]
    fn a_file_cannot_pass_itself_off_as_mainnet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.toml");
        fs::write(&path, "name = \"mainnet\"\nseeds = [\"http://127.0.0.1:1\"]\n").unwrap();
        let refused = Network::choose(path.to_str().unwrap()).unwrap_err();
        assert_eq!(refused.kind(), "ReservedNetworkName");
    }
}
