//! One client's stream: where it stands, and what it is sent next.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::hub::{Event, Hub, Next, Open, written};
use crate::db::Id;
use crate::delivery::context::Contexts;
use crate::delivery::sync::cursor::{Place, Stage, expired};
use crate::delivery::sync::items::{self, Shown};
use crate::delivery::sync::plan::plan;
use crate::delivery::sync::scope::{Named, Scope};
use crate::delivery::sync::{instant, newest};
use crate::error::{CURSOR_EXPIRED, Error, Result};
use crate::state::State;

/// Between two signs of life, so that nobody on the way takes the stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many things are read at once for a stream that has fallen behind.
const PAGE: i64 = 20;

/// A client's stream.
pub struct Stream {
    state: Arc<State>,
    hub: Arc<Hub>,
    contexts: Arc<Contexts>,
    named: Named,
    scope: Scope,
    /// Where the client stands with all that it was sent.
    place: Place,
    /// The event that it waits for; none while it catches up from the database.
    number: Option<u64>,
    wake: watch::Receiver<u64>,
    heartbeat: Interval,
    /// What is to be sent next, a few events at most.
    pending: VecDeque<Bytes>,
    _open: Open,
}

impl Stream {
    /// Begins at a cursor, or now.
    pub async fn begin(
        state: Arc<State>,
        hub: Arc<Hub>,
        contexts: Arc<Contexts>,
        open: Open,
        named: Named,
        cursor: Option<String>,
    ) -> Result<Self> {
        let (shared, of) = (Arc::clone(&state), Arc::clone(&contexts));
        let names = named.clone();
        let found = state.read(move |conn| {
            let end = newest(conn)?;
            let context = of.at_least(conn, &shared, end.seq)?;
            let scope = Scope::of(&names, &context)?;
            let now = Place {
                mark: end,
                stage: Stage::Since,
            };
            let Some(cursor) = cursor else {
                return Ok((scope, now, Some("ready")));
            };
            let read = Place::read(&cursor, &scope).and_then(|place| {
                place.check(conn, shared.now(), &shared.config)?;
                Ok(place)
            });
            match read {
                Ok(place) => Ok((scope, place, None)),
                Err(error) if is_expired(&error) => Ok((scope, now, Some("reset"))),
                Err(error) => Err(error),
            }
        });
        let (scope, place, said) = found.await?;
        let first = Instant::now() + HEARTBEAT;
        let mut heartbeat = interval_at(first, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stream = Stream {
            wake: hub.wake(),
            state,
            hub,
            contexts,
            named,
            scope,
            place,
            number: None,
            heartbeat,
            pending: VecDeque::new(),
            _open: open,
        };
        stream.pending.push_back(come_back());
        if let Some(said) = said {
            stream.say(said);
        }
        stream.attach();
        Ok(stream)
    }

    /// The stream as a body.
    pub fn into_events(self) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut stream| async move {
            let chunk = stream.next().await?;
            Some((Ok(chunk), stream))
        })
    }

    /// What is sent next; nothing more if the server stops, or the client had better
    /// come back.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                return Some(chunk);
            }
            let Some(number) = self.number else {
                if self.state.is_stopping() {
                    return None;
                }
                // Boxed: most streams never need it, and all would carry its size.
                if let Err(error) = Box::pin(self.catch_up()).await {
                    tracing::debug!(%error, "a stream ends");
                    return None;
                }
                continue;
            };
            match self.hub.next(number) {
                Next::Event(event, next) => {
                    self.number = Some(next);
                    self.take(&event)?;
                    continue;
                }
                Next::Behind => {
                    self.number = None;
                    continue;
                }
                Next::Closed => return None,
                Next::Nothing => {}
            }
            tokio::select! {
                woken = self.wake.changed() => if woken.is_err() { return None },
                _ = self.heartbeat.tick() => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// Goes on in the ring, if that has all that is missing.
    fn attach(&mut self) {
        self.number = match self.place.stage {
            Stage::Since => self.hub.number_after((self.place.mark.seq, 1)),
            // What it lacks besides is read first.
            Stage::First(..) | Stage::Lists(_) => None,
        };
    }

    /// Takes an event out of the ring.
    fn take(&mut self, event: &Event) -> Option<()> {
        let known = match self.place.stage {
            Stage::Lists(_) => 0,
            _ => 1,
        };
        if event.place <= (self.place.mark.seq, known) {
            return Some(());
        }
        self.place = event.then.clone();
        if let Some(context) = &event.context {
            let scope = Scope::of(&self.named, context).ok()?;
            if scope.meant != self.scope.meant {
                self.scope = scope;
                self.place.stage = Stage::Since;
                self.say("reset");
                return Some(());
            }
        }
        if self.scope.has(event.kind.entity()) {
            self.id();
            self.pending.push_back(event.bytes(&self.scope));
        }
        Some(())
    }

    /// Reads what is missing from the database, a little at a time.
    async fn catch_up(&mut self) -> Result<()> {
        let (shared, contexts) = (Arc::clone(&self.state), Arc::clone(&self.contexts));
        let (named, before, place) = (self.named.clone(), self.scope.clone(), self.place.clone());
        let read = self.state.read(move |conn| {
            let end = newest(conn)?;
            let context = contexts.at_least(conn, &shared, end.seq)?;
            let scope = Scope::of(&named, &context)?;
            if scope.meant != before.meant {
                return Err(expired());
            }
            place.check(conn, shared.now(), &shared.config)?;
            let now = instant(shared.now(), end);
            let since = place.mark.seq;
            let mut plan = plan(conn, now, &context, &scope, (place, end), PAGE)?;
            let asked = (&scope, &Shown::default());
            let (items, done) = items::show(conn, now, &context, asked, since, &plan.steps)?;
            if done < plan.steps.len() {
                plan.next = plan.steps[done.saturating_sub(1)].place.clone();
            }
            Ok((plan, items))
        });
        let (plan, items) = match read.await {
            Ok(read) => read,
            Err(error) if is_expired(&error) => return self.reset().await,
            Err(error) => return Err(error),
        };
        for item in items {
            self.place = plan.steps[item.step].place.clone();
            self.id();
            self.pending.push_back(written(item.kind, item.json.get()));
        }
        self.place = plan.next;
        self.attach();
        Ok(())
    }

    /// Goes on from now, and tells the client that it has to sync from the start.
    async fn reset(&mut self) -> Result<()> {
        let (shared, contexts) = (Arc::clone(&self.state), Arc::clone(&self.contexts));
        let named = self.named.clone();
        let read = self.state.read(move |conn| {
            let end = newest(conn)?;
            let context = contexts.at_least(conn, &shared, end.seq)?;
            Ok((Scope::of(&named, &context)?, end))
        });
        let (scope, mark) = read.await?;
        self.scope = scope;
        self.place = Place {
            mark,
            stage: Stage::Since,
        };
        self.say("reset");
        self.attach();
        Ok(())
    }

    /// An event that says where the client stands.
    fn say(&mut self, event: &str) {
        let cursor = self.place.write(&self.scope);
        let said = format!("id: {cursor}\nevent: {event}\ndata: {{\"cursor\":\"{cursor}\"}}\n\n");
        self.pending.push_back(said.into());
    }

    /// The line in front of an event that says where the client stands with it.
    fn id(&mut self) {
        let cursor = self.place.write(&self.scope);
        self.pending.push_back(format!("id: {cursor}\n").into());
    }
}

/// Says when to come back, not all at the same instant.
pub fn come_back() -> Bytes {
    let retry = 2_000 + Id::new().0.as_u128() % 3_000;
    format!("retry: {retry}\n\n").into()
}

fn is_expired(error: &Error) -> bool {
    matches!(error, Error::Problem(problem) if *problem.kind == CURSOR_EXPIRED)
}
