//! Sections as readers see them: always, whatever stands in them.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::serve::{missing, serve};
use super::taxonomy::{TermLinks, moved};
use crate::changes::{Entity, Tag};
use crate::config::Config;
use crate::db::{Conn, Id};
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::sections::{Section, Tree, ops};
use crate::state::State;

/// A section in the tree.
#[derive(Serialize, ToSchema)]
pub struct SectionNode {
    /// Its id.
    id: Id,
    /// Its name in addresses.
    #[schema(example = "musik")]
    slug: String,
    /// Its name.
    #[schema(example = "Musik")]
    name: String,
    /// The slugs from the top down to it.
    #[schema(example = "kultur/musik")]
    path: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// The sections directly below it, in their order.
    #[schema(no_recursion)]
    children: Vec<SectionNode>,
    /// Addresses.
    links: TermLinks,
}

/// A section as others refer to it: a copy, which whoever keeps articles replaces
/// when the one with this id changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SectionRef {
    /// Its id; stays when the name changes.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "kultur")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Kultur")]
    pub name: String,
    /// The slugs from the top down to it.
    #[schema(example = "kultur")]
    pub path: String,
}

impl SectionRef {
    /// How others refer to a section of this tree.
    pub fn of(section: &Section, tree: &Tree) -> Self {
        SectionRef {
            id: section.id,
            slug: section.slug.clone(),
            name: section.name.clone(),
            path: tree.path(section.id),
        }
    }
}

/// All sections.
#[derive(Serialize, ToSchema)]
pub struct Sections {
    /// The sections at the top, in their order, with those below them.
    items: Vec<SectionNode>,
    /// Addresses.
    links: SelfLink,
}

/// An answer's own address.
#[derive(Serialize, ToSchema)]
pub struct SelfLink {
    /// This answer.
    #[serde(rename = "self")]
    #[schema(example = "https://api.example/v1/sections")]
    this: String,
}

/// A section.
#[derive(Serialize, ToSchema)]
pub struct SectionPage {
    /// Its id.
    id: Id,
    /// Its name in addresses.
    #[schema(example = "musik")]
    slug: String,
    /// Its name.
    #[schema(example = "Musik")]
    name: String,
    /// The slugs from the top down to it.
    #[schema(example = "kultur/musik")]
    path: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// The sections from the top down to this one, itself included.
    breadcrumb: Vec<SectionRef>,
    /// The sections directly below it, in their order, with those below them.
    children: Vec<SectionNode>,
    /// Addresses.
    links: TermLinks,
}

/// The sections below one, with those below them.
pub fn nodes(tree: &Tree, parent: Option<Id>, base: &str) -> Vec<SectionNode> {
    tree.nest(parent, &|section: &Section, children| SectionNode {
        id: section.id,
        slug: section.slug.clone(),
        name: section.name.clone(),
        path: tree.path(section.id),
        description: section.description.clone(),
        children,
        links: TermLinks::of(base, "section", &section.slug),
    })
}

fn sections_draft(c: &mut Conn<'_>, config: &Config) -> Result<Draft> {
    let (tree, base) = (ops::tree(c)?, &config.public_url);
    let answer = Sections {
        items: nodes(&tree, None, base),
        links: SelfLink {
            this: format!("{base}/v1/sections"),
        },
    };
    Draft::json(&answer, vec![Tag::index(Entity::Section)])
}

fn section_draft(c: &mut Conn<'_>, config: &Config, at: &Reference) -> Result<Draft> {
    let (tree, base) = (ops::tree(c)?, &config.public_url);
    let Some(section) = tree.get(at) else {
        return match tree.led_to(at) {
            Some(now) => {
                let address = TermLinks::of(base, "section", &now.slug).this;
                let tags = vec![Tag::index(Entity::Section), Tag::section(now.id)];
                Ok(moved(address, at, tags))
            }
            None => Err(missing("The section", &at.to_string())),
        };
    };
    let answer = SectionPage {
        id: section.id,
        slug: section.slug.clone(),
        name: section.name.clone(),
        path: tree.path(section.id),
        description: section.description.clone(),
        breadcrumb: tree
            .ancestors(section.id)
            .into_iter()
            .map(|above| SectionRef::of(above, &tree))
            .collect(),
        children: nodes(&tree, Some(section.id), base),
        links: TermLinks::of(base, "section", &section.slug).with_feeds(),
    };
    let tags = vec![Tag::index(Entity::Section), Tag::section(section.id)];
    Draft::json(&answer, tags)
}

/// List all sections
///
/// The whole tree at once: the navigation of a website.
#[utoipa::path(
    tag = "sections",
    security(()),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The tree of sections", body = Sections),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/sections")]
pub async fn list_sections(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let (shared, key) = (state.clone(), "/v1/sections".to_owned());
    serve(&request, &state, &constants, key, move |c, _| {
        sections_draft(c, &shared.config)
    })
    .await
}

/// Read a section
///
/// With the sections above it (`breadcrumb`) and below it.
#[utoipa::path(
    tag = "sections",
    security(()),
    params(("section" = String, Path, description = "Slug or id", example = "kultur"), IfNoneMatch),
    responses(
        (status = 200, description = "The section", body = SectionPage),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/sections/{section}")]
pub async fn get_section(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    at: web::Path<String>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/sections/{at}"));
    serve(&request, &state, &constants, key, move |c, _| {
        section_draft(c, &shared.config, &Reference::of(&at))
    })
    .await
}
