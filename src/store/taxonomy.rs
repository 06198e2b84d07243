//! What sections, topics and authors share.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::articles;
use crate::db::{Dialect, Time, lock_key};

const NAME: &str = "taxonomy";

/// Waits until nobody else writes to sections, topics, authors or to an article
/// that refers to them, and keeps it so until the end of the transaction.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key(NAME))
}

/// Keeps sections, topics and authors from being changed until the end of the
/// transaction; any number of transactions may do so at once.
pub fn hold(c: &mut Conn) -> QueryResult<()> {
    c.lock_shared(lock_key(NAME))
}

/// The next instant at which an article appears by itself.
pub fn next_appearance(c: &mut Conn, now: Time) -> QueryResult<Option<Time>> {
    articles::table
        .filter(articles::published_at.gt(now))
        .select(diesel::dsl::min(articles::published_at))
        .first(c)
}

/// The next instant at which an article disappears by itself.
pub fn next_disappearance(c: &mut Conn, now: Time) -> QueryResult<Option<Time>> {
    articles::table
        .filter(articles::expires_at.gt(now))
        .select(diesel::dsl::min(articles::expires_at))
        .first(c)
}
