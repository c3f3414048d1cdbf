//! Many bots in one process, each a plugin of its own with an account of its
//! own: what one costs in memory, and whether an echo a second each is kept up.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use ramson_host::{Allowed, EngineInfo, Host, HostConfig, Limits};
use ramson_system::Engine;
use ramson_types::message::MessageState;
use ramson_types::{AccountId, ConversationId};
use ramson_wire::PluginState;
use tokio::time::{interval, sleep};

use super::network::{Author, Net};
use crate::measure::{process_cpu, resident_kib};
use crate::table::{Goal, Row};

/// Members of a swarm.
const SWARM: usize = 3;

/// Messages that are put into inboxes at the same time.
const AT_ONCE: usize = 25;

/// The last answers need a poll, and the look that finds them a second.
const KEPT_UP: Goal = Goal::AtMost(1.1);

/// Who stops answering for so long is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many bots, and for how many seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    bots: usize,
    seconds: usize,
}

impl Size {
    /// 500 for 60 s; `RAMSON_BENCH_BOTS` and `RAMSON_BENCH_BOTS_SECONDS` change it.
    fn asked() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        Self {
            bots: number("RAMSON_BENCH_BOTS").unwrap_or(500),
            seconds: number("RAMSON_BENCH_BOTS_SECONDS").unwrap_or(60),
        }
    }
}

/// All rows.
pub(super) fn rows() -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(many(Size::asked()))
}

/// The echo bot's library, built as this program is.
fn echo() -> anyhow::Result<PathBuf> {
    // This program is <target>/<profile>/deps/table-…
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).context("no profile's folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        // The bench profile's folder, too.
        Some("release") => "bench",
        other => other.context("no profile's folder")?,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "ramson-bot-echo", "--profile", profile, "--target-dir"])
        .arg(folder.parent().context("no target folder")?)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    ensure!(built.success(), "the echo bot could not be built");
    Ok(folder.join("libramson_bot_echo.so"))
}

async fn many(size: Size) -> anyhow::Result<Vec<Row>> {
    let net = Net::start(SWARM)?;
    let folder = tempfile::tempdir()?;
    let (home, copies) = (folder.path().join("home"), folder.path().join("copies"));
    std::fs::create_dir(&copies)?;
    let engine = net.shared_engine(&home).await?;
    let mut accounts = Vec::new();
    for number in 0..size.bots {
        accounts.push(engine.create_account(Some(format!("Bot {number}"))).await?.id);
    }
    let host = Host::start(HostConfig {
        home: home.clone(),
        folders: Vec::new(),
        copies,
        version: "1.0".to_owned(),
        child: ramson_host::ChildCommand::default(),
        limits: Limits::default(),
    });
    let info = EngineInfo { network: "local".to_owned(), home: home.display().to_string() };
    host.attach(engine.clone(), info).await;
    let library = echo()?;
    let decided = accounts.iter().enumerate().map(|(number, account)| {
        format!(
            "[bot-{number}]\nlibrary = {library:?}\ngrants = [\"read\", \"send\"]\n\
             accounts = [\"{account}\"]\n"
        )
    });
    std::fs::write(home.join("plugins.toml"), decided.collect::<String>())?;
    let before = resident_kib();
    for number in 0..size.bots {
        host.load(&format!("bot-{number}"), Allowed::AsDecided).await?;
    }
    settle(&host, size.bots).await?;
    let each = resident_kib().saturating_sub(before) as f64 / size.bots as f64;

    let mut author = Author::new(9);
    let (began, cpu) = (Instant::now(), process_cpu());
    let mut ticks = interval(Duration::from_secs(1));
    for _ in 0..size.seconds {
        ticks.tick().await;
        for some in accounts.chunks(AT_ONCE) {
            let sealed: Vec<_> = some
                .iter()
                .map(|id| Ok((*id, author.write(id, 1)?)))
                .collect::<anyhow::Result<_>>()?;
            try_join_all(sealed.into_iter().map(|(id, messages)| net.store(id, messages))).await?;
        }
    }
    let written = began.elapsed();
    let mut delays = answered(&engine, &accounts, author.id(), size.seconds).await?;
    let (took, used) = (began.elapsed(), process_cpu() - cpu);
    let peak = resident_kib().saturating_sub(before) as f64 / size.bots as f64;
    for plugin in host.list() {
        ensure!(plugin.state == PluginState::Running, "{} is {:?}", plugin.name, plugin.state);
        ensure!(plugin.restarts == 0, "{} was started again", plugin.name);
    }
    host.end().await;
    engine.shutdown().await;
    delays.sort_unstable();
    let at = |part: usize| delays.get(delays.len() * part / 100).copied().unwrap_or_default();
    let total = size.bots * size.seconds;
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    Ok(vec![
        Row::number("Bots", "KiB of memory for one more bot, idle", each, Goal::None)
            .note(format!("{} bots in one process; {peak:.0} KiB after the run", size.bots)),
        Row::number(
            "Bots",
            "seconds for each second of an echo a second each",
            took.as_secs_f64() / size.seconds as f64,
            KEPT_UP,
        )
        .figures(seconds(took), format!("{} s", size.seconds))
        .note(format!(
            "{total} messages, {total} answers, none lost or doubled; written in {}; {} CPU; an \
             answer after {:.1} s in the middle, {:.1} s at most for 99 of 100",
            seconds(written),
            seconds(used),
            at(50) as f64 / 1000.0,
            at(99) as f64 / 1000.0,
        )),
    ])
}

/// Waits until all bots have their snapshots.
async fn settle(host: &Host, bots: usize) -> anyhow::Result<()> {
    for _ in 0..600 {
        let plugins = host.list();
        if plugins.iter().filter(|plugin| plugin.events > 0).count() == bots {
            // Their first requests are under way.
            sleep(Duration::from_secs(1)).await;
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("not every bot has its snapshot")
}

/// Waits until every message of everybody has one answer that its swarm
/// stored; how long after it each was written, in ms.
async fn answered(
    engine: &Engine,
    accounts: &[AccountId],
    author: AccountId,
    each: usize,
) -> anyhow::Result<Vec<u64>> {
    let (mut before, mut since) = (0, Instant::now());
    loop {
        let mut delays = Vec::new();
        let mut most = 0;
        for account in accounts {
            let with = ConversationId::Account(author);
            let messages = engine.messages(account, with, 4 * each + 10).await?;
            let (own, theirs): (Vec<_>, Vec<_>) = messages
                .iter()
                .filter(|message| message.text.is_some())
                .partition(|message| message.author == *account);
            most = most.max(own.len());
            let stored = own.iter().filter(|message| message.state == MessageState::Stored);
            let pairs = stored.zip(&theirs);
            delays.extend(pairs.map(|(own, it)| own.sent.0.saturating_sub(it.sent.0)));
        }
        ensure!(most <= each, "a bot answered {most} times to {each} messages");
        if delays.len() == accounts.len() * each {
            return Ok(delays);
        }
        if delays.len() > before {
            (before, since) = (delays.len(), Instant::now());
        }
        ensure!(since.elapsed() < PATIENCE, "only {} answers came", delays.len());
        sleep(Duration::from_secs(1)).await;
    }
}
