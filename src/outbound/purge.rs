//! Purging caches in front of this server.
//!
//! Each cache that the settings name is told, by a PURGE request with the keys, what
//! the change log says is different now. The log is the queue: for each cache it is
//! known up to which entry it was told, so nothing is lost while a cache or this server
//! is away, and a cache that was away for so long that single keys make no sense any
//! more is told to forget everything.
//!
//! Every key is purged twice, the second time a little later: an answer that was on its
//! way to the cache when its key was purged may be the old one, and is in the cache
//! now. Only then does this count as done and is written down.
//!
//! Every node tells every cache, each when it answers nothing old itself. That is more
//! requests than one node would send, but a cache that asked a node that hadn't heard
//! of a change yet is purged by that node when it has.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::changes::{self, Entry, Tag};
use crate::config::Config;
use crate::db::{Id, Time};
use crate::error::{Result, internal};
use crate::state::State;
use crate::telemetry::EdgeLabel;

/// Entries that are read at once.
const PAGE: i64 = 1_000;
/// How many entries a cache may be behind and still be told of each.
const BEHIND_MAX: i64 = 10_000;
/// How many keys wait to be purged again; beyond, everything is.
const WAITING_MAX: usize = 50_000;
/// Keys in one request: less than 4 KB of them.
const KEYS_AT_ONCE: usize = 400;
/// After how long a key is purged again: longer than an answer takes to be made.
const AGAIN_AFTER: Duration = Duration::from_secs(3);
/// How often it is written down how far a cache was told, at most.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// How long a cache may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first and the longest wait after a failure.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// Starts to purge each cache that the settings name.
pub fn start(state: &Arc<State>) {
    if state.config.edge_purge_urls.is_empty() {
        return;
    }
    let client = match client() {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "caches in front are not purged"),
    };
    for url in &state.config.edge_purge_urls {
        let edge = Edge::new(url.clone(), client.clone(), &state.config);
        tokio::spawn(keep(Arc::downgrade(state), edge));
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
}

/// Whether a cache lets itself be purged: sends it a key that no answer has.
pub async fn probe(config: &Config, url: &str) -> Result<()> {
    let client = client().map_err(|error| internal(causes(&error)))?;
    let edge = Edge::new(url.to_owned(), client, config);
    edge.send(&changes::join(&[Tag::article(Id::new())])).await
}

/// Keeps a cache up to date until the server is gone.
async fn keep(state: Weak<State>, mut edge: Edge) {
    let Some(mut head) = state.upgrade().map(|state| state.log_head()) else {
        return;
    };
    let mut wait = None;
    loop {
        let Some(state) = state.upgrade() else { return };
        head.mark_unchanged();
        let outcome = edge.round(&state).await;
        drop(state);
        match outcome {
            Ok(()) => {
                if wait.take().is_some() {
                    tracing::info!(edge = edge.url, "can be purged again");
                }
                let due = edge.due();
                tokio::select! {
                    changed = head.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep_until(due) => {}
                }
            }
            Err(error) => {
                if wait.is_none() {
                    tracing::warn!(edge = edge.url, %error, "can't be purged; is tried again until it can");
                }
                let (first, longest) = WAITS;
                let next = wait.map_or(first, |wait: Duration| (wait * 2).min(longest));
                wait = Some(next);
                tokio::time::sleep(next).await;
            }
        }
    }
}

/// Up to which entry a cache was told, as it is written down. With more than its number,
/// so that the log of another newsroom, restored in the place of this one, isn't taken
/// for the same; and with what else answers hang on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    seq: i64,
    at: i64,
    id: Id,
    made_by: String,
}

/// What answers hang on beside the newsroom: another version or other addresses make
/// other answers.
fn made_by(config: &Config) -> String {
    let parts = [
        env!("CARGO_PKG_VERSION"),
        &config.public_url,
        config.site_url.as_deref().unwrap_or_default(),
        &config.site_article_path,
    ];
    parts.join(" ")
}

/// A cache.
struct Edge {
    url: String,
    client: reqwest::Client,
    made_by: String,
    /// The last entry it was told of; none if it isn't known what it holds.
    told: Option<i64>,
    /// Whether the place where that is written down was looked at.
    looked: bool,
    /// What it is to be told again, and when.
    again: VecDeque<Again>,
    /// The last entry of which it was told again.
    settled: Option<Entry>,
    /// What is written down.
    noted: Option<i64>,
    noted_at: Option<Instant>,
}

struct Again {
    due: Instant,
    tags: Tags,
    last: Option<Entry>,
}

/// What to purge.
enum Tags {
    Everything,
    These(Vec<Tag>),
}

impl Tags {
    fn count(&self) -> usize {
        match self {
            Tags::Everything => 1,
            Tags::These(tags) => tags.len(),
        }
    }
}

impl Edge {
    fn new(url: String, client: reqwest::Client, config: &Config) -> Self {
        Edge {
            url,
            client,
            made_by: made_by(config),
            told: None,
            looked: false,
            again: VecDeque::new(),
            settled: None,
            noted: None,
            noted_at: None,
        }
    }

    /// Under which name it is written down how far this cache was told.
    fn name(&self) -> String {
        format!("edge {}", self.url)
    }

    /// When there is something to do, if nothing changes before.
    fn due(&self) -> Instant {
        let again = self.again.front().map(|again| again.due);
        let note = self.has_to_be_noted().then(|| {
            self.noted_at
                .map_or_else(Instant::now, |at| at + NOTE_EVERY)
        });
        let idle = Instant::now() + Duration::from_secs(60);
        again.into_iter().chain(note).min().unwrap_or(idle)
    }

    /// Tells the cache what it has not been told yet, and again what it is time for.
    async fn round(&mut self, state: &Arc<State>) -> Result<()> {
        if !self.looked {
            self.told = self.written_down(state).await?;
            self.looked = true;
            if let Some(told) = self.told {
                self.tell_metrics(state, told);
            }
        }
        self.tell(state).await?;
        self.tell_again(state).await?;
        self.note(state).await
    }

    async fn tell(&mut self, state: &Arc<State>) -> Result<()> {
        loop {
            // Whatever the cache asks for from now on, this node answers none of it from
            // memory as it was.
            state.follow().await?;
            let told = self.told;
            let (head, entries) = state
                .read(move |c| {
                    let head = crate::store!(*c, changes::head())?;
                    let known = told.filter(|told| *told <= head && head - told <= BEHIND_MAX);
                    let entries = match known {
                        Some(told) => Some(crate::store!(*c, changes::since(told, PAGE))?),
                        None => None,
                    };
                    let last = match (&entries, head) {
                        (None, 1..) => crate::store!(*c, changes::find(head))?,
                        _ => None,
                    };
                    Ok(((head, last), entries))
                })
                .await?;
            let Some(entries) = entries else {
                let (head, last) = head;
                self.purge(state, &Tags::Everything).await?;
                self.tell_metrics(state, head);
                self.told = Some(head);
                self.again.clear();
                self.remember(Tags::Everything, last);
                continue;
            };
            let Some(last) = entries.last().cloned() else {
                return Ok(());
            };
            let tags: BTreeSet<Tag> = entries.iter().flat_map(Entry::tags).collect();
            let tags = Tags::These(tags.into_iter().collect());
            self.purge(state, &tags).await?;
            self.tell_metrics(state, last.seq);
            self.told = Some(last.seq);
            self.remember(tags, Some(last));
        }
    }

    fn tell_metrics(&self, state: &State, seq: i64) {
        let edge = self.url.clone();
        let gauge = state
            .metrics
            .edge_purged_to
            .get_or_create(&EdgeLabel { edge });
        gauge.set(seq);
    }

    fn remember(&mut self, tags: Tags, last: Option<Entry>) {
        let waiting: usize = self.again.iter().map(|again| again.tags.count()).sum();
        let tags = match waiting + tags.count() > WAITING_MAX {
            true => {
                self.again.clear();
                Tags::Everything
            }
            false => tags,
        };
        self.again.push_back(Again {
            due: Instant::now() + AGAIN_AFTER,
            tags,
            last,
        });
    }

    async fn tell_again(&mut self, state: &Arc<State>) -> Result<()> {
        while let Some(again) = self.again.front()
            && again.due <= Instant::now()
        {
            self.purge(state, &again.tags).await?;
            if let Some(Again { last, .. }) = self.again.pop_front() {
                self.settled = last.or(self.settled.take());
            }
        }
        Ok(())
    }

    /// Sends the keys, and with each that of its group, by which answers with more keys
    /// than a header holds are found.
    async fn purge(&self, state: &State, tags: &Tags) -> Result<()> {
        let keys: Vec<Tag> = match tags {
            Tags::Everything => vec![Tag::everything()],
            Tags::These(tags) => {
                let groups: BTreeSet<Tag> = tags.iter().map(|tag| tag.group()).collect();
                tags.iter().copied().chain(groups).collect()
            }
        };
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let sent = self.send(&changes::join(keys)).await;
            match &sent {
                Ok(()) => state.metrics.edge_purges.inc(),
                Err(_) => state.metrics.edge_purge_failures.inc(),
            };
            sent?;
        }
        Ok(())
    }

    async fn send(&self, keys: &str) -> Result<()> {
        let method = reqwest::Method::from_bytes(b"PURGE").map_err(internal)?;
        let request = self.client.request(method, &self.url);
        let sent = request.header("Surrogate-Key", keys).send().await;
        let answer = sent.map_err(|error| internal(causes(&error)))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(internal(format!("it answers {status}"))),
        }
    }

    /// Up to which entry the cache was told, if that can be relied on.
    async fn written_down(&self, state: &State) -> Result<Option<i64>> {
        let name = self.name();
        let made_by = self.made_by.clone();
        state
            .read(move |c| {
                let Some(written) = crate::store!(*c, secrets::find(&name))? else {
                    return Ok(None);
                };
                let Ok(mark) = serde_json::from_str::<Mark>(&written) else {
                    return Ok(None);
                };
                let entry = crate::store!(*c, changes::find(mark.seq))?;
                let same = entry.is_some_and(|entry| {
                    (entry.at, entry.entity_id) == (Time(mark.at), mark.id)
                        && mark.made_by == made_by
                });
                Ok(same.then_some(mark.seq))
            })
            .await
    }

    fn has_to_be_noted(&self) -> bool {
        let settled = self.settled.as_ref().map(|entry| entry.seq);
        settled.is_some() && settled != self.noted
    }

    /// Writes down up to which entry the cache was told twice.
    async fn note(&mut self, state: &Arc<State>) -> Result<()> {
        let early = self.noted_at.is_some_and(|at| at.elapsed() < NOTE_EVERY);
        let Some(entry) = self
            .settled
            .as_ref()
            .filter(|_| self.has_to_be_noted() && !early)
        else {
            return Ok(());
        };
        let mark = Mark {
            seq: entry.seq,
            at: entry.at.0,
            id: entry.entity_id,
            made_by: self.made_by.clone(),
        };
        let (name, value) = (self.name(), serde_json::to_string(&mark).map_err(internal)?);
        let noting =
            state.write(move |tx| Ok(crate::store!(tx.conn, secrets::put(&name, &value))?));
        noting.await?;
        self.noted = Some(mark.seq);
        self.noted_at = Some(Instant::now());
        Ok(())
    }
}

/// An error with what caused it, which says more.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
