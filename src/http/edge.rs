//! The one middleware around everything.
//!
//! It gives each request an id, turns panics and every answer of 400 or more
//! into problem documents (RFC 9457), counts, logs, and sets the headers that
//! depend on who may read an answer rather than on what it says. Handlers set
//! none of these: an answer without a cache policy leaves as `no-store`.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::answer::{Constants, EXPOSED};
use super::reply::PRIVATE;
use super::{client, limited};
use crate::audit::model::Origin;
use crate::cache::Known;
use crate::config::Config;
use crate::error::{
    BAD_PARAMETER, Error, FORBIDDEN, INTERNAL, MALFORMED, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE,
    NOT_FOUND, Problem, ProblemType, Result, TIMEOUT, TOO_LARGE, UNAUTHENTICATED, UNSUPPORTED_TYPE,
    internal,
};
use crate::state::{State, patiently};

const PROBLEM_JSON: &str = "application/problem+json";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id: the client's own if it sent a usable `X-Request-Id`.
#[derive(Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let usable = |value: &&HeaderValue| {
            value.len() <= 64
                && !value.is_empty()
                && value
                    .as_bytes()
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        };
        RequestId(
            headers
                .get(REQUEST_ID)
                .filter(usable)
                .cloned()
                .unwrap_or_else(new_id),
        )
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Marks a request as HEAD, which handlers see as GET, for those whose body has no
/// end.
pub struct Head;

/// Says under which key the answer to a request is kept. It depends on the address
/// and on nothing else.
pub struct KeptAs(pub String);

/// Whether a request is HEAD.
pub fn is_head(request: &HttpRequest) -> bool {
    request.extensions().get::<Head>().is_some()
}

/// Where a request came from, for the audit log.
pub fn origin(request: &HttpRequest, config: &Config) -> Origin {
    let id = request.extensions().get::<RequestId>().cloned();
    Origin {
        address: client::address(request, &config.trusted_proxies).to_string(),
        request_id: id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// 16 hexadecimal digits: a counter of this thread, mixed so that ids of
/// different threads and processes don't meet.
fn new_id() -> HeaderValue {
    thread_local! {
        static NEXT: Cell<u128> = Cell::new(uuid::Uuid::new_v4().as_u128());
    }
    let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
    let hash = xxhash_rust::xxh3::xxh3_64(&number.to_be_bytes());
    HeaderValue::from_str(&format!("{hash:016x}")).unwrap_or(HeaderValue::from_static("-"))
}

/// Every route's pattern and methods, as the spec lists them.
pub struct Routes(HashMap<String, (&'static str, String)>);

impl Routes {
    /// Reads the routes from the description.
    pub fn of(description: &str) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct Described {
            paths: HashMap<String, HashMap<String, serde::de::IgnoredAny>>,
        }
        let described: Described = serde_json::from_str(description).map_err(internal)?;
        let routes = described.paths.into_iter().map(|(path, operations)| {
            let mut methods: Vec<&str> = [
                ("GET, HEAD", "get"),
                ("POST", "post"),
                ("PUT", "put"),
                ("PATCH", "patch"),
                ("DELETE", "delete"),
            ]
            .into_iter()
            .filter_map(|(name, key)| operations.contains_key(key).then_some(name))
            .collect();
            methods.push("OPTIONS");
            let pattern: &'static str = Box::leak(path.clone().into_boxed_str());
            (path, (pattern, methods.join(", ")))
        });
        Ok(Routes(routes.collect()))
    }

    fn pattern(&self, request: &HttpRequest) -> &'static str {
        self.found(request)
            .map_or("unknown", |(pattern, _)| *pattern)
    }

    fn allow(&self, request: &HttpRequest) -> Option<&str> {
        self.found(request).map(|(_, allow)| allow.as_str())
    }

    fn found(&self, request: &HttpRequest) -> Option<&(&'static str, String)> {
        self.0.get(plain(&request.match_pattern()?).as_ref())
    }
}

/// A pattern without the regular expressions that actix keeps in it.
fn plain(pattern: &str) -> std::borrow::Cow<'_, str> {
    if !pattern.contains(':') {
        return pattern.into();
    }
    let mut plain = String::with_capacity(pattern.len());
    let mut skipping = false;
    for c in pattern.chars() {
        match c {
            ':' => skipping = true,
            '}' => {
                skipping = false;
                plain.push(c);
            }
            _ if skipping => {}
            _ => plain.push(c),
        }
    }
    plain.into()
}

/// The middleware.
pub async fn edge(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let method = usual(request.method());
    // The encoder leaves out the body of an answer to HEAD by itself.
    if request.method() == Method::HEAD {
        request.extensions_mut().insert(Head);
        request.head_mut().method = Method::GET;
        // A range is something of GET only (RFC 9110, section 14.2).
        request.headers_mut().remove(header::RANGE);
    }
    let id = RequestId::of(request.headers());
    let state = request
        .app_data::<web::Data<State>>()
        .cloned()
        .map(web::Data::into_inner);
    let _running = state.as_ref().map(State::enter);

    if request.method() == Method::GET
        && let Some(state) = state.as_deref()
        && let Some((answered, route)) = at_once(&request, state).await
    {
        let response = match answered {
            Ok(response) => request.into_response(response),
            Err(error) => request.error_response(error),
        };
        return Ok(leave(
            response,
            Some(state),
            (method, Some(route)),
            &id,
            started,
        ));
    }
    request.extensions_mut().insert(id.clone());

    if request.path().contains("%00") || request.query_string().contains("%00") {
        // Nothing has a name with NUL in it, and PostgreSQL can't be asked.
        let problem = Problem::new(
            &BAD_PARAMETER,
            "The address holds NUL (%00), which nothing here has in its name; remove it.",
        );
        let refused = request.error_response(Error::from(problem));
        return Ok(leave(
            refused,
            state.as_deref(),
            (method, None),
            &id,
            started,
        ));
    }

    let served = AssertUnwindSafe(patiently(next.call(request)))
        .catch_unwind()
        .await;
    let response = match served {
        Ok(response) => response?,
        Err(panic) => {
            if let Some(state) = state {
                state
                    .metrics
                    .observe(method, "unknown", 500, started.elapsed());
            }
            return Err(Panicked::new(id, panic.as_ref()).into());
        }
    };
    Ok(leave(
        response,
        state.as_deref(),
        (method, None),
        &id,
        started,
    ))
}

/// The answer to an address that was asked for before, if it is kept and still right,
/// and its route's pattern. Most of what readers ask for ends here, without having been
/// routed.
async fn at_once(
    request: &ServiceRequest,
    state: &State,
) -> Option<(Result<HttpResponse>, &'static str)> {
    let known = state.addresses.find(address(request.request())?)?;
    let now = state.now();
    let (answer, origin) = state.kept(&known.key, now)?;
    let constants = request.app_data::<web::Data<Constants>>()?;
    let response = answer
        .respond(request.request(), constants, now, origin)
        .await;
    Some((response, known.route))
}

/// An address as the client wrote it.
fn address(request: &HttpRequest) -> Option<&str> {
    request
        .uri()
        .path_and_query()
        .map(|address| address.as_str())
}

/// What every answer goes through on its way out. A route that is known already need
/// not be looked up.
fn leave(
    response: ServiceResponse<BoxBody>,
    state: Option<&State>,
    (method, route): (&'static str, Option<&'static str>),
    id: &RequestId,
    started: Instant,
) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let failed = response.status().is_client_error() || response.status().is_server_error();
    // A replayed answer is a document already.
    let mut response = if failed && !is_document(&response) {
        problem_document(&request, response, id)
    } else {
        response
    };
    set_headers(&request, response.headers_mut(), id);
    if state.is_some_and(State::is_stopping) {
        // Connections that are kept open would hold up the end.
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }

    let took = started.elapsed();
    let status = response.status().as_u16();
    if let Some(state) = state {
        let route = route.unwrap_or_else(|| {
            let routes = request.app_data::<web::Data<Routes>>();
            routes.map_or("unknown", |routes| routes.pattern(&request))
        });
        state.metrics.observe(method, route, status, took);
        let kept = request.extensions_mut().remove::<KeptAs>();
        if let (Some(KeptAs(key)), Some(address)) = (kept, address(&request)) {
            let key = key.into();
            state.addresses.note(address, Known { key, route });
        }
    }
    let ms = took.as_micros() as f64 / 1e3;
    tracing::info!(request_id = %id, method, path = loggable(request.path()), status, ms, "request");
    ServiceResponse::new(request, response)
}

/// A path as it may stand in a log: without the token of a preview link, which
/// opens a draft to whoever reads it.
fn loggable(path: &str) -> &str {
    const PREVIEW: &str = "/v1/preview/";
    match path.starts_with(PREVIEW) {
        true => PREVIEW,
        false => path,
    }
}

fn usual(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Who may read what lies under a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Anyone, from any origin.
    Public,
    /// Whoever is signed in, from the origins that the settings list.
    Editors,
    /// Whoever runs the server.
    Operators,
}

/// Whether a path belongs to those who are signed in. `/v1/authors` doesn't.
pub fn is_for_editors(path: &str) -> bool {
    path.starts_with("/v1/editor/") || path.starts_with("/v1/auth/")
}

fn audience(path: &str) -> Audience {
    if is_for_editors(path) {
        Audience::Editors
    } else if path.starts_with("/metrics") || path.starts_with("/health") {
        Audience::Operators
    } else {
        Audience::Public
    }
}

fn set_headers(request: &HttpRequest, headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(REQUEST_ID, id.0.clone());
    // A public answer comes with all of the following.
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        && headers.contains_key(header::CACHE_CONTROL)
    {
        return;
    }
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(header::CACHE_CONTROL, PRIVATE);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    match audience(request.path()) {
        Audience::Public => {
            default(header::VARY, "Accept-Encoding");
            default(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            default(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        Audience::Editors => {
            default(header::VARY, "Authorization, Origin");
            if let Some(origin) = allowed_origin(request) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(
                    header::ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static(EXPOSED),
                );
            }
        }
        Audience::Operators => default(header::VARY, "Authorization"),
    }
}

fn allowed_origin(request: &HttpRequest) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let state = request.app_data::<web::Data<State>>()?;
    state
        .config
        .editor_origins
        .iter()
        .any(|known| known.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// What no route answers: OPTIONS (the browser's preflight among them), a
/// method that the address doesn't take, an address that doesn't exist.
pub async fn unrouted(request: HttpRequest) -> Result<HttpResponse> {
    let routes = request.app_data::<web::Data<Routes>>();
    let Some(allow) = routes.and_then(|routes| routes.allow(&request)) else {
        let shown: String = request.path().chars().take(200).collect();
        let way_out = match shown.strip_suffix('/') {
            Some(rest) if !rest.is_empty() => format!("Leave the slash at its end out: `{rest}`."),
            _ => "/openapi.json lists all routes and /docs shows them.".to_owned(),
        };
        let detail = format!("No route leads to `{shown}`. {way_out}");
        return Err(Problem::new(&NOT_FOUND, detail).into());
    };
    if request.method() != Method::OPTIONS {
        let detail = format!(
            "{} takes {allow}; not {}.",
            request.path(),
            request.method()
        );
        return Err(Problem::new(&METHOD_NOT_ALLOWED, detail)
            .header("Allow", allow)
            .into());
    }
    let mut response = HttpResponse::NoContent();
    response.insert_header((header::ALLOW, allow));
    if allow.contains("PATCH") {
        response.insert_header((
            HeaderName::from_static("accept-patch"),
            "application/merge-patch+json",
        ));
    }
    if request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        let origin = match audience(request.path()) {
            Audience::Public => Some(HeaderValue::from_static("*")),
            Audience::Editors => allowed_origin(&request),
            Audience::Operators => None,
        };
        if let Some(origin) = origin {
            response
                .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin))
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow))
                .insert_header((
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id",
                ))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, "7200"));
        }
    }
    Ok(response.finish())
}

/// Replaces whatever an error answered by a problem document, and logs what is
/// this side's fault.
fn problem_document(request: &HttpRequest, response: HttpResponse, id: &RequestId) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<Error>());
    let problem = match error {
        Some(error) => {
            match error {
                Error::Problem(_) => {}
                Error::Unavailable(_) => {
                    tracing::warn!(request_id = %id, path = request.path(), %error, "unavailable")
                }
                error if error.is_outage() => {
                    tracing::warn!(request_id = %id, path = request.path(), %error, "unavailable");
                }
                error => {
                    tracing::error!(request_id = %id, path = request.path(), %error, "request failed")
                }
            }
            error.to_problem().into_owned()
        }
        None => framework_problem(&response),
    };
    let status = response.status();
    let mut built = document(&problem, request.path(), id);
    // Headers that the framework set, such as a `WWW-Authenticate`, stay.
    if error.is_none() {
        *built.status_mut() = status;
    }
    // And how the client stands with its limits, unless that is the problem.
    for name in [limited::POLICY, limited::LIMIT] {
        if let Some(value) = response.headers().get(&name)
            && !built.headers().contains_key(&name)
        {
            built.headers_mut().insert(name, value.clone());
        }
    }
    if problem.kind.status == 404
        && !built.headers().contains_key(header::CACHE_CONTROL)
        && audience(request.path()) == Audience::Public
    {
        built.headers_mut().insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=5"),
        );
    }
    built
}

fn is_document(response: &HttpResponse) -> bool {
    response.error().is_none()
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == PROBLEM_JSON)
}

/// What the framework refused by itself.
fn framework_problem(response: &HttpResponse) -> Problem {
    let detail = response.error().map(ToString::to_string);
    let (kind, fallback): (&'static ProblemType, &str) = match response.status() {
        StatusCode::NOT_FOUND => (
            &NOT_FOUND,
            "No route leads there; /openapi.json lists all routes.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            &METHOD_NOT_ALLOWED,
            "This address doesn't take that method.",
        ),
        StatusCode::UNAUTHORIZED => (
            &UNAUTHENTICATED,
            "Send a token or key as Authorization: Bearer.",
        ),
        StatusCode::FORBIDDEN => (&FORBIDDEN, "You may not do this."),
        StatusCode::NOT_ACCEPTABLE => (&NOT_ACCEPTABLE, "There is no such representation."),
        StatusCode::REQUEST_TIMEOUT => (&TIMEOUT, "The request took too long to arrive."),
        StatusCode::PAYLOAD_TOO_LARGE => (&TOO_LARGE, "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (&UNSUPPORTED_TYPE, "This content type isn't read here.")
        }
        status if status.is_client_error() => (&MALFORMED, "The request can't be read."),
        _ => (&INTERNAL, "The cause is in the log, under the request_id."),
    };
    let detail = detail
        .filter(|_| kind.status < 500)
        .unwrap_or_else(|| fallback.to_owned());
    Problem::new(kind, detail)
}

/// A problem as its document: what a client gets for a request with this path
/// and id.
pub fn document_text(problem: &Problem, path: &str, id: Option<&RequestId>) -> String {
    let mut members = Map::new();
    members.insert(
        "type".to_owned(),
        json!(format!("/problems/{}", problem.kind.slug)),
    );
    members.insert("title".to_owned(), json!(problem.kind.title));
    members.insert("status".to_owned(), json!(problem.kind.status));
    members.insert("detail".to_owned(), json!(problem.detail));
    members.insert("instance".to_owned(), json!(path));
    if let Some(id) = id {
        members.insert("request_id".to_owned(), json!(id.to_string()));
    }
    members.extend(problem.extra.clone());
    if !problem.errors.is_empty() {
        members.insert("errors".to_owned(), json!(problem.errors));
    }
    format!("{}\n", Value::Object(members))
}

fn document(problem: &Problem, path: &str, id: &RequestId) -> HttpResponse {
    let status =
        StatusCode::from_u16(problem.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(PROBLEM_JSON);
    for (name, value) in &problem.headers {
        response.insert_header((*name, value.as_str()));
    }
    response.body(document_text(problem, path, Some(id)))
}

/// A handler panicked. The document is written here because the request it
/// belongs to is gone.
struct Panicked {
    id: RequestId,
}

impl Panicked {
    fn new(id: RequestId, panic: &(dyn std::any::Any + Send)) -> Self {
        let cause = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        tracing::error!(request_id = %id, cause, "a handler panicked");
        Panicked { id }
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic in request {}", self.id)
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl ResponseError for Panicked {
    fn error_response(&self) -> HttpResponse {
        let problem = Problem::new(&INTERNAL, "The cause is in the log, under the request_id.");
        let mut response = document(&problem, "", &self.id);
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id.0.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Authorization, Origin"),
        );
        response
    }
}
