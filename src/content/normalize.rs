//! Bringing a body into its one form, so that equal content is equal data and
//! a round trip through any format ends where it began.

use super::blocks::{Block, Body, Cell, Image, Span, Table};
use super::{text, url};

impl Body {
    /// Brings the body into its normal form; see the invariants of
    /// [`crate::content`]. Every reader calls it. Doing it twice changes
    /// nothing.
    pub fn normalize(&mut self) {
        normalize_blocks(&mut self.blocks);
    }
}

fn normalize_blocks(blocks: &mut Vec<Block>) {
    blocks.retain_mut(keep);
}

/// Normalises one block; says whether anything is left of it.
fn keep(block: &mut Block) -> bool {
    match block {
        Block::Paragraph(paragraph) => {
            normalize_spans(&mut paragraph.spans);
            !paragraph.spans.is_empty()
        }
        Block::Heading(heading) => {
            heading.level = heading.level.clamp(2, 4);
            normalize_spans(&mut heading.spans);
            !heading.spans.is_empty()
        }
        Block::List(list) => {
            list.items.retain_mut(|item| {
                normalize_blocks(&mut item.blocks);
                !item.blocks.is_empty()
            });
            list.start = list.start.filter(|&start| list.ordered && start != 1);
            !list.items.is_empty()
        }
        Block::Quote(quote) => {
            normalize_blocks(&mut quote.blocks);
            line(&mut quote.cite);
            if quote.cite.is_none() && quote.blocks.len() > 1 {
                quote.cite = take_cite(&mut quote.blocks);
            }
            if quote.blocks.is_empty() {
                // A cite without a quotation is only a sentence.
                match quote.cite.take() {
                    Some(cite) => *block = Block::Paragraph(plain(cite)),
                    None => return false,
                }
            }
            true
        }
        Block::Image(image) => normalize_image(image),
        Block::Gallery(gallery) => {
            gallery.images.retain_mut(normalize_image);
            line(&mut gallery.caption);
            if gallery.images.is_empty() {
                match gallery.caption.take() {
                    Some(caption) => *block = Block::Paragraph(plain(caption)),
                    None => return false,
                }
            }
            true
        }
        Block::Embed(embed) => {
            embed.provider = url::provider(&embed.url);
            line(&mut embed.caption);
            true
        }
        Block::Table(table) => normalize_table(table),
        Block::Code(code) => {
            code.language = code
                .language
                .take()
                .filter(|language| is_language(language));
            !code.text.trim().is_empty()
        }
        Block::Callout(callout) => {
            line(&mut callout.title);
            normalize_blocks(&mut callout.blocks);
            callout.title.is_some() || !callout.blocks.is_empty()
        }
        Block::Divider => true,
        Block::Related(related) => {
            line(&mut related.headline);
            true
        }
    }
}

/// Whether a word may name the language of a code block.
pub(super) fn is_language(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-#._".contains(c);
    !word.is_empty() && word.len() <= super::limits::LANGUAGE && word.chars().all(allowed)
}

fn plain(text: String) -> super::blocks::Paragraph {
    let spans = vec![Span {
        text,
        ..Span::default()
    }];
    super::blocks::Paragraph { spans }
}

fn line(line: &mut Option<String>) {
    *line = line.take().and_then(|text| text::one_line(&text));
}

fn normalize_image(image: &mut Image) -> bool {
    line(&mut image.alt);
    line(&mut image.caption);
    line(&mut image.credit);
    // A picture that is described doesn't merely decorate.
    image.decorative &= image.alt.is_none();
    if image.id.is_some() {
        // These follow from the picture itself.
        image.url.clear();
        (image.width, image.height) = (None, None);
    }
    image.id.is_some() || !image.url.is_empty()
}

/// A last paragraph that starts with a dash names who is quoted. That is how
/// Markdown writes the cite, so it must mean the same in every format.
fn take_cite(blocks: &mut Vec<Block>) -> Option<String> {
    let Some(Block::Paragraph(last)) = blocks.last() else {
        return None;
    };
    let [span] = last.spans.as_slice() else {
        return None;
    };
    if !span.marks.is_empty() || span.link.is_some() {
        return None;
    }
    let cite = cite_of(&span.text)?;
    blocks.pop();
    Some(cite)
}

/// The name after the dash, if a text has the form of a cite.
fn cite_of(text: &str) -> Option<String> {
    let name = text
        .strip_prefix("— ")
        .or_else(|| text.strip_prefix("-- "))?;
    let fits = !name.contains('\n') && name.chars().count() <= super::limits::LINE;
    if fits { text::one_line(name) } else { None }
}

fn normalize_table(table: &mut Table) -> bool {
    for row in table.header.iter_mut().chain(&mut table.rows) {
        row.iter_mut()
            .for_each(|cell| normalize_spans(&mut cell.spans));
    }
    if table
        .header
        .as_ref()
        .is_some_and(|cells| cells.iter().all(|cell| cell.spans.is_empty()))
    {
        table.header = None;
    }
    let width = table
        .header
        .iter()
        .chain(&table.rows)
        .map(Vec::len)
        .max()
        .unwrap_or(0);
    if width == 0 {
        return false;
    }
    let width = width.max(table.columns.len());
    table.columns.resize_with(width, Default::default);
    for row in table.header.iter_mut().chain(&mut table.rows) {
        row.resize_with(width, Cell::default);
    }
    true
}

/// Normalises running text.
///
/// Blanks around a line feed and white space at both ends go, because no
/// format keeps them; spans with the same marks and link become one; empty
/// spans go.
pub(super) fn normalize_spans(spans: &mut Vec<Span>) {
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    let mut at_line_start = true;
    for mut span in spans.drain(..) {
        span.marks.sort_unstable();
        span.marks.dedup();
        let text = std::mem::take(&mut span.text);
        let joins = |out: &[Span]| {
            out.last()
                .is_some_and(|last| last.marks == span.marks && last.link == span.link)
        };
        let mut joined = joins(&out);
        let mut rest = text.as_str();
        loop {
            if out.is_empty() {
                rest = rest.trim_start_matches(text::is_edge);
            }
            if at_line_start {
                rest = rest.trim_start_matches(is_blank);
            }
            let Some(first) = rest.chars().next() else {
                break;
            };
            at_line_start = first == '\n';
            if at_line_start {
                trim_end(&mut out, is_blank);
                joined = joins(&out);
            }
            let length = match at_line_start {
                true => 1,
                false => rest.find('\n').unwrap_or(rest.len()),
            };
            let (part, behind) = rest.split_at(length);
            match out.last_mut() {
                Some(last) if joined => last.text.push_str(part),
                _ => out.push(Span {
                    text: part.to_owned(),
                    ..span.clone()
                }),
            }
            joined = true;
            rest = behind;
        }
    }
    trim_end(&mut out, text::is_edge);
    *spans = out;
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Trims the end of a text that may run over several spans.
fn trim_end(spans: &mut Vec<Span>, edge: impl Fn(char) -> bool) {
    while let Some(last) = spans.last_mut() {
        let kept = last.text.trim_end_matches(&edge).len();
        last.text.truncate(kept);
        if kept > 0 {
            return;
        }
        spans.pop();
    }
}
