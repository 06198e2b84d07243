//! What handlers say alike about their operations: which problems they may end
//! with, in groups that an operation lists, and the headers that they read. What
//! follows from that for every operation, `openapi` completes.

use std::collections::BTreeMap;

use utoipa::openapi::{RefOr, Response, ResponseBuilder};

use crate::error::PROBLEM_TYPES;

type Responses = BTreeMap<String, RefOr<Response>>;

/// An answer that `openapi` makes a problem document of.
fn problem(status: u16, why: &str) -> (String, RefOr<Response>) {
    let types: Vec<String> = PROBLEM_TYPES
        .iter()
        .filter(|kind| kind.status == status)
        .map(|kind| format!("`/problems/{}`", kind.slug))
        .collect();
    let response =
        ResponseBuilder::new().description(format!("{why} Type: {}.", types.join(" or ")));
    (status.to_string(), response.build().into())
}

macro_rules! groups {
    ($($(#[$meta:meta])* $name:ident: $($status:literal $why:literal),+;)+) => {$(
        $(#[$meta])*
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> Responses {
                BTreeMap::from([$(problem($status, $why)),+])
            }
        }
    )+};
}

groups! {
    /// Every public GET.
    PublicProblems:
        400 "A parameter is unknown or wrong.",
        406 "`Accept-Encoding` rules out everything there is.",
        500 "A defect on this side.",
        503 "The database is away and no answer is in the cache.";
    /// Every operation that needs an actor.
    EditorProblems:
        400 "The request can't be read, or a parameter is unknown.",
        401 "Who you are is not known.",
        403 "Your role, or your key's scopes, don't include this.",
        500 "A defect on this side.",
        503 "The database is away or busy.";
    /// Operations that anybody may call and nobody may keep.
    AnyoneProblems:
        400 "The request can't be read, or a parameter is unknown.",
        500 "A defect on this side.",
        503 "The database is away or busy.";
    /// Operations that take credentials and say which are no good.
    Unauthenticated:
        401 "What was sent doesn't say who you are.";
    /// Operations that can be done only so often.
    Limited:
        429 "Too many attempts.";
    /// Health.
    ReadyProblems:
        503 "The database is away, or the server is stopping.";
    /// What only whoever runs the server may read.
    GuardedProblems:
        401 "`METRICS_TOKEN` is missing or wrong.",
        403 "Open to this machine only.";
    /// Operations on something that has to be there.
    Missing:
        404 "Nothing that you may see has this address.";
    /// Operations that answer some of the bytes only, if asked for.
    Ranges:
        416 "`Range` asks for bytes behind the end; `Content-Range` says how many there are.";
    /// Operations that read a body.
    BodyProblems:
        408 "The body took too long to arrive.",
        413 "The body is too large.",
        415 "The body's content type isn't read here.",
        422 "The content breaks a rule; `errors` lists each place.";
    /// Operations that something stored can stand in the way of.
    Conflicts:
        409 "Something stored stands in the way.";
    /// Operations that say which version they change.
    Preconditions:
        412 "`If-Match` names another version; the problem has the present one.",
        428 "`If-Match` is missing; the problem has the present version.";
}

/// 304, for operations whose ETag may be sent back.
pub struct Unchanged;

impl utoipa::IntoResponses for Unchanged {
    fn responses() -> Responses {
        let response = ResponseBuilder::new()
            .description("You have it already: `If-None-Match` names the present ETag.");
        BTreeMap::from([("304".to_owned(), response.build().into())])
    }
}

/// For operations that change what is there.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub struct IfMatch {
    /// The ETag of the version to be changed, as the last answer gave it; `*`
    /// changes whatever is there. Without it the answer is 428.
    #[param(rename = "If-Match", example = "\"v7\"", required)]
    if_match: String,
}

/// For PUT.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub struct PutPreconditions {
    /// The ETag of the version to be replaced, as the last answer gave it; `*`
    /// replaces whatever is there but creates nothing. Needed only if something
    /// else is there.
    #[param(rename = "If-Match", example = "\"v7\"", nullable = false)]
    if_match: Option<String>,
    /// `*` creates but replaces nothing.
    #[param(rename = "If-None-Match", example = "*", nullable = false)]
    if_none_match: Option<String>,
}

/// For GET.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub struct IfNoneMatch {
    /// The ETag of the answer you have; if it is still right, you get 304.
    #[param(
        rename = "If-None-Match",
        example = "\"5f2b8c0d9a4e1f37\"",
        nullable = false
    )]
    if_none_match: Option<String>,
}
