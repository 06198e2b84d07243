//! Reading Markdown.
//!
//! CommonMark with GitHub's tables, strikethrough, autolinks and alerts, plus
//! the forms listed in [`super::to_markdown()`]. What the tree can't hold is
//! moved behind its container or flattened to its text, with a warning.

mod attributes;
mod blocks;
mod html;
mod inline;
mod lines;

pub(super) use html::decode_entity;

use super::blocks::{Body, Link, RelatedTarget};
use super::{Parsed, front_matter, limits, text, url, warning::Warning};
use crate::error::FieldError;
use comrak::{Arena, Node, Options, nodes::NodeValue};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Where errors in Markdown point.
const POINTER: &str = "#/body/markdown";

/// More warnings than this help nobody; the last then says how many followed.
const MAX_WARNINGS: usize = 100;

/// Reads a Markdown document.
///
/// `own_article` says which article of this newsroom an address of its website
/// leads to, if any: such links become references to that article.
///
/// # Errors
///
/// `front-matter` (not YAML, or not a mapping), `forbidden-character` (see
/// [`text::check`]), and the names of the caps in [`limits`]. The detail names
/// the line.
pub fn from_markdown(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
) -> Result<Parsed, Vec<FieldError>> {
    from_markdown_with(source, own_article, &|_| None)
}

/// [`from_markdown`] of a document that comes with files: `file` says which picture a
/// relative address names.
///
/// # Errors
///
/// Those of [`from_markdown`].
pub fn from_markdown_with(
    source: &str,
    own_article: &dyn Fn(&str) -> Option<String>,
    file: &dyn Fn(&str) -> Option<Uuid>,
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
    let (front_matter, rest, line_offset) = front_matter::split(&source)?;

    let arena = Arena::new();
    let root = comrak::parse_document(&arena, rest, &options());
    let mut reader = Reader {
        own_article,
        file,
        lines: rest.split('\n').collect(),
        line_offset,
        warnings: Vec::new(),
        more_warnings: 0,
        errors: Vec::new(),
    };
    let given = front_matter
        .as_ref()
        .and_then(|map| map.get("headline"))
        .and_then(Value::as_str);
    reader.warn_unused_definitions(root);
    let headline = reader.take_headline(root, given);
    let mut body = Body {
        blocks: reader.top_level(root),
    };
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    body.normalize();
    let too_large = limits::check(&body, POINTER);
    if !too_large.is_empty() {
        return Err(too_large);
    }
    Ok(Parsed {
        front_matter,
        headline,
        teaser: None,
        body,
        warnings: reader.finish(),
    })
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.alerts = true;
    options.extension.footnotes = true;
    options.extension.wikilinks_title_after_pipe = true;
    options.extension.wikilinks_ignore_embeds = true;
    // Footnotes are kept as text, so where they stand.
    options.parse.leave_footnote_definitions = true;
    // An escaped character is never the `@` of an address.
    options.parse.escaped_char_spans = true;
    options
}

fn error(code: &'static str, detail: impl Into<String>) -> FieldError {
    FieldError {
        pointer: POINTER.to_owned(),
        code,
        detail: detail.into(),
    }
}

/// What is known while a document is read.
struct Reader<'s> {
    own_article: &'s dyn Fn(&str) -> Option<String>,
    file: &'s dyn Fn(&str) -> Option<Uuid>,
    /// The lines of the document, without the front matter.
    lines: Vec<&'s str>,
    /// How many lines the front matter took.
    line_offset: u32,
    warnings: Vec<Warning>,
    more_warnings: usize,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn warn(&mut self, node: Node<'_>, code: &'static str, detail: impl Into<String>) {
        if self.warnings.len() >= MAX_WARNINGS {
            self.more_warnings += 1;
            return;
        }
        let start = node.data().sourcepos.start;
        // The parser counts bytes; its own count of characters costs the square
        // of a line's length.
        let line = self
            .lines
            .get(start.line.wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        let before = line
            .char_indices()
            .take_while(|(at, _)| at + 1 < start.column)
            .count();
        let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let warning = Warning::new(code, detail).at_line(self.line(node), column);
        self.warnings.push(warning);
    }

    /// The line of the upload that a node starts on.
    fn line(&self, node: Node<'_>) -> u32 {
        let line = u32::try_from(node.data().sourcepos.start.line).unwrap_or(u32::MAX);
        line.saturating_add(self.line_offset).max(1)
    }

    fn finish(mut self) -> Vec<Warning> {
        if self.more_warnings > 0 {
            let detail = format!("{} more warnings were left out.", self.more_warnings);
            self.warnings.push(Warning::new("more-warnings", detail));
        }
        self.warnings
    }

    /// Checks text that entities may have brought in.
    fn check(&mut self, node: Node<'_>, text: &str) {
        if let Some(c) = text::check(text)
            && self.errors.len() < 10
        {
            let detail = format!(
                "Line {} holds the invisible character {}. Remove it.",
                self.line(node),
                text::code_point(c)
            );
            self.errors.push(error("forbidden-character", detail));
        }
    }

    /// Reports lines such as `[note]: text`, which Markdown takes for the
    /// definition of a link and which vanish if no link uses them.
    fn warn_unused_definitions(&mut self, root: Node<'_>) {
        let mut shown = vec![false; self.lines.len()];
        for node in root.descendants() {
            let data = node.data();
            let first = data.sourcepos.start.line.saturating_sub(1);
            let last = match data.value {
                NodeValue::Document
                | NodeValue::List(_)
                | NodeValue::Item(_)
                | NodeValue::BlockQuote
                | NodeValue::FootnoteDefinition(_) => continue,
                // Its first line holds the title.
                NodeValue::Alert(_) => first + 1,
                _ if data.value.block() => data.sourcepos.end.line,
                _ => continue,
            };
            let lines = shown.get_mut(first..last.min(self.lines.len()));
            lines.into_iter().flatten().for_each(|line| *line = true);
        }
        let mut definitions = Vec::new();
        let mut uses: HashMap<String, usize> = HashMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            for label in bracketed(line) {
                *uses.entry(label).or_default() += 1;
            }
            let start = line.trim_start_matches([' ', '>']);
            if !shown[index] && start.starts_with('[') && start.contains("]:") {
                definitions.extend(bracketed(start).next().map(|label| (index, label)));
            }
        }
        for (index, label) in definitions {
            if uses.get(&label) == Some(&1) && self.warnings.len() < MAX_WARNINGS {
                let detail = format!(
                    "The line “{}” was read as the definition of a link that nothing uses, so it \
                     is not in the text. Put a \\ before its [ if it is text.",
                    text::shorten(self.lines[index].trim(), 80)
                );
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let line = line.saturating_add(self.line_offset);
                self.warnings
                    .push(Warning::new("unused-definition", detail).at_line(line, 1));
            }
        }
    }

    /// Takes a heading of level 1 off the start of the document if it is the
    /// headline, and detaches it from the tree.
    fn take_headline(&mut self, root: Node<'_>, given: Option<&str>) -> Option<String> {
        let first = root.first_child()?;
        match first.data().value {
            NodeValue::Heading(heading) if heading.level == 1 => {}
            _ => return None,
        }
        let content = self.inline(&first.children().collect::<Vec<_>>());
        let text: String = content
            .spans
            .iter()
            .map(|span| span.text.as_str())
            .collect();
        let text = text::one_line(&text)?;
        if given.is_some_and(|given| text::one_line(given).as_ref() != Some(&text)) {
            return None;
        }
        if content
            .spans
            .iter()
            .any(|span| span.link.is_some() || !span.marks.is_empty())
        {
            self.warn(
                first,
                "flattened",
                "A headline has no marks or links; its text was kept.",
            );
        }
        // Pictures in it are read again, as a block behind it.
        first.detach();
        if given.is_none() { Some(text) } else { None }
    }

    /// Where an address leads, or `None` with a warning if it may not stand in
    /// a body.
    fn link(&mut self, node: Node<'_>, address: &str) -> Option<Link> {
        match self.target(node, address, url::Use::Link)? {
            RelatedTarget::Article(article) => Some(Link::Article(article)),
            RelatedTarget::Url(url) => Some(Link::Url(url)),
        }
    }

    fn target(&mut self, node: Node<'_>, address: &str, usage: url::Use) -> Option<RelatedTarget> {
        if let Some(word) = address.strip_prefix("article:") {
            return self.article(node, word);
        }
        if let Some(article) = self.own(address) {
            return Some(article);
        }
        match url::parse(address, usage) {
            Ok(url) => Some(RelatedTarget::Url(url)),
            Err(refused) => {
                let shown = text::shorten(address, 80);
                let detail = format!(
                    "The address “{shown}” was left out. {}",
                    refused.detail(usage)
                );
                self.warn(node, refused.code(), detail);
                None
            }
        }
    }

    /// The article of this newsroom that an address of its website leads to.
    fn own(&self, address: &str) -> Option<RelatedTarget> {
        let slug = (self.own_article)(address)?;
        Some(RelatedTarget::Article(super::ArticleRef::parse(&slug)))
    }

    fn article(&mut self, node: Node<'_>, word: &str) -> Option<RelatedTarget> {
        let article = super::ArticleRef::parse(word);
        if article.id.is_some() || super::read_json::is_slug(word) {
            return Some(RelatedTarget::Article(article));
        }
        let detail = format!(
            "“{}” is neither a slug nor an id; slugs are lower-case words joined by hyphens. The \
             text was kept without a link.",
            text::shorten(word, 80)
        );
        self.warn(node, "invalid-slug", detail);
        None
    }
}

/// What stands in square brackets in a line, as labels are compared.
fn bracketed(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split('[')
        .skip(1)
        .filter_map(|part| Some(part.split_once(']')?.0.trim().to_lowercase()))
}

/// The text of a node and all below it, marks left out.
fn text_of(node: Node<'_>) -> String {
    let mut text = String::new();
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(piece) => text.push_str(piece),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            NodeValue::FootnoteReference(note) => text.push_str(&format!("[^{}]", note.name)),
            NodeValue::CodeBlock(code) => {
                text.push(' ');
                text.push_str(&code.literal);
            }
            NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::TableCell => text.push(' '),
            NodeValue::HtmlBlock(block) => {
                text.push(' ');
                text.push_str(&html::strip(&block.literal).text.replace('\n', " "));
            }
            _ => {}
        }
    }
    text
}
