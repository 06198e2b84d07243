//! Every write to articles. HTTP, the command line and what runs in the
//! background call the same verbs; the instant is the transaction's.
//!
//! - `write`: make, replace, change
//! - `trash`: throw away, get back, erase for good
//! - `review`: submit, send back
//! - `verbs`: publish, schedule, unpublish, take down, correct
//! - `revisions`: what was there before, and back to it
//! - `ahead`: what many new articles name, looked up at once
//! - `checks`: what a write is refused for, and what its sender is told
//! - `resolve`: what was sent becomes the content of a revision
//! - `named`: articles that others name
//! - `former`: slugs that they once had
//! - `visibility`: lists and change log follow the live pointer

pub mod ahead;
mod checks;
mod former;
mod named;
mod resolve;
mod review;
mod revisions;
mod trash;
mod verbs;
mod visibility;
mod write;

pub use former::free_slug;
pub use named::Names;
pub use review::{SendBack, send_back, submit};
pub use revisions::{RestoreRevision, restore_revision, revision_at};
pub use trash::{erase, restore, trash};
pub use verbs::{
    Correct, Publish, Schedule, TakeDown, correct, publish, schedule, take_down, unpublish,
};
pub use visibility::announce;
pub use write::{create, patch, put};

use std::str::FromStr;

use super::model::{ArticleRow, Content, RevisionRow, State};
use crate::audit::model::{Deed, Subject};
use crate::auth::{Actor, Right};
use crate::changes::{Tx, note};
use crate::content::Warning;
use crate::db::{Conn, Id, Time};
use crate::error::{
    CONFLICT, Error, PRECONDITION_REQUIRED, Problem, Result, STALE, conflict, forbidden, internal,
    not_found,
};
use crate::http::conditional::{Expect, etag};
use crate::taxonomy::{names, uploads};

/// How an address names an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// By id.
    Id(Id),
    /// By slug.
    Slug(String),
    /// By what a feed calls it: `external:…`.
    External(String),
}

impl FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text.parse(), text.strip_prefix("external:")) {
            (Ok(id), _) => Key::Id(id),
            (_, Some(external)) => Key::External(external.to_owned()),
            _ => Key::Slug(text.to_owned()),
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Id(id) => id.fmt(f),
            Key::Slug(slug) => f.write_str(slug),
            Key::External(external) => write!(f, "external:{external}"),
        }
    }
}

/// Finds an article, the trash included; `None` if nothing has this key now.
pub fn find(conn: &mut Conn<'_>, key: &Key) -> Result<Option<ArticleRow>> {
    Ok(match key {
        Key::Id(id) => crate::store!(*conn, articles::find(*id)),
        Key::Slug(slug) => crate::store!(*conn, articles::by_slug(slug)),
        Key::External(external) => crate::store!(*conn, articles::by_external_id(external)),
    }?)
}

/// Finds an article for a verb, or says where it went: an old slug is a
/// conflict that names the new one, because a write never goes elsewhere.
pub(crate) fn require(tx: &mut Tx<'_>, key: &Key) -> Result<ArticleRow> {
    hold(tx)?;
    if let Some(row) = find(&mut tx.conn, key)? {
        // Writers of one article take turns; what was read before may be old.
        tx.lock(&[row.id.to_string()])?;
        return crate::store!(tx.conn, articles::find(row.id))?
            .ok_or_else(|| not_found(format!("The article `{key}`")));
    }
    if let Key::Slug(slug) = key
        && let Some(row) = crate::store!(tx.conn, articles::by_former_slug(slug))?
    {
        return Err(conflict(format!(
            "`{slug}` is an old slug of an article that is now `{}`; use that.",
            row.slug
        )));
    }
    Err(not_found(format!("The article `{key}`")))
}

/// Keeps sections, topics and authors as they are, and media from being deleted,
/// until the write is done. It comes before anything else is locked, so that no two
/// writes wait for each other.
fn hold(tx: &mut Tx<'_>) -> Result<()> {
    if tx.known.held {
        return Ok(());
    }
    crate::store!(tx.conn, media::hold())?;
    uploads::hold(tx)
}

/// The content of a revision, its references bound: what was merged is what it
/// was merged into.
pub fn content_of(conn: &mut Conn<'_>, row: &RevisionRow) -> Result<Content> {
    let links = crate::store!(*conn, links::of_revision(row.article_id, row.number))?;
    let mut content = Content::from_row(row, &links)?;
    let ids = content.section_id.iter().chain(&content.topics);
    let ids: Vec<Id> = ids.chain(&content.authors).copied().collect();
    let merged = names::merged(conn, &ids)?;
    names::follow(&merged, &mut content.topics);
    names::follow(&merged, &mut content.authors);
    if let Some(section) = &mut content.section_id {
        *section = *merged.get(section).unwrap_or(section);
    }
    Ok(content)
}

/// A revision that the article's row says is there.
pub fn revision_of(conn: &mut Conn<'_>, article: Id, number: i32) -> Result<RevisionRow> {
    crate::store!(*conn, articles::revision(article, number))?
        .ok_or_else(|| internal(format!("revision {number} of article {article} is missing")))
}

/// Whether an actor may change this article's content.
pub(crate) fn may_edit(actor: &Actor, row: &ArticleRow) -> Result<()> {
    actor.require(Right::Write)?;
    if actor.may_edit_all() || row.created_by == actor.id {
        return Ok(());
    }
    Err(forbidden(format!(
        "`{}` was made by somebody else; the role {} changes its own articles only.",
        row.slug, actor.role
    )))
}

/// Checks what a write expects against an article that is there. `None` means
/// that nothing was expected.
fn check_expectation(tx: &mut Tx<'_>, row: &ArticleRow, expect: Expect) -> Result<Option<()>> {
    match expect {
        Expect::Unsaid => Ok(None),
        Expect::Anything => Ok(Some(())),
        Expect::Version(version) if version == row.version => Ok(Some(())),
        Expect::Version(_) => Err(stale(tx, row)),
        Expect::Nothing => Err(conflict_existing(row)),
    }
}

/// Like [`check_expectation`], for writes that must say which version they change.
fn require_version(tx: &mut Tx<'_>, row: &ArticleRow, expect: Expect) -> Result<()> {
    check_expectation(tx, row, expect)?.ok_or_else(|| precondition_required(row))
}

fn precondition_required(row: &ArticleRow) -> Error {
    let current = etag(row.version);
    Problem::new(
        &PRECONDITION_REQUIRED,
        format!("`{}` is there already, now in version {current}. Look at it; if that is what you mean to change, send If-Match: {current}.", row.slug),
    )
    .with("current_etag", current.as_str())
    .header("ETag", current)
    .into()
}

fn conflict_existing(row: &ArticleRow) -> Error {
    let current = etag(row.version);
    Problem::new(
        &STALE,
        format!(
            "If-None-Match: * only makes new articles, and `{}` is there already.",
            row.slug
        ),
    )
    .with("current_etag", current.as_str())
    .header("ETag", current)
    .into()
}

/// A 412 that says what is there now, who wrote it and when.
fn stale(tx: &mut Tx<'_>, row: &ArticleRow) -> Error {
    let name = match crate::store!(tx.conn, users::find(row.edited_by)) {
        Ok(user) => user.map_or_else(|| "somebody".to_owned(), |user| user.name),
        Err(error) => return error.into(),
    };
    let current = etag(row.version);
    Problem::new(
        &STALE,
        format!("{name} changed `{}` at {}; it is now {current}. Fetch it, apply your change, send again.", row.slug, row.edited_at),
    )
    .with("current_etag", current.as_str())
    .with("changed_by", name)
    .with("changed_at", row.edited_at.to_string())
    .header("ETag", current)
    .into()
}

/// Refuses to touch what is in the trash, with the way out.
pub(crate) fn not_trashed(row: &ArticleRow) -> Result<()> {
    if row.trashed_at.is_none() {
        return Ok(());
    }
    Err(Problem::new(
        &CONFLICT,
        format!("`{0}` is in the trash. To get it back: curl -X POST $API/v1/editor/articles/{0}/restore -H \"Authorization: Bearer $KEY\"", row.slug),
    )
    .with("article", row.id.to_string())
    .into())
}

/// Refuses to change what was taken down, with the way out.
fn not_withdrawn(row: &ArticleRow) -> Result<()> {
    if row.withdrawn_at.is_none() {
        return Ok(());
    }
    Err(Problem::new(
        &CONFLICT,
        format!(
            "`{}` was taken down. Publishing it again is the only way back: POST …/publish.",
            row.slug
        ),
    )
    .with("article", row.id.to_string())
    .into())
}

/// Notes that an actor wrote to an article.
fn touch(tx: &Tx<'_>, actor: &Actor, row: &mut ArticleRow) {
    row.version += 1;
    row.edited_at = tx.now;
    row.edited_by = actor.id;
}

/// Writes the row and notes what that means; the version in the UPDATE is the lock.
fn save(tx: &mut Tx<'_>, before: &ArticleRow, after: &ArticleRow) -> Result<()> {
    let deed = deed(before, after, tx.now);
    save_as(tx, before, after, deed)
}

/// [`save`] for a deed that the rows don't show.
fn save_as(tx: &mut Tx<'_>, before: &ArticleRow, after: &ArticleRow, deed: Deed) -> Result<()> {
    if crate::store!(tx.conn, articles::update(after, before.version))? {
        note_deed(tx, after, deed);
        return Ok(());
    }
    let now = crate::store!(tx.conn, articles::find(after.id))?;
    Err(now.map_or_else(
        || not_found(format!("The article `{}`", after.slug)),
        |row| stale(tx, &row),
    ))
}

/// What a write leaves behind.
pub struct Written {
    /// The article after it.
    pub row: ArticleRow,
    /// What happened.
    pub outcome: Outcome,
    /// What the sender should know.
    pub warnings: Vec<Warning>,
}

impl Written {
    /// A write of which there is nothing more to say.
    pub fn new(row: ArticleRow, outcome: Outcome) -> Self {
        Written {
            row,
            outcome,
            warnings: Vec::new(),
        }
    }
}

/// Notes a deed for the audit log.
fn note_deed(tx: &mut Tx<'_>, row: &ArticleRow, deed: Deed) {
    let revision = i64::from(row.revision);
    note(tx, deed, (Subject::Article, row.id), revision);
}

/// What was done to an article, as its rows show.
fn deed(before: &ArticleRow, after: &ArticleRow, now: Time) -> Deed {
    let appeared = after.live_revision.is_some()
        && (after.live_revision, after.published_at) != (before.live_revision, before.published_at);
    match () {
        () if after.trashed_at != before.trashed_at => match after.trashed_at {
            Some(_) => Deed::Trashed,
            None => Deed::Restored,
        },
        () if appeared => match after.state(now) {
            State::Scheduled => Deed::Scheduled,
            _ => Deed::Published,
        },
        () if after.withdrawn_at.is_some() && before.withdrawn_at.is_none() => Deed::Withdrawn,
        () if before.live_revision.is_some() && after.live_revision.is_none() => Deed::Unpublished,
        () if after.submitted_at.is_some() && before.submitted_at.is_none() => Deed::Submitted,
        () if before.submitted_at.is_some()
            && after.submitted_at.is_none()
            && before.revision == after.revision =>
        {
            Deed::SentBack
        }
        () => Deed::Updated,
    }
}

/// What a verb did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new article.
    Created,
    /// A new revision, slug or state.
    Updated,
    /// Nothing differed.
    Unchanged,
    /// Readers see it.
    Published,
    /// Readers will see it.
    Scheduled,
    /// Readers no longer see it.
    Unpublished,
    /// Ready for review.
    Submitted,
    /// Not ready after all; a remark says why.
    SentBack,
    /// Taken down.
    Withdrawn,
    /// A correction was added.
    Corrected,
    /// In the trash.
    Trashed,
    /// Out of the trash.
    Restored,
    /// An older text is the newest revision.
    RevisionRestored,
}

impl Outcome {
    /// As it stands in a receipt's `result`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Published => "published",
            Outcome::Scheduled => "scheduled",
            Outcome::Unpublished => "unpublished",
            Outcome::Submitted => "submitted",
            Outcome::SentBack => "sent_back",
            Outcome::Withdrawn => "withdrawn",
            Outcome::Corrected => "corrected",
            Outcome::Trashed => "trashed",
            Outcome::Restored => "restored",
            Outcome::RevisionRestored => "revision_restored",
        }
    }

    /// What became visible, or will.
    fn of_state(state: State) -> Self {
        if state == State::Scheduled {
            Outcome::Scheduled
        } else {
            Outcome::Published
        }
    }
}
