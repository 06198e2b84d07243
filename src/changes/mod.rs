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
//!
//! - `tag`: what answers are made of
//! - `tx`: a running write, which keeps what it has looked up and settles at its end
//!   what hangs on others

mod tag;
mod tx;

use diesel::prelude::*;

use crate::audit::model::{Deed, Entry as Noted, Subject};
use crate::db::schema::changes;
use crate::db::{Id, Time};
use tag::parse_keys;

pub use tag::{Tag, join};
pub use tx::{Appended, Known, NewArticle, Tx};

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
