//! Which addresses the website has: ranges of the articles in the order of their
//! publication. What is asked of all articles of a month is answered by the index
//! alone.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::articles::model::{Listed, Range};
use crate::db::schema::{articles, revisions};
use crate::db::{Id, Time};
use crate::http::cursor::Position;

/// A range without what is published later than this. Each end is one condition: an
/// index can start at one only, and SQLite takes the first.
fn ended(range: Range, now: Time) -> Range {
    let until = match range.until.at <= now {
        true => range.until,
        false => Position {
            at: Time(now.0.saturating_add(1)),
            id: Id(uuid::Uuid::nil()),
        },
    };
    Range { until, ..range }
}

/// Narrows a query to what readers see of a range. A macro, because the queries that
/// need it have different types.
macro_rules! visible {
    ($query:expr, $range:ident, $now:ident) => {{
        let Range { from, until } = ended($range, $now);
        $query
            .filter(articles::published_at.ge(from.at))
            .filter(
                articles::published_at
                    .gt(from.at)
                    .or(articles::id.ge(from.id)),
            )
            .filter(articles::published_at.le(until.at))
            .filter(
                articles::published_at
                    .lt(until.at)
                    .or(articles::id.lt(until.id)),
            )
            .filter(
                articles::expires_at
                    .is_null()
                    .or(articles::expires_at.gt($now)),
            )
    }};
}

/// When the newest article was published of those published before an instant.
pub fn newest_before(c: &mut Conn, before: Time, now: Time) -> QueryResult<Option<Time>> {
    let before = Time(before.0.min(now.0.saturating_add(1)));
    articles::table
        .filter(articles::published_at.lt(before))
        .filter(
            articles::expires_at
                .is_null()
                .or(articles::expires_at.gt(now)),
        )
        .order(articles::published_at.desc())
        .select(articles::published_at.assume_not_null())
        .first(c)
        .optional()
}

/// How many articles there are in a range, and when the last of them changed.
pub fn extent(c: &mut Conn, range: Range, now: Time) -> QueryResult<(i64, Option<Time>)> {
    visible!(articles::table.into_boxed::<Db>(), range, now)
        .select((count_star(), max(articles::updated_at)))
        .first(c)
}

/// The position after so many articles of a range, if there are more.
pub fn after_so_many(
    c: &mut Conn,
    range: Range,
    now: Time,
    skip: i64,
) -> QueryResult<Option<Position>> {
    let found: Option<(Time, Id)> = visible!(articles::table.into_boxed::<Db>(), range, now)
        .order((articles::published_at.asc(), articles::id.asc()))
        .select((articles::published_at.assume_not_null(), articles::id))
        .offset(skip)
        .first(c)
        .optional()?;
    Ok(found.map(|(at, id)| Position { at, id }))
}

/// What the addresses of a range's articles are made of, in order; with their
/// sections only if these are wanted.
pub fn listed(
    c: &mut Conn,
    range: Range,
    now: Time,
    limit: i64,
    with_sections: bool,
) -> QueryResult<Vec<Listed>> {
    type Found = (
        Id,
        String,
        Time,
        Option<Time>,
        Option<Time>,
        Option<Time>,
        Option<Id>,
    );
    let columns = (
        articles::id,
        articles::slug,
        articles::published_at.assume_not_null(),
        articles::first_published_at,
        articles::updated_at,
        articles::expires_at,
    );
    let order = (articles::published_at.asc(), articles::id.asc());
    let live = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.nullable().eq(articles::live_revision));
    let found: Vec<Found> = match with_sections {
        true => visible!(
            articles::table
                .inner_join(revisions::table.on(live))
                .into_boxed::<Db>(),
            range,
            now
        )
        .order(order)
        .limit(limit)
        .select((
            columns.0,
            columns.1,
            columns.2,
            columns.3,
            columns.4,
            columns.5,
            revisions::section_id,
        ))
        .load(c)?,
        false => visible!(articles::table.into_boxed::<Db>(), range, now)
            .order(order)
            .limit(limit)
            .select(columns)
            .load(c)?
            .into_iter()
            .map(|(id, slug, published_at, first, updated_at, expires_at)| {
                (id, slug, published_at, first, updated_at, expires_at, None)
            })
            .collect(),
    };
    let rows = found.into_iter();
    Ok(rows
        .map(
            |(id, slug, published_at, first, updated_at, expires_at, section_id)| Listed {
                id,
                slug,
                first_published_at: first.unwrap_or(published_at),
                updated_at: updated_at.unwrap_or(published_at),
                expires_at,
                section_id,
            },
        )
        .collect())
}
