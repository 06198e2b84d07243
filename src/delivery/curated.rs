//! Curated lists as readers get them: names, and articles in their order.
//!
//! Which of a list's articles readers see is decided when it is read. One that
//! they don't see leaves no hole, and none stands there twice.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::{CARD_FIELDS, Card, unique};
use super::context::{Context, Contexts};
use super::list::{self, in_order};
use super::pictures::Pictures;
use super::related::Made;
use super::serve::{missing, serve};
use crate::articles::model::{ListFilter, LiveRow, Order, RevisionHead};
use crate::changes::{Entity, Tag};
use crate::db::{Conn, Id, Time};
use crate::error::{Result, internal};
use crate::http::answer::{Constants, Draft};
use crate::http::cursor::Position;
use crate::http::page::{NamePage, NamePageParams, Page};
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::routing::ServiceConfig;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::lists::model::{Filter, List, ListKind, MORE, SIZE_MAX};
use crate::lists::ops;
use crate::state::State;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(get_list).service(list_lists);
}

/// A curated list among others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CuratedItem {
    /// Its id.
    pub id: Id,
    /// Its slug; `home` is the front page.
    #[schema(example = "home")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Startseite")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Where to go on.
    pub links: CuratedLinks,
}

/// Addresses of a curated list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CuratedLinks {
    /// The list with its articles.
    #[serde(rename = "self")]
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/v1/lists/home"
    )]
    pub this: String,
}

/// A curated list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CuratedList {
    /// What it is.
    #[serde(flatten)]
    pub about: CuratedItem,
    /// Its articles, in their order. With `fields`, each has only the members that
    /// were named.
    pub items: Vec<Card>,
}

impl CuratedItem {
    /// What readers get of a list, without its articles.
    pub fn new(list: List, base: &str) -> Self {
        let List {
            id,
            slug,
            name,
            sort_key: _,
            description,
            kind: _,
            filter: _,
            size: _,
            version: _,
            created_at: _,
            updated_at: _,
        } = list;
        let this = format!("{base}/v1/lists/{slug}");
        CuratedItem {
            id,
            slug,
            name,
            description,
            links: CuratedLinks { this },
        }
    }
}

/// List curated lists
///
/// In the order of their names, without their articles.
#[utoipa::path(
    tag = "lists",
    security(()),
    params(NamePageParams, IfNoneMatch),
    responses(
        (status = 200, description = "A page of lists", body = Page<CuratedItem>,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/lists")]
pub async fn list_lists(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = NamePage::of(&mut params)?;
    params.finish()?;
    let (shared, key) = (state.clone(), format!("/v1/lists?{}", wanted.key()));
    serve(&request, &state, &constants, key, move |conn, _| {
        let rows = crate::store!(*conn, curated::page(&wanted.wanted(None)))?;
        let base = &shared.config.public_url;
        let page = wanted.fill(
            rows,
            &format!("{base}/v1/lists"),
            |list| (&list.sort_key, list.id),
            |list| CuratedItem::new(list, base),
        );
        let mut draft = Draft::json(&page, vec![Tag::index(Entity::List)])?;
        draft.headers.extend(page.link_header());
        Ok(draft)
    })
    .await
}

/// Read a curated list
///
/// Its articles as cards, in the order that the newsroom gave them: `home` is the
/// front page.
#[utoipa::path(
    tag = "lists",
    security(()),
    params(
        ("list" = String, Path, description = "Slug or id", example = "home"),
        ("fields" = Option<String>, Query, description = "Members of each card, separated by commas; all if missing", example = "id,slug,headline"),
        ("include" = Option<String>, Query, description = "`authors`, `topics` or both, separated by a comma", example = "authors"),
        ("limit" = Option<i64>, Query, description = "How many at most, 1 to 100; as many as the list has if missing", example = 12, minimum = 1, maximum = 100),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The list and its articles", body = CuratedList),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/lists/{list}")]
pub async fn get_list(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
    at: web::Path<String>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let fields = params.names("fields", &CARD_FIELDS)?;
    let include = params.names("include", &list::INCLUDES)?;
    let limit = params.limit_or(i64::from(SIZE_MAX))?;
    params.finish()?;
    let shared = state.clone();
    let key = format!(
        "list/{at}?{}&{}&{limit}",
        fields.join(","),
        include.join(",")
    );
    serve(&request, &state, &constants, key, move |conn, now| {
        let list = match Reference::of(&at) {
            Reference::Id(id) => crate::store!(*conn, curated::find(id))?,
            Reference::Slug(slug) => crate::store!(*conn, curated::find_by_slug(&slug))?,
        };
        let list = list.ok_or_else(|| missing("The list", &at))?;
        let context = contexts.get(conn, &shared)?;
        let mut made = Made {
            tags: vec![Tag::site(), Tag::curated(list.id)],
            ..Made::default()
        };
        let rows = articles(conn, now, &context, &list, limit, None, &mut made)?;
        let mut items = cards(conn, &context, &rows, &mut made)?;
        list::include(conn, &context, &include, &rows, &mut items, &mut made.tags)?;
        let base = &context.config.public_url;
        let page = CuratedList {
            about: CuratedItem::new(list, base),
            items,
        };
        let tags = unique(std::mem::take(&mut made.tags));
        let mut draft = match fields.as_slice() {
            [] => Draft::json(&page, tags)?,
            fields => {
                let mut value = serde_json::to_value(&page).map_err(internal)?;
                list::sparse(&mut value, fields);
                Draft::json(&value, tags)?
            }
        };
        made.limit(&mut draft);
        Ok(draft)
    })
    .await
}

/// The list that is "more news" for an article: that of its section, or of the
/// nearest above it that has one, or the one of all.
pub fn more_list(
    conn: &mut Conn<'_>,
    context: &Context,
    section: Option<Id>,
    made: &mut Made,
) -> Result<Option<List>> {
    let mut slugs: Vec<String> = Vec::new();
    if let Some(section) = section {
        let above = context.tree.ancestors(section);
        slugs.extend(
            above
                .iter()
                .rev()
                .map(|section| format!("{MORE}-{}", section.slug)),
        );
    }
    slugs.push(MORE.to_owned());
    // If only because there is none.
    made.tags
        .extend(slugs.iter().map(|slug| Tag::curated_slug(slug)));
    let mut found = crate::store!(*conn, curated::by_slugs(&slugs))?;
    found.sort_by_key(|list| slugs.iter().position(|slug| *slug == list.slug));
    Ok(found.into_iter().next())
}

/// The articles that readers see in a list at an instant, in their order, but for
/// one. What that depends on is noted.
pub fn articles(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    list: &List,
    limit: i64,
    without: Option<Id>,
    made: &mut Made,
) -> Result<Vec<(LiveRow, RevisionHead)>> {
    let at = Time::default();
    let ids = ids(conn, now, context, list, limit, without, made)?;
    let positions: Vec<Position> = ids.into_iter().map(|id| Position { at, id }).collect();
    in_order(conn, &positions)
}

/// The ids of [`articles`].
pub fn ids(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    list: &List,
    limit: i64,
    without: Option<Id>,
    made: &mut Made,
) -> Result<Vec<Id>> {
    let size = i64::from(list.size).min(limit);
    let mut placed = Vec::new();
    if list.kind != ListKind::Automatic {
        for (place, row) in crate::store!(*conn, curated::live_entries(list.id))? {
            if row.is_visible(now) {
                placed.push((place, row.id));
            } else {
                // It may come by time alone.
                made.appears_at(row.published_at.filter(|at| *at > now));
            }
        }
        placed.retain(|(_, id)| Some(*id) != without);
    }
    let ids: Vec<Id> = match list.kind {
        ListKind::Manual => placed.into_iter().map(|(_, id)| id).collect(),
        ListKind::Automatic | ListKind::Pinned => {
            let mut stored = ops::read_filter(list)?;
            ops::follow(conn, &mut stored)?;
            let sections = stored.sections.iter();
            stored.sections = sections
                .filter_map(|id| context.section_id(Some(*id)))
                .collect();
            let mut filter = filter(stored);
            made.tags.extend(list::list_tags(&filter));
            made.appears_at(crate::store!(*conn, lists::next_appearance(&filter, now))?);
            filter.exclude.extend(placed.iter().map(|(_, id)| *id));
            filter.exclude.extend(without);
            let newest = crate::store!(
                *conn,
                lists::page(&filter, Order::NewestFirst, now, None, size)
            )?;
            let newest = newest.into_iter().map(|position| position.id);
            fill(&placed, newest, size as usize)
        }
    };
    Ok(ids.into_iter().take(size as usize).collect())
}

/// The pinned at their places, the others between them; where those end, the
/// pinned close up.
fn fill(pinned: &[(i32, Id)], others: impl Iterator<Item = Id>, size: usize) -> Vec<Id> {
    let mut pinned = pinned.iter().peekable();
    let mut others = others.peekable();
    let mut filled = Vec::with_capacity(size);
    while filled.len() < size {
        let place = filled.len() as i32 + 1;
        let its_turn = pinned.next_if(|(at, _)| *at <= place || others.peek().is_none());
        match its_turn.map(|(_, id)| *id).or_else(|| others.next()) {
            Some(id) => filled.push(id),
            None => break,
        }
    }
    filled
}

/// What a list is narrowed to, as queries know it.
fn filter(filter: Filter) -> ListFilter {
    let Filter {
        sections,
        topics,
        authors,
        kinds,
        languages,
        exclude,
    } = filter;
    ListFilter {
        lists: [sections, topics, authors]
            .into_iter()
            .filter(|alternatives| !alternatives.is_empty())
            .collect(),
        kinds,
        languages,
        exclude,
        ..ListFilter::default()
    }
}

/// Articles as cards, with what they are made of.
pub fn cards(
    conn: &mut Conn<'_>,
    context: &Context,
    rows: &[(LiveRow, RevisionHead)],
    made: &mut Made,
) -> Result<Vec<Card>> {
    let pictures = Pictures::of_cards(conn, context, rows.iter().map(|(_, head)| head))?;
    rows.iter()
        .map(|(row, head)| {
            context.tag_card(row, head, &mut made.tags);
            made.disappears_at(row.expires_at);
            context.card(row, head, &pictures)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_articles_leave_no_hole() {
        let ids: Vec<Id> = (0..6).map(|_| Id::new()).collect();
        let filled = |pinned: &[(i32, usize)], others: usize, size| -> Vec<usize> {
            let pinned: Vec<(i32, Id)> = pinned.iter().map(|(at, id)| (*at, ids[*id])).collect();
            let others = ids[..others].iter().copied();
            let place = |id: Id| ids.iter().position(|known| *known == id).unwrap();
            fill(&pinned, others, size).into_iter().map(place).collect()
        };
        assert_eq!(filled(&[(1, 5), (3, 4)], 3, 10), [5, 0, 4, 1, 2]);
        assert_eq!(filled(&[(2, 5), (9, 4)], 3, 10), [0, 5, 1, 2, 4]);
        assert_eq!(filled(&[(2, 5), (3, 4)], 4, 3), [0, 5, 4]);
        assert_eq!(filled(&[(2, 5), (9, 4)], 0, 10), [5, 4]);
        assert_eq!(filled(&[], 3, 2), [0, 1]);
    }
}
