//! Where plugins are, and the host that every engine has beside it.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use ramson_host::{
    Allowed, ChildCommand, EngineInfo, Host, HostConfig, HostError, Limits, is_path,
};
use ramson_system::Engine;

use crate::control::VERSION;
use crate::error::Failure;
use crate::home::{self, Home};
use crate::network::Network;

/// Names a folder that is searched before all others.
const VARIABLE: &str = "RAMSON_PLUGINS";

/// The bot that answers in the demo.
pub(crate) const ECHO: &str = "bot-echo";

/// The user interface where none is named.
pub(crate) const TERMINAL: &str = "ui-terminal";

/// Starts a host on a home's folder. It does nothing yet.
pub(crate) fn host(home: &Home) -> Host {
    Host::start(HostConfig {
        home: home.folder().to_owned(),
        folders: folders(),
        copies: copies(home),
        version: VERSION.to_owned(),
        child: ChildCommand::default(),
        limits: Limits::default(),
    })
}

/// Lets the host's plugins see an engine.
pub(crate) async fn attach(host: &Host, engine: &Engine, home: &Path, network: &Network) {
    let (network, home) = (network.name().to_owned(), home.display().to_string());
    host.attach(engine.clone(), EngineInfo { network, home }).await;
}

/// Says early that a plugin which comes with the program is not there.
pub(crate) fn require(host: &Host, name: &str) -> Result<(), Failure> {
    let there = host.list().iter().any(|plugin| plugin.name == name);
    let folders = Vec::new();
    let error = || HostError::NotFound { name: name.to_owned(), folders };
    if there { Ok(()) } else { Err(missing(name, error())) }
}

/// Where plugins are searched by name; an earlier folder goes first.
pub(crate) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        folders.extend(std::path::absolute(PathBuf::from(named)));
    }
    if let Some(beside) = program_folder() {
        let installed = beside.parent().map(|above| above.join("lib/ramson/plugins"));
        folders.push(beside);
        folders.extend(installed);
    }
    folders.extend(user_folder());
    folders
}

fn program_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let program = program.canonicalize().unwrap_or(program);
    program.parent().map(Path::to_owned)
}

/// The user's own plugins.
fn user_folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("ramson").join("plugins"))
}

/// Where private copies of libraries lie.
fn copies(home: &Home) -> PathBuf {
    match home::state_folder() {
        Some(state) => state.join("plugins"),
        None => home.folder().join("plugins"),
    }
}

/// The name of a user interface: the usual ones have short names.
pub(crate) fn ui_name(name: &str) -> String {
    match name {
        "terminal" | "web" | "desktop" => format!("ui-{name}"),
        other => other.to_owned(),
    }
}

/// What the plugin of a library, or of a name, is called.
pub(crate) fn name_of(name: &str) -> String {
    let of_library = is_path(name).then(|| ramson_host::name_of(Path::new(name))).flatten();
    of_library.unwrap_or_else(|| name.to_owned())
}

/// Whether it was decided what a plugin may do. A decision holds for the
/// library that the plugin's name stands for.
pub(crate) fn is_decided(home: &Home, name_or_path: &str) -> Result<bool, Failure> {
    let name = name_of(name_or_path);
    let Some(decided) = home.decision_on(&name)? else { return Ok(false) };
    if !is_path(name_or_path) {
        return Ok(true);
    }
    let path = Path::new(name_or_path);
    let meant = decided.library.or_else(|| {
        let file = path.file_name()?;
        folders().into_iter().map(|folder| folder.join(file)).find(|it| it.is_file())
    });
    let same = |meant: PathBuf| meant.canonicalize().ok() == path.canonicalize().ok();
    Ok(meant.is_some_and(same))
}

/// The same library from wherever it is looked for.
pub(crate) fn from_folder(folder: &Path, name: &str) -> String {
    match is_path(name) {
        true => folder.join(name).display().to_string(),
        false => name.to_owned(),
    }
}

/// Shows a user interface. One that its user names by its path may do
/// everything, as those that come with the program, unless it was decided
/// otherwise.
pub(crate) async fn show(host: &Host, name: &str) -> Result<(), Failure> {
    let shown = async {
        if !is_path(name) {
            return host.use_ui(name).await;
        }
        let mut loaded = host.load(name, Allowed::AsDecided).await;
        if let Err(HostError::NotDecided { .. }) = loaded {
            loaded = host.load(name, Allowed::Everything { accounts: None }).await;
        }
        match loaded {
            Ok(plugin) => host.use_ui(&plugin.name).await,
            Err(HostError::Loaded { name }) => host.use_ui(&name).await,
            Err(error) => Err(error),
        }
    };
    shown.await.map_err(|error| missing(name, error))
}

/// What comes with the program, each a crate of its name in the source tree.
const OURS: &[&str] = &[
    ECHO,
    TERMINAL,
    "ui-web",
    "ui-desktop",
    "bot-alert",
    "bot-greeter",
    "bot-poll",
    "bot-reminder",
];

/// What is said when a plugin does not load. One that comes with the program
/// and is not there has to be built.
pub(crate) fn missing(name: &str, error: HostError) -> Failure {
    match error {
        HostError::NotFound { .. } if OURS.contains(&name) => {
            let profile = if cfg!(debug_assertions) { "" } else { " --release" };
            let build = format!("cargo build{profile} -p ramson-{name}");
            let beside = program_folder().unwrap_or_default();
            Failure::NoSuchPlugin { name: name.to_owned(), beside, build }
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_the_command_that_builds_it() {
        let error = |name: &str| HostError::NotFound { name: name.into(), folders: Vec::new() };
        let failure = missing("ui-web", error("ui-web"));
        assert_eq!((failure.kind(), failure.status()), ("NoSuchPlugin", 1));
        assert!(failure.hint().contains("cargo build"), "{failure}");
        assert!(failure.to_string().contains("-p ramson-ui-web"), "{failure}");
        assert!(missing("bot-poll", error("bot-poll")).to_string().contains("-p ramson-bot-poll"));
        for name in ["./a.so", "bot-of-others"] {
            assert!(!missing(name, error(name)).to_string().contains("cargo build"), "{name}");
        }
    }

    #[test]
    fn short_names_and_paths_are_told_apart() {
        assert_eq!(ui_name("terminal"), TERMINAL);
        assert_eq!(ui_name("ui-mine"), "ui-mine");
        assert!(is_path("./mine.so") && is_path("mine.so") && !is_path("bot-echo"));
        assert_eq!(name_of("/a/libramson_bot_echo.so"), "bot-echo");
        assert_eq!(name_of("libmine.so"), "mine");
        assert_eq!(name_of("bot-echo"), "bot-echo");
        assert_eq!(from_folder(Path::new("/a"), "b/c.so"), "/a/b/c.so");
        assert_eq!(from_folder(Path::new("/a"), "/b/c.so"), "/b/c.so");
        assert_eq!(from_folder(Path::new("/a"), "bot-echo"), "bot-echo");
    }
}
