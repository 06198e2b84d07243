//! What a write to content is refused for, and what its sender is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Key;
use super::resolve::each_reference;
use crate::articles::input::ArticleIn;
use crate::articles::model::{ArticleRow, Content, Origin, RevisionRow, State};
use crate::articles::view;
use crate::changes::Tx;
use crate::content::Warning;
use crate::db::Id;
use crate::error::{BAD_SLUG, CONFLICT, FieldError, Problem, Result, invalid};
use crate::http::text;

pub(super) fn checked_slug(slug: &str) -> Result<String> {
    let mut errors = Vec::new();
    text::check_slug(slug, "#/slug", &mut errors);
    if errors.is_empty() {
        Ok(slug.to_owned())
    } else {
        Err(crate::error::invalid_all(errors))
    }
}

/// A slug in the address is wrong in another way than one in the body.
pub(super) fn checked_path_slug(slug: &str) -> Result<()> {
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

pub(super) fn slug_of(headline: Option<&str>) -> Result<String> {
    let headline = headline.map(str::trim).unwrap_or_default();
    if headline.is_empty() {
        let detail = "a headline is missing; add \"headline\": \"…\", or `# …` as the first line of Markdown, or an <h1> of at most 300 characters in HTML";
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
pub(super) fn refuse_taken(tx: &mut Tx<'_>, slug: &str, own: Option<Id>) -> Result<()> {
    if tx.known.free.contains(slug) {
        return Ok(());
    }
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

pub(super) fn refuse_taken_external_id(
    tx: &mut Tx<'_>,
    external_id: &str,
    own: Option<Id>,
) -> Result<()> {
    if tx
        .known
        .free
        .contains(&Key::External(external_id.to_owned()).to_string())
    {
        return Ok(());
    }
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

/// Checks what a feed calls an article, and lets nobody else use it until the
/// write is done. It comes before slugs and articles are locked, so that no two
/// writes wait for each other.
pub(super) fn take_external_id(tx: &mut Tx<'_>, external_id: Option<&str>) -> Result<()> {
    let Some(external_id) = external_id else {
        return Ok(());
    };
    check_external_id(external_id)?;
    let key = Key::External(external_id.to_owned());
    Ok(tx.lock(&[key.to_string()])?)
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

pub(super) fn refuse_other(sent: &Option<String>, known: &str, name: &str) -> Result<()> {
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
pub(super) fn refuse_read_only(sent: &Map<String, Value>) -> Result<()> {
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
pub(super) fn refuse_changed_read_only(
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
pub(super) fn vanished(before: &Content, after: &Content, sent: &ArticleIn) -> Vec<Warning> {
    let gone = [
        ("kind", sent.kind.is_none() && before.kind != after.kind),
        (
            "language",
            sent.language.is_none() && before.language != after.language,
        ),
        (
            "priority",
            sent.priority.is_none() && before.priority != after.priority,
        ),
        (
            "access",
            sent.access.is_none() && before.access != after.access,
        ),
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

/// What a new revision says about itself.
pub(super) fn origin(note: Option<&str>) -> Result<Origin> {
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    let mut errors = Vec::new();
    if let Some(note) = note {
        text::check(note, "#/revision_note", 1_000, true, &mut errors);
    }
    if errors.is_empty() {
        let note = note.map(str::to_owned);
        Ok(Origin {
            note,
            restored_from: None,
        })
    } else {
        Err(crate::error::invalid_all(errors))
    }
}

/// A note is kept with the revision it came with, and this write made none.
pub(super) fn note_not_kept(newest: &RevisionRow, origin: &Origin) -> Option<Warning> {
    (origin.note.is_some() && origin.note != newest.revision_note).then(|| {
        let detail = "Nothing else differs, so no revision was made and the note isn't kept.";
        Warning::new("revision-note-not-kept", detail).at_pointer("#/revision_note")
    })
}

/// A scheduled revision is pinned; an edit doesn't move it.
pub(super) fn older_than_schedule(tx: &Tx<'_>, row: &ArticleRow) -> Option<Warning> {
    (row.state(tx.now) == State::Scheduled && row.live_revision != Some(row.revision)).then(|| {
        let detail = "Revision {} is scheduled, and this edit is newer; schedule again to publish the new text.";
        let pinned = row.live_revision.unwrap_or_default().to_string();
        Warning::new("scheduled-revision-is-older", detail.replace("{}", &pinned))
    })
}

/// Links to slugs that nothing has: meant for later, or mistyped.
pub(super) fn awaited(content: &mut Content) -> Vec<Warning> {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    each_reference(content, |place, article| {
        if let (None, Some(slug)) = (article.id, &article.slug) {
            places.entry(slug.clone()).or_insert(place);
        }
    });
    let warn = |(slug, place): (String, String)| {
        let detail = format!(
            "No article has the slug `{slug}` yet; the link shows when one has it and is live."
        );
        Warning::new("awaited-slug", detail).at_pointer(place)
    };
    places.into_iter().map(warn).collect()
}
