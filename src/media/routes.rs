//! Media as the newsroom keeps them.

use std::sync::Arc;

use actix_web::{HttpRequest, delete, get, patch, post, web};

use super::model::{Filter, Medium, MediumForm, MediumOut, MediumPatch, MediumSaved};
use super::ops;
use super::receive::{Desk, said_in_query};
use crate::auth::{Actor, Right};
use crate::config::Config;
use crate::db::{Conn, Id};
use crate::editing::Edit;
use crate::error::{Result, bad_parameter, internal};
use crate::http::cursor::{self, Position};
use crate::http::page::Page;
use crate::http::query::Params;
use crate::http::reply::{Outcome, Reply, Saved};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, IfMatch, IfNoneMatch, Missing, Preconditions,
    Unchanged,
};
use crate::http::text;
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_media)
        .service(upload_medium)
        .service(get_editor_medium)
        .service(patch_medium)
        .service(delete_medium);
}

/// List pictures
///
/// Newest first. `sha256` finds the one that was made of a file that you have.
#[utoipa::path(
    tag = "media",
    security(("bearer" = [])),
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found in alt text, caption, credit or copyright", example = "fluss"),
        ("sha256" = Option<String>, Query, description = "SHA-256 of the file that was uploaded, in hexadecimal digits", example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("created_by" = Option<String>, Query, description = "A user's name or id, or `me`", example = "me"),
        ("unused" = Option<bool>, Query, description = "Only those that no article uses (`true`) or that one does (`false`); what counts is its newest revision and the one readers see", example = true),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of pictures", body = Page<MediumOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/media")]
pub async fn list_media(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let names = ["q", "sha256", "created_by", "unused"];
    let mut kept = Vec::new();
    for name in names {
        if let Some(value) = params.one(name)? {
            kept.push((name, value));
        }
    }
    let (limit, cursor) = (params.limit()?, params.one("cursor")?);
    params.finish()?;
    let filters = serde_urlencoded::to_string(&kept).map_err(internal)?;
    let after = cursor
        .map(|cursor| cursor::read(&cursor, &filters))
        .transpose()?
        .map(|position| (position.at, position.id));
    let config = Arc::clone(&state.config);
    let page = state
        .read(move |conn| {
            let filter = filter(conn, &actor, &kept)?;
            let mut rows = ops::page(conn, &filter, after, limit + 1)?;
            let more = rows.len() as i64 > limit;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| more).map(|last| {
                let (at, id) = (last.created_at, last.id);
                cursor::write(Position { at, id }, &filters)
            });
            let items = rows
                .into_iter()
                .map(|medium| MediumOut::new(medium, &config))
                .collect::<Result<_>>()?;
            kept.push(("limit", limit.to_string()));
            Ok(Page::new(items, next, &collection(&config), &kept))
        })
        .await?;
    Ok(Reply::page(&page))
}

fn filter(conn: &mut Conn<'_>, actor: &Actor, sent: &[(&str, String)]) -> Result<Filter> {
    let mut filter = Filter::default();
    for (name, value) in sent {
        match *name {
            "sha256" => filter.sha256 = Some(value.to_ascii_lowercase()),
            "unused" => {
                filter.unused = Some(value.parse().map_err(|_| {
                    bad_parameter(format!("`unused` is true or false, not `{value}`."))
                })?);
            }
            "created_by" => filter.created_by = Some(user(conn, actor, value)?),
            _ => {
                filter.words = text::name_key(value)
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .take(10)
                    .map(str::to_owned)
                    .collect();
            }
        }
    }
    Ok(filter)
}

fn user(conn: &mut Conn<'_>, actor: &Actor, name: &str) -> Result<Id> {
    if name == "me" {
        return Ok(actor.id);
    }
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let user = crate::store!(*conn, users::by_name(name))?;
    let unknown = || bad_parameter(format!("`created_by`: nobody is called `{name}`."));
    Ok(user.ok_or_else(unknown)?.id)
}

/// Upload a picture
///
/// The body is the picture itself, JPEG, PNG, WebP or GIF: what it is follows from
/// its bytes, not from its name or `Content-Type`. Or it is a form with one file. The
/// same file again is the same picture: 200 instead of 201.
///
/// Alt text, caption, credit and copyright that stand in the file (IPTC, XMP) are
/// taken over where nothing is sent. With a picture that is there already, what is
/// sent is noted where it had nothing; the rest stays, with a warning.
///
/// Renditions are made a moment later; `status` and `renditions` say how far they are.
/// They show the picture the right way up, in its colours, and hold nothing else that
/// stood in the file: no position, no device.
///
/// A picture that is broken, cut off, too large, or something else at the same time
/// (a ZIP archive, a PDF, a page, a script) is a 422 with the reason; what isn't one
/// of the four is a 415.
#[utoipa::path(
    tag = "media",
    security(("bearer" = [])),
    params(
        ("alt" = Option<String>, Query, description = "What it shows, for those who can't see it; at most 1000 characters", example = "Ein Bus am Flussufer"),
        ("decorative" = Option<bool>, Query, description = "Whether it only decorates and needs no alt text", example = false),
        ("caption" = Option<String>, Query, description = "What stands below it; at most 1000 characters", example = "Linie 3 am Wehr"),
        ("credit" = Option<String>, Query, description = "Who made it; at most 300 characters", example = "Jonte Behrens"),
        ("copyright" = Option<String>, Query, description = "Whose it is; at most 300 characters", example = "© 2026 Flussblick"),
        ("focal_point" = Option<String>, Query, description = "What must stay in sight when it is cropped: from the left and from above", example = "0.5,0.3"),
    ),
    request_body(description = "The picture, at most `MEDIA_MAX_BYTES` long and with at most `MEDIA_MAX_PIXELS` pixels; or a form with it", content(
        (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"), (Vec<u8> = "image/gif"),
        (MediumForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "It was there already", body = MediumSaved,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        (status = 201, description = "Created", body = MediumSaved,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/media")]
pub async fn upload_medium(edit: Edit, desk: web::Data<Desk>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Write)?;
    let mut params = edit.params()?;
    let said = said_in_query(&mut params)?;
    params.finish()?;
    let state = Arc::clone(edit.state());
    let config = &state.config;
    let (received, said) = desk.receive(upload, edit.request(), config, said).await?;
    let picture = desk.look_at(received, config).await?;
    let stored = match edit.by().dry_run {
        true => Some(Id::new()),
        false => ops::store_bytes(&state, &picture).await?,
    };
    let reply = edit
        .write(move |tx, by| {
            let (sha256, facts) = (&picture.received.sha256, &picture.facts);
            let (saved, warnings) = ops::take(tx, &by.actor, stored, sha256, facts, said)?;
            let (version, location) = (saved.item.version, address(by.config(), saved.item.id));
            let saved = show(saved, by.config())?;
            let created = saved.result == Outcome::Created;
            let body = MediumSaved { saved, warnings };
            let reply = match created {
                true => Reply::created(&body, location),
                false => Reply::ok(&body),
            };
            Ok(reply.version(version))
        })
        .await?;
    state.renditions_due.notify_one();
    Ok(reply)
}

/// Read a picture
///
/// What is said about it, and its renditions as far as they are made.
#[utoipa::path(
    tag = "media",
    security(("bearer" = [])),
    params(("media" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfNoneMatch),
    responses(
        (status = 200, description = "The picture", body = MediumOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/media/{media}")]
pub async fn get_editor_medium(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let medium = state.read(move |conn| ops::find(conn, &at)).await?;
    let version = medium.version;
    Ok(Reply::ok(&MediumOut::new(medium, &state.config)?).version(version))
}

/// Change what is said about a picture
///
/// What is left out stays; `null` removes. Every article that uses the picture
/// shows the change.
#[utoipa::path(
    tag = "media",
    security(("bearer" = [])),
    params(("media" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfMatch),
    request_body(content = MediumPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<MediumOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/media/{media}")]
pub async fn patch_medium(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Write)?;
    edit.params()?.finish()?;
    let expect = edit.expect()?;
    let patch: MediumPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = ops::patch(tx, &by.actor, &at, expect, patch)?;
        let (version, location) = (saved.item.version, address(by.config(), saved.item.id));
        Ok(show(saved, by.config())?.reply(version, location))
    })
    .await
}

/// Delete a picture
///
/// Not while an article uses it: 409 then names some. Its bytes are removed within a
/// minute.
#[utoipa::path(
    tag = "media",
    security(("bearer" = [])),
    params(("media" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/media/{media}")]
pub async fn delete_medium(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Write)?;
    edit.params()?.finish()?;
    let expect = edit.expect()?;
    edit.write(move |tx, by| {
        ops::delete(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

fn show(saved: Saved<Medium>, config: &Config) -> Result<Saved<MediumOut>> {
    Ok(Saved {
        result: saved.result,
        item: MediumOut::new(saved.item, config)?,
    })
}

fn collection(config: &Config) -> String {
    format!("{}/v1/editor/media", config.public_url)
}

fn address(config: &Config, id: Id) -> String {
    format!("{}/{id}", collection(config))
}
