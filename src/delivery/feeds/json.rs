//! JSON Feed 1.1.

use serde::Serialize;
use utoipa::ToSchema;

use super::Form;
use super::entries::{Entry, Feed};
use super::xml::{clean, line};
use crate::db::Time;
use crate::error::{Result, internal};

const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// A feed as <https://www.jsonfeed.org/version/1.1/> describes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeed {
    /// The format.
    #[schema(example = "https://jsonfeed.org/version/1.1")]
    version: &'static str,
    /// What it is called.
    #[schema(example = "Flussblick: Politik")]
    title: String,
    /// Where people find the same.
    #[schema(format = "uri", example = "https://flussblick.example/")]
    home_page_url: String,
    /// This page of it.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/feeds/sections/politik.json"
    )]
    feed_url: String,
    /// What it is about.
    description: String,
    /// The next page. Missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    next_url: Option<String>,
    /// Who publishes it.
    authors: Vec<JsonFeedAuthor>,
    /// BCP 47.
    #[schema(example = "de")]
    language: String,
    /// The newest articles, the newest first.
    items: Vec<JsonFeedItem>,
}

/// Who wrote an article, or who publishes the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedAuthor {
    /// Their name.
    #[schema(example = "Mara Lenz")]
    name: String,
    /// Where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    url: Option<String>,
}

/// An article in a feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedItem {
    /// The article's id, as a URN; stays whatever else changes.
    #[schema(example = "urn:uuid:0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e")]
    id: String,
    /// Where people read it.
    #[schema(
        format = "uri",
        example = "https://flussblick.example/2026/11/stadtrat-beschliesst-kostenlosen-nahverkehr/"
    )]
    url: String,
    /// Its headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    title: String,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "<p>Der Rat stimmte <strong>einstimmig</strong> zu.</p>"
    )]
    content_html: Option<String>,
    /// Instead of a text that can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content_text: Option<String>,
    /// Its teaser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "Ab Januar fahren Busse und Bahnen ohne Fahrschein."
    )]
    summary: Option<String>,
    /// The picture above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    image: Option<String>,
    /// When it was published.
    date_published: Time,
    /// When it last changed in substance.
    date_modified: Time,
    /// Who wrote it.
    authors: Vec<JsonFeedAuthor>,
    /// Names of its section and its topics.
    #[schema(example = json!(["Politik", "Verkehr"]))]
    tags: Vec<String>,
    /// BCP 47.
    #[schema(example = "de")]
    language: String,
}

/// Writes a feed.
pub fn write(feed: Feed) -> Result<Vec<u8>> {
    let (feed_url, next_url) = (feed.this(Form::Json), feed.next(Form::Json));
    let publisher = JsonFeedAuthor {
        name: feed.publisher,
        url: feed.site,
    };
    let feed = JsonFeed {
        version: VERSION,
        title: feed.title,
        home_page_url: feed.home,
        feed_url,
        description: feed.description,
        next_url,
        authors: vec![publisher],
        language: feed.language,
        items: feed.entries.into_iter().map(item).collect(),
    };
    crate::http::reply::line(&feed).map_err(internal)
}

fn item(entry: Entry) -> JsonFeedItem {
    let text = || entry.summary.clone().unwrap_or_else(|| entry.title.clone());
    let authors = entry.authors.into_iter();
    JsonFeedItem {
        content_text: entry.html.is_none().then(text),
        content_html: entry.html,
        id: entry.id,
        url: clean(&entry.url).into_owned(),
        title: entry.title,
        summary: entry.summary,
        image: entry.image.map(|image| clean(&image.url).into_owned()),
        date_published: entry.published,
        date_modified: entry.updated,
        authors: authors
            .map(|name| JsonFeedAuthor { name, url: None })
            .collect(),
        tags: entry
            .categories
            .iter()
            .map(|category| line(&category.name))
            .collect(),
        language: entry.language,
    }
}
