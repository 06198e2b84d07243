//! The change log.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::super::Conn;
use crate::changes::{Action, Entity, Entry, NewEntry};
use crate::db::schema::changes;
use crate::db::{Dialect, Id, Time, any_of, lock_key};

// The macro makes items that carry no documentation.
#[allow(missing_docs)]
mod alias {
    use crate::db::schema::changes;
    diesel::alias!(changes as later: Later);
}
use alias::later;

/// Makes writers of the log take turns until their commits, so that `seq` rises
/// in commit order: whoever gets the next numbers sees these as committed.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("changes"))
}

/// Appends entries as the last statements before the commit, after [`lock`].
/// Returns the number of the last.
pub fn append(c: &mut Conn, entries: &[NewEntry]) -> QueryResult<i64> {
    insert_all!(c, changes::table, entries);
    c.notify()?;
    head(c)
}

/// Entries after `seq`, oldest first.
pub fn since(c: &mut Conn, seq: i64, limit: i64) -> QueryResult<Vec<Entry>> {
    changes::table
        .filter(changes::seq.gt(seq))
        .order(changes::seq.asc())
        .limit(limit)
        .select(Entry::as_select())
        .load(c)
}

/// Numbers and instants of the newest entry of each thing after `since` and up to
/// `until`, oldest first. What has a newer one beyond is left out: it comes there.
pub fn latest(
    c: &mut Conn,
    (since, until): (i64, i64),
    entities: &[Entity],
    limit: i64,
) -> QueryResult<Vec<(i64, Time, Entity, Id)>> {
    let newer = later
        .filter(later.field(changes::entity_id).eq(changes::entity_id))
        .filter(later.field(changes::seq).gt(changes::seq));
    changes::table
        .filter(changes::seq.gt(since))
        .filter(changes::seq.le(until))
        .filter(changes::entity.eq_any(entities))
        .filter(not(exists(newer)))
        .order(changes::seq.asc())
        .limit(limit)
        .select((
            changes::seq,
            changes::at,
            changes::entity,
            changes::entity_id,
        ))
        .load(c)
}

/// Those of these that went since a place in the log.
pub fn gone_since(c: &mut Conn, since: i64, ids: &[Id]) -> QueryResult<Vec<Id>> {
    changes::table
        .filter(any_of(changes::entity_id, ids))
        .filter(changes::seq.gt(since))
        .filter(changes::action.eq(Action::Gone))
        .select(changes::entity_id)
        .load(c)
}

/// Whether the newest entry about something says that it went.
pub fn went_at_last(c: &mut Conn, id: Id) -> QueryResult<bool> {
    let newest = changes::table
        .filter(changes::entity_id.eq(id))
        .order(changes::seq.desc())
        .select(changes::action)
        .first::<Action>(c)
        .optional()?;
    Ok(newest == Some(Action::Gone))
}

/// When the entry with this number was written, if there is one.
pub fn instant(c: &mut Conn, seq: i64) -> QueryResult<Option<Time>> {
    changes::table
        .find(seq)
        .select(changes::at)
        .first(c)
        .optional()
}

/// The newest entry's number and instant.
pub fn newest(c: &mut Conn) -> QueryResult<Option<(i64, Time)>> {
    changes::table
        .order(changes::seq.desc())
        .select((changes::seq, changes::at))
        .first(c)
        .optional()
}

/// Numbers and instants of the oldest entries, oldest first.
pub fn oldest(c: &mut Conn, limit: i64) -> QueryResult<Vec<(i64, Time)>> {
    changes::table
        .order(changes::seq.asc())
        .limit(limit)
        .select((changes::seq, changes::at))
        .load(c)
}

/// Forgets the entries before this one.
pub fn prune(c: &mut Conn, seq: i64) -> QueryResult<()> {
    diesel::delete(changes::table.filter(changes::seq.lt(seq)))
        .execute(c)
        .map(drop)
}

/// The newest entry's number, 0 while the log is empty.
pub fn head(c: &mut Conn) -> QueryResult<i64> {
    changes::table
        .select(diesel::dsl::max(changes::seq))
        .first::<Option<i64>>(c)
        .map(Option::unwrap_or_default)
}

/// The entry with this number.
pub fn find(c: &mut Conn, seq: i64) -> QueryResult<Option<Entry>> {
    changes::table
        .find(seq)
        .select(Entry::as_select())
        .first(c)
        .optional()
}
