//! Preview links.

use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::articles::model::ArticleRow;
use crate::db::schema::{articles, preview_links, users};
use crate::db::{Id, Time};
use crate::previews::model::PreviewLink;

/// Adds a link.
pub fn insert(c: &mut Conn, link: &PreviewLink) -> QueryResult<()> {
    diesel::insert_into(preview_links::table)
        .values(link)
        .execute(c)
        .map(drop)
}

/// A link and its article, by the digest of its token.
pub fn by_digest(c: &mut Conn, digest: &str) -> QueryResult<Option<(PreviewLink, ArticleRow)>> {
    preview_links::table
        .inner_join(articles::table.on(articles::id.eq(preview_links::article_id)))
        .filter(preview_links::digest.eq(digest))
        .select((PreviewLink::as_select(), ArticleRow::as_select()))
        .first(c)
        .optional()
}

/// An article's links after a place in the order in which they were made, with
/// the names of who made them.
pub fn list(
    c: &mut Conn,
    article: Id,
    after: Option<(Time, Id)>,
    limit: i64,
) -> QueryResult<Vec<(PreviewLink, Option<String>)>> {
    let mut query = preview_links::table
        .left_join(users::table.on(users::id.eq(preview_links::created_by)))
        .filter(preview_links::article_id.eq(article))
        .select((PreviewLink::as_select(), users::name.nullable()))
        .order((preview_links::created_at.asc(), preview_links::id.asc()))
        .limit(limit)
        .into_boxed::<Db>();
    if let Some((at, id)) = after {
        query = query.filter(
            preview_links::created_at
                .gt(at)
                .or(preview_links::created_at
                    .eq(at)
                    .and(preview_links::id.gt(id))),
        );
    }
    query.load(c)
}

/// How many links an article has.
pub fn count(c: &mut Conn, article: Id) -> QueryResult<i64> {
    preview_links::table
        .filter(preview_links::article_id.eq(article))
        .count()
        .get_result(c)
}

/// Removes an article's link; false if there is none.
pub fn remove(c: &mut Conn, article: Id, id: Id) -> QueryResult<bool> {
    let target = preview_links::table
        .find(id)
        .filter(preview_links::article_id.eq(article));
    Ok(diesel::delete(target).execute(c)? == 1)
}

/// Removes an article's links that have expired.
pub fn forget_expired(c: &mut Conn, article: Id, now: Time) -> QueryResult<()> {
    let target = preview_links::table
        .filter(preview_links::article_id.eq(article))
        .filter(preview_links::expires_at.le(now));
    diesel::delete(target).execute(c).map(drop)
}
