//! Reading spans, links and references.

use super::fields::Object;
use super::{Reader, is_slug};
use crate::content::blocks::{ArticleRef, Link, Mark, Span};
use crate::content::{limits, url};
use serde_json::Value;
use uuid::Uuid;

impl Reader {
    pub fn spans(&mut self, object: Object<'_>) -> Vec<Span> {
        if object.get("spans").is_none() {
            self.missing(
                object,
                "spans",
                "an array such as [{\"text\": \"…\", \"marks\": []}]",
            );
        }
        let values = self.array(object, "spans").unwrap_or_default();
        let mut spans = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let pointer = format!("{}/spans/{index}", object.pointer);
            spans.extend(
                self.object(value, &pointer)
                    .and_then(|span| self.span(span)),
            );
        }
        spans
    }

    fn span(&mut self, span: Object<'_>) -> Option<Span> {
        self.known_fields(span, &["text", "marks", "link"]);
        if span.get("text").is_none() {
            self.missing(span, "text", "a string");
        }
        let text = self.string(span, "text", limits::TEXT);
        let mut marks = Vec::new();
        for (index, value) in self
            .array(span, "marks")
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if self.is_full() {
                break;
            }
            let pointer = format!("{}/marks/{index}", span.pointer);
            let mark = self.named(value, &pointer, Mark::NAMES, Mark::from_name);
            // The same mark a thousand times is still one.
            marks.extend(mark.filter(|mark| !marks.contains(mark)));
        }
        let pointer = span.at("link");
        let link = span
            .get("link")
            .and_then(|value| self.object(value, &pointer))
            .and_then(|link| self.link(link));
        Some(Span {
            text: text?,
            marks,
            link,
        })
    }

    fn link(&mut self, link: Object<'_>) -> Option<Link> {
        self.known_fields(link, &["url", "article"]);
        match (link.get("url"), link.get("article")) {
            (Some(_), None) => self.url(link, "url", url::Use::Link).map(Link::Url),
            (None, Some(article)) => self
                .article(article, &link.at("article"))
                .map(Link::Article),
            (None, None) => {
                self.missing(link, "url", "a link has either a url or an article");
                None
            }
            (Some(_), Some(_)) => {
                let detail = "A link has either a url or an article, not both.";
                self.error(link.pointer, "conflict", detail);
                None
            }
        }
    }

    /// A reference to an article: `{"slug": …}`, `{"id": …}`, both, or a plain
    /// string. What only a resolved reference has is accepted and ignored, so
    /// that an article that was read can be sent back.
    pub fn article(&mut self, value: &Value, pointer: &str) -> Option<ArticleRef> {
        if let Value::String(word) = value {
            let article = ArticleRef::parse(word);
            if article.id.is_none() && !is_slug(word) {
                self.invalid_slug(pointer);
                return None;
            }
            return Some(article);
        }
        let object = self.object(value, pointer)?;
        self.known_fields(object, &["id", "slug", "headline", "url"]);
        if object.get("id").is_none() && object.get("slug").is_none() {
            self.missing(object, "slug", "an article is named by its slug or its id");
            return None;
        }
        let mut article = ArticleRef::default();
        if let Some(id) = self.string(object, "id", 100) {
            match Uuid::try_parse(&id) {
                Ok(id) => article.id = Some(id),
                Err(_) => {
                    let detail = "This isn't a UUID; to name an article by its slug, send \
                                  {\"slug\": \"…\"}.";
                    self.error(&object.at("id"), "invalid-id", detail);
                }
            }
        }
        if let Some(slug) = self.string(object, "slug", limits::SLUG) {
            if is_slug(&slug) {
                article.slug = Some(slug);
            } else {
                self.invalid_slug(&object.at("slug"));
            }
        }
        (article.id.is_some() || article.slug.is_some()).then_some(article)
    }

    fn invalid_slug(&mut self, pointer: &str) {
        let detail = "A slug is lower-case words and numbers joined by hyphens, at most 120 \
                      characters.";
        self.error(pointer, "invalid-slug", detail);
    }
}
