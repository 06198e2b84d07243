//! Paragraphs at the top level, whose lines may be blocks of their own: a
//! related link, an address to embed.

use super::dom::Id;
use super::flow::Flow;
use crate::content::blocks::{Block, Embed, Link, Paragraph, Related, RelatedTarget, Span};
use crate::content::related_line::RelatedLine;
use crate::content::{limits, text, url};

impl Flow<'_, '_> {
    /// A paragraph at the top level, whose lines may be blocks of their own.
    pub fn lines(&mut self, id: Id, spans: Vec<Span>) {
        let text: String = spans.iter().map(|span| span.text.as_str()).collect();
        let may_be = |line: &str| {
            let line = line.trim();
            line.starts_with("[[") || line.starts_with("[embed") || is_address(line)
        };
        if !text.split('\n').any(may_be) {
            self.out.push(Block::Paragraph(Paragraph { spans }));
            return;
        }
        let mut kept: Vec<Span> = Vec::new();
        for line in split_lines(spans) {
            match self.line_block(id, &line) {
                Some(block) => {
                    let spans = std::mem::take(&mut kept);
                    self.out.push(Block::Paragraph(Paragraph { spans }));
                    self.out.push(block);
                }
                None => {
                    if let Some(last) = kept.last_mut() {
                        last.text.push('\n');
                    }
                    kept.extend(line);
                }
            }
        }
        self.out.push(Block::Paragraph(Paragraph { spans: kept }));
    }

    /// What a line alone is: `[[slug]]`, an address, `[embed]address[/embed]`.
    fn line_block(&mut self, id: Id, line: &[Span]) -> Option<Block> {
        let text: String = line.iter().map(|span| span.text.as_str()).collect();
        let text = text.trim();
        let mut links = line.iter().map(|span| &span.link);
        let link = links.next()?;
        if links.any(|other| other != link) {
            return None;
        }
        match link {
            Some(Link::Url(url)) => {
                let known = Some(url::provider(url)) != url::host(url);
                (known && is_address(text)).then(|| {
                    Block::Embed(Embed {
                        provider: String::new(),
                        url: url.clone(),
                        caption: None,
                    })
                })
            }
            Some(Link::Article(article)) => is_address(text).then(|| {
                Block::Related(Related {
                    target: RelatedTarget::Article(article.clone()),
                    relation: Default::default(),
                    headline: None,
                    index: None,
                })
            }),
            None if text.starts_with("[[") => self.related_line(id, text).map(Block::Related),
            None => {
                let embedded = text
                    .strip_prefix("[embed")
                    .and_then(|rest| rest.split_once(']')?.1.strip_suffix("[/embed]"));
                let address = embedded.unwrap_or(text).trim();
                if !is_address(address) {
                    return None;
                }
                if let Some(target) = self.reader.own(address) {
                    return Some(Block::Related(Related {
                        target,
                        relation: Default::default(),
                        headline: None,
                        index: None,
                    }));
                }
                let url = url::parse(address, url::Use::Media).ok()?;
                Some(Block::Embed(Embed {
                    provider: String::new(),
                    url,
                    caption: None,
                }))
            }
        }
    }

    fn related_line(&mut self, id: Id, line: &str) -> Option<Related> {
        let RelatedLine {
            target,
            headline,
            relation,
            unknown_relation,
        } = RelatedLine::parse(line)?;
        if unknown_relation {
            let detail = RelatedLine::unknown_relation_detail();
            self.reader.warn(id, "unknown-relation", detail);
        }
        let target = if target.contains(':') {
            self.reader.target(id, &target, url::Use::Media)?
        } else {
            self.reader.article(id, &target)?
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
}

/// Whether a text is one whole address.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !text.contains(char::is_whitespace)
}

/// Cuts spans where a line ends.
fn split_lines(spans: Vec<Span>) -> Vec<Vec<Span>> {
    let mut lines = vec![Vec::new()];
    for span in spans {
        for (index, piece) in span.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !piece.is_empty()) {
                line.push(Span {
                    text: piece.to_owned(),
                    marks: span.marks.clone(),
                    link: span.link.clone(),
                });
            }
        }
    }
    lines
}
