//! What goes into the search indexes.

use diesel::prelude::*;

use super::super::Conn;
use crate::articles::model::{ArticleRow, RevisionRow};
use crate::db::schema::{articles, authors, revisions, topics};
use crate::db::{Id, Time};

/// Said of either side: PostgreSQL may merge the two, and would read the revisions from
/// the first one on for each page.
#[diesel::dsl::auto_type(no_type_alias)]
fn both_after(after: Id) -> _ {
    articles::id.gt(after).and(revisions::article_id.gt(after))
}

/// Articles with the revision that readers see or will see, in the order of their
/// ids, after one.
pub fn live_page(
    c: &mut Conn,
    after: Option<Id>,
    limit: i64,
) -> QueryResult<Vec<(ArticleRow, RevisionRow)>> {
    let live = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.nullable().eq(articles::live_revision));
    let query = articles::table
        .inner_join(revisions::table.on(live))
        .select((ArticleRow::as_select(), RevisionRow::as_select()))
        .order(articles::id)
        .limit(limit);
    match after {
        Some(after) => query.filter(both_after(after)).load(c),
        None => query.load(c),
    }
}

/// These articles with the revision that readers see or will see, in no order.
pub fn live_of(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(ArticleRow, RevisionRow)>> {
    let live = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.nullable().eq(articles::live_revision));
    let query = articles::table
        .inner_join(revisions::table.on(live))
        .select((ArticleRow::as_select(), RevisionRow::as_select()));
    load_any!(c, query, articles::id, ids)
}

/// Articles with their newest revision, in the order of their ids, after one.
pub fn working_page(
    c: &mut Conn,
    after: Option<Id>,
    limit: i64,
) -> QueryResult<Vec<(ArticleRow, RevisionRow)>> {
    let newest = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.eq(articles::revision));
    let query = articles::table
        .inner_join(revisions::table.on(newest))
        .select((ArticleRow::as_select(), RevisionRow::as_select()))
        .order(articles::id)
        .limit(limit);
    match after {
        Some(after) => query.filter(both_after(after)).load(c),
        None => query.load(c),
    }
}

/// These articles with their newest revision, in no order.
pub fn working_of(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(ArticleRow, RevisionRow)>> {
    let newest = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.eq(articles::revision));
    let query = articles::table
        .inner_join(revisions::table.on(newest))
        .select((ArticleRow::as_select(), RevisionRow::as_select()));
    load_any!(c, query, articles::id, ids)
}

/// Articles that were written at or after a place in the order of writing, with
/// their versions.
pub fn edited_after(
    c: &mut Conn,
    (at, id): (Time, Id),
    limit: i64,
) -> QueryResult<Vec<(Time, Id, i64)>> {
    articles::table
        .filter(articles::edited_at.ge(at))
        .filter(articles::edited_at.gt(at).or(articles::id.gt(id)))
        .order((articles::edited_at, articles::id))
        .limit(limit)
        .select((articles::edited_at, articles::id, articles::version))
        .load(c)
}

/// When an article was last written, and which: the newest of all.
pub fn newest_edit(c: &mut Conn) -> QueryResult<Option<(Time, Id)>> {
    articles::table
        .order((articles::edited_at.desc(), articles::id.desc()))
        .select((articles::edited_at, articles::id))
        .first(c)
        .optional()
}

/// Topics to suggest, the newest so many: id, slug and name.
pub fn topic_names(c: &mut Conn, limit: i64) -> QueryResult<Vec<(Id, String, String)>> {
    topics::table
        .order(topics::id.desc())
        .limit(limit)
        .select((topics::id, topics::slug, topics::name))
        .load(c)
}

/// Authors to suggest, the newest so many: id, slug and name.
pub fn author_names(c: &mut Conn, limit: i64) -> QueryResult<Vec<(Id, String, String)>> {
    authors::table
        .order(authors::id.desc())
        .limit(limit)
        .select((authors::id, authors::slug, authors::name))
        .load(c)
}
