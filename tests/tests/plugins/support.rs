//! An engine with plugins, and what they were told.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ramson_host::{Allowed, ChildCommand, EngineInfo, Host, HostConfig, Limits};
use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_system::{AccountSummary, Engine, EngineConfig, NetworkConfig};
use ramson_tests::built;
use ramson_types::message::{Message, MessageKind};
use ramson_types::{AccountId, ConversationId, Timestamp};
use ramson_wire::{Plugin, PluginState};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(110);

/// How often it is looked whether something is so.
const LOOK: Duration = Duration::from_millis(10);

#[allow(clippy::disallowed_methods)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}

/// The folder of the libraries.
pub(crate) fn libraries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| built(&["ramson-trial-plugin", "ramson-bot-echo"]))
}

/// The program, which plugins have as a process of their own.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| ramson_tests::program(&["ramson-shell"]))
}

/// Compiles a plugin in C.
pub(crate) fn c_library(source: &Path, library: &Path, more: &[&str]) {
    let built = Command::new("gcc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"])
        .args(["-I", concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/abi/include")])
        .args(more)
        .arg(source)
        .arg("-o")
        .arg(library)
        .status()
        .expect("gcc is there");
    assert!(built.success(), "{} could not be compiled", source.display());
}

/// A local network, an engine on it, and a host.
pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) host: Host,
    folder: tempfile::TempDir,
    _net: Localnet,
}

impl Scene {
    /// Each with a number of its own.
    pub(crate) async fn new(number: u8, limits: Limits) -> Self {
        let config = LocalnetConfig::new([number; 32]);
        let rng = StdRng::from_seed(config.seed);
        let net = Localnet::start(config, rng, Arc::new(now)).await.expect("the network starts");
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let network = NetworkConfig::of_file(&net.network_file());
        let engine = Engine::start(EngineConfig::new(home.clone(), network)).await.unwrap();
        fs::create_dir(folder.path().join("copies")).unwrap();
        fs::create_dir(folder.path().join("plugins")).unwrap();
        let host = Host::start(HostConfig {
            home: home.clone(),
            folders: vec![folder.path().join("plugins"), libraries().to_owned()],
            copies: folder.path().join("copies"),
            version: "1.0".to_owned(),
            child: ChildCommand {
                program: libraries().join("ramson"),
                args: vec!["plugin-host".into()],
            },
            limits,
        });
        let info = EngineInfo { network: "local".to_owned(), home: home.display().to_string() };
        host.attach(engine.clone(), info).await;
        Self { engine, host, folder, _net: net }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn account(&self, name: &str) -> AccountSummary {
        self.engine.create_account(Some(name.to_owned())).await.unwrap()
    }

    /// Writes a plugin's part of `plugins.toml`: what it may do, and its
    /// config.
    pub(crate) fn decide(&self, name: &str, decided: &str, config: &str) {
        let path = self.path("home/plugins.toml");
        let before = fs::read_to_string(&path).unwrap_or_default();
        let part = format!("{before}\n[{name}]\n{decided}\n\n[{name}.config]\n{config}\n");
        fs::write(path, part).unwrap();
    }

    /// A trial plugin that may do all that it asks for; its notes are a file
    /// of its name.
    pub(crate) async fn trial(&self, name: &str, decided: &str, config: &str) -> Plugin {
        let library = libraries().join("libramson_trial_plugin.so");
        let all = "grants = [\"read\", \"history\", \"send\", \"manage\", \"contacts\", \
                   \"profile\", \"network\", \"accounts\", \"plugins\"]";
        let grants = if decided.contains("grants") { "" } else { all };
        let decided = format!("library = {:?}\n{grants}\n{decided}", library.display().to_string());
        let (notes, asks) =
            (self.path(&format!("{name}.notes")), self.path(&format!("{name}.asks")));
        let files = format!("notes = {notes:?}\nasks = {asks:?}\n{config}");
        self.decide(name, &decided, &files);
        self.host.load(name, Allowed::AsDecided).await.expect("it is loaded")
    }

    /// What happened to a trial plugin so far.
    pub(crate) fn notes(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(&format!("{name}.notes"))).unwrap_or_default();
        // The last line may still be written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).expect("a note")).collect()
    }

    /// Lets a trial plugin submit something.
    pub(crate) fn ask(&self, name: &str, kind: &str, payload: &Value) {
        let path = self.path(&format!("{name}.asks"));
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(file, "{}", serde_json::json!([kind, payload])).unwrap();
    }

    /// The same, and waits for what comes of it: an error's text, or the
    /// reply.
    pub(crate) async fn answer(&self, name: &str, kind: &str, payload: &Value) -> Value {
        let before = self.notes(name).iter().filter(|note| note["asked"].is_string()).count();
        self.ask(name, kind, payload);
        self.until(&format!("{name} has the answer to {payload}"), || {
            let notes = self.notes(name);
            let asked = notes.iter().filter(|note| note["asked"].is_string()).nth(before)?.clone();
            if asked["error"].is_string() {
                return Some(asked["error"].clone());
            }
            let reply = notes.iter().find(|note| note["reply_to"] == asked["id"])?;
            Some(reply["told"].clone())
        })
        .await
    }

    /// Waits until something is so.
    pub(crate) async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let wait = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(found) => found,
            Err(_) => panic!("never: {what}; plugins: {:#?}", self.host.list()),
        }
    }

    /// Waits until a trial plugin's 20,000 requests are over: some were taken,
    /// and each of those has its reply.
    pub(crate) async fn flood_ends(&self, name: &str) {
        let over = || {
            let notes = self.notes(name);
            notes.iter().find(|note| note["did"] == "flood")?["taken"].as_u64()
        };
        let taken = self.until("the flood is over", over).await;
        assert!((1..20_000).contains(&taken), "{taken} of 20,000 were taken");
        let replied = || {
            let notes = self.notes(name);
            let replies = notes.iter().filter(|note| note["reply_to"].is_u64()).count();
            (u64::try_from(replies) == Ok(taken)).then_some(())
        };
        self.until("all replies come", replied).await;
    }

    /// Waits until a plugin is in a state.
    pub(crate) async fn state(&self, name: &str, is: impl Fn(&PluginState) -> bool) -> Plugin {
        self.until(&format!("{name} in the state that is waited for"), || {
            let found = self.host.list().into_iter().find(|plugin| plugin.name == name)?;
            is(&found.state).then_some(found)
        })
        .await
    }

    /// The texts that `from` wrote to `account`, oldest first.
    pub(crate) async fn texts(&self, account: &AccountId, from: AccountId) -> Vec<String> {
        let with = ConversationId::Account(from);
        let messages = self.engine.messages(account, with, 10_000).await.unwrap();
        let theirs = |it: &&Message| it.author == from && it.kind == MessageKind::Visible;
        messages.iter().filter(theirs).filter_map(|it| it.text.clone()).collect()
    }

    /// Waits until `from` wrote so many texts to `account`.
    pub(crate) async fn texts_of(
        &self,
        account: &AccountId,
        from: AccountId,
        count: usize,
    ) -> Vec<String> {
        let wait = async {
            loop {
                let texts = self.texts(account, from).await;
                if texts.len() >= count {
                    return texts;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(texts) => texts,
            Err(_) => panic!(
                "{count} texts never came, only {:?}; plugins: {:#?}",
                self.texts(account, from).await,
                self.host.list()
            ),
        }
    }

    pub(crate) async fn end(self) {
        self.host.end().await;
        self.engine.shutdown().await;
    }
}

/// How often a library is mapped in this process, by the name that its private
/// copies keep.
pub(crate) fn mappings(part: &str) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(part)).count()
}
