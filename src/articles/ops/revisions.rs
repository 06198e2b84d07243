//! Going back to what was there before.

use serde::Deserialize;
use utoipa::ToSchema;

use super::checks::{note_not_kept, older_than_schedule, origin};
use super::write::{Change, may_lift, revise};
use super::{
    Key, Outcome, Written, check_expectation, content_of, may_edit, not_trashed, not_withdrawn,
    require, revision_of,
};
use crate::articles::model::{ArticleRow, Content, Origin, RevisionRow};
use crate::auth::Actor;
use crate::changes::Tx;
use crate::content::Warning;
use crate::db::{Conn, Id};
use crate::error::{Result, not_found};
use crate::http::conditional::Expect;

/// What is said about a revision that is a copy of an older one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"revision_note": "Zurück zur Fassung vor der Kürzung"}))]
pub struct RestoreRevision {
    /// Why, for the history.
    #[schema(nullable = false, max_length = 1000)]
    pub revision_note: Option<String>,
}

/// A revision of an article by its number.
pub fn revision_at(conn: &mut Conn<'_>, row: &ArticleRow, number: i32) -> Result<RevisionRow> {
    if (1..=row.revision).contains(&number) {
        return revision_of(conn, row.id, number);
    }
    Err(not_found(format!(
        "Revision {number} of `{}` (there are 1 to {})",
        row.slug, row.revision
    )))
}

/// Makes a new revision with the content of an older one. What readers see stays
/// as it is until it is published.
pub fn restore_revision(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    number: i32,
    input: &RestoreRevision,
) -> Result<Written> {
    let row = require(tx, key)?;
    may_edit(actor, &row)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    not_withdrawn(&row)?;
    let origin = Origin {
        restored_from: Some(number),
        ..origin(input.revision_note.as_deref())?
    };
    let old = revision_at(&mut tx.conn, &row, number)?;
    let mut content = content_of(&mut tx.conn, &old)?;
    let mut warnings = without_what_is_gone(tx, &mut content)?;
    let newest = revision_of(&mut tx.conn, row.id, row.revision)?;
    let present = content_of(&mut tx.conn, &newest)?;
    if content == present {
        warnings.extend(note_not_kept(&newest, &origin));
        return Ok(Written {
            warnings,
            ..Written::new(row, Outcome::Unchanged)
        });
    }
    may_lift(tx, actor, &present, &content)?;
    if let Some(embargo) = present.embargo_until.filter(|embargo| {
        *embargo > tx.now && content.embargo_until.is_none_or(|until| until < *embargo)
    }) {
        let detail = format!(
            "The embargo until {embargo} is newer than this text, so it is gone from the working copy; PATCH {{\"embargo_until\": \"{embargo}\"}} puts it back."
        );
        warnings.push(Warning::new("embargo-lifted", detail).at_pointer("#/embargo_until"));
    }
    let change = Change {
        content: &content,
        slug: None,
        external_id: row.external_id.clone(),
        origin,
    };
    let row = revise(tx, actor, &row, &present, change)?;
    warnings.extend(older_than_schedule(tx, &row));
    Ok(Written {
        warnings,
        ..Written::new(row, Outcome::RevisionRestored)
    })
}

/// Sections, topics and authors that have been removed since can't come back
/// with a text that named them.
pub(super) fn without_what_is_gone(tx: &mut Tx<'_>, content: &mut Content) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    let mut gone = |pointer: &str, what: &str| {
        let detail =
            format!("The old text names {what} that has been removed since; it is left out.");
        warnings.push(Warning::new("reference-gone", detail).at_pointer(pointer));
    };
    if let Some(id) = content.section_id
        && crate::store!(tx.conn, sections::find(id))?.is_none()
    {
        content.section_id = None;
        gone("#/section", "a section");
    }
    let topics: Vec<Id> = crate::store!(tx.conn, topics::by_ids(&content.topics))?
        .iter()
        .map(|topic| topic.id)
        .collect();
    let authors: Vec<Id> = crate::store!(tx.conn, authors::by_ids(&content.authors))?
        .iter()
        .map(|author| author.id)
        .collect();
    for (list, there, pointer, what) in [
        (&mut content.topics, topics, "#/topics", "a topic"),
        (&mut content.authors, authors, "#/authors", "an author"),
    ] {
        let before = list.len();
        list.retain(|id| there.contains(id));
        (list.len()..before).for_each(|_| gone(pointer, what));
    }
    Ok(warnings)
}
