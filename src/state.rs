//! What every part of a running server shares, and the only two ways to the
//! database: [`State::read`] and [`State::write`].

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::cache::{Addresses, Cache};
use crate::changes::Tx;
use crate::config::Config;
use crate::db::{Conn, Database, Time};
use crate::error::{Error, Result, internal};
use crate::http::answer::{Answer, Origin};
use crate::storage::Storage;
use crate::telemetry::Metrics;

/// The longest that a request waits for the database, its turns included.
/// Requests that can't be served get their 503 within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_600);

/// The part of the cache's memory that goes to the addresses of answers.
const ADDRESSES: u64 = 16;

tokio::task_local! {
    /// How much of its patience a request has used up: it may go to the
    /// database more than once, and waits no longer for that.
    static WAITED: Cell<Duration>;
}

/// Runs a request, which has `PATIENCE` as a whole. Whatever else runs has it
/// for each of its jobs.
pub async fn patiently<T>(request: impl Future<Output = T>) -> T {
    WAITED.scope(Cell::default(), request).await
}

/// How long the present request may still wait for the database.
pub fn patience() -> Duration {
    let waited = WAITED.try_with(Cell::get).unwrap_or_default();
    PATIENCE.saturating_sub(waited)
}

/// A request that is being answered.
pub struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What every part of a running server shares.
pub struct State {
    /// The settings.
    pub config: Arc<Config>,
    /// Public answers.
    pub cache: Cache<Answer>,
    /// Where in the cache the answers to addresses are.
    pub addresses: Addresses,
    /// Counters and histograms.
    pub metrics: Metrics,
    /// The bytes of media.
    pub storage: Storage,
    /// Is told when a picture waits for its renditions.
    pub renditions_due: Notify,
    database: Arc<Database>,
    reading: Arc<Semaphore>,
    writing: Arc<Semaphore>,
    /// How far the clock is moved; tests travel in time.
    clock_offset: AtomicI64,
    /// Whether the server was told to stop.
    stopping: watch::Sender<bool>,
    /// Requests that are being answered.
    running: AtomicUsize,
    /// Up to which entry the log was followed.
    followed: AtomicI64,
    /// When the log was last known to hold nothing new.
    confirmed_at: AtomicI64,
    /// The newest entry of the log that this node has heard of.
    head: watch::Sender<i64>,
}

impl State {
    /// A server's state on this database.
    pub fn new(config: Config, database: Database) -> Self {
        let (readers, writers) = database.limits();
        State {
            cache: Cache::new(config.cache_bytes - config.cache_bytes / ADDRESSES),
            addresses: Addresses::new(config.cache_bytes / ADDRESSES),
            metrics: Metrics::default(),
            storage: Storage::new(config.media.clone()),
            renditions_due: Notify::new(),
            config: Arc::new(config),
            database: Arc::new(database),
            reading: Arc::new(Semaphore::new(readers)),
            writing: Arc::new(Semaphore::new(writers)),
            clock_offset: AtomicI64::new(0),
            stopping: watch::Sender::new(false),
            running: AtomicUsize::new(0),
            followed: AtomicI64::new(0),
            confirmed_at: AtomicI64::new(Time::now().0),
            head: watch::Sender::new(0),
        }
    }

    /// Tells whoever follows the change log when it has grown: the number of the
    /// newest entry that this node has heard of, its own and other nodes'. What is
    /// up to it can be read.
    pub fn log_head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// Notes that the log goes as far as this.
    fn heard_of(&self, seq: i64) {
        self.head.send_if_modified(|head| {
            let newer = seq > *head;
            *head = seq.max(*head);
            newer
        });
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        Time(Time::now().0 + self.clock_offset.load(Ordering::Relaxed))
    }

    /// Moves this server's clock; for tests.
    pub fn travel(&self, seconds: i64) {
        self.clock_offset
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
        self.confirmed_at
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Whether the server was told to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Tells whoever waits for it when the server is told to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Notes that the server was told to stop, for whoever asks whether it is
    /// ready.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Counts a request as running until what this returns is dropped.
    pub fn enter(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// How many requests are being answered.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Whether other processes may write to the same newsroom.
    pub fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    /// Runs a job that only reads, off the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let database = Arc::clone(&self.database);
        self.run(&self.reading, patience(), move || database.read(job))
            .await
    }

    /// Runs a job in a transaction, off the async threads; once it is committed,
    /// evicts what it made wrong. The job must not wait for a client.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_within(patience(), job).await
    }

    /// [`State::write`] for a job that waits and runs so long at most.
    pub async fn write_within<T: Send + 'static>(
        self: &Arc<Self>,
        patience: Duration,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let state = Arc::clone(self);
        self.run(&self.writing, patience, move || state.write_blocking(job))
            .await
    }

    /// Runs a job as [`State::write_within`] does, and takes back all that it wrote.
    pub async fn rehearse_within<T: Send + 'static>(
        self: &Arc<Self>,
        patience: Duration,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let state = Arc::clone(self);
        let now = self.now();
        let rehearsal = move || {
            let mut value = None;
            let ended = state.database.write(|conn| -> Result<()> {
                value = Some(job(&mut Tx::new(conn.reborrow(), now))?);
                Err(internal("a rehearsal is never committed"))
            });
            match (value, ended) {
                (Some(value), _) => Ok(value),
                (None, Err(error)) => Err(error),
                (None, Ok(())) => Err(internal("a rehearsal was committed")),
            }
        };
        self.run(&self.writing, patience, rehearsal).await
    }

    /// [`State::write`] for threads that may block, such as a command's.
    pub fn write_blocking<T>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.write_blocking_at(self.now(), job)
    }

    /// [`State::write_blocking`] as if at another instant: how an archive comes
    /// in.
    pub fn write_blocking_at<T>(
        &self,
        now: Time,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let (value, appended) = self.database.write(|conn| {
            let mut tx = Tx::new(conn.reborrow(), now);
            let value = job(&mut tx)?;
            Ok((value, tx.finish()?))
        })?;
        self.cache.evict(&appended.tags);
        // Where nobody else has written meanwhile, these entries need not be
        // read back.
        if let Some(last) = appended.last {
            let before = last - appended.count;
            let _ =
                self.followed
                    .compare_exchange(before, last, Ordering::AcqRel, Ordering::Relaxed);
            self.heard_of(last);
        }
        Ok(value)
    }

    /// [`State::read`] for threads that may block.
    pub fn read_blocking<T>(&self, job: impl FnOnce(&mut Conn<'_>) -> Result<T>) -> Result<T> {
        self.database.read(job)
    }

    /// Runs a job on the writing connection outside any transaction.
    pub fn maintain_blocking<T>(&self, job: impl FnOnce(&mut Conn<'_>) -> Result<T>) -> Result<T> {
        self.database.maintain(job)
    }

    /// Waits for a turn, runs the job on a thread that may block, and gives up
    /// when the patience ends. A job that was given up keeps its permit until
    /// it ends, so that a database that hangs can't collect threads.
    async fn run<T: Send + 'static>(
        &self,
        turns: &Arc<Semaphore>,
        patience: Duration,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let began = Instant::now();
        let deadline = began + patience;
        let running = async {
            let turn = Arc::clone(turns).acquire_owned().await.map_err(internal)?;
            let ran = tokio::task::spawn_blocking(move || {
                let result = job();
                drop(turn);
                result
            });
            match ran.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => Err(internal(error)),
            }
        };
        let ran = timeout_at(deadline, running).await;
        let _ = WAITED.try_with(|waited| waited.set(waited.get() + began.elapsed()));
        match ran {
            Ok(result) => result,
            Err(_) => Err(Error::Unavailable("no answer in time".to_owned())),
        }
    }

    /// Reads the log from where this node stands and evicts what is in it.
    /// Where nobody else writes, only the connection is tried.
    pub async fn follow(&self) -> Result<()> {
        let began = self.now();
        loop {
            const PAGE: i64 = 1_000;
            let from = self.followed.load(Ordering::Relaxed);
            let entries = self
                .read(move |c| Ok(crate::store!(*c, changes::since(from, PAGE))?))
                .await?;
            for entry in &entries {
                self.cache.evict(&entry.tags().collect::<Vec<_>>());
                self.followed.store(entry.seq, Ordering::Release);
            }
            if let Some(newest) = entries.last() {
                self.heard_of(newest.seq);
            }
            if (entries.len() as i64) < PAGE {
                break;
            }
        }
        self.confirmed_at.store(began.0, Ordering::Relaxed);
        Ok(())
    }

    /// Up to which entry of the log this node has evicted what it made wrong: what is
    /// in the cache is at least as new as that.
    pub fn followed(&self) -> i64 {
        self.followed.load(Ordering::Acquire)
    }

    /// Starts following at the log's present end.
    pub async fn follow_from_here(&self) -> Result<()> {
        let head = self
            .read(|c| Ok(crate::store!(*c, changes::head())?))
            .await?;
        self.cache.evict_all();
        self.followed.store(head, Ordering::Release);
        self.heard_of(head);
        self.confirmed_at.store(self.now().0, Ordering::Relaxed);
        Ok(())
    }

    /// The answer that is kept under a key, if it may go out; touches nothing but
    /// memory. While the change log can't be read, nobody knows whether an answer is
    /// still right: it goes out for as long as `STALE_MAX` allows.
    pub fn kept(&self, key: &str, now: Time) -> Option<(Answer, Origin)> {
        let stale = self.staleness(now);
        if stale > i64::from(self.config.stale_max) {
            return None;
        }
        let answer = self.cache.get(key, now)?;
        let counter = match stale {
            0 => &self.metrics.cache_hits,
            _ => &self.metrics.cache_stale,
        };
        counter.inc();
        Some((answer, Origin { hit: true, stale }))
    }

    /// Seconds for which the log has not been confirmed; 0 while all is well.
    pub fn staleness(&self, now: Time) -> i64 {
        let seconds = now.seconds_since(Time(self.confirmed_at.load(Ordering::Relaxed)));
        if seconds <= 3 { 0 } else { seconds }
    }
}
