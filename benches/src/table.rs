//! Rows and how they are printed.

use serde_json::json;

use crate::measure::{Rounds, Spread, load};

/// What a number must be for the goal to be met.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// At most this.
    AtMost(f64),
    /// Above this, or the whole run is void.
    Control(f64),
    /// None: for orientation.
    None,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The goal's number.
    pub goal: &'static str,
    /// What is measured against what.
    pub what: String,
    /// Ours, with its unit.
    pub ours: String,
    /// The floor or peer, with its unit.
    pub floor: String,
    /// The number that the goal is about.
    pub ratio: Spread,
    /// What it must be.
    pub limit: Goal,
    /// Rounds measured.
    pub rounds: usize,
    /// Load of the machine when it ended.
    pub load: f64,
    /// What else was counted.
    pub note: String,
}

impl Row {
    /// A row of rounds, in µs per operation.
    pub fn of(goal: &'static str, what: &str, rounds: &Rounds, count: usize, limit: Goal) -> Self {
        let micros = |spread: Spread| format!("{:.1} us", spread.median / 1000.0);
        Self {
            goal,
            what: what.to_owned(),
            ours: micros(rounds.ours()),
            floor: micros(rounds.floor()),
            ratio: rounds.ratio(),
            limit,
            rounds: count,
            load: load(),
            note: String::new(),
        }
    }

    /// A row of one number that is no ratio of times.
    pub fn number(goal: &'static str, what: &str, value: f64, limit: Goal) -> Self {
        Self {
            goal,
            what: what.to_owned(),
            ours: String::new(),
            floor: String::new(),
            ratio: Spread { low: value, median: value, high: value },
            limit,
            rounds: 1,
            load: load(),
            note: String::new(),
        }
    }

    /// With ours and floor spelled out.
    pub fn figures(self, ours: String, floor: String) -> Self {
        Self { ours, floor, ..self }
    }

    /// With a note.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Met, missed, or what it is.
    pub fn verdict(&self) -> &'static str {
        let value = self.ratio.median;
        match self.limit {
            Goal::AtMost(limit) if value <= limit => "met",
            Goal::AtMost(_) => "MISSED",
            Goal::Control(least) if value > least => "control holds",
            Goal::Control(_) => "CONTROL FAILS",
            Goal::None => "-",
        }
    }

    fn goal_text(&self) -> String {
        match self.limit {
            Goal::AtMost(limit) => format!("<= {limit:.2}"),
            Goal::Control(least) => format!("> {least:.2}"),
            Goal::None => "-".to_owned(),
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "goal": self.goal,
            "what": self.what,
            "ours": self.ours,
            "floor": self.floor,
            "ratio": self.ratio.median,
            "quartiles": [self.ratio.low, self.ratio.high],
            "limit": self.goal_text(),
            "verdict": self.verdict(),
            "rounds": self.rounds,
            "load": self.load,
            "note": self.note,
        })
    }
}

/// Prints all rows; tells whether the run counts.
pub fn print(rows: &[Row], as_json: bool) -> bool {
    let valid = rows.iter().all(|row| row.verdict() != "CONTROL FAILS");
    if as_json {
        for row in rows {
            println!("{}", row.json());
        }
        println!("{}", json!({ "valid": valid, "processors": processors() }));
        return valid;
    }
    let head =
        ["goal", "what", "ours", "floor/peer", "ratio", "quartiles", "goal", "verdict", "load"];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        [
            row.goal.to_owned(),
            row.what.clone(),
            row.ours.clone(),
            row.floor.clone(),
            format!("{:.2}", row.ratio.median),
            format!("{:.2}..{:.2}", row.ratio.low, row.ratio.high),
            row.goal_text(),
            row.verdict().to_owned(),
            format!("{:.1}", row.load),
        ]
    }));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        if let Some(row) = number.checked_sub(1).and_then(|at| rows.get(at))
            && !row.note.is_empty()
        {
            println!("      {}", row.note);
        }
    }
    println!("\n{} processors; load is that of the last minute when the row ended", processors());
    if !valid {
        println!("THIS RUN IS VOID: the negative control did not come out");
    }
    valid
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}
