//! Keeping the indexes up to date.
//!
//! The public index follows the change log: every entry leads to articles, which are
//! read anew and put in or taken out as readers see them then. A commit notes the
//! number that it goes up to, so after a restart it goes on from there; an entry that
//! is read twice does no harm. The index of drafts follows the instants at which
//! articles were written. Those don't rise in the order of commits, so it looks back
//! some seconds every time, and a quarter of an hour every minute, and compares
//! versions.
//!
//! An index that is missing, damaged, of another version or of another database is
//! made anew, in pages. Meanwhile searches are told to come back.
//!
//! Where two processes share a data folder, one writes and the other reads what that
//! one writes.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use super::drafts::Drafts;
use super::index::{Index, Note, Public, Standing};
use super::keep::Keeper;
use super::piece::Piece;
use crate::changes::{Entity, Entry};
use crate::config::Config;
use crate::db::{Id, Time, private_folder};
use crate::error::{Result, internal};
use crate::state::State;

/// Articles that are read at once.
const PAGE: usize = 100;
/// Entries of the log that are read at once.
const ENTRIES: i64 = 500;
/// Entries after which their number is noted though no article had to be written.
const UNNOTED: i64 = 20_000;
/// Articles taken out and put in after which the index of drafts is committed, however
/// many there are still to come: the engine keeps them in memory till then.
const PENDING: usize = 4_000;
/// How long to wait after a commit: what is written meanwhile goes into the next.
const PAUSE: Duration = Duration::from_millis(250);
/// How often to look when nothing was heard of.
const TICK: Duration = Duration::from_secs(1);
/// Seconds that the index of drafts looks back, every time and now and then.
const BACK: i64 = 10;
const FAR_BACK: i64 = 900;
const NOW_AND_THEN: Duration = Duration::from_secs(60);
/// How much a thread that makes an index gives way: to a tenth of a request's share.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
/// How long an editor's search waits for what was just written.
const FRESHEN: Duration = Duration::from_millis(1_500);

/// Writes both indexes of a data folder.
pub struct Follower {
    folder: PathBuf,
    public: Follows,
    drafts: Follows,
    /// Held while an index is made anew, so that one is made after the other.
    making: Mutex<()>,
    /// Held by the process that writes; with it, whether the last one that did ended
    /// without saying so.
    lock: Mutex<Option<(File, bool)>>,
    paused: AtomicBool,
}

/// An index and who keeps it.
struct Follows {
    index: Arc<Index>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    keeper: Keeper,
    /// Whether this process writes.
    writes: bool,
    looked_far_back: Option<Instant>,
    /// Articles that the index of drafts has in this version, of those written last.
    seen: HashMap<Id, i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Public,
    Drafts,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Follower {
    fn drop(&mut self) {
        if lock(&self.lock).is_some() {
            let _ = fs::remove_file(self.folder.join("in-use"));
        }
    }
}

impl Follower {
    /// Of the indexes in a data folder; nothing happens until it is started.
    pub fn new(config: &Config) -> Arc<Self> {
        let folder = config.data_dir.join("search");
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let turns = Arc::new(Semaphore::new(cores.max(2)));
        let follows = |name| Follows {
            index: Index::new(folder.join(name), &turns),
            kept: Mutex::new(None),
        };
        Arc::new(Follower {
            public: follows("public"),
            drafts: follows("drafts"),
            making: Mutex::new(()),
            lock: Mutex::new(None),
            paused: AtomicBool::new(false),
            folder,
        })
    }

    /// The index of what readers see.
    pub fn public(&self) -> Public {
        Public(Arc::clone(&self.public.index))
    }

    /// The index of working copies.
    pub fn drafts(self: &Arc<Self>) -> Drafts {
        Drafts(Arc::clone(self))
    }

    pub(super) fn drafts_index(&self) -> &Index {
        &self.drafts.index
    }

    /// Reads what was just written, so that an editor finds what they have saved;
    /// doesn't wait for long.
    pub(super) async fn freshen(self: &Arc<Self>, state: &Arc<State>) {
        if self.drafts.index.view().is_none() {
            return;
        }
        let reading = self.run(state, Which::Drafts);
        match tokio::time::timeout(FRESHEN, reading).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the index of drafts lags"),
            Err(_) => tracing::debug!("the index of drafts lags"),
        }
    }

    /// Starts following, on the present runtime, until the server is gone.
    pub fn start(self: &Arc<Self>, state: &Arc<State>) {
        for which in [Which::Public, Which::Drafts] {
            let (follower, weak) = (Arc::clone(self), Arc::downgrade(state));
            let mut head = state.log_head();
            tokio::spawn(async move {
                let mut well = true;
                loop {
                    let Some(state) = weak.upgrade() else { return };
                    if state.is_stopping() {
                        return;
                    }
                    let ended = follower.run(&state, which).await;
                    drop(state);
                    match ended {
                        Ok(()) => well = true,
                        Err(error) if well => {
                            tracing::warn!(%error, "the search index can't be kept up to date");
                            well = false;
                        }
                        Err(_) => {}
                    }
                    tokio::time::sleep(if well { PAUSE } else { TICK }).await;
                    if which == Which::Drafts {
                        tokio::time::sleep(TICK - PAUSE).await;
                        continue;
                    }
                    if let Ok(Err(_)) = tokio::time::timeout(TICK, head.changed()).await {
                        return;
                    }
                }
            });
        }
    }

    /// Reads everything that is new, and comes back when it can be found.
    pub async fn catch_up(self: &Arc<Self>, state: &Arc<State>) -> Result<()> {
        self.run(state, Which::Public).await?;
        self.run(state, Which::Drafts).await
    }

    /// Stops following: what is written from here on is not found.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Lets go of the indexes as if the process had ended without a word: another may
    /// write them.
    pub fn release(&self) {
        self.pause();
        for follows in [&self.public, &self.drafts] {
            *lock(&follows.kept) = None;
        }
        *lock(&self.lock) = None;
    }

    /// Shows nothing any more, as while the indexes are being made.
    pub fn forget(&self) {
        for follows in [&self.public, &self.drafts] {
            let _kept = lock(&follows.kept);
            follows.index.hide();
        }
    }

    /// Makes both indexes anew.
    pub async fn rebuild(self: &Arc<Self>, state: &Arc<State>) -> Result<()> {
        for which in [Which::Public, Which::Drafts] {
            *lock(&self.follows(which).kept) = None;
            let _ = fs::remove_dir_all(&self.follows(which).index.folder);
        }
        self.catch_up(state).await
    }

    fn follows(&self, which: Which) -> &Follows {
        match which {
            Which::Public => &self.public,
            Which::Drafts => &self.drafts,
        }
    }

    async fn run(self: &Arc<Self>, state: &Arc<State>, which: Which) -> Result<()> {
        let (follower, state) = (Arc::clone(self), Arc::clone(state));
        let (tell, told) = oneshot::channel();
        // A thread of its own: priority that is once given up can't be asked back.
        let thread = thread::Builder::new().name("search".to_owned());
        thread.spawn(move || tell.send(follower.step(&state, which)))?;
        told.await.map_err(internal)?
    }

    /// Whether this process may write, and whether it should look closely at what
    /// it finds.
    fn may_write(&self) -> Result<Option<bool>> {
        let mut held = lock(&self.lock);
        if let Some((_, suspect)) = *held {
            return Ok(Some(suspect));
        }
        private_folder(&self.folder)?;
        let file = File::create(self.folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let mark = self.folder.join("in-use");
        let suspect = mark.exists();
        fs::write(mark, b"")?;
        *held = Some((file, suspect));
        Ok(Some(suspect))
    }

    fn step(&self, state: &State, which: Which) -> Result<()> {
        let follows = self.follows(which);
        let mut slot = lock(&follows.kept);
        if self.paused.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(suspect) = self.may_write()? else {
            return watch(&follows.index, &mut slot);
        };
        let mut kept = match slot.take() {
            Some(kept) if kept.writes => kept,
            _ => Kept {
                keeper: Keeper::open(&follows.index, suspect)?,
                writes: true,
                looked_far_back: None,
                seen: HashMap::new(),
            },
        };
        let advanced = self.advance(state, which, &mut kept);
        // What was begun and not committed is read again.
        if advanced.is_ok() || kept.keeper.pending == 0 {
            *slot = Some(kept);
        }
        advanced
    }

    fn advance(&self, state: &State, which: Which, kept: &mut Kept) -> Result<()> {
        let index = &self.follows(which).index;
        let keeper = &mut kept.keeper;
        let usable = match &keeper.note {
            _ if index.is_broken() => false,
            None => false,
            Some(_) if index.view().is_some() => true,
            Some(note) => is_ours(state, which, note)?,
        };
        if !usable {
            let _one_at_a_time = lock(&self.making);
            make(state, which, keeper)?;
        } else if index.view().is_none() {
            keeper.show()?;
        }
        match which {
            Which::Public => {
                follow_public(state, keeper)?;
                let Standing { articles, upto } = index.standing();
                let lag = (*state.log_head().borrow() - upto).max(0);
                state
                    .metrics
                    .search_index(articles.unwrap_or_default(), lag);
            }
            Which::Drafts => {
                let far = kept
                    .looked_far_back
                    .is_none_or(|at| at.elapsed() > NOW_AND_THEN);
                let back = if far { FAR_BACK } else { BACK };
                follow_drafts(state, keeper, &mut kept.seen, back)?;
                if far {
                    kept.looked_far_back = Some(Instant::now());
                }
            }
        }
        keeper.rest();
        Ok(())
    }
}

/// Lets requests go first where there are not enough cores for all, for the rest of a
/// step: there is so much to read that nobody waits for it. The engine's threads keep
/// their priority, and get no more to do than this one gives them.
fn give_way() {
    // On Linux the priority is the thread's alone (setpriority(2), "C library/kernel
    // differences"); elsewhere it would be the whole server's.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the search index is made at full priority");
    }
}

/// Reads what another process writes.
fn watch(index: &Arc<Index>, slot: &mut Option<Kept>) -> Result<()> {
    let read = match slot {
        Some(kept) => kept.keeper.refresh(),
        None => Keeper::reading(index).map(|keeper| {
            *slot = keeper.map(|keeper| Kept {
                keeper,
                writes: false,
                looked_far_back: None,
                seen: HashMap::new(),
            });
        }),
    };
    if read.is_err() {
        // It is being made anew.
        *slot = None;
        index.hide();
    }
    Ok(())
}

/// By what an entry of the log is known.
fn mark(entry: &Entry) -> String {
    format!("{}@{}", entry.entity_id, entry.at.0)
}

/// Whether a commit was made from this database.
fn is_ours(state: &State, which: Which, note: &Note) -> Result<bool> {
    match which {
        Which::Public => {
            let upto = note.upto;
            let last = state
                .read_blocking(move |c| Ok(crate::store!(*c, changes::since(upto - 1, 1))?))?;
            let same = last
                .first()
                .is_some_and(|entry| entry.seq == upto && mark(entry) == note.mark);
            Ok(same || (upto == 0 && note.mark.is_empty()))
        }
        Which::Drafts => match note.mark.parse::<Id>() {
            Err(_) => Ok(false),
            Ok(id) => state.read_blocking(move |c| {
                let row = crate::store!(*c, articles::find(id))?;
                Ok(row.is_some_and(|row| row.edited_at.0 >= note.upto))
            }),
        },
    }
}

/// How far what is followed goes.
fn end(state: &State, which: Which) -> Result<Note> {
    state.read_blocking(|c| match which {
        Which::Public => {
            let head = crate::store!(*c, changes::head())?;
            let last = crate::store!(*c, changes::since(head - 1, 1))?;
            Ok(Note::new(head, last.first().map(mark).unwrap_or_default()))
        }
        Which::Drafts => {
            let newest = crate::store!(*c, search::newest_edit())?;
            let (at, id) = newest.unwrap_or_default();
            Ok(Note::new(
                at.0,
                newest.map(|_| id.to_string()).unwrap_or_default(),
            ))
        }
    })
}

/// Makes an index of everything there is.
fn make(state: &State, which: Which, keeper: &mut Keeper) -> Result<()> {
    let began = Instant::now();
    keeper.clear()?;
    // What is written from here on is followed, so nothing is missed.
    let note = end(state, which)?;
    let (mut after, mut count) = (None, 0);
    loop {
        if state.is_stopping() {
            return Err(internal("stopped while the search index was being made"));
        }
        let now = state.now();
        let limit = PAGE as i64;
        let (last, pieces) = state.read_blocking(move |c| {
            let rows = match which {
                Which::Public => crate::store!(*c, search::live_page(after, limit))?,
                Which::Drafts => crate::store!(*c, search::working_page(after, limit))?,
            };
            let last = rows.last().map(|(row, _)| row.id);
            let rows = rows
                .into_iter()
                .filter(|(row, _)| which == Which::Drafts || row.is_visible(now))
                .collect();
            Ok((last, Piece::all(c, rows, which == Which::Drafts)?))
        })?;
        let Some(last) = last else { break };
        after = Some(last);
        count += pieces.len();
        for piece in pieces {
            keeper.add(&piece)?;
        }
        give_way();
    }
    if count > 0 {
        keeper.commit(note)?;
        tracing::info!(
            articles = count,
            seconds = began.elapsed().as_secs(),
            index = if which == Which::Public {
                "public"
            } else {
                "drafts"
            },
            "made the search index"
        );
    } else {
        keeper.note = Some(note);
    }
    keeper.show()
}

/// Reads the log from where the index stands.
fn follow_public(state: &State, keeper: &mut Keeper) -> Result<()> {
    let mut unnoted = 0;
    loop {
        let from = keeper.note.as_ref().map_or(0, |note| note.upto);
        // Articles, and whether they are written anew though they are the same.
        let mut articles: BTreeMap<Id, bool> = BTreeMap::new();
        let entries: Vec<Entry> =
            state.read_blocking(move |c| Ok(crate::store!(*c, changes::since(from, ENTRIES))?))?;
        let Some(last) = entries.last() else {
            return Ok(());
        };
        for entry in &entries {
            let id = entry.entity_id;
            match entry.entity {
                Entity::Article => {
                    articles.entry(id).or_insert(false);
                }
                // The names of topics and authors are searched too.
                Entity::Topic | Entity::Author => {
                    let listed = state
                        .read_blocking(move |c| Ok(crate::store!(*c, taxonomy::listed(id))?))?;
                    articles.extend(listed.into_iter().map(|id| (id, true)));
                }
                _ => {}
            }
        }
        let articles: Vec<(Id, bool)> = articles.into_iter().collect();
        for page in articles.chunks(PAGE) {
            renew(state, keeper, page)?;
        }
        let note = Note::new(last.seq, mark(last));
        unnoted += entries.len() as i64;
        if keeper.pending > 0 || unnoted > UNNOTED {
            unnoted = 0;
            keeper.commit(note)?;
            keeper.show()?;
        } else {
            keeper.pass(note);
        }
        if (entries.len() as i64) < ENTRIES || state.is_stopping() {
            return Ok(());
        }
        give_way();
    }
}

/// Puts articles in as readers see them now, or takes them out.
fn renew(state: &State, keeper: &mut Keeper, articles: &[(Id, bool)]) -> Result<()> {
    let now = state.now();
    let ids: Vec<Id> = articles.iter().map(|(id, _)| *id).collect();
    let pieces = state.read_blocking(move |c| {
        let mut rows = crate::store!(*c, search::live_of(&ids))?;
        rows.retain(|(row, _)| row.is_visible(now));
        Piece::all(c, rows, false)
    })?;
    let mut pieces: BTreeMap<Id, Piece> =
        pieces.into_iter().map(|piece| (piece.id, piece)).collect();
    for (id, anew) in articles {
        let known = keeper.known(*id)?;
        match pieces.remove(id) {
            Some(piece) => {
                let same = known
                    .is_some_and(|(revision, _, at)| (revision, at) == (piece.revision, piece.at));
                if !same || *anew {
                    keeper.put(&piece)?;
                }
            }
            None if known.is_some() => keeper.remove(*id)?,
            None => {}
        }
    }
    Ok(())
}

/// Reads what was written since a while before the instant where the index stands.
/// `seen` spares asking the index for what was found the last time, which is most of it
/// while a newsroom's archive comes in.
fn follow_drafts(
    state: &State,
    keeper: &mut Keeper,
    seen: &mut HashMap<Id, i64>,
    back: i64,
) -> Result<()> {
    let upto = Time(keeper.note.as_ref().map_or(0, |note| note.upto));
    let mut found_now = Vec::new();
    let mut place = (upto.plus_seconds(-back), Id(uuid::Uuid::nil()));
    let mut newest: Option<(Time, Id)> = None;
    loop {
        let found = state
            .read_blocking(move |c| Ok(crate::store!(*c, search::edited_after(place, ENTRIES))?))?;
        let Some((at, id, _)) = found.last() else {
            break;
        };
        place = (*at, *id);
        newest = Some(place);
        let mut changed = Vec::new();
        for (_, id, version) in &found {
            if seen.get(id) == Some(version) {
                continue;
            }
            if keeper
                .known(*id)?
                .is_none_or(|(_, known, _)| known != *version)
            {
                changed.push(*id);
            }
        }
        for page in changed.chunks(PAGE) {
            let ids = page.to_vec();
            let pieces = state.read_blocking(move |c| {
                let rows = crate::store!(*c, search::working_of(&ids))?;
                Piece::all(c, rows, true)
            })?;
            for piece in pieces {
                keeper.put(&piece)?;
            }
        }
        let more = found.len() as i64 >= ENTRIES;
        found_now.extend(found);
        // The next look finds no more than these again, however much this one found.
        let since = place.0.plus_seconds(-BACK);
        found_now.retain(|(at, ..)| *at >= since);
        if keeper.pending >= PENDING {
            keeper.commit(Note::new(place.0.max(upto).0, place.1.to_string()))?;
            keeper.show()?;
        }
        if !more || state.is_stopping() {
            break;
        }
        give_way();
    }
    if keeper.pending > 0
        && let Some((at, id)) = newest
    {
        let at = at.max(upto);
        keeper.commit(Note::new(at.0, id.to_string()))?;
        keeper.show()?;
    }
    *seen = found_now
        .into_iter()
        .map(|(_, id, version)| (id, version))
        .collect();
    Ok(())
}
