//! What is to be reached, what was measured, and the table of both.

use std::process::Command;

/// A figure to reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// Figures to reach, by case.
pub mod targets {
    use super::Target::{self, AtLeast, AtMost};

    /// Of the ceiling: answers from the cache, everything switched on.
    pub const CACHED: Target = AtLeast(0.85);
    /// Of the ceiling: a random article, cache off.
    pub const ARTICLE_SQLITE: Target = AtLeast(0.20);
    /// The same on PostgreSQL.
    pub const ARTICLE_POSTGRES: Target = AtLeast(0.08);
    /// Of the ceiling: a list of 20 cards, cache off.
    pub const LIST: Target = AtLeast(0.10);
    /// Cost with the large newsroom to cost with the small one.
    pub const FLATNESS: Target = AtMost(1.3);
    /// Of the ceiling: a mix of searches, cache off.
    pub const SEARCH: Target = AtLeast(0.03);
    /// Mean reciprocal rank of words as they stand there, however umlauts are spelt.
    pub const EXACT: Target = AtLeast(0.98);
    /// The same of inflected words.
    pub const INFLECTED: Target = AtLeast(0.80);
    /// Inflected words: the part that is among the first ten.
    pub const INFLECTED_RECALL: Target = AtLeast(0.90);
    /// Automatic related links: the part of the partners among the first five.
    pub const PARTNERS: Target = AtLeast(0.90);
    /// PUT, to the same rows written in bare transactions.
    pub const PUT: Target = AtLeast(0.5);
    /// Articles a second through the operations.
    pub const BULK_DRAFTS_SQLITE: Target = AtLeast(3_000.0);
    /// The same, live.
    pub const BULK_LIVE_SQLITE: Target = AtLeast(1_500.0);
    /// The same on PostgreSQL.
    pub const BULK_DRAFTS_POSTGRES: Target = AtLeast(1_500.0);
    /// The same on PostgreSQL, live.
    pub const BULK_LIVE_POSTGRES: Target = AtLeast(750.0);
    /// Megabytes.
    pub const MEMORY_IDLE: Target = AtMost(40.0);
    /// Megabytes.
    pub const MEMORY_FULL: Target = AtMost(150.0);
    /// Milliseconds.
    pub const START: Target = AtMost(150.0);
    /// Kilobytes.
    pub const LIST_PLAIN: Target = AtMost(25.0);
    /// Kilobytes.
    pub const LIST_BR: Target = AtMost(5.0);
    /// Seconds.
    pub const BUILD: Target = AtMost(480.0);
}

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub struct Series(pub Vec<f64>);

impl Series {
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[length / 2],
            length => (sorted[length / 2 - 1] + sorted[length / 2]) / 2.0,
        }
    }

    pub fn range(&self) -> (f64, f64) {
        let low = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    }

    /// Round by round, this to that.
    pub fn to(&self, other: &Series) -> Series {
        Series(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(this, that)| this / that)
                .collect(),
        )
    }
}

/// A line of the table.
pub struct Row {
    pub case: String,
    pub value: String,
    pub comparison: String,
    /// What is held against the target: a ratio, or the value itself.
    pub measured: Series,
    pub is_ratio: bool,
    pub target: Option<Target>,
}

/// The table.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    left_out: Vec<String>,
}

const HEAD: &str =
    "| case | value | compared with | ratio (from–to) | target | met |\n|---|--:|--:|--:|--:|:-:|";

impl Report {
    pub fn add(&mut self, row: Row) {
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// Notes what was not measured, and why.
    pub fn leave_out(&mut self, what: impl Into<String>) {
        self.left_out.push(what.into());
    }

    /// Prints everything on standard output.
    pub fn print(&self, machine: &[(String, String)]) {
        println!();
        for (name, value) in machine {
            println!("- {name}: {value}");
        }
        println!("\n{HEAD}");
        for row in &self.rows {
            println!("{}", row.line());
        }
        let judged = self.rows.iter().filter(|row| row.met().is_some()).count();
        let met = self
            .rows
            .iter()
            .filter(|row| row.met() == Some(true))
            .count();
        println!("\n{met} of {judged} targets met.");
        for what in &self.left_out {
            println!("NOT MEASURED: {what}.");
        }
    }
}

impl Row {
    fn met(&self) -> Option<bool> {
        let median = self.measured.median();
        Some(match self.target? {
            Target::AtLeast(bound) => median >= bound,
            Target::AtMost(bound) => median <= bound,
        })
    }

    fn line(&self) -> String {
        let ratio = if self.is_ratio {
            let (low, high) = self.measured.range();
            format!("{:.3} ({low:.3}–{high:.3})", self.measured.median())
        } else {
            String::new()
        };
        let target = match self.target {
            None => String::new(),
            Some(Target::AtLeast(bound)) => format!("≥ {}", number(bound)),
            Some(Target::AtMost(bound)) => format!("≤ {}", number(bound)),
        };
        let met = match self.met() {
            None => "",
            Some(true) => "yes",
            Some(false) => "**no**",
        };
        format!(
            "| {} | {} | {} | {ratio} | {target} | {met} |",
            self.case, self.value, self.comparison
        )
    }
}

/// A number as people write it: `1,234`, `12.3`, `0.85`.
pub fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}").trim_end_matches(".0").to_owned();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What this ran on.
pub fn machine() -> Vec<(String, String)> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = read("/proc/loadavg")
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    vec![
        (
            "processor".to_owned(),
            format!(
                "{}, {cores} cores",
                after(&read("/proc/cpuinfo"), "model name").unwrap_or_default()
            ),
        ),
        ("memory".to_owned(), memory),
        (
            "kernel".to_owned(),
            read("/proc/sys/kernel/osrelease").trim().to_owned(),
        ),
        ("compiler".to_owned(), rustc),
        ("load before".to_owned(), load),
    ]
}
