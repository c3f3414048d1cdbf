//! Bots that are killed at random moments, again and again, while messages
//! come in: each message is counted once, and answered once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ramson_codec::network_file::NetworkFile;
use ramson_system::{Engine, EngineConfig, NetworkConfig};
use ramson_types::{AccountId, ConversationId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::program::{Place, Running, ramson};
use crate::support::PATIENCE;

/// Messages in all; `RAMSON_LOAD_BOT_MESSAGES` changes it.
fn messages() -> usize {
    std::env::var("RAMSON_LOAD_BOT_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// A kill for so many messages.
const EVERY: usize = 10;

/// Accounts that write.
const SENDERS: usize = 20;

/// The library of the bot that counts, beside the program.
fn library() -> PathBuf {
    let folder = ramson_tests::built(&["ramson-trial-bot"]);
    assert!(ramson().starts_with(&folder));
    folder.join("libramson_trial_bot.so")
}

/// People who write to a bot, in this process, and a home for the bot.
struct Town {
    place: Place,
    people: Engine,
    ids: Vec<AccountId>,
    bot: AccountId,
    _network: Running,
    _home: tempfile::TempDir,
}

impl Town {
    async fn new() -> Self {
        let place = Place::new();
        let network = place.network();
        let bot = place.account("bot", "net.toml");
        let home = tempfile::tempdir().unwrap();
        let file = std::fs::read_to_string(place.path("net.toml")).unwrap();
        let file = NetworkConfig::of_file(&NetworkFile::parse(&file).unwrap());
        let people = Engine::start(EngineConfig::new(home.path().to_owned(), file)).await.unwrap();
        let mut ids = Vec::new();
        for number in 0..SENDERS {
            ids.push(people.create_account(Some(format!("sender {number}"))).await.unwrap().id);
        }
        let bot = AccountId::parse_account(&bot).unwrap();
        Self { place, people, ids, bot, _network: network, _home: home }
    }

    /// Writes all messages, while `kill` is called once for every ten of them.
    async fn write(&self, mut kill: impl AsyncFnMut(usize)) {
        for number in 0..messages() {
            let from = self.ids[number % SENDERS];
            let text = format!("message {number}");
            self.people.send_text(&from, self.bot, text).await.unwrap();
            if number % EVERY == 0 {
                kill(number / EVERY).await;
            }
        }
    }

    /// The bot's answers to everybody, as often as each came.
    async fn answers(&self) -> BTreeMap<String, usize> {
        let mut answers = BTreeMap::new();
        for id in &self.ids {
            let with = ConversationId::Account(self.bot);
            for message in self.people.messages(id, with, 1_000_000).await.unwrap() {
                if let Some(text) = message.text.filter(|_| message.author == self.bot) {
                    *answers.entry(text).or_default() += 1;
                }
            }
        }
        answers
    }

    /// How many the bot says that it counted: the first such answer of at least
    /// that many.
    async fn count(&self, least: usize) -> usize {
        self.people.send_text(&self.ids[0], self.bot, "count".to_owned()).await.unwrap();
        let counted = async {
            loop {
                let answers = self.answers().await;
                let mut counts = answers.keys().filter_map(|text| text.parse::<usize>().ok());
                if let Some(count) = counts.find(|count| *count >= least) {
                    return count;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, counted).await.expect("the bot counts")
    }

    /// Waits until everybody has an answer to everything, and looks whether it
    /// is one each, and counted once.
    async fn check(&self, seed: u64, kills: usize) {
        let mut before = 0;
        let mut patience = 0;
        let answers = loop {
            let answers = self.answers().await;
            if answers.len() > messages() || patience > 300 {
                break answers;
            }
            patience = if answers.len() == before { patience + 1 } else { 0 };
            before = answers.len();
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        // What is doubled would come now.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let counted = self.count(1).await;
        println!(
            "seed {seed}: {kills} kills during {} messages; {} answers, {counted} counted",
            messages(),
            answers.len() - 1,
        );
        let mut numbers = Vec::new();
        let mut answered: BTreeMap<&str, usize> = BTreeMap::new();
        for (text, times) in answers.iter().filter(|(text, _)| text.parse::<usize>().is_err()) {
            let (number, what) = text.split_once(": ").expect("an answer");
            numbers.push(number.parse::<usize>().unwrap());
            *answered.entry(what).or_default() += times;
        }
        numbers.sort_unstable();
        for number in 0..messages() {
            let text = format!("message {number}");
            assert_eq!(answered.get(text.as_str()), Some(&1), "answers to '{text}'");
        }
        assert_eq!(numbers, (1..=messages()).collect::<Vec<_>>(), "each has its number");
        assert_eq!(counted, messages());
    }
}

fn seed() -> u64 {
    std::env::var("RAMSON_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(17)
}

#[tokio::test]
async fn a_bot_whose_process_is_killed_counts_and_answers_everything_once() {
    let town = Town::new().await;
    let library = library().display().to_string();
    let allow = ["--home", "bot", "plugin", "allow", &library, "--yes", "--start"];
    town.place.run(&allow).done();
    let mut rng = StdRng::seed_from_u64(seed());
    let mut engine = town.place.engine("bot");
    // What comes while it starts for the first time is for it, too.
    assert_eq!(town.count(0).await, 0);
    let mut kills = 0;
    town.write(async |_| {
        // At a random moment of its work, or of its start.
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..250))).await;
        engine.kill_now();
        engine = town.place.engine("bot");
        kills += 1;
    })
    .await;
    town.check(seed(), kills).await;
}

/// The bot in Python, in a process of its own, on the engine of a home.
struct Python(Child);

impl Python {
    fn start(home: &Path) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/rpc/python/examples");
        let child = Command::new("python3")
            .arg(format!("{folder}/counter.py"))
            .arg(home)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is there");
        Self(child)
    }

    /// Waits until it hears of what comes.
    fn ready(&mut self) {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_bot_in_python_counts_and_answers_everything_once_whatever_is_killed() {
    let town = Town::new().await;
    let home = town.place.path("bot");
    let mut rng = StdRng::seed_from_u64(seed());
    let mut engine = town.place.engine("bot");
    let mut bot = Python::start(&home);
    bot.ready();
    assert_eq!(town.count(0).await, 0);
    let mut kills = 0;
    town.write(async |_| {
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..250))).await;
        // One of them, or both.
        let which = rng.random_range(0..3);
        if which != 0 {
            engine.kill_now();
        }
        if which != 1 {
            drop(std::mem::replace(&mut bot, Python::start(&home)));
        }
        if which != 0 {
            engine = town.place.engine("bot");
        }
        kills += 1;
    })
    .await;
    town.check(seed(), kills).await;
}
