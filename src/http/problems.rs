//! The pages behind the addresses of the problem types.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Constants, Draft, Origin};
use super::routing::ServiceConfig;
use super::spec::{Missing, PublicProblems};
use crate::db::Time;
use crate::error::{FieldError, PROBLEM_TYPES, ProblemType, Result, not_found};

/// A problem type: what usually causes it and what helps.
#[derive(Serialize, ToSchema)]
pub struct ProblemPage {
    /// The problem's `type`.
    #[schema(example = "/problems/stale")]
    r#type: String,
    /// The problem's `title`.
    #[schema(example = "Somebody was faster")]
    title: &'static str,
    /// The answer's status.
    #[schema(example = 412)]
    status: u16,
    /// What usually causes it.
    cause: &'static str,
    /// A line of curl that shows the way out.
    fix: &'static str,
}

/// A problem document (RFC 9457, `application/problem+json`), which every answer
/// of 400 or more is. Further members depend on the type, such as `current_etag`
/// on 412 and 428.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct ProblemDocument {
    /// Address of a page about this type, relative to this API.
    #[schema(example = "/problems/invalid")]
    r#type: String,
    /// The same for every occurrence of the type.
    #[schema(example = "The content breaks a rule")]
    title: String,
    /// The answer's status.
    #[schema(example = 422)]
    status: u16,
    /// What happened this time, and what to do.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// Under this id the log has more.
    #[schema(example = "6c9f0d3a51e7b284")]
    request_id: String,
    /// Each thing wrong with the input.
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
}

/// All problem types.
#[derive(Serialize, ToSchema)]
pub struct ProblemPages {
    /// Every type there is.
    items: Vec<ProblemPage>,
}

impl From<&ProblemType> for ProblemPage {
    fn from(kind: &ProblemType) -> Self {
        let ProblemType {
            slug,
            status,
            title,
            cause,
            fix,
        } = kind;
        ProblemPage {
            r#type: format!("/problems/{slug}"),
            title,
            status: *status,
            cause,
            fix,
        }
    }
}

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_problems).service(get_problem);
}

/// List all problem types
///
/// Every error is a problem document whose `type` is one of these.
#[utoipa::path(
    tag = "about",
    security(()),
    responses((status = 200, description = "All problem types", body = ProblemPages), PublicProblems),
)]
#[get("/problems")]
pub async fn list_problems(
    request: HttpRequest,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    super::query::Params::of(&request)?.finish()?;
    let items = PROBLEM_TYPES.iter().map(ProblemPage::from).collect();
    lasting(&request, &constants, &ProblemPages { items }).await
}

/// Explain a problem type
///
/// What usually causes it, and a line of curl that shows the way out.
#[utoipa::path(
    tag = "about",
    security(()),
    params(("problem" = String, Path, description = "Last part of a problem's `type`", example = "stale")),
    responses(
        (status = 200, description = "The problem type", body = ProblemPage),
        PublicProblems, Missing,
    ),
)]
#[get("/problems/{problem}")]
pub async fn get_problem(
    request: HttpRequest,
    slug: web::Path<String>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    super::query::Params::of(&request)?.finish()?;
    let kind = PROBLEM_TYPES.iter().find(|kind| kind.slug == slug.as_str());
    let kind = kind.ok_or_else(|| not_found(format!("The problem type `{slug}`")))?;
    lasting(&request, &constants, &ProblemPage::from(kind)).await
}

async fn lasting(
    request: &HttpRequest,
    constants: &Constants,
    body: &impl Serialize,
) -> Result<HttpResponse> {
    let (answer, ..) = Draft::json(body, Vec::new())?.seal()?;
    let origin = Origin {
        hit: true,
        stale: 0,
    };
    answer
        .respond(request, constants, Time::now(), origin)
        .await
}
