//! Lists, quotes, callouts, code and related links.

use super::dom::{Data, Id};
use super::flow::{Flow, Place, Within, is_marked, plain};
use super::{Reader, style};
use crate::content::blocks::{
    ArticleRef, Block, Callout, CalloutStyle, Code, Link, List, ListItem, Mark, Quote, Related,
    RelatedTarget, Relation, Span,
};
use crate::content::{limits, normalize, read_json, text, url};
use std::collections::HashSet;

impl Flow<'_, '_> {
    pub fn list(&mut self, id: Id) {
        let dom = self.reader.dom;
        let place = Place {
            lists: self.place.lists + 1,
            ..self.place
        };
        let too_deep = place.lists > limits::LIST_DEPTH;
        if too_deep {
            let detail = format!(
                "Lists nest at most {} deep; the items became paragraphs.",
                limits::LIST_DEPTH
            );
            self.reader.warn(id, "too-deep", detail);
        }
        let within = if too_deep { place.within } else { Within::Item };
        let place = place.inside(within);
        let mut items: Vec<ListItem> = Vec::new();
        for child in dom.children(id) {
            let is_list = matches!(dom.name(child), "ul" | "ol" | "menu" | "dir");
            let blocks = match dom.data(child) {
                Data::Text(text) => {
                    self.reader.check(child, text);
                    vec![plain(&text::one_line(text).unwrap_or_default())]
                }
                Data::Element(_) if dom.name(child) == "li" => {
                    self.within(child, place, HashSet::new())
                }
                Data::Element(_) => self.alone(child, place),
                _ => continue,
            };
            match items.last_mut() {
                // A list directly within a list belongs to the item before it.
                Some(last) if is_list => last.blocks.extend(blocks),
                _ => items.push(ListItem { blocks }),
            }
        }
        if too_deep {
            self.out
                .extend(items.into_iter().flat_map(|item| item.blocks));
            return;
        }
        let ordered = dom.name(id) == "ol";
        let start = dom
            .attribute(id, "start")
            .and_then(|start| start.trim().parse().ok())
            .filter(|start| ordered && *start <= limits::LIST_START);
        self.out.push(Block::List(List {
            ordered,
            start,
            items,
        }));
    }

    /// Reads one node in a flow of its own.
    fn alone(&mut self, id: Id, place: Place) -> Vec<Block> {
        let mut flow = Flow::new(self.reader, place);
        flow.read_one(id);
        let (out, mut hoisted) = (flow.out, flow.hoisted);
        self.hoisted.append(&mut hoisted);
        out
    }

    pub fn quote(&mut self, id: Id) {
        if let Some(target) = self.reader.quoted_post(id) {
            // What was said stays readable where the post itself isn't shown.
            let said = self.reader.text_line(id).filter(|text| !text.is_empty());
            let caption = said.map(|text| text::shorten(&text, limits::CAPTION - 1));
            let is_elsewhere = matches!(target, RelatedTarget::Url(_));
            if let Some(text) = &caption {
                let detail = match is_elsewhere {
                    true => {
                        "The post became an embed, and its text the embed's caption.".to_owned()
                    }
                    false => format!(
                        "The post became a link to an article; its text was left out: “{text}”."
                    ),
                };
                self.reader.warn(id, "embed-text", detail);
            }
            self.embedded(id, target, caption.filter(|_| is_elsewhere));
            return;
        }
        let cite_at = self.reader.cite_of(id);
        let mut cite = cite_at.and_then(|cite| self.reader.text_line(cite));
        if let Some(node) = cite_at.filter(|_| cite.is_some()) {
            self.reader.warn_marked(node, "A cite");
        }
        cite = cite.map(without_dash);
        if cite.is_none() {
            cite = self.reader.line_of(id, "cite");
        }
        let place = self.place.inside(Within::Quote);
        let blocks = self.within(id, place, cite_at.into_iter().collect());
        if self.place.within == Within::Quote {
            let detail = "A quote can't stand within a quote; they became one.";
            self.reader.warn(id, "flattened", detail);
            self.out.extend(blocks);
            self.out.extend(cite.as_deref().map(plain));
            return;
        }
        if cite
            .as_ref()
            .is_some_and(|cite| cite.chars().count() > limits::LINE)
        {
            let detail = format!(
                "A cite has at most {} characters; it became text.",
                limits::LINE
            );
            self.reader.warn(id, "too-long", detail);
            let mut blocks = blocks;
            blocks.extend(cite.as_deref().map(plain));
            self.place_block(id, Block::Quote(Quote { blocks, cite: None }));
            return;
        }
        self.place_block(id, Block::Quote(Quote { blocks, cite }));
    }

    pub fn callout(&mut self, id: Id) {
        let dom = self.reader.dom;
        let classes = dom.attribute(id, "class").unwrap_or_default();
        let style = classes
            .split_ascii_whitespace()
            .find_map(|class| {
                CalloutStyle::from_name(class.strip_prefix("callout-").unwrap_or(class))
            })
            .unwrap_or(CalloutStyle::Note);
        let title_at = dom.children(id).find(|&child| {
            dom.has_class(
                child,
                &["callout-title", "admonition-title", "infobox-title"],
            )
        });
        let title = title_at
            .and_then(|title| self.reader.text_line(title))
            .filter(|title| title.chars().count() <= limits::LINE);
        let skipped = title_at.filter(|_| title.is_some());
        let place = Place {
            within: Within::Callout,
            lists: 0,
            depth: self.place.depth + 1,
        };
        let mut flow = Flow::new(self.reader, place);
        flow.skipped = skipped.into_iter().collect();
        flow.read(id);
        let (blocks, mut behind) = (flow.out, flow.hoisted);
        let callout = Block::Callout(Callout {
            style,
            title,
            blocks,
        });
        self.place_block(id, callout);
        self.hoisted.append(&mut behind);
    }

    pub fn code(&mut self, id: Id) {
        let dom = self.reader.dom;
        let mut text = String::new();
        let mut images = 0;
        for node in dom.below(id) {
            match dom.data(node) {
                Data::Text(piece) => text.push_str(piece),
                _ if dom.name(node) == "br" => text.push('\n'),
                _ => images += usize::from(matches!(dom.name(node), "img" | "iframe")),
            }
        }
        if images > 0 {
            let detail = "Pictures and embeds can't stand in code; they were left out.";
            self.reader.warn(id, "flattened", detail);
        }
        self.reader.check(id, &text);
        let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        let language = std::iter::once(id)
            .chain(dom.find(id, "code"))
            .filter_map(|id| dom.attribute(id, "class"))
            .flat_map(str::split_ascii_whitespace)
            .find_map(|class| {
                class
                    .strip_prefix("language-")
                    .or(class.strip_prefix("lang-"))
            })
            .filter(|language| normalize::is_language(language))
            .map(str::to_owned);
        self.place_block(id, Block::Code(Code { language, text }));
    }

    /// A related link as this program writes it.
    pub fn related(&mut self, id: Id) {
        let dom = self.reader.dom;
        let relation = dom
            .attribute(id, "data-relation")
            .and_then(Relation::from_name)
            .unwrap_or_default();
        let text = self.reader.text_line(id);
        let href = dom.find(id, "a").and_then(|link| {
            let href = dom.attribute(link, "href")?;
            self.reader.target(link, href, url::Use::Media)
        });
        let target = match (href, &text) {
            (Some(target), _) => target,
            // Without a known address, it is the slug that is shown.
            (None, Some(word)) if read_json::is_slug(word) => {
                RelatedTarget::Article(ArticleRef::parse(word))
            }
            (None, text) => {
                self.out.extend(text.as_deref().map(plain));
                return;
            }
        };
        let is_word =
            matches!(&target, RelatedTarget::Article(article) if text == Some(article.word()));
        let headline = match &target {
            RelatedTarget::Url(url) => text.or_else(|| Some(text::shorten(url, limits::LINE - 1))),
            RelatedTarget::Article(_) => text.filter(|_| !is_word),
        };
        let related = Related {
            target,
            relation,
            headline,
            index: None,
        };
        self.place_block(id, Block::Related(related));
    }
}

impl Reader<'_> {
    /// The element within a quote that names who is quoted: the last one, if it
    /// says so.
    fn cite_of(&self, quote: Id) -> Option<Id> {
        let dom = self.dom;
        let mut within = quote;
        // It may stand in a paragraph of its own.
        for _ in 0..4 {
            let last = dom
                .children(within)
                .filter(|&child| match dom.data(child) {
                    Data::Text(text) => !text.trim().is_empty(),
                    Data::Element(_) => dom.name(child) != "br",
                    _ => false,
                })
                .last()?;
            let classes = [
                "author",
                "source",
                "quelle",
                "attribution",
                "quote-author",
                "quote-source",
                "blockquote-footer",
            ];
            let says_so = matches!(dom.name(last), "cite" | "footer" | "figcaption")
                || dom.has_class(last, &classes);
            if says_so {
                return Some(last);
            }
            if !matches!(dom.name(last), "p" | "div" | "small") {
                return None;
            }
            within = last;
        }
        None
    }

    /// Says that one line has neither marks nor links, if what it was made of
    /// has.
    pub fn warn_marked(&mut self, id: Id, what: &str) {
        let dom = self.dom;
        let marked = dom.below(id).any(|node| {
            dom.attribute(node, "href").is_some()
                || !style::marks(
                    dom.name(node),
                    dom.attribute(node, "style").unwrap_or_default(),
                )
                .is_empty()
        });
        if marked {
            let detail = format!("{what} has no marks or links; its text was kept.");
            self.warn(id, "flattened", detail);
        }
    }
}

/// Without the dash that many write before a name.
fn without_dash(cite: String) -> String {
    let name = cite.trim_start_matches(['—', '–', '-', '―', ' ', '\u{A0}']);
    if name.is_empty() {
        cite
    } else {
        name.to_owned()
    }
}

/// The text of blocks, as lines of one text; says whether they were more than
/// that.
pub(super) fn flatten(blocks: Vec<Block>, spans: &mut Vec<Span>) -> bool {
    let mut more = false;
    for block in blocks {
        let mut push = |added: Vec<Span>| {
            if let Some(last) = spans.last_mut().filter(|_| !added.is_empty()) {
                last.text.push('\n');
            }
            spans.extend(added);
        };
        match block {
            Block::Paragraph(paragraph) => push(paragraph.spans),
            Block::Heading(heading) => push(heading.spans),
            Block::Code(code) => {
                push(vec![Span {
                    text: code.text,
                    marks: vec![Mark::Code],
                    link: None,
                }]);
                more = true;
            }
            Block::List(list) => {
                for item in list.items {
                    flatten(item.blocks, spans);
                }
                more = true;
            }
            Block::Quote(quote) => {
                flatten(quote.blocks, spans);
                flatten(
                    quote.cite.as_deref().map(plain).into_iter().collect(),
                    spans,
                );
                more = true;
            }
            _ => {}
        }
    }
    more
}

/// The text of paragraphs on one line, whether marks or links got lost, and the
/// blocks that are no paragraphs.
pub(super) fn one_line_of(blocks: Vec<Block>) -> (Option<String>, bool, Vec<Block>) {
    let (mut line, mut marked, mut others) = (String::new(), false, Vec::new());
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => {
                marked |= is_marked(&paragraph.spans);
                line.push('\n');
                line.extend(paragraph.spans.iter().map(|span| span.text.as_str()));
            }
            other => others.push(other),
        }
    }
    (text::one_line(&line), marked, others)
}

/// Whether a paragraph is linked words and nothing else: where they lead.
pub(super) fn sole_link(block: &Block) -> Option<&Link> {
    match block {
        Block::Paragraph(paragraph) => match paragraph.spans.as_slice() {
            [span] => span.link.as_ref(),
            _ => None,
        },
        _ => None,
    }
}
