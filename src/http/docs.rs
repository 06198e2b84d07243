//! The description of the API, for programs at `/openapi.json` and for people at
//! `/docs`. Everything comes out of the binary: neither the server nor the
//! browser needs anything from elsewhere, and the page's policy forbids it.

use std::sync::{Arc, OnceLock};

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::answer::{Answer, Constants, Draft, Origin};
use super::routing::ServiceConfig;
use super::spec::{Missing, PublicProblems};
use crate::db::Time;
use crate::error::{Error, Result, internal, not_found};

/// The policy of the page: nothing from anywhere else. Swagger UI sets styles
/// inside its elements, and its icons are addresses that hold their own data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("docs/page.html");
const START: &str = include_str!("docs/start.js");

/// The description and the page's files, sealed when they are first asked for.
pub struct Docs {
    spec: Answer,
    page: OnceLock<Answer>,
    files: [(&'static str, &'static str, OnceLock<Answer>); 4],
}

impl Docs {
    /// Takes the description as it is to be served.
    pub fn new(spec: &str) -> Result<Self> {
        let javascript = "text/javascript; charset=utf-8";
        let file = |name, content_type| (name, content_type, OnceLock::new());
        Ok(Docs {
            spec: sealed("application/json", spec.into())?,
            page: OnceLock::new(),
            files: [
                file("swagger-ui.css", "text/css; charset=utf-8"),
                file("swagger-ui-bundle.js", javascript),
                file("start.js", javascript),
                file("favicon-32x32.png", "image/png"),
            ],
        })
    }

    fn page(&self) -> Result<&Answer> {
        made_once(&self.page, || {
            sealed("text/html; charset=utf-8", PAGE.into())
        })
    }

    fn file(&self, name: &str) -> Result<&Answer> {
        let (name, content_type, place) = self
            .files
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(|| not_found(format!("The file `{name}` of the documentation")))?;
        made_once(place, || match *name {
            "start.js" => sealed(content_type, START.into()),
            name => {
                let unused = Arc::new(utoipa_swagger_ui::Config::new(["/openapi.json"]));
                let found = utoipa_swagger_ui::serve(name, unused).map_err(internal)?;
                let found = found.ok_or_else(|| internal(format!("{name} is not built in")))?;
                sealed(content_type, found.bytes.into_owned())
            }
        })
    }
}

/// Makes a thing at its first use; of two that make it at once, one is kept.
fn made_once(place: &OnceLock<Answer>, make: impl FnOnce() -> Result<Answer>) -> Result<&Answer> {
    match place.get() {
        Some(made) => Ok(made),
        None => {
            let made = make()?;
            Ok(place.get_or_init(|| made))
        }
    }
}

fn sealed(content_type: &'static str, body: Vec<u8>) -> Result<Answer, Error> {
    let mut draft = Draft::new(content_type, body, Vec::new());
    if content_type.starts_with("text/html") {
        let headers = [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("x-frame-options"), "DENY"),
        ];
        let headers = headers.map(|(name, value)| (name, value.to_owned()));
        draft.headers.extend(headers);
    }
    Ok(draft.seal()?.0)
}

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(get_openapi)
        .service(get_docs)
        .service(get_docs_file);
}

async fn respond(
    request: &HttpRequest,
    constants: &Constants,
    answer: &Answer,
) -> Result<HttpResponse> {
    super::query::Params::of(request)?.finish()?;
    let origin = Origin {
        hit: true,
        stale: 0,
    };
    answer
        .respond(request, constants, Time::now(), origin)
        .await
}

/// Get this description
///
/// The OpenAPI 3.1 description of every route, this one included; clients can be
/// generated from it. `perspektive openapi` prints the same.
#[utoipa::path(
    tag = "about",
    security(()),
    responses(
        (status = 200,
        description = "The description",
        body = std::collections::BTreeMap<String, serde_json::Value>,
        example = json!({"openapi": "3.1.0", "info": {"title": "Perspektive"}, "paths": {}})),
        PublicProblems,
    ),
)]
#[get("/openapi.json")]
pub async fn get_openapi(
    request: HttpRequest,
    docs: web::Data<Docs>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    respond(&request, &constants, &docs.spec).await
}

/// Read and try the API in a browser
///
/// A page made of the description, where each operation can be tried out. It
/// needs nothing but this server.
#[utoipa::path(
    tag = "about",
    security(()),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html", example = "<!DOCTYPE html>"),
        PublicProblems,
    ),
)]
#[get("/docs")]
pub async fn get_docs(
    request: HttpRequest,
    docs: web::Data<Docs>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    respond(&request, &constants, docs.page()?).await
}

/// Get a file of the documentation page
///
/// What the page at `/docs` is made of; of no use without it.
#[utoipa::path(
    tag = "about",
    security(()),
    params(("file" = String, Path, description = "The file's name", example = "start.js")),
    responses(
        (
            status = 200,
            description = "The file",
            content(
                (String = "text/javascript", example = "window.ui = SwaggerUIBundle({})"),
                (String = "text/css", example = ".swagger-ui {}"),
                (Vec<u8> = "image/png"),
            ),
        ),
        PublicProblems, Missing,
    ),
)]
#[get("/docs/{file}")]
pub async fn get_docs_file(
    request: HttpRequest,
    file: web::Path<String>,
    docs: web::Data<Docs>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    respond(&request, &constants, docs.file(&file)?).await
}
