//! Searching what readers see.
//!
//! The index tells ids; what is shown is loaded from the database as lists are, so
//! that what has gone is not shown even if the index still has it. Where hits fall
//! away, more are fetched. An answer is kept for seconds: what is new may be missed
//! for so long, what has gone evicts it at once.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::{CARD_FIELDS, Card, unique};
use super::context::{Context, Contexts};
use super::list::{self, in_order, include, name_tags, sparse};
use super::pictures::Pictures;
use super::serve::serve_after;
use crate::articles::model::{ListFilter, LiveRow, RevisionHead};
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::{Result, bad_parameter, internal};
use crate::http::answer::{Constants, Draft};
use crate::http::client;
use crate::http::cursor::{self, Position};
use crate::http::page::PageLinks;
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, PublicProblems, Unchanged};
use crate::http::text;
use crate::search::find::{Hit, Hits, Order, Place, Scope};
use crate::search::highlight::{Marker, Span};
use crate::search::limits::SearchLimits;
use crate::search::mark;
use crate::search::query::{LENGTH_MAX, Query};
use crate::search::{Public, find};
use crate::state::State;

/// Seconds that an answer lives at most; it ends before that with whatever is
/// published.
pub const LIFETIME: i64 = 600;
/// Hits that are fetched beyond a page, in case some fall away.
const SPARE: usize = 5;
/// How often more are fetched because too many fell away.
const ROUNDS: usize = 4;
/// Age counts from the beginning of the hour, so that the same search has the same
/// order for a while.
const HOUR: i64 = 3_600_000_000;

/// The members of a hit that `fields` may name.
const HIT_FIELDS: [&str; CARD_FIELDS.len() + 1] = {
    let mut fields = ["highlights"; CARD_FIELDS.len() + 1];
    let mut at = 0;
    while at < CARD_FIELDS.len() {
        fields[at] = CARD_FIELDS[at];
        at += 1;
    }
    fields
};

/// A piece of a text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HighlightSpan {
    /// The text; pieces in a row are the whole.
    #[schema(example = "Nahverkehr")]
    pub text: String,
    /// Whether this is what was looked for.
    #[serde(rename = "match")]
    #[schema(example = true)]
    pub matched: bool,
}

impl From<Span> for HighlightSpan {
    fn from(span: Span) -> Self {
        HighlightSpan {
            text: span.text,
            matched: span.matched,
        }
    }
}

/// Where what was looked for stands: texts in pieces, to be joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Highlights {
    /// The headline.
    pub headline: Vec<HighlightSpan>,
    /// The card's teaser; empty if it has none.
    pub teaser: Vec<HighlightSpan>,
    /// The passage of the text that has most of what was looked for; empty if it has
    /// none of it.
    pub body: Vec<HighlightSpan>,
}

/// A hit: a card, and where the words stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchItem {
    /// The article.
    #[serde(flatten)]
    pub card: Card,
    /// Where what was looked for stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub highlights: Option<Highlights>,
}

/// A page of hits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// The hits. With `fields`, each has only the members that were named.
    pub items: Vec<SearchItem>,
    /// Words that were not looked for, because nothing has all of them or because
    /// they are too many. Tell the reader.
    #[schema(example = json!([]))]
    pub left_out: Vec<String>,
    /// Send this as `cursor` for the next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
    /// Addresses of pages.
    pub links: PageLinks,
}

/// What a client asks of a search.
#[derive(Clone, Debug)]
struct Wanted {
    q: String,
    order: Order,
    list: list::Wanted,
}

/// Reads `q`.
pub(super) fn q_of(params: &mut Params) -> Result<String> {
    let q = params.one("q")?.ok_or_else(|| {
        bad_parameter("`q` is missing: what should be looked for? Add q=nahverkehr, for example.")
    })?;
    if q.chars().count() > LENGTH_MAX {
        return Err(bad_parameter(format!(
            "`q` has more than {LENGTH_MAX} characters; look for fewer words."
        )));
    }
    Ok(q)
}

impl Wanted {
    fn of(params: &mut Params) -> Result<Self> {
        let order = match params.one("sort")?.as_deref() {
            None | Some("relevance") => Order::BestFirst,
            Some("-published_at") => Order::NewestFirst,
            Some(other) => {
                let known = ["relevance", "-published_at"];
                return Err(bad_parameter(format!(
                    "`sort`: {}.",
                    text::unknown(other, &known)
                )));
            }
        };
        Ok(Wanted {
            q: q_of(params)?,
            order,
            list: list::Wanted::filtered(params, &HIT_FIELDS)?,
        })
    }

    fn own(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("q", self.q.clone())];
        if self.order == Order::NewestFirst {
            pairs.push(("sort", "-published_at".to_owned()));
        }
        pairs
    }

    /// What a cursor belongs to.
    fn filters(&self) -> Result<String> {
        let mut pairs = self.own();
        pairs.extend(self.list.filters());
        serde_urlencoded::to_string(pairs).map_err(internal)
    }

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.own();
        pairs.extend(self.list.parameters());
        pairs
    }

    fn key(&self) -> String {
        let mut pairs = self.parameters();
        pairs.extend(self.list.cursor.clone().map(|cursor| ("cursor", cursor)));
        format!(
            "search?{}",
            serde_urlencoded::to_string(pairs).unwrap_or_default()
        )
    }

    /// Whether a hit is to have this member.
    fn wants(&self, member: &str) -> bool {
        self.list.fields.is_empty() || self.list.fields.contains(&member)
    }
}

/// Search articles
///
/// Finds live articles by the words of headline, teaser, text, topics and authors,
/// inflected ones too, however umlauts are spelt. All words must be there; if
/// nothing has all of them, some are left out (`left_out`). `"Words"` in quotation
/// marks stand next to each other, `-word` must not be there, and the last word may
/// be unfinished. The best hits come first: a headline counts more than a teaser, that
/// more than the text, what is new more than what is old. What was published seconds
/// ago may be missing; what has gone is never shown. Cursors don't promise that nothing
/// is repeated or skipped. While the index is being made the answer is 503 with
/// `Retry-After`.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("q" = String, Query, description = "What to look for: words, `\"phrases\"`, `-words` that must not be there", example = "nahverkehr", max_length = 400),
        ("section" = Option<String>, Query, description = "Sections by slug or id, those below them included; repeat for *and*, comma for *or*", example = "politik"),
        ("topic" = Option<String>, Query, description = "Topics by slug or id; repeat for *and*, comma for *or*", example = "verkehr"),
        ("author" = Option<String>, Query, description = "Authors by slug or id; repeat for *and*, comma for *or*", example = "mara-lenz"),
        ("kind" = Option<String>, Query, description = "Kinds, separated by commas", example = "news,report"),
        ("language" = Option<String>, Query, description = "Language tags (BCP 47), separated by commas", example = "de"),
        ("published_after" = Option<Time>, Query, description = "Published then or later", example = "2020-01-01T00:00:00Z"),
        ("published_before" = Option<Time>, Query, description = "Published before then", example = "2035-01-01T00:00:00Z"),
        ("sort" = Option<String>, Query, description = "`relevance` (if missing) or `-published_at`", example = "relevance"),
        ("fields" = Option<String>, Query, description = "Members of each hit, separated by commas; all if missing", example = "id,slug,headline,highlights"),
        ("include" = Option<String>, Query, description = "`authors`, `topics` or both, separated by a comma", example = "authors"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 20 if missing", example = 20, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the last page ended: its `next_cursor`"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of hits", body = SearchPage,
            headers(("Link" = String, description = "The next page, as `rel=\"next\"`"))),
        (status = 429, description = "This address searches too often. Type: `/problems/too-many-requests`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json",
            headers(("Retry-After" = i64, description = "Seconds to wait"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/search")]
pub async fn search_articles(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
    (public, limits): (web::Data<Public>, web::Data<SearchLimits>),
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let wanted = Wanted::of(&mut params)?;
    params.finish()?;
    let (shared, key) = (state.clone(), wanted.key());
    let address = client::address(&request, &state.config.trusted_proxies);
    let index = public.clone();
    let turn = async move || {
        limits.count(address)?;
        index.turn().await
    };
    serve_after(&request, &state, &constants, key, turn, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        let is_behind = is_behind(&public, &shared);
        let draft = page(conn, now, &wanted, &context, &public)?;
        Ok(kept(draft, now, is_behind))
    })
    .await
}

/// Whether the index lacks something that this node has heard of.
pub fn is_behind(public: &Public, state: &State) -> bool {
    public.standing().upto < state.followed()
}

/// An answer out of an index that was behind when it was asked is for this request
/// alone: what it lacks was published before.
pub fn kept(mut draft: Draft, now: Time, is_behind: bool) -> Draft {
    if is_behind {
        draft.revalidate = true;
        draft.appears_at(Some(now));
    }
    draft
}

fn page(
    conn: &mut Conn<'_>,
    now: Time,
    wanted: &Wanted,
    context: &Context,
    public: &Public,
) -> Result<Draft> {
    let filters = wanted.filters()?;
    let after = match &wanted.list.cursor {
        Some(cursor) => Some(cursor::read_hit(cursor, &filters)?),
        None => None,
    };
    let counted_from = after.map_or(Time(now.0 / HOUR * HOUR), |(.., from)| from);
    let query = Query::parse(&wanted.q);
    let (filter, _) = list::resolve(conn, now, context, &wanted.list)?;
    let mut sought = find::Wanted {
        query,
        language: match wanted.list.languages.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
        scope: Scope::Everything,
        order: wanted.order,
        marks: marks(conn, &wanted.list, &filter, context)?,
        without: Vec::new(),
        from: wanted.list.published_after,
        before: wanted.list.published_before,
        after: after.map(|(score, position, _)| Place {
            score,
            at: position.at.0,
            id: position.id.0.as_u128(),
        }),
        limit: 0,
        now: counted_from,
    };
    let found = visible(conn, now, &mut sought, wanted.list.limit as usize, public)?;
    let next_cursor = found.next.map(|place| {
        let position = Position {
            at: Time(place.at),
            id: Id(uuid::Uuid::from_u128(place.id)),
        };
        cursor::write_hit(place.score, position, counted_from, &filters)
    });

    let mut tags = vec![Tag::site(), Tag::search()];
    tags.extend(name_tags(&wanted.list));
    for (row, head) in &found.rows {
        context.tag_card(row, head, &mut tags);
    }
    let pictures = Pictures::of_cards(conn, context, found.rows.iter().map(|(_, head)| head))?;
    let mut cards = Vec::with_capacity(found.rows.len());
    for (row, head) in &found.rows {
        cards.push(context.card(row, head, &pictures)?);
    }
    include(
        conn,
        context,
        &wanted.list.include,
        &found.rows,
        &mut cards,
        &mut tags,
    )?;
    let mut markers: Vec<(String, Marker)> = Vec::new();
    let items = cards.into_iter().enumerate().map(|(at, card)| {
        let highlights = wanted
            .wants("highlights")
            .then(|| highlights(&found, at, &card, &mut markers));
        SearchItem { card, highlights }
    });
    let items = items.collect();
    let next = next_cursor.as_ref().map(|cursor| {
        let mut pairs = wanted.parameters();
        pairs.push(("cursor", cursor.clone()));
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        format!("{}/v1/search?{query}", context.config.public_url)
    });
    let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
    let page = SearchPage {
        items,
        left_out: found.left_out,
        next_cursor,
        links: PageLinks { next },
    };
    let mut draft = match wanted.list.fields.as_slice() {
        [] => Draft::json(&page, unique(tags))?,
        fields => {
            let mut value = serde_json::to_value(&page).map_err(internal)?;
            sparse(&mut value, fields);
            Draft::json(&value, unique(tags))?
        }
    };
    draft
        .headers
        .extend(link.map(|link| (actix_web::http::header::LINK, link)));
    draft.appears_at(Some(now.plus_seconds(LIFETIME)));
    let rows = found.rows.iter();
    draft.disappears_at(rows.filter_map(|(row, _)| row.expires_at).min());
    Ok(draft)
}

/// What the filters mean in the index.
fn marks(
    conn: &mut Conn<'_>,
    wanted: &list::Wanted,
    filter: &ListFilter,
    context: &Context,
) -> Result<Vec<Vec<String>>> {
    let mut marks = Vec::new();
    for ((name, _), ids) in wanted.named.iter().zip(&filter.lists) {
        let mut alternatives = Vec::new();
        for id in ids {
            if *name == "section" {
                let below = context.tree.descendants(*id);
                let below = context.tree.ids_of(&below).into_iter();
                alternatives.extend(below.map(mark::section));
                continue;
            }
            // Revisions name what was merged by the ids it had.
            let merged = crate::store!(*conn, taxonomy::ids_within(*id))?;
            let ids = std::iter::once(*id).chain(merged);
            alternatives.extend(match *name {
                "topic" => ids.map(mark::topic).collect::<Vec<_>>(),
                _ => ids.map(mark::author).collect(),
            });
        }
        marks.push(alternatives);
    }
    if !filter.kinds.is_empty() {
        marks.push(filter.kinds.iter().map(|kind| mark::kind(*kind)).collect());
    }
    if !filter.languages.is_empty() {
        let languages = filter.languages.iter();
        marks.push(languages.map(|tag| mark::language(tag)).collect());
    }
    Ok(marks)
}

/// Hits that readers see, loaded.
pub(super) struct Visible {
    pub rows: Vec<(LiveRow, RevisionHead)>,
    /// For each row its hit, and what it was found by.
    hits: Vec<(Hit, usize)>,
    batches: Vec<Hits>,
    left_out: Vec<String>,
    /// The place of the last, if there are more.
    next: Option<Place>,
}

impl Visible {
    /// Whether some of what was looked for was left out.
    pub(super) fn is_partial(&self) -> bool {
        !self.left_out.is_empty()
    }
}

/// Fills a page with hits that readers see: those that they don't fall away.
pub(super) fn visible(
    conn: &mut Conn<'_>,
    now: Time,
    sought: &mut find::Wanted,
    limit: usize,
    public: &Public,
) -> Result<Visible> {
    let mut found = Visible {
        rows: Vec::with_capacity(limit),
        hits: Vec::with_capacity(limit),
        batches: Vec::new(),
        left_out: Vec::new(),
        next: None,
    };
    for round in 0..ROUNDS {
        sought.limit = limit - found.rows.len() + SPARE;
        let batch = public.find(sought)?;
        if round == 0 {
            found.left_out = batch.left_out.clone();
        }
        // Most pages need none of the spare ones.
        let (page, spare) = batch
            .hits
            .split_at(batch.hits.len().min(sought.limit - SPARE));
        let mut last = None;
        for hits in [page, spare] {
            let mut loaded = match found.rows.len() < limit {
                true => in_order(conn, &positions(hits))?,
                false => Vec::new(),
            }
            .into_iter()
            .filter(|(row, _)| row.is_visible(now))
            .peekable();
            for hit in hits {
                if found.rows.len() == limit {
                    found.next = last;
                    break;
                }
                last = Some(hit.place);
                if let Some(row) = loaded.next_if(|(row, _)| row.id == hit.id) {
                    found.rows.push(row);
                    found.hits.push((*hit, round));
                }
            }
        }
        sought.after = last;
        if found.rows.len() == limit && found.next.is_none() && batch.more {
            found.next = last;
        }
        let done = found.rows.len() == limit || !batch.more;
        found.batches.push(batch);
        if done {
            break;
        }
        if round + 1 == ROUNDS {
            // Enough for one request; the client goes on from here.
            found.next = last;
        }
    }
    Ok(found)
}

fn positions(hits: &[Hit]) -> Vec<Position> {
    let positions = hits.iter().map(|hit| Position {
        at: Time(hit.place.at),
        id: hit.id,
    });
    positions.collect()
}

/// Where the words stand in a hit.
fn highlights(
    found: &Visible,
    at: usize,
    card: &Card,
    markers: &mut Vec<(String, Marker)>,
) -> Highlights {
    let (hit, batch) = &found.hits[at];
    let batch = &found.batches[*batch];
    let known = markers
        .iter()
        .position(|(language, _)| *language == card.language);
    let known = known.unwrap_or_else(|| {
        let marker = Marker::new(&batch.units, &card.language);
        markers.push((card.language.clone(), marker));
        markers.len() - 1
    });
    let marker = &mut markers[known].1;
    let out = |spans: Vec<Span>| spans.into_iter().map(HighlightSpan::from).collect();
    let text = batch.text(hit, card.rev);
    Highlights {
        headline: out(marker.mark(&card.headline)),
        teaser: out(marker.mark(card.teaser.as_deref().unwrap_or_default())),
        body: out(marker.passage(text.as_deref().unwrap_or_default())),
    }
}
