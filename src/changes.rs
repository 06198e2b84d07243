//! The change log: the one place from which everything learns that readers
//! would now see something else.
//!
//! An operation records entries while it runs; `state.write` appends them as
//! the last statements before the commit, under one lock, so that numbers rise
//! in commit order. Cache eviction, other nodes and everything that will ever
//! follow the newsroom live hang on these entries; no handler evicts or
//! notifies by hand.
//!
//! What depends on what other writes do at the same time is settled at the end
//! too, under locks: which links a new slug was awaited by, and which articles
//! show an article that came or went. Whoever comes second sees what the first
//! did, so neither is missed by both.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;

use crate::audit::model::{Deed, Entry as Noted, Origin, Subject};
use crate::auth::Actor;
use crate::db::schema::changes;
use crate::db::{Conn, Id, Time};
use crate::error::{Error, Result};
use crate::sections::Tree;
use crate::site::Settings;
use crate::taxonomy::Kind;

crate::text_enum! {
    /// What an entry of the log is about.
    pub enum Entity {
        /// An article that readers see, saw or will see.
        Article = "article",
        /// A section of the tree.
        Section = "section",
        /// A topic.
        Topic = "topic",
        /// An author.
        Author = "author",
        /// A picture.
        Media = "media",
        /// A curated list.
        List = "list",
        /// The newsroom's own settings.
        Site = "site",
        /// Where an old address leads.
        Redirect = "redirect",
    }
}

crate::text_enum! {
    /// What happened to it.
    pub enum Action {
        /// It is there and differs from before.
        Changed = "changed",
        /// Readers no longer see it.
        Gone = "gone",
        /// Readers will or would have seen it at an instant ahead: nothing is
        /// different yet but how long answers may be kept.
        Scheduled = "scheduled",
    }
}

/// How many groups of tags there are.
const GROUPS: usize = 64;

/// What an answer is made of, as a number of 40 bits. In a `Surrogate-Key`
/// header it is written as 8 characters, which tell nobody what they stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u64);

impl Tag {
    /// An article, as a page, as a card, as the target of a link.
    pub fn article(id: Id) -> Self {
        Tag::of(b'a', id)
    }

    /// A section's name and place in the tree.
    pub fn section(id: Id) -> Self {
        Tag::of(b's', id)
    }

    /// A topic's name.
    pub fn topic(id: Id) -> Self {
        Tag::of(b't', id)
    }

    /// An author's name and profile.
    pub fn author(id: Id) -> Self {
        Tag::of(b'u', id)
    }

    /// A picture: what is said about it and what was made of it.
    pub fn media(id: Id) -> Self {
        Tag::of(b'm', id)
    }

    /// Which articles are in the list of a section, topic or author, and in
    /// what order.
    pub fn list(id: Id) -> Self {
        Tag::of(b'l', id)
    }

    /// A curated list: its name, and what was put into it.
    pub fn curated(id: Id) -> Self {
        Tag::of(b'c', id)
    }

    /// The curated list with a slug, if only that there is none.
    pub fn curated_slug(slug: &str) -> Self {
        Tag(xxhash_rust::xxh3::xxh3_64_with_seed(slug.as_bytes(), u64::from(b'c')) >> 24)
    }

    /// Which articles there are at all, and in what order.
    pub fn all_articles() -> Self {
        Tag::of(b'l', Id(uuid::Uuid::nil()))
    }

    /// Which articles were published in the month (UTC) that an instant lies in, and
    /// when they last changed.
    pub fn month_of(at: Time) -> Self {
        use chrono::Datelike;
        let date = at.to_datetime();
        let months = i64::from(date.year()) * 12 + i64::from(date.month0());
        Tag::of(b'd', Id(uuid::Uuid::from_u128(months as u128)))
    }

    /// Which sections, topics, authors, lists or redirects there are.
    pub fn index(entity: Entity) -> Self {
        let nil = Id(uuid::Uuid::nil());
        match entity {
            Entity::Article => Tag::all_articles(),
            Entity::Section => Tag::of(b's', nil),
            Entity::Topic => Tag::of(b't', nil),
            Entity::Author => Tag::of(b'u', nil),
            Entity::Media => Tag::of(b'm', nil),
            Entity::Site => Tag::site(),
            Entity::List => Tag::of(b'c', nil),
            Entity::Redirect => Tag::of(b'r', nil),
        }
    }

    /// What a search finds: nobody knows beforehand which words an article will have.
    pub fn search() -> Self {
        Tag::of(b'f', Id(uuid::Uuid::nil()))
    }

    /// What may be wrong after anything is said about such a thing, beside what the
    /// entry says.
    fn of_any(entity: Entity) -> Option<Self> {
        let searched = matches!(entity, Entity::Article | Entity::Topic | Entity::Author);
        searched.then(Tag::search)
    }

    /// The newsroom's own settings.
    pub fn site() -> Self {
        Tag::of(b'n', Id(uuid::Uuid::nil()))
    }

    /// What is found under a slug, if only that nothing is.
    pub fn slug(slug: &str) -> Self {
        Tag(xxhash_rust::xxh3::xxh3_64_with_seed(slug.as_bytes(), u64::from(b'p')) >> 24)
    }

    /// Everything that anyone may read.
    pub fn everything() -> Self {
        Tag::of(b'e', Id(uuid::Uuid::nil()))
    }

    /// The group that this tag is in. Where a header has no room for all tags, groups
    /// stand for those left out, and whoever purges a tag purges its group as well.
    pub fn group(self) -> Self {
        let number = u128::from(self.0 % GROUPS as u64);
        Tag::of(b'g', Id(uuid::Uuid::from_u128(number)))
    }

    /// Writes tags as [`join`] does, in so many bytes at most: the first of them, and for
    /// the others their groups.
    pub fn join_within(tags: &[Tag], bytes: usize) -> String {
        let room = (bytes + 1) / 9;
        if tags.len() <= room {
            return join(tags);
        }
        let (first, others) = tags.split_at(room.saturating_sub(GROUPS));
        let groups: BTreeSet<Tag> = others.iter().map(|tag| tag.group()).collect();
        join(&first.iter().copied().chain(groups).collect::<Vec<_>>())
    }

    fn of(kind: u8, id: Id) -> Self {
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(id.0.as_bytes());
        Tag(xxhash_rust::xxh3::xxh3_64(&bytes) >> 24)
    }

    /// The 8 characters that stand for this tag in headers and in the log.
    pub fn write_to(self, text: &mut String) {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        text.extend(
            (0..8)
                .rev()
                .map(|place| char::from(ALPHABET[(self.0 >> (place * 5)) as usize & 31])),
        );
    }

    fn parse(text: &str) -> Option<Self> {
        const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
        (text.len() == 8)
            .then(|| {
                text.chars()
                    .try_fold(0, |sum, c| Some(sum << 5 | ALPHABET.find(c)? as u64))
            })
            .flatten()
            .map(Tag)
    }
}

/// Writes tags separated by spaces.
pub fn join(tags: &[Tag]) -> String {
    let mut text = String::with_capacity(tags.len() * 9);
    for tag in tags {
        if !text.is_empty() {
            text.push(' ');
        }
        tag.write_to(&mut text);
    }
    text
}

/// An entry to be appended.
#[derive(Insertable, Clone, Debug)]
#[diesel(table_name = changes)]
pub struct NewEntry {
    /// When the transaction ran.
    pub at: Time,
    /// What it is about.
    pub entity: Entity,
    /// Its id.
    pub entity_id: Id,
    /// What happened.
    pub action: Action,
    /// Tags of the answers that may now be wrong, as [`join`] writes them.
    pub keys: String,
}

/// An entry of the log.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = changes)]
pub struct Entry {
    /// Its place in the order of commits. Holes are normal.
    pub seq: i64,
    /// When the transaction ran.
    pub at: Time,
    /// What it is about.
    pub entity: Entity,
    /// Its id.
    pub entity_id: Id,
    /// What happened.
    pub action: Action,
    keys: String,
}

impl Entry {
    /// Tags of the answers that may now be wrong.
    pub fn tags(&self) -> impl Iterator<Item = Tag> + '_ {
        parse_keys(&self.keys).chain(Tag::of_any(self.entity))
    }
}

fn parse_keys(keys: &str) -> impl Iterator<Item = Tag> + '_ {
    keys.split(' ').filter_map(Tag::parse)
}

/// A running write: its connection, its instant, and what it has to tell.
pub struct Tx<'a> {
    /// The connection, inside a transaction.
    pub conn: Conn<'a>,
    /// The instant of the whole write.
    pub now: Time,
    /// What it has looked up already.
    pub known: Known,
    entries: Vec<NewEntry>,
    deeds: Vec<Noted>,
    actor: Actor,
    origin: Option<Origin>,
    loose: Loose,
}

/// What a write has looked up of the taxonomy and the site, so that each of the
/// articles of a bulk request need not do it again. Nobody changes it before the
/// write is done: whoever puts something here holds the taxonomy.
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
}

/// What is settled at the end of a write, because it hangs on other writes.
#[derive(Default)]
struct Loose {
    /// Slugs that links may now be bound by.
    slugs: BTreeSet<String>,
    /// Articles that came or went, and with them the links that lead to them.
    came_or_went: BTreeSet<Id>,
    /// Articles that will come at another instant than was known.
    rescheduled: BTreeSet<Id>,
    /// Articles that came into lists or left them, and these lists: a topic or an
    /// author of which readers see none other comes or goes with them.
    relisted: BTreeSet<Id>,
    lists: BTreeSet<Id>,
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
        }
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

/// Records that readers would now see something else: `entity` with this id
/// changed or went, and answers with any of these tags may be wrong.
pub fn record(tx: &mut Tx<'_>, entity: Entity, entity_id: Id, action: Action, tags: &[Tag]) {
    let mut tags = tags.to_vec();
    tags.sort_unstable();
    tags.dedup();
    if matches!(
        entity,
        Entity::Section | Entity::Topic | Entity::Author | Entity::Site
    ) {
        tx.known = Known::default();
    }
    let at = tx.now;
    tx.entries.push(NewEntry {
        at,
        entity,
        entity_id,
        action,
        keys: join(&tags),
    });
}

/// Notes what was done to something, for the audit log. `revision` is the one after
/// the deed, or the version of what has no revisions.
pub fn note(tx: &mut Tx<'_>, deed: Deed, subject: (Subject, Id), revision: impl Into<Option<i64>>) {
    let (actor, origin) = (&tx.actor, tx.origin.as_ref());
    let noted = Noted::done(tx.now, actor, origin, deed, subject, revision.into());
    tx.deeds.push(noted);
}

/// Records, once the write is done, the articles in which links lead to this
/// one: they show it from now on, or no longer, or will at another instant.
pub fn record_links_to(tx: &mut Tx<'_>, article: Id, action: Action) {
    match action {
        Action::Scheduled => tx.loose.rescheduled.insert(article),
        Action::Changed | Action::Gone => tx.loose.came_or_went.insert(article),
    };
}

/// Notes that an article came into these lists or left them, as readers see it:
/// topics and authors that come or go with it are recorded once the write is done.
pub fn relisted(tx: &mut Tx<'_>, article: Id, lists: &[Id]) {
    tx.loose.relisted.insert(article);
    tx.loose.lists.extend(lists);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_survive_being_written() {
        let tags = [Tag::article(Id::new()), Tag::site(), Tag::all_articles()];
        assert_eq!(parse_keys(&join(&tags)).collect::<Vec<_>>(), tags);
    }

    /// Whatever is purged, a header that was too long for it has a key that is.
    #[test]
    fn a_header_without_room_names_groups() {
        let tags: Vec<Tag> = (0..1_000).map(|_| Tag::article(Id::new())).collect();
        assert_eq!(Tag::join_within(&tags[..455], 4_096), join(&tags[..455]));
        let cut = Tag::join_within(&tags, 4_096);
        assert!(cut.len() <= 4_096 && cut.len() > 3_500, "{}", cut.len());
        let there: Vec<Tag> = parse_keys(&cut).collect();
        assert_eq!(there[..391], tags[..391]);
        for tag in &tags {
            assert!(there.contains(tag) || there.contains(&tag.group()));
        }
    }
}
