//! Curated lists.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::articles::model::{ArticleRow, LiveRow};
use crate::db::schema::{articles, list_entries, lists, revisions};
use crate::db::{Dialect, Id, any_of, lock_key};
use crate::http::page::ByName;
use crate::lists::model::{Entry, List, ListKind};

/// Waits until nobody else writes lists, and keeps it so until the end of the
/// transaction.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("lists"))
}

/// The lists of a page. Readers see all of them.
pub fn page(c: &mut Conn, wanted: &ByName) -> QueryResult<Vec<List>> {
    let ByName {
        prefix,
        visible_at: _,
        after,
        limit,
    } = wanted;
    let mut query: lists::BoxedQuery<'_, Db> = lists::table.into_boxed();
    if let Some(prefix) = prefix {
        // A sort key holds nothing that comes after z.
        query = query
            .filter(lists::sort_key.ge(prefix))
            .filter(lists::sort_key.lt(format!("{prefix}{{")));
    }
    if let Some((key, id)) = after {
        query = query.filter(
            lists::sort_key
                .gt(key)
                .or(lists::sort_key.eq(key).and(lists::id.gt(id))),
        );
    }
    query
        .order((lists::sort_key.asc(), lists::id.asc()))
        .limit(*limit)
        .select(List::as_select())
        .load(c)
}

/// The list with this id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<List>> {
    lists::table
        .find(id)
        .select(List::as_select())
        .first(c)
        .optional()
}

/// The list with this slug.
pub fn find_by_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<List>> {
    lists::table
        .filter(lists::slug.eq(slug))
        .select(List::as_select())
        .first(c)
        .optional()
}

/// The lists with these slugs, in no order.
pub fn by_slugs(c: &mut Conn, slugs: &[String]) -> QueryResult<Vec<List>> {
    lists::table
        .filter(any_of(lists::slug, slugs))
        .select(List::as_select())
        .load(c)
}

/// The lists with these ids, in no order.
pub fn by_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<List>> {
    lists::table
        .filter(any_of(lists::id, ids))
        .select(List::as_select())
        .load(c)
}

/// Ids of the lists that aren't made by hand alone, after one, in the order of
/// their ids.
pub fn automatic(c: &mut Conn, after: Option<Id>, limit: i64) -> QueryResult<Vec<Id>> {
    let mut query = lists::table
        .filter(lists::kind.ne(ListKind::Manual))
        .order(lists::id.asc())
        .limit(limit)
        .select(lists::id)
        .into_boxed::<Db>();
    if let Some(after) = after {
        query = query.filter(lists::id.gt(after));
    }
    query.load(c)
}

/// The places of a list, in order.
pub fn entries(c: &mut Conn, list: Id) -> QueryResult<Vec<Entry>> {
    list_entries::table
        .filter(list_entries::list_id.eq(list))
        .order(list_entries::position)
        .select(Entry::as_select())
        .load(c)
}

/// The places of a list, in order, with their articles and the headlines of their
/// newest revisions.
pub fn entries_with_articles(
    c: &mut Conn,
    list: Id,
) -> QueryResult<Vec<(i32, ArticleRow, String)>> {
    list_entries::table
        .inner_join(articles::table.on(articles::id.eq(list_entries::article_id)))
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(articles::id)
                .and(revisions::number.eq(articles::revision))),
        )
        .filter(list_entries::list_id.eq(list))
        .order(list_entries::position)
        .select((
            list_entries::position,
            ArticleRow::as_select(),
            revisions::headline,
        ))
        .load(c)
}

/// The articles in a list that have a live revision, whether or not it is visible
/// yet, each with its place, in order.
pub fn live_entries(c: &mut Conn, list: Id) -> QueryResult<Vec<(i32, LiveRow)>> {
    list_entries::table
        .inner_join(articles::table.on(articles::id.eq(list_entries::article_id)))
        .filter(list_entries::list_id.eq(list))
        .filter(articles::live_revision.is_not_null())
        .order(list_entries::position)
        .select((list_entries::position, LiveRow::as_select()))
        .load(c)
}

/// Lists that one of these articles is in.
pub fn lists_with(c: &mut Conn, of: &[Id]) -> QueryResult<Vec<Id>> {
    let query = list_entries::table.select(list_entries::list_id).distinct();
    load_any!(c, query, list_entries::article_id, of)
}

/// Adds a list, unless its slug is taken. Whether it was added.
pub fn insert(c: &mut Conn, list: &List) -> QueryResult<bool> {
    diesel::insert_into(lists::table)
        .values(list)
        .on_conflict_do_nothing()
        .execute(c)
        .map(|rows| rows > 0)
}

/// Replaces a list if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, list: &List, old: i64) -> QueryResult<bool> {
    diesel::update(lists::table.find(list.id).filter(lists::version.eq(old)))
        .set(list)
        .execute(c)
        .map(|rows| rows > 0)
}

/// Removes a list if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    diesel::delete(lists::table.find(id).filter(lists::version.eq(old)))
        .execute(c)
        .map(|rows| rows > 0)
}

/// Gives a list these places and no others.
pub fn set_entries(c: &mut Conn, list: Id, entries: &[Entry]) -> QueryResult<()> {
    diesel::delete(list_entries::table.filter(list_entries::list_id.eq(list))).execute(c)?;
    if !entries.is_empty() {
        diesel::insert_into(list_entries::table)
            .values(entries)
            .execute(c)?;
    }
    Ok(())
}
