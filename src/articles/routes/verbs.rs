//! The verbs that move an article from state to state.

use std::sync::Arc;

use actix_web::{HttpRequest, delete, post, web};
use serde::de::DeserializeOwned;

use super::{key, receipt};
use crate::articles::model::ArticleRow;
use crate::articles::ops::{self, Correct, Key, Outcome, Publish, Schedule, TakeDown};
use crate::articles::view::Receipt;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::error::Result;
use crate::http::conditional::Expect;
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::{BodyProblems, Conflicts, EditorProblems, Missing, Preconditions};
use crate::http::upload::Upload;
use crate::site;
use crate::state::State;

/// Put an article into the trash
///
/// What is live or scheduled is refused with 409: `POST …/unpublish` comes first.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you are throwing away; 428 names it if it is missing", example = "\"v3\""),
    ),
    responses(
        (status = 200, description = "In the trash", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/articles/{article}")]
pub async fn trash_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    moved(state, move |tx| ops::trash(tx, &actor, &key, expect)).await
}

/// Get an article out of the trash
///
/// It becomes again what it was: a draft, or withdrawn.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    responses(
        (status = 200, description = "Out of the trash", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/restore")]
pub async fn restore_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    moved(state, move |tx| ops::restore(tx, &actor, &key, expect)).await
}

/// Submit a draft for review
///
/// Marks it as ready; somebody who may publish takes it from there.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    responses(
        (status = 200, description = "In review", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/submit")]
pub async fn submit_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    moved(state, move |tx| ops::submit(tx, &actor, &key, expect)).await
}

/// Publish an article
///
/// Readers see the newest revision, or the one that is named, from now on. An
/// embargo in the content is kept: then it is scheduled, and `visible_at` says
/// for when; over a live article, which readers would lose until then, it is
/// refused with 409. It needs a headline, a section and alternative texts.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    request_body(content = Option<Publish>, description = "May be left out", example = json!({})),
    responses(
        (status = 200, description = "Live, or scheduled because of an embargo", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/publish")]
pub async fn publish_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let (key, expect, input) = verb::<Publish>(&request, &actor, &path, upload).await?;
    moved(state, move |tx| {
        ops::publish(tx, &actor, &key, expect, &input)
    })
    .await
}

/// Schedule an article
///
/// Pins a revision and lets readers see it from an instant on; later edits don't
/// change what is scheduled.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    request_body(content = Schedule),
    responses(
        (status = 200, description = "Scheduled", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/schedule")]
pub async fn schedule_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let (key, expect, input) = verb::<Schedule>(&request, &actor, &path, upload).await?;
    moved(state, move |tx| {
        let zone = site::ops::load(&mut tx.conn)?.settings.zone();
        ops::schedule(tx, &actor, &key, expect, &input, zone)
    })
    .await
}

/// Unpublish an article
///
/// Live or scheduled, it becomes a draft; readers get 404.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    responses(
        (status = 200, description = "A draft", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/unpublish")]
pub async fn unpublish_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    moved(state, move |tx| ops::unpublish(tx, &actor, &key, expect)).await
}

/// Take an article down
///
/// Readers get 410 from now on; the reason stays in the newsroom.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    request_body(content = TakeDown),
    responses(
        (status = 200, description = "Withdrawn", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/take-down")]
pub async fn take_down_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let (key, expect, input) = required_verb::<TakeDown>(&request, &actor, &path, upload).await?;
    moved(state, move |tx| {
        ops::take_down(tx, &actor, &key, expect, &input)
    })
    .await
}

/// Correct a live article
///
/// Publishes the newest revision, or the one that is named, together with a text
/// that tells readers what was wrong; `updated_at` moves.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
    ),
    request_body(content = Correct),
    responses(
        (status = 200, description = "Corrected", body = Receipt,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/correct")]
pub async fn correct_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let (key, expect, input) = required_verb::<Correct>(&request, &actor, &path, upload).await?;
    moved(state, move |tx| {
        ops::correct(tx, &actor, &key, expect, &input)
    })
    .await
}

/// Reads what a verb needs; its body may be left out.
async fn verb<T: DeserializeOwned + Default>(
    request: &HttpRequest,
    actor: &Actor,
    path: &str,
    upload: Upload,
) -> Result<(Key, Expect, T)> {
    Params::of(request)?.finish()?;
    actor.require(Right::Publish)?;
    Ok((
        key(path),
        Expect::of(request)?,
        upload.json_or_default().await?,
    ))
}

/// Reads what a verb needs, its body included.
async fn required_verb<T: DeserializeOwned>(
    request: &HttpRequest,
    actor: &Actor,
    path: &str,
    upload: Upload,
) -> Result<(Key, Expect, T)> {
    Params::of(request)?.finish()?;
    actor.require(Right::Publish)?;
    Ok((key(path), Expect::of(request)?, upload.json().await?))
}

/// Runs a verb and answers a receipt.
async fn moved(
    state: web::Data<State>,
    job: impl FnOnce(&mut Tx<'_>) -> Result<(ArticleRow, Outcome)> + Send + 'static,
) -> Result<Reply> {
    let config = state.config.clone();
    let (receipt, version) = Arc::clone(&state)
        .write(move |tx| {
            let (row, outcome) = job(tx)?;
            Ok((
                receipt(&row, outcome, Vec::new(), tx.now, &config),
                row.version,
            ))
        })
        .await?;
    Ok(Reply::ok(&receipt).version(version))
}
