//! `plugin` and `ui`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ramson_wire::Grant;

/// What is done with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List plugins: those that run, those that ran, and those that are there
    List,
    /// Say what is wrong with a plugin's library, if anything is
    ///
    /// The file is read, nothing of it is run. Exit status 1 if it cannot be
    /// loaded.
    Check(CheckArgs),
    /// Run a plugin
    ///
    /// What it may do is decided by its user: with --grant or --yes, else on
    /// the terminal, once. The decision is kept in the home's plugins.toml. An
    /// engine that runs on the home already runs the plugin from now on; else
    /// this command is the engine, until SIGINT or SIGTERM ends it with exit
    /// status 0, or 'plugin stop' does when no other plugin runs.
    Run(PluginRunArgs),
    /// Stop a plugin that the running engine has
    Stop(PluginArgs),
    /// Load a plugin's library anew, while the engine runs
    ///
    /// The old one goes once the new one is ready.
    Swap(PluginArgs),
    /// Decide what a plugin may do; it is not run
    ///
    /// What is already running keeps what it has until it is stopped and run again.
    Allow(AllowArgs),
    /// Write a new plugin that builds: a bot that answers what it hears
    New(PluginNewArgs),
}

/// For `plugin check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The library, such as target/release/libramson_bot_echo.so
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
}

/// Which plugin.
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// Its name, such as bot-echo
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// What a plugin may do, and for whom.
#[derive(Debug, Args)]
pub(crate) struct DecisionArgs {
    /// For this account of the home, and for each that is given so
    /// [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// In this conversation only, and in each that is given so: an Account ID
    /// [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Vec<String>,
    /// What it may do, of what it asks for: read, history, send, manage,
    /// contacts, profile, network, accounts, plugins; with commas between
    #[arg(long, value_name = "GRANT,…", value_delimiter = ',', value_parser = grant,
        conflicts_with = "yes")]
    pub(crate) grant: Vec<Grant>,
    /// Everything that it asks for
    #[arg(long)]
    pub(crate) yes: bool,
    /// Run it from now on whenever 'ramson run' or a user interface does
    #[arg(long)]
    pub(crate) start: bool,
    /// In a process of its own from now on: a crash ends that process only, and
    /// it cannot read this program's memory
    #[arg(long)]
    pub(crate) untrusted: bool,
}

/// For `plugin run`.
#[derive(Debug, Args)]
pub(crate) struct PluginRunArgs {
    /// Its name, such as bot-echo, or the path of its library
    #[arg(value_name = "NAME|PATH")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) decision: DecisionArgs,
}

/// For `plugin allow`.
#[derive(Debug, Args)]
pub(crate) struct AllowArgs {
    /// Its name, such as bot-echo, or the path of its library
    #[arg(value_name = "NAME|PATH")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) decision: DecisionArgs,
}

/// For `plugin new`.
#[derive(Debug, Args)]
pub(crate) struct PluginNewArgs {
    /// What to call it: a-z, 0-9 and '-', such as bot-weather
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// In Rust; so it is when nothing else is said
    #[arg(long, conflicts_with = "c")]
    pub(crate) rust: bool,
    /// In Rust, with the bot kit: commands, something that is remembered, and a
    /// test
    #[arg(long, conflicts_with = "c")]
    pub(crate) bot: bool,
    /// In C
    #[arg(long)]
    pub(crate) c: bool,
    /// Where the SDK is, for Rust [default: plugins/sdk of the source tree that
    /// this program or the current folder is in]
    #[arg(long, value_name = "DIR", conflicts_with = "c")]
    pub(crate) sdk: Option<PathBuf>,
    /// The folder in which the plugin's own is made
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// For `plugin-host`.
#[derive(Debug, Args)]
pub(crate) struct PluginHostArgs {
    /// What the plugin is called, for who lists processes
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// What is done with user interfaces.
#[derive(Debug, Subcommand)]
pub(crate) enum UiCommand {
    /// List user interfaces; one that runs is the one that is shown
    List,
    /// Let the running program show another user interface
    ///
    /// The one that is shown goes once the other is ready.
    Use(UiUseArgs),
}

/// For `ui use`.
#[derive(Debug, Args)]
pub(crate) struct UiUseArgs {
    /// terminal, web, desktop, another plugin's name, or the path of its
    /// library
    #[arg(value_name = "UI")]
    pub(crate) name: String,
}

pub(super) fn grant(text: &str) -> Result<Grant, String> {
    let names: Vec<&str> = Grant::ALL.iter().map(|grant| grant.name()).collect();
    Grant::of_name(text.trim()).ok_or_else(|| format!("it is none of {}", names.join(", ")))
}
