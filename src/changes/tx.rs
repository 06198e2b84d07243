//! A running write.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;

use super::tag::parse_keys;
use super::{Action, Entity, NewEntry, Tag, record};
use crate::articles::model::{ArticleRow, LinkRow, ListingRow, RevisionRow};
use crate::audit::model::{Entry as Noted, Origin};
use crate::auth::Actor;
use crate::db::{Conn, Id, Time, lock_key};
use crate::error::{Error, Result};
use crate::sections::Tree;
use crate::site::Settings;
use crate::taxonomy::Kind;

/// A running write: its connection, its instant, and what it has to tell.
pub struct Tx<'a> {
    /// The connection, inside a transaction.
    pub conn: Conn<'a>,
    /// The instant of the whole write.
    pub now: Time,
    /// What it has looked up already.
    pub known: Known,
    pub(super) entries: Vec<NewEntry>,
    pub(super) deeds: Vec<Noted>,
    pub(super) actor: Actor,
    pub(super) origin: Option<Origin>,
    pub(super) loose: Loose,
    /// New articles that aren't in the database yet, if they are gathered.
    gathered: Vec<NewArticle>,
    gathering: bool,
}

/// A new article: its rows, each for a table of its own.
pub struct NewArticle {
    /// The article.
    pub row: ArticleRow,
    /// Its first revision.
    pub revision: RevisionRow,
    /// That revision's links.
    pub links: Vec<LinkRow>,
    /// The pictures that it shows.
    pub media: Vec<Id>,
    /// Its places in lists, if it is published at once.
    pub listings: Vec<ListingRow>,
}

impl NewArticle {
    /// Slugs by which links may now be bound: its own, and those that its links wait for.
    fn slugs(&self) -> impl Iterator<Item = &str> {
        let waiting = self.links.iter().filter(|link| link.target_id.is_none());
        let waiting = waiting.filter_map(|link| link.slug.as_deref());
        waiting.chain([self.row.slug.as_str()])
    }
}

/// What a write has looked up, so that each of the articles of a bulk request need
/// not do it again. Nobody changes it before the write is done: whoever puts
/// something of the taxonomy or the site here holds the taxonomy, and whoever puts a
/// free name here has locked it.
#[derive(Default)]
pub struct Known {
    /// Whether it is held.
    pub held: bool,
    /// The sections.
    pub tree: Option<Arc<Tree>>,
    /// The site's settings.
    pub settings: Option<Arc<Settings>>,
    /// Topics and authors by names that uploads gave them.
    pub names: HashMap<(Kind, String), Id>,
    /// Topics and authors that are there.
    pub present: HashSet<Id>,
    /// Names of articles that are locked.
    locked: HashSet<i64>,
    /// Names that no article has or had: slugs, and `external:…`.
    pub free: HashSet<String>,
    /// The articles that slugs in links lead to, if they lead to any. Not locked:
    /// links to what comes meanwhile are bound at the end.
    pub targets: HashMap<String, Option<Id>>,
}

impl Known {
    /// Forgets names of articles, because an article has got another or lost one.
    pub fn forget_names(&mut self) {
        self.free.clear();
        self.targets.clear();
    }
}

/// What is settled at the end of a write, because it hangs on other writes.
#[derive(Default)]
pub(super) struct Loose {
    /// Slugs that links may now be bound by.
    slugs: BTreeSet<String>,
    /// Articles that came or went, and with them the links that lead to them.
    pub(super) came_or_went: BTreeSet<Id>,
    /// Articles that will come at another instant than was known.
    pub(super) rescheduled: BTreeSet<Id>,
    /// Articles that came into lists or left them, and these lists: a topic or an
    /// author of which readers see none other comes or goes with them.
    pub(super) relisted: BTreeSet<Id>,
    pub(super) lists: BTreeSet<Id>,
}

impl Loose {
    fn extend(&mut self, more: Loose) {
        self.slugs.extend(more.slugs);
        self.came_or_went.extend(more.came_or_went);
        self.rescheduled.extend(more.rescheduled);
        self.relisted.extend(more.relisted);
        self.lists.extend(more.lists);
    }
}

impl<'a> Tx<'a> {
    /// A write that has nothing to tell yet.
    pub fn new(conn: Conn<'a>, now: Time) -> Self {
        Tx {
            conn,
            now,
            known: Known::default(),
            entries: Vec::new(),
            deeds: Vec::new(),
            actor: Actor::command(),
            origin: None,
            loose: Loose::default(),
            gathered: Vec::new(),
            gathering: false,
        }
    }

    /// Makes writers of these names take turns until this transaction ends; in the
    /// order in which they are given, which is the same everywhere: what feeds call
    /// an article, then slugs, then ids.
    pub fn lock<N: AsRef<str>>(&mut self, names: &[N]) -> QueryResult<()> {
        let keys = names.iter().map(|name| lock_key(name.as_ref()));
        let keys: Vec<i64> = keys.filter(|key| self.known.locked.insert(*key)).collect();
        crate::store!(self.conn, articles::lock(&keys))
    }

    /// Writes a new article, or keeps it to be written with others.
    pub fn add(&mut self, new: NewArticle) -> QueryResult<()> {
        self.bind_at_the_end(new.slugs());
        let row = &new.row;
        self.known.free.remove(&row.slug);
        if let Some(external_id) = &row.external_id {
            self.known.free.remove(&format!("external:{external_id}"));
        }
        self.known.targets.insert(row.slug.clone(), Some(row.id));
        self.gathered.push(new);
        match self.gathering {
            true => Ok(()),
            false => self.write_gathered(),
        }
    }

    /// Writes the new articles that were gathered, table by table.
    pub fn write_gathered(&mut self) -> QueryResult<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let (mut rows, mut revisions, mut links) = (Vec::new(), Vec::new(), Vec::new());
        let (mut media, mut listings) = (Vec::new(), Vec::new());
        for new in self.gathered.drain(..) {
            media.extend(new.media.into_iter().map(|id| (id, new.row.id)));
            rows.push(new.row);
            revisions.push(new.revision);
            links.extend(new.links);
            listings.extend(new.listings);
        }
        crate::store!(self.conn, articles::insert(&rows))?;
        crate::store!(self.conn, articles::insert_revisions(&revisions))?;
        crate::store!(self.conn, links::insert(&links))?;
        crate::store!(self.conn, lists::insert(&listings))?;
        for (id, article) in media {
            crate::store!(self.conn, media::add_uses(article, 1, &[id]))?;
        }
        Ok(())
    }

    /// Runs a part of the write that makes an article of what is known and may fail by
    /// itself. What it makes is kept to be written with others, and nothing else is
    /// written, so there is nothing that the database would have to take back.
    pub fn gather<T>(&mut self, job: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let before = (self.gathered.len(), self.entries.len(), self.deeds.len());
        self.gathering = true;
        let made = job(self);
        self.gathering = false;
        if made.is_err() {
            self.gathered.truncate(before.0);
            self.entries.truncate(before.1);
            self.deeds.truncate(before.2);
        }
        made
    }

    /// Says whose write this is, and where it came from, for the audit log; the
    /// command line's if nothing is said.
    pub fn done_by(&mut self, actor: &Actor, origin: Option<&Origin>) {
        self.actor = actor.clone();
        self.origin = origin.cloned();
    }

    /// Runs a part of the write that may fail by itself: what it wrote and
    /// recorded is then taken back, and the rest goes on.
    pub fn attempt<T>(&mut self, job: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        if !self.gathered.is_empty() {
            // This part sees their links bound; of those before them it did already.
            let slugs = self.gathered.iter().flat_map(NewArticle::slugs);
            let slugs: Vec<String> = slugs.map(str::to_owned).collect();
            self.write_gathered()?;
            crate::store!(self.conn, links::bind_seen(&slugs))?;
        }
        let now = self.now;
        let (actor, origin) = (&self.actor, &self.origin);
        // Of a part that fails, what it made and locked is taken back, and what it
        // knew with it.
        let known = std::mem::take(&mut self.known);
        let part = |conn: Conn<'_>| {
            let mut part = Tx::new(conn, now);
            part.known = known;
            part.done_by(actor, origin.as_ref());
            let value = job(&mut part)?;
            // So that the next part sees the links of this one bound.
            let slugs: Vec<String> = part.loose.slugs.iter().cloned().collect();
            crate::store!(part.conn, links::bind_seen(&slugs))?;
            Ok((value, part.known, part.entries, part.deeds, part.loose))
        };
        // A transaction inside a transaction is a savepoint.
        let (value, known, entries, deeds, loose) = match &mut self.conn {
            Conn::Pg(conn) => conn.transaction::<_, Error, _>(|conn| part(Conn::Pg(conn))),
            Conn::Lite(conn) => conn.transaction::<_, Error, _>(|conn| part(Conn::Lite(conn))),
        }?;
        self.known = known;
        self.entries.extend(entries);
        self.deeds.extend(deeds);
        self.loose.extend(loose);
        Ok(value)
    }

    /// Notes slugs that an article has got or that new links wait for: where
    /// both are there at the end of the write, the links are bound.
    pub fn bind_at_the_end<'s>(&mut self, slugs: impl IntoIterator<Item = &'s str>) {
        let slugs = slugs.into_iter().map(str::to_owned);
        self.loose.slugs.extend(slugs);
    }

    /// Settles what hangs on other writes, and appends what was noted and what was
    /// recorded; the last statements of the transaction.
    pub fn finish(mut self) -> QueryResult<Appended> {
        self.write_gathered()?;
        if !self.loose.slugs.is_empty() {
            let slugs: Vec<String> = std::mem::take(&mut self.loose.slugs).into_iter().collect();
            crate::store!(self.conn, links::bind(&slugs))?;
        }
        if !self.deeds.is_empty() {
            crate::store!(self.conn, audit::append(&self.deeds))?;
        }
        let mut last = None;
        if !self.entries.is_empty() {
            crate::store!(self.conn, changes::lock())?;
            self.record_sources()?;
            self.record_terms()?;
            self.keep_gone()?;
            last = Some(crate::store!(self.conn, changes::append(&self.entries))?);
        }
        Ok(Appended {
            last,
            count: self.entries.len() as i64,
            tags: self
                .entries
                .iter()
                .flat_map(|entry| parse_keys(&entry.keys).chain(Tag::of_any(entry.entity)))
                .collect(),
        })
    }

    /// Records the articles that link to what came or went, and the curated lists
    /// that it is in. It holds the log's lock, so that two that link to each other
    /// and are published at the same instant don't miss each other.
    fn record_sources(&mut self) -> QueryResult<()> {
        let mut known = BTreeSet::new();
        for (targets, action) in [
            (
                std::mem::take(&mut self.loose.came_or_went),
                Action::Changed,
            ),
            (
                std::mem::take(&mut self.loose.rescheduled),
                Action::Scheduled,
            ),
        ] {
            let targets: Vec<Id> = targets.into_iter().collect();
            for list in crate::store!(self.conn, curated::lists_with(&targets))? {
                if known.insert(list) {
                    record(self, Entity::List, list, action, &[Tag::curated(list)]);
                }
            }
            for source in crate::store!(self.conn, links::live_sources(&targets))? {
                if known.insert(source) {
                    record(
                        self,
                        Entity::Article,
                        source,
                        action,
                        &[Tag::article(source)],
                    );
                }
            }
        }
        Ok(())
    }

    /// Records the topics and authors that came or went with the articles of this
    /// write. It holds the log's lock, so that of two writes the second knows what
    /// the first left.
    fn record_terms(&mut self) -> QueryResult<()> {
        let lists: Vec<Id> = std::mem::take(&mut self.loose.lists).into_iter().collect();
        let articles = std::mem::take(&mut self.loose.relisted);
        let articles: Vec<Id> = articles.into_iter().collect();
        if lists.is_empty() {
            return Ok(());
        }
        // Whoever wrote the newest entry may have begun later than this write, and
        // left to it what was to come or go between the two.
        let newest = crate::store!(self.conn, changes::newest())?;
        let now = newest.map_or(self.now, |(_, at)| at.max(self.now));
        for (entity, found) in [
            (
                Entity::Topic,
                crate::store!(self.conn, topics::only_by(&lists, &articles, now))?,
            ),
            (
                Entity::Author,
                crate::store!(self.conn, authors::only_by(&lists, &articles, now))?,
            ),
        ] {
            for id in found {
                let action = match crate::store!(self.conn, taxonomy::has_visible(id, now))? {
                    true => Action::Changed,
                    false => Action::Gone,
                };
                record(self, entity, id, action, &[Tag::list(id)]);
            }
        }
        Ok(())
    }

    /// Records topics and authors that readers saw the last of as gone again, whatever
    /// else is changed about them: of several entries about one thing, clients that
    /// sync read the newest only.
    fn keep_gone(&mut self) -> QueryResult<()> {
        let now = self.now;
        for entry in &mut self.entries {
            let is_term = matches!(entry.entity, Entity::Topic | Entity::Author);
            if is_term
                && entry.action == Action::Changed
                && crate::store!(self.conn, changes::went_at_last(entry.entity_id))?
                && !crate::store!(self.conn, taxonomy::has_visible(entry.entity_id, now))?
            {
                entry.action = Action::Gone;
            }
        }
        Ok(())
    }
}

/// What a write appended to the log.
#[derive(Debug)]
pub struct Appended {
    /// The number of the last entry, if there were any.
    pub last: Option<i64>,
    /// How many entries; their numbers follow each other.
    pub count: i64,
    /// The tags to evict once it is committed.
    pub tags: Vec<Tag>,
}
