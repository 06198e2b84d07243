//! An article as schema.org describes it, to be pasted into its page.

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};

use super::card::{Image, unique};
use super::context::Context;
use super::feeds::xml::clean;
use super::resolved::Resolved;
use crate::articles::model::{Access, Seo, ids};
use crate::articles::view::Correction;
use crate::changes::Tag;
use crate::config::Config;
use crate::db::{Conn, Id};
use crate::error::{Result, internal};
use crate::http::answer::Draft;
use crate::media::model::{Delivered, address};
use crate::site;

/// A NewsArticle, for the description.
pub struct NewsArticle;

impl utoipa::PartialSchema for NewsArticle {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "A NewsArticle (<https://schema.org/NewsArticle>) as JSON-LD.",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([json!({
                "@context": "https://schema.org", "@type": "NewsArticle",
                "@id": "urn:uuid:0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e",
                "headline": "Stadtrat beschließt kostenlosen Nahverkehr",
                "datePublished": "2026-11-23T08:15:00Z",
                "author": [{"@type": "Person", "name": "Mara Lenz"}],
            })])
            .into()
    }
}

impl utoipa::ToSchema for NewsArticle {}

/// An article as JSON-LD.
pub fn news_article(
    conn: &mut Conn<'_>,
    context: &Context,
    mut resolved: Resolved,
) -> Result<Draft> {
    let mut tags = std::mem::take(&mut resolved.tags);
    let (row, revision) = (&resolved.row, &resolved.revision);
    let topics = context.names(conn, &ids(&revision.topics)?)?;
    let authors = context.names(conn, &ids(&revision.authors)?)?;
    tags.extend(topics.iter().map(|(id, _)| Tag::topic(*id)));
    tags.extend(authors.iter().map(|(id, _)| Tag::author(*id)));
    let author_ids: Vec<Id> = authors.iter().map(|(id, _)| *id).collect();
    let pages = match author_ids.as_slice() {
        [] => Vec::new(),
        ids => crate::store!(*conn, authors::by_ids(ids))?,
    };
    let page_of = |id: Id| {
        let author = pages.iter().find(|author| author.id == id)?;
        author.url.clone()
    };
    let seo: Seo = match revision.seo.as_deref() {
        Some(stored) => serde_json::from_str(stored).map_err(internal)?,
        None => Seo::default(),
    };
    let site = site::ops::load(conn)?.settings;
    let config = &context.config;
    let url = context.web(row, revision.section_id);
    let url = url.unwrap_or_else(|| context.api(&row.slug));
    let published_at = row.published_at.unwrap_or_default();
    let first_published_at = row.first_published_at.unwrap_or(published_at);
    let image = resolved.pictures.above(revision.image.as_deref())?;

    let mut article = Object::default();
    article.set("@context", "https://schema.org");
    article.set("@type", "NewsArticle");
    article.set("@id", format!("urn:uuid:{}", row.id));
    article.set("url", url.as_str());
    article.set("mainEntityOfPage", json!({"@type": "WebPage", "@id": url}));
    article.set("headline", revision.headline.as_str());
    article.set_some("alternativeHeadline", revision.subheadline.as_deref());
    let description = seo.description.as_deref().or(revision.teaser.as_deref());
    article.set_some("description", description);
    if let Some(image) = &image {
        article.set("image", images(image, config));
    }
    article.set("datePublished", first_published_at.to_string());
    article.set(
        "dateModified",
        row.updated_at.unwrap_or(published_at).to_string(),
    );
    let people = authors.iter().map(|(id, author)| {
        let mut person = Object::new("Person");
        person.set("name", author.name.as_str());
        person.set_some("url", page_of(*id).as_deref());
        person.finish()
    });
    article.set("author", people.collect::<Vec<_>>());
    let mut publisher = Object::new("Organization");
    publisher.set("name", site.name.as_str());
    publisher.set_some("url", config.site_url.as_deref());
    article.set("publisher", publisher.finish());
    let section = context.section(revision.section_id);
    article.set_some(
        "articleSection",
        section.map(|section| section.name).as_deref(),
    );
    let keywords: Vec<&str> = topics
        .iter()
        .map(|(_, topic)| topic.name.as_str())
        .collect();
    article.set("keywords", keywords);
    article.set("inLanguage", revision.language.as_str());
    article.set("isAccessibleForFree", revision.access == Access::Free);
    article.set("wordCount", revision.word_count);
    let corrections = Correction::of(row.corrections.as_deref())?;
    if !corrections.is_empty() {
        let corrections = corrections.iter().map(|Correction { at, text }| {
            json!({"@type": "CorrectionComment", "datePublished": at, "text": text})
        });
        article.set("correction", corrections.collect::<Vec<_>>());
    }
    let body = pasteable(&article.finish())?;
    let mut draft = Draft::new("application/ld+json", body, unique(tags));
    resolved.limit(&mut draft);
    Ok(draft)
}

/// The picture in each of its widths, the widest first.
fn images(image: &Image, config: &Config) -> Vec<Value> {
    let common = |url: String| {
        let mut object = Object::new("ImageObject");
        object.set("url", url);
        object.set_some("caption", image.caption.as_deref());
        object.set_some("creditText", image.credit.as_deref());
        object
    };
    let shape = image.width.zip(image.height);
    let (Some(id), Some((width, height))) = (image.id, shape.filter(|(width, _)| *width > 0))
    else {
        let mut object = common(image.url.clone());
        if let Some((width, height)) = shape {
            object.set("width", width);
            object.set("height", height);
        }
        return vec![object.finish()];
    };
    let widths = match image.widths.as_slice() {
        [] => return vec![common(image.url.clone()).finish()],
        widths => widths.iter().rev(),
    };
    widths
        .map(|as_wide| {
            let mut object = common(address(config, id, as_wide, Delivered::Jpeg));
            let scaled = u64::from(height) * u64::from(*as_wide);
            let as_high = (scaled + u64::from(width) / 2) / u64::from(width);
            object.set("width", *as_wide);
            object.set("height", as_high.max(1));
            object.finish()
        })
        .collect()
}

/// An object with a type, of what has a value.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn new(name: &str) -> Self {
        Object(Map::from_iter([("@type".to_owned(), name.into())]))
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = match value.into() {
            Value::String(text) => clean(&text).into(),
            other => other,
        };
        self.0.insert(name.to_owned(), value);
    }

    fn set_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn finish(self) -> Value {
        self.0.into()
    }
}

/// JSON that may stand in a `<script>` as it is: within it, `<` begins nothing that
/// could end it.
fn pasteable(value: &Value) -> Result<Vec<u8>> {
    let text = serde_json::to_string(value).map_err(internal)?;
    let mut text = text.replace('<', "\\u003c");
    text.push('\n');
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_ends_a_script() {
        let value = json!({"headline": "</script><!--<script>"});
        let text = String::from_utf8(pasteable(&value).unwrap()).unwrap();
        assert!(!text.contains('<'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
