//! What readers get of things that changed: as they are now, or that they are gone.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use super::change::{Change, ChangeOp, ChangeType, SyncArticle, SyncList, SyncSection};
use super::plan::Step;
use super::scope::Scope;
use crate::articles::model::{LiveRow, RevisionHead, ids};
use crate::authors::Author;
use crate::changes::Entity;
use crate::db::{Conn, Id, Time};
use crate::delivery::card::Card;
use crate::delivery::context::Context;
use crate::delivery::pictures::Pictures;
use crate::delivery::related::Made;
use crate::delivery::resolved::Resolved;
use crate::delivery::taxonomy::TermLinks;
use crate::delivery::{article, authors, curated, media, site, topics};
use crate::error::{Result, internal};
use crate::lists::model::{List, SIZE_MAX};
use crate::media::model::Medium;
use crate::sections::Section;
use crate::topics::Topic;

/// The members that `fields` may name: those of an article, and its pictures.
pub const FIELDS: [&str; 28] = [
    "id",
    "rev",
    "slug",
    "kind",
    "language",
    "kicker",
    "headline",
    "subheadline",
    "teaser",
    "section",
    "topics",
    "authors",
    "image",
    "published_at",
    "first_published_at",
    "updated_at",
    "priority",
    "access",
    "source",
    "seo",
    "corrections",
    "word_count",
    "reading_minutes",
    "body",
    "related",
    "share",
    "links",
    "media",
];

/// The members that need the article as a whole and not only its card.
const WHOLE: [&str; 11] = [
    "subheadline",
    "teaser",
    "image",
    "first_published_at",
    "source",
    "seo",
    "corrections",
    "body",
    "related",
    "share",
    "media",
];

/// Whole articles that are read at once: each may have megabytes of text.
const WHOLE_AT_ONCE: usize = 10;

/// The bytes after which a page ends early.
const PAGE_BYTES: usize = 1 << 20;

/// What readers see of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    Here,
    /// It was there, or may have been, and is not.
    Gone,
    /// They never saw it.
    Nothing,
}

/// Things, read from the database: a few queries, however many.
#[derive(Default)]
pub struct Loaded {
    cards: HashMap<Id, (LiveRow, RevisionHead)>,
    topics: HashMap<Id, Topic>,
    authors: HashMap<Id, Author>,
    lists: HashMap<Id, List>,
    media: HashMap<Id, Medium>,
    gone: HashSet<Id>,
}

impl Loaded {
    /// Reads these things as readers see them. `since` is the place in the log that
    /// whoever asks came from.
    pub fn load<'a>(
        conn: &mut Conn<'_>,
        now: Time,
        since: i64,
        steps: impl Iterator<Item = (Entity, Id)> + Clone + 'a,
    ) -> Result<Self> {
        let of = |kind: Entity| -> Vec<Id> {
            let mine = steps.clone().filter(|(found, _)| *found == kind);
            mine.map(|(_, id)| id).collect()
        };
        let mut loaded = Loaded::default();
        let articles = of(Entity::Article);
        if !articles.is_empty() {
            for (row, head) in crate::store!(*conn, lists::cards(&articles))? {
                if row.is_visible(now) {
                    loaded.cards.insert(row.id, (row, head));
                }
            }
            let mut hidden = articles;
            hidden.retain(|id| !loaded.cards.contains_key(id));
            if !hidden.is_empty() {
                // What readers never saw is not even gone. What was erased is, and was
                // logged only if they had seen it.
                let public = crate::store!(*conn, articles::once_public(&hidden, now))?;
                let there = crate::store!(*conn, articles::existing(&hidden))?;
                let erased = hidden.into_iter().filter(|id| !there.contains(id));
                loaded.gone.extend(erased.chain(public));
            }
        }
        let (topics, authors) = (of(Entity::Topic), of(Entity::Author));
        if !topics.is_empty() {
            let rows = crate::store!(*conn, topics::visible(&topics, now))?;
            loaded.topics = rows.into_iter().map(|row| (row.id, row)).collect();
        }
        if !authors.is_empty() {
            let rows = crate::store!(*conn, authors::visible(&authors, now))?;
            loaded.authors = rows.into_iter().map(|row| (row.id, row)).collect();
        }
        let mut hidden = [topics, authors].concat();
        hidden.retain(|id| !loaded.topics.contains_key(id) && !loaded.authors.contains_key(id));
        if !hidden.is_empty() {
            let gone = crate::store!(*conn, changes::gone_since(since, &hidden))?;
            loaded.gone.extend(gone);
        }
        let lists = of(Entity::List);
        if !lists.is_empty() {
            let rows = crate::store!(*conn, curated::by_ids(&lists))?;
            loaded.lists = rows.into_iter().map(|row| (row.id, row)).collect();
        }
        let media = of(Entity::Media);
        if !media.is_empty() {
            let rows = crate::store!(*conn, media::visible_among(&media, now))?;
            loaded.media = rows.into_iter().map(|row| (row.id, row)).collect();
        }
        Ok(loaded)
    }

    /// What readers see of a thing.
    pub fn fate(&self, kind: Entity, id: Id, context: &Context, scope: &Scope) -> Fate {
        let here = |here: bool| if here { Fate::Here } else { Fate::Gone };
        let once = |here: bool| match here {
            true => Fate::Here,
            false if self.gone.contains(&id) => Fate::Gone,
            false => Fate::Nothing,
        };
        match kind {
            Entity::Article => match self.cards.get(&id) {
                Some((_, head)) => here(scope.holds(head.section_id, context)),
                None => once(false),
            },
            Entity::Section => here(self.section(id, context).is_some()),
            Entity::Topic => once(self.topics.contains_key(&id)),
            Entity::Author => once(self.authors.contains_key(&id)),
            Entity::List => here(self.lists.contains_key(&id)),
            Entity::Media => once(self.media.contains_key(&id)),
            Entity::Site => Fate::Here,
            Entity::Redirect => Fate::Nothing,
        }
    }

    /// The section of an article that readers see.
    pub fn section_of(&self, article: Id) -> Option<Id> {
        self.cards.get(&article)?.1.section_id
    }

    fn section<'c>(&self, id: Id, context: &'c Context) -> Option<&'c Section> {
        context.tree.by_id(id).filter(|section| section.id == id)
    }
}

/// What is asked of articles.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    fields: Vec<&'static str>,
}

impl Shown {
    /// These members beside those of a card.
    pub fn new(fields: Vec<&'static str>) -> Self {
        Shown { fields }
    }

    /// The members by name.
    pub fn fields(&self) -> &[&'static str] {
        &self.fields
    }

    fn has(&self, name: &str) -> bool {
        self.fields.contains(&name)
    }

    fn is_whole(&self) -> bool {
        self.fields.iter().any(|field| WHOLE.contains(field))
    }
}

/// What is written of a thing.
pub struct Item {
    /// Which of the steps it is.
    pub step: usize,
    /// What it is.
    pub kind: ChangeType,
    /// What became of it.
    pub fate: Fate,
    /// Of an article that is there: the section it stands in.
    pub section: Option<Id>,
    /// It as JSON.
    pub json: Box<RawValue>,
}

/// Shows things, in order, until there are enough bytes: what is written of each, and
/// how many of the steps that took. `since` is the place in the log that whoever asks
/// came from.
pub fn show(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    (scope, shown): (&Scope, &Shown),
    since: i64,
    steps: &[Step],
) -> Result<(Vec<Item>, usize)> {
    let at_once = match shown.is_whole() {
        true => WHOLE_AT_ONCE,
        false => steps.len().max(1),
    };
    let (mut items, mut bytes, mut done) = (Vec::with_capacity(steps.len()), 0, 0);
    for chunk in steps.chunks(at_once) {
        let of = chunk.iter().map(|step| (step.kind, step.id));
        let loaded = Loaded::load(conn, now, since, of)?;
        let mut articles = articles_of(conn, now, context, (scope, shown), &loaded)?;
        for step in chunk {
            if bytes > PAGE_BYTES {
                return Ok((items, done));
            }
            let at = done;
            done += 1;
            let Some(kind) = ChangeType::of(step.kind) else {
                continue;
            };
            let mut fate = loaded.fate(step.kind, step.id, context, scope);
            if fate == Fate::Here && kind == ChangeType::Article && !articles.contains_key(&step.id)
            {
                // It went between two queries.
                fate = Fate::Gone;
            }
            let change = match fate {
                Fate::Nothing => continue,
                Fate::Gone => Change::gone(kind, step.id),
                Fate::Here => {
                    let here = (&loaded, &mut articles);
                    here_is(conn, now, context, here, kind, step.id)?
                }
            };
            let json = serde_json::value::to_raw_value(&change).map_err(internal)?;
            bytes += json.get().len();
            items.push(Item {
                step: at,
                kind,
                fate,
                section: loaded.section_of(step.id),
                json,
            });
        }
    }
    Ok((items, done))
}

/// A thing that is there.
fn here_is(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    (loaded, articles): (&Loaded, &mut HashMap<Id, SyncArticle>),
    kind: ChangeType,
    id: Id,
) -> Result<Change> {
    let base = &context.config.public_url;
    let mut change = Change::of(kind, id, ChangeOp::Upsert);
    match kind {
        ChangeType::Article => change.article = articles.remove(&id).map(Box::new),
        ChangeType::Section => {
            let section = loaded.section(id, context);
            change.section = section.map(|section| SyncSection::of(section, context));
        }
        ChangeType::Topic => {
            let topic = loaded.topics.get(&id).cloned();
            change.topic = topic.map(|topic| {
                let links = TermLinks::of(base, "topic", &topic.slug);
                topics::show(topic, links)
            });
        }
        ChangeType::Author => {
            let author = loaded.authors.get(&id).cloned();
            change.author = author.map(|author| {
                let links = TermLinks::of(base, "author", &author.slug);
                authors::show(author, links)
            });
        }
        ChangeType::List => {
            if let Some(list) = loaded.lists.get(&id) {
                change.list = Some(list_of(conn, now, context, list)?);
            }
        }
        ChangeType::Media => {
            if let Some(medium) = loaded.media.get(&id) {
                change.media = Some(media::show(medium.clone(), &context.config)?);
            }
        }
        ChangeType::Site => {
            change.site = Some(Box::new(site::show(conn, &context.config, false)?));
        }
    }
    Ok(change)
}

/// A curated list with the ids of its articles.
pub fn list_of(conn: &mut Conn<'_>, now: Time, context: &Context, list: &List) -> Result<SyncList> {
    let limit = i64::from(SIZE_MAX);
    let made = &mut Made::default();
    let articles = curated::ids(conn, now, context, list, limit, None, made)?;
    let about = curated::CuratedItem::new(list.clone(), &context.config.public_url);
    Ok(SyncList {
        id: about.id,
        slug: about.slug,
        name: about.name,
        description: about.description,
        articles,
        links: about.links,
    })
}

/// Articles that readers see, as they are asked for, by their ids.
fn articles_of(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    (scope, shown): (&Scope, &Shown),
    loaded: &Loaded,
) -> Result<HashMap<Id, SyncArticle>> {
    let held = |head: &RevisionHead| scope.holds(head.section_id, context);
    let cards = loaded.cards.values().filter(|(_, head)| held(head));
    if !shown.is_whole() {
        let cards: Vec<&(LiveRow, RevisionHead)> = cards.collect();
        let heads = cards.iter().map(|(_, head)| head);
        let pictures = Pictures::of_cards(conn, context, heads)?;
        let named = Named::of(conn, context, shown, cards.iter().map(|(_, head)| head))?;
        let mut made = HashMap::with_capacity(cards.len());
        for (row, head) in cards {
            let mut card = context.card(row, head, &pictures)?;
            named.put(conn, context, head, &mut card)?;
            made.insert(row.id, SyncArticle::of(card));
        }
        return Ok(made);
    }
    let wanted: Vec<Id> = cards.map(|(row, _)| row.id).collect();
    // They may have changed since the cards were read.
    let mut found = crate::store!(*conn, articles::with_live_revisions(&wanted))?;
    found
        .retain(|(row, revision)| row.is_visible(now) && scope.holds(revision.section_id, context));
    let mut made = HashMap::with_capacity(found.len());
    for resolved in Resolved::load_all(conn, now, context, found)? {
        let card = resolved.card(context)?;
        let whole = article::alone(conn, now, context, &resolved)?;
        let has = |name| shown.has(name);
        let mut article = SyncArticle::of(card);
        article.card.topics = has("topics").then_some(whole.topics);
        article.card.authors = has("authors").then_some(whole.authors);
        if has("teaser") {
            article.card.teaser = whole.teaser;
        }
        if has("image") {
            article.card.image = whole.image;
        }
        article.subheadline = whole.subheadline.filter(|_| has("subheadline"));
        article.first_published_at = has("first_published_at").then_some(whole.first_published_at);
        article.source = whole.source.filter(|_| has("source"));
        article.seo = whole.seo.filter(|_| has("seo"));
        article.corrections = has("corrections").then_some(whole.corrections);
        article.body = has("body").then_some(whole.body);
        article.related = has("related").then_some(whole.related);
        article.share = has("share").then_some(whole.share);
        if has("media") {
            article.media = Some(resolved.files()?);
        }
        made.insert(whole.id, article);
    }
    Ok(made)
}

/// Which names cards are to have.
struct Named {
    topics: bool,
    authors: bool,
}

impl Named {
    /// Reads the names of all these at once.
    fn of<'a>(
        conn: &mut Conn<'_>,
        context: &Context,
        shown: &Shown,
        heads: impl Iterator<Item = &'a RevisionHead>,
    ) -> Result<Self> {
        let named = Named {
            topics: shown.has("topics"),
            authors: shown.has("authors"),
        };
        let mut all = Vec::new();
        for head in heads {
            all.extend(named.topics.then(|| ids(&head.topics)).transpose()?);
            all.extend(named.authors.then(|| ids(&head.authors)).transpose()?);
        }
        context.names(conn, &all.concat())?;
        Ok(named)
    }

    fn put(
        &self,
        conn: &mut Conn<'_>,
        context: &Context,
        head: &RevisionHead,
        card: &mut Card,
    ) -> Result<()> {
        let mut names = |ids: Vec<Id>| -> Result<_> {
            let found = context.names(conn, &ids)?.into_iter();
            Ok(found.map(|(_, name)| name).collect())
        };
        if self.topics {
            card.topics = Some(names(ids(&head.topics)?)?);
        }
        if self.authors {
            card.authors = Some(names(ids(&head.authors)?)?);
        }
        Ok(())
    }
}
