//! What changes, as it changes: server-sent events on the change log.
//!
//! One task follows the log and shows each change once, whoever listens
//! ([`hub`]). A stream takes what it has not sent yet out of a ring of the newest, and
//! puts its own cursor in front; it asks the database only when it begins, and when it
//! has fallen behind the ring. It holds nothing but its place.
//!
//! Each event's id is a cursor of `/v1/changes`, so a client that comes back with
//! `Last-Event-ID` misses nothing.

pub mod hub;
mod stream;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::context::Contexts;
use super::sync::scope::Named;
use crate::error::{Problem, Result, UNAVAILABLE, bad_parameter};
use crate::http::edge::is_head;
use crate::http::query::Params;
use crate::http::spec::PublicProblems;
use crate::state::State;
use hub::Hub;
use stream::Stream;

/// Follow what changes
///
/// Server-sent events (`text/event-stream`): each has the form of an item of
/// `/v1/changes`, its type as `event`, and as `id` a cursor from which `/v1/changes`
/// and this go on. Without a cursor they begin now, with an event `ready`. `EventSource`
/// sends `Last-Event-ID` by itself when it comes back, and misses nothing. An event
/// `reset` says that the cursor has expired: sync from the start. Where no more streams
/// can be opened the answer is 503; ask `/v1/changes` now and then instead.
#[utoipa::path(
    tag = "sync",
    security(()),
    params(
        ("cursor" = Option<String>, Query, description = "Where to begin: `next_cursor` of `/v1/changes`, `changes_cursor` of `/v1/home`, or the id of an event"),
        ("section" = Option<String>, Query, description = "As in `/v1/changes`", example = "politik"),
        ("types" = Option<String>, Query, description = "As in `/v1/changes`", example = "article"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that arrived. It wins over `cursor`", example = "A5Jv8r8OEk2nAAAAAAAABSAABlI2yPLSQAA"),
    ),
    responses(
        (status = 200, description = "Events, until one side ends it", body = String, content_type = "text/event-stream",
            example = json!("retry: 3000\n\nid: A5Jv8r8OEk2nAAAAAAAABSAABlI2yPLSQAA\nevent: ready\ndata: {\"cursor\":\"A5Jv8r8OEk2nAAAAAAAABSAABlI2yPLSQAA\"}\n\n")),
        PublicProblems,
    ),
)]
#[get("/v1/events")]
pub async fn stream_events(
    request: HttpRequest,
    state: web::Data<State>,
    contexts: web::Data<Contexts>,
    hub: web::Data<Hub>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let named = Named::of(&mut params)?;
    let mut cursor = params.one("cursor")?;
    params.finish()?;
    if let Some(last) = request.headers().get("last-event-id") {
        let last = last
            .to_str()
            .map_err(|_| bad_parameter("Last-Event-ID isn't ASCII."))?;
        if !last.is_empty() {
            cursor = Some(last.to_owned());
        }
    }
    let mut response = HttpResponse::Ok();
    for (name, value) in [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        // nginx would collect events before it passes them on.
        ("x-accel-buffering", "no"),
    ] {
        response.insert_header((name, value));
    }
    if is_head(&request) {
        return Ok(response.finish());
    }
    let (state, hub, contexts) = (state.into_inner(), hub.into_inner(), contexts.into_inner());
    let Some(open) = hub.open(&state) else {
        let detail = format!(
            "{} event streams are open on this server, which is the most it holds. Ask /v1/changes instead, or come back later.",
            state.config.streams_max
        );
        return Err(Problem::new(&UNAVAILABLE, detail)
            .header("Retry-After", "30")
            .into());
    };
    match Stream::begin(state, hub, contexts, open, named, cursor).await {
        Ok(stream) => Ok(response.streaming(stream.into_events())),
        // Whoever is told so comes back, and gives up on any other status.
        Err(error) if error.is_outage() => Ok(response.body(stream::come_back())),
        Err(error) => Err(error),
    }
}
