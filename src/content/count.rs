//! Counting: how large a body is and how long it takes to read.

use super::blocks::{Block, Body, Image, Link, Span};
use super::text;

/// Words an average reader takes in a minute.
const WORDS_A_MINUTE: usize = 220;

/// What a body adds up to, for the caps in [`super::limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub blocks: usize,
    pub items: usize,
    pub chars: usize,
}

impl Size {
    pub fn of(body: &Body) -> Self {
        let mut size = Size::default();
        size.blocks(&body.blocks);
        size
    }

    fn blocks(&mut self, blocks: &[Block]) {
        self.blocks += blocks.len();
        for block in blocks {
            match block {
                Block::Paragraph(paragraph) => self.spans(&paragraph.spans),
                Block::Heading(heading) => self.spans(&heading.spans),
                Block::List(list) => {
                    self.items += list.items.len();
                    list.items.iter().for_each(|item| self.blocks(&item.blocks));
                }
                Block::Quote(quote) => {
                    self.blocks(&quote.blocks);
                    self.text(quote.cite.as_deref());
                }
                Block::Image(image) => self.image(image),
                Block::Gallery(gallery) => {
                    self.items += gallery.images.len();
                    gallery.images.iter().for_each(|image| self.image(image));
                    self.text(gallery.caption.as_deref());
                }
                Block::Embed(embed) => {
                    self.text(Some(&embed.url));
                    self.text(embed.caption.as_deref());
                }
                Block::Table(table) => {
                    for row in table.header.iter().chain(&table.rows) {
                        self.items += row.len();
                        row.iter().for_each(|cell| self.spans(&cell.spans));
                    }
                }
                Block::Code(code) => self.text(Some(&code.text)),
                Block::Callout(callout) => {
                    self.text(callout.title.as_deref());
                    self.blocks(&callout.blocks);
                }
                Block::Divider => {}
                Block::Related(related) => self.text(related.headline.as_deref()),
            }
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            self.text(Some(&span.text));
            if let Some(Link::Url(url)) = &span.link {
                self.text(Some(url));
            }
        }
    }

    fn image(&mut self, image: &Image) {
        self.text(Some(&image.url));
        self.text(image.alt.as_deref());
        self.text(image.caption.as_deref());
        self.text(image.credit.as_deref());
    }

    fn text(&mut self, text: Option<&str>) {
        self.chars += text.map_or(0, |text| text.chars().count());
    }
}

impl Body {
    /// How many words a reader reads: all text that is shown, captions and
    /// credits included, but neither alternative texts nor code nor addresses.
    pub fn word_count(&self) -> usize {
        count_words(&self.blocks)
    }

    /// How long reading takes, in whole minutes, at least one.
    pub fn reading_minutes(&self) -> usize {
        self.word_count().div_ceil(WORDS_A_MINUTE).max(1)
    }
}

fn count_words(blocks: &[Block]) -> usize {
    blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(paragraph) => spans(&paragraph.spans),
            Block::Heading(heading) => spans(&heading.spans),
            Block::List(list) => list
                .items
                .iter()
                .map(|item| count_words(&item.blocks))
                .sum(),
            Block::Quote(quote) => count_words(&quote.blocks) + line(&quote.cite),
            Block::Image(image) => picture(image),
            Block::Gallery(gallery) => {
                gallery.images.iter().map(picture).sum::<usize>() + line(&gallery.caption)
            }
            Block::Embed(embed) => line(&embed.caption),
            Block::Table(table) => {
                let rows = table.header.iter().chain(&table.rows);
                rows.flatten().map(|cell| spans(&cell.spans)).sum()
            }
            Block::Callout(callout) => line(&callout.title) + count_words(&callout.blocks),
            Block::Related(related) => text::word_count(&related.text()),
            Block::Code(_) | Block::Divider => 0,
        })
        .sum()
}

/// Marks may change within a word, so spans are counted as one text.
fn spans(spans: &[Span]) -> usize {
    match spans {
        [span] => text::word_count(&span.text),
        spans => {
            let text: String = spans.iter().map(|span| span.text.as_str()).collect();
            text::word_count(&text)
        }
    }
}

fn picture(image: &Image) -> usize {
    line(&image.caption) + line(&image.credit)
}

fn line(line: &Option<String>) -> usize {
    line.as_deref().map_or(0, text::word_count)
}
