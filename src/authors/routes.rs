//! Authors as the newsroom keeps them.

use actix_web::{HttpRequest, delete, get, patch, post, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{AuthorIn, AuthorOut, AuthorPatch, ops};
use crate::auth::{Actor, Right};
use crate::editing::{By, Edit};
use crate::error::Result;
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::reply::{Reply, Saved};
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, IfMatch, IfNoneMatch, Missing, Preconditions,
    PutPreconditions, Unchanged,
};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_editor_authors)
        .service(create_author)
        .service(get_editor_author)
        .service(put_author)
        .service(patch_author)
        .service(delete_author);
}

/// List all authors
///
/// In the order of their names, those included that readers don't see yet.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of authors", body = Page<AuthorOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/authors")]
pub async fn list_editor_authors(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let path = format!("{}/v1/editor/authors", state.config.public_url);
    let page = state.read(move |c| ops::page(c, &wanted, &path)).await?;
    Ok(Reply::page(&page))
}

/// Create an author
///
/// The slug is made of the name unless one is sent; a slug that is taken is a 409.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    request_body(content = AuthorIn, description = "The author"),
    responses(
        (status = 201, description = "Created", body = Saved<AuthorOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/authors")]
pub async fn create_author(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let input: AuthorIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::create(tx, &by.actor, input)?;
        Ok(reply(by, saved.map(AuthorOut::from)))
    })
    .await
}

/// Read an author
///
/// As the newsroom keeps them, with the version that a change has to name.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(("author" = String, Path, description = "Slug or id", example = "mara-lenz"), IfNoneMatch),
    responses(
        (status = 200, description = "The author", body = AuthorOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/authors/{author}")]
pub async fn get_editor_author(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let at = Reference::of(&at);
    let found = state.read(move |c| ops::find(c, &at)).await?;
    let version = found.version;
    Ok(Reply::ok(&AuthorOut::from(found)).version(version))
}

/// Create or replace an author
///
/// Creates the author if the slug is free and replaces it whole if it isn't.
/// The same content twice is harmless. Replacing needs `If-Match`.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(("author" = String, Path, description = "Slug or id", example = "mara-lenz"), PutPreconditions),
    request_body(content = AuthorIn, description = "The author"),
    responses(
        (status = 200, description = "Replaced, or the same as before", body = Saved<AuthorOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        (status = 201, description = "Created", body = Saved<AuthorOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/authors/{author}")]
pub async fn put_author(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::to_put(&at)?, edit.expect()?);
    let input: AuthorIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::put(tx, &by.actor, &at, expect, input)?;
        Ok(reply(by, saved.map(AuthorOut::from)))
    })
    .await
}

/// Change an author
///
/// What is left out stays; `null` removes.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(("author" = String, Path, description = "Slug or id", example = "mara-lenz"), IfMatch),
    request_body(content = AuthorPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<AuthorOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/authors/{author}")]
pub async fn patch_author(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let patch: AuthorPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = ops::patch(tx, &by.actor, &at, expect, patch)?;
        Ok(reply(by, saved.map(AuthorOut::from)))
    })
    .await
}

/// Delete an author
///
/// Not while an article names them.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(("author" = String, Path, description = "Slug or id", example = "mara-lenz"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/authors/{author}")]
pub async fn delete_author(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        ops::delete(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

fn reply(by: &By, saved: Saved<AuthorOut>) -> Reply {
    let AuthorOut { version, slug, .. } = &saved.item;
    let location = format!("{}/v1/editor/authors/{slug}", by.config().public_url);
    saved.reply(*version, location)
}
