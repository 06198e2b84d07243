//! Public routes of feeds.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::super::card::unique;
use super::super::context::{Context, Contexts};
use super::super::serve::{missing, serve};
use super::super::taxonomy::{self, Seen, moved, term_tags};
use super::entries::{self, Feed, Subject, Wanted};
use super::json::JsonFeed;
use super::{Form, atom, json, rss};
use crate::authors::Author;
use crate::changes::{Entity, Tag};
use crate::db::{Conn, Time};
use crate::error::{Error, NOT_FOUND, Problem, Result};
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::state::State;
use crate::taxonomy::Term;
use crate::topics::Topic;

/// Get the feed of all articles
///
/// The newest articles with their whole text, as RSS 2.0, Atom or JSON Feed 1.1. Ids
/// stay whatever else changes; `next` leads to older ones. A page ends early when its
/// texts come to more than 1 MB.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(
        ("format" = String, Path, description = "`rss`, `atom` or `json`", example = "rss"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 50 if missing", example = 50, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: from its link to the next"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The feed",
            content(
                (String = "application/rss+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">…</rss>\n"),
                (String = "application/atom+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">…</feed>\n"),
                (JsonFeed = "application/feed+json"),
            ),
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/feeds/all.{format}")]
pub async fn get_feed(
    request: HttpRequest,
    format: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    feed(
        request,
        ("all".to_owned(), format.into_inner()),
        (state, constants, contexts),
        |_, _, _, _| {
            Ok(Of::This(Subject {
                list: None,
                name: None,
                description: None,
                path: "all".to_owned(),
                tags: Vec::new(),
            }))
        },
    )
    .await
}

/// Get the feed of a section
///
/// With the articles of the sections below it. In form and parameters like the feed of
/// all articles; an old slug is 301.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(
        ("section" = String, Path, description = "Slug or id", example = "politik"),
        ("format" = String, Path, description = "`rss`, `atom` or `json`", example = "rss"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 50 if missing", example = 50, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: from its link to the next"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The feed",
            content(
                (String = "application/rss+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">…</rss>\n"),
                (String = "application/atom+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">…</feed>\n"),
                (JsonFeed = "application/feed+json"),
            ),
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 301, description = "The section has another slug now", headers(("Location" = String, description = "Where the feed is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/feeds/sections/{section}.{format}")]
pub async fn get_section_feed(
    request: HttpRequest,
    at: web::Path<(String, String)>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let shared = (state, constants, contexts);
    feed(request, at.into_inner(), shared, |_, _, context, at| {
        let tree = &context.tree;
        let Some(section) = tree.get(at).or_else(|| tree.led_to(at)) else {
            return Err(missing("The section", &at.to_string()));
        };
        let tags = vec![Tag::index(Entity::Section), Tag::section(section.id)];
        let path = format!("sections/{}", section.slug);
        Ok(match tree.get(at) {
            None => Of::Moved(path, tags),
            Some(_) => Of::This(Subject {
                list: Some(section.id),
                name: Some(section.name.clone()),
                description: section.description.clone(),
                path,
                tags,
            }),
        })
    })
    .await
}

/// Get the feed of a topic
///
/// In form and parameters like the feed of all articles; an old slug is 301.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(
        ("topic" = String, Path, description = "Slug or id", example = "verkehr"),
        ("format" = String, Path, description = "`rss`, `atom` or `json`", example = "rss"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 50 if missing", example = 50, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: from its link to the next"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The feed",
            content(
                (String = "application/rss+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">…</rss>\n"),
                (String = "application/atom+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">…</feed>\n"),
                (JsonFeed = "application/feed+json"),
            ),
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 301, description = "The topic has another slug now", headers(("Location" = String, description = "Where the feed is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/feeds/topics/{topic}.{format}")]
pub async fn get_topic_feed(
    request: HttpRequest,
    at: web::Path<(String, String)>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let shared = (state, constants, contexts);
    feed(request, at.into_inner(), shared, |conn, now, _, at| {
        of_term::<Topic>(conn, now, at, |topic| topic.description)
    })
    .await
}

/// Get the feed of an author
///
/// In form and parameters like the feed of all articles; an old slug is 301.
#[utoipa::path(
    tag = "feeds",
    security(()),
    params(
        ("author" = String, Path, description = "Slug or id", example = "mara-lenz"),
        ("format" = String, Path, description = "`rss`, `atom` or `json`", example = "rss"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 50 if missing", example = 50, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: from its link to the next"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The feed",
            content(
                (String = "application/rss+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">…</rss>\n"),
                (String = "application/atom+xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">…</feed>\n"),
                (JsonFeed = "application/feed+json"),
            ),
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 301, description = "The author has another slug now", headers(("Location" = String, description = "Where the feed is"))),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/feeds/authors/{author}.{format}")]
pub async fn get_author_feed(
    request: HttpRequest,
    at: web::Path<(String, String)>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let shared = (state, constants, contexts);
    feed(request, at.into_inner(), shared, |conn, now, _, at| {
        of_term::<Author>(conn, now, at, |author| author.bio)
    })
    .await
}

/// What an address is the feed of.
enum Of {
    /// Of this.
    This(Subject),
    /// Of what is called otherwise now, and has its feed there.
    Moved(String, Vec<Tag>),
}

fn of_term<T: Term>(
    conn: &mut Conn<'_>,
    now: Time,
    at: &Reference,
    description: impl FnOnce(T) -> Option<String>,
) -> Result<Of> {
    let path = |term: &T| format!("{}s/{}", T::KIND, term.slug());
    Ok(match taxonomy::seen::<T>(conn, now, at)? {
        Seen::Moved(term) => Of::Moved(path(&term), term_tags(&term)),
        Seen::Here(term) => Of::This(Subject {
            list: Some(term.id()),
            name: Some(term.name().to_owned()),
            path: path(&term),
            tags: term_tags(&term),
            description: description(term),
        }),
    })
}

type Shared = (web::Data<State>, web::Data<Constants>, web::Data<Contexts>);

/// Serves a feed of what `find` finds.
async fn feed(
    request: HttpRequest,
    (name, format): (String, String),
    (state, constants, contexts): Shared,
    find: impl FnOnce(&mut Conn<'_>, Time, &Context, &Reference) -> Result<Of> + Send + 'static,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = Wanted::of(&mut params)?;
    params.finish()?;
    let form: Form = format.parse().map_err(|()| unknown(&format))?;
    // The path as it is: what it names may be of any kind.
    let key = format!("{}{}", request.path(), wanted.query());
    let shared = state.clone();
    serve(&request, &state, &constants, key, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        let at = Reference::of(&name);
        match find(conn, now, &context, &at)? {
            Of::Moved(path, tags) => {
                let base = &context.config.public_url;
                let (extension, query) = (form.extension(), wanted.query());
                let address = format!("{base}/feeds/{path}.{extension}{query}");
                let mut draft = moved(address, &at, tags);
                taxonomy::note_times(conn, now, &mut draft)?;
                Ok(draft)
            }
            Of::This(subject) => {
                let made = entries::page(conn, now, &context, subject, &wanted)?;
                let mut draft = write(made.feed, form, unique(made.tags))?;
                draft.appears_at(made.appears);
                draft.disappears_at(made.disappears);
                Ok(draft)
            }
        }
    })
    .await
}

fn write(feed: Feed, form: Form, tags: Vec<Tag>) -> Result<Draft> {
    let next = feed.next(form);
    let body = match form {
        Form::Rss => rss::write(&feed)?,
        Form::Atom => atom::write(&feed)?,
        Form::Json => json::write(feed)?,
    };
    let mut draft = Draft::new(form.content_type(), body, tags);
    let link = next.map(|next| (header::LINK, format!("<{next}>; rel=\"next\"")));
    draft.headers.extend(link);
    Ok(draft)
}

fn unknown(format: &str) -> Error {
    let shown: String = format.chars().take(80).collect();
    let known = Form::ALL.map(Form::extension).join(", ");
    let detail = format!("No feed is written as `{shown}`; known are {known}.");
    Problem::new(&NOT_FOUND, detail)
        .header("Cache-Control", "public, max-age=5")
        .into()
}
