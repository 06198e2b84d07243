//! Public routes of sitemaps.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::super::context::{Context, Contexts};
use super::super::feeds::xml::{Xml, line, title};
use super::super::list::in_order;
use super::super::serve::{missing, missing_until, serve};
use super::months::{ADDRESSES, Name};
use crate::articles::model::{ListFilter, Order};
use crate::changes::{Entity, Tag};
use crate::config::Config;
use crate::db::{Conn, Time};
use crate::error::{NOT_FOUND, Problem, Result, internal};
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::site;
use crate::state::State;

const XML: &str = "application/xml; charset=utf-8";
const SITEMAP: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const NEWS: &str = "http://www.google.com/schemas/sitemap-news/0.9";

/// The most sitemaps that an index may name.
const SITEMAPS_MAX: usize = 50_000;
/// The most addresses that a news sitemap may have.
const NEWS_MAX: i64 = 1_000;
/// Seconds for which an article is news.
const NEWS_FOR: i64 = 2 * 24 * 3_600;

/// Get the index of sitemaps
///
/// For search engines: the address of a sitemap for each month (UTC) in which something
/// was published, with the instant at which an article of it last changed. 404 while
/// `SITE_URL` isn't set.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The index", body = String, content_type = "application/xml",
            example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">…</sitemapindex>\n"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/sitemap.xml")]
pub async fn get_sitemap_index(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    needs_website(&state.config)?;
    let (shared, key) = (state.clone(), "sitemap".to_owned());
    serve(&request, &state, &constants, key, move |conn, now| {
        let base = &shared.config.public_url;
        let mut xml = Xml::new()?;
        xml.open("sitemapindex", &[("xmlns", SITEMAP)])?;
        for (name, part) in contexts.months.all(conn, &shared, now, SITEMAPS_MAX)? {
            xml.open("sitemap", &[])?;
            xml.text("loc", &format!("{base}/sitemaps/{name}.xml"))?;
            xml.text("lastmod", &part.updated_at.to_string())?;
            xml.close("sitemap")?;
        }
        xml.close("sitemapindex")?;
        let tags = vec![Tag::site(), Tag::all_articles()];
        let mut draft = Draft::new(XML, xml.finish(), tags);
        // What disappears by time is announced within a second: the index shows none of
        // the articles, and to ask all of them for the next would cost too much.
        note_appearance(conn, now, &mut draft)?;
        Ok(draft)
    })
    .await
}

/// Get a sitemap
///
/// The website's addresses of the articles of a month, each with the instant at which it
/// last changed; 10,000 at most. What is more has an address of its own, with a number
/// at its end; the index names all of them.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(
        ("sitemap" = String, Path, description = "A month (UTC), and from the second sitemap of a month on its number", example = "2026-11"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The sitemap", body = String, content_type = "application/xml",
            example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">…</urlset>\n"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/sitemaps/{sitemap}.xml")]
pub async fn get_sitemap(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    needs_website(&state.config)?;
    let name: Name = path.parse().map_err(|()| missing("The sitemap", &path))?;
    let (shared, key) = (state.clone(), format!("sitemap/{name}"));
    serve(&request, &state, &constants, key, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        let parts = contexts.months.parts(conn, &shared, now, name.month)?;
        let nothing = || {
            let until = Some(name.month.tag());
            missing_until("The sitemap", &name.to_string(), until)
        };
        let part = parts.get(name.number).ok_or_else(nothing)?;
        let with_sections = has_sections(&context.config);
        let listed = crate::store!(
            *conn,
            sitemaps::listed(part.range, now, ADDRESSES, with_sections)
        )?;
        let mut xml = Xml::new()?;
        xml.open("urlset", &[("xmlns", SITEMAP)])?;
        let mut gone: Option<Time> = None;
        for article in listed {
            let section = context.section_id(article.section_id);
            let first = article.first_published_at;
            let address = context.web_address(article.id, &article.slug, section, first);
            xml.open("url", &[])?;
            xml.text("loc", &address.ok_or_else(|| internal("no SITE_URL"))?)?;
            xml.text("lastmod", &article.updated_at.to_string())?;
            xml.close("url")?;
            gone = gone.into_iter().chain(article.expires_at).min();
        }
        xml.close("urlset")?;
        let mut tags = vec![Tag::site(), name.month.tag()];
        tags.extend(with_sections.then(|| Tag::index(Entity::Section)));
        let mut draft = Draft::new(XML, xml.finish(), tags);
        draft.disappears_at(gone);
        if now < name.month.end() {
            note_appearance(conn, now, &mut draft)?;
        }
        Ok(draft)
    })
    .await
}

/// Get the news sitemap
///
/// For news search: what was published in the last two days, the newest first, 1,000
/// addresses at most, with headline and language. 404 while `SITE_URL` isn't set.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The sitemap", body = String, content_type = "application/xml",
            example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">…</urlset>\n"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/sitemap-news.xml")]
pub async fn get_news_sitemap(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    needs_website(&state.config)?;
    let (shared, key) = (state.clone(), "sitemap-news".to_owned());
    serve(&request, &state, &constants, key, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        news(conn, now, &context)
    })
    .await
}

fn news(conn: &mut Conn<'_>, now: Time, context: &Context) -> Result<Draft> {
    let filter = ListFilter {
        published_after: Some(now.plus_seconds(-NEWS_FOR)),
        ..ListFilter::default()
    };
    let newest = crate::store!(
        *conn,
        lists::page(&filter, Order::NewestFirst, now, None, NEWS_MAX)
    )?;
    let publication = site::ops::load(conn)?.settings;
    let publication_name = title(&publication.name);
    let mut xml = Xml::new()?;
    xml.open("urlset", &[("xmlns", SITEMAP), ("xmlns:news", NEWS)])?;
    let mut gone: Option<Time> = None;
    for (row, head) in in_order(conn, &newest)? {
        let published_at = row.published_at.unwrap_or_default();
        let address = context.web(&row, head.section_id);
        xml.open("url", &[])?;
        xml.text("loc", &address.ok_or_else(|| internal("no SITE_URL"))?)?;
        xml.open("news:news", &[])?;
        xml.open("news:publication", &[])?;
        xml.text("news:name", &publication_name)?;
        xml.text("news:language", &language(&head.language))?;
        xml.close("news:publication")?;
        xml.text("news:publication_date", &published_at.to_string())?;
        xml.text("news:title", &title(&head.headline))?;
        xml.close("news:news")?;
        xml.close("url")?;
        // It goes when it is no news any more, if not before.
        let old = published_at.plus_seconds(NEWS_FOR);
        gone = gone.into_iter().chain([old]).chain(row.expires_at).min();
    }
    xml.close("urlset")?;
    let mut tags = vec![Tag::site(), Tag::all_articles()];
    tags.extend(has_sections(&context.config).then(|| Tag::index(Entity::Section)));
    let mut draft = Draft::new(XML, xml.finish(), tags);
    draft.disappears_at(gone);
    note_appearance(conn, now, &mut draft)?;
    Ok(draft)
}

fn note_appearance(conn: &mut Conn<'_>, now: Time, draft: &mut Draft) -> Result<()> {
    let next = crate::store!(*conn, lists::next_appearance(&ListFilter::default(), now))?;
    draft.appears_at(next);
    Ok(())
}

/// Whether the website's addresses have sections in them.
fn has_sections(config: &Config) -> bool {
    config.site_article_path.contains("{section}")
}

/// A language as news search wants it: two or three letters, Chinese apart.
fn language(tag: &str) -> String {
    let tag = line(tag).to_ascii_lowercase();
    match tag.as_str() {
        "zh-cn" | "zh-tw" => tag,
        _ => tag.split('-').next().unwrap_or_default().to_owned(),
    }
}

/// Addresses at this API are of no use to whoever looks for pages.
fn needs_website(config: &Config) -> Result<()> {
    if config.site_url.is_some() {
        return Ok(());
    }
    let detail = "Sitemaps list the website's pages, and this API doesn't know the website. Set SITE_URL, and SITE_ARTICLE_PATH if its articles lie elsewhere than under /{yyyy}/{mm}/{slug}/, and start it again.";
    Err(Problem::new(&NOT_FOUND, detail)
        .header("Cache-Control", "public, max-age=5")
        .into())
}
