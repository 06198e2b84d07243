//! An article as it stands in a list, and the small types it shares with the
//! article itself. Public types live here and nowhere else, so that a member
//! added for editors can't get out.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::sections::SectionRef;
use crate::articles::model::{Access, Kind, Picture, Priority};
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::{Result, internal};
use crate::taxonomy::names::{follow, merged};

/// How much of the teaser a card carries, in characters.
pub const CARD_TEASER: usize = 200;

/// A topic or an author, as articles name them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NameRef {
    /// The slug.
    #[schema(example = "verkehr")]
    pub slug: String,
    /// The name.
    #[schema(example = "Verkehr")]
    pub name: String,
}

/// The picture of an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Image {
    /// Where it is.
    #[schema(format = "uri", example = "https://bilder.flussblick.example/bus.jpg")]
    pub url: String,
    /// What it shows, for those who can't see it; empty if it only decorates.
    #[schema(example = "Ein Bus am Flussufer")]
    pub alt: String,
    /// What stands below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Jonte Behrens")]
    pub credit: Option<String>,
    /// Pixels from left to right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2400)]
    pub width: Option<u32>,
    /// Pixels from top to bottom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1600)]
    pub height: Option<u32>,
}

impl Image {
    /// The picture in an `image` column.
    pub fn read(json: Option<&str>) -> Result<Option<Self>> {
        let Some(json) = json else { return Ok(None) };
        let Picture {
            url,
            alt,
            decorative: _,
            caption,
            credit,
            width,
            height,
        } = serde_json::from_str(json).map_err(internal)?;
        Ok(Some(Image {
            url,
            alt: alt.unwrap_or_default(),
            caption,
            credit,
            width,
            height,
        }))
    }
}

/// Addresses of an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CardLinks {
    /// This article at this API.
    #[serde(rename = "self")]
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr"
    )]
    pub this: String,
    /// The article on the website, if the API knows the website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://flussblick.example/2026/11/stadtrat-beschliesst-kostenlosen-nahverkehr/"
    )]
    pub web: Option<String>,
}

/// An article as it stands in a list: at most a kilobyte.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Card {
    /// The article's id; stays when the slug changes.
    pub id: Id,
    /// Rises with every publication.
    #[schema(example = 7)]
    pub rev: i32,
    /// The article's slug.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// What kind of piece it is. Open: skip what you don't know.
    pub kind: Kind,
    /// BCP 47.
    #[schema(example = "de")]
    pub language: String,
    /// The line above the headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Nahverkehr")]
    pub kicker: Option<String>,
    /// The headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    pub headline: String,
    /// The first 200 characters of the teaser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein."
    )]
    pub teaser: Option<String>,
    /// Its section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<SectionRef>,
    /// The picture above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<Image>,
    /// When it was published.
    pub published_at: Time,
    /// When it last changed in substance.
    pub updated_at: Time,
    /// How urgent it is. Open: skip what you don't know.
    pub priority: Priority,
    /// Who may read it on the website. Open: skip what you don't know.
    pub access: Access,
    /// Words of the body.
    #[schema(example = 412)]
    pub word_count: i32,
    /// Minutes it takes to read.
    #[schema(example = 2)]
    pub reading_minutes: i32,
    /// Topics, with `include=topics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topics: Option<Vec<NameRef>>,
    /// Authors, with `include=authors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub authors: Option<Vec<NameRef>>,
    /// Where to go on.
    pub links: CardLinks,
}

/// The members of a card that `fields` may name.
pub const CARD_FIELDS: [&str; 19] = [
    "id",
    "rev",
    "slug",
    "kind",
    "language",
    "kicker",
    "headline",
    "teaser",
    "section",
    "image",
    "published_at",
    "updated_at",
    "priority",
    "access",
    "word_count",
    "reading_minutes",
    "topics",
    "authors",
    "links",
];

/// Names of topics and authors, by the ids that revisions hold.
pub struct Names {
    names: HashMap<Id, NameRef>,
    merged: HashMap<Id, Id>,
}

impl Names {
    /// Looks up what these are called now.
    pub fn load(conn: &mut Conn<'_>, mut ids: Vec<Id>) -> Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        let look_up = |conn: &mut Conn<'_>, ids: &[Id]| -> Result<Vec<(Id, NameRef)>> {
            let found = match ids {
                [] => Vec::new(),
                ids => crate::store!(*conn, taxonomy::names(ids))?,
            };
            let name = |(id, slug, name)| (id, NameRef { slug, name });
            Ok(found.into_iter().map(name).collect())
        };
        let mut names: HashMap<Id, NameRef> = look_up(conn, &ids)?.into_iter().collect();
        // What isn't there any more may have been merged.
        ids.retain(|id| !names.contains_key(id));
        let merged = match ids.as_slice() {
            [] => HashMap::new(),
            ids => merged(conn, ids)?,
        };
        let present: Vec<Id> = merged.values().copied().collect();
        names.extend(look_up(conn, &present)?);
        Ok(Names { names, merged })
    }

    /// The ids as they are now, each once.
    pub fn present(&self, mut ids: Vec<Id>) -> Vec<Id> {
        follow(&self.merged, &mut ids);
        ids
    }

    /// What these are called, in their order; without those that are gone.
    pub fn show(&self, ids: &[Id]) -> Vec<NameRef> {
        let names = ids.iter().filter_map(|id| self.names.get(id).cloned());
        names.collect()
    }
}

/// Minutes it takes to read so many words: 220 a minute, at least one.
pub fn reading_minutes(words: i32) -> i32 {
    (words + 219).div_euclid(220).max(1)
}

/// Tags in their order, each once.
pub fn unique(tags: Vec<Tag>) -> Vec<Tag> {
    let mut seen = std::collections::HashSet::with_capacity(tags.len());
    tags.into_iter().filter(|tag| seen.insert(*tag)).collect()
}
