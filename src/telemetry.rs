//! Log lines and metrics.

use std::io::IsTerminal;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::config::{LogFormat, Settings};
use crate::error::{Result, internal};

/// Starts logging to standard error.
pub fn start(settings: &Settings) -> Result<()> {
    // What the framework says about itself is worth a line only when asked for.
    let filter: Targets = format!("actix_server=warn,{}", settings.log)
        .parse()
        .map_err(|error| internal(format!("LOG: {error}")))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match settings.log_format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .try_init()
        .map_err(internal)
}

/// The labels of a request. The route is the pattern, never the address, so
/// that their number has a bound.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Request {
    /// The method as sent, in so far as it is one of the usual ones.
    pub method: &'static str,
    /// The route's pattern.
    pub route: &'static str,
    /// The answer's status.
    pub status: u16,
}

/// The labels of a duration.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Route {
    /// The route's pattern.
    pub route: &'static str,
}

/// Counters and histograms, all under `perspektive_`.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    /// Answers that were in the cache.
    pub cache_hits: Counter,
    /// Answers that had to be made.
    pub cache_misses: Counter,
    /// Answers served while nobody could tell whether they are still right.
    pub cache_stale: Counter,
    cache_bytes: Gauge,
    cache_answers: Gauge,
    staleness: Gauge,
    search_lag: Gauge,
    search_articles: Gauge,
    resident: Gauge<i64>,
    started: Gauge<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("perspektive"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| {
                Histogram::new([
                    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 10.0,
                ])
            }),
            cache_hits: Counter::default(),
            cache_misses: Counter::default(),
            cache_stale: Counter::default(),
            cache_bytes: Gauge::default(),
            cache_answers: Gauge::default(),
            staleness: Gauge::default(),
            search_lag: Gauge::default(),
            search_articles: Gauge::default(),
            resident: Gauge::default(),
            started: Gauge::default(),
        };
        let m = &mut metrics;
        let r = &mut m.registry;
        r.register("http_requests", "Requests answered", m.requests.clone());
        r.register(
            "http_request_duration_seconds",
            "From the first byte read to the answer made",
            m.durations.clone(),
        );
        r.register(
            "cache_hits",
            "Public answers that were in the cache",
            m.cache_hits.clone(),
        );
        r.register(
            "cache_misses",
            "Public answers that had to be made",
            m.cache_misses.clone(),
        );
        r.register(
            "cache_stale",
            "Public answers served while the database was away",
            m.cache_stale.clone(),
        );
        r.register(
            "cache_bytes",
            "Bytes held by the cache",
            m.cache_bytes.clone(),
        );
        r.register(
            "cache_answers",
            "Answers held by the cache",
            m.cache_answers.clone(),
        );
        r.register(
            "change_log_staleness_seconds",
            "Seconds since the change log was last read",
            m.staleness.clone(),
        );
        r.register(
            "search_index_lag_entries",
            "Entries of the change log that the search index doesn't hold yet",
            m.search_lag.clone(),
        );
        r.register(
            "search_index_articles",
            "Articles in the search index",
            m.search_articles.clone(),
        );
        r.register(
            "resident_memory_bytes",
            "Resident memory of the process",
            m.resident.clone(),
        );
        r.register(
            "start_time_seconds",
            "When the process started, in seconds since 1970",
            m.started.clone(),
        );
        m.started.set((crate::db::Time::now().0 / 1_000_000) as u64);
        metrics
    }
}

impl Metrics {
    /// Counts a request.
    pub fn observe(&self, method: &'static str, route: &'static str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&Request {
                method,
                route,
                status,
            })
            .inc();
        self.durations
            .get_or_create(&Route { route })
            .observe(took.as_secs_f64());
    }

    /// Notes how the search index stands: the articles that it holds, and how many
    /// entries of the log it is behind.
    pub fn search_index(&self, articles: u64, behind: i64) {
        self.search_articles.set(articles as i64);
        self.search_lag.set(behind);
    }

    /// Writes everything in the OpenMetrics text format.
    pub fn write(&self, cache: (u64, usize), staleness: i64) -> Result<String> {
        self.cache_bytes.set(cache.0 as i64);
        self.cache_answers.set(cache.1 as i64);
        self.staleness.set(staleness);
        self.resident.set(resident_bytes().unwrap_or_default());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).map_err(internal)?;
        Ok(text)
    }
}

/// Resident memory, where the system tells it (Linux).
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<i64>()
        .ok()
        .map(|kilobytes| kilobytes * 1_024)
}
