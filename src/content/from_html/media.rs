//! Pictures and embeds, with their captions.

use super::containers::{flatten, one_line_of, sole_link};
use super::dom::Id;
use super::flow::{Flow, Within, is_marked, plain};
use super::{Reader, style};
use crate::content::blocks::{Block, Embed, Gallery, Image, Link, RelatedTarget};
use crate::content::{limits, text, url};
use std::collections::HashSet;

/// Where programs that load pictures late keep the address, best first.
const LATE: &[&str] = &[
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-full-url",
];

/// Where several sizes of a picture are listed.
const SETS: &[&str] = &["data-srcset", "data-lazy-srcset", "srcset"];

/// Classes of a caption, beside `<figcaption>`.
const CAPTIONS: &[&str] = &[
    "caption",
    "wp-caption-text",
    "gallery-caption",
    "image-caption",
    "figure-caption",
    "bildunterschrift",
];

/// Parts of the classes of those who made a picture.
const CREDITS: &[&str] = &[
    "credit",
    "copyright",
    "bildnachweis",
    "photographer",
    "fotograf",
];

impl Reader<'_> {
    /// A picture; or the text in its place, with a warning, if its address can't
    /// be used.
    pub fn image(&mut self, id: Id) -> Result<Image, String> {
        let dom = self.dom;
        let pixels = |name: &str| {
            let value = dom.attribute(id, name)?.trim();
            let value = value.strip_suffix("px").unwrap_or(value).parse().ok()?;
            (1..=limits::PIXELS).contains(&value).then_some(value)
        };
        let (width, height) = (pixels("width"), pixels("height"));
        if (width, height) == (Some(1), Some(1)) {
            let detail = "A picture of one pixel, which only counts readers, was left out.";
            self.warn(id, "tracking-pixel", detail);
            return Err(String::new());
        }
        let alt = self.line_of(id, "alt");
        let mut candidates: Vec<String> = LATE
            .iter()
            .filter_map(|name| dom.attribute(id, name).map(style::address))
            .collect();
        let plain = dom.attribute(id, "src").map(style::address);
        candidates.extend(plain.clone());
        let siblings = dom
            .parent(id)
            .filter(|&parent| dom.name(parent) == "picture");
        let sources = siblings
            .into_iter()
            .flat_map(|picture| dom.children(picture))
            .filter(|&source| dom.name(source) == "source");
        for element in std::iter::once(id).chain(sources) {
            let sets = SETS.iter().filter_map(|name| dom.attribute(element, name));
            candidates.extend(sets.filter_map(largest));
        }
        let found = candidates
            .iter()
            .find_map(|candidate| url::parse(candidate, url::Use::Media).ok());
        let file = match (&found, &plain) {
            (None, Some(plain)) => (self.file)(plain),
            _ => None,
        };
        let Some(url) = found.or(plain.clone().filter(|_| file.is_some())) else {
            let given = plain.unwrap_or_default();
            if self.has_noscript(id) {
                return Err(String::new());
            }
            if let Err(refused) = url::parse(&given, url::Use::Media) {
                let detail = format!(
                    "The picture with the address “{}” was left out. {}",
                    text::shorten(&given, 80),
                    refused.detail(url::Use::Media)
                );
                self.warn(id, refused.code(), detail);
            }
            return Err(alt.unwrap_or_default());
        };
        let decorates = matches!(dom.attribute(id, "role"), Some("presentation" | "none"))
            || dom.attribute(id, "aria-hidden") == Some("true");
        Ok(Image {
            id: file,
            url,
            decorative: alt.is_none() && decorates,
            alt,
            width,
            height,
            ..Image::default()
        })
    }

    /// Whether the picture stands once more behind it, for readers without
    /// scripts.
    fn has_noscript(&self, id: Id) -> bool {
        let dom = self.dom;
        let next = dom.next_element(id);
        next.is_some_and(|next| dom.name(next) == "noscript" && dom.find(next, "img").is_some())
    }

    /// What an `<iframe>`, `<video>` or the like shows; `None` with a warning
    /// if it has no address that can be used.
    pub fn embed(&mut self, id: Id) -> Option<RelatedTarget> {
        let dom = self.dom;
        let name = dom.name(id);
        let mut places: Vec<(Id, &str)> = ["data-src", "data-lazy-src", "src", "data"]
            .iter()
            .map(|attribute| (id, *attribute))
            .collect();
        for child in dom.below(id) {
            match dom.name(child) {
                "source" | "embed" => places.push((child, "src")),
                "param"
                    if matches!(dom.attribute(child, "name"), Some("movie" | "src" | "url")) =>
                {
                    places.push((child, "value"));
                }
                _ => {}
            }
        }
        let mut addresses = places
            .into_iter()
            .filter_map(|(place, attribute)| dom.attribute(place, attribute))
            .map(style::address);
        let usable = addresses
            .clone()
            .find_map(|address| url::parse(&address, url::Use::Media).ok());
        let Some(address) = usable else {
            let given = addresses.next().unwrap_or_default();
            let detail = format!(
                "<{name}> was left out: “{}” is no address that can be embedded.",
                text::shorten(&given, 80)
            );
            self.warn(id, "unsafe-link", detail);
            if name == "iframe" {
                self.warn_fallback(id);
            }
            return None;
        };
        self.warn_fallback(id);
        if let Some(target) = self.own(&address) {
            return Some(target);
        }
        let page = style::page_of_player(&address);
        let page = url::parse(&page, url::Use::Media).unwrap_or(address);
        Some(RelatedTarget::Url(page))
    }

    fn warn_fallback(&mut self, id: Id) {
        if let Some(text) = text::one_line(&self.dom_text(id)) {
            let detail = format!(
                "The text for those who can't see an embed was left out: “{}”.",
                text::shorten(&text, limits::LINE)
            );
            self.warn(id, "embed-text", detail);
        }
    }

    /// The post of another service that a `<blockquote>` stands for.
    pub fn quoted_post(&mut self, id: Id) -> Option<RelatedTarget> {
        let dom = self.dom;
        let attributes = [
            ("instagram-media", "data-instgrm-permalink"),
            ("tiktok-embed", "cite"),
            ("mastodon-embed", "data-embed-url"),
            ("text-post-media", "data-text-post-permalink"),
        ];
        let given = attributes.iter().find_map(|(class, attribute)| {
            dom.attribute(id, attribute)
                .filter(|_| dom.has_class(id, &[class]))
        });
        let classes = [
            "twitter-tweet",
            "twitter-video",
            "instagram-media",
            "tiktok-embed",
            "bluesky-embed",
            "mastodon-embed",
            "text-post-media",
            "reddit-embed-bq",
        ];
        if !dom.has_class(id, &classes) {
            return None;
        }
        let links = dom.below(id).filter_map(|node| dom.attribute(node, "href"));
        // The post itself is linked last, behind what it links to.
        let links: Vec<&str> = given
            .into_iter()
            .chain(links.collect::<Vec<_>>().into_iter().rev())
            .collect();
        let address = links.into_iter().find_map(|link| {
            let address = url::parse(&style::address(link), url::Use::Media).ok()?;
            let is_known = url::host(&address) != Some(url::provider(&address));
            (is_known || given == Some(link) || address.contains("/r/")).then_some(address)
        })?;
        let address = match address.split_once('?') {
            Some((before, "ref_src=twsrc%5Etfw")) => before.to_owned(),
            Some((before, query)) if query.starts_with("utm_source=ig_embed") => before.to_owned(),
            _ => style::page_of_player(&address),
        };
        Some(RelatedTarget::Url(address))
    }
}

/// The largest picture of a `srcset`.
fn largest(set: &str) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    // A comma within an address has no blank behind it.
    for part in set
        .split([' ', '\n', '\t'])
        .filter(|part| !part.is_empty())
        .fold(Vec::<(&str, f64)>::new(), |mut parts, word| {
            let size = word.trim_end_matches(',');
            let number = size
                .strip_suffix(['w', 'x', 'h'])
                .and_then(|number| number.parse::<f64>().ok());
            match (number, parts.last_mut()) {
                (Some(number), Some(last)) => last.1 = number,
                _ => parts.push((size, 1.0)),
            }
            parts
        })
    {
        if best.is_none_or(|(size, _)| part.1 > size) {
            best = Some((part.1, part.0));
        }
    }
    best.map(|(_, address)| style::address(address))
}

impl Flow<'_, '_> {
    /// Whether an element says that it holds pictures that belong together.
    pub fn is_gallery(&self, id: Id) -> bool {
        let dom = self.reader.dom;
        let says_so = dom.attribute(id, "class").is_some_and(|classes| {
            classes.split_ascii_whitespace().any(|class| {
                matches!(
                    class,
                    "gallery" | "wp-block-gallery" | "blocks-gallery-grid" | "tiled-gallery"
                )
            })
        });
        says_so && dom.find(id, "img").is_some()
    }

    pub fn facebook(&mut self, id: Id) {
        let href = self
            .reader
            .dom
            .attribute(id, "data-href")
            .unwrap_or_default();
        if let Some(target) = self.reader.target(id, href, url::Use::Media) {
            self.embedded(id, target, None);
        }
        let blocks = self.within(id, self.place.inside(self.place.within), HashSet::new());
        self.out.extend(blocks);
    }

    /// What stands in `<figure>` or means the same: a picture, a gallery, an
    /// embed, a quote, with its caption.
    pub fn figure(&mut self, id: Id) {
        let dom = self.reader.dom;
        let is_gallery = self.is_gallery(id);
        let (captions, credits) = self.captions(id);
        let skipped: HashSet<Id> = captions.iter().chain(&credits).copied().collect();
        let (mut caption, mut credit) = (None, None);
        for &node in &captions {
            let (text, by) = self.caption(node);
            join(&mut caption, text);
            join(&mut credit, by);
        }
        for &node in &credits {
            join(&mut credit, self.reader.text_line(node));
        }
        let place = self.place.inside(Within::Top);
        let mut blocks = self.within(id, place, skipped);
        // The old form of WordPress has the caption behind the picture.
        if caption.is_none()
            && dom.has_class(id, &["wp-caption", "gallery-item"])
            && matches!(blocks.first(), Some(Block::Image(_)))
        {
            let image = blocks.remove(0);
            let (line, marked, others) = one_line_of(blocks);
            if marked {
                self.warn_caption(id);
            }
            caption = line;
            blocks = others;
            blocks.insert(0, image);
        }
        let shorten =
            |line: &mut Option<String>, max: usize| line.take_if(|line| line.chars().count() > max);
        let mut behind: Vec<Block> = Vec::new();
        let long = [
            shorten(&mut caption, limits::CAPTION),
            shorten(&mut credit, limits::LINE),
        ];
        for long in long.into_iter().flatten() {
            let detail = "This is too long for a caption or a credit; it became a paragraph.";
            self.reader.warn(id, "too-long", detail);
            behind.push(plain(&long));
        }
        if is_gallery {
            let (images, others) = pictures(blocks);
            blocks = others;
            if !images.is_empty() {
                blocks.insert(
                    0,
                    Block::Gallery(Gallery {
                        images,
                        caption: None,
                    }),
                );
            }
        } else if blocks.len() > 1
            && blocks
                .iter()
                .all(|block| matches!(block, Block::Image(_) | Block::Gallery(_)))
        {
            let (images, _) = pictures(blocks);
            blocks = vec![Block::Gallery(Gallery {
                images,
                caption: None,
            })];
        }
        if dom.name(id) == "figure"
            && let [block] = blocks.as_slice()
            && (dom.has_class(id, &["embed", "wp-block-embed"])
                || dom.attribute(id, "data-provider").is_some())
            && let Some(Link::Url(url)) = sole_link(block)
        {
            blocks = vec![Block::Embed(Embed {
                provider: String::new(),
                url: url.clone(),
                caption: None,
            })];
        }
        let unused = match blocks.first_mut() {
            Some(Block::Image(image)) => {
                image.caption = caption.take();
                image.credit = credit.take();
                None
            }
            Some(Block::Gallery(gallery)) => {
                gallery.caption = caption.take();
                credit.take()
            }
            Some(Block::Embed(embed)) => {
                embed.caption = caption.take();
                credit.take()
            }
            Some(Block::Related(related)) if related.headline.is_none() => {
                related.headline = caption.take();
                credit.take()
            }
            Some(Block::Quote(quote)) if quote.cite.is_none() => {
                quote.cite = caption.take_if(|line| line.chars().count() <= limits::LINE);
                credit.take()
            }
            _ => credit.take(),
        };
        for line in [caption, unused].into_iter().flatten() {
            let detail = "There is nothing here that could have this caption or credit; it became \
                          a paragraph.";
            self.reader.warn(id, "flattened", detail);
            behind.insert(0, plain(&line));
        }
        for block in blocks.into_iter().chain(behind) {
            self.place_block(id, block);
        }
    }

    /// The captions of a figure, and the credits that stand outside of them.
    fn captions(&self, figure: Id) -> (Vec<Id>, Vec<Id>) {
        let dom = self.reader.dom;
        let (mut captions, mut credits) = (Vec::new(), Vec::new());
        let mut walk = dom.walk(figure);
        while let Some(step) = walk.next(dom) {
            let super::dom::Step::Start(id) = step else {
                continue;
            };
            let name = dom.name(id);
            if name == "figcaption" || dom.has_class(id, CAPTIONS) {
                captions.push(id);
            } else if is_credit(dom.attribute(id, "class")) && name != "img" {
                credits.push(id);
            } else if !matches!(name, "figure" | "blockquote" | "table")
                && !dom.has_class(id, &["gallery-item", "wp-caption"])
            {
                continue;
            }
            walk.skip(dom, id);
        }
        (captions, credits)
    }

    /// A caption's text and the credit in it.
    fn caption(&mut self, id: Id) -> (Option<String>, Option<String>) {
        let dom = self.reader.dom;
        let mut credit = None;
        let mut inner: HashSet<Id> = HashSet::new();
        let mut walk = dom.walk(id);
        while let Some(step) = walk.next(dom) {
            let super::dom::Step::Start(node) = step else {
                continue;
            };
            let names_maker = is_credit(dom.attribute(node, "class"))
                || matches!(dom.name(node), "small" | "cite");
            if names_maker {
                inner.insert(node);
                join(&mut credit, self.reader.text_line(node));
                walk.skip(dom, node);
            }
        }
        let place = self.place.inside(Within::Cell);
        let blocks = self.within(id, place, inner);
        let mut spans = Vec::new();
        if flatten(blocks, &mut spans) || is_marked(&spans) {
            self.warn_caption(id);
        }
        let line: String = spans.into_iter().map(|span| span.text).collect();
        let line = text::one_line(&line);
        if is_credit(dom.attribute(id, "class")) && credit.is_none() {
            return (None, line);
        }
        (line, credit)
    }

    fn warn_caption(&mut self, id: Id) {
        let detail = "A caption has no marks or links; its text was kept.";
        self.reader.warn(id, "flattened", detail);
    }
}

fn is_credit(classes: Option<&str>) -> bool {
    classes.is_some_and(|classes| {
        let classes = classes.to_ascii_lowercase();
        CREDITS.iter().any(|part| classes.contains(part))
    })
}

fn join(line: &mut Option<String>, more: Option<String>) {
    *line = match (line.take(), more) {
        (Some(line), Some(more)) => Some(format!("{line} {more}")),
        (line, more) => line.or(more),
    };
}

/// The pictures among blocks, and the other blocks.
fn pictures(blocks: Vec<Block>) -> (Vec<Image>, Vec<Block>) {
    let (mut images, mut others) = (Vec::new(), Vec::new());
    for block in blocks {
        match block {
            Block::Image(image) => images.push(image),
            Block::Gallery(gallery) => {
                images.extend(gallery.images);
                others.extend(gallery.caption.as_deref().map(plain));
            }
            other => others.push(other),
        }
    }
    (images, others)
}
