//! Atom (RFC 4287), with links to further pages (RFC 5005).

use super::Form;
use super::entries::{Entry, Feed};
use super::xml::{Xml, line};
use crate::error::Result;

/// Writes a feed.
pub fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut xml = Xml::new()?;
    xml.open(
        "feed",
        &[
            ("xmlns", "http://www.w3.org/2005/Atom"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
            ("xml:lang", &feed.language),
        ],
    )?;
    xml.text("id", &feed.id)?;
    xml.text("title", &feed.title)?;
    xml.text("subtitle", &feed.description)?;
    xml.text("updated", &feed.updated.to_string())?;
    xml.open("author", &[])?;
    xml.text("name", &feed.publisher)?;
    if let Some(site) = &feed.site {
        xml.text("uri", site)?;
    }
    xml.close("author")?;
    let media_type = Form::Atom.media_type();
    xml.empty("link", &[("rel", "alternate"), ("href", &feed.home)])?;
    let links = [
        ("self", Some(feed.this(Form::Atom))),
        ("next", feed.next(Form::Atom)),
    ];
    for (rel, address) in &links {
        if let Some(address) = address {
            let attributes = [("rel", *rel), ("type", media_type), ("href", address)];
            xml.empty("link", &attributes)?;
        }
    }
    for entry in &feed.entries {
        write_entry(&mut xml, entry)?;
    }
    xml.close("feed")?;
    Ok(xml.finish())
}

fn write_entry(xml: &mut Xml, entry: &Entry) -> Result<()> {
    xml.open("entry", &[("xml:lang", &entry.language)])?;
    xml.text("id", &entry.id)?;
    xml.text("title", &entry.title)?;
    xml.empty(
        "link",
        &[
            ("rel", "alternate"),
            ("hreflang", &entry.language),
            ("href", &entry.url),
        ],
    )?;
    xml.text("published", &entry.published.to_string())?;
    xml.text("updated", &entry.updated.to_string())?;
    for author in &entry.authors {
        xml.open("author", &[])?;
        xml.text("name", author)?;
        xml.close("author")?;
    }
    for category in &entry.categories {
        let label = line(&category.name);
        xml.empty("category", &[("term", &category.slug), ("label", &label)])?;
    }
    if let Some(summary) = &entry.summary {
        xml.text("summary", summary)?;
    }
    match &entry.html {
        Some(html) => xml.markup("content", &[("type", "html")], html)?,
        // An entry has a text or a summary.
        None if entry.summary.is_none() => xml.text("summary", &entry.title)?,
        None => {}
    }
    if let Some(image) = &entry.image {
        xml.open("media:content", &[("url", &image.url), ("medium", "image")])?;
        if !image.alt.is_empty() {
            xml.element("media:description", &[("type", "plain")], &image.alt)?;
        }
        xml.close("media:content")?;
    }
    xml.close("entry")
}
