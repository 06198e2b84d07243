//! The audit log, for admins.

use std::str::FromStr;

use actix_web::{HttpRequest, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Deed, Entry, Outcome, Subject, Wanted, Way};
use crate::auth::{Actor, Right};
use crate::db::{Conn, Id, Time};
use crate::error::{Result, bad_parameter};
use crate::http::cursor::{self, Position};
use crate::http::page::Page;
use crate::http::query::{LIMIT_DEFAULT, Params};
use crate::http::reply::Reply;
use crate::http::routing::ServiceConfig;
use crate::http::spec::{EditorProblems, IfNoneMatch, Unchanged};
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_audit);
}

/// Something that was done, or refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// The entry's id.
    pub id: Id,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: AuditActor,
    /// What they did.
    pub action: Deed,
    /// How it ended.
    pub outcome: Outcome,
    /// What it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subject: Option<AuditSubject>,
    /// Of what was refused: method and route.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "PUT /v1/editor/sections/{section}")]
    pub operation: Option<String>,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "198.51.100.7")]
    pub address: Option<String>,
    /// The request's id; under it the log of the server has more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "6c9f0d3a51e7b284")]
    pub request_id: Option<String>,
}

/// Who did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// The user's id. Nil for the command line, and for what happens by time.
    pub id: Id,
    /// The user's present name, if it was a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "anna")]
    pub name: Option<String>,
    /// How they came in.
    pub via: Way,
    /// With which key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key_id: Option<Id>,
}

/// What something was done to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditSubject {
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub kind: Subject,
    /// Its id.
    pub id: Id,
    /// Its revision after the deed; the version of what has no revisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub revision: Option<i64>,
}

impl From<(Entry, Option<String>)> for AuditEntry {
    fn from((entry, name): (Entry, Option<String>)) -> Self {
        AuditEntry {
            id: entry.id,
            at: entry.at,
            actor: AuditActor {
                id: entry.actor_id,
                name,
                via: entry.way,
                key_id: entry.key_id,
            },
            action: entry.action,
            outcome: entry.outcome,
            subject: entry
                .subject
                .zip(entry.subject_id)
                .map(|(kind, id)| AuditSubject {
                    kind,
                    id,
                    revision: entry.revision,
                }),
            operation: entry.operation,
            address: entry.address,
            request_id: entry.request_id,
        }
    }
}

/// Read the audit log
///
/// Who did what to what, when and from where; the newest first. What was refused
/// (403, and 401 where the account is known) is there too, within a bound. Ids are
/// named, never texts. How long entries are kept is a setting (`AUDIT_DAYS`).
#[utoipa::path(
    tag = "audit",
    security(("bearer" = [])),
    params(
        ("actor" = Option<String>, Query, description = "Only this user's deeds, by name or id; `perspektive` for the command line and what happens by time", example = "anna"),
        ("action" = Option<String>, Query, description = "Only such deeds; several with commas between", example = "published,unpublished"),
        ("type" = Option<String>, Query, description = "Only what was done to such things; several with commas between", example = "article"),
        ("id" = Option<String>, Query, description = "Only what was done to this one", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"),
        ("outcome" = Option<String>, Query, description = "`done` or `denied`", example = "denied"),
        ("after" = Option<String>, Query, description = "Not before this instant", example = "2026-11-23T00:00:00Z"),
        ("before" = Option<String>, Query, description = "Before this instant", example = "2026-11-24T00:00:00Z"),
        ("limit" = Option<i64>, Query, description = "How many items to answer, 1 to 100", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same parameters"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of the log", body = Page<AuditEntry>,
            headers(("ETag" = String, description = "Stands for this answer"), ("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, EditorProblems,
    ),
)]
#[get("/v1/editor/audit")]
pub async fn list_audit(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
) -> Result<Reply> {
    actor.require(Right::Administer)?;
    let mut params = Params::of(&request)?;
    let query = Query::of(&mut params)?;
    params.finish()?;
    let path = format!("{}/v1/editor/audit", state.config.public_url);
    let page = state.read(move |c| query.page(c, &path)).await?;
    Ok(Reply::page(&page))
}

/// What was asked for.
struct Query {
    actor: Option<String>,
    wanted: Wanted,
    limit: i64,
    /// As they were sent, for the next page's address.
    parameters: Vec<(&'static str, String)>,
    filters: String,
}

impl Query {
    fn of(params: &mut Params) -> Result<Self> {
        let mut parameters = Vec::new();
        for name in [
            "actor", "action", "type", "id", "outcome", "after", "before",
        ] {
            if let Some(value) = params.one(name)? {
                parameters.push((name, value));
            }
        }
        let filters = serde_urlencoded::to_string(&parameters).unwrap_or_default();
        let sent = |name: &str| {
            let sent = parameters.iter().find(|(sent, _)| *sent == name);
            sent.map(|(_, value)| value.as_str())
        };
        let limit = params.limit()?;
        let cursor = params.one("cursor")?;
        let place = cursor
            .map(|cursor| cursor::read(&cursor, &filters))
            .transpose()?;
        let wanted = Wanted {
            actor: None,
            actions: list("action", sent("action"))?,
            subjects: list("type", sent("type"))?,
            subject_id: one("id", sent("id"))?,
            outcome: one("outcome", sent("outcome"))?,
            after: time("after", sent("after"))?,
            before: time("before", sent("before"))?,
            place: place.map(|place| (place.at, place.id)),
            // One more than the page shows, to see whether there is a next one.
            limit: limit + 1,
        };
        Ok(Query {
            actor: sent("actor").map(str::to_owned),
            wanted,
            limit,
            filters,
            parameters,
        })
    }

    fn page(mut self, conn: &mut Conn<'_>, path: &str) -> Result<Page<AuditEntry>> {
        if let Some(name) = &self.actor {
            self.wanted.actor = Some(whose(conn, name)?);
        }
        let mut rows = crate::store!(*conn, audit::page(&self.wanted))?;
        let full = rows.len() as i64 > self.limit;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| full).map(|(last, _)| {
            let position = Position {
                at: last.at,
                id: last.id,
            };
            cursor::write(position, &self.filters)
        });
        if self.limit != LIMIT_DEFAULT {
            self.parameters.push(("limit", self.limit.to_string()));
        }
        let items = rows.into_iter().map(AuditEntry::from).collect();
        Ok(Page::new(items, next, path, &self.parameters))
    }
}

/// The user of this name or id; who isn't there has done nothing, unless they once
/// were.
fn whose(conn: &mut Conn<'_>, name: &str) -> Result<Id> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let command = Actor::command();
    if name == command.name {
        return Ok(command.id);
    }
    let user = crate::store!(*conn, users::by_name(&name.to_lowercase()))?;
    user.map(|user| user.id).ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        bad_parameter(format!("`actor`: there is no user `{shown}`."))
    })
}

fn one<T: FromStr<Err: std::fmt::Display>>(
    name: &'static str,
    value: Option<&str>,
) -> Result<Option<T>> {
    let read = |value: &str| {
        let error = |error| bad_parameter(format!("`{name}`: {error}."));
        value.trim().parse().map_err(error)
    };
    value.map(read).transpose()
}

fn list<T: FromStr<Err: std::fmt::Display>>(
    name: &'static str,
    value: Option<&str>,
) -> Result<Vec<T>> {
    let values = value.into_iter().flat_map(|value| value.split(','));
    let values = values.filter(|value| !value.trim().is_empty());
    values
        .filter_map(|value| one(name, Some(value)).transpose())
        .collect()
}

fn time(name: &'static str, value: Option<&str>) -> Result<Option<Time>> {
    let read = |value: &str| {
        Time::parse(value).ok_or_else(|| {
            bad_parameter(format!(
                "`{name}` is a date with an offset, such as 2026-11-23T08:15:00Z, not `{value}` (write + as %2B)."
            ))
        })
    };
    value.map(read).transpose()
}
