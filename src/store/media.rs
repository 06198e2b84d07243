//! Media: rows, who uses them, whose turn it is to make renditions.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::super::{Conn, Db};
use crate::db::schema::{articles, media, media_leftovers, media_uses};
use crate::db::{Dialect, Id, Time, any_of, lock_key};
use crate::media::model::{Filter, Medium};

/// The uses that count, of the medium in a query's row: by an article's newest
/// revision, or by the one that readers see or will see.
macro_rules! in_use {
    () => {
        media_uses::table
            .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
            .filter(media_uses::media_id.eq(media::id))
            .filter(
                media_uses::revision
                    .eq(articles::revision)
                    .or(articles::live_revision.eq(media_uses::revision.nullable())),
            )
    };
}

/// Waits until nobody else writes to media, and keeps it so until the end of the
/// transaction.
pub fn lock(c: &mut Conn) -> QueryResult<()> {
    c.lock(lock_key("media"))
}

/// Keeps media from being deleted until the end of the transaction; any number of
/// transactions may do so at once. For whoever notes a use.
pub fn hold(c: &mut Conn) -> QueryResult<()> {
    c.lock_shared(lock_key("media"))
}

/// The medium with this id.
pub fn find(c: &mut Conn, id: Id) -> QueryResult<Option<Medium>> {
    media::table
        .find(id)
        .select(Medium::as_select())
        .first(c)
        .optional()
}

/// The medium that was made of the bytes with this SHA-256.
pub fn by_sha256(c: &mut Conn, sha256: &str) -> QueryResult<Option<Medium>> {
    media::table
        .filter(media::sha256.eq(sha256))
        .select(Medium::as_select())
        .first(c)
        .optional()
}

/// The media with these ids, in no order.
pub fn by_ids(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Medium>> {
    let query = media::table.select(Medium::as_select());
    load_any!(c, query, media::id, ids)
}

/// Those of these ids that media have, in no order.
pub fn existing(c: &mut Conn, ids: &[Id]) -> QueryResult<Vec<Id>> {
    let query = media::table.select(media::id);
    load_any!(c, query, media::id, ids)
}

/// The media that a filter lets through, newest first.
pub fn page(
    c: &mut Conn,
    filter: &Filter,
    after: Option<(Time, Id)>,
    limit: i64,
) -> QueryResult<Vec<Medium>> {
    let mut query = media::table
        .select(Medium::as_select())
        .order((media::created_at.desc(), media::id.desc()))
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(sha256) = &filter.sha256 {
        query = query.filter(media::sha256.eq(sha256.clone()));
    }
    if let Some(by) = filter.created_by {
        query = query.filter(media::created_by.eq(by));
    }
    for word in &filter.words {
        let word = word
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        query = query.filter(media::search_text.like(format!("%{word}%")).escape('\\'));
    }
    match filter.unused {
        None => {}
        Some(true) => query = query.filter(not(exists(in_use!()))),
        Some(false) => query = query.filter(exists(in_use!())),
    }
    if let Some((at, id)) = after {
        query = query.filter(
            media::created_at
                .lt(at)
                .or(media::created_at.eq(at).and(media::id.lt(id))),
        );
    }
    query.load(c)
}

/// Adds a medium, unless there is one of the same bytes. Whether it was added.
pub fn insert(c: &mut Conn, medium: &Medium) -> QueryResult<bool> {
    diesel::insert_into(media::table)
        .values(medium)
        .on_conflict_do_nothing()
        .execute(c)
        .map(|rows| rows > 0)
}

/// Replaces a medium if it still has the version `old`. Whether it had.
pub fn update(c: &mut Conn, medium: &Medium, old: i64) -> QueryResult<bool> {
    diesel::update(media::table.find(medium.id).filter(media::version.eq(old)))
        .set(medium)
        .execute(c)
        .map(|rows| rows > 0)
}

/// Removes a medium if it still has the version `old`. Whether it had.
pub fn delete(c: &mut Conn, id: Id, old: i64) -> QueryResult<bool> {
    diesel::delete(media::table.find(id).filter(media::version.eq(old)))
        .execute(c)
        .map(|rows| rows > 0)
}

// ── uses ────────────────────────────────────────────────────────────────────

/// Slugs of articles whose newest or live revision uses this medium.
pub fn used_by(c: &mut Conn, id: Id, limit: i64) -> QueryResult<Vec<String>> {
    media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(id))
        .filter(
            media_uses::revision
                .eq(articles::revision)
                .or(articles::live_revision.eq(media_uses::revision.nullable())),
        )
        .select(articles::slug)
        .distinct()
        .order(articles::slug.asc())
        .limit(limit)
        .load(c)
}

/// Notes which media a new revision uses; each id once.
pub fn add_uses(c: &mut Conn, article: Id, revision: i32, used: &[Id]) -> QueryResult<()> {
    for id in used {
        diesel::insert_into(media_uses::table)
            .values((
                media_uses::media_id.eq(id),
                media_uses::article_id.eq(article),
                media_uses::revision.eq(revision),
            ))
            .on_conflict_do_nothing()
            .execute(c)?;
    }
    Ok(())
}

/// Whether a revision that readers see, saw or will see uses this medium.
pub fn is_live(c: &mut Conn, id: Id) -> QueryResult<bool> {
    let uses = media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(id))
        .filter(articles::live_revision.eq(media_uses::revision.nullable()));
    diesel::select(exists(uses)).get_result(c)
}

/// The article by which readers see this medium at an instant, and when it
/// disappears: of several the one that stays longest.
pub fn visible(c: &mut Conn, id: Id, now: Time) -> QueryResult<Option<(Id, Option<Time>)>> {
    media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(id))
        .filter(articles::live_revision.eq(media_uses::revision.nullable()))
        .filter(articles::published_at.le(now))
        .filter(
            articles::expires_at
                .is_null()
                .or(articles::expires_at.gt(now)),
        )
        .filter(articles::withdrawn_at.is_null())
        .filter(articles::trashed_at.is_null())
        .order((
            articles::expires_at.is_null().desc(),
            articles::expires_at.desc(),
        ))
        .select((articles::id, articles::expires_at))
        .first(c)
        .optional()
}

/// Those of these media that readers see at an instant, in no order.
pub fn visible_among(c: &mut Conn, ids: &[Id], now: Time) -> QueryResult<Vec<Medium>> {
    let uses = media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(media::id))
        .filter(articles::live_revision.eq(media_uses::revision.nullable()))
        .filter(articles::published_at.le(now))
        .filter(
            articles::expires_at
                .is_null()
                .or(articles::expires_at.gt(now)),
        )
        .filter(articles::withdrawn_at.is_null())
        .filter(articles::trashed_at.is_null());
    media::table
        .filter(any_of(media::id, ids))
        .filter(exists(uses))
        .select(Medium::as_select())
        .load(c)
}

/// Articles whose live revision uses this medium.
pub fn live_users(c: &mut Conn, id: Id) -> QueryResult<Vec<Id>> {
    media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(id))
        .filter(articles::live_revision.eq(media_uses::revision.nullable()))
        .select(articles::id)
        .load(c)
}

// ── renditions ──────────────────────────────────────────────────────────────

/// The medium whose renditions are to be made next and that nobody is making.
pub fn to_render(c: &mut Conn, now: Time) -> QueryResult<Option<Medium>> {
    media::table
        .filter(media::rendered_at.is_null())
        .filter(media::failure.is_null())
        .filter(
            media::claimed_until
                .is_null()
                .or(media::claimed_until.le(now)),
        )
        .order(media::created_at.asc())
        .select(Medium::as_select())
        .first(c)
        .optional()
}

/// Keeps others from beginning until an instant. False if somebody was faster.
pub fn claim(c: &mut Conn, medium: &Medium, until: Time) -> QueryResult<bool> {
    let target = media::table
        .find(medium.id)
        .filter(media::rendered_at.is_null())
        .filter(media::attempts.eq(medium.attempts));
    diesel::update(target)
        .set((
            media::attempts.eq(medium.attempts + 1),
            media::claimed_until.eq(Some(until)),
        ))
        .execute(c)
        .map(|rows| rows > 0)
}

/// Takes back all claims: nobody is making anything.
pub fn free_claims(c: &mut Conn) -> QueryResult<()> {
    diesel::update(media::table.filter(media::claimed_until.is_not_null()))
        .set(media::claimed_until.eq(None::<Time>))
        .execute(c)
        .map(drop)
}

/// Lets somebody try again from an instant on, as if this attempt had not been.
pub fn put_off(c: &mut Conn, id: Id, until: Time) -> QueryResult<()> {
    diesel::update(media::table.find(id))
        .set((
            media::attempts.eq(media::attempts - 1),
            media::claimed_until.eq(Some(until)),
        ))
        .execute(c)
        .map(drop)
}

/// Has a medium's renditions made again. Whether there were any.
pub fn render_again(c: &mut Conn, id: Id) -> QueryResult<bool> {
    let target = media::table
        .find(id)
        .filter(media::rendered_at.is_not_null());
    diesel::update(target)
        .set((
            media::rendered_at.eq(None::<Time>),
            media::attempts.eq(0),
            media::claimed_until.eq(None::<Time>),
        ))
        .execute(c)
        .map(|rows| rows > 0)
}

// ── bytes without a medium ──────────────────────────────────────────────────

/// Notes that bytes may lie under an id without a medium; from an instant on they
/// are to be removed.
pub fn add_leftover(c: &mut Conn, id: Id, due_at: Time) -> QueryResult<()> {
    diesel::insert_into(media_leftovers::table)
        .values((
            media_leftovers::media_id.eq(id),
            media_leftovers::due_at.eq(due_at),
        ))
        .on_conflict(media_leftovers::media_id)
        .do_update()
        .set(media_leftovers::due_at.eq(due_at))
        .execute(c)
        .map(drop)
}

/// Ids whose bytes are to be removed by now.
pub fn leftovers(c: &mut Conn, now: Time, limit: i64) -> QueryResult<Vec<Id>> {
    media_leftovers::table
        .filter(media_leftovers::due_at.le(now))
        .order(media_leftovers::due_at.asc())
        .limit(limit)
        .select(media_leftovers::media_id)
        .load(c)
}

/// Forgets that bytes lie under an id: they have a medium, or are gone.
pub fn remove_leftover(c: &mut Conn, id: Id) -> QueryResult<()> {
    diesel::delete(media_leftovers::table.find(id))
        .execute(c)
        .map(drop)
}
