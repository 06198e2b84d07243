//! An article as it stands in a list, and the small types it shares with the
//! article itself. Public types live here and nowhere else, so that a member
//! added for editors can't get out.

use serde::Serialize;
use utoipa::ToSchema;

use super::sections::SectionRef;
use crate::articles::model::{Access, Kind, Priority};
use crate::changes::Tag;
use crate::db::{Id, Time};
use crate::media::model::FocalPoint;

/// How much of the teaser a card carries, in characters.
pub const CARD_TEASER: usize = 200;

/// A topic or an author, as articles name them: a copy, which whoever keeps
/// articles replaces when the one with this id changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NameRef {
    /// Its id; stays when the name changes.
    pub id: Id,
    /// The slug.
    #[schema(example = "verkehr")]
    pub slug: String,
    /// The name.
    #[schema(example = "Verkehr")]
    pub name: String,
}

/// The picture of an article: one that the newsroom has uploaded, or one elsewhere,
/// which has a `url` and no `id`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Image {
    /// The uploaded picture's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Where it is; an uploaded one as JPEG, at most 1280 pixels wide.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/1280.jpg"
    )]
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
    /// Pixels from left to right, of the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2400)]
    pub width: Option<u32>,
    /// Pixels from top to bottom, of the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1600)]
    pub height: Option<u32>,
    /// What must stay in sight when it is cropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focal_point: Option<FocalPoint>,
    /// A few bytes (Base64) that give an idea of the picture while it loads:
    /// <https://evanw.github.io/thumbhash/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1QcSHQRnh493V4dIh4eXh1h4kJUI")]
    pub thumbhash: Option<String>,
    /// The widths in which an uploaded picture can be fetched, the narrowest first;
    /// none for a second or two after the upload.
    #[schema(example = json!([320, 640, 960, 1280]))]
    pub widths: Vec<u32>,
    /// An uploaded picture's address as WebP, with one of `widths` in the place of
    /// `{width}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://api.flussblick.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/{width}.webp"
    )]
    pub url_template: Option<String>,
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

/// Minutes it takes to read so many words: 220 a minute, at least one.
pub fn reading_minutes(words: i32) -> i32 {
    (words + 219).div_euclid(220).max(1)
}

/// Tags in their order, each once.
pub fn unique(tags: Vec<Tag>) -> Vec<Tag> {
    let mut seen = std::collections::HashSet::with_capacity(tags.len());
    tags.into_iter().filter(|tag| seen.insert(*tag)).collect()
}
