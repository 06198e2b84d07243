//! Editor routes of articles.

use std::sync::Arc;

use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, delete, get, patch, post, put, web};
use serde::de::DeserializeOwned;
use utoipa_actix_web::service_config::ServiceConfig;

use super::input::{self, ArticleIn, ArticlePatch};
use super::model::{ArticleRow, EditorFilter};
use super::ops::{self, Correct, Key, Outcome, Publish, Schedule, TakeDown, Written};
use super::view::{self, ArticleItem, ArticleView, Form, Receipt, ReceiptOrArticle};
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::config::Config;
use crate::content::Warning;
use crate::db::Time;
use crate::error::{Result, bad_parameter, internal, not_found};
use crate::http::conditional::Expect;
use crate::http::cursor::{self, Position};
use crate::http::page::Page;
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, Missing, Preconditions, Unchanged,
};
use crate::http::upload::{self, Upload};
use crate::http::{address, text};
use crate::state::State;
use crate::{sections, site};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_editor_articles)
        .service(create_article)
        .service(get_editor_article)
        .service(put_article)
        .service(patch_article)
        .service(trash_article)
        .service(restore_article)
        .service(submit_article)
        .service(publish_article)
        .service(schedule_article)
        .service(unpublish_article)
        .service(take_down_article)
        .service(correct_article);
}

/// List articles in any state
///
/// Newest edit first; the trash only with `state=trashed`. `q` finds words in
/// kicker, headline, teaser and slug of the newest revision.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("state" = Option<String>, Query, description = "draft, in_review, scheduled, live, withdrawn or trashed", example = "draft"),
        ("section" = Option<String>, Query, description = "A section by slug or id, those below it included", example = "politik"),
        ("topic" = Option<String>, Query, description = "A topic by slug or id", example = "verkehr"),
        ("author" = Option<String>, Query, description = "An author by slug or id", example = "mara-lenz"),
        ("kind" = Option<String>, Query, description = "What kind of piece it is", example = "news"),
        ("language" = Option<String>, Query, description = "A language tag (BCP 47)", example = "de"),
        ("created_by" = Option<String>, Query, description = "A user's name or id, or `me`", example = "me"),
        ("external_id" = Option<String>, Query, description = "What a feed calls it", example = "fpd:20261123-0815"),
        ("q" = Option<String>, Query, description = "Words that must all be found", example = "nahverkehr"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended"),
    ),
    responses(
        (status = 200, description = "A page of articles", body = Page<ArticleItem>,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        EditorProblems,
    ),
)]
#[get("/v1/editor/articles")]
pub async fn list_editor_articles(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let names = [
        ("state", params.one("state")?),
        ("section", params.one("section")?),
        ("topic", params.one("topic")?),
        ("author", params.one("author")?),
        ("kind", params.one("kind")?),
        ("language", params.one("language")?),
        ("created_by", params.one("created_by")?),
        ("external_id", params.one("external_id")?),
        ("q", params.one("q")?),
    ];
    let limit = params.limit()?;
    let cursor = params.one("cursor")?;
    params.finish()?;
    let mut kept: Vec<(&str, String)> = names
        .iter()
        .filter_map(|(name, value)| Some((*name, value.clone()?)))
        .collect();
    let filters = serde_urlencoded::to_string(&kept).map_err(internal)?;
    let after = cursor
        .as_deref()
        .map(|cursor| cursor::read(cursor, &filters))
        .transpose()?;
    let now = state.now();
    let config = state.config.clone();
    let page = state
        .read(move |conn| {
            let filter = editor_filter(conn, &actor, names)?;
            let mut rows =
                crate::store!(*conn, articles::editor_page(&filter, now, after, limit + 1))?;
            let more = rows.len() as i64 > limit;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| more).map(|(row, _)| {
                cursor::write(
                    Position {
                        at: row.edited_at,
                        id: row.id,
                    },
                    &filters,
                )
            });
            let tree = sections::ops::tree(conn)?;
            let items = rows
                .iter()
                .map(|(row, head)| ArticleItem::new(row, head, &tree, now, &config))
                .collect();
            kept.push(("limit", limit.to_string()));
            let path = format!("{}/v1/editor/articles", config.public_url);
            Ok(Page::new(items, next, &path, &kept))
        })
        .await?;
    let reply = Reply::ok(&page);
    Ok(match page.link_header() {
        Some((name, value)) => reply.header(name, value),
        None => reply,
    })
}

/// Reads the filters of the editors' list; names that don't exist are errors.
fn editor_filter(
    conn: &mut crate::db::Conn<'_>,
    actor: &Actor,
    names: [(&'static str, Option<String>); 9],
) -> Result<EditorFilter> {
    let [
        state,
        section,
        topic,
        author,
        kind,
        language,
        created_by,
        external_id,
        q,
    ] = names.map(|(_, value)| value);
    let parse = |name: &str, error: String| bad_parameter(format!("`{name}`: {error}."));
    let unknown =
        |name: &str, value: &str| bad_parameter(format!("`{name}`: nothing is called `{value}`."));
    let mut filter = EditorFilter {
        state: state
            .map(|value| value.parse())
            .transpose()
            .map_err(|error| parse("state", error))?,
        kind: kind
            .map(|value| value.parse())
            .transpose()
            .map_err(|error| parse("kind", error))?,
        language,
        external_id,
        words: text::name_key(&q.unwrap_or_default())
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(10)
            .map(str::to_owned)
            .collect(),
        ..EditorFilter::default()
    };
    if let Some(name) = section {
        let tree = sections::ops::tree(conn)?;
        let section = tree
            .resolve(&name, "section")
            .map_err(|error| bad_parameter(format!("`section`: {}.", error.detail)))?;
        filter.sections = tree
            .descendants(section.id)
            .iter()
            .map(|section| section.id)
            .collect();
    }
    if let Some(name) = topic {
        let found = match name.parse() {
            Ok(id) => crate::store!(*conn, topics::find(id))?,
            Err(_) => crate::store!(*conn, topics::find_by_slug(&name))?,
        };
        filter.topic = Some(found.ok_or_else(|| unknown("topic", &name))?.id);
    }
    if let Some(name) = author {
        let found = match name.parse() {
            Ok(id) => crate::store!(*conn, authors::find(id))?,
            Err(_) => crate::store!(*conn, authors::find_by_slug(&name))?,
        };
        filter.author = Some(found.ok_or_else(|| unknown("author", &name))?.id);
    }
    filter.created_by = match created_by.as_deref() {
        None => None,
        Some("me") => Some(actor.id),
        Some(name) => match name.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                let user = crate::store!(*conn, users::by_name(name))?;
                Some(user.ok_or_else(|| unknown("created_by", name))?.id)
            }
        },
    };
    Ok(filter)
}

/// Make an article
///
/// From JSON, or from Markdown with YAML front matter whose keys are the JSON
/// names. Without a slug, one is made from the headline; a taken slug is 409 and
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
        (String = "text/markdown", example = "---\nsection: politik\ntopics: [Verkehr]\n---\n\n# Stadtrat beschließt kostenlosen Nahverkehr\n\nDer Rat stimmte **einstimmig** zu.\n"),
    )),
    responses(
        (status = 201, description = "The receipt, or the article", body = ReceiptOrArticle, headers(
            ("Location" = String, description = "The article, for editors"),
            ("ETag" = String, description = "Its version, for If-Match"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/articles")]
pub async fn create_article(
    request: HttpRequest,
    actor: Actor,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let publish = {
        let mut params = Params::of(&request)?;
        let publish = params.flag("publish")?;
        params.finish()?;
        publish
    };
    actor.require(Right::Write)?;
    let sent = read_article(upload, &state).await?;
    written(&request, state, move |tx| {
        ops::create(tx, &actor, sent, publish)
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
    let form = match params.one("body")?.as_deref() {
        None | Some("blocks") => Form::Blocks,
        Some("markdown") => Form::Markdown,
        Some(other) => {
            return Err(bad_parameter(format!(
                "`body` is blocks or markdown, not `{other}`."
            )));
        }
    };
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
/// The same content again changes nothing. Without a precondition it succeeds
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
        (String = "text/markdown", example = "---\nsection: politik\ntopics: [Verkehr]\n---\n\n# Stadtrat beschließt kostenlosen Nahverkehr\n\nDer Rat stimmte **einstimmig** zu.\n"),
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
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let mut params = Params::of(&request)?;
    let publish = params.flag("publish")?;
    let overwrite = params.flag("overwrite")?;
    params.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    actor.require(Right::Write)?;
    let sent = read_article(upload, &state).await?;
    written(&request, state, move |tx| {
        ops::put(tx, &actor, &key, expect, sent, overwrite, publish)
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
pub async fn patch_article(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    let mut params = Params::of(&request)?;
    let publish = params.flag("publish")?;
    params.finish()?;
    let (key, expect) = (key(&path), Expect::of(&request)?);
    actor.require(Right::Write)?;
    upload.accept(&["application/merge-patch+json", "application/json"])?;
    let bytes = upload.bytes().await?;
    let config = state.config.clone();
    let (patch, body, read_only, warnings) = off_thread(move || {
        input::patch_from_json(&bytes, &|address| own_article(&config, address))
    })
    .await?;
    written(&request, state, move |tx| {
        ops::patch(
            tx, &actor, &key, expect, patch, body, &read_only, warnings, publish,
        )
    })
    .await
}

/// Put an article into the trash
///
/// What is live or scheduled is unpublished first.
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
/// for when. It needs a headline, a section and alternative texts.
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

fn key(path: &str) -> Key {
    match path.parse() {
        Ok(key) => key,
        Err(never) => match never {},
    }
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

/// Reads an article in any of the types it may be sent in.
async fn read_article(upload: Upload, state: &State) -> Result<input::Sent> {
    upload.accept(&["application/json", "text/markdown"])?;
    let markdown = upload.content_type() == "text/markdown";
    let bytes = upload.bytes().await?;
    let config = state.config.clone();
    off_thread(move || {
        let own = |address: &str| own_article(&config, address);
        if markdown {
            input::from_markdown(&upload::text(&bytes)?, &own)
        } else {
            input::from_json(&bytes, &own)
        }
    })
    .await
}

/// The slug or id in an address of one of our own articles.
fn own_article(config: &Config, url: &str) -> Option<String> {
    if let Some(rest) = config
        .site_url
        .as_deref()
        .and_then(|site| url.strip_prefix(site))
        && let Some(found) = address::find(&config.site_article_path, rest)
    {
        return Some(found.to_owned());
    }
    let found = address::find(
        "/v1/articles/{slug}",
        url.strip_prefix(config.public_url.as_str())?,
    )?;
    Some(found.to_owned())
}

/// Parsing may take a while; the threads that answer requests don't do it.
async fn off_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(internal)?
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

/// Runs a write to content and answers a receipt, or the whole article if the
/// client prefers that (RFC 7240).
async fn written(
    request: &HttpRequest,
    state: web::Data<State>,
    job: impl FnOnce(&mut Tx<'_>) -> Result<Written> + Send + 'static,
) -> Result<Reply> {
    let whole = request
        .headers()
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim() == "return=representation");
    let config = state.config.clone();
    let (receipt, view, row) = Arc::clone(&state)
        .write(move |tx| {
            let Written {
                row,
                outcome,
                warnings,
            } = job(tx)?;
            let view = match whole {
                true => {
                    let view = view::article(&mut tx.conn, &row, Form::Blocks, tx.now, &config)?;
                    Some(ArticleView {
                        warnings: Some(warnings.clone()),
                        ..view
                    })
                }
                false => None,
            };
            Ok((receipt(&row, outcome, warnings, tx.now, &config), view, row))
        })
        .await?;
    let made = receipt.result == Outcome::Created.as_str();
    let reply = match (&view, made) {
        (Some(view), true) => Reply::created(view, receipt.links.editor.clone()),
        (Some(view), false) => Reply::ok(view),
        (None, true) => Reply::created(&receipt, receipt.links.editor.clone()),
        (None, false) => Reply::ok(&receipt),
    };
    let reply = reply.version(row.version);
    Ok(if whole {
        reply.header(
            HeaderName::from_static("preference-applied"),
            "return=representation",
        )
    } else {
        reply
    })
}

fn receipt(
    row: &ArticleRow,
    outcome: Outcome,
    warnings: Vec<Warning>,
    now: Time,
    config: &Config,
) -> Receipt {
    Receipt::new(row, outcome, warnings, now, config)
}
