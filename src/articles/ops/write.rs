//! Making, replacing and changing.

use serde_json::{Map, Value};

use super::checks::{
    awaited, checked_path_slug, checked_slug, note_not_kept, older_than_schedule, origin,
    refuse_changed_read_only, refuse_other, refuse_read_only, refuse_taken,
    refuse_taken_external_id, slug_of, take_external_id, vanished,
};
use super::resolve::{Own, patched, whole};
use super::verbs::{Publish, debut, publish_row};
use super::visibility::{introduce, reflect};
use super::{
    Key, Outcome, Written, check_expectation, content_of, deed, find, hold, may_edit, not_trashed,
    not_withdrawn, note_deed, precondition_required, require, require_version, revision_of, save,
    save_as, touch,
};
use crate::articles::input::{ArticlePatch, Sent};
use crate::articles::model::{ArticleRow, Content, FormerSlugRow, Origin, RevisionHead};
use crate::audit::model::Deed;
use crate::auth::{Actor, Right};
use crate::changes::{NewArticle, Tx};
use crate::content::{Body, Warning};
use crate::db::Id;
use crate::error::{CONFLICT, Problem, Result, STALE, forbidden, invalid, not_found};
use crate::http::conditional::Expect;
use crate::http::patch::Patch;

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
    tx.lock(&[&slug])?;
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
    let name = key.to_string();
    tx.lock(&[&name])?;
    let found = match tx.known.free.contains(&name) {
        true => None,
        false => find(&mut tx.conn, key)?,
    };
    let Some(row) = found else {
        return put_new(tx, actor, key, expect, sent, publish);
    };
    tx.lock(&[row.id.to_string()])?;
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
    let mut content = whole(tx, actor, own, &sent.article, sent.body.as_ref())?;
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
    let origin = origin(sent.article.revision_note.as_deref())?;
    let mut warnings = sent.warnings;
    if content == present && external_id == row.external_id {
        warnings.extend(note_not_kept(&newest, &origin));
        return finish(tx, actor, row, Outcome::Unchanged, warnings, publish);
    }
    if !expected && !overwrite && newest.created_by != actor.id {
        return Err(precondition_required(&row));
    }
    may_lift(tx, actor, &present, &content)?;
    warnings.extend(vanished(&present, &content, &sent.article));
    let change = Change {
        content: &content,
        slug: None,
        external_id,
        origin,
    };
    let row = revise(tx, actor, &row, &present, change)?;
    warnings.extend(awaited(&mut content));
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
            if !tx.known.free.contains(slug)
                && let Some(row) = crate::store!(tx.conn, articles::by_former_slug(slug))?
            {
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
            tx.lock(&[&slug])?;
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
            tx.lock(&[&slug])?;
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
    let origin = match &patch.revision_note {
        Patch::Value(note) => origin(Some(note))?,
        _ => Origin::default(),
    };
    let mut content = patched(tx, actor, own, present.clone(), patch, body)?;
    let mut warnings = warnings;
    if content == present {
        warnings.extend(note_not_kept(&newest, &origin));
    }
    if content == present && slug.is_none() && external_id == row.external_id {
        return finish(tx, actor, row, Outcome::Unchanged, warnings, publish);
    }
    may_lift(tx, actor, &present, &content)?;
    let change = Change {
        content: &content,
        slug,
        external_id,
        origin,
    };
    let row = revise(tx, actor, &row, &present, change)?;
    warnings.extend(awaited(&mut content));
    warnings.extend(older_than_schedule(tx, &row));
    finish(tx, actor, row, Outcome::Updated, warnings, publish)
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
    let origin = origin(sent.article.revision_note.as_deref())?;
    let mut content = whole(
        tx,
        actor,
        Own { id, slug: &slug },
        &sent.article,
        sent.body.as_ref(),
    )?;
    let mut row = ArticleRow {
        id,
        slug,
        external_id,
        version: 1,
        revision: 1,
        live_revision: None,
        published_at: None,
        first_published_at: None,
        updated_at: None,
        corrections: None,
        expires_at: None,
        announce_at: None,
        kind: content.kind,
        language: content.language.clone(),
        submitted_at: None,
        sent_back_at: None,
        sent_back_by: None,
        sent_back_remark: None,
        withdrawn_at: None,
        withdrawn_reason: None,
        trashed_at: None,
        created_at: tx.now,
        created_by: actor.id,
        edited_at: tx.now,
        edited_by: actor.id,
        live_head: None,
    };
    let draft = row.clone();
    let mut warnings = sent.warnings;
    warnings.extend(awaited(&mut content));
    let revision = content.to_row(id, 1, tx.now, actor.id, origin)?;
    if publish {
        let head = RevisionHead::from(&revision);
        warnings.extend(debut(tx, actor, &mut row, &content, &head)?);
    }
    // Nothing fails from here on but the database: what is recorded is what is made.
    note_deed(tx, &draft, Deed::Created);
    let mut listings = Vec::new();
    if publish {
        let deed = deed(&draft, &row, tx.now);
        note_deed(tx, &row, deed);
        listings = introduce(tx, &row, &content)?;
    }
    tx.add(NewArticle {
        row: row.clone(),
        revision,
        links: content.to_links(id, 1),
        media: content.media(),
        listings,
    })?;
    Ok(Written {
        row,
        outcome: Outcome::Created,
        warnings,
    })
}

/// What a write makes of an article.
pub(super) struct Change<'a> {
    /// Its content.
    pub content: &'a Content,
    /// Its new slug, if it gets one.
    pub slug: Option<String>,
    /// What a feed calls it.
    pub external_id: Option<String>,
    /// What the revision says about itself.
    pub origin: Origin,
}

/// Stores a new revision if the content differs from the present one, and a new
/// slug if there is one.
pub(super) fn revise(
    tx: &mut Tx<'_>,
    actor: &Actor,
    before: &ArticleRow,
    present: &Content,
    change: Change<'_>,
) -> Result<ArticleRow> {
    let Change {
        content,
        slug,
        external_id,
        origin,
    } = change;
    let restored = origin.restored_from.is_some();
    let mut after = before.clone();
    after.external_id = external_id;
    if content != present {
        after.revision += 1;
        if after.live_revision.is_none() {
            after.kind = content.kind;
            after.language = content.language.clone();
        }
        add_revision(tx, actor, &after, content, origin)?;
    }
    let renamed = slug.is_some() || after.external_id != before.external_id;
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
    if renamed {
        tx.known.forget_names();
    }
    touch(tx, actor, &mut after);
    match restored {
        true => save_as(tx, before, &after, Deed::Restored)?,
        false => save(tx, before, &after)?,
    }
    if renamed {
        reflect(tx, Some(before), &after)?;
    }
    Ok(after)
}

fn add_revision(
    tx: &mut Tx<'_>,
    actor: &Actor,
    row: &ArticleRow,
    content: &Content,
    origin: Origin,
) -> Result<()> {
    let revision = content.to_row(row.id, row.revision, tx.now, actor.id, origin)?;
    crate::store!(
        tx.conn,
        articles::insert_revisions(std::slice::from_ref(&revision))
    )?;
    let media = content.media();
    if !media.is_empty() {
        crate::store!(tx.conn, media::add_uses(row.id, row.revision, &media))?;
    }
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
    let mut published = publish_row(tx, actor, row, &Publish::default())?;
    if outcome != Outcome::Unchanged {
        published.outcome = outcome;
    }
    published.warnings.splice(0..0, warnings);
    Ok(published)
}

/// An embargo is lifted, or brought forward, by those who publish.
pub(super) fn may_lift(
    tx: &Tx<'_>,
    actor: &Actor,
    before: &Content,
    after: &Content,
) -> Result<()> {
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
