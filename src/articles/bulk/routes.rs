//! Bulk uploads over HTTP.

use actix_web::{HttpMessage, HttpResponse, post};

use super::{Context, Mode};
use crate::auth::Right;
use crate::editing::Edit;
use crate::error::{Result, internal};
use crate::http::edge::RequestId;
use crate::http::routing::ServiceConfig;
use crate::http::spec::{BodyProblems, EditorProblems};
use crate::http::spool::Spool;
use crate::http::upload::Upload;

/// Content types of lines of JSON.
const TYPES: [&str; 3] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
];

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(bulk);
}

/// Write many articles
///
/// One JSON object a line, one result a line, in order. A line is an article as
/// PUT takes it, found or made by its `external_id`, `slug` or `id`; with
/// `"publish": true` it goes live, with `"overwrite": true` it replaces whatever is
/// there. `"op"` does something else to the article that is named: `patch`,
/// `publish`, `schedule`, `unpublish`, `take_down`, `correct`, `submit`, `send_back`,
/// `trash` or `restore`, with the members that the verb's own address takes; `"if_match"` is
/// If-Match.
///
/// A result has the number of its line, a status, and the receipt or the problem. A
/// line that fails is a result and not the end. Lines are written as they arrive,
/// in batches; blank ones count and are left out. Related links may name slugs that
/// come later.
///
/// `atomic=true` takes the whole body first and writes all of it or nothing; a dry
/// run, too, takes it whole. While such a body is applied, nobody else writes on
/// SQLite.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(("atomic" = Option<bool>, Query, description = "All or nothing", example = false)),
    request_body(
        content = String, content_type = "application/x-ndjson", description = "One operation a line",
        example = "{\"slug\": \"stadtrat-nahverkehr\", \"headline\": \"Stadtrat beschließt kostenlosen Nahverkehr\", \"section\": \"politik\", \"publish\": true}\n{\"op\": \"unpublish\", \"slug\": \"probeartikel\"}\n",
    ),
    responses(
        (status = 200, description = "What came of each line", body = String, content_type = "application/x-ndjson",
            example = "{\"line\":1,\"status\":201,\"id\":\"0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e\",\"slug\":\"stadtrat-nahverkehr\",\"state\":\"live\",\"version\":2,\"revision\":1,\"result\":\"created\",\"links\":{\"editor\":\"https://api.example/v1/editor/articles/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e\",\"public\":\"https://api.example/v1/articles/stadtrat-nahverkehr\"},\"warnings\":[]}\n"),
        EditorProblems, BodyProblems,
    ),
)]
#[post("/v1/editor/bulk")]
pub async fn bulk(edit: Edit, upload: Upload) -> Result<HttpResponse> {
    edit.require(Right::Write)?;
    let mut params = edit.params()?;
    let atomic = params.flag("atomic")?;
    params.finish()?;
    upload.accept(&TYPES)?;
    let mode = match (edit.by().dry_run, atomic) {
        (true, false) => Mode::Rehearsal,
        (false, false) => Mode::Each,
        (_, true) => Mode::Atomic,
    };
    let request = edit.request();
    let context = Context {
        by: edit.by().clone(),
        path: request.path().to_owned(),
        request_id: request.extensions().get::<RequestId>().cloned(),
    };
    let folder = edit.by().config().data_dir.clone();
    let spool = tokio::task::spawn_blocking(move || {
        crate::db::private_folder(&folder)?;
        Ok::<_, crate::error::Error>(Spool::new(&folder)?)
    });
    let spool = spool.await.map_err(internal)??;
    let results = spool.read();
    let running = edit.state().enter();
    let mut response = HttpResponse::Ok();
    response.content_type(TYPES[0]);
    if edit.by().dry_run {
        response.insert_header((crate::http::reply::DRY_RUN, "true"));
    }
    actix_web::rt::spawn(async move {
        super::run(context, mode, upload.pieces(), spool).await;
        drop(running);
    });
    Ok(response.streaming(results))
}
