//! A host, plugins on it that count, and what they say.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ramson_host::{Allowed, Host, HostConfig, Limits};
use ramson_wire::Plugin;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The plugin in C.
const COUNTER: &str = include_str!("../../../counter.c");

/// The plugin in Rust. Built here, unless this is a test: cargo builds the
/// examples before it runs tests.
pub(super) fn counter() -> anyhow::Result<PathBuf> {
    // This program is <target>/<profile>/deps/table-…
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).context("no profile's folder")?;
    let library = folder.join("examples").join("libcounter.so");
    if cfg!(test) && library.is_file() {
        return Ok(library);
    }
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        // The bench profile's folder, too.
        Some("release") => "bench",
        other => other.context("no profile's folder")?,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "ramson-benches", "--example", "counter"])
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().context("no target folder")?)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    ensure!(built.success(), "the plugin 'counter' could not be built");
    Ok(library)
}

/// Compiles the plugin in C.
pub(super) fn counter_in_c(folder: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (folder.join("counter.c"), folder.join("libcounter_c.so"));
    std::fs::write(&source, COUNTER)?;
    let built = Command::new("gcc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC"])
        .args(["-I", concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/abi/include")])
        .arg(source)
        .arg("-o")
        .arg(&library)
        .status()
        .context("gcc is needed for the plugin in C")?;
    ensure!(built.success(), "the plugin in C could not be compiled");
    Ok(library)
}

/// A host without an engine.
pub(super) struct Stage {
    pub(super) host: Host,
    folder: TempDir,
}

impl Stage {
    /// One whose plugins have queues for so many events.
    pub(super) fn new(queue: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (home, copies) = (folder.path().join("home"), folder.path().join("copies"));
        std::fs::create_dir(&home)?;
        std::fs::create_dir(&copies)?;
        let host = Host::start(HostConfig {
            home,
            folders: Vec::new(),
            copies,
            version: "1.0".to_owned(),
            child: ramson_host::ChildCommand::default(),
            limits: Limits { queue, ..Limits::default() },
        });
        Ok(Self { host, folder })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Loads a plugin, and waits until it has its snapshot.
    pub(super) async fn load(
        &self,
        name: &str,
        library: &Path,
        grants: &[&str],
        config: &str,
    ) -> anyhow::Result<Line> {
        let line = self.folder().join(format!("{name}.line"));
        let listener = UnixListener::bind(&line)?;
        let path = self.folder().join("home").join("plugins.toml");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let decided = format!("library = {library:?}\ngrants = {grants:?}");
        let part = format!("[{name}]\n{decided}\n[{name}.config]\nline = {line:?}\n{config}\n");
        std::fs::write(&path, format!("{before}{part}"))?;
        self.host.load(name, Allowed::AsDecided).await?;
        let mut line = Line(timeout(PATIENCE, listener.accept()).await??.0);
        ensure!(line.counted().await?.0 == 0, "{name} was told of events before there were any");
        Ok(line)
    }

    /// What the host knows of a plugin.
    pub(super) fn plugin(&self, name: &str) -> anyhow::Result<Plugin> {
        let found = self.host.list().into_iter().find(|plugin| plugin.name == name);
        found.with_context(|| format!("{name} is not loaded"))
    }
}

/// Where a plugin says what it counted.
pub(super) struct Line(UnixStream);

impl Line {
    /// The next numbers.
    pub(super) async fn numbers(&mut self, count: usize) -> anyhow::Result<Vec<u64>> {
        let mut bytes = vec![0; count * 8];
        let read = timeout(PATIENCE, self.0.read_exact(&mut bytes)).await;
        read.context("a plugin did not hear of everything")??;
        let numbers = bytes.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok());
        Ok(numbers.map(u64::from_le_bytes).collect())
    }

    /// How many messages came since the last time, and their sum.
    pub(super) async fn counted(&mut self) -> anyhow::Result<(u64, u64)> {
        match self.numbers(2).await?.as_slice() {
            [events, sum] => Ok((*events, *sum)),
            _ => Ok((0, 0)),
        }
    }
}
