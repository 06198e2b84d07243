//! What sections, topics and authors have in common for readers.
//!
//! A topic or an author appears only while an article that readers see is listed
//! under it: nothing that only drafts use is shown, nor that it once had another
//! name.

use serde::Serialize;
use utoipa::ToSchema;

use super::serve::missing;
use crate::changes::Tag;
use crate::config::Config;
use crate::db::{Conn, Time};
use crate::error::Result;
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
}

impl TermLinks {
    /// `kind` is the filter of article lists, and in the plural the path.
    pub fn of(base: &str, kind: &str, slug: &str) -> Self {
        TermLinks {
            this: format!("{base}/v1/{kind}s/{slug}"),
            articles: format!("{base}/v1/articles?{kind}={slug}"),
        }
    }
}

/// A redirect from a name that something no longer has. It holds as long as
/// nothing else gets the name and what it leads to keeps its own.
pub fn moved(address: String, from: &Reference, mut tags: Vec<Tag>) -> Draft {
    tags.push(Tag::slug(&from.to_string()));
    Draft::moved(address, tags)
}

/// A topic or an author, as `show` shows it; a name that it no longer has leads
/// to its present one.
pub fn term<T: Term, Out: Serialize>(
    c: &mut Conn<'_>,
    now: Time,
    config: &Config,
    at: &Reference,
    show: impl FnOnce(T, &str) -> Out,
) -> Result<Draft> {
    let here = match at {
        Reference::Id(id) => T::find(c, *id)?,
        Reference::Slug(slug) => T::find_by_slug(c, slug)?,
    };
    let found = match &here {
        Some(term) => Some(term.clone()),
        None => match names::led_to(c, T::KIND, at)? {
            Some(id) => T::find(c, id)?,
            None => None,
        },
    };
    let visible = match &found {
        Some(term) => store!(*c, taxonomy::has_visible(term.id(), now))?,
        None => false,
    };
    let Some(term) = found.filter(|_| visible) else {
        let what = format!("The {}", T::KIND);
        return Err(missing(&what, &at.to_string()));
    };
    let tags = vec![T::KIND.tag(term.id()), Tag::list(term.id())];
    let mut draft = match here {
        Some(_) => Draft::json(&show(term, &config.public_url), tags)?,
        None => {
            let kind = T::KIND.as_str();
            let links = TermLinks::of(&config.public_url, kind, term.slug());
            moved(links.this, at, tags)
        }
    };
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

/// A page of the topics or authors that have an article: which there are depends
/// on which articles there are.
pub fn page<T: Term, Out: Serialize>(
    c: &mut Conn<'_>,
    now: Time,
    config: &Config,
    wanted: &NamePage,
    show: impl Fn(T, &str) -> Out,
) -> Result<Draft> {
    let rows = T::page(c, &wanted.wanted(Some(now)))?;
    let path = format!("{}/v1/{}s", config.public_url, T::KIND);
    let page = wanted.fill(
        rows,
        &path,
        |term| (term.sort_key(), term.id()),
        |term| show(term, &config.public_url),
    );
    let tags = vec![Tag::index(T::KIND.entity()), Tag::all_articles()];
    let mut draft = Draft::json(&page, tags)?;
    draft.headers.extend(page.link_header());
    note_times(c, now, &mut draft)?;
    Ok(draft)
}

/// Notes when time alone may change which topics or authors have an article.
fn note_times(c: &mut Conn<'_>, now: Time, draft: &mut Draft) -> Result<()> {
    draft.appears_at(store!(*c, taxonomy::next_appearance(now))?);
    draft.disappears_at(store!(*c, taxonomy::next_disappearance(now))?);
    Ok(())
}
