//! Authors as the newsroom keeps them.

use actix_web::{HttpRequest, delete, get, patch, post, put, web};

use super::{Author, AuthorIn, AuthorOut, AuthorPatch};
use crate::auth::{Actor, Right};
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
use crate::taxonomy::{Kept, MergeIn, Merged, merging, terms};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_editor_authors)
        .service(create_author)
        .service(get_editor_author)
        .service(put_author)
        .service(patch_author)
        .service(delete_author)
        .service(free_author_slug)
        .service(merge_author);
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
    let page = state
        .read(move |c| terms::page::<Author, AuthorOut>(c, &wanted, &path))
        .await?;
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
        let saved = terms::create::<Author>(tx, &by.actor, input)?;
        Ok(reply(by, saved))
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
    let found = state.read(move |c| terms::find::<Author>(c, &at)).await?;
    let version = found.item.version;
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
        let saved = terms::put::<Author>(tx, &by.actor, &at, expect, input)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Change an author
///
/// What is left out stays; `null` removes. A slug that is given up still leads to
/// them, for readers and in uploads, until it is freed.
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
        let saved = terms::patch::<Author>(tx, &by.actor, &at, expect, patch)?;
        Ok(reply(by, saved))
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
        terms::delete::<Author>(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Free a former slug
///
/// It no longer leads to the author, and another may have it.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(
        ("author" = String, Path, description = "Slug or id", example = "mara-lenz"),
        ("slug" = String, Path, description = "One of its `former_slugs`", example = "mara-schulz"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "Freed"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/authors/{author}/former-slugs/{slug}")]
pub async fn free_author_slug(edit: Edit, path: web::Path<(String, String)>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, slug) = path.into_inner();
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        terms::free_slug::<Author>(tx, &by.actor, &at, expect, &slug)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Merge an author into another
///
/// Their articles are the other author's, and what leads to the one
/// leads to the other from then on: its address is a redirect, its name an alias.
/// They are gone. No article changes; old revisions mean the other. A dry run says how
/// many articles it is about. Doing it again changes nothing.
#[utoipa::path(
    tag = "authors",
    security(("bearer" = [])),
    params(
        ("author" = String, Path, description = "Slug or id of what goes", example = "mara-lenz"),
        ("If-Match" = Option<String>, Header, description = "The version of what goes, or `*`", example = "\"v3\""),
    ),
    request_body(content = MergeIn, description = "What stays"),
    responses(
        (status = 200, description = "Merged, or merged before", body = Saved<Merged<AuthorOut>>,
            headers(("ETag" = String, description = "The version of what stays, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts,
        (status = 412, description = "`If-Match` names another version; the problem has the present one. Type: `/problems/stale`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/editor/authors/{author}/merge")]
pub async fn merge_author(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let input: MergeIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = merging::merge::<Author>(tx, &by.actor, &at, expect, &input)?;
        let version = saved.item.item.item.version;
        let saved = saved.map(|Merged { articles, item }| Merged {
            articles,
            item: AuthorOut::from(item),
        });
        Ok(Reply::ok(&saved).version(version))
    })
    .await
}

fn reply(by: &By, saved: Saved<Kept<Author>>) -> Reply {
    let saved = saved.map(AuthorOut::from);
    let AuthorOut { version, slug, .. } = &saved.item;
    let location = format!("{}/v1/editor/authors/{slug}", by.config().public_url);
    saved.reply(*version, location)
}
