//! Runs a scenario with its seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use ramson_tests::world::{self, Plan, Run};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::cpu;

/// Seeds of a scenario in an ordinary run.
const SEEDS: u64 = 20;

/// A scenario of the world.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Its script; what varies between seeds comes from the generator.
    pub(crate) plan: fn(&mut StdRng) -> Plan,
    /// So many seeds run where others run [`SEEDS`]: for heavy ones fewer.
    pub(crate) seeds: u64,
}

impl Scenario {
    /// An ordinary scenario.
    pub(crate) const fn new(name: &'static str, plan: fn(&mut StdRng) -> Plan) -> Self {
        Self { name, plan, seeds: SEEDS }
    }

    fn run(&self, seed: u64, whole_log: bool) -> Result<Run, Failed> {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x005e_ed0f_7a1e_5000);
        let plan = (self.plan)(&mut rng);
        catch_unwind(AssertUnwindSafe(|| world::run(plan, seed, whole_log))).map_err(|_| {
            format!("{} panicked with {} (the panic is told above)", self.name, replay(seed)).into()
        })
    }
}

fn replay(seed: u64) -> String {
    format!("RAMSON_SEED={seed}")
}

/// The trial of a scenario.
pub(crate) fn trial(scenario: &'static Scenario) -> Trial {
    Trial::test(scenario.name, move || match number("RAMSON_SEED")? {
        Some(seed) => one(scenario, seed),
        None => all(scenario, number("RAMSON_SEEDS")?.unwrap_or(SEEDS)),
    })
}

fn number(variable: &str) -> Result<Option<u64>, Failed> {
    match std::env::var(variable) {
        Ok(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("{variable}={text} is not a number").into()),
        },
        Err(_) => Ok(None),
    }
}

#[derive(Default)]
struct Sum {
    time: Duration,
    messages: usize,
    requests: u64,
    faults: u64,
    busiest_minute: u32,
    recoveries: Vec<Duration>,
}

impl Sum {
    fn add(&mut self, run: &Run) {
        self.time += run.time;
        self.messages += run.messages;
        self.requests += run.requests;
        self.faults += run.faults;
        self.busiest_minute = self.busiest_minute.max(run.busiest_minute);
        self.recoveries.extend(run.recovery);
    }

    fn recovery(mut self) -> String {
        self.recoveries.sort_unstable();
        let at = |share: usize| self.recoveries.get((self.recoveries.len() - 1) * share / 100);
        match self.recoveries.is_empty() {
            true => String::new(),
            false => {
                let seconds = |share| at(share).map_or(0.0, Duration::as_secs_f64);
                let (half, most) = (seconds(50), seconds(100));
                format!(", sends succeeded again after {half:.1} s (median; at most {most:.1} s)")
            }
        }
    }
}

fn all(scenario: &Scenario, seeds: u64) -> Result<(), Failed> {
    let seeds = (seeds * scenario.seeds / SEEDS).max(1);
    let started = cpu::time();
    let mut sum = Sum::default();
    let mut first = None;
    for seed in 0..seeds {
        let run = scenario.run(seed, false)?;
        judge(scenario, seed, &run)?;
        first = first.or(Some(run.digest));
        sum.add(&run);
    }
    let again = scenario.run(0, false)?.digest;
    if first != Some(again) {
        let first = first.map(|digest| digest.to_string()).unwrap_or_default();
        return Err(format!("two runs of seed 0 differ: {first}, then {again}").into());
    }
    let cpu = started.zip(cpu::time()).map(|(start, end)| end.saturating_sub(start));
    let cpu = cpu.map_or("?".to_owned(), |cpu| format!("{:.1}", cpu.as_secs_f64()));
    let (time, messages) = (sum.time.as_secs(), sum.messages);
    let (requests, faults, busiest) = (sum.requests, sum.faults, sum.busiest_minute);
    let name = scenario.name;
    println!(
        "{name}: {seeds} seeds, {time} virtual s, {messages} messages, {requests} requests (at most \
         {busiest} a minute from one client), {faults} faults, {cpu} s CPU{}",
        sum.recovery()
    );
    Ok(())
}

fn judge(scenario: &Scenario, seed: u64, run: &Run) -> Result<(), Failed> {
    if run.complaints.is_empty() {
        return Ok(());
    }
    let (name, replay) = (scenario.name, replay(seed));
    let (complaints, log) = (run.complaints.join("\n"), run.log.join("\n"));
    Err(format!("{name} failed with {replay}:\n{complaints}\n\nthe last of its log:\n{log}").into())
}

/// One seed, its whole log in a file.
fn one(scenario: &Scenario, seed: u64) -> Result<(), Failed> {
    let run = scenario.run(seed, true)?;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("sim-{}-{seed}.log", scenario.name));
    std::fs::write(&file, run.log.join("\n") + "\n")
        .map_err(|why| format!("{}: {why}", file.display()))?;
    println!("{}: seed {seed}, log {} in {}", scenario.name, run.digest, file.display());
    if run.complaints.is_empty() {
        return Ok(());
    }
    Err(run.complaints.join("\n").into())
}
