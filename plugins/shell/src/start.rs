//! From arguments to an exit status.

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{Cli, Command, NetworkCommand};
use crate::commands::{Context, Job, demo, localnet, network};
use crate::console::{self, Console};
use crate::control::{Outcome, Request, VERSION, attach};
use crate::error::Failure;
use crate::home::Home;
use crate::lock::{Claim, claim};
use crate::network::Network;
use crate::owner::Owner;
use crate::settings::{Proxy, ProxyRule};
use crate::signals::Ending;
use crate::{logging, record, terminal};

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
    logging::start(cli.global.verbose);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = format!("the program cannot start: {error}");
            return failed_early(&Failure::System { reason }, cli.global.json);
        }
    };
    let console = Console::here(cli.global.json, cli.global.verbose > 0);
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

fn failed_early(failure: &Failure, json: bool) -> u8 {
    if json {
        console::print_here(&record::Record::error(failure).to_json());
    }
    console::note_here(&failure.line());
    failure.status()
}

async fn carry_out(args: &[OsString], cli: &Cli, console: &Console) -> Result<u8, Failure> {
    let command = match &cli.command {
        None | Some(Command::Demo) => return demo::run(&cli.global, console).await.map(|()| 0),
        Some(Command::Localnet(args)) => return localnet::run(args, console).await.map(|()| 0),
        Some(Command::Network(NetworkCommand::Proxy(args))) => {
            return network::proxy::run(args, &cli.global, console).await.map(|()| 0);
        }
        Some(command) => command,
    };
    let ending =
        Ending::on_signals().map_err(|error| Failure::System { reason: error.to_string() })?;
    let stdin = match Job::reads_stdin(command)? {
        Some(input) => Some(input.read(&ending).await?),
        None => None,
    };
    let Some(job) = Job::prepare(command, stdin.as_ref().map(|text| text.as_str()))? else {
        return Ok(0);
    };
    let asked = cli.global.network.as_deref().map(Network::choose).transpose()?;
    let proxy = Proxy::asked(cli.global.proxy.as_deref())?;
    let home = Home::choose(cli.global.home.as_deref())?;
    if job.makes_home() {
        home.make()?;
    } else if !home.has_store() {
        return Err(Failure::NoHome { home: home.folder().to_owned() });
    }
    // Another network is refused before anything is done, here or elsewhere.
    let mut moved = home.binding(asked.clone())?.changed && home.has_store();
    if let Some(question) = job.question() {
        agree(question, &ending).await?;
    }
    let request = Request {
        version: VERSION.to_owned(),
        args: words(args),
        stdin: stdin.map(|text| text.to_string()),
        proxy: proxy.as_ref().map(|proxy| proxy.url().to_string()),
    };
    let mut waited = Duration::ZERO;
    loop {
        let holder = match claim(home.folder())? {
            Claim::Ours(lock) => {
                // Whoever had the home until now may have made it.
                let binding = home.binding(asked)?;
                let new = !home.has_store();
                let (proxy, first) = home.proxy_rule()?.for_run(proxy);
                if let Some(proxy) = proxy.as_ref().filter(|_| first) {
                    home.keep_proxy_rule(&ProxyRule::Through(proxy.clone()))?;
                    console.note(kept(proxy)).await;
                }
                let owner = Owner::start(&home, lock, &binding, proxy, job.needs()).await?;
                if new {
                    welcome(&home, &binding.network, console).await;
                }
                if new || binding.changed {
                    for warning in binding.network.warnings() {
                        console.note(format!("warning: {warning}")).await;
                    }
                }
                let context = Context {
                    engine: owner.engine().clone(),
                    ground: owner.ground().clone(),
                    console: console.clone(),
                    ending,
                    own_engine: true,
                    timeout: cli.global.timeout.map(Duration::from_secs),
                };
                return owner.run(job.run(&context), &context.ending).await.map(|()| 0);
            }
            Claim::Taken(holder) => holder,
        };
        let in_use =
            |way_out| Failure::HomeInUse { home: home.folder().to_owned(), holder, way_out };
        if cli.global.no_attach {
            return Err(in_use("leave --no-attach out, and that process carries the command out"));
        }
        if std::mem::take(&mut moved) {
            let note = "the engine that runs on this home keeps the seeds it was started with; \
                        start it again with the new network file";
            console.note(note).await;
        }
        match attach(home.folder(), &request, console, &ending).await? {
            Outcome::Done(status) => return Ok(status),
            Outcome::Interrupted => return interrupted(&job),
            // That engine does what it was started for, and ends.
            Outcome::Busy => waited = Duration::ZERO,
            Outcome::Nobody if waited >= CLAIM_TIME => {
                return Err(in_use("it does not answer; end it and try again"));
            }
            Outcome::Nobody => waited += CLAIM_EVERY,
        }
        tokio::select! {
            biased;
            _ = ending.wait() => return interrupted(&job),
            () = tokio::time::sleep(CLAIM_EVERY) => {}
        }
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
async fn welcome(home: &Home, network: &Network, console: &Console) {
    let folder = home.folder().display();
    console
        .note(format!(
            "made the home {folder} for the network {}; it is sealed, but without a passphrase: \
             whoever can read the key file {folder}/store.key can read it",
            network.describe()
        ))
        .await;
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
