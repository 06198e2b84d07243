//! Paragraphs at the top level, whose lines may be blocks of their own: a
//! related link, an address to embed, pictures.

use super::attributes::{self, Attributes};
use super::{Reader, text_of};
use crate::content::blocks::{
    Block, Embed, Gallery, Image, Paragraph, Related, RelatedTarget, Relation,
};
use crate::content::related_line::RelatedLine;
use crate::content::{limits, text, url};
use comrak::Node;
use comrak::nodes::NodeValue;

/// What one line of a paragraph is.
enum Line {
    Block(Box<Block>),
    Images(Vec<Image>),
    /// `{gallery …}`, behind its pictures.
    Gallery(Option<String>),
    Text,
}

impl Reader<'_> {
    /// Reads a paragraph at the top level into blocks.
    pub fn paragraph(&mut self, paragraph: Node<'_>, out: &mut Vec<Block>) {
        let children: Vec<Node<'_>> = paragraph.children().collect();
        // Nodes of text lines that are not written yet, breaks included.
        let mut text: Vec<Node<'_>> = Vec::new();
        let mut images: Vec<Image> = Vec::new();
        let is_break = |node: &Node<'_>| {
            matches!(
                node.data().value,
                NodeValue::SoftBreak | NodeValue::LineBreak
            )
        };
        for line in children.split_inclusive(is_break) {
            let content = match line.split_last() {
                Some((last, before)) if is_break(last) => before,
                _ => line,
            };
            let kind = self.line_kind(content, !images.is_empty());
            if !matches!(kind, Line::Images(_) | Line::Gallery(_)) {
                push_images(&mut images, None, out);
            }
            if !matches!(kind, Line::Text) {
                self.running_text(&mut text, out);
            }
            match kind {
                Line::Block(block) => out.push(*block),
                Line::Images(more) => images.extend(more),
                Line::Gallery(caption) => push_images(&mut images, Some(caption), out),
                Line::Text => text.extend(line),
            }
        }
        push_images(&mut images, None, out);
        self.running_text(&mut text, out);
    }

    fn running_text(&mut self, nodes: &mut Vec<Node<'_>>, out: &mut Vec<Block>) {
        if nodes.is_empty() {
            return;
        }
        let inline = self.inline(&std::mem::take(nodes));
        out.push(Block::Paragraph(Paragraph {
            spans: inline.spans,
        }));
        out.extend(inline.images.into_iter().map(Block::Image));
    }

    fn line_kind(&mut self, line: &[Node<'_>], after_images: bool) -> Line {
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            return Line::Text;
        };
        let start = first.data().sourcepos.start.line;
        let one_line = last.data().sourcepos.end.line == start;
        let source = self
            .lines
            .get(start.wrapping_sub(1))
            .copied()
            .unwrap_or_default()
            .trim();
        if one_line {
            if let Some(related) = self.related_line(first, source) {
                return Line::Block(Box::new(Block::Related(related)));
            }
            if let Some(block) = self.address_line(line, source) {
                return Line::Block(Box::new(block));
            }
        }
        if let Some(images) = self.image_line(line) {
            return Line::Images(images);
        }
        match after_images.then(|| gallery_attributes(line)).flatten() {
            Some(given) => Line::Gallery(self.gallery_caption(first, given)),
            None => Line::Text,
        }
    }

    fn gallery_caption(&mut self, node: Node<'_>, given: Attributes) -> Option<String> {
        let mut caption = None;
        for (name, value) in given.into_iter().skip(1) {
            match (name.as_str(), value) {
                ("caption", Some(value)) => {
                    self.check(node, &value);
                    caption = Some(value);
                }
                _ => self.warn_attribute(node, &name),
            }
        }
        caption
    }

    /// See [`RelatedLine`].
    fn related_line(&mut self, node: Node<'_>, source: &str) -> Option<Related> {
        let RelatedLine {
            target,
            headline,
            relation,
            unknown_relation,
        } = RelatedLine::parse(source)?;
        if unknown_relation {
            let detail = RelatedLine::unknown_relation_detail();
            self.warn(node, "unknown-relation", detail);
        }
        self.check(node, &target);
        headline
            .iter()
            .for_each(|headline| self.check(node, headline));
        let target = if target.contains(':') {
            self.target(node, &target, url::Use::Media)?
        } else {
            self.article(node, &target)?
        };
        let headline = match (&target, headline) {
            (RelatedTarget::Url(url), None) => Some(text::shorten(url, limits::LINE - 1)),
            (_, headline) => headline,
        };
        Some(Related {
            target,
            relation,
            headline,
            index: None,
        })
    }

    /// An address alone on its line: one of our own articles, or an embed.
    fn address_line(&mut self, line: &[Node<'_>], source: &str) -> Option<Block> {
        let (address, rest) = source.split_once([' ', '\t']).unwrap_or((source, ""));
        let (scheme, _) = address.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let given = if rest.trim().is_empty() {
            Attributes::new()
        } else {
            let text: String = line.iter().map(|node| text_of(node)).collect();
            attributes::parse(text.split_once([' ', '\t'])?.1)?
        };
        let node = *line.first()?;
        let url = url::parse(address, url::Use::Media).ok()?;
        let mut caption = None;
        for (name, value) in given {
            match (name.as_str(), value) {
                ("caption", Some(value)) => {
                    self.check(node, &value);
                    caption = text::one_line(&value);
                }
                _ => self.warn_attribute(node, &name),
            }
        }
        if let Some(target) = self.own(address) {
            let relation = Relation::default();
            return Some(Block::Related(Related {
                target,
                relation,
                headline: caption,
                index: None,
            }));
        }
        Some(Block::Embed(Embed {
            provider: url::provider(&url),
            url,
            caption,
        }))
    }

    /// Pictures, each perhaps with its `{…}`, and nothing else.
    fn image_line(&mut self, line: &[Node<'_>]) -> Option<Vec<Image>> {
        let mut found: Vec<(Node<'_>, String)> = Vec::new();
        for node in line {
            let is_image = matches!(node.data().value, NodeValue::Image(_));
            match found.last_mut() {
                _ if is_image => found.push((node, String::new())),
                Some((_, behind)) => behind.push_str(&text_of(node)),
                None if text_of(node).trim().is_empty() => {}
                None => return None,
            }
        }
        let mut given = Vec::new();
        for (_, behind) in &found {
            given.push(if behind.trim().is_empty() {
                Attributes::new()
            } else {
                attributes::parse(behind)?
            });
        }
        if found.is_empty() || found.iter().any(|(node, _)| !self.is_usable(node)) {
            return None;
        }
        let mut images = Vec::new();
        for ((node, _), given) in found.into_iter().zip(given) {
            let Some(mut image) = self.image(node) else {
                continue;
            };
            self.apply(node, given, &mut image);
            images.push(image);
        }
        Some(images)
    }

    fn apply(&mut self, node: Node<'_>, given: Attributes, image: &mut Image) {
        let pixels = |value: &str| {
            value
                .parse()
                .ok()
                .filter(|pixels| (1..=limits::PIXELS).contains(pixels))
        };
        for (name, value) in given {
            value.iter().for_each(|value| self.check(node, value));
            match (name.as_str(), value) {
                ("credit", Some(value)) => image.credit = text::one_line(&value),
                ("caption", Some(value)) => image.caption = text::one_line(&value),
                ("width", Some(value)) if pixels(&value).is_some() => image.width = pixels(&value),
                ("height", Some(value)) if pixels(&value).is_some() => {
                    image.height = pixels(&value)
                }
                ("decorative", None) if image.alt.is_none() => image.decorative = true,
                _ => self.warn_attribute(node, &name),
            }
        }
    }

    fn is_usable(&self, image: Node<'_>) -> bool {
        match &image.data().value {
            NodeValue::Image(link) => {
                url::parse(&link.url, url::Use::Media).is_ok() || (self.file)(&link.url).is_some()
            }
            _ => false,
        }
    }

    fn warn_attribute(&mut self, node: Node<'_>, name: &str) {
        let name = text::shorten(name, 40);
        let detail = format!("The attribute “{name}” means nothing here, or has no such value.");
        self.warn(node, "unknown-attribute", detail);
    }
}

/// The attributes of a line that is `{gallery …}` and nothing else.
fn gallery_attributes(line: &[Node<'_>]) -> Option<Attributes> {
    let text: String = line.iter().map(|node| text_of(node)).collect();
    let given = attributes::parse(&text)?;
    let is_gallery = given
        .first()
        .is_some_and(|(name, value)| name == "gallery" && value.is_none());
    is_gallery.then_some(given)
}

/// Writes the pictures of consecutive lines: one is an image, several are a
/// gallery, and so is one that a `{gallery}` line follows.
fn push_images(images: &mut Vec<Image>, gallery: Option<Option<String>>, out: &mut Vec<Block>) {
    let images = std::mem::take(images);
    match (images.len(), gallery) {
        (0, _) => {}
        (1, None) => out.extend(images.into_iter().map(Block::Image)),
        (_, caption) => {
            out.push(Block::Gallery(Gallery {
                images,
                caption: caption.flatten(),
            }));
        }
    }
}
