//! Reading HTML.
//!
//! A whole document or a piece of one, as a browser would parse it, with or
//! without YAML front matter before it: what this program writes
//! ([`super::to_html()`]) and what other programs export or paste. The room in
//! its order of work:
//!
//! - `parse` and `dom`: from the source to a tree whose nodes know their places
//! - `head`: the headline and the teaser that a document gives itself
//! - `flow`: through the tree from top to bottom, its running text into
//!   paragraphs and headings (`elements`, `inline`, `lines`), everything else to one of the next
//! - `containers`, `table`, `media`, `word`: lists, quotes, callouts and code;
//!   tables; pictures and embeds; lists as Word writes them
//! - `style`: what `style` attributes and other programs' addresses say
//! - `report`: warnings, those of one kind taken together
//!
//! What the tree can't hold is moved behind its container or flattened to its
//! text, with a warning. Scripts, style sheets and markup of other languages
//! never enter the tree: it has no place for them.

mod containers;
mod dom;
mod elements;
mod flow;
mod head;
mod inline;
mod lines;
mod media;
mod parse;
mod report;
mod style;
mod table;
mod word;

use super::blocks::{ArticleRef, Body, Link, RelatedTarget};
use super::{Parsed, front_matter, limits, text, url};
use crate::error::FieldError;
use dom::{Data, Dom, Id};
use report::Report;
use serde_json::Value;
use uuid::Uuid;

/// Where errors in HTML point.
const POINTER: &str = "#/body/html";

/// Elements whose content nobody reads.
const NO_TEXT: &[&str] = &["script", "style", "template", "xml", "noembed", "noframes"];

/// Reads an HTML document or a piece of one.
///
/// `own_article` says which article of this newsroom an address of its website
/// leads to, if any: such links become references to that article.
///
/// # Errors
///
/// `front-matter` (not YAML, or not a mapping), `forbidden-character` (see
/// [`text::check`]), `too-many-elements`, `too-many-attributes`, and the names of
/// the caps in [`limits`]. The detail names the line.
pub fn from_html(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
) -> Result<Parsed, Vec<FieldError>> {
    read(source, own_article, &|_| None, true)
}

/// [`from_html`] of a document that comes with files: `file` says which picture a
/// relative address names.
///
/// # Errors
///
/// Those of [`from_html`].
pub fn from_html_with(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
    file: &dyn Fn(&str) -> Option<Uuid>,
) -> Result<Parsed, Vec<FieldError>> {
    read(source, own_article, file, true)
}

/// Reads HTML that is the body and nothing else: no front matter, and what
/// looks like a headline or a teaser stays in the text.
///
/// `file` is that of [`from_html_with`].
///
/// # Errors
///
/// Those of [`from_html`].
pub fn from_html_body_with(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
    file: &dyn Fn(&str) -> Option<Uuid>,
) -> Result<Parsed, Vec<FieldError>> {
    read(source, own_article, file, false)
}

fn read(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
    file: &dyn Fn(&str) -> Option<Uuid>,
    is_document: bool,
) -> Result<Parsed, Vec<FieldError>> {
    if source.len() > limits::MARKUP_BYTES {
        let detail = format!(
            "The document has {} bytes; the cap is {}.",
            source.len(),
            limits::MARKUP_BYTES
        );
        return Err(vec![error("too-much-text", detail)]);
    }
    let source = source.strip_prefix('\u{FEFF}').unwrap_or(source);
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    text::check_lines(&source, POINTER)?;
    let (front_matter, rest, _) = front_matter::split(&source)?;
    let start = source.len() - rest.len();
    let mut report = Report::new(&source);
    let (dom, notices) = parse::parse(&source, start).map_err(|refusal| {
        let (line, _) = report.place(refusal.at);
        vec![error(
            refusal.code,
            format!("{}, near line {line}.", refusal.detail),
        )]
    })?;
    for notice in notices {
        report.warn(notice.at, notice.code, notice.detail);
    }
    let given = |name: &str| {
        let value = front_matter.as_ref().and_then(|map| map.get(name));
        value.and_then(Value::as_str).map(str::to_owned)
    };
    let mut reader = Reader {
        dom: &dom,
        own_article,
        file,
        report,
        head: head::Head::default(),
        wordpress: is_wordpress(rest),
        bare_paragraphs: dom.find(dom::ROOT, "p").is_none(),
        last_image: None,
        cells: 0,
    };
    if is_document {
        reader.head = head::find(&dom, given("headline"), given("teaser"));
    }
    let mut body = Body {
        blocks: reader.top_level(),
    };
    reader.finish_head();
    reader.report_attributes();
    if !reader.report.errors.is_empty() {
        return Err(reader.report.errors);
    }
    body.normalize();
    let too_large = limits::check(&body, POINTER);
    if !too_large.is_empty() {
        return Err(too_large);
    }
    Ok(Parsed {
        front_matter,
        headline: reader.head.headline.take(),
        teaser: reader.head.teaser.take(),
        body,
        warnings: reader.report.finish(),
    })
}

fn error(code: &'static str, detail: impl Into<String>) -> FieldError {
    FieldError {
        pointer: POINTER.to_owned(),
        code,
        detail: detail.into(),
    }
}

/// Whether line feeds in bare text are line breaks, as WordPress stores it.
fn is_wordpress(source: &str) -> bool {
    ["[/caption]", "wp-image-", "wp-content/", "<!--more-->"]
        .iter()
        .any(|sign| source.contains(sign))
}

/// What is known while a document is read.
struct Reader<'r> {
    dom: &'r Dom,
    own_article: &'r dyn Fn(&str) -> Option<String>,
    file: &'r dyn Fn(&str) -> Option<Uuid>,
    report: Report<'r>,
    head: head::Head,
    /// See [`is_wordpress`].
    wordpress: bool,
    /// Whether empty lines part paragraphs, as nothing else does.
    bare_paragraphs: bool,
    /// The picture read last, which `<noscript>` often repeats.
    last_image: Option<String>,
    /// Cells of tables so far.
    cells: usize,
}

impl Reader<'_> {
    fn warn(&mut self, id: Id, code: &'static str, detail: impl Into<String>) {
        self.report.warn(self.dom.at(id), code, detail);
    }

    /// Checks text that entities may have brought in.
    fn check(&mut self, id: Id, text: &str) {
        if let Some(c) = text::check(text) {
            self.report.refuse(self.dom.at(id), c);
        }
    }

    /// An attribute's text on one line, checked.
    fn line_of(&mut self, id: Id, attribute: &str) -> Option<String> {
        let value = self.dom.attribute(id, attribute)?;
        self.check(id, value);
        text::one_line(value)
    }

    /// The text below a node on one line, checked.
    fn text_line(&mut self, id: Id) -> Option<String> {
        let text = self.text_of(id);
        self.check(id, &text);
        text::one_line(&text)
    }

    /// The text below a node; where blocks and lines end, a line feed.
    fn text_of(&self, root: Id) -> String {
        let mut text = String::new();
        let mut walk = self.dom.walk(root);
        while let Some(step) = walk.next(self.dom) {
            let (id, starts) = match step {
                dom::Step::Start(id) => (id, true),
                dom::Step::End(id) => (id, false),
            };
            match self.dom.data(id) {
                Data::Text(piece) => text.push_str(piece),
                Data::Element(_) => {
                    let name = self.dom.name(id);
                    if starts && NO_TEXT.contains(&name) {
                        walk.skip(self.dom, id);
                    } else if elements::is_block(name) || name == "br" {
                        text.push('\n');
                    }
                }
                _ => {}
            }
        }
        text
    }

    /// Where an address leads, or `None` with a warning if it may not stand in
    /// a body.
    fn link(&mut self, id: Id, address: &str) -> Option<Link> {
        match self.target(id, address, url::Use::Link)? {
            RelatedTarget::Article(article) => Some(Link::Article(article)),
            RelatedTarget::Url(url) => Some(Link::Url(url)),
        }
    }

    fn target(&mut self, id: Id, address: &str, usage: url::Use) -> Option<RelatedTarget> {
        if let Some(word) = address.strip_prefix("article:") {
            return self.article(id, word);
        }
        if let Some(article) = self.own(address) {
            return Some(article);
        }
        let address = style::address(address);
        if let Some(article) = self.own(&address) {
            return Some(article);
        }
        match url::parse(&address, usage) {
            Ok(url) => Some(RelatedTarget::Url(url)),
            Err(refused) => {
                let shown = text::shorten(&address, 80);
                let detail = format!(
                    "The address “{shown}” was left out. {}",
                    refused.detail(usage)
                );
                self.warn(id, refused.code(), detail);
                None
            }
        }
    }

    /// The article of this newsroom that an address of its website leads to.
    fn own(&self, address: &str) -> Option<RelatedTarget> {
        let word = (self.own_article)(address)?;
        Some(RelatedTarget::Article(ArticleRef::parse(&word)))
    }

    fn article(&mut self, id: Id, word: &str) -> Option<RelatedTarget> {
        let article = ArticleRef::parse(word);
        if article.id.is_some() || super::read_json::is_slug(word) {
            return Some(RelatedTarget::Article(article));
        }
        let detail = format!(
            "“{}” is neither a slug nor an id; slugs are lower-case words joined by hyphens. The \
             text was kept without a link.",
            text::shorten(word, 80)
        );
        self.warn(id, "invalid-slug", detail);
        None
    }

    /// Reports what attributes say that nothing keeps.
    fn report_attributes(&mut self) {
        for id in self.dom.below(dom::ROOT) {
            let Some(element) = self.dom.element(id) else {
                continue;
            };
            let at = self.dom.at(id);
            for (name, value) in &element.attributes {
                let name = &**name;
                if is_handler(name) {
                    self.report.count(at, report::Kind::Handler, name);
                } else if name == "style" {
                    self.report.count(at, report::Kind::Style, "");
                } else if name == "srcdoc" {
                    self.report.count(at, report::Kind::Attribute, name);
                } else if name == "title" && !value.trim().is_empty() {
                    self.report.count(at, report::Kind::Title, value);
                } else if value.contains('<') && value.contains('>') && is_markup_odd(name) {
                    let detail = format!(
                        "The attribute {name} holds “{}”; is a quotation mark missing before it?",
                        text::shorten(value.trim(), 80)
                    );
                    self.report.warn(at, "odd-attribute", detail);
                }
            }
        }
    }
}

/// Whether an attribute is run when something happens.
fn is_handler(name: &str) -> bool {
    name.strip_prefix("on")
        .is_some_and(|event| event.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Attributes that other programs put markup into.
fn is_markup_odd(name: &str) -> bool {
    !(name.starts_with("data-") || matches!(name, "title" | "alt" | "content" | "srcdoc"))
}
