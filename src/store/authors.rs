//! Authors.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::authors::Author;
use crate::db::Id;
use crate::db::schema::{articles, authors, listings, revisions};
use crate::http::page::ByName;

/// The authors of a page.
pub fn page(c: &mut Conn, wanted: &ByName) -> QueryResult<Vec<Author>> {
    let ByName {
        prefix,
        visible_at,
        after,
        limit,
    } = wanted;
    let mut query: authors::BoxedQuery<'_, Db> = authors::table.into_boxed();
    if let Some(prefix) = prefix {
        // A sort key holds nothing that comes after z.
        query = query
            .filter(authors::sort_key.ge(prefix))
            .filter(authors::sort_key.lt(format!("{prefix}{{")));
    }
    if let Some(now) = *visible_at {
        query = query.filter(exists(
            listings::table
                .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
                .filter(listings::list_id.eq(authors::id))
                .filter(listings::published_at.le(now))
                .filter(
                    articles::expires_at
                        .is_null()
                        .or(articles::expires_at.gt(now)),
                ),
        ));
    }
    if let Some((key, id)) = after {
        query = query.filter(
            authors::sort_key
                .gt(key)
                .or(authors::sort_key.eq(key).and(authors::id.gt(id))),
        );
    }
    query
        .order((authors::sort_key.asc(), authors::id.asc()))
        .limit(*limit)
        .select(Author::as_select())
        .load(c)
}

/// The author with this id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<Author>> {
    authors::table
        .find(id)
        .select(Author::as_select())
        .first(c)
        .optional()
}

/// The author with this slug.
pub fn find_by_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<Author>> {
    authors::table
        .filter(authors::slug.eq(slug))
        .select(Author::as_select())
        .first(c)
        .optional()
}

/// The oldest author with this name.
pub fn find_by_name_key(c: &mut Conn, name_key: &str) -> QueryResult<Option<Author>> {
    authors::table
        .filter(authors::name_key.eq(name_key))
        .order(authors::id.asc())
        .select(Author::as_select())
        .first(c)
        .optional()
}

/// The authors with these ids, in no order.
pub fn by_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Author>> {
    authors::table
        .filter(authors::id.eq_any(ids))
        .select(Author::as_select())
        .load(c)
}

/// The authors with any of these ids, slugs or names, in no order.
pub fn matching(
    c: &mut Conn,
    ids: &[Id],
    slugs: &[&str],
    name_keys: &[String],
) -> QueryResult<Vec<Author>> {
    authors::table
        .filter(
            authors::id
                .eq_any(ids)
                .or(authors::slug.eq_any(slugs))
                .or(authors::name_key.eq_any(name_keys)),
        )
        .select(Author::as_select())
        .load(c)
}

/// Names of authors to guess from, the newest 20,000.
pub fn names(c: &mut Conn) -> QueryResult<Vec<String>> {
    authors::table
        .order(authors::id.desc())
        .limit(20_000)
        .select(authors::name)
        .load(c)
}

/// Adds an author, unless the slug is taken. Whether it was added.
pub fn insert(c: &mut Conn, author: &Author) -> QueryResult<bool> {
    diesel::insert_into(authors::table)
        .values(author)
        .on_conflict_do_nothing()
        .execute(c)
        .map(|rows| rows > 0)
}

/// Replaces an author if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, author: &Author, old: i64) -> QueryResult<bool> {
    diesel::update(
        authors::table
            .find(author.id)
            .filter(authors::version.eq(old)),
    )
    .set(author)
    .execute(c)
    .map(|rows| rows > 0)
}

/// Removes an author if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    diesel::delete(authors::table.find(id).filter(authors::version.eq(old)))
        .execute(c)
        .map(|rows| rows > 0)
}

/// The slug of an article that is listed under this author, or whose newest
/// revision names them.
pub fn used_by(c: &mut Conn, id: Id) -> QueryResult<Option<String>> {
    let listed = listings::table
        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
        .filter(listings::list_id.eq(id))
        .select(articles::slug)
        .first(c)
        .optional()?;
    if listed.is_some() {
        return Ok(listed);
    }
    articles::table
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(articles::id)
                .and(revisions::number.eq(articles::revision))),
        )
        .filter(revisions::authors.like(format!("%{id}%")))
        .select(articles::slug)
        .first(c)
        .optional()
}
