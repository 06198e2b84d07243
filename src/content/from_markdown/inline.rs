//! Running text: a parser's nodes to spans.

use super::{Reader, html, text_of};
use crate::content::blocks::{Image, Link, Mark, RelatedTarget, Span};
use crate::content::span_writer::SpanWriter;
use crate::content::url::Refused;
use crate::content::{text, url};
use comrak::Node;
use comrak::arena_tree::NodeEdge;
use comrak::nodes::{NodeLink, NodeValue};
use std::collections::HashMap;

/// What a run of inline nodes holds.
#[derive(Default)]
pub(super) struct Inline {
    pub spans: Vec<Span>,
    /// Pictures within the text, to be placed behind it.
    pub images: Vec<Image>,
}

/// One step through the inline nodes, flat, so that no nesting is too deep.
struct Event<'a> {
    node: Node<'a>,
    kind: EventKind,
}

enum EventKind {
    Text(String),
    CodeText(String),
    Mark(Mark, bool),
    LinkStart,
    LinkEnd,
    Image,
    Html(String),
}

impl Reader<'_> {
    /// Reads inline nodes that stand next to each other.
    pub fn inline(&mut self, nodes: &[Node<'_>]) -> Inline {
        let mut events = Vec::new();
        for node in nodes {
            self.flatten(node, &mut events);
        }
        let partners = pair_tags(&events);
        let mut writer = SpanWriter::default();
        let mut images = Vec::new();
        let mut at = 0;
        while at < events.len() {
            let Event { node, kind } = &events[at];
            match kind {
                EventKind::Text(text) => {
                    self.check(node, text);
                    writer.push(text, None);
                }
                EventKind::CodeText(text) => {
                    self.check(node, text);
                    writer.push(text, Some(Mark::Code));
                }
                EventKind::Mark(mark, on) => writer.mark(*mark, *on),
                EventKind::LinkStart => self.start_link(node, &mut writer),
                EventKind::LinkEnd => writer.end_link(),
                EventKind::Image => self.inline_image(node, &mut writer, &mut images),
                EventKind::Html(tag) => {
                    let name = html::tag_name(tag);
                    let closes = tag.starts_with("</");
                    match (name.as_str(), partners.get(&at)) {
                        ("br", _) => writer.push("\n", None),
                        (name, Some(&end)) if html::NO_TEXT.contains(&name) && !closes => {
                            let inside: String = events[at..end].iter().map(literal).collect();
                            self.warn_dropped(node, &format!("{tag}{inside}"));
                            at = end;
                        }
                        (name, Some(_)) if tag_mark(name).is_some() => {
                            if let Some(mark) = tag_mark(name) {
                                writer.mark(mark, !closes);
                            }
                        }
                        _ => self.warn_tag(node, tag, &name),
                    }
                }
            }
            at += 1;
        }
        let mut spans = writer.take();
        crate::content::normalize::normalize_spans(&mut spans);
        Inline { spans, images }
    }

    fn flatten<'a>(&mut self, root: Node<'a>, events: &mut Vec<Event<'a>>) {
        // The image or nested link whose inside is being skipped.
        let mut skipped: Option<Node<'a>> = None;
        for edge in root.traverse() {
            let (node, starts) = match edge {
                NodeEdge::Start(node) => (node, true),
                NodeEdge::End(node) => (node, false),
            };
            if let Some(image) = skipped {
                if !starts && node.same_node(image) {
                    skipped = None;
                }
                continue;
            }
            let kind = match &node.data().value {
                NodeValue::Strong => EventKind::Mark(Mark::Strong, starts),
                NodeValue::Emph => EventKind::Mark(Mark::Emphasis, starts),
                NodeValue::Strikethrough => EventKind::Mark(Mark::Strike, starts),
                NodeValue::Link(_) | NodeValue::WikiLink(_) => {
                    if starts {
                        EventKind::LinkStart
                    } else {
                        EventKind::LinkEnd
                    }
                }
                _ if !starts => continue,
                NodeValue::Text(text) => EventKind::Text(text.to_string()),
                NodeValue::Code(code) => EventKind::CodeText(code.literal.clone()),
                NodeValue::SoftBreak => EventKind::Text(" ".to_owned()),
                NodeValue::LineBreak => EventKind::Text("\n".to_owned()),
                NodeValue::HtmlInline(tag) => EventKind::Html(tag.clone()),
                NodeValue::FootnoteReference(note) => EventKind::Text(format!("[^{}]", note.name)),
                NodeValue::Image(_) => {
                    skipped = Some(node);
                    EventKind::Image
                }
                _ => continue,
            };
            events.push(Event { node, kind });
        }
    }

    fn start_link(&mut self, node: Node<'_>, writer: &mut SpanWriter) {
        if writer.in_link() {
            // Only addresses within a link's text get here: the outer one leads.
            writer.start_link(None, String::new());
            return;
        }
        let (link, fallback) = match &node.data().value {
            NodeValue::WikiLink(wiki) => (self.wiki_link(node, &wiki.url), wiki.url.clone()),
            NodeValue::Link(link) => {
                if !link.title.is_empty() {
                    let shown = text::shorten(&link.title, 80);
                    let detail = format!("A link has no title; “{shown}” was left out.");
                    self.warn(node, "link-title", detail);
                }
                (self.link(node, &link.url), link.url.clone())
            }
            _ => (None, String::new()),
        };
        self.check(node, &fallback);
        writer.start_link(link, fallback);
    }

    /// `[[slug]]` or `[[slug|words]]` within running text.
    fn wiki_link(&mut self, node: Node<'_>, target: &str) -> Option<Link> {
        if target.contains(':') {
            return self.link(node, target);
        }
        match self.article(node, target)? {
            RelatedTarget::Article(article) => Some(Link::Article(article)),
            RelatedTarget::Url(url) => Some(Link::Url(url)),
        }
    }

    fn inline_image(&mut self, node: Node<'_>, writer: &mut SpanWriter, images: &mut Vec<Image>) {
        match self.image(node) {
            Some(image) => {
                let detail = "A picture within running text was moved behind the text; put it on \
                              a line of its own between blank lines.";
                self.warn(node, "image-moved", detail);
                images.push(image);
            }
            None => {
                let alt = text_of(node);
                writer.push(&alt, None);
            }
        }
        if writer.in_link() {
            self.warn(
                node,
                "flattened",
                "A picture can't be a link; only the picture was kept.",
            );
            writer.drop_fallback();
        }
    }

    /// An image as Markdown says it, or `None` with a warning if its address
    /// can't be used.
    pub fn image(&mut self, node: Node<'_>) -> Option<Image> {
        let NodeLink {
            url: address,
            title,
        } = match &node.data().value {
            NodeValue::Image(link) => (**link).clone(),
            _ => return None,
        };
        let alt = text_of(node);
        self.check(node, &alt);
        self.check(node, &title);
        let shown = match url::parse(&address, url::Use::Media) {
            Err(Refused::Scheme) => match (self.file)(&address) {
                Some(id) => Ok((Some(id), address.clone())),
                None => Err(Refused::Scheme),
            },
            parsed => parsed.map(|url| (None, url)),
        };
        match shown {
            Ok((id, url)) => Some(Image {
                id,
                url,
                alt: text::one_line(&alt),
                caption: text::one_line(&title),
                ..Image::default()
            }),
            Err(refused) => {
                let shown = text::shorten(&address, 80);
                let detail = format!(
                    "The picture “{shown}” was left out; its description was kept. {}",
                    refused.detail(url::Use::Media)
                );
                self.warn(node, refused.code(), detail);
                None
            }
        }
    }

    fn warn_tag(&mut self, node: Node<'_>, tag: &str, name: &str) {
        if name.is_empty() {
            let blank = tag
                .strip_prefix("<!--")
                .and_then(|comment| comment.strip_suffix("-->"))
                .is_some_and(|comment| comment.trim().is_empty());
            if !blank {
                self.warn_dropped(node, tag);
            }
        } else if !tag.starts_with("</") {
            let detail = format!("The tag <{name}> was left out; the text around it was kept.");
            self.warn(node, "raw-html", detail);
        }
    }

    pub fn warn_dropped(&mut self, node: Node<'_>, markup: &str) {
        let shown = text::shorten(markup, 80);
        self.warn(node, "raw-html", format!("This was left out: {shown}"));
    }
}

/// Which HTML tags form a pair: the index of each to that of the other.
fn pair_tags(events: &[Event<'_>]) -> HashMap<usize, usize> {
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    let mut partners = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        let EventKind::Html(tag) = &event.kind else {
            continue;
        };
        let name = html::tag_name(tag);
        if tag_mark(&name).is_none() && !html::NO_TEXT.contains(&name.as_str()) {
            continue;
        }
        let waiting = open.entry(name).or_default();
        if !tag.starts_with("</") {
            waiting.push(index);
        } else if let Some(start) = waiting.pop() {
            partners.insert(start, index);
            partners.insert(index, start);
        }
    }
    partners
}

fn tag_mark(name: &str) -> Option<Mark> {
    Some(match name {
        "strong" | "b" => Mark::Strong,
        "em" | "i" => Mark::Emphasis,
        "s" | "del" | "strike" => Mark::Strike,
        "code" => Mark::Code,
        "sub" => Mark::Subscript,
        "sup" => Mark::Superscript,
        _ => return None,
    })
}

fn literal<'e>(event: &'e Event<'_>) -> &'e str {
    match &event.kind {
        EventKind::Text(text) | EventKind::CodeText(text) => text,
        _ => "",
    }
}
