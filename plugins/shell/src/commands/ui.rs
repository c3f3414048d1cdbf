//! `ui`: which user interfaces there are, and which one is shown.

use std::path::Path;

use super::{Context, Needs, plugin};
use crate::cli::UiCommand;
use crate::error::Failure;
use crate::plugins;
use crate::record::Record;

/// A checked command to the user interfaces of an engine.
pub(crate) enum Ui {
    List,
    Use { name: String },
}

impl Ui {
    pub(super) fn prepare(command: &UiCommand) -> Self {
        match command {
            UiCommand::List => Self::List,
            UiCommand::Use(args) => Self::Use { name: plugins::ui_name(&args.name) },
        }
    }

    pub(super) fn needs(&self) -> Needs {
        if self.only_attaches() { Needs::Lasting } else { Needs::Store }
    }

    pub(super) fn only_attaches(&self) -> bool {
        matches!(self, Self::Use { .. })
    }

    pub(super) fn asked_from(&mut self, folder: Option<&Path>) {
        if let (Self::Use { name }, Some(folder)) = (self, folder) {
            *name = plugins::from_folder(folder, name);
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let Context { host, console, .. } = context;
        match self {
            Self::List => plugin::list(host, console, true).await,
            Self::Use { name } => {
                if host.ui().is_none() {
                    return Err(Failure::NoScreen { home: context.ground.home.clone() });
                }
                plugins::show(host, name).await?;
                let shown = host.ui().unwrap_or_else(|| name.clone());
                console.record(&Record::Done { detail: format!("'{shown}' is shown") }).await
            }
        }
    }
}
