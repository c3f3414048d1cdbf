//! The commands: one file for each. A [`Job`] is a command whose arguments
//! were checked; it runs on the engine of its home, wherever that runs.

mod account;
mod act;
mod conversations;
pub(crate) mod demo;
mod ledger;
mod listen;
pub(crate) mod localnet;
mod messages;
pub(crate) mod network;
mod peer;
pub(crate) mod plugin;
mod reach;
mod resolve;
mod rpc;
mod send;
pub(crate) mod trace;
mod ui;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ramson_host::Host;
use ramson_rpc::Server;
use ramson_system::Engine;
use ramson_types::AccountId;
use ramson_wire::GrantSet;

use crate::cli::{AccountCommand, Command, NetworkCommand};
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::input::Input;
use crate::network::Network;
use crate::settings::Proxy;
use crate::signals::Ending;

pub(crate) use account::display_name;

/// What an engine runs on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) home: PathBuf,
    pub(crate) network: Network,
    pub(crate) proxy: Option<Proxy>,
}

/// What a command acts on.
pub(crate) struct Context {
    pub(crate) engine: Engine,
    /// The engine's plugins.
    pub(crate) host: Host,
    /// What serves bots of other processes.
    pub(crate) rpc: Server,
    pub(crate) ground: Arc<Ground>,
    pub(crate) console: Console,
    pub(crate) ending: Ending,
    /// The engine was started for this command.
    pub(crate) own_engine: bool,
    /// As `--timeout` says, if it says anything.
    pub(crate) timeout: Option<Duration>,
}

impl Context {
    /// The account that is meant: the one asked for, else the home's only one.
    pub(crate) async fn account(
        &self,
        asked: Option<AccountId>,
        flag: &'static str,
    ) -> Result<AccountId, Failure> {
        let accounts = self.engine.accounts().await?;
        match (asked, accounts.as_slice()) {
            (Some(id), accounts) if accounts.iter().any(|account| account.id == id) => Ok(id),
            (Some(id), _) => Err(Failure::NoSuchAccount { id }),
            (None, [only]) => Ok(only.id),
            (None, []) => Err(Failure::NoAccount { home: self.ground.home.clone() }),
            (None, several) => Err(Failure::SeveralAccounts {
                home: self.ground.home.clone(),
                count: several.len(),
                flag,
            }),
        }
    }
}

/// What a command needs of an engine; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// The store.
    Store,
    /// Service nodes.
    Network,
    /// Accounts that are polled, for as long as the command runs.
    Polling,
    /// The same, in an engine that goes on until it is told to end.
    Lasting,
}

/// A command that is ready to run.
pub(crate) enum Job {
    Account(account::Account),
    Act(act::Job),
    Send(send::Send),
    Listen(listen::Listen),
    Conversations(conversations::Conversations),
    Messages(messages::Messages),
    Trace(trace::Trace),
    Ledger(ledger::Ledger),
    Resolve(resolve::Resolve),
    NetworkStatus(network::Status),
    Plugin(plugin::Plugin),
    Ui(ui::Ui),
    Rpc(rpc::Rpc),
}

impl Job {
    /// Checks a command's arguments and what it read from stdin; nothing is
    /// done yet. `None` for commands that need no home's engine.
    pub(crate) fn prepare(command: &Command, stdin: Option<&str>) -> Result<Option<Self>, Failure> {
        Ok(Some(match command {
            Command::Account(args) => Self::Account(account::Account::prepare(args, stdin)?),
            Command::Send(args) => Self::Send(send::Send::prepare(args, stdin)?),
            Command::Reply(args) => Self::Send(send::Send::reply(args, stdin)?),
            Command::React(args) => Self::Act(act::Job::react(args)?),
            Command::Delete(args) => Self::Act(act::Job::delete(args)?),
            Command::Read(args) => Self::Act(act::Job::read(args)?),
            Command::Expire(args) => Self::Act(act::Job::expire(args)?),
            Command::Set(args) => Self::Act(act::Job::set(args)?),
            Command::Profile(args) => Self::Act(act::Job::profile(args)?),
            Command::Contact(command) => Self::Act(act::Job::contact(command)?),
            Command::Requests(args) => Self::Act(act::Job::requests(args)?),
            Command::Listen(args) => Self::Listen(listen::Listen::prepare(args)?),
            Command::Run => Self::Listen(listen::Listen::silent()),
            Command::Conversations(args) => {
                Self::Conversations(conversations::Conversations::prepare(args)?)
            }
            Command::Messages(args) => Self::Messages(messages::Messages::prepare(args)?),
            Command::Trace(args) => Self::Trace(trace::Trace::prepare(args)?),
            Command::Ledger(command) => Self::Ledger(ledger::Ledger::new(*command)),
            Command::Resolve(args) => Self::Resolve(resolve::Resolve::prepare(args)?),
            Command::Network(NetworkCommand::Status(args)) => {
                Self::NetworkStatus(network::Status::prepare(args)?)
            }
            Command::Plugin(command) => match plugin::Plugin::prepare(command)? {
                Some(job) => Self::Plugin(job),
                None => return Ok(None),
            },
            Command::Ui(command) => Self::Ui(ui::Ui::prepare(command)),
            Command::Rpc(args) => Self::Rpc(rpc::Rpc::prepare(args)?),
            Command::Network(NetworkCommand::Proxy(_))
            | Command::Localnet(_)
            | Command::PluginHost(_)
            | Command::Demo => return Ok(None),
        }))
    }

    /// What a command reads from stdin, if it does. What else is wrong with it
    /// is told before the user types.
    pub(crate) fn reads_stdin(command: &Command) -> Result<Option<Input>, Failure> {
        match command {
            Command::Send(args) if args.text.is_none() && args.invite.is_none() => {
                send::Send::prepare(args, None).map(|_| Some(Input::Text))
            }
            Command::Reply(args) if args.text.is_none() => {
                send::Send::reply(args, None).map(|_| Some(Input::Text))
            }
            Command::Account(AccountCommand::Restore(args)) => {
                account::name(args).map(|_| Some(Input::Phrase))
            }
            _ => Ok(None),
        }
    }

    /// What it needs of the engine.
    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Send(_) | Self::Resolve(_) | Self::NetworkStatus(_) => Needs::Network,
            Self::Messages(job) => job.needs(),
            // What is told to other devices has to know what they told.
            Self::Act(job) if !job.only_reads() => Needs::Polling,
            Self::Account(job) if job.fetches() => Needs::Polling,
            Self::Listen(_) | Self::Rpc(_) => Needs::Lasting,
            Self::Plugin(job) => job.needs(),
            Self::Ui(job) => job.needs(),
            _ => Needs::Store,
        }
    }

    /// Whether it goes on until it is told to end.
    pub(crate) fn is_endless(&self) -> bool {
        matches!(self, Self::Listen(_) | Self::Rpc(_))
    }

    /// Whether it is for an engine that runs already: it starts none.
    pub(crate) fn only_attaches(&self) -> bool {
        match self {
            Self::Plugin(job) => job.only_attaches(),
            Self::Ui(job) => job.only_attaches(),
            _ => false,
        }
    }

    /// Whether there is something to do without a home.
    pub(crate) fn needs_no_home(&self) -> bool {
        matches!(self, Self::Plugin(plugin::Plugin::List) | Self::Ui(ui::Ui::List))
    }

    /// Tells in which folder its paths begin, and what its user agreed to.
    pub(crate) fn asked_from(&mut self, folder: Option<&Path>, agreed: Option<GrantSet>) {
        match self {
            Self::Plugin(job) => job.asked_from(folder, agreed),
            Self::Ui(job) => job.asked_from(folder),
            Self::Rpc(job) => job.asked_from(folder),
            _ => {}
        }
    }

    /// Asks what has to be decided before it is done, here or elsewhere; what
    /// its user agreed to.
    pub(crate) async fn decide(
        &mut self,
        home: &Home,
        host: &Host,
        ending: &Ending,
    ) -> Result<Option<GrantSet>, Failure> {
        match self {
            Self::Plugin(job) => job.decide(home, host, ending).await,
            _ => Ok(None),
        }
    }

    /// Does what can be done without a home.
    pub(crate) async fn run_alone(&self, host: &Host, console: &Console) -> Result<(), Failure> {
        match self {
            Self::Plugin(_) => plugin::list(host, console, false).await,
            Self::Ui(_) => plugin::list(host, console, true).await,
            _ => Ok(()),
        }
    }

    /// Whether it makes the home where there is none.
    pub(crate) fn makes_home(&self) -> bool {
        match self {
            Self::Account(account) => account.makes_home(),
            // Its client may make the first account.
            Self::Rpc(_) => true,
            _ => false,
        }
    }

    /// What its user has to agree to, if anything.
    pub(crate) fn question(&self) -> Option<String> {
        match self {
            Self::Account(account) => account.question(),
            _ => None,
        }
    }

    /// Does it.
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Account(job) => job.run(context).await,
            Self::Act(job) => job.run(context).await,
            Self::Send(job) => job.run(context).await,
            Self::Listen(job) => job.run(context).await,
            Self::Conversations(job) => job.run(context).await,
            Self::Messages(job) => job.run(context).await,
            Self::Trace(job) => job.run(context).await,
            Self::Ledger(job) => job.run(context).await,
            Self::Resolve(job) => job.run(context).await,
            Self::NetworkStatus(job) => job.run(context).await,
            Self::Plugin(job) => job.run(context).await,
            Self::Ui(job) => job.run(context).await,
            Self::Rpc(job) => job.run(context).await,
        }
    }
}

/// Reads the Account ID of a flag.
fn account_id(text: Option<&String>) -> Result<Option<AccountId>, Failure> {
    Ok(text.map(|text| AccountId::parse_account(text)).transpose()?)
}
