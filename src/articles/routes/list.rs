//! The editors' list of articles.

use std::collections::HashMap;

use actix_web::{HttpRequest, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::find::{FindDrafts, Words};
use crate::articles::model::{ArticleRow, EditorFilter, RevisionHead};
use crate::articles::view::ArticleItem;
use crate::auth::{Actor, Right};
use crate::authors::Author;
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::{Result, bad_parameter, internal};
use crate::http::cursor::{self, Position};
use crate::http::page::{Page, PageLinks};
use crate::http::query::Params;
use crate::http::reply::Reply;
use crate::http::spec::EditorProblems;
use crate::http::text;
use crate::sections;
use crate::state::State;
use crate::taxonomy::{Term, uploads};
use crate::topics::Topic;

/// The most characters of `q`.
const Q_MAX: usize = 400;

/// A page of the editors' list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditorPage {
    /// What is on this page.
    pub items: Vec<ArticleItem>,
    /// Words of `q` that were not looked for, because nothing has all of them or because
    /// they are too many.
    #[schema(example = json!([]))]
    pub left_out: Vec<String>,
    /// Send this as `cursor` for the next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "AgGTa2k1OXyxmKqd7xo-_wAAAAB2ZXJrZWhy")]
    pub next_cursor: Option<String>,
    /// Addresses of pages.
    pub links: PageLinks,
}

impl EditorPage {
    fn new(page: Page<ArticleItem>, left_out: Vec<String>) -> Self {
        let Page {
            items,
            next_cursor,
            links,
        } = page;
        EditorPage {
            items,
            left_out,
            next_cursor,
            links,
        }
    }
}

/// List articles in any state
///
/// Newest edit first; the trash only with `state=trashed`. With `q` those that fit
/// best come first: it is read as by `/v1/search` and finds words of the newest
/// revision, whatever its state, and of the slug, as soon as they are saved.
#[utoipa::path(
    tag = "articles",
    security(("bearer" = [])),
    params(
        ("state" = Option<String>, Query, description = "draft, in_review, scheduled, live, withdrawn or trashed", example = "draft"),
        ("section" = Option<String>, Query, description = "A section by slug or id, those below it included", example = "politik"),
        ("topic" = Option<String>, Query, description = "A topic by slug or id", example = "verkehr"),
        ("author" = Option<String>, Query, description = "An author by slug or id", example = "mara-lenz"),
        ("kind" = Option<String>, Query, description = "What kind of piece it is", example = "news"),
        ("language" = Option<String>, Query, description = "A language tag (BCP 47)", example = "de"),
        ("created_by" = Option<String>, Query, description = "A user's name or id, or `me`", example = "me"),
        ("external_id" = Option<String>, Query, description = "What a feed calls it", example = "fpd:20261123-0815"),
        ("q" = Option<String>, Query, description = "Words to look for, `\"phrases\"` and `-words` that must not be there", example = "nahverkehr", max_length = 400),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended"),
    ),
    responses(
        (status = 200, description = "A page of articles", body = EditorPage,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        EditorProblems,
    ),
)]
#[get("/v1/editor/articles")]
pub async fn list_editor_articles(
    request: HttpRequest,
    actor: Actor,
    state: web::Data<State>,
    finder: web::Data<dyn FindDrafts>,
) -> Result<Reply> {
    actor.require(Right::Read)?;
    let mut params = Params::of(&request)?;
    let names = [
        ("state", params.one("state")?),
        ("section", params.one("section")?),
        ("topic", params.one("topic")?),
        ("author", params.one("author")?),
        ("kind", params.one("kind")?),
        ("language", params.one("language")?),
        ("created_by", params.one("created_by")?),
        ("external_id", params.one("external_id")?),
        ("q", params.one("q")?),
    ];
    let limit = params.limit()?;
    let cursor = params.one("cursor")?;
    params.finish()?;
    let kept: Vec<(&str, String)> = names
        .iter()
        .filter_map(|(name, value)| Some((*name, value.clone()?)))
        .collect();
    let typed = names[8].1.clone().filter(|q| !q.trim().is_empty());
    if typed.as_ref().is_some_and(|q| q.chars().count() > Q_MAX) {
        return Err(bad_parameter(format!(
            "`q` has more than {Q_MAX} characters; look for fewer words."
        )));
    }
    let filters = serde_urlencoded::to_string(&kept).map_err(internal)?;
    let after = cursor
        .as_deref()
        .map(|cursor| cursor::read(cursor, &filters))
        .transpose()?;
    let now = state.now();
    let config = state.config.clone();
    let turn = match typed {
        Some(_) => Some(finder.turn(&state.clone().into_inner()).await?),
        None => None,
    };
    let (page, left_out) = state
        .read(move |conn| {
            let mut filter = editor_filter(conn, &actor, names)?;
            let found = match &typed {
                Some(typed) => finder.find(&words(conn, typed, &filter, now)?),
                None => None,
            };
            drop(turn);
            if let Some(found) = found {
                filter.words = Vec::new();
                let skip = after.map_or(0, |position| position.at.0.max(0) as usize);
                let (rows, next) = best_first(conn, filter, now, &found.ids, skip, limit as usize)?;
                let next = next.map(|skip| {
                    let (at, id) = (Time(skip as i64), Id(uuid::Uuid::nil()));
                    cursor::write(Position { at, id }, &filters)
                });
                let page = page_of(conn, &rows, next, kept, limit, now, &config)?;
                return Ok((page, found.left_out));
            }
            let mut rows =
                crate::store!(*conn, articles::editor_page(&filter, now, after, limit + 1))?;
            let more = rows.len() as i64 > limit;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| more).map(|(row, _)| {
                cursor::write(
                    Position {
                        at: row.edited_at,
                        id: row.id,
                    },
                    &filters,
                )
            });
            let page = page_of(conn, &rows, next, kept, limit, now, &config)?;
            Ok((page, Vec::new()))
        })
        .await?;
    let link = page.link_header();
    let reply = Reply::ok(&EditorPage::new(page, left_out));
    Ok(match link {
        Some((name, value)) => reply.header(name, value),
        None => reply,
    })
}

/// Articles as a page of the list.
fn page_of(
    conn: &mut Conn<'_>,
    rows: &[(ArticleRow, RevisionHead)],
    next: Option<String>,
    mut kept: Vec<(&str, String)>,
    limit: i64,
    now: Time,
    config: &Config,
) -> Result<Page<ArticleItem>> {
    let tree = sections::ops::tree(conn)?;
    let items = rows
        .iter()
        .map(|(row, head)| ArticleItem::new(row, head, &tree, now, config))
        .collect();
    kept.push(("limit", limit.to_string()));
    let path = format!("{}/v1/editor/articles", config.public_url);
    Ok(Page::new(items, next, &path, &kept))
}

/// What to look for, with what was merged into the topic and the author.
fn words<'a>(
    conn: &mut Conn<'_>,
    text: &'a str,
    filter: &'a EditorFilter,
    now: Time,
) -> Result<Words<'a>> {
    let mut within = |id: Option<Id>| -> Result<Vec<Id>> {
        let Some(id) = id else { return Ok(Vec::new()) };
        let merged = crate::store!(*conn, taxonomy::ids_within(id))?;
        Ok(std::iter::once(id).chain(merged).collect())
    };
    Ok(Words {
        text,
        filter,
        topics: within(filter.topic)?,
        authors: within(filter.author)?,
        now,
    })
}

/// Of what was found those that the filter lets through, in the order in which they
/// were found, and where the next page begins.
fn best_first(
    conn: &mut Conn<'_>,
    mut filter: EditorFilter,
    now: Time,
    found: &[Id],
    skip: usize,
    limit: usize,
) -> Result<(Vec<(ArticleRow, RevisionHead)>, Option<usize>)> {
    const CHUNK: usize = 100;
    let mut rows = Vec::with_capacity(limit);
    let mut at = skip;
    while at < found.len() {
        let ids = &found[at..found.len().min(at + CHUNK)];
        filter.only = ids.to_vec();
        let fitting = crate::store!(
            *conn,
            articles::editor_page(&filter, now, None, CHUNK as i64)
        )?;
        let mut fitting: HashMap<Id, _> = fitting
            .into_iter()
            .map(|(row, head)| (row.id, (row, head)))
            .collect();
        for id in ids {
            if let Some(row) = fitting.remove(id) {
                if rows.len() == limit {
                    return Ok((rows, Some(at)));
                }
                rows.push(row);
            }
            at += 1;
        }
    }
    Ok((rows, None))
}

/// Reads the filters of the editors' list; names that don't exist are errors.
fn editor_filter(
    conn: &mut Conn<'_>,
    actor: &Actor,
    names: [(&'static str, Option<String>); 9],
) -> Result<EditorFilter> {
    let [
        state,
        section,
        topic,
        author,
        kind,
        language,
        created_by,
        external_id,
        q,
    ] = names.map(|(_, value)| value);
    let parse = |name: &str, error: String| bad_parameter(format!("`{name}`: {error}."));
    let unknown =
        |name: &str, value: &str| bad_parameter(format!("`{name}`: nothing is called `{value}`."));
    let mut filter = EditorFilter {
        state: state
            .map(|value| value.parse())
            .transpose()
            .map_err(|error| parse("state", error))?,
        kind: kind
            .map(|value| value.parse())
            .transpose()
            .map_err(|error| parse("kind", error))?,
        language,
        external_id,
        words: text::name_key(&q.unwrap_or_default())
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(10)
            .map(str::to_owned)
            .collect(),
        ..EditorFilter::default()
    };
    if let Some(name) = section {
        let tree = sections::ops::tree(conn)?;
        let section = tree
            .resolve(&name, "section")
            .map_err(|error| bad_parameter(format!("`section`: {}.", error.detail)))?;
        filter.sections = tree.ids_of(&tree.descendants(section.id));
    }
    if let Some(name) = topic {
        let found = one::<Topic>(conn, &name)?;
        filter.topic = Some(found.ok_or_else(|| unknown("topic", &name))?);
    }
    if let Some(name) = author {
        let found = one::<Author>(conn, &name)?;
        filter.author = Some(found.ok_or_else(|| unknown("author", &name))?);
    }
    filter.created_by = match created_by.as_deref() {
        None => None,
        Some("me") => Some(actor.id),
        Some(name) => match name.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                let user = crate::store!(*conn, users::by_name(name))?;
                Some(user.ok_or_else(|| unknown("created_by", name))?.id)
            }
        },
    };
    Ok(filter)
}

/// What an upload would mean by this name.
fn one<T: Term>(conn: &mut Conn<'_>, name: &str) -> Result<Option<Id>> {
    let meant = uploads::meant::<T>(conn, &[name.to_owned()])?;
    match meant.ambiguous.into_iter().next() {
        Some((_, why)) => Err(bad_parameter(format!("`{}`: {why}.", T::KIND))),
        None => Ok(meant.found.into_iter().flatten().next()),
    }
}
