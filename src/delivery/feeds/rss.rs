//! RSS 2.0, with `content:encoded` for the text, `dc:creator` for who wrote it,
//! `media:content` for the picture and `atom:link` for the feed's own addresses.

use super::Form;
use super::entries::{Entry, Feed};
use super::xml::Xml;
use crate::db::Time;
use crate::error::Result;

/// Writes a feed.
pub fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut xml = Xml::new()?;
    xml.open(
        "rss",
        &[
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
        ],
    )?;
    xml.open("channel", &[])?;
    xml.text("title", &feed.title)?;
    xml.text("link", &feed.home)?;
    xml.text("description", &feed.description)?;
    xml.text("language", &feed.language)?;
    xml.text("lastBuildDate", &date(feed.updated))?;
    let media_type = Form::Rss.media_type();
    let links = [
        ("self", Some(feed.this(Form::Rss))),
        ("next", feed.next(Form::Rss)),
    ];
    for (rel, address) in &links {
        if let Some(address) = address {
            let attributes = [("rel", *rel), ("type", media_type), ("href", address)];
            xml.empty("atom:link", &attributes)?;
        }
    }
    for entry in &feed.entries {
        write_item(&mut xml, entry)?;
    }
    xml.close("channel")?;
    xml.close("rss")?;
    Ok(xml.finish())
}

fn write_item(xml: &mut Xml, entry: &Entry) -> Result<()> {
    xml.open("item", &[])?;
    xml.text("title", &entry.title)?;
    xml.text("link", &entry.url)?;
    xml.element("guid", &[("isPermaLink", "false")], &entry.id)?;
    xml.text("pubDate", &date(entry.published))?;
    for author in &entry.authors {
        xml.text("dc:creator", author)?;
    }
    for category in &entry.categories {
        xml.text("category", &super::xml::line(&category.name))?;
    }
    if let Some(summary) = &entry.summary {
        xml.text("description", summary)?;
    }
    if let Some(html) = &entry.html {
        xml.markup("content:encoded", &[], html)?;
    }
    if let Some(image) = &entry.image {
        let (width, height) = (
            image.width.unwrap_or_default().to_string(),
            image.height.unwrap_or_default().to_string(),
        );
        let mut attributes = vec![("url", image.url.as_str()), ("medium", "image")];
        // What is known are the original's; of an uploaded picture the address is
        // that of a smaller one.
        if image.id.is_some() {
            attributes.push(("type", "image/jpeg"));
        } else if image.width.is_some() && image.height.is_some() {
            attributes.extend([("width", width.as_str()), ("height", height.as_str())]);
        }
        xml.open("media:content", &attributes)?;
        if !image.alt.is_empty() {
            xml.element("media:description", &[("type", "plain")], &image.alt)?;
        }
        if let Some(credit) = &image.credit {
            xml.text("media:credit", credit)?;
        }
        xml.close("media:content")?;
    }
    xml.close("item")
}

/// An instant as RFC 822 writes it, with the year in four digits.
fn date(at: Time) -> String {
    at.to_datetime()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_mail() {
        let at = Time::parse("2026-11-03T08:15:00Z").unwrap();
        assert_eq!(date(at), "Tue, 03 Nov 2026 08:15:00 GMT");
    }
}
