//! Sections as the newsroom keeps them.

use actix_web::{HttpRequest, delete, get, patch, post, put, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{SectionIn, SectionOut, SectionPatch, merging, ops};
use crate::auth::{Actor, Right};
use crate::editing::{By, Edit};
use crate::error::Result;
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
use crate::taxonomy::{MergeIn, Merged};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_editor_sections)
        .service(create_section)
        .service(get_editor_section)
        .service(put_section)
        .service(patch_section)
        .service(delete_section)
        .service(free_section_slug)
        .service(merge_section);
}

/// All sections.
#[derive(Serialize, ToSchema)]
pub struct EditorSections {
    /// Every section, each before those below it.
    items: Vec<SectionOut>,
}

/// List all sections
///
/// Every section at once, each before those below it; there are 500 at most.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "All sections", body = EditorSections,
            headers(("ETag" = String, description = "Stands for this answer"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/sections")]
pub async fn list_editor_sections(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let items = state.read(ops::list).await?;
    Ok(Reply::ok(&EditorSections { items }))
}

/// Create a section
///
/// Its slug is made of its name unless one is sent; a slug that is taken is a 409.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    request_body(content = SectionIn, description = "The section"),
    responses(
        (status = 201, description = "Created", body = Saved<SectionOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/sections")]
pub async fn create_section(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let input: SectionIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::create(tx, &by.actor, input)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Read a section
///
/// As the newsroom keeps it, with the version that a change has to name.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(("section" = String, Path, description = "Slug or id", example = "kultur"), IfNoneMatch),
    responses(
        (status = 200, description = "The section", body = SectionOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/sections/{section}")]
pub async fn get_editor_section(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let at = Reference::of(&at);
    let found = state.read(move |c| ops::find(c, &at)).await?;
    Ok(Reply::ok(&found).version(found.version))
}

/// Create or replace a section
///
/// Creates the section if the slug is free and replaces it whole if it isn't.
/// The same content twice is harmless. Replacing needs `If-Match`.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(("section" = String, Path, description = "Slug or id", example = "kultur"), PutPreconditions),
    request_body(content = SectionIn, description = "The section"),
    responses(
        (status = 200, description = "Replaced, or the same as before", body = Saved<SectionOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        (status = 201, description = "Created", body = Saved<SectionOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/sections/{section}")]
pub async fn put_section(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::to_put(&at)?, edit.expect()?);
    let input: SectionIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = ops::put(tx, &by.actor, &at, expect, input)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Change a section
///
/// A new `parent` moves the section with all that is below it; its articles are
/// listed there from then on. A slug that it gives up still leads to it, for
/// readers and in uploads, until it is freed.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(("section" = String, Path, description = "Slug or id", example = "kultur"), IfMatch),
    request_body(content = SectionPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<SectionOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/sections/{section}")]
pub async fn patch_section(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let patch: SectionPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = ops::patch(tx, &by.actor, &at, expect, patch)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Delete a section
///
/// Not while sections or articles are in it.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(("section" = String, Path, description = "Slug or id", example = "kultur"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/sections/{section}")]
pub async fn delete_section(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        ops::delete(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Free a former slug
///
/// It no longer leads to the section, and another may have it.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(
        ("section" = String, Path, description = "Slug or id", example = "kultur"),
        ("slug" = String, Path, description = "One of its `former_slugs`", example = "feuilleton"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "Freed"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/sections/{section}/former-slugs/{slug}")]
pub async fn free_section_slug(edit: Edit, path: web::Path<(String, String)>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, slug) = path.into_inner();
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        ops::free_slug(tx, &by.actor, &at, expect, &slug)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Merge a section into another
///
/// Its articles, and the sections below it, are in the other section, and what leads to the one
/// leads to the other from then on: its address is a redirect, its name an alias.
/// It is gone. No article changes; old revisions mean the other. A dry run says how
/// many articles it is about. Doing it again changes nothing.
#[utoipa::path(
    tag = "sections",
    security(("bearer" = [])),
    params(
        ("section" = String, Path, description = "Slug or id of what goes", example = "kultur"),
        ("If-Match" = Option<String>, Header, description = "The version of what goes, or `*`", example = "\"v3\""),
    ),
    request_body(content = MergeIn, description = "What stays"),
    responses(
        (status = 200, description = "Merged, or merged before", body = Saved<Merged<SectionOut>>,
            headers(("ETag" = String, description = "The version of what stays, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts,
        (status = 412, description = "`If-Match` names another version; the problem has the present one. Type: `/problems/stale`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/editor/sections/{section}/merge")]
pub async fn merge_section(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let input: MergeIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = merging::merge(tx, &by.actor, &at, expect, &input)?;
        let version = saved.item.item.version;
        Ok(Reply::ok(&saved).version(version))
    })
    .await
}

fn reply(by: &By, saved: Saved<SectionOut>) -> Reply {
    let SectionOut { version, slug, .. } = &saved.item;
    let location = format!("{}/v1/editor/sections/{slug}", by.config().public_url);
    saved.reply(*version, location)
}
