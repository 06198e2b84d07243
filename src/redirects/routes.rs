//! Redirects over HTTP, for the newsroom.

use std::time::Duration;

use actix_web::{HttpRequest, delete, get, patch, post, put, web};
use utoipa::ToSchema;

use super::model::{Imported, Redirect, RedirectFilter, RedirectIn, RedirectOut, RedirectPatch};
use super::{import, ops};
use crate::articles;
use crate::articles::ops::Key;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::db::Id;
use crate::editing::{By, Edit};
use crate::error::{Result, bad_parameter, internal};
use crate::http::cursor::{self, Position};
use crate::http::page::Page;
use crate::http::query::{LIMIT_DEFAULT, Params};
use crate::http::reply::{Reply, Saved};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, IfMatch, IfNoneMatch, Missing, Preconditions,
    Unchanged,
};
use crate::http::text;
use crate::http::upload::Upload;
use crate::state::State;

/// How long an import may take.
const IMPORT_TIME: Duration = Duration::from_secs(60);

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_redirects)
        .service(create_redirect)
        .service(get_redirect)
        .service(put_redirect)
        .service(patch_redirect)
        .service(delete_redirect);
}

/// What a POST answers: an entry that was there already, or what an import did.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub enum RedirectOrImport {
    /// The entry.
    Entry(Saved<RedirectOut>),
    /// How many entries.
    Import(Imported),
}

/// List redirects
///
/// The newest first. `q` finds words in the old address and in where it leads;
/// `article` what leads to an article.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found", example = "artikel"),
        ("article" = Option<String>, Query, description = "An article by slug, id or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("pattern" = Option<bool>, Query, description = "Only patterns, or only single addresses", example = true),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: its `next_cursor`"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of redirects", body = Page<RedirectOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/redirects")]
pub async fn list_redirects(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let asked = [
        ("q", params.one("q")?),
        ("article", params.one("article")?),
        ("pattern", params.one("pattern")?),
    ];
    let limit = params.limit()?;
    let cursor = params.one("cursor")?;
    params.finish()?;
    let mut kept: Vec<(&str, String)> = asked
        .iter()
        .filter_map(|(name, value)| Some((*name, value.clone()?)))
        .collect();
    let filters = serde_urlencoded::to_string(&kept).map_err(internal)?;
    let after = cursor
        .map(|cursor| cursor::read(&cursor, &filters))
        .transpose()?;
    let [(_, q), (_, article), (_, pattern)] = asked;
    let pattern = match pattern.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(other) => {
            return Err(bad_parameter(format!(
                "`pattern` is true or false, not `{other}`."
            )));
        }
    };
    let path = format!("{}/v1/editor/redirects", state.config.public_url);
    let page = state
        .read(move |conn| {
            let article = match article {
                None => None,
                Some(name) => {
                    let key: Key = name.parse().map_err(internal)?;
                    let found = articles::ops::find(conn, &key)?;
                    let unknown =
                        || bad_parameter(format!("`article`: nothing is called `{name}`."));
                    Some(found.ok_or_else(unknown)?.id)
                }
            };
            let words = text::name_key(&q.unwrap_or_default());
            let words = words.split(' ').filter(|word| !word.is_empty());
            let filter = RedirectFilter {
                words: words.take(10).map(str::to_owned).collect(),
                article,
                pattern,
            };
            let mut rows = ops::page(conn, &filter, after, limit + 1)?;
            let more = rows.len() as i64 > limit;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| more).map(|row| {
                let (at, id) = (row.created_at, row.id);
                cursor::write(Position { at, id }, &filters)
            });
            if limit != LIMIT_DEFAULT {
                kept.push(("limit", limit.to_string()));
            }
            Ok(Page::new(ops::show(conn, rows)?, next, &path, &kept))
        })
        .await?;
    Ok(Reply::page(&page))
}

/// Create a redirect, or import many
///
/// As JSON one entry: from an old address, or from all that fit a pattern such as
/// `/artikel/{id}.html`, to an article, a path or an address elsewhere. The same
/// again changes nothing; an address that leads elsewhere already is 409.
///
/// As `text/csv` a table with the columns `from`, `to` and `status`, with or
/// without a heading, at most 20,000 lines: all or nothing, and each line that is
/// wrong is named. Lines that are there already are left as they are; those that lead
/// elsewhere are errors, or replaced with `overwrite=true`.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(("overwrite" = Option<bool>, Query, description = "An import replaces entries that lead elsewhere", example = false)),
    request_body(content(
        (RedirectIn = "application/json"),
        (String = "text/csv", example = "from,to,status\n/artikel/4711.html,stadtrat-beschliesst-kostenlosen-nahverkehr\n/rubrik/{name}/,/{name}/\n/gewinnspiel,,410\n"),
    )),
    responses(
        (status = 200, description = "It was there already; or what the import did", body = RedirectOrImport),
        (status = 201, description = "Created", body = Saved<RedirectOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/redirects")]
pub async fn create_redirect(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    let mut params = edit.params()?;
    let overwrite = params.flag("overwrite")?;
    params.finish()?;
    upload.accept(&["application/json", "text/csv"])?;
    if upload.content_type() == "text/csv" {
        let text = upload.text().await?;
        let lines = tokio::task::spawn_blocking(move || import::read(&text))
            .await
            .map_err(internal)??;
        return edit
            .within(IMPORT_TIME)
            .write(move |tx, by| {
                let done = ops::import(tx, &by.actor, by.config(), &lines, overwrite)?;
                Ok(Reply::ok(&done))
            })
            .await;
    }
    let input: RedirectIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::create(tx, &by.actor, by.config(), &input)?;
        reply(tx, by, saved)
    })
    .await
}

/// Read a redirect
///
/// As the newsroom keeps it, with the version that a change has to name.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(("redirect" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfNoneMatch),
    responses(
        (status = 200, description = "The redirect", body = RedirectOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/redirects/{redirect}")]
pub async fn get_redirect(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let shown = state
        .read(move |conn| {
            let found = ops::find(conn, id(&at))?;
            ops::show_one(conn, found)
        })
        .await?;
    Ok(Reply::ok(&shown).version(shown.version))
}

/// Replace a redirect
///
/// The same content twice is harmless. Replacing needs `If-Match`; POST makes new
/// ones.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(
        ("redirect" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version to be replaced; needed if something else is there", example = "\"v7\""),
    ),
    request_body(content = RedirectIn, description = "The redirect"),
    responses(
        (status = 200, description = "Replaced, or the same as before", body = Saved<RedirectOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/redirects/{redirect}")]
pub async fn put_redirect(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (id(&at), edit.expect()?);
    let input: RedirectIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::put(tx, &by.actor, by.config(), at, expect, &input)?;
        reply(tx, by, saved)
    })
    .await
}

/// Change a redirect
///
/// What is left out stays. A new `to` makes it lead there, a status of 410
/// nowhere.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(("redirect" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfMatch),
    request_body(content = RedirectPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<RedirectOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/redirects/{redirect}")]
pub async fn patch_redirect(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (id(&at), edit.expect()?);
    let patch: RedirectPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = ops::patch(tx, &by.actor, by.config(), at, expect, patch)?;
        reply(tx, by, saved)
    })
    .await
}

/// Delete a redirect
///
/// The old address leads nowhere from then on.
#[utoipa::path(
    tag = "redirects",
    security(("bearer" = [])),
    params(("redirect" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/redirects/{redirect}")]
pub async fn delete_redirect(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (id(&at), edit.expect()?);
    edit.write(move |tx, by| {
        ops::delete(tx, &by.actor, at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

/// What stands in a path: an id, or nothing that a redirect could have.
fn id(path: &str) -> Option<Id> {
    path.parse().ok()
}

fn reply(tx: &mut Tx<'_>, by: &By, saved: Saved<Redirect>) -> Result<Reply> {
    let Saved { result, item } = saved;
    let item = ops::show_one(&mut tx.conn, item)?;
    let location = format!("{}/v1/editor/redirects/{}", by.config().public_url, item.id);
    let version = item.version;
    Ok(Saved { result, item }.reply(version, location))
}
