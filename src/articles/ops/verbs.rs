//! The verbs that move an article from state to state.

use chrono::{LocalResult, NaiveDateTime, TimeZone};
use serde::Deserialize;
use utoipa::ToSchema;

use super::revisions::without_what_is_gone;
use super::visibility::{hide, next_announcement, reflect};
use super::{
    Key, Outcome, Written, check_expectation, content_of, not_trashed, not_withdrawn, require,
    revision_of, save, save_as, touch,
};
use crate::articles::model::{ArticleRow, Content, RevisionHead};
use crate::articles::view::Correction;
use crate::audit::model::Deed;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::content::Warning;
use crate::db::{Id, Time};
use crate::error::{
    CONFLICT, FieldError, Problem, Result, conflict, internal, invalid, invalid_all,
};
use crate::http::conditional::Expect;
use crate::http::text;
use crate::sections;

/// What to publish.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Publish {
    /// Which revision; the newest if missing.
    #[schema(nullable = false, minimum = 1, example = 3)]
    pub revision: Option<i32>,
    /// When it counts as published, for articles from an archive; now if
    /// missing. To publish later, schedule.
    #[schema(nullable = false, value_type = Option<String>, format = "date-time")]
    pub published_at: Option<Time>,
    /// A small fix, such as of a typing error: `updated_at` stays as it is. Only
    /// for what readers see already.
    #[serde(default)]
    #[schema(example = false)]
    pub minor: bool,
}

/// When to publish: an instant, or a local time at the newsroom.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"local_time": "2026-12-24T06:00"}))]
pub struct Schedule {
    /// The instant, with an offset.
    #[schema(nullable = false, value_type = Option<String>, format = "date-time", example = "2026-12-24T05:00:00Z")]
    pub at: Option<Time>,
    /// The time on the newsroom's clock, without an offset.
    #[schema(
        nullable = false,
        pattern = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?$",
        max_length = 19,
        example = "2026-12-24T06:00"
    )]
    pub local_time: Option<String>,
    /// Which revision; the newest if missing. Later edits don't change it.
    #[schema(nullable = false, minimum = 1)]
    pub revision: Option<i32>,
}

/// Why an article is taken down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Einstweilige Verfügung vom 23. November"}))]
pub struct TakeDown {
    /// For the newsroom only.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// A correction that readers see.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "In einer früheren Fassung stand, der Beschluss koste 4 Millionen Euro; es sind 14."}))]
pub struct Correct {
    /// What was wrong and what is right.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    /// The revision that has it right; the newest if missing.
    #[schema(nullable = false, minimum = 1)]
    pub revision: Option<i32>,
}

/// Makes a revision the one that readers see.
pub fn publish(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    input: &Publish,
) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    publish_row(tx, actor, row, input)
}

/// [`publish`] for an article at hand.
pub(super) fn publish_row(
    tx: &mut Tx<'_>,
    actor: &Actor,
    row: ArticleRow,
    input: &Publish,
) -> Result<Written> {
    not_trashed(&row)?;
    let number = input.revision.unwrap_or(row.revision);
    let (content, head) = publishable(tx, &row, number)?;
    if input.published_at.is_some_and(|at| at > tx.now) {
        return Err(invalid(
            "#/published_at",
            "in-the-future",
            "lies ahead; to publish later, POST …/schedule",
        ));
    }
    let visible = row.is_visible(tx.now);
    if input.minor && !visible {
        return Err(conflict(format!(
            "`{}` is not live, so there is nothing that readers have seen to be fixed; publish it without `minor`.",
            row.slug
        )));
    }
    let asked = input
        .published_at
        .or(row.published_at.filter(|_| visible))
        .unwrap_or(tx.now);
    if visible {
        not_embargoed(tx, &row, number, &content)?;
    }
    let at = content
        .embargo_until
        .map_or(asked, |embargo| embargo.max(asked));
    if row.live_revision == Some(number)
        && row.published_at == Some(at)
        && row.withdrawn_at.is_none()
    {
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    let updated = match row.updated_at {
        Some(updated) if input.minor => updated,
        _ if visible => tx.now,
        _ => at,
    };
    go_live(tx, &mut after, &head, &content, at, updated)?;
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    reflect(tx, Some(&row), &after)?;
    let outcome = Outcome::of_state(after.state(tx.now));
    let mut warnings = told(&row, number, asked, at);
    warnings.extend(left_out(tx, &row, number, &content)?);
    Ok(Written {
        warnings,
        ..Written::new(after, outcome)
    })
}

/// Lets readers see an article from the first, which is still to be written, and tells
/// what its sender should know.
pub(super) fn debut(
    tx: &mut Tx<'_>,
    actor: &Actor,
    row: &mut ArticleRow,
    content: &Content,
    head: &RevisionHead,
) -> Result<Vec<Warning>> {
    refuse_unpublishable(tx, content)?;
    let at = content
        .embargo_until
        .map_or(tx.now, |embargo| embargo.max(tx.now));
    go_live(tx, row, head, content, at, at)?;
    touch(tx, actor, row);
    Ok(told(row, head.number, tx.now, at))
}

/// Pins a revision and lets readers see it from an instant on.
pub fn schedule(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    input: &Schedule,
    zone: chrono_tz::Tz,
) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    not_withdrawn(&row)?;
    let asked = match (&input.at, &input.local_time) {
        (Some(at), None) => *at,
        (None, Some(local)) => local_instant(local, zone)?,
        _ => {
            return Err(invalid(
                "#",
                "one-of",
                "needs exactly one of `at` and `local_time`, such as {\"local_time\": \"2026-12-24T06:00\"}",
            ));
        }
    };
    if asked <= tx.now {
        let pointer = if input.at.is_some() {
            "#/at"
        } else {
            "#/local_time"
        };
        return Err(invalid(
            pointer,
            "in-the-past",
            format!("{asked} has passed; to publish now, POST …/publish"),
        ));
    }
    if row.is_visible(tx.now) {
        return Err(conflict(format!(
            "`{}` is live; unpublish it first, or publish the new revision now.",
            row.slug
        )));
    }
    let number = input.revision.unwrap_or(row.revision);
    let (content, head) = publishable(tx, &row, number)?;
    let at = content
        .embargo_until
        .map_or(asked, |embargo| embargo.max(asked));
    if row.live_revision == Some(number) && row.published_at == Some(at) {
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    go_live(tx, &mut after, &head, &content, at, at)?;
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    reflect(tx, Some(&row), &after)?;
    let mut warnings = told(&row, number, asked, at);
    warnings.extend(left_out(tx, &row, number, &content)?);
    Ok(Written {
        warnings,
        ..Written::new(after, Outcome::Scheduled)
    })
}

/// Hides an article: live or scheduled, it becomes a draft.
pub fn unpublish(tx: &mut Tx<'_>, actor: &Actor, key: &Key, expect: Expect) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    not_withdrawn(&row)?;
    if row.live_revision.is_none() {
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    hide(&mut after, tx.now);
    after.submitted_at = None;
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    reflect(tx, Some(&row), &after)?;
    Ok(Written::new(after, Outcome::Unpublished))
}

/// Takes an article down: readers get 410.
pub fn take_down(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    input: &TakeDown,
) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    let reason = checked("#/reason", &input.reason)?;
    if row.withdrawn_at.is_some() {
        // Only the reason can still be another.
        if row.withdrawn_reason.as_ref() == Some(&reason) {
            return Ok(Written::new(row, Outcome::Unchanged));
        }
        let mut after = row.clone();
        after.withdrawn_reason = Some(reason);
        touch(tx, actor, &mut after);
        save(tx, &row, &after)?;
        return Ok(Written::new(after, Outcome::Updated));
    }
    if !row.was_public(tx.now) {
        return Err(conflict(format!(
            "`{}` was never public, so there is nothing to take down.",
            row.slug
        )));
    }
    let mut after = row.clone();
    hide(&mut after, tx.now);
    after.withdrawn_at = Some(tx.now);
    after.withdrawn_reason = Some(reason);
    touch(tx, actor, &mut after);
    save(tx, &row, &after)?;
    reflect(tx, Some(&row), &after)?;
    Ok(Written::new(after, Outcome::Withdrawn))
}

/// Publishes the working copy of a live article together with a text that tells
/// readers what was wrong.
pub fn correct(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &Key,
    expect: Expect,
    input: &Correct,
) -> Result<Written> {
    actor.require(Right::Publish)?;
    let row = require(tx, key)?;
    check_expectation(tx, &row, expect)?;
    not_trashed(&row)?;
    let text = checked("#/text", &input.text)?;
    let Some(published_at) = row.published_at.filter(|_| row.is_visible(tx.now)) else {
        return Err(conflict(format!(
            "`{}` is not live; only what readers see is corrected.",
            row.slug
        )));
    };
    let number = input.revision.unwrap_or(row.revision);
    let (content, head) = publishable(tx, &row, number)?;
    not_embargoed(tx, &row, number, &content)?;
    let mut corrections = Correction::of(row.corrections.as_deref())?;
    let said = corrections.last().is_some_and(|last| last.text == text);
    if said && row.live_revision == Some(number) {
        // The same request once more, as when its answer was lost.
        return Ok(Written::new(row, Outcome::Unchanged));
    }
    let mut after = row.clone();
    let now = tx.now;
    go_live(tx, &mut after, &head, &content, published_at, now)?;
    corrections.push(Correction { at: now, text });
    after.corrections = Some(serde_json::to_string(&corrections).map_err(internal)?);
    touch(tx, actor, &mut after);
    save_as(tx, &row, &after, Deed::Corrected)?;
    reflect(tx, Some(&row), &after)?;
    Ok(Written {
        warnings: left_out(tx, &row, number, &content)?,
        ..Written::new(after, Outcome::Corrected)
    })
}

/// What whoever publishes or schedules should know: that there is a newer
/// revision, and that an embargo makes it later than they asked for.
fn told(row: &ArticleRow, number: i32, asked: Time, at: Time) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if number < row.revision {
        let detail = format!(
            "This is revision {number}, and there is a newer one, {}.",
            row.revision
        );
        warnings.push(Warning::new("newer-revision", detail));
    }
    if at > asked {
        let detail = format!(
            "There is an embargo until {at}; readers see it from then on. An editor lifts it: PATCH {{\"embargo_until\": null}}, then POST …/publish."
        );
        warnings.push(Warning::new("embargo", detail).at_pointer("#/embargo_until"));
    }
    warnings
}

/// What an older revision names that has been removed since; the newest can't.
fn left_out(
    tx: &mut Tx<'_>,
    row: &ArticleRow,
    number: i32,
    content: &Content,
) -> Result<Vec<Warning>> {
    if number == row.revision {
        return Ok(Vec::new());
    }
    without_what_is_gone(tx, &mut content.clone())
}

/// Refuses to replace what readers see by what they may not see yet: until the
/// embargo ends they would have neither.
fn not_embargoed(tx: &Tx<'_>, row: &ArticleRow, number: i32, content: &Content) -> Result<()> {
    let Some(embargo) = content.embargo_until.filter(|embargo| *embargo > tx.now) else {
        return Ok(());
    };
    Err(Problem::new(
        &CONFLICT,
        format!(
            "`{}` is live, and revision {number} is under an embargo until {embargo}: readers would lose the article until then. \
             Publish at that instant, publish another `revision`, or lift the embargo: PATCH {{\"embargo_until\": null}}. \
             To hide the article until then, POST …/unpublish first.",
            row.slug
        ),
    )
    .with("embargo_until", embargo.to_string())
    .into())
}

/// Moves the live pointer.
fn go_live(
    tx: &Tx<'_>,
    row: &mut ArticleRow,
    head: &RevisionHead,
    content: &Content,
    at: Time,
    updated: Time,
) -> Result<()> {
    if content
        .expires_at
        .is_some_and(|expires| expires <= at.max(tx.now))
    {
        return Err(invalid(
            "#/expires_at",
            "in-the-past",
            "has passed when it would become visible; change it or remove it",
        ));
    }
    if !row.was_public(tx.now) {
        row.first_published_at = Some(at);
    }
    row.live_revision = Some(head.number);
    row.live_head = Some(head.to_json()?);
    row.published_at = Some(at);
    row.updated_at = Some(updated);
    row.expires_at = content.expires_at;
    row.kind = content.kind;
    row.language = content.language.clone();
    row.submitted_at = None;
    row.sent_back_at = None;
    row.sent_back_by = None;
    row.sent_back_remark = None;
    row.withdrawn_at = None;
    row.withdrawn_reason = None;
    row.announce_at = next_announcement(row, tx.now);
    Ok(())
}

/// A revision's content and what lists show of it, if it has all that readers need.
fn publishable(tx: &mut Tx<'_>, row: &ArticleRow, number: i32) -> Result<(Content, RevisionHead)> {
    if number < 1 || number > row.revision {
        let detail = format!(
            "there is no revision {number}; they go from 1 to {}",
            row.revision
        );
        return Err(invalid("#/revision", "unknown-revision", detail));
    }
    let revision = revision_of(&mut tx.conn, row.id, number)?;
    let content = content_of(&mut tx.conn, &revision)?;
    refuse_unpublishable(tx, &content)?;
    Ok((content, RevisionHead::from(&revision)))
}

/// Refuses content that lacks what readers need.
fn refuse_unpublishable(tx: &mut Tx<'_>, content: &Content) -> Result<()> {
    let mut errors = Vec::new();
    let tree = sections::ops::hold(tx)?;
    if content.section_id.is_none_or(|id| tree.by_id(id).is_none()) {
        errors.push(FieldError::new(
            "#/section",
            "required-to-publish",
            "a section is missing; send {\"section\": \"…\"} with the article, or PATCH it",
        ));
    }
    let media = crate::store!(tx.conn, media::by_ids(&content.media()))?;
    // What is said here counts; where nothing is, what is said with the upload.
    let unseen = |decorative: bool, alt: &Option<String>, id: Option<Id>| {
        let said = |alt: &Option<String>| alt.as_deref().is_some_and(|alt| !alt.trim().is_empty());
        let medium = media.iter().find(|medium| Some(medium.id) == id);
        !decorative
            && !said(alt)
            && medium.is_none_or(|medium| !medium.decorative && !said(&medium.alt))
    };
    let missing =
        "an alternative text is missing; say what the picture shows in `alt`, or set `decorative`";
    if content
        .image
        .as_ref()
        .is_some_and(|image| unseen(image.decorative, &image.alt, image.id))
    {
        errors.push(FieldError::new(
            "#/image/alt",
            "required-to-publish",
            missing,
        ));
    }
    for (pointer, image) in content.body.images() {
        if unseen(image.decorative, &image.alt, image.id.map(Id)) {
            errors.push(FieldError::new(
                format!("{pointer}/alt"),
                "required-to-publish",
                missing,
            ));
        }
    }
    for id in content.media() {
        if media.iter().all(|medium| medium.id != id) {
            let detail = format!("the text shows the picture {id}, which has been deleted since");
            errors.push(FieldError::new("#/revision", "unknown-media", detail));
        }
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(invalid_all(errors)),
    }
}

/// The instant of a time on the newsroom's clock.
fn local_instant(local: &str, zone: chrono_tz::Tz) -> Result<Time> {
    let pointer = "#/local_time";
    let parsed = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M"));
    let Ok(naive) = parsed else {
        return Err(invalid(
            pointer,
            "bad-time",
            "is not a local time; write it as 2026-12-24T06:00, without an offset",
        ));
    };
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(at) => Ok(Time(at.timestamp_micros())),
        LocalResult::None => {
            let detail = format!(
                "{local} doesn't exist in {zone}: the clocks skip that hour; send one an hour later"
            );
            Err(invalid(pointer, "skipped-hour", detail))
        }
        LocalResult::Ambiguous(first, second) => {
            let detail = format!(
                "{local} happens twice in {zone}; send `at` as {} or {}",
                first.to_rfc3339(),
                second.to_rfc3339()
            );
            Err(invalid(pointer, "repeated-hour", detail))
        }
    }
}

pub(super) fn checked(pointer: &str, value: &str) -> Result<String> {
    let mut errors = Vec::new();
    if value.trim().is_empty() {
        errors.push(FieldError::new(
            pointer,
            "required",
            "is empty; write something",
        ));
    }
    text::check(value, pointer, 2_000, true, &mut errors);
    if errors.is_empty() {
        Ok(value.trim().to_owned())
    } else {
        Err(invalid_all(errors))
    }
}
