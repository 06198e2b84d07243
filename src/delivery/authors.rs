//! Authors as readers see them: while an article that they see is listed under
//! their name.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::serve::serve;
use super::taxonomy::{TermLinks, page, term};
use crate::authors::Author;
use crate::db::Id;
use crate::error::Result;
use crate::http::answer::Constants;
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::state::State;

/// An author.
#[derive(Serialize, ToSchema)]
pub struct AuthorItem {
    /// Their id.
    id: Id,
    /// Their name in addresses.
    #[schema(example = "mara-lenz")]
    slug: String,
    /// Their name.
    #[schema(example = "Mara Lenz")]
    name: String,
    /// What they are in the newsroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Lokalredakteurin")]
    role: Option<String>,
    /// About them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bio: Option<String>,
    /// Their page on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// Addresses.
    links: TermLinks,
}

/// As readers get it.
pub fn show(author: Author, links: TermLinks) -> AuthorItem {
    let Author {
        id,
        slug,
        name,
        name_key: _,
        sort_key: _,
        role,
        bio,
        // For the newsroom only.
        email: _,
        url,
        version: _,
        created_at: _,
        updated_at: _,
    } = author;
    AuthorItem {
        id,
        links,
        slug,
        name,
        role,
        bio,
        url,
    }
}

/// List authors
///
/// Those with an article that readers see, in the order of their names.
#[utoipa::path(
    tag = "authors",
    security(()),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of authors", body = Page<AuthorItem>,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/authors")]
pub async fn list_authors(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/authors?{}", wanted.key()));
    serve(&request, &state, &constants, key, move |c, now| {
        page(c, now, &shared.config, &wanted, show)
    })
    .await
}

/// Read an author
///
/// Their articles are at `/v1/articles?author=…`.
#[utoipa::path(
    tag = "authors",
    security(()),
    params(("author" = String, Path, description = "Slug or id", example = "mara-lenz"), IfNoneMatch),
    responses(
        (status = 200, description = "The author", body = AuthorItem),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/authors/{author}")]
pub async fn get_author(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    at: web::Path<String>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/authors/{at}"));
    serve(&request, &state, &constants, key, move |c, now| {
        term(c, now, &shared.config, &Reference::of(&at), show)
    })
    .await
}
