//! What sections, topics and authors have in common for readers.
//!
//! A topic or an author appears only while an article that readers see is listed
//! under it: nothing that only drafts use is shown, nor that it once had another
//! name.

use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::FeedLinks;
use super::serve::missing_until;
use crate::changes::Tag;
use crate::config::Config;
use crate::db::{Conn, Time};
use crate::error::{Error, Result};
use crate::http::answer::Draft;
use crate::http::page::NamePage;
use crate::http::reference::Reference;
use crate::store;
use crate::taxonomy::{Term, names};

/// Addresses of a section, a topic or an author.
#[derive(Serialize, ToSchema)]
pub struct TermLinks {
    /// Its own.
    #[serde(rename = "self")]
    #[schema(example = "https://api.example/v1/sections/musik")]
    pub this: String,
    /// Its articles, newest first.
    #[schema(example = "https://api.example/v1/articles?section=musik")]
    articles: String,
    /// The same as feeds; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    feeds: Option<FeedLinks>,
}

impl TermLinks {
    /// `kind` is the filter of article lists, and in the plural the path.
    pub fn of(base: &str, kind: &str, slug: &str) -> Self {
        TermLinks {
            this: format!("{base}/v1/{kind}s/{slug}"),
            articles: format!("{base}/v1/articles?{kind}={slug}"),
            feeds: None,
        }
    }

    /// With the addresses of its feeds.
    pub fn with_feeds(self) -> Self {
        let at = self.this.rsplit_once("/v1/");
        let feeds = at.map(|(base, name)| FeedLinks::of(base, name));
        TermLinks { feeds, ..self }
    }
}

/// A redirect from a name that something no longer has. It holds as long as
/// nothing else gets the name and what it leads to keeps its own.
pub fn moved(address: String, from: &Reference, mut tags: Vec<Tag>) -> Draft {
    tags.push(Tag::slug(&from.to_string()));
    Draft::moved(address, tags)
}

/// A topic or an author that readers see, under its present name or a former one.
pub enum Seen<T> {
    /// It is called this.
    Here(T),
    /// It was called this, or was merged into this one.
    Moved(T),
}

/// Looks up a topic or an author.
pub fn seen<T: Term>(c: &mut Conn<'_>, now: Time, at: &Reference) -> Result<Seen<T>> {
    let here = match at {
        Reference::Id(id) => T::find(c, *id)?,
        Reference::Slug(slug) => T::find_by_slug(c, slug)?,
    };
    let found = match here {
        Some(term) => Some(Seen::Here(term)),
        None => match names::led_to(c, T::KIND, at)? {
            Some(id) => T::find(c, id)?.map(Seen::Moved),
            None => None,
        },
    };
    if let Some(found) = found {
        let (Seen::Here(term) | Seen::Moved(term)) = &found;
        if store!(*c, taxonomy::has_visible(term.id(), now))? {
            return Ok(found);
        }
    }
    Err(missing_term::<T>(at))
}

/// A 404 for a topic or an author. Any article that is published may bring it about,
/// so any takes the 404 away; of which it is, a header must not tell.
fn missing_term<T: Term>(at: &Reference) -> Error {
    let what = format!("The {}", T::KIND);
    missing_until(&what, &at.to_string(), Some(Tag::all_articles()))
}

/// A topic or an author, as `show` shows it; a name that it no longer has leads
/// to its present one.
pub fn term<T: Term, Out: Serialize>(
    c: &mut Conn<'_>,
    now: Time,
    config: &Config,
    at: &Reference,
    show: impl FnOnce(T, TermLinks) -> Out,
) -> Result<Draft> {
    let links = |term: &T| TermLinks::of(&config.public_url, T::KIND.as_str(), term.slug());
    let mut draft = match seen::<T>(c, now, at)? {
        Seen::Here(term) => {
            let (links, tags) = (links(&term).with_feeds(), term_tags(&term));
            Draft::json(&show(term, links), tags)?
        }
        Seen::Moved(term) => moved(links(&term).this, at, term_tags(&term)),
    };
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

/// What hangs on a topic's or author's name, and on whether readers see it.
pub fn term_tags<T: Term>(term: &T) -> Vec<Tag> {
    vec![T::KIND.tag(term.id()), Tag::list(term.id())]
}

/// A page of the topics or authors that have an article: which there are depends
/// on which articles there are.
pub fn page<T: Term, Out: Serialize>(
    c: &mut Conn<'_>,
    now: Time,
    config: &Config,
    wanted: &NamePage,
    show: impl Fn(T, TermLinks) -> Out,
) -> Result<Draft> {
    let rows = T::page(c, &wanted.wanted(Some(now)))?;
    let path = format!("{}/v1/{}s", config.public_url, T::KIND);
    let page = wanted.fill(
        rows,
        &path,
        |term| (term.sort_key(), term.id()),
        |term| {
            let links = TermLinks::of(&config.public_url, T::KIND.as_str(), term.slug());
            show(term, links)
        },
    );
    let tags = vec![Tag::index(T::KIND.entity()), Tag::all_articles()];
    let mut draft = Draft::json(&page, tags)?;
    draft.headers.extend(page.link_header());
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

/// Notes when time alone may change which topics or authors have an article.
pub fn note_times(c: &mut Conn<'_>, now: Time, draft: &mut Draft) -> Result<()> {
    draft.appears_at(store!(*c, taxonomy::next_appearance(now))?);
    draft.disappears_at(store!(*c, taxonomy::next_disappearance(now))?);
    Ok(())
}
