//! What many answers share: the tree of sections, names of topics and authors, the
//! website's addresses.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono_tz::Tz;

use super::card::{CARD_TEASER, Card, CardLinks, Image, NameRef, reading_minutes};
use super::pictures::Pictures;
use super::sections::SectionRef;
use super::sitemaps::Months;
use super::suggest::Suggestible;
use crate::articles::model::{LiveRow, Picture, RevisionHead};
use crate::cache::Stamp;
use crate::changes::{Entity, Tag};
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::address::{self, Parts};
use crate::http::text;
use crate::redirects::find::Patterns;
use crate::search::Public;
use crate::sections::{self, Tree};
use crate::site;
use crate::state::State;
use crate::taxonomy::names::merged;

/// How many names of topics and authors are kept at most.
const NAMES_MAX: usize = 20_000;

/// A topic or an author as it is now.
pub type Named = (Id, NameRef);

/// What every projection of articles needs: the tree of sections, names of topics
/// and authors, the website's addresses.
pub struct Context {
    /// The sections.
    pub tree: Tree,
    /// What revisions name, and what it is now, of what was asked for.
    names: RwLock<HashMap<Id, Named>>,
    pub(super) zone: Tz,
    /// The settings.
    pub config: Arc<Config>,
    /// Finds articles that are alike, if this server searches.
    pub search: Option<Public>,
}

/// Keeps what is part of many answers and rarely changes between them.
#[derive(Default)]
pub struct Contexts {
    context: Kept<Context>,
    patterns: Kept<Patterns>,
    /// How the archive is divided into sitemaps.
    pub months: Months,
    suggestible: Kept<Vec<Suggestible>>,
    search: Option<Public>,
}

impl Contexts {
    /// For a server that searches.
    pub fn searching(search: Public) -> Self {
        Contexts {
            search: Some(search),
            ..Contexts::default()
        }
    }

    /// The present context.
    pub fn get(&self, conn: &mut Conn<'_>, state: &State) -> Result<Arc<Context>> {
        let tags = [
            Tag::site(),
            Tag::index(Entity::Section),
            Tag::index(Entity::Topic),
            Tag::index(Entity::Author),
        ];
        self.context.get(state, &tags, || {
            Ok(Context {
                search: self.search.clone(),
                ..Context::load(conn, &state.config)?
            })
        })
    }

    /// The names of topics and authors that can be suggested.
    pub fn suggestible(&self, conn: &mut Conn<'_>, state: &State) -> Result<Arc<Vec<Suggestible>>> {
        let tags = [Tag::index(Entity::Topic), Tag::index(Entity::Author)];
        self.suggestible
            .get(state, &tags, || Suggestible::load(conn))
    }

    /// A context that is at least as new as this entry of the log.
    pub fn at_least(&self, conn: &mut Conn<'_>, state: &State, seq: i64) -> Result<Arc<Context>> {
        // Between a commit and its evictions the one that is kept may be older, also
        // where another node wrote.
        match state.followed() >= seq {
            true => self.get(conn, state),
            false => Ok(Arc::new(Context::load(conn, &state.config)?)),
        }
    }

    /// The present patterns of redirects.
    pub fn patterns(&self, conn: &mut Conn<'_>, state: &State) -> Result<Arc<Patterns>> {
        let tags = [Tag::index(Entity::Redirect)];
        self.patterns.get(state, &tags, || Patterns::load(conn))
    }
}

/// Keeps a thing between answers.
///
/// It is evicted as answers are, so it is never staler than an answer in the
/// cache may be; while the change log can't be followed it is read anew each time.
struct Kept<T>(RwLock<Option<(Stamp, Arc<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(RwLock::new(None))
    }
}

impl<T> Kept<T> {
    fn get(&self, state: &State, tags: &[Tag], load: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        // Before anything is read, so that a change meanwhile makes it invalid.
        let stamp = state.cache.stamp();
        let kept = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((made, thing)) = kept
            && state.staleness(state.now()) == 0
            && state.cache.is_current(made, tags)
        {
            return Ok(thing);
        }
        let thing = Arc::new(load()?);
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(made, _)| *made <= stamp) {
            *kept = Some((stamp, Arc::clone(&thing)));
        }
        Ok(thing)
    }
}

impl Context {
    /// Reads the tree and the newsroom's time zone.
    pub fn load(conn: &mut Conn<'_>, config: &Arc<Config>) -> Result<Self> {
        let zone = site::ops::load(conn)?.settings.zone();
        Ok(Context {
            tree: sections::ops::tree(conn)?,
            names: RwLock::default(),
            zone,
            config: Arc::clone(config),
            search: None,
        })
    }

    /// The topics and authors that a revision names by these ids as they are now, in
    /// this order and each once: what was merged is what it was merged into, what is
    /// gone is left out.
    pub fn names(&self, conn: &mut Conn<'_>, ids: &[Id]) -> Result<Vec<Named>> {
        let mut names: Vec<Option<Named>> = {
            let known = self.names.read().unwrap_or_else(PoisonError::into_inner);
            ids.iter().map(|id| known.get(id).cloned()).collect()
        };
        let unknown = ids.iter().zip(&names).filter(|(_, name)| name.is_none());
        let mut unknown: Vec<Id> = unknown.map(|(id, _)| *id).collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            // Without the lock: nobody waits for somebody else's query.
            let found = look_up(conn, &unknown)?;
            for (id, name) in ids.iter().zip(&mut names) {
                if name.is_none() {
                    *name = found.get(id).cloned();
                }
            }
            let mut known = self.names.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() + found.len() > NAMES_MAX {
                known.clear();
            }
            known.extend(found);
        }
        let mut each: Vec<Named> = Vec::with_capacity(names.len());
        for named in names.into_iter().flatten() {
            if each.iter().all(|(id, _)| *id != named.0) {
                each.push(named);
            }
        }
        Ok(each)
    }

    /// All that the addresses of articles depend on but the articles themselves.
    pub fn addresses(&self) -> String {
        let config = &self.config;
        let mut all = format!(
            "{}\n{}\n{}\n{}",
            config.public_url,
            config.site_url.as_deref().unwrap_or_default(),
            config.site_article_path,
            self.zone
        );
        if config.site_article_path.contains("{section}") {
            for section in self.tree.in_order() {
                all.push('\n');
                all.push_str(&section.slug);
            }
        }
        all
    }

    /// This API's address of an article.
    pub fn api(&self, slug: &str) -> String {
        format!("{}/v1/articles/{slug}", self.config.public_url)
    }

    /// The website's address of an article.
    pub fn web(&self, row: &LiveRow, section_id: Option<Id>) -> Option<String> {
        let first_published_at = row.first_published_at.or(row.published_at)?;
        self.web_address(row.id, &row.slug, section_id, first_published_at)
    }

    /// [`Context::web`] of what an address is made of.
    pub fn web_address(
        &self,
        id: Id,
        slug: &str,
        section_id: Option<Id>,
        first_published_at: Time,
    ) -> Option<String> {
        let site = self.config.site_url.as_deref()?;
        let section = section_id
            .and_then(|id| self.tree.by_id(id))
            .map_or("", |section| section.slug.as_str());
        let parts = Parts {
            id,
            slug,
            section,
            first_published_at,
        };
        Some(format!(
            "{site}{}",
            address::path(&self.config.site_article_path, parts, self.zone)
        ))
    }

    /// A section's id as it is now, if a revision holds this one. One that is newer
    /// than this context is itself.
    pub fn section_id(&self, id: Option<Id>) -> Option<Id> {
        let present = self.tree.by_id(id?).map(|section| section.id);
        present.or(id)
    }

    /// A section, as articles name it.
    pub fn section(&self, id: Option<Id>) -> Option<SectionRef> {
        let section = self.tree.by_id(id?)?;
        Some(SectionRef::of(section, &self.tree))
    }

    /// A live article as a card, with its picture among these.
    pub fn card(&self, row: &LiveRow, head: &RevisionHead, pictures: &Pictures) -> Result<Card> {
        let published_at = row.published_at.unwrap_or_default();
        let image = pictures.above(head.image.as_deref())?;
        Ok(Card {
            id: row.id,
            rev: head.number,
            slug: row.slug.clone(),
            kind: head.kind,
            language: head.language.clone(),
            kicker: head.kicker.clone(),
            headline: head.headline.clone(),
            teaser: head
                .teaser
                .as_deref()
                .map(|teaser| text::shorten(teaser, CARD_TEASER)),
            section: self.section(head.section_id),
            image: image.map(|image| Image {
                caption: None,
                ..image
            }),
            published_at,
            updated_at: row.updated_at.unwrap_or(published_at),
            priority: head.priority,
            access: head.access,
            word_count: head.word_count,
            reading_minutes: reading_minutes(head.word_count),
            topics: None,
            authors: None,
            links: CardLinks {
                this: self.api(&row.slug),
                web: self.web(row, head.section_id),
            },
        })
    }

    /// The tags of a card: the article, its picture, and the sections whose names it
    /// shows.
    pub fn tag_card(&self, row: &LiveRow, head: &RevisionHead, tags: &mut Vec<Tag>) {
        tags.push(Tag::article(row.id));
        tags.extend(Picture::medium_of(head.image.as_deref()).map(Tag::media));
        self.tag_section(head.section_id, tags);
    }

    /// The tags of a section's name and path. Its own is there even if this
    /// context doesn't know it yet: an article may be newer than the context.
    pub fn tag_section(&self, id: Option<Id>, tags: &mut Vec<Tag>) {
        if let Some(id) = id {
            tags.push(Tag::section(id));
            tags.extend(
                self.tree
                    .ancestors(id)
                    .iter()
                    .map(|section| Tag::section(section.id)),
            );
        }
    }
}

/// What these ids mean now, by them.
fn look_up(conn: &mut Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, Named>> {
    let named = |(id, slug, name)| (id, (id, NameRef { id, slug, name }));
    let found = crate::store!(*conn, taxonomy::names(ids))?;
    let mut found: HashMap<Id, Named> = found.into_iter().map(named).collect();
    // What isn't there any more may have been merged.
    let gone = ids.iter().filter(|id| !found.contains_key(id));
    let gone: Vec<Id> = gone.copied().collect();
    if !gone.is_empty() {
        let merged = merged(conn, &gone)?;
        let into: Vec<Id> = merged.values().copied().collect();
        let names = crate::store!(*conn, taxonomy::names(&into))?;
        let names: HashMap<Id, Named> = names.into_iter().map(named).collect();
        for (from, into) in merged {
            found.extend(names.get(&into).map(|named| (from, named.clone())));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    /// A section that is newer than the context evicts the answer that lacks it.
    #[test]
    fn an_unknown_section_is_tagged_all_the_same() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            settings: Settings,
        }
        let cli = <Cli as clap::Parser>::parse_from(["test"]);
        let context = Context {
            tree: Tree::default(),
            names: RwLock::default(),
            zone: Tz::UTC,
            config: Arc::new(cli.settings.check().unwrap()),
            search: None,
        };
        let (id, mut tags) = (Id::new(), Vec::new());
        context.tag_section(Some(id), &mut tags);
        assert_eq!(tags, [Tag::section(id)]);
    }
}
