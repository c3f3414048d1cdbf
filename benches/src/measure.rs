//! CPU clocks, rounds and what is said about them.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

fn clock(id: ClockId) -> Duration {
    let time = clock_gettime(id);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time of the calling thread so far.
pub fn thread_cpu() -> Duration {
    clock(ClockId::ThreadCPUTime)
}

/// CPU time of all threads of this process so far, user and kernel.
pub fn process_cpu() -> Duration {
    clock(ClockId::ProcessCPUTime)
}

/// Thread CPU in ns of one call of `work`, from `times` calls.
pub fn ns_per_call(times: u32, mut work: impl FnMut()) -> f64 {
    let before = thread_cpu();
    for _ in 0..times {
        work();
    }
    ns(thread_cpu() - before) / f64::from(times)
}

/// As a number of ns.
pub fn ns(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Median and quartiles.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// A quarter lies below.
    pub low: f64,
    /// Half lies below.
    pub median: f64,
    /// A quarter lies above.
    pub high: f64,
}

impl Spread {
    /// Of these values; zeros if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * values.len().saturating_sub(1) as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            let get = |at: usize| values.get(at).copied().unwrap_or(0.0);
            get(below) + (get(above) - get(below)) * place.fract()
        };
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }
}

/// Ours and the floor's ns per operation, round by round.
#[derive(Debug, Clone, Default)]
pub struct Rounds(Vec<(f64, f64)>);

impl Rounds {
    /// Adds a round.
    pub fn push(&mut self, ours: f64, floor: f64) {
        self.0.push((ours, floor));
    }

    /// Ours.
    pub fn ours(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, _)| *ours))
    }

    /// The floor's.
    pub fn floor(&self) -> Spread {
        Spread::of(self.0.iter().map(|(_, floor)| *floor))
    }

    /// The ratio of each round, and then its median.
    pub fn ratio(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, floor)| ours / floor))
    }
}

/// The machine's load over the last minute.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

/// Resident memory that is this process's own, in KiB.
pub fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// How often threads of this process gave up the processor to wait, so far:
/// each was woken by somebody as often.
pub fn waits() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok())
        .filter_map(|status| {
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.and_then(|count| count.trim().parse::<u64>().ok())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_the_values() {
        let spread = Spread::of([5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((spread.low, spread.median, spread.high), (2.0, 3.0, 4.0));
        let mut rounds = Rounds::default();
        for (ours, floor) in [(10.0, 10.0), (30.0, 10.0), (20.0, 10.0)] {
            rounds.push(ours, floor);
        }
        assert_eq!(rounds.ratio().median, 2.0);
    }

    #[test]
    fn clocks_go_on() {
        let (thread, process) = (thread_cpu(), process_cpu());
        let mut sum = 0_u64;
        // The process's time is told in ticks, so it lags by some.
        while thread_cpu() - thread < Duration::from_millis(40) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(process_cpu() - process >= Duration::from_millis(20));
    }
}
