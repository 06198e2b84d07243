//! Public routes of articles.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::article::{self, Article, Found};
use super::card::unique;
use super::context::{Context, Contexts};
use super::jsonld::{self, NewsArticle};
use super::list::{self, CardPage};
use super::related::{self, MorePage, RelatedPage};
use super::resolved::Resolved;
use super::serve::serve;
use crate::articles::model::{LiveRevision, LiveRow};
use crate::db::{Conn, Time};
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::routing::ServiceConfig;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::state::State;

/// Registers the routes, the most asked for first.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(get_article)
        .service(list_articles)
        .service(get_article_related)
        .service(get_article_more)
        .service(get_article_markdown)
        .service(get_article_text)
        .service(get_article_jsonld);
}

/// List articles
///
/// Cards of live articles, newest first. Filters combine: a comma means or,
/// repeating a parameter means and. A cursor neither skips nor repeats articles
/// while others are published; with `sort=-updated_at` it can't promise that.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("section" = Option<String>, Query, description = "Sections by slug or id, those below them included; repeat for *and*, comma for *or*", example = "politik"),
        ("topic" = Option<String>, Query, description = "Topics by slug or id; repeat for *and*, comma for *or*", example = "verkehr"),
        ("author" = Option<String>, Query, description = "Authors by slug or id; repeat for *and*, comma for *or*", example = "mara-lenz"),
        ("kind" = Option<String>, Query, description = "Kinds, separated by commas", example = "news,report"),
        ("language" = Option<String>, Query, description = "Language tags (BCP 47), separated by commas", example = "de"),
        ("published_after" = Option<Time>, Query, description = "Published then or later", example = "2020-01-01T00:00:00Z"),
        ("published_before" = Option<Time>, Query, description = "Published before then", example = "2035-01-01T00:00:00Z"),
        ("exclude" = Option<String>, Query, description = "Articles by slug or id to leave out, separated by commas", example = "was-kostet-der-nahverkehr"),
        ("sort" = Option<String>, Query, description = "`-published_at` (if missing), `published_at` or `-updated_at`", example = "-published_at"),
        ("fields" = Option<String>, Query, description = "Members of each card, separated by commas; all if missing", example = "id,slug,headline"),
        ("include" = Option<String>, Query, description = "`authors`, `topics` or both, separated by a comma", example = "authors"),
        ("count" = Option<bool>, Query, description = "Also count the whole list", example = false),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: its `next_cursor`"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of cards", body = CardPage,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/articles")]
pub async fn list_articles(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = list::Wanted::of(&mut params)?;
    params.finish()?;
    let shared = state.clone();
    let key = wanted.key();
    serve(&request, &state, &constants, key, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        list::page(conn, now, &wanted, &context)
    })
    .await
}

/// Get an article
///
/// Everything its page shows: the text, related links between the paragraphs
/// and below, share data. A block of type `related` names its place in
/// `related`. An old slug is 301, an article that was taken down 410.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("body" = Option<String>, Query, description = "Forms of the text: `blocks` (if missing), `html`, `markdown`, `text`, separated by commas", example = "blocks"),
        ("include" = Option<String>, Query, description = "`more`, `related_auto` or both, separated by a comma", example = "more"),
        ("fields" = Option<String>, Query, description = "Members, separated by commas; all if missing", example = "headline,teaser,body"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The article", body = Article),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article:[^/.]+}")]
pub async fn get_article(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = article::Wanted::of(&mut params)?;
    params.finish()?;
    let key = format!("article/{path}?{}", wanted.key());
    of_article(
        request,
        path,
        "",
        key,
        state,
        (constants, contexts),
        move |conn, now, row, revision, context| {
            article::article(conn, now, row, revision, &wanted, context)
        },
    )
    .await
}

/// Get related articles
///
/// Those that an editor chose, in their order, then automatic ones about the same.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "Related articles", body = RelatedPage),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article}/related")]
pub async fn get_article_related(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let key = format!("related/{path}");
    of_article(
        request,
        path,
        "/related",
        key,
        state,
        (constants, contexts),
        |conn, now, row, revision, context| {
            related::related_page(conn, now, &row, &revision, context)
        },
    )
    .await
}

/// Get more news
///
/// Without the article itself: the curated list `more-{section}` of the article's
/// section or the nearest above it that has one, or else the list `more`, or else
/// the newest of the section.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 5, minimum = 1, maximum = 100),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "More news", body = MorePage),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article}/more")]
pub async fn get_article_more(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let limit = params.limit()?;
    params.finish()?;
    let key = format!("more/{path}?{limit}");
    of_article(
        request,
        path,
        "/more",
        key,
        state,
        (constants, contexts),
        move |conn, now, row, revision, context| {
            related::more_page(conn, now, &row, &revision, limit, context)
        },
    )
    .await
}

/// Get an article as Markdown
///
/// Headline, teaser and text, as CommonMark with tables.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The article", body = String, content_type = "text/markdown"),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article}.md")]
pub async fn get_article_markdown(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let key = format!("markdown/{path}");
    of_article(
        request,
        path,
        ".md",
        key,
        state,
        (constants, contexts),
        |conn, now, row, revision, context| {
            let resolved = Resolved::load(conn, now, context, row, revision)?;
            let mut draft = Draft::new(
                "text/markdown; charset=utf-8",
                resolved.to_markdown()?.into_bytes(),
                unique(resolved.tags.clone()),
            );
            resolved.limit(&mut draft);
            Ok(draft)
        },
    )
    .await
}

/// Get an article as plain text
///
/// Headline, teaser and text, without any markup.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The article", body = String, content_type = "text/plain"),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article}.txt")]
pub async fn get_article_text(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let key = format!("text/{path}");
    of_article(
        request,
        path,
        ".txt",
        key,
        state,
        (constants, contexts),
        |conn, now, row, revision, context| {
            let resolved = Resolved::load(conn, now, context, row, revision)?;
            let mut draft = Draft::new(
                "text/plain; charset=utf-8",
                resolved.to_text()?.into_bytes(),
                unique(resolved.tags.clone()),
            );
            resolved.limit(&mut draft);
            Ok(draft)
        },
    )
    .await
}

/// Get an article as JSON-LD
///
/// A NewsArticle as schema.org describes it, for search engines. It can be put as it is
/// into a page's script element of the type `application/ld+json`.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("article" = String, Path, description = "Slug or id", example = "stadtrat-beschliesst-kostenlosen-nahverkehr"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The article", body = NewsArticle, content_type = "application/ld+json"),
        (status = 301, description = "It has another slug now", headers(("Location" = String, description = "Where it is"))),
        (status = 410, description = "It was taken down. Type: `/problems/gone`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json"),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/articles/{article}.jsonld")]
pub async fn get_article_jsonld(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let key = format!("jsonld/{path}");
    of_article(
        request,
        path,
        ".jsonld",
        key,
        state,
        (constants, contexts),
        |conn, now, row, revision, context| {
            let resolved = Resolved::load(conn, now, context, row, revision)?;
            jsonld::news_article(conn, context, resolved)
        },
    )
    .await
}

/// Serves something of an article: where it has moved, that it is gone, or what
/// `make` makes of its live revision.
async fn of_article(
    request: HttpRequest,
    path: web::Path<String>,
    suffix: &'static str,
    key: String,
    state: web::Data<State>,
    (constants, contexts): (web::Data<Constants>, web::Data<Contexts>),
    make: impl FnOnce(&mut Conn<'_>, Time, LiveRow, LiveRevision, &Context) -> Result<Draft>
    + Send
    + 'static,
) -> Result<HttpResponse> {
    let name = path.into_inner();
    let shared = state.clone();
    let query = match request.query_string() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    serve(
        &request,
        &state,
        &constants,
        key,
        move |conn, now| match article::find(conn, now, &name)? {
            Found::Live(found) => {
                let (row, revision) = *found;
                let context = contexts.get(conn, &shared)?;
                make(conn, now, row, revision, &context)
            }
            Found::Moved(row) => {
                let suffix = format!("{suffix}{query}");
                Ok(article::moved(&row, &suffix, &shared.config))
            }
        },
    )
    .await
}
