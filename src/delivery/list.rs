//! Lists of articles, and what a client asks of them.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::card::{CARD_FIELDS, Card, unique};
use super::context::Context;
use super::pictures::Pictures;
use crate::articles::model::{ArticleRow, Kind, ListFilter, Order, RevisionHead, ids};
use crate::authors::Author;
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::{Result, bad_parameter, internal};
use crate::http::answer::Draft;
use crate::http::cursor::{self, Position};
use crate::http::page::PageLinks;
use crate::http::query::{LIMIT_DEFAULT, Params};
use crate::http::reference::Reference;
use crate::http::text;
use crate::taxonomy::{Term, names};
use crate::topics::Topic;

/// The most alternatives that a filter may list.
const ALTERNATIVES_MAX: usize = 20;

/// What `include` may name on lists.
pub(super) const INCLUDES: [&str; 2] = ["authors", "topics"];

/// A page of cards.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CardPage {
    /// The cards. With `fields`, each has only the members that were named.
    pub items: Vec<Card>,
    /// How many articles the whole list has, with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1312)]
    pub count: Option<i64>,
    /// Send this as `cursor` for the next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
    /// Addresses of pages.
    pub links: PageLinks,
}

/// What a client asks of a list of articles.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Name and alternatives: all filters must fit, one alternative of each.
    pub(super) named: Vec<(&'static str, Vec<String>)>,
    pub(super) kinds: Vec<Kind>,
    pub(super) languages: Vec<String>,
    exclude: Vec<String>,
    pub(super) published_after: Option<Time>,
    pub(super) published_before: Option<Time>,
    order: Order,
    pub(super) fields: Vec<&'static str>,
    pub(super) include: Vec<&'static str>,
    count: bool,
    pub(super) limit: i64,
    pub(super) cursor: Option<String>,
}

impl Wanted {
    /// Reads the parameters of a list.
    pub fn of(params: &mut Params) -> Result<Self> {
        let exclude = match params.one("exclude")? {
            Some(value) => alternatives("exclude", &value)?,
            None => Vec::new(),
        };
        let order = match params.one("sort")?.as_deref() {
            None | Some("-published_at") => Order::NewestFirst,
            Some("published_at") => Order::OldestFirst,
            Some("-updated_at") => Order::UpdatedFirst,
            Some(other) => {
                let known = ["-published_at", "published_at", "-updated_at"];
                return Err(bad_parameter(format!(
                    "`sort`: {}.",
                    text::unknown(other, &known)
                )));
            }
        };
        Ok(Wanted {
            exclude,
            order,
            count: params.flag("count")?,
            ..Wanted::filtered(params, &CARD_FIELDS)?
        })
    }

    /// Reads what lists and searches have in common: filters, members, the page.
    pub(super) fn filtered(params: &mut Params, fields: &[&'static str]) -> Result<Self> {
        let mut named = Vec::new();
        for name in ["section", "topic", "author"] {
            for value in params.all(name) {
                named.push((name, alternatives(name, &value)?));
            }
        }
        if named.len() > 5 {
            return Err(bad_parameter(
                "`section`, `topic` and `author` together may be given five times at most.",
            ));
        }
        named.sort();
        named.dedup();
        let single = |params: &mut Params, name| match params.one(name)? {
            Some(value) => alternatives(name, &value),
            None => Ok(Vec::new()),
        };
        let kinds = single(params, "kind")?
            .iter()
            .map(|kind| {
                kind.parse()
                    .map_err(|error| bad_parameter(format!("`kind`: {error}.")))
            })
            .collect::<Result<_>>()?;
        let languages = single(params, "language")?;
        Ok(Wanted {
            named,
            kinds,
            languages,
            published_after: params.time("published_after")?,
            published_before: params.time("published_before")?,
            fields: params.names("fields", fields)?,
            include: params.names("include", &INCLUDES)?,
            limit: params.limit()?,
            cursor: params.one("cursor")?,
            ..Wanted::default()
        })
    }

    /// The filters and the order, in canonical form: what a cursor belongs to.
    pub(super) fn filters(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = self
            .named
            .iter()
            .map(|(name, values)| (*name, values.join(",")))
            .collect();
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        for (name, values) in [
            ("kind", kinds.join(",")),
            ("language", self.languages.join(",")),
            ("exclude", self.exclude.join(",")),
        ] {
            if !values.is_empty() {
                pairs.push((name, values));
            }
        }
        for (name, at) in [
            ("published_after", self.published_after),
            ("published_before", self.published_before),
        ] {
            pairs.extend(at.map(|at| (name, at.to_string())));
        }
        match self.order {
            Order::NewestFirst => {}
            Order::OldestFirst => pairs.push(("sort", "published_at".to_owned())),
            Order::UpdatedFirst => pairs.push(("sort", "-updated_at".to_owned())),
        }
        pairs
    }

    /// Everything but the cursor, for the address of the next page.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.filters();
        if !self.fields.is_empty() {
            pairs.push(("fields", self.fields.join(",")));
        }
        if !self.include.is_empty() {
            pairs.push(("include", self.include.join(",")));
        }
        if self.count {
            pairs.push(("count", "true".to_owned()));
        }
        if self.limit != LIMIT_DEFAULT {
            pairs.push(("limit", self.limit.to_string()));
        }
        pairs
    }

    /// The canonical form of the whole request, for the cache.
    pub fn key(&self) -> String {
        let mut pairs = self.parameters();
        pairs.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        // Escaped, so that no value can pass for another parameter.
        format!(
            "articles?{}",
            serde_urlencoded::to_string(pairs).unwrap_or_default()
        )
    }
}

fn alternatives(name: &str, value: &str) -> Result<Vec<String>> {
    let mut values: Vec<String> = value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    values.sort();
    values.dedup();
    match values.len() {
        0 => Err(bad_parameter(format!(
            "`{name}` is empty; leave it out or name something."
        ))),
        count if count > ALTERNATIVES_MAX => Err(bad_parameter(format!(
            "`{name}` lists {count} alternatives; {ALTERNATIVES_MAX} are the most."
        ))),
        _ => Ok(values),
    }
}

/// A page of a list of articles.
pub fn page(conn: &mut Conn<'_>, now: Time, wanted: &Wanted, context: &Context) -> Result<Draft> {
    let filters = serde_urlencoded::to_string(wanted.filters()).map_err(internal)?;
    let after = wanted
        .cursor
        .as_deref()
        .map(|cursor| cursor::read(cursor, &filters))
        .transpose()?;
    let (filter, all_known) = resolve(conn, now, context, wanted)?;

    let mut positions = crate::store!(
        *conn,
        lists::page(&filter, wanted.order, now, after, wanted.limit + 1)
    )?;
    let more = positions.len() as i64 > wanted.limit;
    positions.truncate(wanted.limit as usize);
    let next_cursor = positions
        .last()
        .filter(|_| more)
        .map(|last| cursor::write(*last, &filters));

    let rows = in_order(conn, &positions)?;
    let mut tags = list_tags(&filter);
    tags.extend(name_tags(wanted));
    for (row, head) in &rows {
        context.tag_card(row, head, &mut tags);
    }
    let pictures = Pictures::of_cards(conn, context, rows.iter().map(|(_, head)| head))?;
    let mut items = Vec::with_capacity(rows.len());
    for (row, head) in &rows {
        items.push(context.card(row, head, &pictures)?);
    }
    include(conn, context, &wanted.include, &rows, &mut items, &mut tags)?;
    let count = match wanted.count {
        true => Some(crate::store!(*conn, lists::count(&filter, now))?),
        false => None,
    };
    let next = next_cursor.as_ref().map(|cursor| {
        let mut pairs = wanted.parameters();
        pairs.push(("cursor", cursor.clone()));
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        format!("{}/v1/articles?{query}", context.config.public_url)
    });
    let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
    let page = CardPage {
        items,
        count,
        next_cursor,
        links: PageLinks { next },
    };

    let mut draft = match wanted.fields.as_slice() {
        [] => Draft::json(&page, unique(tags))?,
        fields => Draft::json(&sparse_page(&page, fields)?, unique(tags))?,
    };
    draft
        .headers
        .extend(link.map(|link| (actix_web::http::header::LINK, link)));
    // A name that nobody sees yet may mean something once any article appears.
    let awaited = if all_known {
        filter
    } else {
        ListFilter::default()
    };
    draft.appears_at(crate::store!(*conn, lists::next_appearance(&awaited, now))?);
    if wanted.count {
        draft.disappears_at(crate::store!(
            *conn,
            lists::next_disappearance(&awaited, now)
        )?);
    }
    draft.disappears_at(rows.iter().filter_map(|(row, _)| row.expires_at).min());
    Ok(draft)
}

/// Names become ids. A section that doesn't exist is an error; a topic or an
/// author that doesn't is an empty list, as is one that only drafts use: the two
/// must not be told apart, not even by a header. Also whether all are known.
pub(super) fn resolve(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    wanted: &Wanted,
) -> Result<(ListFilter, bool)> {
    let nothing = Id(uuid::Uuid::nil());
    let mut all_known = true;
    let mut filter = ListFilter {
        kinds: wanted.kinds.clone(),
        languages: wanted.languages.clone(),
        published_after: wanted.published_after,
        published_before: wanted.published_before,
        ..ListFilter::default()
    };
    for (name, values) in &wanted.named {
        let mut lists = Vec::with_capacity(values.len());
        for value in values {
            let found = match *name {
                "section" => {
                    let found = context.tree.led_to(&Reference::of(value));
                    let known: Vec<&str> = context
                        .tree
                        .in_order()
                        .iter()
                        .map(|section| section.slug.as_str())
                        .collect();
                    found
                        .ok_or_else(|| {
                            bad_parameter(format!("`section`: {}.", text::unknown(value, &known)))
                        })?
                        .id
                }
                "topic" => listed::<Topic>(conn, value)?.unwrap_or(nothing),
                _ => listed::<Author>(conn, value)?.unwrap_or(nothing),
            };
            let known =
                *name == "section" || crate::store!(*conn, taxonomy::has_visible(found, now))?;
            all_known &= known;
            lists.push(if known { found } else { nothing });
        }
        filter.lists.push(lists);
    }
    let (ids, slugs): (Vec<_>, Vec<_>) = wanted
        .exclude
        .iter()
        .cloned()
        .partition(|name| name.parse::<Id>().is_ok());
    filter.exclude = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !slugs.is_empty() {
        let found = crate::store!(*conn, articles::ids_of_slugs(&slugs))?;
        filter.exclude.extend(found.into_iter().map(|(_, id)| id));
    }
    Ok((filter, all_known))
}

/// The id of what has this slug or had it; of what was merged into another the
/// other's.
fn listed<T: Term>(conn: &mut Conn<'_>, name: &str) -> Result<Option<Id>> {
    let at = Reference::of(name);
    let here = match &at {
        Reference::Id(_) => None,
        Reference::Slug(slug) => T::find_by_slug(conn, slug)?.map(|term| term.id()),
    };
    if here.is_some() {
        return Ok(here);
    }
    let id = name.parse().ok();
    Ok(names::led_to(conn, T::KIND, &at)?.or(id))
}

/// The tags of what the names in the filters mean, which another may get.
pub(super) fn name_tags(wanted: &Wanted) -> impl Iterator<Item = Tag> + '_ {
    let values = wanted.named.iter().flat_map(|(_, values)| values);
    values.map(|value| Tag::slug(value))
}

/// The tags of which articles are in a list.
pub(super) fn list_tags(filter: &ListFilter) -> Vec<Tag> {
    match filter.lists.first() {
        None => vec![Tag::site(), Tag::all_articles()],
        Some(_) => {
            let lists = filter.lists.iter().flatten().map(|list| Tag::list(*list));
            std::iter::once(Tag::site()).chain(lists).collect()
        }
    }
}

/// The articles at these positions, in this order.
pub fn in_order(
    conn: &mut Conn<'_>,
    positions: &[Position],
) -> Result<Vec<(ArticleRow, RevisionHead)>> {
    let ids: Vec<Id> = positions.iter().map(|position| position.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = crate::store!(*conn, lists::cards(&ids))?;
    let mut found: HashMap<Id, (ArticleRow, RevisionHead)> = found
        .into_iter()
        .map(|(row, head)| (row.id, (row, head)))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Adds topics and authors to cards: one query for all of them.
pub(super) fn include(
    conn: &mut Conn<'_>,
    context: &Context,
    include: &[&str],
    rows: &[(ArticleRow, RevisionHead)],
    items: &mut [Card],
    tags: &mut Vec<Tag>,
) -> Result<()> {
    let wanted = |name, column: fn(&RevisionHead) -> &str| match include.contains(&name) {
        true => rows.iter().map(|(_, head)| ids(column(head))).collect(),
        false => Ok(Vec::new()),
    };
    let topics: Vec<Vec<Id>> = wanted("topics", |head| &head.topics)?;
    let authors: Vec<Vec<Id>> = wanted("authors", |head| &head.authors)?;
    // All at once, so that each card's names are known below.
    context.names(conn, &[topics.concat(), authors.concat()].concat())?;
    for (item, ids) in items.iter_mut().zip(topics) {
        let topics = context.names(conn, &ids)?;
        tags.extend(topics.iter().map(|(id, _)| Tag::topic(*id)));
        item.topics = Some(topics.into_iter().map(|(_, name)| name).collect());
    }
    for (item, ids) in items.iter_mut().zip(authors) {
        let authors = context.names(conn, &ids)?;
        tags.extend(authors.iter().map(|(id, _)| Tag::author(*id)));
        item.authors = Some(authors.into_iter().map(|(_, name)| name).collect());
    }
    Ok(())
}

fn sparse_page(page: &CardPage, fields: &[&str]) -> Result<Value> {
    let mut value = serde_json::to_value(page).map_err(internal)?;
    sparse(&mut value, fields);
    Ok(value)
}

/// Leaves of each of a page's items only the members that were named.
pub(super) fn sparse(page: &mut Value, fields: &[&str]) {
    if let Some(items) = page.get_mut("items").and_then(Value::as_array_mut) {
        for item in items {
            if let Value::Object(members) = item {
                keep(members, fields);
            }
        }
    }
}

/// Leaves only the members that were named.
pub fn keep(members: &mut Map<String, Value>, fields: &[&str]) {
    members.retain(|name, _| fields.contains(&name.as_str()));
}
