//! The newsroom itself as readers see it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::FeedLinks;
use super::sections::{SectionNode, nodes};
use super::serve::serve;
use crate::changes::{Entity, Tag};
use crate::config::Config;
use crate::db::Conn;
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, PublicProblems, Unchanged};
use crate::sections;
use crate::site::{Channel, MenuItem, Settings, Site};
use crate::state::State;

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
    /// The newest articles, whole, for feed readers.
    feeds: FeedLinks,
    /// For search engines: the index of sitemaps. Missing while the API doesn't know
    /// the website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://api.example/sitemap.xml")]
    sitemap: Option<String>,
    /// For news search: what was published in the last two days. Missing while the API
    /// doesn't know the website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://api.example/sitemap-news.xml")]
    sitemap_news: Option<String>,
}

/// The newsroom as readers get it.
pub fn show(c: &mut Conn<'_>, config: &Config, with_sections: bool) -> Result<SitePage> {
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
    let sections = match with_sections {
        true => Some(nodes(&sections::ops::tree(c)?, None, base)),
        false => None,
    };
    let of_website = |name: &str| {
        let known = config.site_url.is_some();
        known.then(|| format!("{base}/{name}.xml"))
    };
    Ok(SitePage {
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
            feeds: FeedLinks::of(base, "all"),
            sitemap: of_website("sitemap"),
            sitemap_news: of_website("sitemap-news"),
        },
    })
}

fn site_draft(c: &mut Conn<'_>, config: &Config, with_sections: bool) -> Result<Draft> {
    let mut tags = vec![Tag::site()];
    if with_sections {
        tags.push(Tag::index(Entity::Section));
    }
    Draft::json(&show(c, config, with_sections)?, tags)
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
