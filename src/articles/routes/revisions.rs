//! The revisions of an article: listed, read, compared, restored.

use actix_web::http::header;
use actix_web::{HttpRequest, get, post, web};

use super::content::form;
use super::{answer, key};
use crate::articles::history::{self, Diff, RevisionItem, RevisionView};
use crate::articles::model::ArticleRow;
use crate::articles::ops::{self, Key, RestoreRevision};
use crate::articles::view::ReceiptOrArticle;
use crate::auth::{Actor, Right};
use crate::db::{Conn, Time};
use crate::editing::Edit;
use crate::error::{Result, bad_parameter, not_found};
use crate::http::cursor::{self, Position};
use crate::http::page::Page;
use crate::http::query::{LIMIT_DEFAULT, Params};
use crate::http::reply::Reply;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, Missing, Preconditions, Unchanged,
};
use crate::http::upload::Upload;
use crate::state::State;

/// List an article's revisions
///
/// The newest first: who wrote each, when, with what note, and which one readers
/// see.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended"),
    ),
    responses(
        (status = 200, description = "A page of revisions", body = Page<RevisionItem>,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/articles/{article}/revisions")]
pub async fn list_revisions(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let limit = params.limit()?;
    let cursor = params.one("cursor")?;
    params.finish()?;
    let (key, now, config) = (key(&path), state.now(), state.config.clone());
    let page = state
        .read(move |conn| {
            let row = found(conn, &key)?;
            let of = row.id.to_string();
            // Revisions are in the order of their numbers, which stand where
            // other lists have an instant.
            let below = cursor
                .map(|cursor| cursor::read(&cursor, &of))
                .transpose()?
                .and_then(|position| i32::try_from(position.at.0).ok());
            let mut items = history::page(conn, &row, below, limit + 1, now, &config)?;
            let more = items.len() as i64 > limit;
            items.truncate(limit as usize);
            let next = items.last().filter(|_| more).map(|last| {
                let at = Time(i64::from(last.number));
                cursor::write(Position { at, id: row.id }, &of)
            });
            let path = format!(
                "{}/v1/editor/articles/{}/revisions",
                config.public_url, row.id
            );
            let mut kept = Vec::new();
            if limit != LIMIT_DEFAULT {
                kept.push(("limit", limit.to_string()));
            }
            Ok(Page::new(items, next, &path, &kept))
        })
        .await?;
    Ok(Reply::page(&page))
}

/// Get a revision
///
/// Whole, in the form in which it can be sent by PUT, to this article or to
/// another; `from_revision` says who wrote it and when.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("revision" = i32, Path, description = "Its number, from 1", example = 3, minimum = 1),
        ("body" = Option<String>, Query, description = "`blocks` (if missing) or `markdown`", example = "markdown"),
    ),
    responses(
        (status = 200, description = "The revision", body = RevisionView,
            headers(("ETag" = String, description = "Stands for this answer"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/articles/{article}/revisions/{revision}")]
pub async fn get_revision(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let form = form(&mut params)?;
    params.finish()?;
    let (article, number) = path.into_inner();
    let (key, number) = (key(&article), parse(&number)?);
    let (now, config) = (state.now(), state.config.clone());
    let view = state
        .read(move |conn| {
            let row = found(conn, &key)?;
            history::revision(conn, &row, number, form, now, &config)
        })
        .await?;
    Ok(Reply::ok(&view))
}

/// Restore a revision
///
/// Makes a new revision with the content of an older one; nothing in between is
/// lost, and readers see no difference until it is published.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("revision" = i32, Path, description = "Its number, from 1", example = 3, minimum = 1),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = Option<RestoreRevision>, description = "May be left out", example = json!({"revision_note": "Zurück zur Fassung vor der Kürzung"})),
    responses(
        (status = 200, description = "The old text is the working copy, or was already", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/revisions/{revision}/restore")]
pub async fn restore_revision(
    edit: Edit,
    path: web::Path<(String, String)>,
    upload: Upload,
) -> Result<Reply> {
    edit.require(Right::Write)?;
    edit.params()?.finish()?;
    let (article, number) = path.into_inner();
    let (key, number, expect) = (key(&article), parse(&number)?, edit.expect()?);
    let input: RestoreRevision = upload.json_or_default().await?;
    edit.write(move |tx, by| {
        let done = ops::restore_revision(tx, &by.actor, &key, expect, number, &input)?;
        answer(tx, by, done)
    })
    .await
}

/// Compare two revisions
///
/// Member by member and block by block, texts word by word. If nothing is said,
/// what readers see is compared with the working copy; of an article that they
/// don't see, the working copy with the revision before it. As text it is for
/// terminals: `[-gone-]` and `{+new+}`.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("from" = Option<String>, Query, description = "A revision's number, or `live`", example = "2"),
        ("to" = Option<String>, Query, description = "A revision's number, or `live`; the newest if missing", example = "3"),
        ("format" = Option<String>, Query, description = "`json` or `text`; if missing, `text` for who accepts `text/plain`", example = "json"),
    ),
    responses(
        (status = 200, description = "What differs", content(
            (Diff = "application/json"),
            (String = "text/plain", example = "--- revision 1, anna, 2026-11-23T08:15:00Z\n+++ revision 2, anna, 2026-11-23T09:02:11Z: Zahlen korrigiert\n\nparagraph 1\n  Der Beschluss kostet [-4-]{+14+} Millionen Euro.\n"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/articles/{article}/diff")]
pub async fn diff_revisions(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let from = side(&mut params, "from")?;
    let to = side(&mut params, "to")?;
    let as_text = match params.one("format")?.as_deref() {
        Some("json") => false,
        Some("text") => true,
        None => wants_text(&request),
        Some(other) => {
            return Err(bad_parameter(format!(
                "`format` is json or text, not `{other}`."
            )));
        }
    };
    params.finish()?;
    let (key, now, config) = (key(&path), state.now(), state.config.clone());
    let reply = state
        .read(move |conn| {
            let row = found(conn, &key)?;
            let live = row
                .live_revision
                .filter(|_| row.is_visible(now) || row.published_at.is_some_and(|at| at > now));
            let number = |side: Side| match side {
                Side::Number(number) => Ok(number),
                Side::Live => live.ok_or_else(|| {
                    not_found(format!("A live or scheduled revision of `{}`", row.slug))
                }),
            };
            let to = to.map_or(Ok(row.revision), number)?;
            let from = match from {
                Some(from) => number(from)?,
                None => live.unwrap_or_else(|| (row.revision - 1).max(1)),
            };
            let diff = history::diff(conn, &row, from, to, now, &config)?;
            Ok(match as_text {
                true => Reply::text(diff.to_text()),
                false => Reply::ok(&diff),
            })
        })
        .await?;
    Ok(reply)
}

/// One side of a comparison.
#[derive(Clone, Copy)]
enum Side {
    Number(i32),
    /// The revision that readers see, or will see.
    Live,
}

fn side(params: &mut Params, name: &'static str) -> Result<Option<Side>> {
    params
        .one(name)?
        .map(|value| match (value.as_str(), value.parse()) {
            ("live", _) => Ok(Side::Live),
            (_, Ok(number)) if number > 0 => Ok(Side::Number(number)),
            _ => Err(bad_parameter(format!(
                "`{name}` is a revision's number, from 1, or live, not `{value}`."
            ))),
        })
        .transpose()
}

/// Whether a client names `text/plain` and not JSON among what it accepts.
fn wants_text(request: &HttpRequest) -> bool {
    let accepted: Vec<&str> = request
        .headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|media| media.split(';').next().unwrap_or_default().trim())
        .collect();
    accepted.contains(&"text/plain") && !accepted.contains(&"application/json")
}

/// An article in any state.
fn found(conn: &mut Conn<'_>, key: &Key) -> Result<ArticleRow> {
    ops::find(conn, key)?.ok_or_else(|| not_found(format!("The article `{key}`")))
}

fn parse(number: &str) -> Result<i32> {
    number.parse().map_err(|_| {
        let shown: String = number.chars().take(80).collect();
        not_found(format!("Revision `{shown}`"))
    })
}
