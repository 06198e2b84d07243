//! Slugs that articles once had.

use super::{Key, Outcome, Written, check_expectation, require, save, touch};
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, record};
use crate::error::{Result, not_found};
use crate::http::conditional::Expect;

/// Frees a slug that an article once had: it leads nowhere from now on, and others
/// may take it.
pub fn free_slug(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    slug: &str,
    expect: Expect,
) -> Result<Written> {
    actor.require(Right::Manage)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    tx.lock(&[slug])?;
    if !crate::store!(tx.conn, articles::reclaim_slug(row.id, slug))? {
        let shown: String = slug.chars().take(200).collect();
        return Err(not_found(format!(
            "The old slug `{shown}` of `{}`",
            row.slug
        )));
    }
    tx.known.forget_names();
    let mut after = row.clone();
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    if row.is_visible(tx.now) {
        // Readers who were led on get 404 from now on.
        let tags = [Tag::article(row.id), Tag::slug(slug)];
        record(tx, Entity::Article, row.id, Action::Changed, &tags);
    }
    Ok(Written::new(after, Outcome::Updated))
}
