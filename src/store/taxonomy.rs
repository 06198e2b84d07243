//! What sections, topics and authors share.

use diesel::prelude::*;

use super::super::Conn;
use crate::db::schema::{articles, authors, listings, topics};
use crate::db::{Dialect, Id, Time, lock_key};

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

/// Whether an article that readers see at this instant is in a list.
pub fn has_visible(c: &mut Conn, list: Id, now: Time) -> QueryResult<bool> {
    let visible = listings::table
        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
        .filter(listings::list_id.eq(list))
        .filter(listings::published_at.le(now))
        .filter(
            articles::expires_at
                .is_null()
                .or(articles::expires_at.gt(now)),
        );
    diesel::select(diesel::dsl::exists(visible)).get_result(c)
}

/// Slugs and names of these topics and authors, in no order.
pub fn names(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(Id, String, String)>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(Conn::IDS_AT_ONCE) {
        let topics = topics::table.select((topics::id, topics::slug, topics::name));
        let authors = authors::table.select((authors::id, authors::slug, authors::name));
        found.extend(match ids {
            [id] => topics
                .filter(topics::id.eq(id))
                .union_all(authors.filter(authors::id.eq(id)))
                .load(c)?,
            ids => topics
                .filter(topics::id.eq_any(ids))
                .union_all(authors.filter(authors::id.eq_any(ids)))
                .load(c)?,
        });
    }
    Ok(found)
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
