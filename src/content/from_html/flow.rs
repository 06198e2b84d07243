//! Through a part of the document from top to bottom.
//!
//! The walk is flat: elements that only group or mark what is in them are
//! entered and left without recursion, so that it doesn't matter how deep they
//! nest or whether a mark runs over several blocks. Lists, quotes, tables and
//! the like have a flow of their own within this one, to a limited depth.

use super::dom::{Data, Id, Step};
use super::elements::{heading_level, is_block, is_plain, is_player, is_silent};
use super::inline::Run;
use super::report::Kind;
use super::{NO_TEXT, Reader, style, word};
use crate::content::blocks::{
    Block, Embed, Gallery, Heading, Image, Paragraph, Related, RelatedTarget, Span,
};
use crate::content::{text, url};
use std::collections::HashSet;

/// Containers within containers that are followed; what lies deeper is kept
/// as text. No tree within the limits is as deep.
const MAX_DEPTH: usize = 40;

/// What blocks are being read into.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Within {
    Top,
    Item,
    Quote,
    Callout,
    Cell,
}

/// Where blocks are being read.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub within: Within,
    pub lists: usize,
    pub depth: usize,
}

impl Place {
    pub const TOP: Place = Place {
        within: Within::Top,
        lists: 0,
        depth: 0,
    };

    pub fn inside(self, within: Within) -> Self {
        Place {
            within,
            depth: self.depth + 1,
            ..self
        }
    }
}

/// Reads a part of the document into blocks.
pub(super) struct Flow<'f, 'r> {
    pub reader: &'f mut Reader<'r>,
    pub place: Place,
    /// The blocks so far.
    pub out: Vec<Block>,
    /// Blocks that can't stand here, to be placed behind the container.
    pub hoisted: Vec<Block>,
    /// Elements that are read elsewhere.
    pub skipped: HashSet<Id>,
    run: Run,
    heading: Option<(Id, u8)>,
    /// The address of the link that is open.
    href: Option<String>,
    word_list: Vec<word::Item>,
}

impl<'f, 'r> Flow<'f, 'r> {
    pub fn new(reader: &'f mut Reader<'r>, place: Place) -> Self {
        Flow {
            reader,
            place,
            out: Vec::new(),
            hoisted: Vec::new(),
            skipped: HashSet::new(),
            run: Run::default(),
            heading: None,
            href: None,
            word_list: Vec::new(),
        }
    }

    /// Reads everything below a node.
    pub fn read(&mut self, root: Id) {
        let dom = self.reader.dom;
        if self.is_too_deep(root) {
            return;
        }
        let mut walk = dom.walk(root);
        while let Some(step) = walk.next(dom) {
            match step {
                Step::Start(id) => {
                    if self.skipped.contains(&id) || self.start(id) {
                        walk.skip(dom, id);
                    }
                }
                Step::End(id) => self.end(id),
            }
        }
        self.flush();
        self.end_word_list();
    }

    /// Reads one element.
    pub fn read_one(&mut self, id: Id) {
        if self.is_too_deep(id) || self.start(id) {
            return;
        }
        self.read(id);
        self.end(id);
    }

    /// Keeps only the text of what is nested too deeply.
    fn is_too_deep(&mut self, root: Id) -> bool {
        if self.place.depth <= MAX_DEPTH {
            return false;
        }
        let detail = "This is nested too deeply; only its text was kept.";
        self.reader.warn(root, "too-deep", detail);
        let text = self.reader.text_of(root);
        self.reader.check(root, &text);
        self.out.extend(text.split('\n').map(plain));
        true
    }

    /// Reads a part that has a flow of its own; what can't stand there comes
    /// behind it.
    pub fn within(&mut self, root: Id, place: Place, skipped: HashSet<Id>) -> Vec<Block> {
        let mut flow = Flow::new(self.reader, place);
        flow.skipped = skipped;
        flow.read(root);
        let (mut out, mut hoisted) = (flow.out, flow.hoisted);
        self.hoisted.append(&mut hoisted);
        out.retain(|block| !is_empty(block));
        out
    }

    /// Starts a node; says whether it has been read whole.
    fn start(&mut self, id: Id) -> bool {
        let dom = self.reader.dom;
        let name = match dom.data(id) {
            Data::Text(text) => {
                self.text(id, text);
                return false;
            }
            Data::Comment(comment) => {
                self.comment(id, comment);
                return false;
            }
            _ if !dom.is_html(id) => {
                self.foreign(id);
                return true;
            }
            _ => dom.name(id),
        };
        match name {
            "br" => self.line_break(),
            "img" | "amp-img" => self.image(id),
            name if is_player(name) => return self.embed(id),
            "hr" => self.divider(id),
            "ul" | "ol" | "menu" | "dir" if !self.is_gallery(id) => {
                self.block(id, Self::list);
                return true;
            }
            "blockquote" => {
                self.block(id, Self::quote);
                return true;
            }
            "pre" | "xmp" | "listing" => {
                self.block(id, Self::code);
                return true;
            }
            "table" => {
                self.block(id, Self::table);
                return true;
            }
            "title" if self.reader.head.is_title(id) => return true,
            "input" => self.reader.report.count(dom.at(id), Kind::Unknown, name),
            name if is_silent(name) => {}
            name if NO_TEXT.contains(&name) => {
                let sample = self.reader.dom_text(id);
                let at = dom.at(id);
                self.reader
                    .report
                    .count_with(at, Kind::Dropped, name, &sample);
                return true;
            }
            name => return self.group(id, name),
        }
        true
    }

    /// Starts an element that groups or marks what is in it.
    fn group(&mut self, id: Id, name: &str) -> bool {
        let dom = self.reader.dom;
        if self.reader.head.is_headline(id) {
            self.flush();
            self.headline(id);
            return true;
        }
        if self.own_form(id, name) || self.word_item(id) || self.teaser(id) {
            return true;
        }
        if !is_plain(name) && heading_level(name).is_none() {
            self.reader.report.count(dom.at(id), Kind::Unknown, name);
        }
        if is_block(name) {
            self.flush();
        }
        if let Some(level) = heading_level(name) {
            self.heading = Some((id, level));
            return false;
        }
        for mark in style::marks(name, dom.attribute(id, "style").unwrap_or_default()) {
            self.run.mark(mark, true);
        }
        if name == "a" {
            self.start_link(id);
        }
        false
    }

    fn end(&mut self, id: Id) {
        let dom = self.reader.dom;
        let name = dom.name(id);
        if is_player(name) {
            return;
        }
        if is_block(name) {
            self.flush();
        }
        if heading_level(name).is_some() {
            self.heading = None;
            return;
        }
        for mark in style::marks(name, dom.attribute(id, "style").unwrap_or_default()) {
            self.run.mark(mark, false);
        }
        if name == "a" {
            self.run.end_link();
            self.href = None;
        }
    }

    /// Reads an element that is a block of its own.
    pub fn block(&mut self, id: Id, read: fn(&mut Self, Id)) {
        self.flush();
        self.end_word_list();
        read(self, id);
        if self.place.within == Within::Top {
            self.out.append(&mut self.hoisted);
        }
    }

    /// The elements in which this program itself writes blocks, and those that
    /// mean the same elsewhere.
    fn own_form(&mut self, id: Id, name: &str) -> bool {
        let dom = self.reader.dom;
        let read: fn(&mut Self, Id) = if name == "figure"
            || dom.has_class(id, &["wp-caption", "gallery-item"])
            || self.is_gallery(id)
        {
            Self::figure
        } else if dom.attribute(id, "class").is_none() {
            return false;
        } else if name == "aside" && dom.has_class(id, &["related"]) {
            Self::related
        } else if dom.has_class(id, &["fb-post", "fb-video"])
            && dom.attribute(id, "data-href").is_some()
        {
            Self::facebook
        } else if is_block(name)
            && dom.has_class(id, &["callout", "infobox", "info-box", "admonition"])
        {
            Self::callout
        } else {
            return false;
        };
        self.block(id, read);
        true
    }

    fn text(&mut self, id: Id, text: &str) {
        self.reader.check(id, text);
        let bare = self.reader.bare_paragraphs
            && self.place.within == Within::Top
            && self.heading.is_none()
            && text.contains('\n');
        if !bare {
            self.words(id, text);
            return;
        }
        let count = text.split('\n').count();
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                if line.trim().is_empty() && index + 1 < count {
                    self.flush();
                } else if self.reader.wordpress && self.run.breaks == 0 {
                    self.line_break();
                } else {
                    self.words(id, " ");
                }
            }
            self.words(id, line);
        }
    }

    fn words(&mut self, id: Id, text: &str) {
        let ends = self.run.breaks > 1 && self.heading.is_none();
        if ends && text.chars().any(|c| !text::is_edge(c)) {
            self.flush();
        }
        self.run.push(id, text);
    }

    fn line_break(&mut self) {
        self.run.line_break();
    }

    fn comment(&mut self, id: Id, comment: &str) {
        let comment = comment.trim();
        let known = [
            "wp:",
            "/wp:",
            "StartFragment",
            "EndFragment",
            "more",
            "nextpage",
            "?xml",
        ];
        let is_known = comment.is_empty()
            || known.iter().any(|start| comment.starts_with(start))
            || comment.ends_with("[endif]")
            || comment.starts_with("[if ") && comment.ends_with(']');
        if !is_known {
            let at = self.reader.dom.at(id);
            self.reader.report.count(at, Kind::Comment, comment);
        }
    }

    /// SVG and MathML: only their text.
    fn foreign(&mut self, id: Id) {
        let dom = self.reader.dom;
        let text = self.reader.text_of(id);
        let at = dom.at(id);
        self.reader
            .report
            .count_with(at, Kind::Foreign, dom.name(id), &text);
        self.reader.check(id, &text);
        self.words(id, &text);
    }

    fn start_link(&mut self, id: Id) {
        let dom = self.reader.dom;
        let Some(href) = dom.attribute(id, "href") else {
            return self.run.start_link(None);
        };
        if href.trim().starts_with('#') || href.trim().is_empty() {
            let at = dom.at(id);
            self.reader.report.count(at, Kind::Anchor, "");
            return self.run.start_link(None);
        }
        let link = self.reader.link(id, href);
        self.href = link.is_some().then(|| href.to_owned());
        self.run.start_link(link);
    }

    fn image(&mut self, id: Id) {
        match self.reader.image(id) {
            Ok(image) => {
                let is_repeated = self.reader.is_noscript(id)
                    && self.reader.last_image.as_ref() == Some(&image.url);
                self.reader.last_image = Some(image.url.clone());
                if is_repeated {
                    return;
                }
                // A link to the picture itself says nothing new.
                let leads_away = self.href.as_deref().is_some_and(|href| !is_picture(href));
                if leads_away {
                    let detail = "A picture can't be a link; only the picture was kept.";
                    self.reader.warn(id, "flattened", detail);
                }
                self.run.image(id, image);
            }
            Err(alt) => self.words(id, &alt),
        }
    }

    fn embed(&mut self, id: Id) -> bool {
        match self.reader.embed(id) {
            Some(target) => {
                self.flush();
                self.end_word_list();
                self.embedded(id, target, None);
                true
            }
            // What stands in its place is read instead.
            None => false,
        }
    }

    /// Places what a target is when it stands alone: an embed, or a related
    /// link if it is one of our own articles.
    pub fn embedded(&mut self, id: Id, target: RelatedTarget, caption: Option<String>) {
        let block = match target {
            RelatedTarget::Url(url) => Block::Embed(Embed {
                provider: url::provider(&url),
                url,
                caption,
            }),
            target => Block::Related(Related {
                target,
                relation: Default::default(),
                headline: caption,
                index: None,
            }),
        };
        self.place_block(id, block);
    }

    fn divider(&mut self, id: Id) {
        self.flush();
        self.end_word_list();
        if self.place.within == Within::Top {
            self.out.push(Block::Divider);
        } else {
            let detail = "A divider can't stand here; it was left out.";
            self.reader.warn(id, "flattened", detail);
        }
    }

    fn word_item(&mut self, id: Id) -> bool {
        let Some(item) = word::item(self.reader, id) else {
            return false;
        };
        if self.place.within != Within::Top {
            return false;
        }
        self.flush_text();
        let place = self.place.inside(Within::Item);
        let blocks = self.within(id, place, item.skipped.clone());
        self.word_list.push(word::Item { blocks, ..item });
        true
    }

    /// Writes the list that has been read from Word's paragraphs.
    pub fn end_word_list(&mut self) {
        if self.word_list.is_empty() {
            return;
        }
        let items = std::mem::take(&mut self.word_list);
        self.out.extend(word::lists(items));
        self.out.append(&mut self.hoisted);
    }

    /// Ends the paragraph or heading that is being read.
    pub fn flush(&mut self) {
        if self.run.has_text {
            self.end_word_list();
        }
        self.flush_text();
    }

    fn flush_text(&mut self) {
        let start = self.run.start;
        let (spans, images) = self.run.take();
        if spans.is_empty() && images.is_empty() {
            return;
        }
        let mut behind: Vec<(Id, Image)> = Vec::new();
        let mut before: Vec<(Id, Image)> = Vec::new();
        for inline in images {
            if inline.followed && !inline.leads {
                let detail = "A picture within running text was moved behind the text.";
                self.reader.warn(inline.id, "image-moved", detail);
            }
            let list = if inline.leads {
                &mut before
            } else {
                &mut behind
            };
            list.push((inline.id, inline.image));
        }
        self.images(before);
        if let Some(id) = start.filter(|_| !spans.is_empty()) {
            match self.heading.take() {
                Some((heading, level)) => self.heading(heading, level, spans),
                None if self.place.within == Within::Top => self.lines(id, spans),
                None => self.out.push(Block::Paragraph(Paragraph { spans })),
            }
        }
        self.images(behind);
    }

    /// Pictures next to each other are a gallery.
    fn images(&mut self, mut images: Vec<(Id, Image)>) {
        let Some(&(id, _)) = images.first() else {
            return;
        };
        let block = match images.pop() {
            Some((_, image)) if images.is_empty() => Block::Image(image),
            last => Block::Gallery(Gallery {
                images: images
                    .into_iter()
                    .chain(last)
                    .map(|(_, image)| image)
                    .collect(),
                caption: None,
            }),
        };
        self.place_block(id, block);
    }

    fn heading(&mut self, id: Id, level: u8, spans: Vec<Span>) {
        if self.place.within != Within::Top {
            let detail = "A heading can't stand here; it became a paragraph.";
            self.reader.warn(id, "flattened", detail);
            self.out.push(Block::Paragraph(Paragraph { spans }));
            return;
        }
        let kept = level.clamp(2, 4);
        if kept != level {
            let detail = format!(
                "Headings in the text have the levels 2 to 4; this one of level {level} became \
                 level {kept}."
            );
            self.reader.warn(id, "heading-level", detail);
        }
        self.out
            .push(Block::Heading(Heading { level: kept, spans }));
    }

    /// Places a block where it may stand.
    pub fn place_block(&mut self, id: Id, block: Block) {
        let fits = match (self.place.within, &block) {
            (Within::Top, _) | (_, Block::Paragraph(_) | Block::List(_)) => true,
            (Within::Quote, Block::Quote(_)) => true,
            (Within::Quote, _) => false,
            (_, Block::Quote(_) | Block::Code(_)) => true,
            _ => false,
        };
        if fits {
            self.out.push(block);
            return;
        }
        let detail = format!(
            "A block of type {} can't stand here; it was moved behind.",
            block.name()
        );
        self.reader.warn(id, "hoisted", detail);
        self.hoisted.push(block);
    }
}

impl Reader<'_> {
    /// Reads the whole document.
    pub fn top_level(&mut self) -> Vec<Block> {
        let mut flow = Flow::new(self, Place::TOP);
        flow.read(super::dom::ROOT);
        flow.out
    }

    /// All text below a node, that of scripts too.
    pub fn dom_text(&self, id: Id) -> String {
        let mut text = String::new();
        for node in self.dom.below(id) {
            if let Data::Text(piece) = self.dom.data(node) {
                text.push_str(piece);
            }
        }
        text
    }

    /// Whether an element stands within `<noscript>`.
    pub fn is_noscript(&self, id: Id) -> bool {
        std::iter::successors(self.dom.parent(id), |&id| self.dom.parent(id))
            .take(4)
            .any(|id| self.dom.name(id) == "noscript")
    }
}

pub(super) fn plain(text: &str) -> Block {
    Block::Paragraph(Paragraph {
        spans: vec![Span {
            text: text.to_owned(),
            ..Span::default()
        }],
    })
}

fn is_picture(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path = path.to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn is_empty(block: &Block) -> bool {
    matches!(block, Block::Paragraph(paragraph) if paragraph.spans.is_empty())
}

/// Whether spans say more than their text.
pub(super) fn is_marked(spans: &[Span]) -> bool {
    spans
        .iter()
        .any(|span| span.link.is_some() || !span.marks.is_empty())
}
