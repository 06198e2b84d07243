//! Making, listing and revoking preview links, and following one.

use super::model::{PreviewLink, PreviewLinkIn};
use crate::articles;
use crate::articles::model::ArticleRow;
use crate::articles::ops::Key;
use crate::audit::model::{Deed, Subject};
use crate::auth::opaque::{self, Kind};
use crate::auth::{Actor, Right};
use crate::changes::{self, Tx};
use crate::db::{Conn, Id, Time};
use crate::error::{Error, FieldError, Result, conflict, invalid_all, not_found};
use crate::http::cursor::Position;
use crate::http::text;

/// Seconds for which a link works if nothing is said.
const LIFETIME: i64 = 7 * 86_400;
/// Seconds for which one works at most.
const LIFETIME_MAX: i64 = 30 * 86_400;
/// Links that one article may have at once.
const MAX: i64 = 100;

/// A preview link that was just made.
pub struct Made {
    /// What is kept.
    pub link: PreviewLink,
    /// What opens it; nobody sees it again.
    pub token: String,
}

/// Makes a link to an article's working copy. Who may change the article may
/// show it.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, key: &Key, input: &PreviewLinkIn) -> Result<Made> {
    let row = articles::ops::require(tx, key)?;
    articles::ops::may_edit(actor, &row)?;
    articles::ops::not_trashed(&row)?;
    let mut errors = Vec::new();
    let note = input
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    if let Some(note) = note {
        text::check(note, "#/note", 300, false, &mut errors);
    }
    let expires_at = input
        .expires_at
        .unwrap_or_else(|| tx.now.plus_seconds(LIFETIME));
    let latest = tx.now.plus_seconds(LIFETIME_MAX);
    if expires_at <= tx.now {
        errors.push(FieldError::new(
            "#/expires_at",
            "in-the-past",
            "has passed already; send a later one",
        ));
    } else if expires_at > latest {
        let detail = format!("lies more than 30 days ahead; {latest} is the latest");
        errors.push(FieldError::new("#/expires_at", "too-late", detail));
    }
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    crate::store!(tx.conn, previews::forget_expired(row.id, tx.now))?;
    if crate::store!(tx.conn, previews::count(row.id))? >= MAX {
        return Err(conflict(format!(
            "`{}` has {MAX} preview links already; revoke some: DELETE …/preview-links/….",
            row.slug
        )));
    }
    let token = Kind::Preview.generate()?;
    let link = PreviewLink {
        id: Id::new(),
        article_id: row.id,
        digest: opaque::digest(&token),
        note: note.map(str::to_owned),
        created_at: tx.now,
        created_by: actor.id,
        expires_at,
    };
    crate::store!(tx.conn, previews::insert(&link))?;
    changes::note(tx, Deed::Created, (Subject::PreviewLink, link.id), None);
    Ok(Made { link, token })
}

/// An article's links in the order in which they were made, with the names of
/// who made them.
pub fn list(
    conn: &mut Conn<'_>,
    actor: &Actor,
    key: &Key,
    after: Option<Position>,
    limit: i64,
) -> Result<(ArticleRow, Vec<(PreviewLink, Option<String>)>)> {
    actor.require(Right::Read)?;
    let row =
        articles::ops::find(conn, key)?.ok_or_else(|| not_found(format!("The article `{key}`")))?;
    let after = after.map(|position| (position.at, position.id));
    let links = crate::store!(*conn, previews::list(row.id, after, limit))?;
    Ok((row, links))
}

/// Revokes a link; it leads nowhere from now on.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, key: &Key, id: Option<Id>) -> Result<()> {
    let row = articles::ops::require(tx, key)?;
    articles::ops::may_edit(actor, &row)?;
    if let Some(id) = id
        && crate::store!(tx.conn, previews::remove(row.id, id))?
    {
        changes::note(tx, Deed::Revoked, (Subject::PreviewLink, id), None);
        return Ok(());
    }
    Err(not_found(format!("The preview link of `{}`", row.slug)))
}

/// The link that a token opens and its article. Whatever is the matter with a
/// token, the answer is the same.
pub fn follow(conn: &mut Conn<'_>, token: &str, now: Time) -> Result<(PreviewLink, ArticleRow)> {
    if Kind::Preview.check(token).is_err() {
        return Err(nowhere());
    }
    let found = crate::store!(*conn, previews::by_digest(&opaque::digest(token)))?;
    found
        .filter(|(link, article)| link.expires_at > now && article.trashed_at.is_none())
        .ok_or_else(nowhere)
}

fn nowhere() -> Error {
    not_found("This preview")
}
