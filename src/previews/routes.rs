//! Preview links over HTTP, for the newsroom.

use actix_web::{HttpRequest, delete, get, post, web};

use super::model::{PreviewLink, PreviewLinkIn, PreviewLinkMade, PreviewLinkOut};
use super::ops::{self, Made};
use crate::articles::ops::Key;
use crate::auth::{Actor, Right};
use crate::config::Config;
use crate::editing::Edit;
use crate::error::Result;
use crate::http::page::{MadePage, MadePageParams, Page};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::routing::ServiceConfig;
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
    edit: Edit,
    path: web::Path<String>,
    upload: Upload,
) -> Result<Reply> {
    edit.require(Right::Write)?;
    edit.params()?.finish()?;
    let input: PreviewLinkIn = upload.json_or_default().await?;
    let key = key(&path);
    edit.write(move |tx, by| {
        let Made { link, token } = ops::create(tx, &by.actor, &key, &input)?;
        let location = format!(
            "{}/preview-links/{}",
            address(by.config(), &link.article_id.to_string()),
            link.id
        );
        let about = PreviewLinkOut::new(link, Some(by.actor.name.clone()), tx.now);
        // What was not stored opens nothing and is not shown.
        let token = (!by.dry_run).then_some(token);
        Ok(Reply::created(&made(by.config(), token, about), location))
    })
    .await
}

fn made(config: &Config, token: Option<String>, about: PreviewLinkOut) -> PreviewLinkMade {
    let api_url = token
        .as_ref()
        .map(|token| format!("{}/v1/preview/{token}", config.public_url));
    let url = match (&config.site_preview_url, &token) {
        (Some(pattern), Some(token)) => Some(pattern.replace("{token}", token)),
        _ => api_url.clone(),
    };
    PreviewLinkMade {
        url,
        api_url,
        token,
        about,
    }
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
pub async fn revoke_preview_link(edit: Edit, path: web::Path<(String, String)>) -> Result<Reply> {
    edit.params()?.finish()?;
    let (article, link) = path.into_inner();
    let (key, id) = (key(&article), link.parse().ok());
    edit.write(move |tx, by| {
        ops::revoke(tx, &by.actor, &key, id)?;
        Ok(Reply::no_content())
    })
    .await
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
