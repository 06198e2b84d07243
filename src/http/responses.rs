//! Answers that many operations share, for the spec: named groups of problems,
//! so that `responses(…)` of a handler lists what is its own and these.
//!
//! ```ignore
//! responses(
//!     (status = 200, description = "The user", body = UserOut),
//!     Authenticated, NotFound, Conditional, WithBody,
//! )
//! ```

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, Ref, RefOr, Response, ResponseBuilder};

use crate::error::PROBLEM_TYPES;

macro_rules! groups {
    ($($(#[$meta:meta])* $name:ident = $($status:literal)+;)+) => {
        $($(#[$meta])* pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].into_iter().map(|status| (status.to_string(), problem(status).into())).collect()
            }
        })+
    };
}

groups! {
    /// What any operation may answer: a parameter is wrong, or the database is away.
    Anyone = 400 503;
    /// What any operation may answer that asks who is there.
    Authenticated = 400 401 403 503;
    /// What an operation may answer that takes credentials in its body.
    Unauthenticated = 401;
    /// What an operation may answer that looks something up.
    NotFound = 404;
    /// What an operation may answer that can contradict what is stored.
    Conflicting = 409;
    /// What an operation may answer that wants `If-Match`.
    Conditional = 412 428;
    /// What an operation may answer that reads a body.
    WithBody = 408 413 415 422;
    /// What an operation may answer that can be done only so often.
    Limited = 429;
}

/// The problem document with this status; its example is a row of the table.
pub fn problem(status: u16) -> Response {
    let kinds = || PROBLEM_TYPES.iter().filter(|kind| kind.status == status);
    let titles: Vec<&str> = kinds().map(|kind| kind.title).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument")));
    let content = match kinds().next() {
        None => content,
        Some(kind) => content.example(Some(json!({
            "type": format!("/problems/{}", kind.slug),
            "title": kind.title,
            "status": status,
            "detail": kind.cause,
            "instance": "/v1/…",
            "request_id": "6c9f0d3a51e7b284",
        }))),
    };
    let response = ResponseBuilder::new()
        .description(titles.join("; or: "))
        .content("application/problem+json", content.build());
    match status {
        401 => response.header(
            "WWW-Authenticate",
            text("`Bearer`, with `error=\"invalid_token\"` if what was sent is no good (RFC 6750)."),
        ),
        412 | 428 => response.header("ETag", text("The ETag of the present version.")),
        429 | 503 => response.header(
            "Retry-After",
            HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                .description(Some("Seconds to wait."))
                .build(),
        ),
        _ => response,
    }
    .build()
}

fn text(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
        .build()
}
