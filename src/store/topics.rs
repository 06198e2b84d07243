//! Topics.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::db::Id;
use crate::db::schema::{articles, listings, revisions, topics};
use crate::http::page::ByName;
use crate::topics::Topic;

/// The topics of a page.
pub fn page(c: &mut Conn, wanted: &ByName) -> QueryResult<Vec<Topic>> {
    let ByName {
        prefix,
        visible_at,
        after,
        limit,
    } = wanted;
    let mut query: topics::BoxedQuery<'_, Db> = topics::table.into_boxed();
    if let Some(prefix) = prefix {
        // A sort key holds nothing that comes after z.
        query = query
            .filter(topics::sort_key.ge(prefix))
            .filter(topics::sort_key.lt(format!("{prefix}{{")));
    }
    if let Some(now) = *visible_at {
        query = query.filter(exists(
            listings::table
                .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
                .filter(listings::list_id.eq(topics::id))
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
            topics::sort_key
                .gt(key)
                .or(topics::sort_key.eq(key).and(topics::id.gt(id))),
        );
    }
    query
        .order((topics::sort_key.asc(), topics::id.asc()))
        .limit(*limit)
        .select(Topic::as_select())
        .load(c)
}

/// The topic with this id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<Topic>> {
    topics::table
        .find(id)
        .select(Topic::as_select())
        .first(c)
        .optional()
}

/// The topic with this slug.
pub fn find_by_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<Topic>> {
    topics::table
        .filter(topics::slug.eq(slug))
        .select(Topic::as_select())
        .first(c)
        .optional()
}

/// The topic with this name.
pub fn find_by_name_key(c: &mut Conn, name_key: &str) -> QueryResult<Option<Topic>> {
    topics::table
        .filter(topics::name_key.eq(name_key))
        .select(Topic::as_select())
        .first(c)
        .optional()
}

/// The topics with these ids, in no order.
pub fn by_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Topic>> {
    topics::table
        .filter(topics::id.eq_any(ids))
        .select(Topic::as_select())
        .load(c)
}

/// The topics with any of these ids, slugs or names, in no order.
pub fn matching(
    c: &mut Conn,
    ids: &[Id],
    slugs: &[&str],
    name_keys: &[String],
) -> QueryResult<Vec<Topic>> {
    topics::table
        .filter(
            topics::id
                .eq_any(ids)
                .or(topics::slug.eq_any(slugs))
                .or(topics::name_key.eq_any(name_keys)),
        )
        .select(Topic::as_select())
        .load(c)
}

/// Names of topics to guess from, the newest 20,000.
pub fn names(c: &mut Conn) -> QueryResult<Vec<String>> {
    topics::table
        .order(topics::id.desc())
        .limit(20_000)
        .select(topics::name)
        .load(c)
}

/// Adds a topic, unless its slug or name is taken. Whether it was added.
pub fn insert(c: &mut Conn, topic: &Topic) -> QueryResult<bool> {
    diesel::insert_into(topics::table)
        .values(topic)
        .on_conflict_do_nothing()
        .execute(c)
        .map(|rows| rows > 0)
}

/// Replaces a topic if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, topic: &Topic, old: i64) -> QueryResult<bool> {
    diesel::update(topics::table.find(topic.id).filter(topics::version.eq(old)))
        .set(topic)
        .execute(c)
        .map(|rows| rows > 0)
}

/// Removes a topic if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    diesel::delete(topics::table.find(id).filter(topics::version.eq(old)))
        .execute(c)
        .map(|rows| rows > 0)
}

/// The slug of an article that is listed under this topic, or whose newest
/// revision names it.
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
        .filter(revisions::topics.like(format!("%{id}%")))
        .select(articles::slug)
        .first(c)
        .optional()
}
