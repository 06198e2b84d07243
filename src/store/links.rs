//! The links of revisions.

use std::collections::HashSet;

use diesel::prelude::*;

use super::super::Conn;
use crate::articles::model::{LinkRow, LiveHead, LiveLink, LiveRow, RevisionHead};
use crate::db::schema::{articles, links};
use crate::db::{Dialect, Id, any_of, lock_key};

/// The links of new revisions.
pub fn insert(c: &mut Conn, rows: &[LinkRow]) -> QueryResult<()> {
    if Conn::ROWS_AT_ONCE > 1 {
        insert_all!(c, links::table, rows);
        return Ok(());
    }
    // Statements for so many rows are prepared once; those for any number are not.
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        diesel::insert_into(links::table).values(four).execute(c)?;
    }
    for row in rest {
        diesel::insert_into(links::table).values(row).execute(c)?;
    }
    Ok(())
}

/// A revision's links, in order.
pub fn of_revision(c: &mut Conn, article: Id, revision: i32) -> QueryResult<Vec<LinkRow>> {
    links::table
        .filter(links::article_id.eq(article))
        .filter(links::revision.eq(revision))
        .order(links::position)
        .select(LinkRow::as_select())
        .load(c)
}

/// A link, and the article it leads to, if that has a live revision, whether or not
/// it is visible yet.
type Linked = (LiveLink, Option<(LiveRow, RevisionHead)>);

/// The columns of a [`Linked`].
macro_rules! with_target {
    () => {
        links::table
            .left_join(articles::table.on(links::target_id.eq(articles::id.nullable())))
            .select((
                LiveLink::as_select(),
                Option::<LiveRow>::as_select(),
                articles::live_head.nullable(),
            ))
    };
}

fn linked((link, article, head): (LiveLink, Option<LiveRow>, Option<LiveHead>)) -> Linked {
    (link, article.zip(head.map(|LiveHead(head)| head)))
}

/// A revision's links, in order.
pub fn with_targets(c: &mut Conn, article: Id, revision: i32) -> QueryResult<Vec<Linked>> {
    let found = with_target!()
        .filter(links::article_id.eq(article))
        .filter(links::revision.eq(revision))
        .order(links::position)
        .load(c)?;
    Ok(found.into_iter().map(linked).collect())
}

/// [`with_targets`] of several revisions at once, in the order of each.
pub fn with_targets_of(
    c: &mut Conn,
    articles_of: &[Id],
    numbers: &[i32],
) -> QueryResult<Vec<Linked>> {
    let found = with_target!()
        .filter(any_of(links::article_id, articles_of))
        .filter(links::revision.eq_any(numbers))
        .order((links::article_id, links::revision, links::position))
        .load(c)?;
    Ok(found.into_iter().map(linked).collect())
}

/// Binds every link that waits for one of these slugs to the article that has
/// it, but for that article's own, which an older revision may have: nothing
/// leads to itself. The slugs are locked until the end of the transaction, in
/// one order, so that of a link and a slug that come at the same instant the
/// second sees the first.
pub fn bind(c: &mut Conn, slugs: &[String]) -> QueryResult<()> {
    let mut keys: Vec<i64> = slugs
        .iter()
        .map(|slug| lock_key(&format!("awaited:{slug}")))
        .collect();
    keys.sort_unstable();
    c.lock_all(&keys)?;
    bind_seen(c, slugs)
}

/// [`bind`] without the locks: what this transaction sees by now.
pub fn bind_seen(c: &mut Conn, slugs: &[String]) -> QueryResult<()> {
    // Nothing has some of them, and no link waits for most of the others, which two
    // looks tell.
    let found = super::articles::ids_of_slugs(c, slugs)?;
    let taken: Vec<&str> = found.iter().map(|(slug, _)| slug.as_str()).collect();
    let waiting = links::table
        .filter(links::target_id.is_null())
        .select(links::slug)
        .distinct();
    let awaited: Vec<Option<String>> = load_any!(c, waiting, links::slug, taken)?;
    let awaited: HashSet<String> = awaited.into_iter().flatten().collect();
    for (slug, target) in found {
        if !awaited.contains(&slug) {
            continue;
        }
        let waiting = links::table
            .filter(links::slug.eq(slug))
            .filter(links::article_id.ne(target))
            .filter(links::target_id.is_null());
        diesel::update(waiting)
            .set(links::target_id.eq(Some(target)))
            .execute(c)?;
    }
    Ok(())
}

/// Articles whose live revision links to one of these.
pub fn live_sources(c: &mut Conn, targets: &[Id]) -> QueryResult<Vec<Id>> {
    let live = articles::id
        .eq(links::article_id)
        .and(articles::live_revision.eq(links::revision.nullable()));
    let query = links::table
        .inner_join(articles::table.on(live))
        .select(links::article_id)
        .distinct();
    load_any!(c, query, links::target_id, targets)
}
