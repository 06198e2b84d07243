//! Suggestions while somebody types: topics, authors and sections whose names have a
//! word that begins like that, and articles whose headlines do. All of it is checked
//! against what readers see.

use std::cmp::Reverse;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::unique;
use super::context::{Context, Contexts};
use super::search::{LIFETIME, is_behind, kept, q_of, visible};
use super::serve::serve_after;
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::answer::{Constants, Draft};
use crate::http::client;
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, PublicProblems, Unchanged};
use crate::search::analyser::{fold, places};
use crate::search::find::{Order, Scope, Wanted};
use crate::search::limits::SearchLimits;
use crate::search::query::{Query, Unit};
use crate::search::{Public, mark};
use crate::state::State;
use crate::taxonomy::Kind;

/// How many suggestions there are if nothing is said.
const DEFAULT: i64 = 8;
/// Topics and authors whose names are suggested, the newest so many of each.
const NAMES_MAX: i64 = 30_000;
/// How many names are looked at closely for each that is suggested.
const CLOSELY: usize = 4;

crate::text_enum! {
    /// What a suggestion is. This list may grow.
    pub enum SuggestionType {
        /// A topic.
        Topic = "topic",
        /// An author.
        Author = "author",
        /// A section.
        Section = "section",
        /// An article.
        Article = "article",
    }
}

/// Something to look at or to look for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Suggestion {
    /// What it is. Open: skip what you don't know.
    #[serde(rename = "type")]
    #[schema(example = "topic")]
    pub kind: SuggestionType,
    /// Its name or headline.
    #[schema(example = "Nahverkehr")]
    pub text: String,
    /// Its slug, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "nahverkehr")]
    pub slug: Option<String>,
}

/// Suggestions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuggestPage {
    /// The suggestions, those that fit best first.
    pub items: Vec<Suggestion>,
}

/// A topic or an author that can be suggested.
#[derive(Clone, Debug)]
pub struct Suggestible {
    kind: Kind,
    id: Id,
    slug: String,
    name: String,
    /// The words of its name, folded.
    words: Vec<Box<str>>,
}

impl Suggestible {
    fn new(kind: Kind, (id, slug, name): (Id, String, String)) -> Self {
        Suggestible {
            kind,
            id,
            slug,
            words: folded(&name).map(String::into_boxed_str).collect(),
            name,
        }
    }

    /// Reads the names of topics and authors.
    pub fn load(conn: &mut Conn<'_>) -> Result<Vec<Self>> {
        let topics = crate::store!(*conn, search::topic_names(NAMES_MAX))?;
        let authors = crate::store!(*conn, search::author_names(NAMES_MAX))?;
        let topics = topics
            .into_iter()
            .map(|found| Suggestible::new(Kind::Topic, found));
        let authors = authors
            .into_iter()
            .map(|found| Suggestible::new(Kind::Author, found));
        Ok(topics.chain(authors).collect())
    }

    /// How well it fits what was typed, the least best: whether its name begins like
    /// that, or only words of it.
    fn fits(&self, typed: &[String]) -> Option<u8> {
        let begins = |word: &str| self.words.iter().any(|name| name.starts_with(word));
        if !typed.iter().all(|word| begins(word)) {
            return None;
        }
        let first = self.words.first().zip(typed.first());
        let at_once = first.is_some_and(|(name, word)| name.starts_with(word.as_str()));
        Some(u8::from(!at_once))
    }

    fn mark(&self) -> String {
        match self.kind {
            Kind::Section => mark::section(self.id),
            Kind::Topic => mark::topic(self.id),
            Kind::Author => mark::author(self.id),
        }
    }

    fn suggestion(&self) -> Suggestion {
        Suggestion {
            kind: match self.kind {
                Kind::Section => SuggestionType::Section,
                Kind::Topic => SuggestionType::Topic,
                Kind::Author => SuggestionType::Author,
            },
            text: self.name.clone(),
            slug: Some(self.slug.clone()),
        }
    }
}

/// The words of a text, folded.
fn folded(text: &str) -> impl Iterator<Item = String> + '_ {
    places(text).map(|place| fold(&text[place.from..place.to]))
}

/// Suggest while typing
///
/// Topics, authors and sections whose names have words that begin like what was
/// typed, then articles whose headlines do. Umlauts may be spelt in any way.
#[utoipa::path(
    tag = "articles",
    security(()),
    params(
        ("q" = String, Query, description = "What was typed so far", example = "nahv", max_length = 400),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 8 if missing", example = 8, minimum = 1, maximum = 100),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "Suggestions", body = SuggestPage),
        (status = 429, description = "This address searches too often. Type: `/problems/too-many-requests`.", body = crate::http::problems::ProblemDocument, content_type = "application/problem+json",
            headers(("Retry-After" = i64, description = "Seconds to wait"))),
        Unchanged, PublicProblems,
    ),
)]
#[get("/v1/search/suggest")]
pub async fn suggest(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
    (public, limits): (web::Data<Public>, web::Data<SearchLimits>),
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let (q, limit) = (q_of(&mut params)?, params.limit_or(DEFAULT)?);
    params.finish()?;
    let typed: Vec<String> = folded(&q).take(12).collect();
    // However it was typed, it is the same question.
    let key = format!("suggest?{limit}&{}", typed.join(" "));
    let shared = state.clone();
    let address = client::address(&request, &state.config.trusted_proxies);
    let index = public.clone();
    let turn = async move || {
        limits.count(address)?;
        index.turn().await
    };
    serve_after(&request, &state, &constants, key, turn, move |conn, now| {
        let context = contexts.get(conn, &shared)?;
        let names = contexts.suggestible(conn, &shared)?;
        let is_behind = is_behind(&public, &shared);
        let draft = suggestions(conn, now, &typed, limit as usize, &context, &names, &public)?;
        Ok(kept(draft, now, is_behind))
    })
    .await
}

fn suggestions(
    conn: &mut Conn<'_>,
    now: Time,
    typed: &[String],
    limit: usize,
    context: &Context,
    names: &[Suggestible],
    public: &Public,
) -> Result<Draft> {
    let mut tags = vec![Tag::site(), Tag::search()];
    let mut items = Vec::new();
    let mut expires = None;
    if !typed.is_empty() {
        let named = named(conn, now, typed, limit, context, names, public, &mut tags)?;
        let (headlines, first_expiry) = headlines(conn, now, typed, limit, public, &mut tags)?;
        expires = first_expiry;
        // Names come first, but leave half of the room to headlines if they need it.
        let room = limit.saturating_sub(headlines.len()).max(limit.div_ceil(2));
        items.extend(named.into_iter().take(room));
        items.extend(headlines);
        items.truncate(limit);
    }
    let mut draft = Draft::json(&SuggestPage { items }, unique(tags))?;
    draft.appears_at(Some(now.plus_seconds(LIFETIME)));
    draft.disappears_at(expires);
    Ok(draft)
}

/// Names that fit, of what readers see something of.
#[allow(clippy::too_many_arguments)]
fn named(
    conn: &mut Conn<'_>,
    now: Time,
    typed: &[String],
    limit: usize,
    context: &Context,
    names: &[Suggestible],
    public: &Public,
    tags: &mut Vec<Tag>,
) -> Result<Vec<Suggestion>> {
    let sections: Vec<Suggestible> = context
        .tree
        .in_order()
        .into_iter()
        .map(|section| {
            let (slug, name) = (section.slug.clone(), section.name.clone());
            Suggestible::new(Kind::Section, (section.id, slug, name))
        })
        .collect();
    let all = sections.iter().chain(names);
    let mut fitting: Vec<(u8, &Suggestible)> = all
        .filter_map(|name| Some((name.fits(typed)?, name)))
        .collect();
    fitting.sort_by_key(|(how, name)| (*how, name.name.len(), name.id));
    fitting.truncate(limit * CLOSELY * 10);
    let mut ranked: Vec<_> = fitting
        .into_iter()
        .map(|(how, name)| (how, Reverse(public.count(&name.mark())), name))
        .collect();
    ranked.sort_by(|a, b| (a.0, a.1, &a.2.name, a.2.id).cmp(&(b.0, b.1, &b.2.name, b.2.id)));
    let mut found = Vec::new();
    for (.., name) in ranked.into_iter().take(limit * CLOSELY) {
        if found.len() == limit {
            break;
        }
        let id = name.id;
        // A topic that only drafts have is none.
        if name.kind == Kind::Section || crate::store!(*conn, taxonomy::has_visible(id, now))? {
            tags.push(name.kind.tag(id));
            tags.push(Tag::list(id));
            found.push(name.suggestion());
        }
    }
    Ok(found)
}

/// Articles whose headlines fit, and when the first of them goes.
fn headlines(
    conn: &mut Conn<'_>,
    now: Time,
    typed: &[String],
    limit: usize,
    public: &Public,
    tags: &mut Vec<Tag>,
) -> Result<(Vec<Suggestion>, Option<Time>)> {
    let last = typed.len().saturating_sub(1);
    let units = typed.iter().enumerate().map(|(at, word)| Unit {
        words: vec![word.clone()],
        hyphens: false,
        unfinished: at == last,
    });
    let mut sought = Wanted {
        query: Query {
            wanted: units.collect(),
            ..Query::default()
        },
        language: None,
        scope: Scope::Headlines,
        order: Order::BestFirst,
        marks: Vec::new(),
        without: Vec::new(),
        from: None,
        before: None,
        after: None,
        limit,
        now,
    };
    let found = visible(conn, now, &mut sought, limit, public)?;
    if found.is_partial() {
        return Ok((Vec::new(), None));
    }
    let expires = found
        .rows
        .iter()
        .filter_map(|(row, _)| row.expires_at)
        .min();
    let items = found.rows.into_iter().map(|(row, head)| {
        tags.push(Tag::article(row.id));
        Suggestion {
            kind: SuggestionType::Article,
            text: head.headline,
            slug: Some(row.slug),
        }
    });
    Ok((items.collect(), expires))
}
