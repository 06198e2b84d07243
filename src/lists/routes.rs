//! Curated lists as the newsroom keeps them.

use actix_web::{HttpRequest, delete, get, patch, post, put, web};

use super::model::{List, ListHead, ListIn, ListOut, ListPatch};
use super::ops;
use crate::auth::{Actor, Right};
use crate::changes::Tx;
use crate::editing::{By, Edit};
use crate::error::Result;
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::reply::{Reply, Saved};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, IfMatch, IfNoneMatch, Missing, Preconditions,
    PutPreconditions, Unchanged,
};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_editor_lists)
        .service(create_list)
        .service(get_editor_list)
        .service(put_list)
        .service(patch_list)
        .service(delete_list);
}

/// List all curated lists
///
/// In the order of their names, without their articles.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of lists", body = Page<ListHead>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/lists")]
pub async fn list_editor_lists(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let path = format!("{}/v1/editor/lists", state.config.public_url);
    let page = state.read(move |c| ops::page(c, &wanted, &path)).await?;
    Ok(Reply::page(&page))
}

/// Create a curated list
///
/// `manual` shows its entries in their order, `automatic` the newest articles that
/// fit its filter, `pinned` those too, but for the places that entries are pinned
/// to. An article that isn't live yet may stand in it and shows once it is.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    request_body(content = ListIn, description = "The list"),
    responses(
        (status = 201, description = "Created", body = Saved<ListOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/lists")]
pub async fn create_list(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let input: ListIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::create(tx, &by.actor, input)?;
        reply(tx, by, saved)
    })
    .await
}

/// Read a curated list
///
/// With its entries, those included that readers don't see, and the version that a
/// change has to name.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    params(("list" = String, Path, description = "Slug or id", example = "home"), IfNoneMatch),
    responses(
        (status = 200, description = "The list", body = ListOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/lists/{list}")]
pub async fn get_editor_list(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let (at, now) = (Reference::of(&at), state.now());
    let shown = state
        .read(move |c| {
            let list = ops::find(c, &at)?;
            ops::show(c, list, now)
        })
        .await?;
    Ok(Reply::ok(&shown).version(shown.version))
}

/// Create or replace a curated list
///
/// Creates the list if the slug is free and replaces it whole, entries and all, if
/// it isn't. The same content twice is harmless. Replacing needs `If-Match`.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    params(("list" = String, Path, description = "Slug or id", example = "home"), PutPreconditions),
    request_body(content = ListIn, description = "The list"),
    responses(
        (status = 200, description = "Replaced, or the same as before", body = Saved<ListOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        (status = 201, description = "Created", body = Saved<ListOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/lists/{list}")]
pub async fn put_list(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::to_put(&at)?, edit.expect()?);
    let input: ListIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::put(tx, &by.actor, &at, expect, input)?;
        reply(tx, by, saved)
    })
    .await
}

/// Change a curated list
///
/// What is left out stays; `entries` is replaced as a whole, which is how its
/// order is changed.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    params(("list" = String, Path, description = "Slug or id", example = "home"), IfMatch),
    request_body(content = ListPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<ListOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/lists/{list}")]
pub async fn patch_list(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let patch: ListPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = ops::patch(tx, &by.actor, &at, expect, patch)?;
        reply(tx, by, saved)
    })
    .await
}

/// Delete a curated list
///
/// The articles in it stay what they are.
#[utoipa::path(
    tag = "lists",
    security(("bearer" = [])),
    params(("list" = String, Path, description = "Slug or id", example = "home"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/lists/{list}")]
pub async fn delete_list(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        ops::delete(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

fn reply(tx: &mut Tx<'_>, by: &By, saved: Saved<List>) -> Result<Reply> {
    let Saved { result, item } = saved;
    let item = ops::show(&mut tx.conn, item, tx.now)?;
    let location = format!("{}/v1/editor/lists/{}", by.config().public_url, item.slug);
    let version = item.version;
    Ok(Saved { result, item }.reply(version, location))
}
