//! Throwing away, getting back, and erasing for good.

use super::{
    Key, Outcome, Written, check_expectation, may_edit, note_deed, require, require_version, save,
    touch,
};
use crate::articles::model::State;
use crate::audit::model::Deed;
use crate::auth::{Actor, Right};
use crate::changes::{Action, Entity, Tag, Tx, record};
use crate::error::{Result, conflict, forbidden};
use crate::http::conditional::Expect;

/// Puts an article into the trash. One that is live, or will be, is refused: it
/// has to be unpublished before.
pub fn trash(tx: &mut Tx<'_>, actor: &Actor, key: &Key, expect: Expect) -> Result<Written> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    if row.trashed_at.is_some() {
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    require_version(tx, &row, expect)?;
    let state = row.state(tx.now);
    if matches!(state, State::Live | State::Scheduled) {
        if !actor.may_edit_all() {
            return Err(forbidden(format!(
                "`{}` is {state}, and the role {} doesn't throw away what readers see; ask an editor to unpublish it.",
                row.slug, actor.role
            )));
        }
        return Err(conflict(format!(
            "`{}` is {state}; unpublish it first: POST …/unpublish.",
            row.slug
        )));
    }
    let mut after = row.clone();
    after.trashed_at = Some(tx.now);
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok(Written::new(after, Outcome::Trashed))
}

/// Gets an article out of the trash, as the draft or the withdrawn article that
/// it was.
pub fn restore(tx: &mut Tx<'_>, actor: &Actor, key: &Key, expect: Expect) -> Result<Written> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    check_expectation(tx, &row, expect)?;
    if row.trashed_at.is_none() {
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    after.trashed_at = None;
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok(Written::new(after, Outcome::Restored))
}

/// Erases an article that is in the trash: its revisions, former
/// slugs and preview links go with it, and its slug is free. What the log says
/// of it stays.
pub fn erase(tx: &mut Tx<'_>, actor: &Actor, key: &Key, expect: Expect) -> Result<()> {
    actor.require(Right::Administer)?;
    let row = require(tx, key)?;
    require_version(tx, &row, expect)?;
    if row.trashed_at.is_none() {
        return Err(conflict(format!(
            "`{}` is {}; only what is in the trash is erased. DELETE it without `erase` first.",
            row.slug,
            row.state(tx.now)
        )));
    }
    let mut tags = vec![
        Tag::article(row.id),
        Tag::slug(&row.slug),
        Tag::slug(&row.id.to_string()),
    ];
    for slug in crate::store!(tx.conn, articles::former_slugs_of(row.id))? {
        tags.push(Tag::slug(&slug));
    }
    if !crate::store!(tx.conn, articles::erase(row.id, row.version))? {
        return Err(super::stale(tx, &row));
    }
    tx.known.forget_names();
    note_deed(tx, &row, Deed::Deleted);
    if row.was_public(tx.now) {
        // Readers who got 410 get 404 from now on.
        record(tx, Entity::Article, row.id, Action::Gone, &tags);
    }
    Ok(())
}
