//! Reading, making, replacing and changing an article's content.

use std::sync::Arc;

use actix_web::{HttpRequest, get, patch, post, put, web};

use super::{answer, key};
use crate::articles::form::{self, ArticleForm, Bundle};
use crate::articles::input::{self, ArticleIn, ArticlePatch};
use crate::articles::ops;
use crate::articles::view::{self, ArticleView, Form, ReceiptOrArticle};
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::editing::{By, Edit};
use crate::error::{Result, bad_parameter, internal, not_found};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, Missing, Preconditions, Unchanged,
};
use crate::http::upload::{self, Upload};
use crate::media::receive::Desk;
use crate::state::State;

/// Make an article
///
/// From JSON, or from Markdown or HTML, with or without YAML front matter whose
/// keys are the JSON names; or from a form with the article and the pictures it names,
/// which are taken all or not at all. Without a slug, one is made from the headline; a taken slug is 409 and
/// names who holds it. `publish=true` puts it live in the same call.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("publish" = Option<bool>, Query, description = "Publish it in the same call", example = false),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content(
        (ArticleIn = "application/json"),
        (String = "text/html", example = "<h1>Stadtrat beschließt kostenlosen Nahverkehr</h1>\n<p class=\"teaser\">Ab Januar fahren Busse und Bahnen ohne Fahrschein.</p>\n<p>Der Rat stimmte <strong>einstimmig</strong> zu.</p>\n"),
        (String = "text/markdown", example = "---\nsection: politik\ntopics: [Verkehr]\n---\n\n# Stadtrat beschließt kostenlosen Nahverkehr\n\nDer Rat stimmte **einstimmig** zu.\n"),
        (ArticleForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The receipt, or the article", body = ReceiptOrArticle, headers(
            ("Location" = String, description = "The article, for editors"),
            ("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/articles")]
pub async fn create_article(edit: Edit, desk: web::Data<Desk>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Write)?;
    let mut params = edit.params()?;
    let publish = params.flag("publish")?;
    params.finish()?;
    let upload = read_article(upload, &edit, &desk).await?;
    write(edit, upload, move |tx, by, sent| {
        let written = ops::create(tx, &by.actor, sent, publish)?;
        answer(tx, by, written)
    })
    .await
}

/// Get an article's working copy
///
/// In the form in which it can be edited and sent back by PUT. The address takes
/// a slug, an id, or `external:` and what a feed calls it.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("body" = Option<String>, Query, description = "`blocks` (if missing) or `markdown`", example = "markdown"),
    ),
    responses(
        (status = 200, description = "The working copy", body = ArticleView,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/articles/{article}")]
pub async fn get_editor_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let form = form(&mut params)?;
    params.finish()?;
    let key = key(&path);
    let (now, config) = (state.now(), state.config.clone());
    let view = state
        .read(move |conn| {
            let row =
                ops::find(conn, &key)?.ok_or_else(|| not_found(format!("The article `{key}`")))?;
            view::article(conn, &row, form, now, &config)
        })
        .await?;
    Ok(Reply::ok(&view).version(view.read_only.version))
}

/// Make an article or replace its content
///
/// In any of the types that make an article, a form with its pictures included. The
/// same content again changes nothing. Without a precondition it succeeds
/// where the slug is free, where nothing would change, or where the newest
/// revision is your own upload; otherwise send `If-Match`, or `overwrite=true`.
/// State, slug and dates stay as they are.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("publish" = Option<bool>, Query, description = "Publish it in the same call", example = false),
        ("overwrite" = Option<bool>, Query, description = "Replace whatever is there, whoever wrote it", example = false),
        ("If-Match" = Option<String>, Header, description = "The version you are replacing, or `*`", example = "\"v3\""),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only make it, don't replace", example = "*"),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content(
        (ArticleIn = "application/json"),
        (String = "text/html", example = "<h1>Stadtrat beschließt kostenlosen Nahverkehr</h1>\n<p class=\"teaser\">Ab Januar fahren Busse und Bahnen ohne Fahrschein.</p>\n<p>Der Rat stimmte <strong>einstimmig</strong> zu.</p>\n"),
        (String = "text/markdown", example = "---\nsection: politik\ntopics: [Verkehr]\n---\n\n# Stadtrat beschließt kostenlosen Nahverkehr\n\nDer Rat stimmte **einstimmig** zu.\n"),
        (ArticleForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Replaced, or unchanged", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 201, description = "Made", body = ReceiptOrArticle, headers(
            ("Location" = String, description = "The article, for editors"),
            ("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/articles/{article}")]
pub async fn put_article(
    edit: Edit,
    path: web::Path<String>,
    desk: web::Data<Desk>,
    upload: Upload,
) -> Result<Reply> {
    edit.require(Right::Write)?;
    let mut params = edit.params()?;
    let publish = params.flag("publish")?;
    let overwrite = params.flag("overwrite")?;
    params.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    let upload = read_article(upload, &edit, &desk).await?;
    write(edit, upload, move |tx, by, sent| {
        let written = ops::put(tx, &by.actor, &key, expect, sent, overwrite, publish)?;
        answer(tx, by, written)
    })
    .await
}

/// Change an article
///
/// A merge patch (RFC 7396): what is left out stays, `null` removes. A new
/// `slug` renames the article; the old one redirects if it was ever public.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("publish" = Option<bool>, Query, description = "Publish it in the same call", example = false),
        ("If-Match" = Option<String>, Header, description = "The version you are changing; 428 names it if it is missing", example = "\"v3\""),
        ("Prefer" = Option<String>, Header, description = "`return=representation` answers the whole article instead of a receipt", example = "return=representation"),
    ),
    request_body(content = ArticlePatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or unchanged", body = ReceiptOrArticle,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, Missing, BodyProblems, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/articles/{article}")]
pub async fn patch_article(edit: Edit, path: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Write)?;
    let mut params = edit.params()?;
    let publish = params.flag("publish")?;
    params.finish()?;
    let (key, expect) = (key(&path), edit.expect()?);
    upload.accept(&["application/merge-patch+json", "application/json"])?;
    let bytes = upload.bytes().await?;
    let config = edit.by().config().clone();
    let (patch, body, read_only, warnings) =
        off_thread(move || input::patch_from_json(&bytes, input::Own::new(&config))).await?;
    edit.write(move |tx, by| {
        let written = ops::patch(
            tx, &by.actor, &key, expect, patch, body, &read_only, warnings, publish,
        )?;
        answer(tx, by, written)
    })
    .await
}

/// The form in which the text is wanted.
pub(super) fn form(params: &mut Params) -> Result<Form> {
    match params.one("body")?.as_deref() {
        None | Some("blocks") => Ok(Form::Blocks),
        Some("markdown") => Ok(Form::Markdown),
        Some(other) => Err(bad_parameter(format!(
            "`body` is blocks or markdown, not `{other}`."
        ))),
    }
}

/// Reads an article in any of the types it may be sent in; with its pictures, if it
/// is a form.
async fn read_article(
    upload: Upload,
    edit: &Edit,
    desk: &Desk,
) -> Result<(input::Sent, Option<Bundle>)> {
    upload.accept(&[
        "application/json",
        "text/markdown",
        "text/html",
        "multipart/form-data",
    ])?;
    let config = edit.state().config.clone();
    if upload.content_type() == "multipart/form-data" {
        let mut form = Bundle::receive(edit, desk, upload).await?;
        let (bytes, files) = (std::mem::take(&mut form.article), form.files());
        let content_type = form.content_type;
        let sent = off_thread(move || {
            let sent = parse(
                &bytes,
                content_type,
                input::Own::new(&config).with_files(&files),
            )?;
            files.check()?;
            Ok(sent)
        });
        return Ok((sent.await?, Some(form)));
    }
    let content_type = upload.content_type().to_owned();
    let bytes = upload.bytes().await?;
    let sent = off_thread(move || parse(&bytes, &content_type, input::Own::new(&config)));
    Ok((sent.await?, None))
}

fn parse(bytes: &[u8], content_type: &str, own: input::Own<'_>) -> Result<input::Sent> {
    match content_type {
        "text/markdown" => input::from_markdown(&upload::text(bytes)?, own),
        "text/html" => input::from_html(&upload::text(bytes)?, own),
        _ => input::from_json(bytes, own),
    }
}

/// Writes an article, and before it the pictures that came with it.
async fn write(
    edit: Edit,
    (mut sent, form): (input::Sent, Option<Bundle>),
    job: impl FnOnce(&mut Tx<'_>, &By, input::Sent) -> Result<Reply> + Send + 'static,
) -> Result<Reply> {
    let Some(mut form) = form else {
        return edit.write(move |tx, by| job(tx, by, sent)).await;
    };
    let state = Arc::clone(edit.state());
    let stored = form.store(&edit).await?;
    let reply = edit.write(move |tx, by| {
        form.settle(tx, &by.actor, &mut sent)?;
        job(tx, by, sent)
    });
    let reply = reply.await;
    form::sweep(&state, stored).await?;
    state.renditions_due.notify_one();
    reply
}

/// Parsing may take a while; the threads that answer requests don't do it.
async fn off_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(internal)?
}
