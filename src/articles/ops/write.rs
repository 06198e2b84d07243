//! Making, replacing, changing, throwing away and getting back.

use serde_json::{Map, Value};

use super::checks::{
    checked_path_slug, checked_slug, older_than_schedule, refuse_changed_read_only, refuse_other,
    refuse_read_only, refuse_taken, refuse_taken_external_id, slug_of, take_external_id, vanished,
};
use super::resolve::{Own, patched, whole};
use super::verbs::{Publish, publish_row};
use super::visibility::reflect;
use super::{
    Key, Outcome, check_expectation, content_of, find, hold, may_edit, not_trashed, not_withdrawn,
    precondition_required, require, require_version, revision_of, save, touch,
};
use crate::articles::input::{ArticlePatch, Sent};
use crate::articles::model::{ArticleRow, Content, FormerSlugRow, State};
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::content::{Body, Warning};
use crate::db::Id;
use crate::error::{CONFLICT, Problem, Result, STALE, conflict, forbidden, invalid, not_found};
use crate::http::conditional::Expect;
use crate::http::patch::Patch;

/// What a write to content did.
pub struct Written {
    /// The article after it.
    pub row: ArticleRow,
    /// What happened.
    pub outcome: Outcome,
    /// What the sender should know.
    pub warnings: Vec<Warning>,
}

/// Makes an article under the slug that was sent, or one made from the headline.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, sent: Sent, publish: bool) -> Result<Written> {
    actor.require(Right::Write)?;
    hold(tx)?;
    refuse_publishing(actor, publish)?;
    refuse_read_only(&sent.read_only)?;
    let slug = match &sent.article.slug {
        Some(slug) => checked_slug(slug)?,
        None => slug_of(sent.article.headline.as_deref())?,
    };
    take_external_id(tx, sent.article.external_id.as_deref())?;
    crate::store!(tx.conn, articles::lock(&slug))?;
    refuse_taken(tx, &slug, None)?;
    if let Some(external_id) = &sent.article.external_id {
        refuse_taken_external_id(tx, external_id, None)?;
    }
    make(tx, actor, Id::new(), slug, sent, publish)
}

/// Replaces all content of the article with this key, or makes it. `overwrite`
/// replaces whatever is there, whoever wrote it.
pub fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    sent: Sent,
    overwrite: bool,
    publish: bool,
) -> Result<Written> {
    actor.require(Right::Write)?;
    hold(tx)?;
    refuse_publishing(actor, publish)?;
    let mut sent = sent;
    match key {
        Key::Slug(slug) => {
            checked_path_slug(slug)?;
            refuse_other(&sent.article.slug, slug, "slug")?;
        }
        Key::External(external_id) => {
            refuse_other(&sent.article.external_id, external_id, "external_id")?;
            sent.article.external_id = Some(external_id.clone());
        }
        Key::Id(_) => {}
    }
    take_external_id(tx, sent.article.external_id.as_deref())?;
    crate::store!(tx.conn, articles::lock(&key.to_string()))?;
    let Some(row) = find(&mut tx.conn, key)? else {
        return put_new(tx, actor, key, expect, sent, publish);
    };
    crate::store!(tx.conn, articles::lock(&row.id.to_string()))?;
    let row = crate::store!(tx.conn, articles::find(row.id))?
        .ok_or_else(|| not_found(format!("The article `{key}`")))?;
    not_trashed(&row)?;
    not_withdrawn(&row)?;
    may_edit(actor, &row)?;
    if !matches!(key, Key::Slug(_)) {
        refuse_other(&sent.article.slug, &row.slug, "slug")?;
    }
    let expected = check_expectation(tx, &row, expect)?.is_some();
    let newest = revision_of(&mut tx.conn, row.id, row.revision)?;
    let present = content_of(&mut tx.conn, &newest)?;
    refuse_changed_read_only(tx, &row, &sent.read_only)?;
    let own = Own {
        id: row.id,
        slug: &row.slug,
    };
    let content = whole(tx, actor, own, &sent.article, sent.body.as_ref())?;
    let external_id = sent
        .article
        .external_id
        .clone()
        .or_else(|| row.external_id.clone());
    if let Some(external_id) = external_id
        .as_ref()
        .filter(|_| external_id != row.external_id)
    {
        refuse_taken_external_id(tx, external_id, Some(row.id))?;
    }
    let mut warnings = sent.warnings;
    if content == present && external_id == row.external_id {
        return finish(tx, actor, row, Outcome::Unchanged, warnings, publish);
    }
    if !expected && !overwrite && newest.created_by != actor.id {
        return Err(precondition_required(&row));
    }
    may_lift(tx, actor, &present, &content)?;
    warnings.extend(vanished(&present, &content, &sent.article));
    let row = revise(tx, actor, &row, &content, &present, None, external_id)?;
    warnings.extend(older_than_schedule(tx, &row));
    finish(tx, actor, row, Outcome::Updated, warnings, publish)
}

fn put_new(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    sent: Sent,
    publish: bool,
) -> Result<Written> {
    refuse_read_only(&sent.read_only)?;
    if matches!(expect, Expect::Anything | Expect::Version(_)) {
        let detail = format!(
            "If-Match only updates, and there is no `{key}`. Leave it out to make a new article."
        );
        return Err(Problem::new(&STALE, detail).into());
    }
    match key {
        Key::Id(id) => Err(not_found(format!("The article {id}"))),
        Key::Slug(slug) => {
            if let Some(row) = crate::store!(tx.conn, articles::by_former_slug(slug))? {
                let detail = format!(
                    "`{slug}` is an old slug of an article that is now `{}`; use that.",
                    row.slug
                );
                return Err(Problem::new(&CONFLICT, detail)
                    .with("current_slug", row.slug)
                    .into());
            }
            if let Some(external_id) = &sent.article.external_id {
                refuse_taken_external_id(tx, external_id, None)?;
            }
            make(tx, actor, Id::new(), slug.clone(), sent, publish)
        }
        Key::External(_) => {
            let slug = match &sent.article.slug {
                Some(slug) => checked_slug(slug)?,
                None => slug_of(sent.article.headline.as_deref())?,
            };
            crate::store!(tx.conn, articles::lock(&slug))?;
            refuse_taken(tx, &slug, None)?;
            make(tx, actor, Id::new(), slug, sent, publish)
        }
    }
}

/// Changes what a merge patch names; a new slug renames the article.
#[allow(clippy::too_many_arguments)]
pub fn patch(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    patch: ArticlePatch,
    body: Patch<Body>,
    read_only: &Map<String, Value>,
    warnings: Vec<Warning>,
    publish: bool,
) -> Result<Written> {
    hold(tx)?;
    if let Patch::Value(external_id) = &patch.external_id {
        take_external_id(tx, Some(external_id))?;
    }
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    refuse_publishing(actor, publish)?;
    not_trashed(&row)?;
    not_withdrawn(&row)?;
    require_version(tx, &row, expect)?;
    refuse_changed_read_only(tx, &row, read_only)?;
    let slug = match &patch.slug {
        Patch::Absent => None,
        Patch::Null => {
            return Err(invalid(
                "#/slug",
                "required",
                "can't be removed; send another one",
            ));
        }
        Patch::Value(slug) if *slug == row.slug => None,
        Patch::Value(slug) => {
            let slug = checked_slug(slug)?;
            crate::store!(tx.conn, articles::lock(&slug))?;
            refuse_taken(tx, &slug, Some(row.id))?;
            Some(slug)
        }
    };
    let mut external_id = row.external_id.clone();
    patch.external_id.clone().apply(&mut external_id);
    if let Some(external_id) = external_id
        .as_ref()
        .filter(|_| external_id != row.external_id)
    {
        refuse_taken_external_id(tx, external_id, Some(row.id))?;
    }
    let newest = revision_of(&mut tx.conn, row.id, row.revision)?;
    let present = content_of(&mut tx.conn, &newest)?;
    let own = Own {
        id: row.id,
        slug: slug.as_deref().unwrap_or(&row.slug),
    };
    let content = patched(tx, actor, own, present.clone(), patch, body)?;
    let mut warnings = warnings;
    if content == present && slug.is_none() && external_id == row.external_id {
        return finish(tx, actor, row, Outcome::Unchanged, warnings, publish);
    }
    may_lift(tx, actor, &present, &content)?;
    let row = revise(tx, actor, &row, &content, &present, slug, external_id)?;
    warnings.extend(older_than_schedule(tx, &row));
    finish(tx, actor, row, Outcome::Updated, warnings, publish)
}

/// Puts an article into the trash. One that is live, or will be, is refused: it
/// has to be unpublished before.
pub fn trash(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
) -> Result<(ArticleRow, Outcome)> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    if row.trashed_at.is_some() {
        return Ok((row, Outcome::Unchanged));
    }
    require_version(tx, &row, expect)?;
    let state = row.state(tx.now);
    if matches!(state, State::Live | State::Scheduled) {
        return Err(conflict(format!(
            "`{}` is {state}; unpublish it first: POST …/unpublish.",
            row.slug
        )));
    }
    let mut after = row.clone();
    after.trashed_at = Some(tx.now);
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok((after, Outcome::Trashed))
}

/// Gets an article out of the trash, as the draft or the withdrawn article that
/// it was.
pub fn restore(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
) -> Result<(ArticleRow, Outcome)> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    check_expectation(tx, &row, expect)?;
    if row.trashed_at.is_none() {
        return Ok((row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    after.trashed_at = None;
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    Ok((after, Outcome::Restored))
}

/// Stores a new article with its first revision.
fn make(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: Id,
    slug: String,
    sent: Sent,
    publish: bool,
) -> Result<Written> {
    let external_id = sent.article.external_id.clone();
    let content = whole(
        tx,
        actor,
        Own { id, slug: &slug },
        &sent.article,
        sent.body.as_ref(),
    )?;
    let row = ArticleRow {
        id,
        slug,
        external_id,
        version: 1,
        revision: 1,
        live_revision: None,
        published_at: None,
        first_published_at: None,
        updated_at: None,
        expires_at: None,
        announce_at: None,
        kind: content.kind,
        language: content.language.clone(),
        submitted_at: None,
        withdrawn_at: None,
        withdrawn_reason: None,
        trashed_at: None,
        created_at: tx.now,
        created_by: actor.id,
        edited_at: tx.now,
        edited_by: actor.id,
    };
    crate::store!(tx.conn, articles::insert(&row))?;
    add_revision(tx, actor, &row, &content)?;
    tx.bind_at_the_end([row.slug.as_str()]);
    finish(tx, actor, row, Outcome::Created, sent.warnings, publish)
}

/// Stores a new revision, and a new slug if there is one.
fn revise(
    tx: &mut Tx<'_>,
    actor: &Actor,
    before: &ArticleRow,
    content: &Content,
    present: &Content,
    slug: Option<String>,
    external_id: Option<String>,
) -> Result<ArticleRow> {
    let mut after = before.clone();
    after.external_id = external_id;
    if content != present {
        after.revision += 1;
        if after.live_revision.is_none() {
            after.kind = content.kind;
            after.language = content.language.clone();
        }
        add_revision(tx, actor, &after, content)?;
    }
    let renamed = slug.is_some();
    if let Some(slug) = slug {
        if before.was_public(tx.now) {
            let former = FormerSlugRow {
                slug: before.slug.clone(),
                article_id: before.id,
                retired_at: tx.now,
            };
            crate::store!(tx.conn, articles::retire_slug(&former))?;
        }
        crate::store!(tx.conn, articles::reclaim_slug(before.id, &slug))?;
        tx.bind_at_the_end([slug.as_str()]);
        after.slug = slug;
    }
    touch(tx, actor, &mut after);
    save(tx, before, &after)?;
    if renamed {
        reflect(tx, Some(before), &after)?;
    }
    Ok(after)
}

fn add_revision(tx: &mut Tx<'_>, actor: &Actor, row: &ArticleRow, content: &Content) -> Result<()> {
    let revision = content.to_row(row.id, row.revision, tx.now, actor.id)?;
    crate::store!(tx.conn, articles::insert_revision(&revision))?;
    let links = content.to_links(row.id, row.revision);
    if !links.is_empty() {
        crate::store!(tx.conn, links::insert(&links))?;
        let waiting = links.iter().filter(|link| link.target_id.is_none());
        tx.bind_at_the_end(waiting.filter_map(|link| link.slug.as_deref()));
    }
    Ok(())
}

/// Publishes what was written, if that was asked for.
fn finish(
    tx: &mut Tx<'_>,
    actor: &Actor,
    row: ArticleRow,
    outcome: Outcome,
    warnings: Vec<Warning>,
    publish: bool,
) -> Result<Written> {
    if !publish {
        return Ok(Written {
            row,
            outcome,
            warnings,
        });
    }
    let (row, published) = publish_row(tx, actor, row, &Publish::default())?;
    let outcome = match (outcome, published) {
        (Outcome::Unchanged, published) => published,
        (written, _) => written,
    };
    Ok(Written {
        row,
        outcome,
        warnings,
    })
}

/// An embargo is lifted, or brought forward, by those who publish.
fn may_lift(tx: &Tx<'_>, actor: &Actor, before: &Content, after: &Content) -> Result<()> {
    let Some(embargo) = before.embargo_until.filter(|embargo| *embargo > tx.now) else {
        return Ok(());
    };
    if after.embargo_until.is_some_and(|after| after >= embargo) || actor.may_edit_all() {
        return Ok(());
    }
    Err(forbidden(format!(
        "There is an embargo until {embargo}; only an editor lifts it. Send \"embargo_until\": \"{embargo}\", or leave it out of a PATCH."
    )))
}

/// `?publish=true` without the right is refused before anything is written.
fn refuse_publishing(actor: &Actor, publish: bool) -> Result<()> {
    if publish {
        actor.require(Right::Publish)
    } else {
        Ok(())
    }
}
