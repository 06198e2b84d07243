//! What the OpenAPI description says of many operations alike: which problems
//! they may answer. An operation lists the groups that apply to it.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use crate::error::PROBLEM_TYPES;

type Responses = BTreeMap<String, RefOr<Response>>;

fn problem(status: u16, why: &str) -> (String, RefOr<Response>) {
    let types: Vec<String> = PROBLEM_TYPES
        .iter()
        .filter(|kind| kind.status == status)
        .map(|kind| format!("`/problems/{}`", kind.slug))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemDocument")))
        .build();
    let mut response = ResponseBuilder::new()
        .description(format!("{why} Type: {}.", types.join(" or ")))
        .content("application/problem+json", content);
    let text = |description: &str| {
        HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
            .description(Some(description))
            .build()
    };
    response = match status {
        503 | 429 => response.header("Retry-After", text("Seconds to wait before trying again")),
        412 | 428 => response.header(
            "ETag",
            text("The present version, to be sent as `If-Match`"),
        ),
        _ => response,
    };
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
    /// Operations on something that has to be there.
    Missing:
        404 "Nothing that you may see has this address.";
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
