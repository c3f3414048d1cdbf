//! A home: one folder with one store, bound to one network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;

use crate::error::Failure;
use crate::network::Network;
use crate::private;
use crate::settings::{self, ProxyRule};
use ramson_host::{Readers, put_in_place};

/// Names a home when `--home` does not.
const VARIABLE: &str = "RAMSON_HOME";

/// The home's copy of its network.
const NETWORK: &str = "network.toml";

/// What its owner decided.
const SETTINGS: &str = "settings.toml";

/// What its owner decided of plugins; the host writes it.
const DECISIONS: &str = "plugins.toml";

/// The store, which makes a folder a home.
const STORE: &str = "store";

/// The folder of this user for what programs keep of their own, if one is
/// known.
pub(crate) fn state_folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.state_dir()?.join("ramson"))
}

/// A home's folder, which may not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    folder: PathBuf,
}

/// What of a decision on a plugin matters before it is loaded.
#[derive(Debug, Deserialize)]
pub(crate) struct DecidedOn {
    grants: Option<Vec<String>>,
    /// The library that it is about; `None` for the one of the plugin's name.
    pub(crate) library: Option<PathBuf>,
}

/// What a home's network is, and what of that is new.
#[derive(Debug)]
pub(crate) struct Binding {
    /// The network.
    pub(crate) network: Network,
    /// Whether the home has no copy of it yet, or another one.
    pub(crate) changed: bool,
}

impl Home {
    /// The home that is meant: `--home`, else RAMSON_HOME, else the user's
    /// data folder.
    pub(crate) fn choose(flag: Option<&Path>) -> Result<Self, Failure> {
        Self::named(flag, |folders| Some(folders.data_dir().join("ramson")))
    }

    /// The demo's home: its own, so that it never mixes with real accounts.
    pub(crate) fn of_demo(flag: Option<&Path>) -> Result<Self, Failure> {
        Self::named(flag, |folders| Some(folders.state_dir()?.join("ramson").join("demo")))
    }

    fn named(
        flag: Option<&Path>,
        otherwise: impl FnOnce(&etcetera::base_strategy::Xdg) -> Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let named = flag.map(Path::to_owned).or_else(|| {
            std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
        });
        let folder = match named {
            Some(folder) => folder,
            None => {
                let folders = etcetera::choose_base_strategy().map_err(|_| Failure::NoFolder)?;
                otherwise(&folders).ok_or(Failure::NoFolder)?
            }
        };
        // So that the same home has the same name from wherever it is reached.
        let folder = std::path::absolute(&folder).map_err(|error| Failure::file(&folder, error))?;
        Ok(Self { folder: fs::canonicalize(&folder).unwrap_or(folder) })
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the local network of a home keeps its nodes.
    pub(crate) fn localnet(&self) -> PathBuf {
        self.folder.join("localnet")
    }

    /// Whether it has a store, which makes it a home.
    pub(crate) fn has_store(&self) -> bool {
        self.folder.join(STORE).exists()
    }

    /// Makes the folder, for its owner alone, where there is none.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        private::make_folder(&self.folder).map_err(|error| Failure::file(&self.folder, error))
    }

    /// Which network the home has, given what `--network` asks for. A home
    /// without a store is not bound yet.
    pub(crate) fn binding(&self, asked: Option<Network>) -> Result<Binding, Failure> {
        let path = self.folder.join(NETWORK);
        let bound = match fs::read_to_string(&path) {
            Ok(text) => Some(Network::read_copy(&path, &text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::file(&path, error)),
        };
        match (bound, asked) {
            (Some(bound), Some(asked)) if bound.is_same(&asked) => {
                Ok(Binding { changed: bound != asked, network: asked })
            }
            (Some(bound), Some(asked)) if self.has_store() => Err(Failure::WrongNetwork {
                home: self.folder.clone(),
                bound: bound.describe(),
                asked: asked.describe(),
            }),
            (Some(network), None) => Ok(Binding { network, changed: false }),
            (_, asked) => Ok(Binding { network: asked.unwrap_or(Network::Mainnet), changed: true }),
        }
    }

    /// Which proxy the home is set to. Settings that cannot be read are not
    /// taken for none.
    pub(crate) fn proxy_rule(&self) -> Result<ProxyRule, Failure> {
        let path = self.folder.join(SETTINGS);
        match fs::read_to_string(&path).map(zeroize::Zeroizing::new) {
            Ok(text) => settings::read(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ProxyRule::Undecided),
            Err(error) => Err(Failure::file(&path, error)),
        }
    }

    /// Sets the home's proxy.
    pub(crate) fn keep_proxy_rule(&self, rule: &ProxyRule) -> Result<(), Failure> {
        let path = self.folder.join(SETTINGS);
        put_in_place(&path, &settings::write(rule), Readers::Owner)
            .map_err(|error| Failure::file(&path, error))
    }

    /// Whether its owner decided what a plugin may do, and for which library, if
    /// for one. A file that makes no sense is told by whoever loads the plugin.
    pub(crate) fn decision_on(&self, plugin: &str) -> Result<Option<DecidedOn>, Failure> {
        let path = self.decisions();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::file(&path, error)),
        };
        let Ok(mut all) = toml::from_str::<toml::Table>(&text) else {
            return Ok(Some(DecidedOn { grants: None, library: None }));
        };
        let decision = all.remove(plugin).and_then(|it| it.try_into::<DecidedOn>().ok());
        Ok(decision.filter(|it| it.grants.is_some()))
    }

    /// The file of what its owner decided on plugins.
    pub(crate) fn decisions(&self) -> PathBuf {
        self.folder.join(DECISIONS)
    }

    /// Keeps a copy of the network.
    pub(crate) fn bind(&self, network: &Network) -> Result<(), Failure> {
        let path = self.folder.join(NETWORK);
        put_in_place(&path, &network.copy(), Readers::Owner)
            .map_err(|error| Failure::file(&path, error))
    }
}

#[cfg(test)]
mod tests {
    use ramson_codec::network_file::NetworkFile;

    use super::*;

    fn file(text: &str) -> Network {
        Network::File(NetworkFile::parse(text).unwrap())
    }

    #[test]
    fn a_home_keeps_its_network_and_refuses_another() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::choose(Some(&folder.path().join("home"))).unwrap();
        assert!(!home.has_store());
        home.make().unwrap();
        let mine = file("name = \"mine\"\nseeds = [\"http://127.0.0.1:1\"]");
        home.bind(&mine).unwrap();
        // Without a store nothing is bound yet.
        let yours = file("name = \"yours\"\nseeds = [\"http://127.0.0.1:1\"]");
        assert_eq!(home.binding(Some(yours.clone())).unwrap().network, yours);

        fs::write(folder.path().join("home/store"), "").unwrap();
        assert_eq!(home.binding(None).unwrap().network, mine);
        let moved = file("name = \"mine\"\nseeds = [\"http://127.0.0.1:2\"]");
        let binding = home.binding(Some(moved.clone())).unwrap();
        assert!(binding.changed && binding.network == moved);
        let refused = home.binding(Some(yours)).unwrap_err();
        assert_eq!(refused.kind(), "WrongNetwork");
        let sentence = refused.to_string();
        assert!(sentence.contains("'mine'") && sentence.contains("'yours'"), "{sentence}");
    }

    #[test]
    fn a_home_keeps_its_proxy_and_settings_that_make_no_sense_stop_everything() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::choose(Some(folder.path())).unwrap();
        assert_eq!(home.proxy_rule().unwrap(), ProxyRule::Undecided);
        let rule = ProxyRule::parse("socks5://127.0.0.1:9050").unwrap();
        home.keep_proxy_rule(&rule).unwrap();
        assert_eq!(home.proxy_rule().unwrap(), rule);
        fs::write(folder.path().join("settings.toml"), [0xff]).unwrap();
        assert_eq!(home.proxy_rule().unwrap_err().kind(), "File");
        fs::write(folder.path().join("settings.toml"), "proxi = 1").unwrap();
        assert_eq!(home.proxy_rule().unwrap_err().kind(), "InvalidSettings");
    }

    #[test]
    fn a_decision_on_a_plugin_is_found_and_one_that_makes_no_sense_is_left_to_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::choose(Some(folder.path())).unwrap();
        assert!(home.decision_on("bot").unwrap().is_none());
        let text = "[bot]\ngrants = [\"read\"]\nlibrary = \"/a.so\"\n[other.config]\nx = 1\n";
        fs::write(home.decisions(), text).unwrap();
        let decided = home.decision_on("bot").unwrap().unwrap();
        assert_eq!(decided.library.as_deref(), Some(Path::new("/a.so")));
        assert!(home.decision_on("other").unwrap().is_none());
        fs::write(home.decisions(), "bot = ").unwrap();
        assert!(home.decision_on("bot").unwrap().is_some());
    }

    #[test]
    fn a_new_home_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::choose(Some(&folder.path().join("a/b"))).unwrap();
        home.make().unwrap();
        let owner = private::owner_of(home.folder()).unwrap();
        assert!(private::is_private_folder(home.folder(), owner).unwrap());
    }
}
