//! Which things a client gets next, by kind and id. What of them readers see is decided
//! by whoever shows them.

use std::collections::HashSet;

use super::cursor::{After, KINDS, Mark, Place, Stage};
use super::scope::Scope;
use crate::articles::model::Order;
use crate::authors::Author;
use crate::changes::Entity;
use crate::db::{Conn, Id, Time};
use crate::delivery::context::Context;
use crate::error::Result;
use crate::http::cursor::Position;
use crate::http::page::ByName;
use crate::taxonomy::Term;
use crate::topics::Topic;

/// A thing that comes next.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub kind: Entity,
    /// Its id.
    pub id: Id,
    /// Where a client stands that has got it.
    pub place: Place,
}

/// What a client gets next.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The things, in order.
    pub steps: Vec<Step>,
    /// Where the client stands then.
    pub next: Place,
    /// Whether there is more at once.
    pub more: bool,
}

/// Plans what comes after a place. `newest` was noted before anything was read.
pub fn plan(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    scope: &Scope,
    (from, newest): (Place, Mark),
    limit: i64,
) -> Result<Plan> {
    match from.stage {
        Stage::First(kind, after) => {
            let start = (from.mark, kind, after);
            first(conn, now, context, scope, start, newest, limit)
        }
        Stage::Since => since(conn, now, scope, from.mark, None, newest, limit),
        Stage::Lists(after) => since(conn, now, scope, from.mark, Some(after), newest, limit),
    }
}

/// Where everything begins that is read for the first time.
pub fn start(mark: Mark, scope: &Scope) -> Place {
    let kind = KINDS.iter().find(|kind| scope.has(**kind));
    let stage = kind.map_or(Stage::Since, |kind| Stage::First(*kind, None));
    Place { mark, stage }
}

/// A page of everything that readers see.
fn first(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    scope: &Scope,
    (mark, kind, mut after): (Mark, Entity, Option<After>),
    newest: Mark,
    limit: i64,
) -> Result<Plan> {
    let mut steps: Vec<Step> = Vec::new();
    let begin = KINDS.iter().position(|known| *known == kind);
    for kind in KINDS.into_iter().skip(begin.unwrap_or_default()) {
        if !scope.has(kind) {
            continue;
        }
        let room = limit - steps.len() as i64;
        let stage = |after| Place {
            mark,
            stage: Stage::First(kind, after),
        };
        if room == 0 {
            let next = stage(None);
            let more = true;
            return Ok(Plan { steps, next, more });
        }
        let found = of_kind(conn, now, context, scope, kind, after.take(), room)?;
        let full = found.len() as i64 == room;
        steps.extend(found.into_iter().map(|(id, after)| Step {
            kind,
            id,
            place: stage(Some(after)),
        }));
        if let Some(last) = steps.last().filter(|_| full) {
            let next = last.place.clone();
            let more = true;
            return Ok(Plan { steps, next, more });
        }
    }
    Ok(Plan {
        steps,
        next: Place {
            mark,
            stage: Stage::Since,
        },
        more: newest.seq > mark.seq,
    })
}

/// Things of a kind after one, in an order in which none that stays is skipped.
fn of_kind(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    scope: &Scope,
    kind: Entity,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<(Id, After)>> {
    let by_id = |id: Id| {
        let at = Time::default();
        (id, After::Position(Position { at, id }))
    };
    let position = match &after {
        Some(After::Position(position)) => Some(*position),
        _ => None,
    };
    let by_name = ByName {
        prefix: None,
        visible_at: Some(now),
        after: match &after {
            Some(After::Name(name, id)) => Some((name.clone(), *id)),
            _ => None,
        },
        limit,
    };
    Ok(match kind {
        Entity::Site => {
            let site = Id(uuid::Uuid::nil());
            after.is_none().then(|| by_id(site)).into_iter().collect()
        }
        Entity::Section => {
            let sections = context.tree.in_order().into_iter();
            let mut ids: Vec<Id> = sections.map(|section| section.id).collect();
            ids.sort_unstable();
            let rest = ids
                .into_iter()
                .filter(|id| position.is_none_or(|after| *id > after.id));
            rest.take(limit as usize).map(by_id).collect()
        }
        Entity::List => {
            let lists = crate::store!(*conn, curated::page(&by_name))?;
            let place =
                |list: crate::lists::model::List| (list.id, After::Name(list.sort_key, list.id));
            lists.into_iter().map(place).collect()
        }
        Entity::Article => {
            let order = Order::NewestFirst;
            let filter = scope.filter();
            let positions =
                crate::store!(*conn, lists::page(&filter, order, now, position, limit))?;
            let place = |position: Position| (position.id, After::Position(position));
            positions.into_iter().map(place).collect()
        }
        Entity::Topic => named(Topic::page(conn, &by_name)?),
        Entity::Author => named(Author::page(conn, &by_name)?),
        Entity::Media | Entity::Redirect => Vec::new(),
    })
}

fn named<T: Term>(terms: Vec<T>) -> Vec<(Id, After)> {
    let place = |term: &T| {
        let after = After::Name(term.sort_key().to_owned(), term.id());
        (term.id(), after)
    };
    terms.iter().map(place).collect()
}

/// What has changed since an entry, up to the newest. `lists` is there if the lists
/// that fill themselves are to be sent at the end: after which one.
fn since(
    conn: &mut Conn<'_>,
    now: Time,
    scope: &Scope,
    mark: Mark,
    mut lists: Option<Option<Id>>,
    newest: Mark,
    limit: i64,
) -> Result<Plan> {
    let span = (mark.seq, newest.seq);
    let mut found = crate::store!(*conn, changes::latest(span, &scope.kinds, limit + 1))?;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let mut steps = Vec::with_capacity(found.len());
    let place = |mark, lists: &Option<Option<Id>>| Place {
        mark,
        stage: lists.map_or(Stage::Since, Stage::Lists),
    };
    for (seq, at, kind, id) in found {
        if kind == Entity::Article {
            lists = Some(None);
        }
        let place = place(Mark { seq, at }, &lists);
        steps.push(Step { kind, id, place });
    }
    if more {
        let next = steps.last().map_or(
            Place {
                mark,
                stage: Stage::Since,
            },
            |last| last.place.clone(),
        );
        return Ok(Plan { steps, next, more });
    }

    let mut known: HashSet<Id> = steps.iter().map(|step| step.id).collect();
    let mut room = (limit as usize).saturating_sub(steps.len());
    for (kind, id) in due(conn, now, room as i64)? {
        if room > 0 && scope.has(kind) && known.insert(id) {
            if kind == Entity::Article {
                lists = Some(None);
            }
            // Those before it were up to the newest entry too, or there were none.
            let place = place(newest, &lists);
            steps.push(Step { kind, id, place });
            room -= 1;
        }
    }
    let mut next = place(newest, &lists);
    let mut more = false;
    if let Some(after) = lists {
        next.stage = Stage::Since;
        if scope.has(Entity::List) {
            let mut rest = crate::store!(*conn, curated::automatic(after, room as i64 + 1))?;
            more = rest.len() > room;
            rest.truncate(room);
            for id in rest {
                let place = Place {
                    mark: newest,
                    stage: Stage::Lists(Some(id)),
                };
                if more {
                    next = place.clone();
                }
                if known.insert(id) {
                    let kind = Entity::List;
                    steps.push(Step { kind, id, place });
                }
            }
            if more && room == 0 {
                next.stage = Stage::Lists(after);
            }
        }
    }
    Ok(Plan { steps, next, more })
}

/// What time alone has changed and nobody has announced yet, with the articles and
/// lists that show it. It comes again when it is announced.
fn due(conn: &mut Conn<'_>, now: Time, limit: i64) -> Result<Vec<(Entity, Id)>> {
    let rows = crate::store!(*conn, articles::to_announce(now, limit))?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let sources = crate::store!(*conn, links::live_sources(&ids))?;
    let lists = crate::store!(*conn, curated::lists_with(&ids))?;
    let articles = ids.into_iter().chain(sources);
    let articles = articles.map(|id| (Entity::Article, id));
    let lists = lists.into_iter().map(|id| (Entity::List, id));
    Ok(articles.chain(lists).collect())
}
