//! For whoever runs the server: is it alive, can it work, how is it doing.

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::routing::ServiceConfig;
use super::spec::ReadyProblems;
use crate::error::{FORBIDDEN, Problem, Result, UNAUTHENTICATED, UNAVAILABLE};
use crate::state::State;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of Perspektive.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

const OK: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(get_live)
        .service(get_ready)
        .service(get_metrics);
}

/// Tell whether the process is alive
///
/// Answers as long as there is a process; asks nothing of the database.
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Alive", body = Health)))]
#[get("/health/live")]
pub async fn get_live() -> HttpResponse {
    HttpResponse::Ok().json(OK)
}

/// Tell whether requests can be served
///
/// 503 while the database is away and when the server has been told to stop.
#[utoipa::path(
    tag = "operations",
    security(()),
    responses((status = 200, description = "Ready", body = Health), ReadyProblems),
)]
#[get("/health/ready")]
pub async fn get_ready(state: web::Data<State>) -> Result<HttpResponse> {
    if state.is_stopping() {
        let detail = "This server was told to stop: it finishes what runs. Ask another node, or this one when it is back.";
        return Err(Problem::new(&UNAVAILABLE, detail)
            .header("Retry-After", "2")
            .into());
    }
    state
        .read(|conn| Ok(crate::store!(*conn, changes::head())?))
        .await?;
    Ok(HttpResponse::Ok().json(OK))
}

/// Read the metrics
///
/// In the OpenMetrics text format. Open to this machine itself, and to whoever
/// carries `METRICS_TOKEN` as a bearer token.
#[utoipa::path(
    tag = "operations",
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"),
        super::spec::GuardedProblems,
    ),
)]
#[get("/metrics")]
pub async fn get_metrics(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse> {
    permit(&request, &state)?;
    let text = state
        .metrics
        .write(state.cache.usage(), state.staleness(state.now()))?;
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ))
        .body(text))
}

/// A proxy on this machine makes everybody look local, so a forwarded request
/// needs the token.
fn permit(request: &HttpRequest, state: &State) -> Result<()> {
    let local = request
        .peer_addr()
        .is_some_and(|peer| is_loopback(peer.ip()));
    let forwarded = request.headers().contains_key("x-forwarded-for")
        || request.headers().contains_key("forwarded");
    let Some(token) = &state.config.metrics_token else {
        return if local && !forwarded {
            Ok(())
        } else {
            Err(Problem::new(&FORBIDDEN, "Metrics are open to this machine only. Set METRICS_TOKEN to read them from elsewhere.").into())
        };
    };
    let sent = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let sent = sent
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let right = aws_lc_rs::constant_time::verify_slices_are_equal(
        sent.as_bytes(),
        token.expose_secret().as_bytes(),
    );
    if right.is_ok() || (local && !forwarded) {
        return Ok(());
    }
    Err(Problem::new(
        &UNAUTHENTICATED,
        "Send METRICS_TOKEN as Authorization: Bearer.",
    )
    .header("WWW-Authenticate", "Bearer realm=\"perspektive\"")
    .into())
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}
