//! Topics as the newsroom keeps them.

use actix_web::{HttpRequest, delete, get, patch, post, put, web};

use super::{Topic, TopicIn, TopicOut, TopicPatch};
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
        .service(list_editor_topics)
        .service(create_topic)
        .service(get_editor_topic)
        .service(put_topic)
        .service(patch_topic)
        .service(delete_topic)
        .service(free_topic_slug)
        .service(merge_topic);
}

/// List all topics
///
/// In the order of their names, those included that readers don't see yet.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of topics", body = Page<TopicOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/topics")]
pub async fn list_editor_topics(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let path = format!("{}/v1/editor/topics", state.config.public_url);
    let page = state
        .read(move |c| terms::page::<Topic, TopicOut>(c, &wanted, &path))
        .await?;
    Ok(Reply::page(&page))
}

/// Create a topic
///
/// Its slug is made of its name unless one is sent; a slug or name that is taken is a 409.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    request_body(content = TopicIn, description = "The topic"),
    responses(
        (status = 201, description = "Created", body = Saved<TopicOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts,
    ),
)]
#[post("/v1/editor/topics")]
pub async fn create_topic(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let input: TopicIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = terms::create::<Topic>(tx, &by.actor, input)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Read a topic
///
/// As the newsroom keeps it, with the version that a change has to name.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(("topic" = String, Path, description = "Slug or id", example = "verkehr"), IfNoneMatch),
    responses(
        (status = 200, description = "The topic", body = TopicOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/topics/{topic}")]
pub async fn get_editor_topic(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    at: web::Path<String>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    Params::of(&request)?.finish()?;
    let at = Reference::of(&at);
    let found = state.read(move |c| terms::find::<Topic>(c, &at)).await?;
    let version = found.item.version;
    Ok(Reply::ok(&TopicOut::from(found)).version(version))
}

/// Create or replace a topic
///
/// Creates the topic if the slug is free and replaces it whole if it isn't.
/// The same content twice is harmless. Replacing needs `If-Match`.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(("topic" = String, Path, description = "Slug or id", example = "verkehr"), PutPreconditions),
    request_body(content = TopicIn, description = "The topic"),
    responses(
        (status = 200, description = "Replaced, or the same as before", body = Saved<TopicOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        (status = 201, description = "Created", body = Saved<TopicOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[put("/v1/editor/topics/{topic}")]
pub async fn put_topic(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::to_put(&at)?, edit.expect()?);
    let input: TopicIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = terms::put::<Topic>(tx, &by.actor, &at, expect, input)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Change a topic
///
/// What is left out stays; `null` removes. A slug that it gives up still leads to
/// it, for readers and in uploads, until it is freed.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(("topic" = String, Path, description = "Slug or id", example = "verkehr"), IfMatch),
    request_body(content = TopicPatch, description = "What changes, as a merge patch (RFC 7396)", content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<TopicOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[patch("/v1/editor/topics/{topic}")]
pub async fn patch_topic(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let patch: TopicPatch = upload.merge_patch().await?;
    edit.write(move |tx, by| {
        let saved = terms::patch::<Topic>(tx, &by.actor, &at, expect, patch)?;
        Ok(reply(by, saved))
    })
    .await
}

/// Delete a topic
///
/// Not while an article has it.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(("topic" = String, Path, description = "Slug or id", example = "verkehr"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/topics/{topic}")]
pub async fn delete_topic(edit: Edit, at: web::Path<String>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        terms::delete::<Topic>(tx, &by.actor, &at, expect)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Free a former slug
///
/// It no longer leads to the topic, and another may have it.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(
        ("topic" = String, Path, description = "Slug or id", example = "verkehr"),
        ("slug" = String, Path, description = "One of its `former_slugs`", example = "nahverkehr"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "Freed"),
        EditorProblems, Missing, Conflicts, Preconditions,
    ),
)]
#[delete("/v1/editor/topics/{topic}/former-slugs/{slug}")]
pub async fn free_topic_slug(edit: Edit, path: web::Path<(String, String)>) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, slug) = path.into_inner();
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    edit.write(move |tx, by| {
        terms::free_slug::<Topic>(tx, &by.actor, &at, expect, &slug)?;
        Ok(Reply::no_content())
    })
    .await
}

/// Merge a topic into another
///
/// Its articles have the other topic, and what leads to the one
/// leads to the other from then on: its address is a redirect, its name an alias.
/// It is gone. No article changes; old revisions mean the other. A dry run says how
/// many articles it is about. Doing it again changes nothing.
#[utoipa::path(
    tag = "topics",
    security(("bearer" = [])),
    params(
        ("topic" = String, Path, description = "Slug or id of what goes", example = "verkehr"),
        ("If-Match" = Option<String>, Header, description = "The version of what goes, or `*`", example = "\"v3\""),
    ),
    request_body(content = MergeIn, description = "What stays"),
    responses(
        (status = 200, description = "Merged, or merged before", body = Saved<Merged<TopicOut>>,
            headers(("ETag" = String, description = "The version of what stays, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts,
        (status = 412, description = "`If-Match` names another version; the problem has the present one. Type: `/problems/stale`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/editor/topics/{topic}/merge")]
pub async fn merge_topic(edit: Edit, at: web::Path<String>, upload: Upload) -> Result<Reply> {
    edit.require(Right::Manage)?;
    edit.params()?.finish()?;
    let (at, expect) = (Reference::of(&at), edit.expect()?);
    let input: MergeIn = upload.json().await?;
    edit.write(move |tx, by| {
        let saved = merging::merge::<Topic>(tx, &by.actor, &at, expect, &input)?;
        let version = saved.item.item.item.version;
        let saved = saved.map(|Merged { articles, item }| Merged {
            articles,
            item: TopicOut::from(item),
        });
        Ok(Reply::ok(&saved).version(version))
    })
    .await
}

fn reply(by: &By, saved: Saved<Kept<Topic>>) -> Reply {
    let saved = saved.map(TopicOut::from);
    let TopicOut { version, slug, .. } = &saved.item;
    let location = format!("{}/v1/editor/topics/{slug}", by.config().public_url);
    saved.reply(*version, location)
}
