//! The headline and the teaser that a document gives itself.

use super::Reader;
use super::dom::{Dom, Id, ROOT};
use super::flow::{Flow, Place, Within, is_marked};
use crate::content::blocks::Block;
use crate::content::text;
use std::collections::HashSet;

/// Characters of a headline; see `articles`.
const HEADLINE: usize = 300;
/// Characters of a teaser; see `articles`.
const TEASER: usize = 1_000;

/// Classes of a first paragraph that is the teaser.
const TEASER_CLASSES: &[&str] = &[
    "teaser",
    "lead",
    "lede",
    "intro",
    "vorspann",
    "standfirst",
    "dek",
    "article-teaser",
    "article-lead",
    "article-intro",
    "article__lead",
    "article__intro",
    "article__teaser",
];

/// What is known about them while the document is read.
#[derive(Default)]
pub(super) struct Head {
    pub headline: Option<String>,
    pub teaser: Option<String>,
    /// The heading that is the headline, whether or not front matter says so too.
    heading: Option<Id>,
    /// The document's `<title>`.
    title: Option<Id>,
    /// Whether a teaser is still looked for.
    wants_teaser: bool,
    /// What search engines show, the teaser if there is no other.
    description: Option<(Id, String)>,
    /// The headline, given or found.
    shown: Option<String>,
}

/// Looks for them. What front matter gives already is not looked for.
pub(super) fn find(dom: &Dom, headline: Option<String>, teaser: Option<String>) -> Head {
    let mut head = Head {
        wants_teaser: teaser.is_none(),
        ..Head::default()
    };
    let mut titles: Vec<(&str, Id, String)> = Vec::new();
    let mut heading: Option<(bool, Id, String)> = None;
    for id in dom.below(ROOT).filter(|&id| dom.is_html(id)) {
        match dom.name(id) {
            "title" if head.title.is_none() => {
                head.title = Some(id);
                titles.extend(line(dom, id).map(|line| ("title", id, line)));
            }
            "meta" => {
                let name = dom
                    .attribute(id, "property")
                    .or(dom.attribute(id, "name"))
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                let content = dom.attribute(id, "content").and_then(text::one_line);
                match (name.as_str(), content) {
                    ("og:title", Some(content)) => titles.insert(0, ("og", id, content)),
                    ("description" | "og:description", Some(content))
                        if head.description.is_none() || name == "description" =>
                    {
                        head.description = Some((id, content));
                    }
                    _ => {}
                }
            }
            name if name == "h1" || dom.has_class(id, &["MsoTitle"]) => {
                let inside = is_inside(dom, id, &["article", "main"]);
                let better = heading.as_ref().is_none_or(|(best, ..)| inside && !best);
                if better && let Some(line) = line(dom, id).filter(|line| fits(line, HEADLINE)) {
                    heading = Some((inside, id, line));
                }
            }
            _ => {}
        }
    }
    let given = headline.as_deref().and_then(text::one_line);
    if let Some((_, id, line)) = heading
        && given.as_ref().is_none_or(|given| *given == line)
    {
        head.heading = Some(id);
        head.shown = Some(line);
    }
    if head.shown.is_none() && given.is_none() {
        let title = titles.into_iter().find(|(_, _, line)| fits(line, HEADLINE));
        head.shown = title.map(|(_, _, line)| line);
    }
    if given.is_none() {
        head.headline = head.shown.clone();
    }
    head.shown = given.or(head.shown);
    head
}

fn fits(line: &str, max: usize) -> bool {
    line.chars().count() <= max
}

fn line(dom: &Dom, id: Id) -> Option<String> {
    let mut text = String::new();
    for node in dom.below(id) {
        match dom.data(node) {
            super::Data::Text(piece) => text.push_str(piece),
            _ if dom.name(node) == "br" => text.push(' '),
            _ => {}
        }
    }
    text::one_line(&text)
}

fn is_inside(dom: &Dom, id: Id, names: &[&str]) -> bool {
    std::iter::successors(dom.parent(id), |&id| dom.parent(id))
        .any(|id| names.contains(&dom.name(id)))
}

impl Head {
    pub fn is_headline(&self, id: Id) -> bool {
        self.heading == Some(id)
    }

    pub fn is_title(&self, id: Id) -> bool {
        self.title == Some(id)
    }

    pub fn is_teaser(&self, dom: &Dom, id: Id) -> bool {
        self.wants_teaser
            && matches!(
                dom.name(id),
                "p" | "div" | "header" | "section" | "strong" | "span"
            )
            && dom.has_class(id, TEASER_CLASSES)
    }

    /// Takes a text for the teaser, if it can be one.
    pub fn take_teaser(&mut self, line: Option<String>) -> bool {
        let Some(line) = line.filter(|line| fits(line, TEASER)) else {
            return false;
        };
        self.teaser = Some(line);
        self.wants_teaser = false;
        true
    }
}

impl Reader<'_> {
    /// When all is read: the description is the teaser if there is no other,
    /// and what wasn't used is reported.
    pub fn finish_head(&mut self) {
        if let Some((id, line)) = self.head.description.take()
            && self.head.wants_teaser
        {
            self.check(id, &line);
            if !self.head.take_teaser(Some(line)) {
                let detail =
                    format!("The description is longer than a teaser, {TEASER} characters.");
                self.warn(id, "description", detail);
            }
        }
        for line in [self.head.headline.clone(), self.head.teaser.clone()] {
            let line = line.unwrap_or_default();
            self.check(super::dom::ROOT, &line);
        }
        let Some(id) = self.head.title else { return };
        let Some(title) = self.text_line(id) else {
            return;
        };
        let shown = self.head.shown.as_deref().unwrap_or_default();
        if !title.contains(shown) || shown.is_empty() {
            let detail = format!(
                "The document's title “{}” was left out; the headline is “{}”.",
                text::shorten(&title, 80),
                text::shorten(shown, 80)
            );
            self.warn(id, "title-unused", detail);
        }
    }
}

impl Flow<'_, '_> {
    /// The headline stands above the text, not in it; a picture in it stays.
    pub fn headline(&mut self, id: Id) {
        let mut flow = Flow::new(self.reader, Place::TOP);
        flow.read(id);
        let blocks = flow.out;
        let mut flattened = false;
        for block in blocks {
            match block {
                Block::Paragraph(paragraph) => {
                    flattened |= is_marked(&paragraph.spans);
                }
                other => self.out.push(other),
            }
        }
        if flattened {
            let detail = "A headline has no marks or links; its text was kept.";
            self.reader.warn(id, "flattened", detail);
        }
    }

    /// Takes a first paragraph that calls itself the teaser for the teaser.
    pub fn teaser(&mut self, id: Id) -> bool {
        let dom = self.reader.dom;
        let is_early =
            self.place.within == Within::Top && self.place.depth == 0 && self.out.len() < 5;
        if !is_early || !self.reader.head.is_teaser(dom, id) {
            return false;
        }
        self.flush();
        let place = self.place.inside(Within::Top);
        let blocks = self.within(id, place, HashSet::new());
        let mut line = String::new();
        let mut flattened = false;
        for block in &blocks {
            match block {
                Block::Paragraph(paragraph) => {
                    flattened |= is_marked(&paragraph.spans);
                    line.push(' ');
                    line.extend(paragraph.spans.iter().map(|span| span.text.as_str()));
                }
                _ => line.clear(),
            }
        }
        let teaser = text::one_line(&line);
        let fits = blocks
            .iter()
            .all(|block| matches!(block, Block::Paragraph(_)));
        if !fits || !self.reader.head.take_teaser(teaser) {
            self.out.extend(blocks);
        } else if flattened {
            let detail = "A teaser has no marks or links; its text was kept.";
            self.reader.warn(id, "flattened", detail);
        }
        true
    }
}
