//! The start screen in one request: the curated lists, the newest, and the newest of
//! each section. With it comes a cursor, so that an app goes on from there by what has
//! changed.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::{Card, unique};
use super::context::{Context, Contexts};
use super::curated;
use super::list::in_order;
use super::related::Made;
use super::sections::SectionRef;
use super::serve::serve;
use super::sync::cursor::{Mark, Place, Stage};
use super::sync::scope::{Named, Scope};
use crate::articles::model::{ListFilter, Order};
use crate::changes::{Entity, Tag};
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::cursor::Position;
use crate::http::page::ByName;
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, PublicProblems, Unchanged};
use crate::lists::model::{List, MORE};
use crate::state::State;

/// Cards of a section, if nothing is said.
const CARDS: i64 = 4;
/// The most cards of a list.
const LIST_CARDS: i64 = 20;
/// How many of the newest there are.
const LATEST: i64 = 10;
/// The most lists, and the most sections.
const LISTS_MAX: usize = 10;
const SECTIONS_MAX: usize = 50;
/// Seconds that the answer may live: its cursor grows old with it.
const LIFETIME: i64 = 600;
/// The list that stands first.
const HOME: &str = "home";

/// A start screen.
#[derive(Serialize, ToSchema)]
pub struct Home {
    /// The curated lists, `home` first, then in the order of their names. Those that
    /// are "more news" aren't among them. Each has its first 20 articles.
    lists: Vec<HomeList>,
    /// The newest articles.
    latest: Vec<Card>,
    /// The sections at the top, in their order, each with the newest of it and of what
    /// is below it.
    sections: Vec<HomeSection>,
    /// Gets what has changed since from `/v1/changes` or `/v1/events`.
    #[schema(example = "A5Jv8r8OEk2nAAAAAAAABSAABlI2yPLSQAA")]
    changes_cursor: String,
}

/// A curated list on the start screen.
#[derive(Serialize, ToSchema)]
pub struct HomeList {
    /// Its id.
    id: Id,
    /// Its slug; `home` is the front page.
    #[schema(example = "home")]
    slug: String,
    /// Its name.
    #[schema(example = "Startseite")]
    name: String,
    /// Its first articles, in their order.
    items: Vec<Card>,
}

/// A section on the start screen.
#[derive(Serialize, ToSchema)]
pub struct HomeSection {
    /// The section.
    #[serde(flatten)]
    section: SectionRef,
    /// The newest of it.
    items: Vec<Card>,
}

/// Get a start screen
///
/// Curated lists, the newest, and the newest of each section, in one request. An app
/// that shows it stays up to date with `changes_cursor`.
#[utoipa::path(
    tag = "sync",
    security(()),
    params(
        ("limit" = Option<i64>, Query, description = "Cards of each section, 1 to 100; 4 if missing", example = 4, minimum = 1, maximum = 100),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The start screen", body = Home),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/home")]
pub async fn get_home(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let limit = params.limit_or(CARDS)?;
    params.finish()?;
    let shared = state.clone();
    let key = format!("home?{limit}");
    serve(&request, &state, &constants, key, move |conn, now| {
        // Before anything is read, so that nothing is missed.
        let newest = super::sync::newest(conn)?;
        let context = contexts.at_least(conn, &shared, newest.seq)?;
        let now = super::sync::instant(now, newest);
        home(conn, now, &context, newest, limit)
    })
    .await
}

fn home(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    newest: Mark,
    limit: i64,
) -> Result<Draft> {
    let mut made = Made {
        tags: vec![
            Tag::site(),
            Tag::index(Entity::List),
            Tag::all_articles(),
            Tag::index(Entity::Section),
        ],
        ..Made::default()
    };
    let everything = ListFilter::default();
    let mut lists: Vec<(List, Vec<Id>)> = Vec::new();
    for list in lists_of(conn)? {
        made.tags.push(Tag::curated(list.id));
        let ids = curated::ids(conn, now, context, &list, LIST_CARDS, None, &mut made)?;
        lists.push((list, ids));
    }
    let order = Order::NewestFirst;
    let latest = crate::store!(*conn, lists::page(&everything, order, now, None, LATEST))?;
    let latest = ids(latest);
    let mut sections: Vec<(SectionRef, Vec<Id>)> = Vec::new();
    for section in context.tree.children(None).take(SECTIONS_MAX) {
        let filter = ListFilter {
            lists: vec![vec![section.id]],
            ..ListFilter::default()
        };
        let newest = crate::store!(*conn, lists::page(&filter, order, now, None, limit))?;
        made.tags.push(Tag::list(section.id));
        sections.push((SectionRef::of(section, &context.tree), ids(newest)));
    }
    made.appears_at(crate::store!(
        *conn,
        lists::next_appearance(&everything, now)
    )?);

    // What stands in several places is read once.
    let shown = lists.iter().map(|(_, ids)| ids);
    let shown = shown
        .chain([&latest])
        .chain(sections.iter().map(|(_, ids)| ids));
    let mut all: Vec<Id> = shown.flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let at = Time::default();
    let positions: Vec<Position> = all.into_iter().map(|id| Position { at, id }).collect();
    let rows = in_order(conn, &positions)?;
    let cards = curated::cards(conn, context, &rows, &mut made)?;
    let cards: HashMap<Id, Card> = cards.into_iter().map(|card| (card.id, card)).collect();
    let items = |ids: Vec<Id>| -> Vec<Card> {
        ids.iter().filter_map(|id| cards.get(id).cloned()).collect()
    };

    let cursor = Place {
        mark: newest,
        stage: Stage::Since,
    };
    let answer = Home {
        lists: lists
            .into_iter()
            .map(|(list, ids)| HomeList {
                id: list.id,
                slug: list.slug,
                name: list.name,
                items: items(ids),
            })
            .collect(),
        latest: items(latest),
        sections: sections
            .into_iter()
            .map(|(section, ids)| HomeSection {
                section,
                items: items(ids),
            })
            .collect(),
        changes_cursor: cursor.write(&Scope::of(&Named::default(), context)?),
    };
    let mut draft = Draft::json(&answer, unique(std::mem::take(&mut made.tags)))?;
    made.limit(&mut draft);
    draft.appears_at(Some(now.plus_seconds(LIFETIME)));
    Ok(draft)
}

fn ids(positions: Vec<Position>) -> Vec<Id> {
    positions.into_iter().map(|position| position.id).collect()
}

/// The lists of a start screen, the front page first.
fn lists_of(conn: &mut Conn<'_>) -> Result<Vec<List>> {
    let all = ByName {
        prefix: None,
        visible_at: None,
        after: None,
        limit: 100,
    };
    let mut lists = crate::store!(*conn, curated::page(&all))?;
    let home = crate::store!(*conn, curated::find_by_slug(HOME))?;
    let below = format!("{MORE}-");
    lists.retain(|list| list.slug != HOME && list.slug != MORE && !list.slug.starts_with(&below));
    let mut lists: Vec<List> = home.into_iter().chain(lists).collect();
    lists.truncate(LISTS_MAX);
    Ok(lists)
}
