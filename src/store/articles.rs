//! Articles, their revisions and former slugs.

use diesel::prelude::*;

use super::super::{Conn, Db};
use super::taxonomy::mentions;
use crate::articles::model::{
    ArticleRow, EditorFilter, FormerSlugRow, LiveRevision, LiveRow, RevisionHead, RevisionLine,
    RevisionRow, State,
};
use crate::db::schema::{articles, former_slugs, listings, revisions};
use crate::db::{Dialect, Id, Time, any_of};
use crate::http::cursor::Position;

/// Makes writers of these names take turns until this transaction ends; the names as
/// the keys of locks.
pub fn lock(c: &mut Conn, keys: &[i64]) -> QueryResult<()> {
    c.lock_all(keys)
}

/// An article by its id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<ArticleRow>> {
    articles::table
        .find(id)
        .select(ArticleRow::as_select())
        .first(c)
        .optional()
}

/// An article by its present slug.
pub fn by_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<ArticleRow>> {
    articles::table
        .filter(articles::slug.eq(slug))
        .select(ArticleRow::as_select())
        .first(c)
        .optional()
}

/// An article by what a feed calls it.
pub fn by_external_id(c: &mut Conn, external_id: &str) -> QueryResult<Option<ArticleRow>> {
    articles::table
        .filter(articles::external_id.eq(external_id))
        .select(ArticleRow::as_select())
        .first(c)
        .optional()
}

/// The article that once had this slug.
pub fn by_former_slug(c: &mut Conn, slug: &str) -> QueryResult<Option<ArticleRow>> {
    articles::table
        .filter(
            articles::id.eq_any(
                former_slugs::table
                    .filter(former_slugs::slug.eq(slug))
                    .select(former_slugs::article_id),
            ),
        )
        .select(ArticleRow::as_select())
        .first(c)
        .optional()
}

/// Ids of the articles with these slugs.
pub fn ids_of_slugs(c: &mut Conn, slugs: &[String]) -> QueryResult<Vec<(String, Id)>> {
    let query = articles::table.select((articles::slug, articles::id));
    load_any!(c, query, articles::slug, slugs)
}

/// Ids of the articles that feeds call this.
pub fn ids_of_external_ids(
    c: &mut Conn,
    external_ids: &[String],
) -> QueryResult<Vec<(Option<String>, Id)>> {
    articles::table
        .filter(any_of(articles::external_id, external_ids))
        .select((articles::external_id, articles::id))
        .load(c)
}

/// Slugs of the articles that were made last.
pub fn newest_slugs(c: &mut Conn, limit: i64) -> QueryResult<Vec<String>> {
    articles::table
        .order(articles::id.desc())
        .limit(limit)
        .select(articles::slug)
        .load(c)
}

/// Ids of the articles that once had these slugs.
pub fn ids_of_former_slugs(c: &mut Conn, slugs: &[String]) -> QueryResult<Vec<(String, Id)>> {
    let query = former_slugs::table.select((former_slugs::slug, former_slugs::article_id));
    load_any!(c, query, former_slugs::slug, slugs)
}

/// Which of these ids are articles.
pub fn existing(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Id>> {
    let query = articles::table.select(articles::id);
    load_any!(c, query, articles::id, ids)
}

/// Present slugs of these articles.
pub fn slugs_of_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(Id, String)>> {
    let query = articles::table.select((articles::id, articles::slug));
    load_any!(c, query, articles::id, ids)
}

/// Whether there is any article.
pub fn any(c: &mut Conn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(articles::table.select(articles::id))).get_result(c)
}

/// New articles.
pub fn insert(c: &mut Conn, rows: &[ArticleRow]) -> QueryResult<()> {
    insert_all!(c, articles::table, rows);
    Ok(())
}

/// Writes an article if it still has the version that was read. Whether it had.
pub fn update(c: &mut Conn, row: &ArticleRow, read_version: i64) -> QueryResult<bool> {
    let target = articles::table
        .filter(articles::id.eq(row.id))
        .filter(articles::version.eq(read_version));
    Ok(diesel::update(target).set(row).execute(c)? == 1)
}

/// Erases an article and everything of it, if it still has the version that was
/// read. Whether it had.
pub fn erase(c: &mut Conn, article: Id, read_version: i64) -> QueryResult<bool> {
    let target = articles::table
        .filter(articles::id.eq(article))
        .filter(articles::version.eq(read_version));
    Ok(diesel::delete(target).execute(c)? == 1)
}

/// New revisions.
pub fn insert_revisions(c: &mut Conn, rows: &[RevisionRow]) -> QueryResult<()> {
    insert_all!(c, revisions::table, rows);
    Ok(())
}

/// A revision of an article.
pub fn revision(c: &mut Conn, article: Id, number: i32) -> QueryResult<Option<RevisionRow>> {
    revisions::table
        .find((article, number))
        .select(RevisionRow::as_select())
        .first(c)
        .optional()
}

/// Revisions of an article without their bodies, newest first, from below a
/// number.
pub fn revision_lines(
    c: &mut Conn,
    article: Id,
    below: i32,
    limit: i64,
) -> QueryResult<Vec<RevisionLine>> {
    revisions::table
        .filter(revisions::article_id.eq(article))
        .filter(revisions::number.lt(below))
        .order(revisions::number.desc())
        .limit(limit)
        .select((
            revisions::number,
            revisions::created_at,
            revisions::created_by,
            revisions::revision_note,
            revisions::restored_from,
            revisions::headline,
            revisions::word_count,
            diesel::dsl::sql::<diesel::sql_types::Integer>("octet_length(body)"),
        ))
        .load(c)
}

/// A revision of an article, without its body.
pub fn head(c: &mut Conn, article: Id, number: i32) -> QueryResult<Option<RevisionHead>> {
    revisions::table
        .find((article, number))
        .select(RevisionHead::as_select())
        .first(c)
        .optional()
}

/// An article and its live revision, whether or not it is visible yet.
pub fn with_live_revision(c: &mut Conn, id: Id) -> QueryResult<Option<(LiveRow, LiveRevision)>> {
    articles::table
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(articles::id)
                .and(revisions::number.nullable().eq(articles::live_revision))),
        )
        .filter(articles::id.eq(id))
        .select((LiveRow::as_select(), LiveRevision::as_select()))
        .first(c)
        .optional()
}

/// Those of these articles that have a live revision, with it, in no order.
pub fn with_live_revisions(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<(LiveRow, LiveRevision)>> {
    let live = revisions::article_id
        .eq(articles::id)
        .and(revisions::number.nullable().eq(articles::live_revision));
    let query = articles::table
        .inner_join(revisions::table.on(live))
        .select((LiveRow::as_select(), LiveRevision::as_select()));
    load_any!(c, query, articles::id, ids)
}

/// Of these articles those that readers have ever seen by this instant.
pub fn once_public(c: &mut Conn, ids: &[Id], now: Time) -> QueryResult<Vec<Id>> {
    let query = articles::table
        .filter(articles::first_published_at.le(now))
        .select(articles::id);
    load_any!(c, query, articles::id, ids)
}

/// [`with_live_revision`] by slug.
pub fn with_live_revision_by_slug(
    c: &mut Conn,
    slug: &str,
) -> QueryResult<Option<(LiveRow, LiveRevision)>> {
    articles::table
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(articles::id)
                .and(revisions::number.nullable().eq(articles::live_revision))),
        )
        .filter(articles::slug.eq(slug))
        .select((LiveRow::as_select(), LiveRevision::as_select()))
        .first(c)
        .optional()
}

/// Keeps a slug that an article gives up.
pub fn retire_slug(c: &mut Conn, row: &FormerSlugRow) -> QueryResult<()> {
    diesel::insert_into(former_slugs::table)
        .values(row)
        .on_conflict(former_slugs::slug)
        .do_nothing()
        .execute(c)
        .map(drop)
}

/// Forgets that an article once had a slug, because it has it again or gives it up
/// for good. Whether it had.
pub fn reclaim_slug(c: &mut Conn, article: Id, slug: &str) -> QueryResult<bool> {
    let target = former_slugs::table
        .filter(former_slugs::slug.eq(slug))
        .filter(former_slugs::article_id.eq(article));
    Ok(diesel::delete(target).execute(c)? == 1)
}

/// Slugs that an article once had.
pub fn former_slugs_of(c: &mut Conn, article: Id) -> QueryResult<Vec<String>> {
    former_slugs::table
        .filter(former_slugs::article_id.eq(article))
        .order(former_slugs::slug)
        .select(former_slugs::slug)
        .load(c)
}

/// Articles whose visibility has changed by time and of which the log knows
/// nothing yet, the longest overdue first.
pub fn to_announce(c: &mut Conn, now: Time, limit: i64) -> QueryResult<Vec<ArticleRow>> {
    articles::table
        .filter(articles::announce_at.le(now))
        .order(articles::announce_at)
        .limit(limit)
        .select(ArticleRow::as_select())
        .load(c)
}

/// The page of the editors' list after a position, newest edit first.
pub fn editor_page(
    c: &mut Conn,
    filter: &EditorFilter,
    now: Time,
    after: Option<Position>,
    limit: i64,
) -> QueryResult<Vec<(ArticleRow, RevisionHead)>> {
    let mut query = articles::table
        .inner_join(
            revisions::table.on(revisions::article_id
                .eq(articles::id)
                .and(revisions::number.eq(articles::revision))),
        )
        .select((ArticleRow::as_select(), RevisionHead::as_select()))
        .order((articles::edited_at.desc(), articles::id.desc()))
        .limit(limit)
        .into_boxed::<Db>();
    let not_expired = || {
        articles::expires_at
            .is_null()
            .or(articles::expires_at.gt(now))
    };
    let kept = || {
        articles::trashed_at
            .is_null()
            .and(articles::withdrawn_at.is_null())
    };
    query = match filter.state {
        None => query.filter(articles::trashed_at.is_null()),
        Some(State::Trashed) => query.filter(articles::trashed_at.is_not_null()),
        Some(State::Withdrawn) => query
            .filter(articles::trashed_at.is_null())
            .filter(articles::withdrawn_at.is_not_null()),
        Some(State::Live) => query
            .filter(kept())
            .filter(articles::live_revision.is_not_null())
            .filter(articles::published_at.le(now))
            .filter(not_expired()),
        Some(State::Scheduled) => query
            .filter(kept())
            .filter(articles::live_revision.is_not_null())
            .filter(articles::published_at.gt(now)),
        Some(state @ (State::Draft | State::InReview)) => {
            let hidden = articles::live_revision.is_null().or(articles::expires_at
                .le(now)
                .and(articles::published_at.le(now)));
            let query = query.filter(kept()).filter(hidden);
            if state == State::InReview {
                query.filter(articles::submitted_at.is_not_null())
            } else {
                query.filter(articles::submitted_at.is_null())
            }
        }
    };
    if let Some(kind) = filter.kind {
        query = query.filter(revisions::kind.eq(kind));
    }
    if let Some(language) = &filter.language {
        query = query.filter(revisions::language.eq(language));
    }
    if !filter.sections.is_empty() {
        query = query.filter(
            revisions::section_id.eq_any(
                filter
                    .sections
                    .iter()
                    .map(|id| Some(*id))
                    .collect::<Vec<_>>(),
            ),
        );
    }
    if let Some(id) = filter.topic {
        query = query.filter(mentions!(revisions::topics, id));
    }
    if let Some(id) = filter.author {
        query = query.filter(mentions!(revisions::authors, id));
    }
    if let Some(id) = filter.created_by {
        query = query.filter(articles::created_by.eq(id));
    }
    if let Some(external_id) = &filter.external_id {
        query = query.filter(articles::external_id.eq(external_id));
    }
    if !filter.only.is_empty() {
        query = query.filter(articles::id.eq_any(&filter.only));
    }
    for word in &filter.words {
        let pattern = format!(
            "%{}%",
            word.replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_")
        );
        query = query.filter(
            revisions::search_text
                .like(pattern.clone())
                .escape('\\')
                .or(articles::slug.like(pattern).escape('\\')),
        );
    }
    if let Some(Position { at, id }) = after {
        query = query
            .filter(articles::edited_at.le(at))
            .filter(articles::edited_at.lt(at).or(articles::id.lt(id)));
    }
    query.load(c)
}

/// Whether any live or scheduled article is in the list of a section, topic or
/// author.
pub fn any_listed(c: &mut Conn, list: Id) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        listings::table.filter(listings::list_id.eq(list)),
    ))
    .get_result(c)
}
