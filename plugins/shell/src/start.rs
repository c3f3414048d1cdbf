//! From arguments to an exit status.

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use ramson_host::Host;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::cli::{Cli, Command, NetworkCommand, PluginCommand};
use crate::commands::{Context, Job, Needs, demo, localnet, network, plugin};
use crate::console::{self, Console};
use crate::control::{Outcome, Request, VERSION, attach};
use crate::error::Failure;
use crate::home::Home;
use crate::lock::{Claim, HomeLock, claim};
use crate::network::Network;
use crate::owner::Owner;
use crate::settings::{Proxy, ProxyRule};
use crate::signals::Ending;
use crate::{logging, plugins, record, terminal, ui};

/// How long a command waits for a home whose holder does not answer.
const CLAIM_TIME: Duration = Duration::from_secs(15);

/// How often it tries meanwhile.
const CLAIM_EVERY: Duration = Duration::from_millis(50);

/// Runs the program and gives its exit status.
pub(crate) fn run(args: Vec<OsString>) -> u8 {
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            console::print_here(error.render().to_string().trim_end());
            return 0;
        }
        Err(error) => return failed_early(&usage(&error), args.iter().any(|arg| arg == "--json")),
    };
    // Before anything is opened, and before there is another thread.
    if let Some(Command::PluginHost(_)) = cli.command {
        return match ramson_host::serve_plugin() {
            Ok(()) => 0,
            Err(_) => failed_early(&served_by_hand(), cli.global.json),
        };
    }
    match shows_ui(&cli) {
        Ok(true) => return ui::run(&cli).unwrap_or_else(|failure| failed_early(&failure, false)),
        Ok(false) => {}
        Err(failure) => return failed_early(&failure, cli.global.json),
    }
    logging::start(cli.global.verbose);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(failure) => return failed_early(&failure, cli.global.json),
    };
    // On stdout of a server there is nothing else.
    let json = cli.global.json && !is_served(&cli);
    let console = Console::here(json, cli.global.verbose > 0);
    let status = runtime.block_on(async {
        match carry_out(&args, &cli, &console).await {
            Ok(status) => status,
            Err(failure) => console.failed(&failure).await,
        }
    });
    // A thread that waits for stdin or stdout must not hold the end up.
    runtime.shutdown_background();
    status
}

/// What everything but a user interface runs on.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::System { reason: format!("the program cannot start: {error}") })
}

/// Whether a user interface is shown: where no command is given and somebody
/// is there, or where one is named.
fn shows_ui(cli: &Cli) -> Result<bool, Failure> {
    let named = cli.ui.is_some();
    if named && (cli.command.is_some() || cli.global.json) {
        let other = if cli.global.json { "--json" } else { "a command" };
        let sentence =
            format!("--ui shows a user interface, which does not go with {other}; leave one out");
        return Err(Failure::Usage { sentence });
    }
    Ok(cli.command.is_none() && !cli.global.json && (named || terminal::is_used()))
}

/// Whether stdout is that of a client.
fn is_served(cli: &Cli) -> bool {
    matches!(&cli.command, Some(Command::Rpc(args)) if args.http.is_none() && args.socket.is_none())
}

fn failed_early(failure: &Failure, json: bool) -> u8 {
    if json {
        console::print_here(&record::Record::error(failure).to_json());
    }
    console::note_here(&failure.line());
    failure.status()
}

async fn carry_out(args: &[OsString], cli: &Cli, console: &Console) -> Result<u8, Failure> {
    let global = &cli.global;
    let command = match &cli.command {
        None | Some(Command::Demo) => return demo::run(global, console).await.map(|()| 0),
        Some(Command::Localnet(args)) => return localnet::run(args, console).await.map(|()| 0),
        Some(Command::Network(NetworkCommand::Proxy(args))) => {
            return network::proxy::run(args, global, console).await.map(|()| 0);
        }
        Some(Command::Plugin(PluginCommand::Check(args))) => {
            return plugin::check(args, console).await.map(|()| 0);
        }
        Some(Command::Plugin(PluginCommand::New(args))) => {
            return plugin::new::run(args, console).await.map(|()| 0);
        }
        Some(Command::Plugin(PluginCommand::Allow(args))) => {
            return plugin::allow(args, global, console).await.map(|()| 0);
        }
        Some(command) => command,
    };
    let (switch, ending) = Ending::on_signals_or_switch()?;
    let stdin = match Job::reads_stdin(command)? {
        Some(input) => Some(input.read(&ending).await?),
        None => None,
    };
    let Some(mut job) = Job::prepare(command, stdin.as_ref().map(|text| text.as_str()))? else {
        return Ok(0);
    };
    let folder = std::env::current_dir().ok();
    job.asked_from(folder.as_deref(), None);
    let asked = global.network.as_deref().map(Network::choose).transpose()?;
    let proxy = Proxy::asked(global.proxy.as_deref())?;
    let home = Home::choose(global.home.as_deref())?;
    let host = plugins::host(&home);
    if job.makes_home() {
        home.make()?;
    } else if !home.has_store() {
        if job.needs_no_home() {
            return job.run_alone(&host, console).await.map(|()| 0);
        }
        return Err(Failure::NoHome { home: home.folder().to_owned() });
    }
    // Another network is refused before anything is done, here or elsewhere.
    let mut moved = home.binding(asked.clone())?.changed && home.has_store();
    if let Some(question) = job.question() {
        agree(question, &ending).await?;
    }
    let agreed = job.decide(&home, &host, &ending).await?;
    let request = Request {
        version: VERSION.to_owned(),
        args: words(args),
        stdin: stdin.map(|text| text.to_string()),
        proxy: proxy.as_ref().map(|proxy| proxy.url().to_string()),
        folder: folder.filter(|folder| folder.to_str().is_some()),
        agreed,
    };
    // An attempt may take long itself, so that attempts are no measure.
    let mut since = Instant::now();
    loop {
        let holder = match claim(home.folder())? {
            Claim::Ours(_) if job.only_attaches() => {
                return Err(Failure::NoEngine { home: home.folder().to_owned() });
            }
            Claim::Ours(lock) => {
                // Whoever had the home until now may have made it.
                let found = Found { home: &home, network: asked, proxy };
                let mut notes = Vec::new();
                let owner = found.start(lock, job.needs(), host, &mut notes).await;
                for note in notes {
                    console.note(note).await;
                }
                let owner = owner?;
                if job.needs() >= Needs::Polling {
                    owner.open_to_plugins().await;
                }
                let context = Context {
                    engine: owner.engine().clone(),
                    host: owner.host().clone(),
                    rpc: owner.rpc().clone(),
                    ground: owner.ground().clone(),
                    console: console.clone(),
                    ending,
                    own_engine: true,
                    timeout: global.timeout.map(Duration::from_secs),
                };
                return owner.run(job.run(&context), &context.ending, &switch).await.map(|()| 0);
            }
            Claim::Taken(holder) => holder,
        };
        let in_use =
            |way_out| Failure::HomeInUse { home: home.folder().to_owned(), holder, way_out };
        if global.no_attach {
            return Err(in_use("leave --no-attach out, and that process carries the command out"));
        }
        if std::mem::take(&mut moved) {
            let note = "the engine that runs on this home keeps the seeds it was started with; \
                        start it again with the new network file";
            console.note(note).await;
        }
        let outcome = match &job {
            Job::Rpc(rpc) if rpc.is_stdio() => rpc.pipe(home.folder(), &ending).await,
            _ => attach(home.folder(), &request, console, &ending).await,
        };
        match outcome? {
            Outcome::Done(status) => return Ok(status),
            Outcome::Interrupted => return interrupted(&job),
            // That engine does what it was started for, and ends.
            Outcome::Busy => since = Instant::now(),
            Outcome::Nobody if since.elapsed() >= CLAIM_TIME => {
                return Err(in_use("it does not answer; end it and try again"));
            }
            Outcome::Nobody => {}
        }
        tokio::select! {
            biased;
            _ = ending.wait() => return interrupted(&job),
            () = tokio::time::sleep(CLAIM_EVERY) => {}
        }
    }
}

/// A home whose lock was taken, and what its user asks for.
pub(crate) struct Found<'a> {
    pub(crate) home: &'a Home,
    pub(crate) network: Option<Network>,
    pub(crate) proxy: Option<Proxy>,
}

impl Found<'_> {
    /// Starts the engine. What its user should know is added to the notes.
    pub(crate) async fn start(
        self,
        lock: HomeLock,
        needs: Needs,
        host: Host,
        notes: &mut Vec<String>,
    ) -> Result<Owner, Failure> {
        let Self { home, network, proxy } = self;
        let binding = home.binding(network)?;
        let new = !home.has_store();
        let (proxy, first) = home.proxy_rule()?.for_run(proxy);
        if let Some(proxy) = proxy.as_ref().filter(|_| first) {
            home.keep_proxy_rule(&ProxyRule::Through(proxy.clone()))?;
            notes.push(kept(proxy));
        }
        let owner = Owner::start(home, lock, &binding, proxy, needs, host).await?;
        if new {
            notes.push(welcome(home, &binding.network));
        }
        if new || binding.changed {
            let warnings = binding.network.warnings();
            notes.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
        }
        Ok(owner)
    }
}

/// Asks before something is done that cannot be undone, where somebody types.
/// A script means what it says.
async fn agree(question: String, ending: &Ending) -> Result<(), Failure> {
    if !terminal::is_typed_on() {
        return Ok(());
    }
    if !terminal::shows_questions() {
        return Err(Failure::Unconfirmed { question });
    }
    match terminal::agrees(&question, ending).await? {
        true => Ok(()),
        false => Err(Failure::Declined),
    }
}

/// What is said to who starts by hand what an engine starts.
fn served_by_hand() -> Failure {
    let sentence = "'plugin-host' is for engines, which start it with a socket; 'ramson plugin run \
                    --untrusted' runs a plugin in a process of its own";
    Failure::Usage { sentence: sentence.to_owned() }
}

/// What is said of the first proxy that a home gets.
fn kept(proxy: &Proxy) -> String {
    format!(
        "from now on this home goes through the proxy {proxy}, with --proxy or without; 'ramson \
         network proxy' changes that"
    )
}

/// How a command ends that the user interrupted while another process had it.
fn interrupted(job: &Job) -> Result<u8, Failure> {
    if job.is_endless() {
        return Ok(0);
    }
    let kept = "what the running engine has taken in, it goes on with".to_owned();
    Err(Failure::Interrupted { kept })
}

/// What the owner of a new home should know.
fn welcome(home: &Home, network: &Network) -> String {
    let folder = home.folder().display();
    format!(
        "made the home {folder} for the network {}; it is sealed, but without a passphrase: \
         whoever can read the key file {folder}/store.key can read it",
        network.describe()
    )
}

fn words(args: &[OsString]) -> Vec<String> {
    // Text that is not UTF-8 was refused as a value already; paths stay here.
    args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The one sentence of a command line that makes no sense.
pub(crate) fn usage(error: &clap::Error) -> Failure {
    let help = "'ramson --help' shows all commands and flags";
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        || error.kind() == ErrorKind::MissingSubcommand
    {
        let commands = match error.get(ContextKind::ValidSubcommand) {
            Some(ContextValue::Strings(names)) => format!(" ({})", names.join(", ")),
            _ => String::new(),
        };
        return Failure::Usage { sentence: format!("a command is missing{commands}; {help}") };
    }
    let text = error.render().to_string();
    let paragraph: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let sentence = paragraph.join(" ");
    let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
    Failure::Usage { sentence: format!("{sentence}; {help}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(args: &[&str]) -> String {
        usage(&Cli::try_parse_from(args).unwrap_err()).to_string()
    }

    #[test]
    fn a_user_interface_goes_with_nothing_else() {
        let shows = |args: &[&str]| shows_ui(&Cli::try_parse_from(args).unwrap());
        assert!(shows(&["ramson", "--ui", "web"]).unwrap());
        assert!(!shows(&["ramson", "demo"]).unwrap());
        assert!(!shows(&["ramson", "--json"]).unwrap());
        for args in [&["ramson", "--ui", "web", "run"][..], &["ramson", "--ui", "web", "--json"]] {
            assert_eq!(shows(args).unwrap_err().kind(), "Usage", "{args:?}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_line() {
        let cases: [(&[&str], &str); 4] = [
            (&["ramson", "send"], "--to <ID|NAME>"),
            (&["ramson", "sned"], "'sned'"),
            (&["ramson", "listen", "--count", "many"], "'many'"),
            (&["ramson", "account"], "(create, restore, list, show, remove)"),
        ];
        for (args, part) in cases {
            let sentence = sentence(args);
            assert!(sentence.contains(part), "{sentence}");
            assert!(!sentence.contains('\n'), "{sentence}");
            assert!(!sentence.starts_with("error"), "{sentence}");
        }
    }
}
