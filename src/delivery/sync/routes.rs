//! The addresses of delta sync.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::change::Change;
use super::cursor::Place;
use super::items::{self, FIELDS, Fate, Loaded, Shown};
use super::plan::{self, plan};
use super::scope::{Named, Scope};
use crate::db::{Conn, Time};
use crate::delivery::context::Contexts;
use crate::delivery::serve::serve_fresh;
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::page::PageLinks;
use crate::http::query::{LIMIT_MAX, Params};
use crate::http::spec::{IfNoneMatch, PublicProblems, Unchanged};
use crate::state::State;

/// How far things are counted.
const COUNT_MAX: i64 = 1_000;

/// Things that are there, or have changed.
#[derive(Serialize, ToSchema)]
pub struct ChangePage {
    /// The things, in the order in which to take them over.
    #[schema(value_type = Vec<Change>)]
    items: Vec<Box<RawValue>>,
    /// Where to go on, at once or later. Keep it with what you have synced.
    #[schema(example = "A5Jv8r8OEk2nAAAAAAAABSAABlI2yPLSQAA")]
    next_cursor: String,
    /// Whether there is more, so that asking again at once is worth it.
    #[schema(example = false)]
    has_more: bool,
    /// Addresses of pages.
    links: PageLinks,
}

/// How many things a sync would bring.
#[derive(Serialize, ToSchema)]
pub struct ChangeCount {
    /// So many.
    #[schema(example = 3)]
    count: usize,
    /// Whether there are more than were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    more: Option<bool>,
}

/// What a client asks for.
struct Wanted {
    named: Named,
    shown: Shown,
    limit: i64,
    cursor: Option<String>,
}

impl Wanted {
    /// Where the client stands, and what it follows; both are read after the end of
    /// the log was noted.
    fn place(
        &self,
        conn: &mut Conn<'_>,
        now: Time,
        state: &State,
        scope: &Scope,
        newest: super::cursor::Mark,
    ) -> Result<Place> {
        match &self.cursor {
            None => Ok(plan::start(newest, scope)),
            Some(cursor) => {
                let place = Place::read(cursor, scope)?;
                place.check(conn, now, &state.config)?;
                Ok(place)
            }
        }
    }
}

/// Sync: read everything, then what has changed
///
/// Without a cursor everything that readers see, in pages: follow `next_cursor` while
/// `has_more` is true. Keep the last `next_cursor`: it gets what has changed since, at
/// any time later. Each thing comes once, as it is now; what readers no longer see, or
/// what is no longer in `section`, is a `delete`, also of ids that you never had. A thing
/// may come twice. Names and cards inside articles are copies: replace them when what
/// they name comes by its id.
#[utoipa::path(
    tag = "sync",
    security(()),
    params(
        ("cursor" = Option<String>, Query, description = "Where the last answer ended: its `next_cursor`, or `changes_cursor` of `/v1/home`. Goes with the `section` and `types` that it was made for"),
        ("section" = Option<String>, Query, description = "Only articles of these sections, by slug or id, those below them included; separated by commas", example = "politik"),
        ("types" = Option<String>, Query, description = "Only things of these types, separated by commas; all if missing", example = "article,section"),
        ("fields" = Option<String>, Query, description = "Members of articles beside those of a card, separated by commas. `media` lists the files of its pictures", example = "body,related,media"),
        ("limit" = Option<i64>, Query, description = "How many things at most, 1 to 100; 100 if missing. A page with much text may have fewer", example = 100, minimum = 1, maximum = 100),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "What is next", body = ChangePage,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`, while there is more"))),
        (status = 410, description = "What has changed since is no longer known; start again without a cursor. Type: `/problems/cursor-expired`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/changes")]
pub async fn list_changes(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = Wanted {
        named: Named::of(&mut params)?,
        shown: Shown::new(params.names("fields", &FIELDS)?),
        limit: params.limit_or(LIMIT_MAX)?,
        cursor: params.one("cursor")?,
    };
    params.finish()?;
    let shared = state.clone();
    serve_fresh(&request, &state, &constants, move |conn, now| {
        page(conn, now, &wanted, &shared, &contexts)
    })
    .await
}

fn page(
    conn: &mut Conn<'_>,
    now: Time,
    wanted: &Wanted,
    state: &State,
    contexts: &Contexts,
) -> Result<Draft> {
    let newest = super::newest(conn)?;
    let context = contexts.at_least(conn, state, newest.seq)?;
    let scope = Scope::of(&wanted.named, &context)?;
    let place = wanted.place(conn, now, state, &scope, newest)?;
    let now = super::instant(now, newest);
    let since = place.mark.seq;
    let mut plan = plan(conn, now, &context, &scope, (place, newest), wanted.limit)?;
    let asked = (&scope, &wanted.shown);
    let (items, done) = items::show(conn, now, &context, asked, since, &plan.steps)?;
    if done < plan.steps.len()
        && let Some(last) = done.checked_sub(1)
    {
        plan.next = plan.steps[last].place.clone();
        plan.more = true;
    }
    let next_cursor = plan.next.write(&scope);
    let next = plan.more.then(|| {
        let mut pairs = wanted.named.parameters();
        if !wanted.shown.fields().is_empty() {
            pairs.push(("fields", wanted.shown.fields().join(",")));
        }
        if wanted.limit != LIMIT_MAX {
            pairs.push(("limit", wanted.limit.to_string()));
        }
        pairs.push(("cursor", next_cursor.clone()));
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        format!("{}/v1/changes?{query}", state.config.public_url)
    });
    let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
    let page = ChangePage {
        items: items.into_iter().map(|item| item.json).collect(),
        next_cursor,
        has_more: plan.more,
        links: PageLinks { next },
    };
    let mut draft = Draft::json(&page, Vec::new())?;
    draft
        .headers
        .extend(link.map(|link| (actix_web::http::header::LINK, link)));
    Ok(draft)
}

/// Count what a sync would bring
///
/// How many things `/v1/changes` would answer from this cursor on; up to a thousand are
/// counted. For a dot on an app's icon.
#[utoipa::path(
    tag = "sync",
    security(()),
    params(
        ("cursor" = Option<String>, Query, description = "Where the last sync ended. Goes with the `section` and `types` that it was made for"),
        ("section" = Option<String>, Query, description = "As in `/v1/changes`", example = "politik"),
        ("types" = Option<String>, Query, description = "As in `/v1/changes`", example = "article"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "How many", body = ChangeCount),
        (status = 410, description = "What has changed since is no longer known; sync again without a cursor. Type: `/problems/cursor-expired`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/changes/count")]
pub async fn count_changes(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = Wanted {
        named: Named::of(&mut params)?,
        shown: Shown::default(),
        limit: COUNT_MAX,
        cursor: params.one("cursor")?,
    };
    params.finish()?;
    let shared = state.clone();
    serve_fresh(&request, &state, &constants, move |conn, now| {
        let newest = super::newest(conn)?;
        let context = contexts.at_least(conn, &shared, newest.seq)?;
        let scope = Scope::of(&wanted.named, &context)?;
        let place = wanted.place(conn, now, &shared, &scope, newest)?;
        let now = super::instant(now, newest);
        let since = place.mark.seq;
        let plan = plan(conn, now, &context, &scope, (place, newest), wanted.limit)?;
        let steps = plan.steps.iter().map(|step| (step.kind, step.id));
        let loaded = Loaded::load(conn, now, since, steps.clone())?;
        let fates = steps.map(|(kind, id)| loaded.fate(kind, id, &context, &scope));
        let answer = ChangeCount {
            count: fates.filter(|fate| *fate != Fate::Nothing).count(),
            more: plan.more.then_some(true),
        };
        Draft::json(&answer, Vec::new())
    })
    .await
}
