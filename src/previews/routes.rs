//! Preview links over HTTP, for the newsroom.

use actix_web::{HttpRequest, delete, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{PreviewLink, PreviewLinkIn, PreviewLinkMade, PreviewLinkOut};
use super::ops::{self, Made};
use crate::articles::ops::Key;
use crate::auth::{Actor, Right};
use crate::config::Config;
use crate::error::Result;
use crate::http::page::{MadePage, MadePageParams, Page};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::{BodyProblems, Conflicts, EditorProblems, IfNoneMatch, Missing, Unchanged};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_preview_links)
        .service(create_preview_link)
        .service(revoke_preview_link);
}

/// List an article's preview links
///
/// In the order in which they were made, without their tokens. Revoked ones are
/// gone; those that have expired go when the next one is made.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        MadePageParams, IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of preview links", body = Page<PreviewLinkOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/articles/{article}/preview-links")]
pub async fn list_preview_links(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    let mut params = Params::of(&request)?;
    let page = MadePage::of(&mut params, None)?;
    params.finish()?;
    let (key, after, wanted, now) = (key(&path), page.after, page.wanted(), state.now());
    let (row, links) = state
        .read(move |conn| ops::list(conn, &actor, &key, after, wanted))
        .await?;
    let path = format!(
        "{}/preview-links",
        address(&state.config, &row.id.to_string())
    );
    let place = |(link, _): &(PreviewLink, Option<String>)| (link.created_at, link.id);
    let show = |(link, name)| PreviewLinkOut::new(link, name, now);
    Ok(Reply::page(&page.fill(links, &path, "", place, show)))
}

/// Make a preview link
///
/// Whoever has it reads the article's working copy as it would be published,
/// and no other draft, until it expires or is revoked. The answer shows the link,
/// this once.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
    ),
    request_body(content = Option<PreviewLinkIn>, description = "May be left out", example = json!({"note": "Für das Justiziariat"})),
    responses(
        (status = 201, description = "The link", body = PreviewLinkMade,
            headers(("Location" = String, description = "Where it is revoked"))),
        EditorProblems, Missing, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/articles/{article}/preview-links")]
pub async fn create_preview_link(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<String>,
    upload: Upload,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    actor.require(Right::Write)?;
    let input: PreviewLinkIn = upload.json_or_default().await?;
    let (key, name) = (key(&path), actor.name.clone());
    let Made { link, token } = state
        .write(move |tx| ops::create(tx, &actor, &key, &input))
        .await?;
    let location = format!(
        "{}/preview-links/{}",
        address(&state.config, &link.article_id.to_string()),
        link.id
    );
    let api_url = format!("{}/v1/preview/{token}", state.config.public_url);
    let url = match &state.config.site_preview_url {
        Some(pattern) => pattern.replace("{token}", &token),
        None => api_url.clone(),
    };
    let made = PreviewLinkMade {
        url,
        api_url,
        token,
        about: PreviewLinkOut::new(link, Some(name), state.now()),
    };
    Ok(Reply::created(&made, location))
}

/// Revoke a preview link
///
/// It leads nowhere from now on.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("article" = String, Path, description = "Slug, id, or `external:…`", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("link" = String, Path, description = "The link's id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"),
    ),
    responses((status = 204, description = "Revoked"), EditorProblems, Missing, Conflicts),
)]
#[delete("/v1/editor/articles/{article}/preview-links/{link}")]
pub async fn revoke_preview_link(
    request: HttpRequest,
    actor: Actor,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let (article, link) = path.into_inner();
    let (key, id) = (key(&article), link.parse().ok());
    state
        .write(move |tx| ops::revoke(tx, &actor, &key, id))
        .await?;
    Ok(Reply::no_content())
}

fn key(path: &str) -> Key {
    match path.parse() {
        Ok(key) => key,
        Err(never) => match never {},
    }
}

fn address(config: &Config, article: &str) -> String {
    format!("{}/v1/editor/articles/{article}", config.public_url)
}
