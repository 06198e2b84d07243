//! Users over HTTP; for admins.

use actix_web::{HttpRequest, get, patch, post, web};

use super::{UserIn, UserOut, UserPatch, ops};
use crate::auth::passwords::{Hash, Hasher, Password};
use crate::auth::{Access, Actor, Right};
use crate::editing::{By, Edit};
use crate::error::{FieldError, Result, invalid_all};
use crate::http::page::{MadePage, MadePageParams, Page};
use crate::http::patch::Patch;
use crate::http::query::Params;
use crate::http::reply::{Outcome, Reply, Saved};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{
    BodyProblems, Conflicts, EditorProblems, IfMatch, IfNoneMatch, Limited, Missing, Preconditions,
    Unchanged,
};
use crate::http::upload::Upload;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_users)
        .service(create_user)
        .service(get_user)
        .service(patch_user);
}

/// List all users
///
/// In the order in which they were added, disabled ones included.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(MadePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of users", body = Page<UserOut>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/users")]
pub async fn list_users(
    actor: Actor,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Administer)?;
    let mut params = Params::of(&request)?;
    let page = MadePage::of(&mut params, None)?;
    params.finish()?;
    let (after, wanted) = (page.after, page.wanted());
    let rows = state.read(move |c| ops::list(c, after, wanted)).await?;
    let path = format!("{}/v1/editor/users", state.config.public_url);
    let place = |user: &crate::auth::User| (user.created_at, user.id);
    Ok(Reply::page(&page.fill(
        rows,
        &path,
        "",
        place,
        UserOut::from,
    )))
}

/// Add a user
///
/// With a password they can sign in; without one they work with keys, which is
/// right for scripts. Nobody gives a role that has more rights than they have.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    request_body(content = UserIn, description = "The user"),
    responses(
        (status = 201, description = "Added", body = Saved<UserOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"), ("Location" = String, description = "Its address"))),
        EditorProblems, BodyProblems, Conflicts, Limited,
    ),
)]
#[post("/v1/editor/users")]
pub async fn create_user(edit: Edit, upload: Upload, access: web::Data<Access>) -> Result<Reply> {
    edit.require(Right::Administer)?;
    edit.params()?.finish()?;
    let UserIn {
        name,
        role,
        password,
    } = upload.json().await?;
    let password = match password {
        Some(password) => Some(hash(&access.passwords, password).await?),
        None => None,
    };
    let new = ops::New {
        name,
        role,
        password,
    };
    edit.write(move |tx, by| {
        let item = ops::add(tx, &by.actor, new)?;
        let result = Outcome::Created;
        Ok(reply(by, Saved { result, item }))
    })
    .await
}

/// Read a user
///
/// By name or id.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "Name or id", example = "anna"), IfNoneMatch),
    responses(
        (status = 200, description = "The user", body = UserOut,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        Unchanged, EditorProblems, Missing,
    ),
)]
#[get("/v1/editor/users/{user}")]
pub async fn get_user(
    actor: Actor,
    request: HttpRequest,
    which: web::Path<String>,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Administer)?;
    Params::of(&request)?.finish()?;
    let user = state.read(move |c| ops::find(c, &which)).await?;
    let version = user.version;
    Ok(Reply::ok(&UserOut::from(user)).version(version))
}

/// Change a user
///
/// Another name, another role, another password; `"disabled": true` ends their
/// sign-ins and stops their keys at once, and `false` lets them in again (keys
/// work again, sign-ins have to be made anew). A new password ends their
/// sign-ins. The last admin who isn't disabled can be neither disabled nor
/// demoted. Users are never deleted, because articles name them.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "Name or id", example = "anna"), IfMatch),
    request_body(content = UserPatch, content_type = "application/merge-patch+json", description = "What is to be different"),
    responses(
        (status = 200, description = "Changed, or the same as before", body = Saved<UserOut>,
            headers(("ETag" = String, description = "Its version, to be sent as `If-Match`"))),
        EditorProblems, BodyProblems, Missing, Conflicts, Preconditions, Limited,
    ),
)]
#[patch("/v1/editor/users/{user}")]
pub async fn patch_user(
    edit: Edit,
    which: web::Path<String>,
    upload: Upload,
    access: web::Data<Access>,
) -> Result<Reply> {
    edit.require(Right::Administer)?;
    edit.params()?.finish()?;
    let expect = edit.expect()?;
    let patch: UserPatch = upload.merge_patch().await?;
    let change = changes(&access.passwords, patch).await?;
    edit.write(move |tx, by| {
        let saved = ops::change(tx, &by.actor, &which, expect, change)?;
        Ok(reply(by, saved))
    })
    .await
}

fn reply(by: &By, saved: Saved<crate::auth::User>) -> Reply {
    let user = &saved.item;
    let (version, id) = (user.version, user.id);
    let location = format!("{}/v1/editor/users/{id}", by.config().public_url);
    saved.map(UserOut::from).reply(version, location)
}

async fn changes(hasher: &Hasher, patch: UserPatch) -> Result<ops::Change> {
    let mut errors = Vec::new();
    let change = ops::Change {
        name: lasting(patch.name, "#/name", &mut errors),
        role: lasting(patch.role, "#/role", &mut errors),
        disabled: lasting(patch.disabled, "#/disabled", &mut errors),
        password: None,
    };
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    let password = match patch.password {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Value(password) => Some(Some(hash(hasher, password).await?)),
    };
    Ok(ops::Change { password, ..change })
}

/// A member that can be changed but not removed.
fn lasting<T>(member: Patch<T>, pointer: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    match member {
        Patch::Absent => None,
        Patch::Value(value) => Some(value),
        Patch::Null => {
            let detail = "can't be removed; leave it out or send a value";
            errors.push(FieldError::new(pointer, "required", detail));
            None
        }
    }
}

/// Hashes a new password, if it may be one.
async fn hash(hasher: &Hasher, password: Password) -> Result<Hash> {
    let mut errors = Vec::new();
    password.check("#/password", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    hasher.hash(password).await
}
