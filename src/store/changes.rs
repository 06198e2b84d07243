//! The change log.

use diesel::prelude::*;

use super::super::Conn;
use crate::changes::{Entry, NewEntry};
use crate::db::schema::changes;
use crate::db::{Dialect, lock_key};

/// Makes writers of the log take turns until their commits, so that `seq` rises
/// in commit order: whoever gets the next numbers sees these as committed.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("changes"))
}

/// Appends entries as the last statements before the commit, after [`lock`].
/// Returns the number of the last.
pub fn append(c: &mut Conn, entries: &[NewEntry]) -> QueryResult<i64> {
    for chunk in entries.chunks(500) {
        diesel::insert_into(changes::table)
            .values(chunk)
            .execute(c)?;
    }
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
