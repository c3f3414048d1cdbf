//! `demo`, and `ramson` alone in a pipe: two accounts on one engine and a local
//! network in this process. One writes, a plugin answers for the other, and the
//! whole way is shown.

mod parties;
mod talk;

use std::cell::Cell;
use std::time::Duration;

use ramson_host::Host;
use ramson_system::{AccountEvent, Engine, EngineError, EngineEvent, Event, LedgerSubject};
use ramson_types::ledger::{Hops, LedgerLine, LedgerStep};
use ramson_types::message::{Message, MessageKind};
use ramson_types::{AccountId, Ed25519PublicKey, MessageId};
use ramson_wire::PluginState;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::Needs;
use crate::cli::Global;
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::lock::{Claim, claim};
use crate::network::Network;
use crate::owner::Owner;
use crate::progress::Progress;
use crate::record::{MessageRecord, Record, hex_keys};
use crate::signals::Ending;
use crate::{plugins, terminal};

pub(crate) use parties::{Parties, to_wire};

/// How long it may take in all, unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What is sent.
const TEXT: &str = "Hello, Echo! Did this come through?";

/// Runs the demo.
pub(crate) async fn run(global: &Global, console: &Console) -> Result<(), Failure> {
    if let Some(network) = global.network.as_ref().filter(|network| *network != "local") {
        let sentence = format!(
            "the demo runs on a local network of its own, not on '{network}'; leave --network \
             out, or name a command"
        );
        return Err(Failure::Usage { sentence });
    }
    let home = Home::of_demo(global.home.as_deref())?;
    let host = plugins::host(&home);
    // Nothing is made and started for nothing.
    plugins::require(&host, plugins::ECHO)?;
    home.make()?;
    let binding = home.binding(Some(Network::Local)).map_err(|failure| match failure {
        // Nobody asked for a network here.
        Failure::WrongNetwork { home, bound, .. } => Failure::NoDemoHome { home, bound },
        failure => failure,
    })?;
    let (switch, ending) = Ending::on_signals_or_switch()?;
    let lock = match claim(home.folder())? {
        Claim::Ours(lock) => lock,
        Claim::Taken(holder) => {
            let way_out = "end it, or give the demo another home with --home";
            return Err(Failure::HomeInUse { home: home.folder().to_owned(), holder, way_out });
        }
    };
    // Its nodes are on this machine, so the proxy has nothing to carry.
    let proxy = home.proxy_rule()?.proxy().cloned();
    console.say("Ramson sends a message through a network of its own, in this process.\n").await?;
    let mut progress = Progress::told(console);
    progress.step("starting nine service nodes in three swarms").await;
    let owner = Owner::start(&home, lock, &binding, proxy, Needs::Lasting, host).await?;
    owner.open_to_plugins().await;
    let (engine, host) = (owner.engine().clone(), owner.host().clone());
    let limit = global.timeout.map_or(TIMEOUT, Duration::from_secs);
    let demo = Demo { engine, host, console, limit, shown: Cell::new(false) };
    let show = async {
        tokio::select! {
            biased;
            _ = ending.wait() => demo.interrupted(),
            result = demo.run(&mut progress) => result,
        }
    };
    owner.run(show, &ending, &switch).await
}

struct Demo<'a> {
    engine: Engine,
    host: Host,
    console: &'a Console,
    limit: Duration,
    /// Whether all was shown, so that an end is no failure.
    shown: Cell<bool>,
}

/// What the demo waits for.
#[derive(Default)]
struct Seen {
    stored: Option<Record>,
    arrived: Option<Box<MessageRecord>>,
    answered: Option<Record>,
    reply: Option<Box<MessageRecord>>,
}

impl Seen {
    fn missing(&self) -> &'static str {
        match self {
            Self { stored: None, .. } => "the swarm has not stored the message",
            Self { arrived: None, .. } => "the message has not come to the other account",
            Self { answered: None, .. } => "the swarm has not stored the answer",
            Self { reply: None, .. } => "the answer has not come back",
            _ => "nothing",
        }
    }

    fn is_all(&self) -> bool {
        self.stored.is_some()
            && self.arrived.is_some()
            && self.answered.is_some()
            && self.reply.is_some()
    }

    fn take_in(&mut self, event: &Event, sent: &Message, you: &AccountId, other: &AccountId) {
        let Event::Account { seq, account, event: what } = event else { return };
        match what {
            AccountEvent::MessageStored { id, .. } if *id == sent.id => {
                self.stored = Record::stored(event);
            }
            // An answer to something older may still be on its way.
            AccountEvent::MessageStored { to, sent: at, .. }
                if account == other && to == you && *at > sent.sent =>
            {
                self.answered = Record::stored(event);
            }
            AccountEvent::MessageReceived(message)
                if message.author != *account && message.kind == MessageKind::Visible =>
            {
                let record = MessageRecord::new(Some(*seq), account, message);
                if account == other && message.sent == sent.sent {
                    self.arrived = Some(Box::new(record));
                } else if account == you && message.author == *other && message.sent > sent.sent {
                    self.reply = Some(Box::new(record));
                }
            }
            _ => {}
        }
    }
}

impl Demo<'_> {
    async fn run(&self, progress: &mut Progress) -> Result<(), Failure> {
        let parties = Parties::make(&self.engine).await?;
        parties.answer(&self.host).await?;
        let Parties { you, echo } = parties;
        self.show(you, echo, progress).await?;
        self.shown.set(true);
        if terminal::is_used() && !self.console.is_json() {
            talk::run(&self.engine, self.console, you, echo).await?;
        }
        Ok(())
    }

    /// What did not happen, and why, if it is the bot.
    fn missing(&self, seen: &Seen) -> String {
        let missing = seen.missing();
        let bot = self.host.list().into_iter().find(|plugin| plugin.name == plugins::ECHO);
        match bot.map(|bot| bot.state) {
            Some(PluginState::Failed { reason, .. } | PluginState::Retired { reason }) => {
                format!("{missing}, and the plugin '{}' failed: {reason}", plugins::ECHO)
            }
            _ => missing.to_owned(),
        }
    }

    fn interrupted(&self) -> Result<(), Failure> {
        if self.shown.get() {
            return Ok(());
        }
        Err(Failure::Interrupted { kept: "run the demo again, and it goes on".to_owned() })
    }

    async fn show(
        &self,
        you: AccountId,
        other: AccountId,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut events = self.engine.subscribe();
        let message = self.engine.send_text(&you, other, TEXT.to_owned()).await?;
        let mut seen = Seen::default();
        let waiting = async {
            while !seen.is_all() {
                match events.recv().await {
                    Ok(Event::Engine(event)) => tell(&event, progress).await,
                    Ok(event) => {
                        seen.take_in(&event, &message, &you, &other);
                        if let Event::Account {
                            event: AccountEvent::SendDelayed { reason, .. },
                            ..
                        } = &event
                        {
                            progress.step(format!("trying again: {reason}")).await;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(EngineError::Stopped.into()),
                }
            }
            Ok(())
        };
        let waited: Result<Result<(), Failure>, _> = timeout(self.limit, waiting).await;
        progress.clear();
        match waited {
            Ok(result) => result?,
            Err(_) => {
                let missing = self.missing(&seen);
                return Err(Failure::DemoStuck { seconds: self.limit.as_secs(), missing });
            }
        }
        self.tell(&you, &other, message.id, seen).await
    }

    async fn tell(
        &self,
        you: &AccountId,
        other: &AccountId,
        message: MessageId,
        seen: Seen,
    ) -> Result<(), Failure> {
        let Self { engine, console, .. } = self;
        console.say("\nTwo accounts").await?;
        for account in engine.accounts().await?.iter().filter(|a| [*you, *other].contains(&a.id)) {
            console.record(&Record::account(account)).await?;
        }
        console.say("\nThe path: three hops, and the node that stored the message").await?;
        let lines = engine.ledger(LedgerSubject::Message(message)).await?;
        if let Some((path, node)) = way(&lines, other) {
            let record = Record::Path {
                account: you.to_string(),
                hops: hex_keys(path),
                destination: Some(node.to_string()),
            };
            console.record(&record).await?;
        }
        let Seen { stored, arrived, answered, reply } = seen;
        let parts = [
            ("\nStored by echo's swarm", stored),
            ("\necho received it", arrived.map(Record::Message)),
            ("\necho's answer is stored by your swarm", answered),
            ("\nThe answer came back", reply.map(Record::Message)),
        ];
        for (heading, record) in parts {
            if let Some(record) = record {
                console.say(heading).await?;
                console.record(&record).await?;
            }
        }
        Ok(())
    }
}

/// The path of the attempt that a recipient's swarm confirmed, and the node
/// that was asked: the ledger has them right before.
fn way<'a>(lines: &'a [LedgerLine], to: &AccountId) -> Option<(&'a Hops, &'a Ed25519PublicKey)> {
    lines.windows(2).find_map(|pair| match pair {
        [
            LedgerLine { step: LedgerStep::Attempted { node, path, .. }, .. },
            LedgerLine { step: LedgerStep::Stored { to: whose, .. }, .. },
        ] if whose == to => Some((path, node)),
        _ => None,
    })
}

async fn tell(event: &EngineEvent, progress: &mut Progress) {
    match event {
        EngineEvent::PoolReady { nodes } => {
            progress.step(format!("{nodes} service nodes are known, building paths")).await;
        }
        EngineEvent::PathReady { path } => {
            progress.step(format!("a path of {} hops is ready", path.len())).await;
        }
        EngineEvent::PathFailed { reason, .. } => {
            progress.step(format!("a path failed, trying another: {reason}")).await;
        }
        EngineEvent::SeedFailed { seed, reason } => {
            progress.step(format!("the seed {seed} failed: {reason}")).await;
        }
        _ => {}
    }
}
