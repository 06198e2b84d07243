//! Sections, topics, authors and the site as readers see them.
//!
//! Sections always appear. A topic or an author appears only while an article
//! that readers see is listed under it: nothing that only drafts use is shown.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::serve::{missing, serve};
use crate::authors::Author;
use crate::changes::{Entity, Tag};
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::sections::{Section, Tree};
use crate::site::{Channel, MenuItem, Settings, Site};
use crate::state::State;
use crate::store;
use crate::topics::Topic;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_sections)
        .service(get_section)
        .service(list_topics)
        .service(get_topic)
        .service(list_authors)
        .service(get_author)
        .service(get_site);
}

/// Addresses of a section, a topic or an author.
#[derive(Serialize, ToSchema)]
pub struct TermLinks {
    /// Its own.
    #[serde(rename = "self")]
    #[schema(example = "https://api.example/v1/sections/musik")]
    this: String,
    /// Its articles, newest first.
    #[schema(example = "https://api.example/v1/articles?section=musik")]
    articles: String,
}

impl TermLinks {
    /// `kind` is the filter of article lists, and in the plural the path.
    fn of(base: &str, kind: &str, slug: &str) -> Self {
        TermLinks {
            this: format!("{base}/v1/{kind}s/{slug}"),
            articles: format!("{base}/v1/articles?{kind}={slug}"),
        }
    }
}

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

/// A section as others refer to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SectionRef {
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

/// The newsroom.
#[derive(Serialize, ToSchema)]
pub struct SitePage {
    /// Its name.
    #[schema(example = "Flussblick")]
    name: String,
    /// The language articles are in unless they say otherwise (BCP 47).
    #[schema(example = "de")]
    language: String,
    /// Its time zone (IANA): dates on the website are meant in it.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// The website's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://flussblick.example")]
    url: Option<String>,
    /// An article's path on the website, made of `{yyyy}`, `{mm}`, `{dd}` (of
    /// the first publication), `{section}`, `{slug}` and `{id}`.
    #[schema(example = "/{yyyy}/{mm}/{slug}/")]
    article_path: String,
    /// Addresses in the website's menu, in their order.
    menu: Vec<MenuItem>,
    /// Ways to get the news straight to a phone, in their order.
    channels: Vec<Channel>,
    /// The sections, with `include=sections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sections: Option<Vec<SectionNode>>,
    /// Where to go on from here.
    links: SiteLinks,
}

/// Where to go on from here.
#[derive(Serialize, ToSchema)]
pub struct SiteLinks {
    /// This answer.
    #[serde(rename = "self")]
    #[schema(example = "https://api.example/v1/site")]
    this: String,
    /// All articles, newest first.
    #[schema(example = "https://api.example/v1/articles")]
    articles: String,
    /// The tree of sections.
    #[schema(example = "https://api.example/v1/sections")]
    sections: String,
    /// All topics.
    #[schema(example = "https://api.example/v1/topics")]
    topics: String,
    /// All authors.
    #[schema(example = "https://api.example/v1/authors")]
    authors: String,
}

impl SectionRef {
    /// How others refer to a section of this tree.
    pub fn of(section: &Section, tree: &Tree) -> Self {
        SectionRef {
            slug: section.slug.clone(),
            name: section.name.clone(),
            path: tree.path(section.id),
        }
    }
}

fn nodes(tree: &Tree, parent: Option<Id>, base: &str) -> Vec<SectionNode> {
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

fn topic_item(topic: Topic, base: &str) -> TopicItem {
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
        links: TermLinks::of(base, "topic", &slug),
        slug,
        name,
        description,
    }
}

fn author_item(author: Author, base: &str) -> AuthorItem {
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
        links: TermLinks::of(base, "author", &slug),
        slug,
        name,
        role,
        bio,
        url,
    }
}

fn tree(c: &mut Conn<'_>) -> Result<Tree> {
    Ok(Tree::new(store!(*c, sections::all())?))
}

/// Notes when time alone may change which topics or authors have an article.
fn note_times(c: &mut Conn<'_>, now: Time, draft: &mut Draft) -> Result<()> {
    draft.appears_at(store!(*c, taxonomy::next_appearance(now))?);
    draft.disappears_at(store!(*c, taxonomy::next_disappearance(now))?);
    Ok(())
}

fn sections_draft(c: &mut Conn<'_>, config: &Config) -> Result<Draft> {
    let (tree, base) = (tree(c)?, &config.public_url);
    let answer = Sections {
        items: nodes(&tree, None, base),
        links: SelfLink {
            this: format!("{base}/v1/sections"),
        },
    };
    Draft::json(&answer, vec![Tag::index(Entity::Section)])
}

fn section_draft(c: &mut Conn<'_>, config: &Config, at: &Reference) -> Result<Draft> {
    let (tree, base) = (tree(c)?, &config.public_url);
    let Some(section) = tree.get(at) else {
        return Err(missing("The section", &at.to_string()));
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
        links: TermLinks::of(base, "section", &section.slug),
    };
    let tags = vec![Tag::index(Entity::Section), Tag::section(section.id)];
    Draft::json(&answer, tags)
}

fn topics_draft(c: &mut Conn<'_>, now: Time, config: &Config, wanted: &NamePage) -> Result<Draft> {
    let rows = store!(*c, topics::page(&wanted.wanted(Some(now))))?;
    let path = format!("{}/v1/topics", config.public_url);
    let page = wanted.fill(
        rows,
        &path,
        |topic| (&topic.sort_key, topic.id),
        |topic| topic_item(topic, &config.public_url),
    );
    page_draft(c, now, &page, Entity::Topic)
}

fn authors_draft(c: &mut Conn<'_>, now: Time, config: &Config, wanted: &NamePage) -> Result<Draft> {
    let rows = store!(*c, authors::page(&wanted.wanted(Some(now))))?;
    let path = format!("{}/v1/authors", config.public_url);
    let page = wanted.fill(
        rows,
        &path,
        |author| (&author.sort_key, author.id),
        |author| author_item(author, &config.public_url),
    );
    page_draft(c, now, &page, Entity::Author)
}

/// Which topics or authors there are depends on which articles there are.
fn page_draft<T: Serialize>(
    c: &mut Conn<'_>,
    now: Time,
    page: &Page<T>,
    entity: Entity,
) -> Result<Draft> {
    let mut draft = Draft::json(page, vec![Tag::index(entity), Tag::all_articles()])?;
    draft.headers.extend(page.link_header());
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

fn topic_draft(c: &mut Conn<'_>, now: Time, config: &Config, at: &Reference) -> Result<Draft> {
    let found = match at {
        Reference::Id(id) => store!(*c, topics::find(*id))?,
        Reference::Slug(slug) => store!(*c, topics::find_by_slug(slug))?,
    };
    let (Some(topic), true) = (&found, shown(c, now, found.as_ref().map(|it| it.id))?) else {
        return Err(missing("The topic", &at.to_string()));
    };
    let tags = vec![Tag::topic(topic.id), Tag::list(topic.id)];
    let mut draft = Draft::json(&topic_item(topic.clone(), &config.public_url), tags)?;
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

fn author_draft(c: &mut Conn<'_>, now: Time, config: &Config, at: &Reference) -> Result<Draft> {
    let found = match at {
        Reference::Id(id) => store!(*c, authors::find(*id))?,
        Reference::Slug(slug) => store!(*c, authors::find_by_slug(slug))?,
    };
    let (Some(author), true) = (&found, shown(c, now, found.as_ref().map(|it| it.id))?) else {
        return Err(missing("The author", &at.to_string()));
    };
    let tags = vec![Tag::author(author.id), Tag::list(author.id)];
    let mut draft = Draft::json(&author_item(author.clone(), &config.public_url), tags)?;
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

/// Whether readers see an article in this list.
fn shown(c: &mut Conn<'_>, now: Time, list: Option<Id>) -> Result<bool> {
    match list {
        Some(list) => Ok(store!(*c, taxonomy::has_visible(list, now))?),
        None => Ok(false),
    }
}

fn site_draft(c: &mut Conn<'_>, config: &Config, with_sections: bool) -> Result<Draft> {
    let Site {
        settings,
        version: _,
        updated_at: _,
    } = crate::site::ops::load(c)?;
    let Settings {
        name,
        language,
        time_zone,
        description,
        menu,
        channels,
    } = settings;
    let base = &config.public_url;
    let mut tags = vec![Tag::site()];
    let mut sections = None;
    if with_sections {
        sections = Some(nodes(&tree(c)?, None, base));
        tags.push(Tag::index(Entity::Section));
    }
    let answer = SitePage {
        name,
        language,
        time_zone,
        description,
        url: config.site_url.clone(),
        article_path: config.site_article_path.clone(),
        menu,
        channels,
        sections,
        links: SiteLinks {
            this: format!("{base}/v1/site"),
            articles: format!("{base}/v1/articles"),
            sections: format!("{base}/v1/sections"),
            topics: format!("{base}/v1/topics"),
            authors: format!("{base}/v1/authors"),
        },
    };
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
        topics_draft(c, now, &shared.config, &wanted)
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
        topic_draft(c, now, &shared.config, &Reference::of(&at))
    })
    .await
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
        authors_draft(c, now, &shared.config, &wanted)
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
        author_draft(c, now, &shared.config, &Reference::of(&at))
    })
    .await
}

/// Read the newsroom's name, language, menu and channels
///
/// What a website needs around the articles; with `include=sections` the
/// navigation too.
#[utoipa::path(
    tag = "site",
    security(()),
    params(
        ("include" = Option<String>, Query, description = "`sections` adds the tree of sections", example = "sections", nullable = false),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The newsroom", body = SitePage),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/site")]
pub async fn get_site(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let with_sections = !params.names("include", &["sections"])?.is_empty();
    params.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/site?sections={with_sections}"));
    serve(&request, &state, &constants, key, move |c, _| {
        site_draft(c, &shared.config, with_sections)
    })
    .await
}
