//! Public lists of articles.
//!
//! A list is ordered by an instant and an id. Which articles are in the list of
//! a section, a topic or an author stands in `listings`, in that order, so a
//! page is a range of an index, however many articles there are. Alternatives
//! (this section or that one) are read one by one and merged.

use diesel::dsl::{self, count_star, exists, min};
use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::articles::model::{ListFilter, ListingRow, LiveHead, LiveRow, Order, RevisionHead};
use crate::db::schema::{articles, listings};
use crate::db::{Id, Time, any_of, at_most, together};
use crate::http::cursor::Position;

// The macro makes items that carry no documentation.
#[allow(missing_docs)]
mod alias {
    use crate::db::schema::listings;
    diesel::alias!(listings as others: Others);
}
use alias::others;

/// Puts an article into lists.
pub fn insert(c: &mut Conn, rows: &[ListingRow]) -> QueryResult<()> {
    insert_all!(c, listings::table, rows);
    Ok(())
}

/// Takes an article out of all lists and tells which they were.
pub fn remove(c: &mut Conn, article: Id) -> QueryResult<Vec<Id>> {
    let lists = listings::table
        .filter(listings::article_id.eq(article))
        .select(listings::list_id)
        .load(c)?;
    if !lists.is_empty() {
        diesel::delete(listings::table.filter(listings::article_id.eq(article))).execute(c)?;
    }
    Ok(lists)
}

/// The span of publication that a page is looked for in. Each end is one
/// condition, however many there are for it: an index can start at one only, and
/// SQLite takes the first.
struct Span {
    /// From this instant on.
    from: Option<Time>,
    /// Up to this instant.
    until: Time,
    /// Whether that instant is part of it.
    inclusive: bool,
}

impl Span {
    fn new(filter: &ListFilter, order: Order, now: Time, after: Option<Position>) -> Self {
        let at = after.map(|position| position.at);
        let (from, until) = match order {
            Order::NewestFirst => (None, at),
            Order::OldestFirst => (at, None),
            Order::UpdatedFirst => (None, None),
        };
        let until = until.map_or(now, |at| at.min(now));
        let before = filter.published_before.filter(|before| *before <= until);
        Span {
            from: filter.published_after.max(from),
            until: before.unwrap_or(until),
            inclusive: before.is_none(),
        }
    }
}

/// Adds a query's filters, but for those of kind and language. A macro, because the
/// queries that need it have different types.
macro_rules! narrow {
    ($query:ident, $filter:ident, $span:expr, $now:ident, $at:expr, $expires_at:expr, $id:expr) => {
        let span = $span;
        $query = $query.filter($expires_at.is_null().or($expires_at.gt($now)));
        $query = match span.inclusive {
            true => $query.filter($at.le(span.until)),
            false => $query.filter($at.lt(span.until)),
        };
        if let Some(from) = span.from {
            $query = $query.filter($at.ge(from));
        }
        if !$filter.exclude.is_empty() {
            $query = $query.filter($id.ne_all(&$filter.exclude));
        }
    };
}

/// [`narrow`] for all articles.
macro_rules! narrow_all {
    ($query:ident, $filter:ident, $span:expr, $now:ident) => {
        let (at, expires_at) = (articles::published_at, articles::expires_at);
        narrow!($query, $filter, $span, $now, at, expires_at, articles::id);
        if !$filter.kinds.is_empty() {
            $query = $query.filter(articles::kind.eq_any(&$filter.kinds));
        }
        if !$filter.languages.is_empty() {
            $query = $query.filter(articles::language.eq_any(&$filter.languages));
        }
    };
}

/// [`narrow`] for a list, which is read alone as long as nothing is asked that only
/// articles know.
macro_rules! narrow_list {
    ($query:ident, $filter:ident, $and:expr, $span:expr, $now:ident) => {
        let (at, expires_at) = (listings::published_at, listings::expires_at);
        narrow!(
            $query,
            $filter,
            $span,
            $now,
            at,
            expires_at,
            listings::article_id
        );
        let article = articles::table.filter(articles::id.eq(listings::article_id));
        if !$filter.kinds.is_empty() {
            let of_kind = articles::kind.eq_any(&$filter.kinds);
            $query = $query.filter(exists(article.filter(of_kind)));
        }
        if !$filter.languages.is_empty() {
            let in_language = articles::language.eq_any(&$filter.languages);
            $query = $query.filter(exists(article.filter(in_language)));
        }
        for alternatives in $and {
            $query = $query.filter(exists(
                others
                    .filter(any_of(others.field(listings::list_id), alternatives))
                    .filter(others.field(listings::published_at).eq(at))
                    .filter(others.field(listings::article_id).eq(listings::article_id)),
            ));
        }
    };
}

/// Orders a query by an instant and an id and starts it after a position. The
/// comparison with the instant alone is what lets the index find the start; of
/// publication it is in the [`Span`] already.
macro_rules! page {
    ($query:ident, $order:ident, $after:ident, $at:expr, $id:expr) => {{
        if let Some(Position { at, id }) = $after {
            $query = match $order {
                Order::OldestFirst => $query.filter($at.gt(at).or($id.gt(id))),
                Order::NewestFirst => $query.filter($at.lt(at).or($id.lt(id))),
                Order::UpdatedFirst => $query.filter($at.le(at)).filter($at.lt(at).or($id.lt(id))),
            };
        }
        match $order {
            Order::OldestFirst => $query.order(($at.asc(), $id.asc())),
            Order::NewestFirst | Order::UpdatedFirst => $query.order(($at.desc(), $id.desc())),
        }
    }};
}

/// The positions of a page of a list.
pub fn page(
    c: &mut Conn,
    filter: &ListFilter,
    order: Order,
    now: Time,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<Position>> {
    let rows = match filter.lists.split_first() {
        None => page_of_all(c, filter, order, now, after, limit)?,
        Some((alternatives, and)) => {
            let mut rows = Vec::new();
            for list in alternatives {
                rows.extend(page_of_list(
                    c, *list, and, filter, order, now, after, limit,
                )?);
            }
            rows
        }
    };
    let mut positions: Vec<Position> = rows
        .into_iter()
        .map(|(at, id)| Position { at, id })
        .collect();
    positions.sort_unstable_by_key(|position| (position.at, position.id));
    positions.dedup();
    if order != Order::OldestFirst {
        positions.reverse();
    }
    positions.truncate(limit as usize);
    Ok(positions)
}

fn page_of_all(
    c: &mut Conn,
    filter: &ListFilter,
    order: Order,
    now: Time,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<(Time, Id)>> {
    let mut query = articles::table
        .filter(articles::published_at.is_not_null())
        .into_boxed::<Db>();
    narrow_all!(query, filter, Span::new(filter, order, now, after), now);
    if order == Order::UpdatedFirst {
        let query = page!(query, order, after, articles::updated_at, articles::id);
        let columns = (articles::updated_at.assume_not_null(), articles::id);
        at_most(query.select(columns), limit).load(c)
    } else {
        let query = page!(query, order, after, articles::published_at, articles::id);
        let columns = (articles::published_at.assume_not_null(), articles::id);
        at_most(query.select(columns), limit).load(c)
    }
}

#[allow(clippy::too_many_arguments)]
fn page_of_list(
    c: &mut Conn,
    list: Id,
    and: &[Vec<Id>],
    filter: &ListFilter,
    order: Order,
    now: Time,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<(Time, Id)>> {
    let mut query = listings::table
        .filter(listings::list_id.eq(list))
        .into_boxed::<Db>();
    narrow_list!(
        query,
        filter,
        and,
        Span::new(filter, order, now, after),
        now
    );
    let id = listings::article_id;
    if order == Order::UpdatedFirst {
        let query = page!(query, order, after, listings::updated_at, id);
        at_most(query.select((listings::updated_at, id)), limit).load(c)
    } else {
        let query = page!(query, order, after, listings::published_at, id);
        at_most(query.select((listings::published_at, id)), limit).load(c)
    }
}

/// The articles of each of these lists that were published next before and after a
/// position, so many on either side or a few more, with the list. Lists keep for a
/// moment what has expired.
pub fn around(
    c: &mut Conn,
    lists: &[Id],
    here: Position,
    now: Time,
    limit: i64,
) -> QueryResult<Vec<(Id, Position)>> {
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let (at, id) = (listings::published_at, listings::article_id);
    let mut sides = Vec::with_capacity(2 * lists.len());
    for list in lists {
        let articles =
            listings::table
                .filter(listings::list_id.eq(*list))
                .select((listings::list_id, at, id));
        let older = articles
            .filter(at.le(here.at))
            .filter(at.lt(here.at).or(id.lt(here.id)))
            .order((at.desc(), id.desc()));
        let newer = articles
            .filter(at.ge(here.at))
            .filter(at.gt(here.at).or(id.gt(here.id)))
            .filter(at.le(now))
            .order((at.asc(), id.asc()));
        sides.push(at_most(older.into_boxed::<Db>(), limit));
        sides.push(at_most(newer.into_boxed::<Db>(), limit));
    }
    let found: Vec<(Id, Time, Id)> = together(sides).load(c)?;
    let position = |(list, at, id)| (list, Position { at, id });
    Ok(found.into_iter().map(position).collect())
}

/// How many articles a list has.
pub fn count(c: &mut Conn, filter: &ListFilter, now: Time) -> QueryResult<i64> {
    match filter.lists.split_first() {
        None => {
            let mut query = articles::table
                .filter(articles::published_at.is_not_null())
                .into_boxed::<Db>();
            narrow_all!(
                query,
                filter,
                Span::new(filter, Order::default(), now, None),
                now
            );
            query.select(count_star()).first(c)
        }
        Some((alternatives, and)) => {
            let mut query = listings::table
                .filter(any_of(listings::list_id, alternatives))
                .into_boxed::<Db>();
            narrow_list!(
                query,
                filter,
                and,
                Span::new(filter, Order::default(), now, None),
                now
            );
            query
                .select(dsl::count(listings::article_id).aggregate_distinct())
                .first(c)
        }
    }
}

/// The next instant at which an article may appear in a list.
pub fn next_appearance(c: &mut Conn, filter: &ListFilter, now: Time) -> QueryResult<Option<Time>> {
    match filter.lists.first() {
        None => articles::table
            .filter(articles::published_at.gt(now))
            .select(min(articles::published_at))
            .first(c),
        Some(alternatives) => {
            let mut earliest: Option<Time> = None;
            for list in alternatives {
                let next: Option<Time> = listings::table
                    .filter(listings::list_id.eq(list))
                    .filter(listings::published_at.gt(now))
                    .select(min(listings::published_at))
                    .first(c)?;
                earliest = earliest.into_iter().chain(next).min();
            }
            Ok(earliest)
        }
    }
}

/// The next instant at which an article may disappear from a list.
pub fn next_disappearance(
    c: &mut Conn,
    filter: &ListFilter,
    now: Time,
) -> QueryResult<Option<Time>> {
    match filter.lists.first() {
        None => articles::table
            .filter(articles::published_at.le(now))
            .filter(articles::expires_at.gt(now))
            .select(min(articles::expires_at))
            .first(c),
        Some(alternatives) => listings::table
            .filter(any_of(listings::list_id, alternatives))
            .filter(listings::expires_at.gt(now))
            .select(min(listings::expires_at))
            .first(c),
    }
}

/// Live articles as cards, in no order.
pub fn cards(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(LiveRow, RevisionHead)>> {
    let query = articles::table
        .filter(articles::live_head.is_not_null())
        .select((LiveRow::as_select(), articles::live_head.assume_not_null()));
    let found: Vec<(LiveRow, LiveHead)> = load_any!(c, query, articles::id, ids)?;
    Ok(found
        .into_iter()
        .map(|(row, LiveHead(head))| (row, head))
        .collect())
}
