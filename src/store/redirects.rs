//! Redirects.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::db::schema::redirects;
use crate::db::{Dialect, Id, lock_key};
use crate::http::cursor::Position;
use crate::redirects::model::{Redirect, RedirectFilter};

/// Waits until nobody else writes redirects, and keeps it so until the end of the
/// transaction.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("redirects"))
}

/// A redirect by its id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<Redirect>> {
    redirects::table
        .find(id)
        .select(Redirect::as_select())
        .first(c)
        .optional()
}

/// The redirects from these addresses, in no order.
pub fn by_sources(c: &mut Conn, sources: &[String]) -> QueryResult<Vec<Redirect>> {
    let query = redirects::table.select(Redirect::as_select());
    load_any!(c, query, redirects::source, sources)
}

/// All patterns.
pub fn patterns(c: &mut Conn) -> QueryResult<Vec<Redirect>> {
    redirects::table
        .filter(redirects::literals.is_not_null())
        .order(redirects::source.asc())
        .select(Redirect::as_select())
        .load(c)
}

/// How many patterns there are.
pub fn count_patterns(c: &mut Conn) -> QueryResult<i64> {
    redirects::table
        .filter(redirects::literals.is_not_null())
        .count()
        .get_result(c)
}

/// A page of the editors' list after a position, the newest first.
pub fn page(
    c: &mut Conn,
    filter: &RedirectFilter,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<Redirect>> {
    let mut query = redirects::table
        .order((redirects::created_at.desc(), redirects::id.desc()))
        .limit(limit)
        .select(Redirect::as_select())
        .into_boxed::<Db>();
    for word in &filter.words {
        let escaped = word
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        query = query.filter(
            redirects::search_text
                .like(format!("%{escaped}%"))
                .escape('\\'),
        );
    }
    if let Some(article) = filter.article {
        query = query.filter(redirects::article_id.eq(article));
    }
    query = match filter.pattern {
        None => query,
        Some(true) => query.filter(redirects::literals.is_not_null()),
        Some(false) => query.filter(redirects::literals.is_null()),
    };
    if let Some(Position { at, id }) = after {
        query = query
            .filter(redirects::created_at.le(at))
            .filter(redirects::created_at.lt(at).or(redirects::id.lt(id)));
    }
    query.load(c)
}

/// Adds redirects.
pub fn insert(c: &mut Conn, rows: &[Redirect]) -> QueryResult<()> {
    for chunk in rows.chunks(500) {
        diesel::insert_into(redirects::table)
            .values(chunk)
            .execute(c)?;
    }
    Ok(())
}

/// Replaces a redirect if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, row: &Redirect, old: i64) -> QueryResult<bool> {
    let target = redirects::table
        .find(row.id)
        .filter(redirects::version.eq(old));
    Ok(diesel::update(target).set(row).execute(c)? == 1)
}

/// Removes a redirect if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    let target = redirects::table.find(id).filter(redirects::version.eq(old));
    Ok(diesel::delete(target).execute(c)? == 1)
}
