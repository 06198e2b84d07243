//! The verbs that move an article from state to state.

use actix_web::{delete, post, web};
use serde::de::DeserializeOwned;

use super::{answer, key};
use crate::articles::ops::{self, Correct, Key, Publish, Schedule, SendBack, TakeDown};
use crate::articles::view::ReceiptOrArticle;
use crate::auth::Right;
use crate::editing::Edit;
use crate::error::Result;
use crate::http::conditional::Expect;
use crate::http::reply::Reply;
use crate::http::spec::{BodyProblems, Conflicts, EditorProblems, Missing, Preconditions};
use crate::http::upload::Upload;
use crate::site;

/// Put an article into the trash
///
/// What is live or scheduled is refused with 409: `POST …/unpublish` comes first.
/// From the trash it can be restored, until an admin erases it for good with
/// `erase=true`: then its revisions are gone and its slug is free.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("erase" = Option<bool>, Query, description = "Erase what is in the trash for good; admins only", example = false),
        ("If-Match" = Option<String>, Header, description = "The version you are throwing away; 428 names it if it is missing", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    responses(
        (status = 200, description = "In the trash", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 204, description = "Erased for good"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/articles/{article}")]
pub async fn trash_article(edit: Edit, path: web::Path<String>) -> Result<Reply> {
    let mut params = edit.params()?;
    let erase = params.flag("erase")?;
    params.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    edit.write(move |tx, by| {
        if erase {
            ops::erase(tx, &by.actor, &key, expect)?;
            return Ok(Reply::no_content());
        }
        let done = ops::trash(tx, &by.actor, &key, expect)?;
        answer(tx, by, done)
    })
    .await
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
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    responses(
        (status = 200, description = "Out of the trash", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/restore")]
pub async fn restore_article(edit: Edit, path: web::Path<String>) -> Result<Reply> {
    edit.params()?.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    edit.write(move |tx, by| {
        let done = ops::restore(tx, &by.actor, &key, expect)?;
        answer(tx, by, done)
    })
    .await
}

/// Submit a draft for review
///
/// Marks it as ready; somebody who may publish takes it from there, or sends it
/// back with a remark.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    responses(
        (status = 200, description = "In review", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/submit")]
pub async fn submit_article(edit: Edit, path: web::Path<String>) -> Result<Reply> {
    edit.params()?.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    edit.write(move |tx, by| {
        let done = ops::submit(tx, &by.actor, &key, expect)?;
        answer(tx, by, done)
    })
    .await
}

/// Send a submitted article back
///
/// It is a draft again, and the remark says what is to be changed; whoever wrote
/// it sees the remark with the article and in the list, and submits it again.
/// The remark stays until the article is published.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = SendBack),
    responses(
        (status = 200, description = "A draft again", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/send-back")]
pub async fn send_back_article(
    edit: Edit,
    path: web::Path<String>,
    upload: Upload,
) -> Result<Reply> {
    let (key, expect, input) = required_verb::<SendBack>(&edit, &path, upload).await?;
    edit.write(move |tx, by| {
        let done = ops::send_back(tx, &by.actor, &key, expect, &input)?;
        answer(tx, by, done)
    })
    .await
}

/// Publish an article
///
/// Readers see the newest revision, or the one that is named, from now on. An
/// embargo in the content is kept: then it is scheduled, and `visible_at` says
/// for when; over a live article, which readers would lose until then, it is
/// refused with 409. It needs a headline, a section and alternative texts. With
/// `minor` it is a small fix, and `updated_at` stays.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = Option<Publish>, description = "May be left out", example = json!({})),
    responses(
        (status = 200, description = "Live, or scheduled because of an embargo", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/publish")]
pub async fn publish_article(edit: Edit, path: web::Path<String>, upload: Upload) -> Result<Reply> {
    let (key, expect, input) = verb::<Publish>(&edit, &path, upload).await?;
    edit.write(move |tx, by| {
        let done = ops::publish(tx, &by.actor, &key, expect, &input)?;
        answer(tx, by, done)
    })
    .await
}

/// Schedule an article
///
/// Pins a revision and lets readers see it from an instant on; later edits don't
/// change what is scheduled. Scheduling again moves it to another instant, or
/// pins the newest revision.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = Schedule),
    responses(
        (status = 200, description = "Scheduled", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/schedule")]
pub async fn schedule_article(
    edit: Edit,
    path: web::Path<String>,
    upload: Upload,
) -> Result<Reply> {
    let (key, expect, input) = verb::<Schedule>(&edit, &path, upload).await?;
    edit.write(move |tx, by| {
        let zone = site::ops::load(&mut tx.conn)?.settings.zone();
        let done = ops::schedule(tx, &by.actor, &key, expect, &input, zone)?;
        answer(tx, by, done)
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
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    responses(
        (status = 200, description = "A draft", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/unpublish")]
pub async fn unpublish_article(edit: Edit, path: web::Path<String>) -> Result<Reply> {
    edit.params()?.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    edit.write(move |tx, by| {
        let done = ops::unpublish(tx, &by.actor, &key, expect)?;
        answer(tx, by, done)
    })
    .await
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
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = TakeDown),
    responses(
        (status = 200, description = "Withdrawn", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/take-down")]
pub async fn take_down_article(
    edit: Edit,
    path: web::Path<String>,
    upload: Upload,
) -> Result<Reply> {
    let (key, expect, input) = required_verb::<TakeDown>(&edit, &path, upload).await?;
    edit.write(move |tx, by| {
        let done = ops::take_down(tx, &by.actor, &key, expect, &input)?;
        answer(tx, by, done)
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
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = Correct),
    responses(
        (status = 200, description = "Corrected", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[post("/v1/editor/articles/{article}/correct")]
pub async fn correct_article(edit: Edit, path: web::Path<String>, upload: Upload) -> Result<Reply> {
    let (key, expect, input) = required_verb::<Correct>(&edit, &path, upload).await?;
    edit.write(move |tx, by| {
        let done = ops::correct(tx, &by.actor, &key, expect, &input)?;
        answer(tx, by, done)
    })
    .await
}

/// Reads what a verb needs; its body may be left out.
async fn verb<T: DeserializeOwned + Default>(
    edit: &Edit,
    path: &str,
    upload: Upload,
) -> Result<(Key, Expect, T)> {
    edit.require(Right::Publish)?;
    edit.params()?.finish()?;
    Ok((key(path), edit.expect()?, upload.json_or_default().await?))
}

/// Reads what a verb needs, its body included.
async fn required_verb<T: DeserializeOwned>(
    edit: &Edit,
    path: &str,
    upload: Upload,
) -> Result<(Key, Expect, T)> {
    edit.require(Right::Publish)?;
    edit.params()?.finish()?;
    Ok((key(path), edit.expect()?, upload.json().await?))
}

/// Free an old slug of an article
///
/// What led to the article under it is 404 from now on, and another article may
/// have it.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("slug" = String, Path, description = "One of the article's `former_slugs`", example = "rat-beschliesst-nahverkehr"),
        ("If-Match" = Option<String>, Header, description = "The version you mean", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    responses(
        (status = 200, description = "Freed", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/articles/{article}/former-slugs/{slug}")]
pub async fn free_slug(edit: Edit, path: web::Path<(String, String)>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (article, slug) = path.into_inner();
    let (key, expect) = (key(&article), edit.expect()?);
    edit.write(move |tx, by| {
        let done = ops::free_slug(tx, &by.actor, &key, &slug, expect)?;
        answer(tx, by, done)
    })
    .await
}
