//! The newsroom's settings as the newsroom keeps them.

use actix_web::{HttpRequest, get, patch, put, web};

use super::{Site, SiteIn, SiteOut, SitePatch, ops};
use crate::auth::{Actor, Right};
use crate::editing::Edit;
use crate::error::Result;
use crate::http::query::Params;
use crate::http::reply::{Reply, Saved};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{
    BodyProblems, EditorProblems, IfMatch, IfNoneMatch, Preconditions, PutPreconditions, Unchanged,
};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(get_editor_site)
        .service(put_site)
        .service(patch_site);
}

/// Read the newsroom's settings
///
/// The defaults, with version 0, until somebody sets something.
#[utoipa::path(
    tag = "site",
    security(("bearer" = [])),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The settings", body = SiteOut,
            headers(("ETag" = String, description = "Their version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/site")]
pub async fn get_editor_site(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let site = state.read(ops::load).await?;
    let version = site.version;
    Ok(Reply::ok(&SiteOut::from(site)).version(version))
}

/// Set the newsroom's settings
///
/// Replaces them whole. Needs `If-Match` unless they were never set.
#[utoipa::path(
    tag = "site",
    security(("bearer" = [])),
    params(PutPreconditions),
    request_body(content = SiteIn, description = "The settings"),
    responses(
        (status = 200, description = "Set, or the same as before", body = Saved<SiteOut>,
            headers(("ETag" = String, description = "Their version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Preconditions,
    ),
)]
#[put("/v1/editor/site")]
pub async fn put_site(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let expect = edit.expect()?;
    let input: SiteIn = upload.json().await?;
    edit.write(move |tx, by| Ok(reply(ops::put(tx, &by.actor, expect, input)?)))
        .await
}

/// Change the newsroom's settings
///
/// What is left out stays; `null` brings back the default. Lists are replaced
/// whole.
#[utoipa::path(
    tag = "site",
    security(("bearer" = [])),
    params(IfMatch),
    request_body(content = SitePatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<SiteOut>,
            headers(("ETag" = String, description = "Their version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Preconditions,
    ),
)]
#[patch("/v1/editor/site")]
pub async fn patch_site(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let expect = edit.expect()?;
    let patch: SitePatch = upload.merge_patch().await?;
    edit.write(move |tx, by| Ok(reply(ops::patch(tx, &by.actor, expect, patch)?)))
        .await
}

fn reply(saved: Saved<Site>) -> Reply {
    let saved = saved.map(SiteOut::from);
    Reply::ok(&saved).version(saved.item.version)
}
