//! "Read more" and "more news".
//!
//! What an editor has chosen comes first. The automatic ones are live articles
//! about the same, by the words that few others have. Where the search index doesn't
//! know enough of them, or isn't there, articles follow that share topics with this one
//! or stand in the same section, those nearest in time first. They are made of what
//! others publish, so an answer that shows them is made anew after ten minutes at the
//! latest.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::card::{Card, unique};
use super::context::Context;
use super::curated;
use super::list::in_order;
use super::pictures::Pictures;
use crate::articles::model::{
    ListFilter, LiveLink, LiveRevision, LiveRow, Order, Placement, RevisionHead, ids,
};
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::answer::Draft;
use crate::http::cursor::Position;
use crate::search::like::Like;
use crate::taxonomy::names;

/// Seconds that an answer with automatic picks may live.
pub const LIFETIME: i64 = 600;
/// How many articles "more news" shows within an article.
pub const MORE: i64 = 5;
/// How many automatic picks there are.
const AUTOMATIC: usize = 6;
/// How many of each topic, and of the section, are looked at.
const CANDIDATES: i64 = 21;
/// How many more the index is asked for, in case readers don't see some.
const SPARE: usize = 6;

/// A related link: to an article that is live, or to an address elsewhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelatedOut {
    /// `inline`: a block of the body points here. `end`: it stands below. Open.
    pub placement: Placement,
    /// background, follow_up, opinion, source or read_more. Open.
    #[schema(example = "background")]
    pub relation: String,
    /// The link's own text, or the target's headline.
    #[schema(example = "Was kostet der Nahverkehr?")]
    pub headline: String,
    /// The article it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<Card>,
    /// The address elsewhere it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    pub url: Option<String>,
}

/// Related articles.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelatedPage {
    /// The curated links in their order, then the automatic ones.
    pub items: Vec<RelatedItem>,
}

/// A related article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelatedItem {
    /// Whether nobody chose it.
    pub automatic: bool,
    /// The link.
    #[serde(flatten)]
    pub link: RelatedOut,
}

/// More news.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MorePage {
    /// The articles, without this one.
    pub items: Vec<Card>,
}

/// What picks are made of, and when they may change by themselves.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// What they are made of.
    pub tags: Vec<Tag>,
    /// The next instant at which one may appear.
    pub appears: Option<Time>,
    /// The next instant at which one disappears.
    pub disappears: Option<Time>,
}

impl Made {
    /// Notes that one may appear at an instant.
    pub fn appears_at(&mut self, at: Option<Time>) {
        self.appears = self.appears.into_iter().chain(at).min();
    }

    /// Notes that one disappears at an instant.
    pub fn disappears_at(&mut self, at: Option<Time>) {
        self.disappears = self.disappears.into_iter().chain(at).min();
    }

    /// Notes when the answer that shows them may change.
    pub fn limit(&self, draft: &mut Draft) {
        draft.appears_at(self.appears);
        draft.disappears_at(self.disappears);
    }
}

/// The related links of an article, curated and automatic.
pub fn related_page(
    conn: &mut Conn<'_>,
    now: Time,
    row: &LiveRow,
    revision: &LiveRevision,
    context: &Context,
) -> Result<Draft> {
    let mut made = Made {
        tags: vec![Tag::site(), Tag::article(row.id)],
        ..Made::default()
    };
    let links = crate::store!(*conn, links::with_targets(row.id, revision.number))?;
    let known: Vec<Id> = links
        .iter()
        .filter_map(|(link, _)| link.target_id)
        .collect();
    let targets = links.iter().filter_map(|(_, target)| target.as_ref());
    let pictures = Pictures::of_cards(conn, context, targets.map(|(_, head)| head))?;
    let mut items = Vec::new();
    let (mut appears, mut disappears) = (None, row.expires_at);
    for (link, target) in &links {
        let visible = target
            .as_ref()
            .filter(|(article, _)| article.is_visible(now));
        match (visible, target) {
            (Some((article, head)), _) => {
                context.tag_card(article, head, &mut made.tags);
                disappears = [disappears, article.expires_at].into_iter().flatten().min();
            }
            (None, Some((article, _))) => {
                appears = [appears, article.published_at.filter(|at| *at > now)]
                    .into_iter()
                    .flatten()
                    .min();
            }
            (None, None) => {}
        }
        let link = related_out(context, link, visible, &pictures)?;
        items.extend(link.map(|link| RelatedItem {
            automatic: false,
            link,
        }));
    }
    for card in automatic(conn, now, context, row, revision, &known, &mut made)? {
        let link = RelatedOut {
            placement: Placement::End,
            relation: crate::content::Relation::ReadMore.name().to_owned(),
            headline: card.headline.clone(),
            article: Some(card),
            url: None,
        };
        items.push(RelatedItem {
            automatic: true,
            link,
        });
    }
    let mut draft = Draft::json(
        &RelatedPage { items },
        unique(std::mem::take(&mut made.tags)),
    )?;
    made.limit(&mut draft);
    draft.appears_at(appears);
    draft.appears_at(Some(now.plus_seconds(LIFETIME)));
    draft.disappears_at(disappears);
    Ok(draft)
}

/// The newest of an article's section, as an answer of its own.
pub fn more_page(
    conn: &mut Conn<'_>,
    now: Time,
    row: &LiveRow,
    revision: &LiveRevision,
    limit: i64,
    context: &Context,
) -> Result<Draft> {
    let mut made = Made {
        tags: vec![Tag::site(), Tag::article(row.id)],
        ..Made::default()
    };
    let items = more(conn, now, context, row, revision, limit, &mut made)?;
    let mut draft = Draft::json(&MorePage { items }, unique(std::mem::take(&mut made.tags)))?;
    made.limit(&mut draft);
    draft.appears_at(Some(now.plus_seconds(LIFETIME)));
    draft.disappears_at(row.expires_at);
    Ok(draft)
}

/// More news: the list that is meant for the article's section, or else the newest
/// of the section, or of all if it has none; without the article itself.
pub fn more(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    row: &LiveRow,
    revision: &LiveRevision,
    limit: i64,
    made: &mut Made,
) -> Result<Vec<Card>> {
    let section = context.section_id(revision.section_id);
    if let Some(list) = curated::more_list(conn, context, section, made)? {
        made.tags.push(Tag::curated(list.id));
        let rows = curated::articles(conn, now, context, &list, limit, Some(row.id), made)?;
        return curated::cards(conn, context, &rows, made);
    }
    made.tags
        .push(section.map_or_else(Tag::all_articles, Tag::list));
    let filter = ListFilter {
        exclude: vec![row.id],
        ..filter(section.map(|section| vec![section]).into_iter().collect())
    };
    made.appears_at(crate::store!(*conn, lists::next_appearance(&filter, now))?);
    let positions = crate::store!(
        *conn,
        lists::page(&filter, Order::NewestFirst, now, None, limit)
    )?;
    cards(conn, context, &positions, made)
}

/// Articles like this one that nobody chose: never itself, nor what it links to.
pub fn automatic(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    row: &LiveRow,
    revision: &LiveRevision,
    known: &[Id],
    made: &mut Made,
) -> Result<Vec<Card>> {
    let mut rows = alike(conn, now, context, row, revision, known)?;
    made.tags.push(
        context
            .section_id(revision.section_id)
            .map_or_else(Tag::all_articles, Tag::list),
    );
    if rows.len() < AUTOMATIC {
        let shown = rows.iter().map(|(row, _)| row.id);
        let known: Vec<Id> = known.iter().copied().chain(shown).collect();
        let positions = near(conn, now, context, row, revision, &known, made)?;
        let mut found = in_order(conn, &positions)?;
        found.retain(|(row, _)| row.is_visible(now));
        rows.extend(found.into_iter().take(AUTOMATIC - rows.len()));
    }
    curated::cards(conn, context, &rows, made)
}

/// Articles about the same, as the search index knows them; none if there is no
/// index. What readers don't see is not among them, whatever the index says.
fn alike(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    row: &LiveRow,
    revision: &LiveRevision,
    known: &[Id],
) -> Result<Vec<(LiveRow, RevisionHead)>> {
    let Some(search) = &context.search else {
        return Ok(Vec::new());
    };
    let mut topics = ids(&revision.topics)?;
    topics.extend(names::present(conn, topics.clone())?);
    topics.sort_unstable();
    topics.dedup();
    let like = Like {
        id: row.id,
        revision,
        topics: &topics,
        at: row.published_at.unwrap_or(now),
        limit: AUTOMATIC + known.len() + SPARE,
    };
    let mut found = search.like(&like).unwrap_or_default();
    found.retain(|id| *id != row.id && !known.contains(id));
    found.truncate(AUTOMATIC + SPARE);
    let positions: Vec<Position> = found
        .into_iter()
        .map(|id| Position { at: now, id })
        .collect();
    let mut rows = in_order(conn, &positions)?;
    rows.retain(|(row, _)| row.is_visible(now));
    rows.truncate(AUTOMATIC);
    Ok(rows)
}

/// Articles that share topics or the section, the nearest in time first; some may have
/// expired meanwhile.
fn near(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    row: &LiveRow,
    revision: &LiveRevision,
    known: &[Id],
    made: &mut Made,
) -> Result<Vec<Position>> {
    let topics = names::present(conn, ids(&revision.topics)?)?;
    let section = context.section_id(revision.section_id);
    let published_at = row.published_at.unwrap_or(now);
    let here = Position {
        at: published_at,
        id: row.id,
    };
    let mut found: HashMap<Id, (Position, u32)> = HashMap::new();
    let lists: Vec<Id> = topics.into_iter().chain(section).collect();
    made.tags.extend(lists.iter().map(|list| Tag::list(*list)));
    for (list, position) in crate::store!(*conn, lists::around(&lists, here, now, CANDIDATES))? {
        let weight = if Some(list) == section { 1 } else { 3 };
        found.entry(position.id).or_insert((position, 0)).1 += weight;
    }
    let mut ranked: Vec<(Position, u32)> = found
        .into_values()
        .filter(|(position, _)| position.id != row.id && !known.contains(&position.id))
        .collect();
    ranked.sort_by_key(|(position, weight)| {
        (
            std::cmp::Reverse(*weight),
            (position.at.0 - published_at.0).abs(),
            position.id,
        )
    });
    let positions = ranked.into_iter().map(|(position, _)| position);
    Ok(positions.take(AUTOMATIC + SPARE).collect())
}

fn filter(lists: Vec<Vec<Id>>) -> ListFilter {
    ListFilter {
        lists: lists.into_iter().filter(|list| !list.is_empty()).collect(),
        ..ListFilter::default()
    }
}

fn cards(
    conn: &mut Conn<'_>,
    context: &Context,
    positions: &[Position],
    made: &mut Made,
) -> Result<Vec<Card>> {
    let rows: Vec<(LiveRow, RevisionHead)> = in_order(conn, positions)?;
    curated::cards(conn, context, &rows, made)
}

/// A link as readers get it; nothing if they don't see where it leads, or if it
/// stands on words of the text.
pub fn related_out(
    context: &Context,
    link: &LiveLink,
    target: Option<&(LiveRow, RevisionHead)>,
    pictures: &Pictures,
) -> Result<Option<RelatedOut>> {
    if link.placement == Placement::Text {
        return Ok(None);
    }
    let (headline, article, url) = match (target, &link.url) {
        (Some((row, head)), _) => {
            let headline = link
                .headline
                .clone()
                .unwrap_or_else(|| head.headline.clone());
            (headline, Some(context.card(row, head, pictures)?), None)
        }
        (None, Some(url)) => (
            link.headline.clone().unwrap_or_else(|| url.clone()),
            None,
            Some(url.clone()),
        ),
        (None, None) => return Ok(None),
    };
    Ok(Some(RelatedOut {
        placement: link.placement,
        relation: link.relation.clone(),
        headline,
        article,
        url,
    }))
}
