//! Making, replacing, changing, throwing away and getting back.

use serde_json::{Map, Value};

use super::resolve::{Own, patched, whole};
use super::verbs::{Publish, publish_row};
use super::visibility::reflect;
use super::{
    Key, Outcome, check_expectation, content_of, find, hold, may_edit, not_trashed, not_withdrawn,
    precondition_required, require, require_version, revision_of, save, touch,
};
use crate::articles::input::{ArticlePatch, Sent};
use crate::articles::model::{ArticleRow, Content, FormerSlugRow, State};
use crate::articles::view;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::content::{Body, Warning};
use crate::db::Id;
use crate::error::{
    BAD_SLUG, CONFLICT, FieldError, Problem, Result, STALE, conflict, invalid, not_found,
};
use crate::http::conditional::Expect;
use crate::http::patch::Patch;
use crate::http::text;

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
    crate::store!(tx.conn, articles::lock(&slug))?;
    refuse_taken(tx, &slug, None)?;
    if let Some(external_id) = &sent.article.external_id {
        crate::store!(tx.conn, articles::lock(external_id))?;
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
    let mut warnings = sent.warnings;
    if content == present && external_id == row.external_id {
        return finish(tx, actor, row, Outcome::Unchanged, warnings, publish);
    }
    if !expected && !overwrite && newest.created_by != actor.id {
        return Err(precondition_required(&row));
    }
    warnings.extend(vanished(&present, &content));
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
    let row = revise(tx, actor, &row, &content, &present, slug, external_id)?;
    warnings.extend(older_than_schedule(tx, &row));
    finish(tx, actor, row, Outcome::Updated, warnings, publish)
}

/// Puts an article into the trash. One that is live, or will be, is unpublished
/// first.
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
    if let Some(external_id) = &external_id {
        check_external_id(external_id)?;
    }
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
    crate::store!(tx.conn, links::bind(&row.slug, id))?;
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
    if let Some(external_id) = &external_id {
        check_external_id(external_id)?;
    }
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
        crate::store!(tx.conn, links::bind(&slug, before.id))?;
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

/// `?publish=true` without the right is refused before anything is written.
fn refuse_publishing(actor: &Actor, publish: bool) -> Result<()> {
    if publish {
        actor.require(Right::Publish)
    } else {
        Ok(())
    }
}

fn checked_slug(slug: &str) -> Result<String> {
    let mut errors = Vec::new();
    text::check_slug(slug, "#/slug", &mut errors);
    if errors.is_empty() {
        Ok(slug.to_owned())
    } else {
        Err(crate::error::invalid_all(errors))
    }
}

/// A slug in the address is wrong in another way than one in the body.
fn checked_path_slug(slug: &str) -> Result<()> {
    if text::is_slug(slug) {
        return Ok(());
    }
    let better = text::slugify(slug);
    let problem = if better.is_empty() {
        Problem::new(
            &BAD_SLUG,
            "The slug has nothing in it that an address could be made of; use letters, digits and hyphens.",
        )
    } else {
        Problem::new(
            &BAD_SLUG,
            format!("This is not a slug; its canonical form is `{better}`."),
        )
        .with("canonical", better)
    };
    Err(problem.into())
}

fn slug_of(headline: Option<&str>) -> Result<String> {
    let headline = headline.map(str::trim).unwrap_or_default();
    if headline.is_empty() {
        let detail = "a headline is missing; add \"headline\": \"…\", or `# …` as the first line of Markdown";
        return Err(invalid("#/headline", "required", detail));
    }
    let slug = text::slugify(headline);
    if slug.is_empty() {
        let detail =
            "no slug can be made from this headline; send one, such as \"slug\": \"guten-morgen\"";
        return Err(invalid("#/slug", "required", detail));
    }
    Ok(slug)
}

/// A taken slug names who holds it.
fn refuse_taken(tx: &mut Tx<'_>, slug: &str, own: Option<Id>) -> Result<()> {
    let holder = match crate::store!(tx.conn, articles::by_slug(slug))? {
        Some(row) => Some(row),
        None => crate::store!(tx.conn, articles::by_former_slug(slug))?,
    };
    let Some(row) = holder.filter(|row| Some(row.id) != own) else {
        return Ok(());
    };
    let head = crate::store!(tx.conn, articles::head(row.id, row.revision))?;
    let headline = head.map(|head| head.headline).unwrap_or_default();
    let state = row.state(tx.now);
    let detail = if row.slug == slug {
        format!(
            "The slug `{slug}` belongs to »{headline}« ({state}, {}). Send another `slug`, or PUT to that one to change it.",
            row.id
        )
    } else {
        format!(
            "The slug `{slug}` once belonged to »{headline}«, now `{}` ({}), and still leads there. Send another `slug`.",
            row.slug, row.id
        )
    };
    Err(Problem::new(&CONFLICT, detail)
        .with("article", row.id.to_string())
        .with("slug", row.slug)
        .into())
}

fn refuse_taken_external_id(tx: &mut Tx<'_>, external_id: &str, own: Option<Id>) -> Result<()> {
    match crate::store!(tx.conn, articles::by_external_id(external_id))? {
        Some(row) if Some(row.id) != own => Err(Problem::new(
            &CONFLICT,
            format!("The external_id `{external_id}` belongs to `{}`. To replace that article, PUT to …/articles/external:{external_id}.", row.slug),
        )
        .with("article", row.id.to_string())
        .into()),
        _ => Ok(()),
    }
}

fn check_external_id(external_id: &str) -> Result<()> {
    let mut errors = Vec::new();
    text::check_required(external_id, "#/external_id", 200, &mut errors);
    if external_id.contains('/') {
        errors.push(FieldError::new(
            "#/external_id",
            "forbidden-character",
            "must not contain a slash",
        ));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(crate::error::invalid_all(errors))
    }
}

fn refuse_other(sent: &Option<String>, known: &str, name: &str) -> Result<()> {
    match sent {
        Some(sent) if sent != known => Err(invalid(
            format!("#/{name}"),
            "differs-from-address",
            format!("is `{sent}`, and the address names `{known}`; PUT never renames, PATCH does"),
        )),
        _ => Ok(()),
    }
}

/// A new article has nothing read-only yet.
fn refuse_read_only(sent: &Map<String, Value>) -> Result<()> {
    match sent.keys().next() {
        Some(name) => Err(invalid(
            format!("#/{name}"),
            "read-only",
            "is set by this API; leave it out",
        )),
        None => Ok(()),
    }
}

/// Read-only members may come back as they were.
fn refuse_changed_read_only(
    tx: &mut Tx<'_>,
    row: &ArticleRow,
    sent: &Map<String, Value>,
) -> Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    let present = view::read_only(&mut tx.conn, row, tx.now)?;
    let errors: Vec<FieldError> = sent
        .iter()
        .filter(|(name, value)| {
            !matches!(name.as_str(), "links" | "warnings")
                && present.get(name.as_str()) != Some(value)
        })
        .map(|(name, _)| {
            let detail = "is set by this API and differs from what it is; leave it out";
            FieldError::new(format!("#/{name}"), "read-only", detail)
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(crate::error::invalid_all(errors))
    }
}

/// A PUT replaces everything; what it removes is said.
fn vanished(before: &Content, after: &Content) -> Vec<Warning> {
    let gone = [
        ("kicker", before.kicker.is_some() && after.kicker.is_none()),
        (
            "subheadline",
            before.subheadline.is_some() && after.subheadline.is_none(),
        ),
        ("teaser", before.teaser.is_some() && after.teaser.is_none()),
        (
            "section",
            before.section_id.is_some() && after.section_id.is_none(),
        ),
        (
            "topics",
            !before.topics.is_empty() && after.topics.is_empty(),
        ),
        (
            "authors",
            !before.authors.is_empty() && after.authors.is_empty(),
        ),
        ("image", before.image.is_some() && after.image.is_none()),
        ("source", before.source.is_some() && after.source.is_none()),
        ("seo", before.seo.is_some() && after.seo.is_none()),
        ("note", before.note.is_some() && after.note.is_none()),
        (
            "embargo_until",
            before.embargo_until.is_some() && after.embargo_until.is_none(),
        ),
        (
            "expires_at",
            before.expires_at.is_some() && after.expires_at.is_none(),
        ),
        (
            "related",
            !before.related.is_empty() && after.related.is_empty(),
        ),
        (
            "body",
            !before.body.blocks.is_empty() && after.body.blocks.is_empty(),
        ),
    ];
    gone.into_iter()
        .filter(|(_, gone)| *gone)
        .map(|(name, _)| {
            let detail = format!("`{name}` was there before and isn't in what you sent, so it is gone from the working copy.");
            Warning::new("vanished", detail).at_pointer(format!("#/{name}"))
        })
        .collect()
}

/// A scheduled revision is pinned; an edit doesn't move it.
fn older_than_schedule(tx: &Tx<'_>, row: &ArticleRow) -> Option<Warning> {
    (row.state(tx.now) == State::Scheduled && row.live_revision != Some(row.revision)).then(|| {
        let detail = "Revision {} is scheduled, and this edit is newer; schedule again to publish the new text.";
        let pinned = row.live_revision.unwrap_or_default().to_string();
        Warning::new("scheduled-revision-is-older", detail.replace("{}", &pinned))
    })
}
