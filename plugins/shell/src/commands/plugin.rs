//! `plugin`: what is known of plugins, and what is done to them.
//!
//! | file | what |
//! |---|---|
//! | `decide` | what a plugin may do, as its user says |
//! | `new` | a plugin to begin with |

mod decide;
pub(crate) mod new;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ramson_host::{Host, HostError};
use ramson_wire::{GrantSet, PluginState};
use tokio::time::sleep;

use super::{Context, Needs};
use crate::cli::{CheckArgs, PluginCommand};
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::plugins;
use crate::record::{CheckRecord, PluginRecord, Record};
use crate::signals::Ending;

use decide::Decision;

pub(crate) use decide::allow;

/// How often it is looked whether a plugin still runs.
const LOOK: Duration = Duration::from_millis(500);

/// A checked command to the plugins of an engine.
pub(crate) enum Plugin {
    List,
    Run { name: String, decision: Decision },
    Stop { name: String },
    Swap { name: String },
}

impl Plugin {
    /// `None` for what needs no engine.
    pub(super) fn prepare(command: &PluginCommand) -> Result<Option<Self>, Failure> {
        Ok(Some(match command {
            PluginCommand::List => Self::List,
            PluginCommand::Run(args) => {
                Self::Run { name: args.name.clone(), decision: Decision::read(&args.decision)? }
            }
            PluginCommand::Stop(args) => Self::Stop { name: args.name.clone() },
            PluginCommand::Swap(args) => Self::Swap { name: args.name.clone() },
            PluginCommand::Check(_) | PluginCommand::Allow(_) | PluginCommand::New(_) => {
                return Ok(None);
            }
        }))
    }

    pub(super) fn needs(&self) -> Needs {
        if matches!(self, Self::List) { Needs::Store } else { Needs::Lasting }
    }

    pub(super) fn only_attaches(&self) -> bool {
        matches!(self, Self::Stop { .. } | Self::Swap { .. })
    }

    pub(super) fn asked_from(&mut self, folder: Option<&Path>, agreed: Option<GrantSet>) {
        let Self::Run { name, decision } = self else { return };
        if let Some(folder) = folder {
            *name = plugins::from_folder(folder, name);
        }
        if let Some(grants) = agreed {
            decision.agree(grants);
        }
    }

    pub(super) async fn decide(
        &mut self,
        home: &Home,
        host: &Host,
        ending: &Ending,
    ) -> Result<Option<GrantSet>, Failure> {
        match self {
            Self::Run { name, decision } => decision.ask(name, home, host, ending).await,
            _ => Ok(None),
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let Context { host, console, .. } = context;
        match self {
            Self::List => list(host, console, false).await,
            Self::Run { name, decision } => {
                let plugin = decision.load(name, context).await?;
                let name = plugin.name.clone();
                console.record(&Record::Plugin(Box::new(PluginRecord::new(&plugin)))).await?;
                match context.own_engine {
                    true => stay(&name, context).await,
                    false => Ok(()),
                }
            }
            Self::Stop { name } => {
                host.stop(name).await?;
                let stopped = find(host, name)?;
                console.record(&Record::Plugin(Box::new(PluginRecord::new(&stopped)))).await
            }
            Self::Swap { name } => {
                let plugin = host.swap(name).await?;
                console.record(&Record::Plugin(Box::new(PluginRecord::new(&plugin)))).await
            }
        }
    }
}

/// The plugin of a name, as it is now.
fn find(host: &Host, name: &str) -> Result<ramson_wire::Plugin, Failure> {
    let found = host.list().into_iter().find(|plugin| plugin.name == name);
    found.ok_or_else(|| HostError::NotLoaded { name: name.to_owned() }.into())
}

/// Goes on until it is told to end, until the plugin is given up, or until it
/// is stopped and no other plugin needs the engine.
async fn stay(name: &str, context: &Context) -> Result<(), Failure> {
    let mut idle = false;
    loop {
        tokio::select! {
            biased;
            _ = context.ending.wait() => return Ok(()),
            () = sleep(LOOK) => {}
        }
        let was_idle = idle;
        idle = match find(&context.host, name)?.state {
            PluginState::Retired { reason } => {
                return Err(Failure::PluginRetired { name: name.to_owned(), reason });
            }
            PluginState::Stopped => !context.host.list().iter().any(|it| needs_engine(&it.state)),
            _ => false,
        };
        // Whoever stops it may run it anew at once.
        if idle && was_idle {
            return Ok(());
        }
    }
}

fn needs_engine(state: &PluginState) -> bool {
    match state {
        PluginState::Available
        | PluginState::Stopped
        | PluginState::Refused { .. }
        | PluginState::Retired { .. } => false,
        PluginState::Starting
        | PluginState::Running
        | PluginState::Unresponsive
        | PluginState::Stopping
        | PluginState::Failed { .. } => true,
    }
}

/// Prints the plugins that there are, or the user interfaces among them.
pub(super) async fn list(host: &Host, console: &Console, uis: bool) -> Result<(), Failure> {
    for plugin in host.list().iter().filter(|plugin| plugin.ui || !uis) {
        console.record(&Record::Plugin(Box::new(PluginRecord::new(plugin)))).await?;
    }
    if let Some(error) = host.decisions_error() {
        console.note(format!("{error}; mend it: no plugin has what it decides until then")).await;
    }
    let folders = plugins::folders();
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    console.say(format!("searched: {}", folders.join(", "))).await
}

/// `plugin check`.
pub(crate) async fn check(args: &CheckArgs, console: &Console) -> Result<(), Failure> {
    let path: PathBuf =
        std::path::absolute(&args.path).map_err(|error| Failure::file(&args.path, error))?;
    let report = ramson_host::check(&path);
    let (good, problems) = (report.is_good(), report.problems.join("; "));
    console.record(&Record::Check(Box::new(CheckRecord::new(report)))).await?;
    match good {
        true => Ok(()),
        false => Err(Failure::BadPlugin { path, problems }),
    }
}
