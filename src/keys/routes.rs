//! Keys over HTTP; for everyone who is signed in.

use actix_web::{HttpRequest, delete, get, post, web};

use super::{KeyIn, KeyMade, KeyOut, ops};
use crate::auth::{Actor, Key};
use crate::db::Id;
use crate::editing::Edit;
use crate::error::{Result, not_found};
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
        .service(list_keys)
        .service(create_key)
        .service(get_key)
        .service(revoke_key);
}

/// List keys
///
/// Yours, in the order in which they were made; revoked ones are left out. An
/// admin may ask for somebody else's with `user`, or for everybody's with
/// `user=*`.
#[utoipa::path(
    tag = "keys",
    security(("bearer" = [])),
    params(
        ("user" = Option<String>, Query, description = "Whose, by name or id; `*` for everybody's. Yours if left out", example = "anna"),
        MadePageParams, IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of keys", body = Page<KeyOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/keys")]
pub async fn list_keys(
    actor: Actor,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<Reply> {
    let mut params = Params::of(&request)?;
    let whose = params.one("user")?;
    let page = MadePage::of(&mut params, whose.as_deref().map(|user| ("user", user)))?;
    params.finish()?;
    let (after, wanted, filter) = (page.after, page.wanted(), whose.clone().unwrap_or_default());
    let rows = state
        .read(move |c| ops::list(c, &actor, whose.as_deref(), after, wanted))
        .await?;
    let path = format!("{}/v1/editor/keys", state.config.public_url);
    let place = |(key, _): &(Key, String)| (key.created_at, key.id);
    let show = |(key, user)| KeyOut::new(key, user);
    Ok(Reply::page(&page.fill(rows, &path, &filter, place, show)))
}

/// Make a key
///
/// The answer shows the key, this once. It belongs to you, or, if you are an
/// admin, to whom `user` names. A key that you come in with makes no key that
/// can do more or lives longer than itself.
#[utoipa::path(
    tag = "keys",
    security(("bearer" = [])),
    request_body(content = KeyIn, description = "The key's name and limits"),
    responses(
        (status = 201, description = "Made", body = KeyMade,
            headers(("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Missing, Conflicts,
    ),
)]
#[post("/v1/editor/keys")]
pub async fn create_key(edit: Edit, upload: Upload) -> Result<Reply> {
    edit.params()?.finish()?;
    let new: KeyIn = upload.json().await?;
    edit.write(move |tx, by| {
        let made = ops::add(tx, &by.actor, new)?;
        let location = format!("{}/v1/editor/keys/{}", by.config().public_url, made.key.id);
        let about = KeyOut::new(made.key, made.owner.name);
        // What was not stored opens nothing and is not shown.
        let key = (!by.dry_run).then_some(made.secret);
        Ok(Reply::created(&KeyMade { key, about }, location))
    })
    .await
}

/// Read a key
///
/// Its name, scopes and last use; never the key itself.
#[utoipa::path(
    tag = "keys",
    security(("bearer" = [])),
    params(("key" = Id, Path, description = "The key's id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfNoneMatch),
    responses(
        (status = 200, description = "The key", body = KeyOut,
            headers(("ETag" = String, description = "Stands for this answer"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/keys/{key}")]
pub async fn get_key(
    actor: Actor,
    request: HttpRequest,
    id: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    Params::of(&request)?.finish()?;
    let id = parse(&id)?;
    let (key, owner) = state.read(move |c| ops::find(c, &actor, id)).await?;
    Ok(Reply::ok(&KeyOut::new(key, owner.name)))
}

/// Revoke a key
///
/// It opens nothing from now on, and can't be brought back. Nothing about a key
/// can change in between, so no `If-Match` is asked for. You may revoke keys
/// that can do no more than you; an admin may revoke others' keys.
#[utoipa::path(
    tag = "keys",
    security(("bearer" = [])),
    params(("key" = Id, Path, description = "The key's id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e")),
    responses((status = 204, description = "Revoked"), EditorProblems, Missing),
)]
#[delete("/v1/editor/keys/{key}")]
pub async fn revoke_key(edit: Edit, id: web::Path<String>) -> Result<Reply> {
    edit.params()?.finish()?;
    let id = parse(&id)?;
    edit.write(move |tx, by| {
        ops::revoke(tx, &by.actor, id)?;
        Ok(Reply::no_content())
    })
    .await
}

fn parse(id: &str) -> Result<Id> {
    id.parse().map_err(|_| {
        let shown: String = id.chars().take(80).collect();
        not_found(format!("The key `{shown}`"))
    })
}
