//! The one follower of the log that all streams share, and the ring of what it showed
//! last.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use tokio::sync::watch;

use crate::changes::Entity;
use crate::db::{Conn, Id};
use crate::delivery::context::{Context, Contexts};
use crate::delivery::sync::change::{Change, ChangeType};
use crate::delivery::sync::cursor::{KINDS, Mark, Place, Stage};
use crate::delivery::sync::items::{self, Fate, Item, Shown};
use crate::delivery::sync::plan::Step;
use crate::delivery::sync::scope::{Named, Scope};
use crate::delivery::sync::{instant, newest};
use crate::error::{Result, internal};
use crate::state::State;

/// How many entries of the log are shown at once.
const BATCH: i64 = 200;
/// How long the follower rests after so many, so that all others get their turn.
const REST: Duration = Duration::from_millis(50);
/// How long it waits when the database is away.
const LATER: Duration = Duration::from_millis(500);
/// The most events in the ring, and the most bytes.
const RING: usize = 1_000;
const RING_BYTES: usize = 4 << 20;

/// A change, as it is sent.
pub struct Event {
    /// The entry of the log; and 1 for lists that fill themselves, which come after
    /// the entries that changed them.
    pub place: (i64, u8),
    /// What it is.
    pub kind: ChangeType,
    /// Where a client stands that has got it.
    pub then: Place,
    /// Of an article that is there: the sections above it.
    within: Option<Box<[Id]>>,
    /// The event without its id.
    whole: Bytes,
    /// For those for whom the article is outside of what they follow.
    gone: Bytes,
    /// Where what a section's name means, or what addresses are made of, may have
    /// changed: how it is now.
    pub context: Option<Arc<Context>>,
}

impl Event {
    /// What is sent to those who follow this.
    pub fn bytes(&self, scope: &Scope) -> Bytes {
        let held = match &self.within {
            Some(within) if !scope.sections.is_empty() => within
                .iter()
                .any(|section| scope.sections.contains(section)),
            _ => true,
        };
        if held { &self.whole } else { &self.gone }.clone()
    }

    fn size(&self) -> usize {
        self.whole.len() + self.gone.len() + 200
    }
}

/// An event as it is sent, without its id.
pub fn written(kind: ChangeType, json: &str) -> Bytes {
    Bytes::from(format!("event: {kind}\ndata: {json}\n\n"))
}

/// What the follower showed last, and who listens.
pub struct Hub {
    most: usize,
    open: AtomicUsize,
    ring: Mutex<Ring>,
    /// Rises with each event; whoever waits for the next waits for this.
    wake: watch::Sender<u64>,
}

#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    /// The number of the first event in it, of all that there ever were.
    first: u64,
    bytes: usize,
    /// The entry from which on nothing is missing.
    from: i64,
    closed: bool,
}

impl Ring {
    fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }
}

/// What comes next for a stream.
pub enum Next {
    /// An event, and the number of the one after it.
    Event(Arc<Event>, u64),
    /// Nothing yet.
    Nothing,
    /// It has fallen behind the ring.
    Behind,
    /// The server stops.
    Closed,
}

/// Counts a stream as open until it is dropped.
pub struct Open {
    hub: Arc<Hub>,
    state: Arc<State>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.hub.open.fetch_sub(1, Ordering::Relaxed);
        self.state.metrics.streams.dec();
    }
}

impl Hub {
    /// For so many streams at most.
    pub fn new(most: usize) -> Self {
        Hub {
            most,
            open: AtomicUsize::new(0),
            ring: Mutex::default(),
            wake: watch::Sender::new(0),
        }
    }

    /// Lets another stream in, if there is room.
    pub fn open(self: &Arc<Self>, state: &Arc<State>) -> Option<Open> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        state.metrics.streams.inc();
        let open = Open {
            hub: Arc::clone(self),
            state: Arc::clone(state),
        };
        (before < self.most).then_some(open)
    }

    /// Is told of each event.
    pub fn wake(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// The number of the event after a place in the log; none if something after it is
    /// no longer in the ring. Events before it may still come, and are to be skipped.
    pub fn number_after(&self, place: (i64, u8)) -> Option<u64> {
        let ring = self.ring();
        let there = ring.from <= place.0;
        let before = ring.events.partition_point(|event| event.place <= place);
        there.then(|| ring.first + before as u64)
    }

    /// What comes next for a stream that waits for the event of this number.
    pub fn next(&self, number: u64) -> Next {
        let ring = self.ring();
        if ring.closed {
            return Next::Closed;
        }
        let Some(at) = number.checked_sub(ring.first) else {
            return Next::Behind;
        };
        match ring.events.get(at as usize) {
            Some(event) => Next::Event(Arc::clone(event), number + 1),
            None => Next::Nothing,
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, events: Vec<Event>) {
        let mut ring = self.ring();
        for event in events {
            ring.bytes += event.size();
            ring.events.push_back(Arc::new(event));
            while ring.events.len() > RING || ring.bytes > RING_BYTES && ring.events.len() > 1 {
                let Some(old) = ring.events.pop_front() else {
                    break;
                };
                ring.first += 1;
                ring.bytes -= old.size();
                ring.from = ring.from.max(old.place.0);
            }
        }
        let end = ring.end();
        drop(ring);
        self.wake.send_replace(end);
    }

    /// Forgets what was shown: from this entry on nothing is missing.
    fn skip(&self, to: i64) {
        let mut ring = self.ring();
        ring.first = ring.end();
        ring.events.clear();
        ring.bytes = 0;
        ring.from = to;
    }

    fn close(&self) {
        let mut ring = self.ring();
        ring.closed = true;
        let end = ring.end();
        drop(ring);
        self.wake.send_replace(end);
    }
}

/// What the follower knows between two batches.
#[derive(Default)]
struct Known {
    /// Up to which entry of the log it has come.
    seq: i64,
    /// What the lists that fill themselves were, as hashes.
    lists: HashMap<Id, u64>,
}

/// Follows the log until the server stops or is gone; then all streams end.
pub fn follow(
    state: &Arc<State>,
    hub: Arc<Hub>,
    contexts: Arc<Contexts>,
) -> impl Future<Output = ()> + use<> {
    let (mut head, mut stopping) = (state.log_head(), state.stopping());
    let mut known = Known {
        seq: *head.borrow_and_update(),
        ..Known::default()
    };
    hub.skip(known.seq);
    let state = Arc::downgrade(state);
    let closing = Closing(hub);
    async move {
        let hub = &closing.0;
        loop {
            tokio::select! {
                told = stopping.wait_for(|stopping| *stopping) => {
                    let _ = told;
                    return;
                }
                grown = head.changed() => if grown.is_err() { return },
            }
            let goal = *head.borrow_and_update();
            while known.seq < goal {
                let Some(state) = state.upgrade().filter(|state| !state.is_stopping()) else {
                    return;
                };
                if hub.open.load(Ordering::Relaxed) == 0 {
                    // Nobody listens.
                    known = Known {
                        seq: goal,
                        ..Known::default()
                    };
                    hub.skip(goal);
                    break;
                }
                match step(&state, &contexts, known).await {
                    Ok((then, events, full)) => {
                        known = then;
                        hub.push(events);
                        if full {
                            tokio::time::sleep(REST).await;
                        }
                    }
                    Err(before) => {
                        known = before;
                        tokio::time::sleep(LATER).await;
                    }
                }
            }
        }
    }
}

/// Closes the hub when the follower ends, however that may be.
struct Closing(Arc<Hub>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Shows the next entries; what was known before, if they can't be read.
async fn step(
    state: &Arc<State>,
    contexts: &Arc<Contexts>,
    known: Known,
) -> Result<(Known, Vec<Event>, bool), Known> {
    let (seq, lists) = (known.seq, known.lists.clone());
    let (shared, contexts) = (Arc::clone(state), Arc::clone(contexts));
    let shown = state.read(move |conn| show(conn, &shared, &contexts, Known { seq, lists }));
    match shown.await {
        Ok(shown) => Ok(shown),
        Err(error) => {
            tracing::debug!(%error, "no events shown");
            Err(known)
        }
    }
}

fn show(
    conn: &mut Conn<'_>,
    state: &State,
    contexts: &Contexts,
    mut known: Known,
) -> Result<(Known, Vec<Event>, bool)> {
    let newest = newest(conn)?;
    let context = contexts.at_least(conn, state, newest.seq)?;
    let now = instant(state.now(), newest);
    let scope = Scope::of(&Named::default(), &context)?;
    let kinds = [&KINDS[..], &[Entity::Media]].concat();
    let span = (known.seq, newest.seq);
    let found = crate::store!(*conn, changes::latest(span, &kinds, BATCH))?;
    let full = found.len() as i64 == BATCH;
    let (mut steps, mut lists_due) = (Vec::with_capacity(found.len()), false);
    for (seq, at, kind, id) in found {
        lists_due |= kind == Entity::Article;
        let mark = Mark { seq, at };
        let stage = match lists_due {
            true => Stage::Lists(None),
            false => Stage::Since,
        };
        let place = Place { mark, stage };
        steps.push(Step { kind, id, place });
    }
    let asked = (&scope, &Shown::default());
    let since = known.seq;
    let (items, done) = items::show(conn, now, &context, asked, since, &steps)?;
    let full = full || done < steps.len();
    let last = done.checked_sub(1).map(|last| steps[last].place.mark);
    known.seq = match last {
        Some(mark) if full => mark.seq,
        _ => newest.seq,
    };
    let mut events = Vec::with_capacity(items.len());
    for item in items {
        events.push(event(&context, &steps[item.step], item)?);
    }
    if let Some(mark) = last.filter(|_| lists_due) {
        lists_that_changed(conn, now, &context, mark, &mut known, &mut events)?;
    }
    Ok((known, events, full))
}

fn event(context: &Arc<Context>, step: &Step, item: Item) -> Result<Event> {
    let within = item
        .section
        .filter(|_| item.fate == Fate::Here)
        .map(|section| {
            let above = context.tree.ancestors(section);
            above.iter().map(|section| section.id).collect()
        });
    let outside = item.kind == ChangeType::Article && item.fate == Fate::Here;
    let whole = written(item.kind, item.json.get());
    let gone = match outside {
        true => {
            let gone = Change::gone(item.kind, step.id);
            written(item.kind, &serde_json::to_string(&gone).map_err(internal)?)
        }
        false => whole.clone(),
    };
    let meant = matches!(item.kind, ChangeType::Section | ChangeType::Site);
    Ok(Event {
        place: (step.place.mark.seq, 0),
        kind: item.kind,
        then: step.place.clone(),
        // One that stands in no section is in none that anybody follows.
        within: within.or_else(|| outside.then(Box::default)),
        whole,
        gone,
        context: meant.then(|| Arc::clone(context)),
    })
}

/// The lists that fill themselves and have other articles than before.
fn lists_that_changed(
    conn: &mut Conn<'_>,
    now: crate::db::Time,
    context: &Context,
    mark: Mark,
    known: &mut Known,
    events: &mut Vec<Event>,
) -> Result<()> {
    let ids = crate::store!(*conn, curated::automatic(None, BATCH))?;
    let lists = crate::store!(*conn, curated::by_ids(&ids))?;
    let begin = events.len();
    for list in lists {
        let shown = items::list_of(conn, now, context, &list)?;
        let json = serde_json::to_string(&Change::list(shown)).map_err(internal)?;
        let hash = xxhash_rust::xxh3::xxh3_64(json.as_bytes());
        if known.lists.insert(list.id, hash) == Some(hash) {
            continue;
        }
        let whole = written(ChangeType::List, &json);
        events.push(Event {
            place: (mark.seq, 1),
            kind: ChangeType::List,
            then: Place {
                mark,
                stage: Stage::Lists(None),
            },
            within: None,
            gone: whole.clone(),
            whole,
            context: None,
        });
    }
    // Whoever has the last has all.
    if let Some(last) = events[begin..].last_mut() {
        last.then.stage = Stage::Since;
    }
    Ok(())
}
