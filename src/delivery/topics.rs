//! Topics as readers see them: while an article that they see is listed under
//! it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::serve::serve;
use super::taxonomy::{TermLinks, page, term};
use crate::db::Id;
use crate::error::Result;
use crate::http::answer::Constants;
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::state::State;
use crate::topics::Topic;

/// A topic.
#[derive(Serialize, ToSchema)]
pub struct TopicItem {
    /// Its id.
    id: Id,
    /// Its name in addresses.
    #[schema(example = "nahverkehr")]
    slug: String,
    /// Its name.
    #[schema(example = "Nahverkehr")]
    name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Addresses.
    links: TermLinks,
}

/// As readers get it.
pub fn show(topic: Topic, links: TermLinks) -> TopicItem {
    let Topic {
        id,
        slug,
        name,
        name_key: _,
        sort_key: _,
        description,
        version: _,
        created_at: _,
        updated_at: _,
    } = topic;
    TopicItem {
        id,
        links,
        slug,
        name,
        description,
    }
}

/// List topics
///
/// Those with an article that readers see, in the order of their names.
#[utoipa::path(
    tag = "topics",
    security(()),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of topics", body = Page<TopicItem>,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/topics")]
pub async fn list_topics(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/topics?{}", wanted.key()));
    serve(&request, &state, &constants, key, move |c, now| {
        page(c, now, &shared.config, &wanted, show)
    })
    .await
}

/// Read a topic
///
/// Its articles are at `/v1/articles?topic=…`.
#[utoipa::path(
    tag = "topics",
    security(()),
    params(("topic" = String, Path, description = "Slug or id", example = "verkehr"), IfNoneMatch),
    responses(
        (status = 200, description = "The topic", body = TopicItem),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/topics/{topic}")]
pub async fn get_topic(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    at: web::Path<String>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/topics/{at}"));
    serve(&request, &state, &constants, key, move |c, now| {
        term(c, now, &shared.config, &Reference::of(&at), show)
    })
    .await
}
