//! What is in a feed, whatever it is written in.

use std::collections::HashMap;

use crate::articles::model::{ListFilter, Order, ids};
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::cursor::{self, Position};
use crate::http::query::Params;
use crate::site;

use super::super::card::{Image, NameRef};
use super::super::context::Context;
use super::super::list::list_tags;
use super::super::resolved::Resolved;
use super::xml::{clean, line, title};

/// How many articles a feed has if nothing is said.
const LIMIT: i64 = 50;

/// How many texts are held in memory at once.
const AT_ONCE: usize = 10;

/// After so many bytes of text a page ends, however many articles are on it.
const ENOUGH: usize = 1 << 20;

/// A page of a feed.
pub struct Feed {
    /// What it is, for ever.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Who publishes it.
    pub publisher: String,
    /// The website, if it is known.
    pub site: Option<String>,
    /// Where people find the same.
    pub home: String,
    /// BCP 47.
    pub language: String,
    /// This page's address, but for what it ends with and what is asked for.
    pub address: String,
    /// What was asked for, from the question mark on.
    pub query: String,
    /// What to ask for to get the next page.
    pub next: Option<String>,
    /// When anything on it last changed.
    pub updated: Time,
    /// The newest articles, the newest first.
    pub entries: Vec<Entry>,
}

impl Feed {
    /// This page's address in a form.
    pub fn this(&self, form: super::Form) -> String {
        format!("{}.{}{}", self.address, form.extension(), self.query)
    }

    /// The next page's address in a form.
    pub fn next(&self, form: super::Form) -> Option<String> {
        let next = self.next.as_ref()?;
        Some(format!("{}.{}{next}", self.address, form.extension()))
    }
}

/// An article in a feed.
pub struct Entry {
    /// The article's id, as a URN.
    pub id: String,
    /// Where people read it.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// Its teaser.
    pub summary: Option<String>,
    /// Its text; none if what is stored can't be read.
    pub html: Option<String>,
    /// BCP 47.
    pub language: String,
    /// When it was published.
    pub published: Time,
    /// When it last changed in substance.
    pub updated: Time,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Its section and its topics.
    pub categories: Vec<NameRef>,
    /// The picture above it.
    pub image: Option<Image>,
}

/// What a client asks of a feed.
#[derive(Clone, Debug)]
pub struct Wanted {
    limit: i64,
    cursor: Option<String>,
}

impl Wanted {
    /// Reads the parameters of a feed.
    pub fn of(params: &mut Params) -> Result<Self> {
        Ok(Wanted {
            limit: params.limit_or(LIMIT)?,
            cursor: params.one("cursor")?,
        })
    }

    /// The canonical form, from the question mark on; empty if nothing was said.
    pub fn query(&self) -> String {
        self.query_with(self.cursor.as_deref())
    }

    fn query_with(&self, cursor: Option<&str>) -> String {
        let limit = (self.limit != LIMIT).then(|| ("limit", self.limit.to_string()));
        let cursor = cursor.map(|cursor| ("cursor", cursor.to_owned()));
        let pairs: Vec<_> = limit.into_iter().chain(cursor).collect();
        match serde_urlencoded::to_string(pairs) {
            Ok(query) if !query.is_empty() => format!("?{query}"),
            _ => String::new(),
        }
    }
}

/// What a feed is of.
pub struct Subject {
    /// The section, topic or author; none if it is of all articles.
    pub list: Option<Id>,
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// The feed's name, such as `all` or `sections/politik`.
    pub path: String,
    /// What it is made of.
    pub tags: Vec<Tag>,
}

/// A page of a feed, and what it is made of.
pub struct Made {
    /// The page.
    pub feed: Feed,
    /// What it is made of.
    pub tags: Vec<Tag>,
    /// The next instant at which something may appear in it.
    pub appears: Option<Time>,
    /// The next instant at which something in it disappears.
    pub disappears: Option<Time>,
}

/// Puts a page of a feed together.
pub fn page(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    subject: Subject,
    wanted: &Wanted,
) -> Result<Made> {
    let lists = subject.list.into_iter().map(|list| vec![list]).collect();
    let filter = ListFilter {
        lists,
        ..ListFilter::default()
    };
    let bound_to = match subject.list {
        Some(list) => format!("feed/{list}"),
        None => "feed".to_owned(),
    };
    let after = wanted.cursor.as_deref();
    let after = after
        .map(|cursor| cursor::read(cursor, &bound_to))
        .transpose()?;
    let mut positions = crate::store!(
        *conn,
        lists::page(&filter, Order::NewestFirst, now, after, wanted.limit + 1)
    )?;
    let mut more = positions.len() as i64 > wanted.limit;
    positions.truncate(wanted.limit as usize);

    let mut tags = list_tags(&filter);
    tags.extend(subject.tags);
    let mut entries = Vec::with_capacity(positions.len());
    let (mut bytes, mut last) = (0, None);
    let mut appears = crate::store!(*conn, lists::next_appearance(&filter, now))?;
    let mut disappears = None;
    'pages: for positions in positions.chunks(AT_ONCE) {
        for (position, resolved) in load(conn, now, context, positions)? {
            if bytes > ENOUGH {
                more = true;
                break 'pages;
            }
            last = Some(position);
            let Some(resolved) = resolved else { continue };
            let entry = entry(conn, context, &resolved, &mut tags)?;
            bytes += entry.html.as_ref().map_or(0, String::len);
            entries.push(entry);
            appears = earlier(appears, resolved.appears);
            disappears = earlier(disappears, resolved.disappears);
            tags.extend(resolved.tags);
        }
    }
    let next = last.filter(|_| more);
    let next = next.map(|last| wanted.query_with(Some(&cursor::write(last, &bound_to))));

    let site = site::ops::load(conn)?;
    let config = &context.config;
    let publisher = line(&site.settings.name);
    let named = match &subject.name {
        Some(name) => format!("{publisher}: {}", line(name)),
        None => publisher.clone(),
    };
    let description = subject.description.or(site.settings.description);
    let address = format!("{}/feeds/{}", config.public_url, subject.path);
    let home = match (&config.site_url, subject.list) {
        (Some(site), _) => format!("{site}/"),
        (None, Some(_)) => format!("{}/v1/{}", config.public_url, subject.path),
        (None, None) => format!("{}/v1/articles", config.public_url),
    };
    let updated = entries.iter().map(|entry| entry.updated).max();
    let feed = Feed {
        id: match subject.list {
            Some(list) => format!("urn:uuid:{list}"),
            None => address.clone(),
        },
        description: description.map_or_else(|| named.clone(), |text| clean(&text).into_owned()),
        title: named,
        publisher,
        site: config.site_url.clone(),
        home,
        language: clean(&site.settings.language).into_owned(),
        address,
        query: wanted.query(),
        next,
        updated: updated.or(site.updated_at).unwrap_or_default(),
        entries,
    };
    Ok(Made {
        feed,
        tags,
        appears,
        disappears,
    })
}

fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    a.into_iter().chain(b).min()
}

/// The articles at these positions, with their links resolved; none where one has
/// gone since the positions were read.
fn load(
    conn: &mut Conn<'_>,
    now: Time,
    context: &Context,
    positions: &[Position],
) -> Result<Vec<(Position, Option<Resolved>)>> {
    let wanted: Vec<Id> = positions.iter().map(|position| position.id).collect();
    let mut rows = crate::store!(*conn, articles::with_live_revisions(&wanted))?;
    rows.retain(|(row, _)| row.is_visible(now));
    for (_, revision) in &mut rows {
        for column in [&mut revision.topics, &mut revision.authors] {
            if ids(column).is_err() {
                *column = "[]".to_owned();
            }
        }
    }
    let resolved = Resolved::load_all(conn, now, context, rows)?;
    let mut resolved: HashMap<Id, Resolved> = resolved
        .into_iter()
        .map(|resolved| (resolved.row.id, resolved))
        .collect();
    Ok(positions
        .iter()
        .map(|position| (*position, resolved.remove(&position.id)))
        .collect())
}

/// One article. Of a row that was written in another way than through the API, what
/// can't be read is left out: it must not take the others with it.
fn entry(
    conn: &mut Conn<'_>,
    context: &Context,
    resolved: &Resolved,
    tags: &mut Vec<Tag>,
) -> Result<Entry> {
    let (row, revision) = (&resolved.row, &resolved.revision);
    let html = match resolved.to_html() {
        Ok(html) => Some(clean(&html).into_owned()),
        Err(error) => {
            tracing::warn!(article = %row.id, %error, "its text can't be read; the feed has it without");
            None
        }
    };
    let topics = context.names(conn, &ids(&revision.topics)?)?;
    let authors = context.names(conn, &ids(&revision.authors)?)?;
    tags.extend(topics.iter().map(|(id, _)| Tag::topic(*id)));
    tags.extend(authors.iter().map(|(id, _)| Tag::author(*id)));
    let section = context.section(revision.section_id);
    let section = section.map(|section| NameRef {
        id: section.id,
        slug: section.slug,
        name: section.name,
    });
    let topics = topics.into_iter().map(|(_, name)| name);
    let published = row.published_at.unwrap_or_default();
    let url = context.web(row, revision.section_id);
    Ok(Entry {
        id: format!("urn:uuid:{}", row.id),
        url: url.unwrap_or_else(|| context.api(&row.slug)),
        title: title(&revision.headline),
        summary: revision
            .teaser
            .as_deref()
            .map(|teaser| clean(teaser).into_owned()),
        html,
        language: clean(&revision.language).into_owned(),
        published,
        updated: row.updated_at.unwrap_or(published),
        authors: authors
            .into_iter()
            .map(|(_, author)| line(&author.name))
            .collect(),
        categories: section.into_iter().chain(topics).collect(),
        image: image(resolved),
    })
}

fn image(resolved: &Resolved) -> Option<Image> {
    let image = resolved.pictures.above(resolved.revision.image.as_deref());
    let image = image.ok().flatten()?;
    let of_web = image.url.starts_with("https://") || image.url.starts_with("http://");
    of_web.then_some(image)
}
