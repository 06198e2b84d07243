//! Plain reading text.
//!
//! Blocks are separated by a blank line. List items start with a bullet and
//! what belongs to them is indented; table cells are separated by a tab;
//! captions, credits and cites stand on lines of their own; an embed is its
//! address. The text holds the same words as every other format, so the
//! numbers of an ordered list, which HTML leaves to the browser, are not in
//! it, and neither are alternative texts.

use super::blocks::{Block, Body, Image, Span};

/// Writes a body as plain text, without a line feed at its end.
pub fn to_text(body: &Body) -> String {
    lines_of(&body.blocks, true).join("\n")
}

fn lines_of(blocks: &[Block], apart: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks {
        let own = block_lines(block);
        if apart && !lines.is_empty() && !own.is_empty() {
            lines.push(String::new());
        }
        lines.extend(own);
    }
    lines
}

fn block_lines(block: &Block) -> Vec<String> {
    let mut lines = Vec::new();
    match block {
        Block::Paragraph(paragraph) => push_text(&joined(&paragraph.spans), &mut lines),
        Block::Heading(heading) => push_text(&joined(&heading.spans), &mut lines),
        Block::List(list) => {
            for item in &list.items {
                for (index, line) in lines_of(&item.blocks, false).into_iter().enumerate() {
                    let mark = if index == 0 { "• " } else { "  " };
                    lines.push(format!("{mark}{line}"));
                }
            }
        }
        Block::Quote(quote) => {
            lines = lines_of(&quote.blocks, true);
            lines.extend(quote.cite.as_ref().map(|cite| format!("— {cite}")));
        }
        Block::Image(image) => push_picture(image, &mut lines),
        Block::Gallery(gallery) => {
            gallery
                .images
                .iter()
                .for_each(|image| push_picture(image, &mut lines));
            lines.extend(gallery.caption.clone());
        }
        Block::Embed(embed) => {
            lines.push(embed.url.clone());
            lines.extend(embed.caption.clone());
        }
        Block::Table(table) => {
            for row in table.header.iter().chain(&table.rows) {
                let cells: Vec<String> = row
                    .iter()
                    .map(|cell| joined(&cell.spans).replace('\n', " "))
                    .collect();
                lines.push(cells.join("\t"));
            }
        }
        Block::Code(code) => push_text(&code.text, &mut lines),
        Block::Callout(callout) => {
            lines.extend(callout.title.clone());
            lines.extend(lines_of(&callout.blocks, true));
        }
        Block::Divider => lines.push("* * *".to_owned()),
        Block::Related(related) => lines.push(format!("→ {}", related.text())),
    }
    lines
}

fn push_picture(image: &Image, lines: &mut Vec<String>) {
    lines.extend(image.caption.clone());
    lines.extend(image.credit.clone());
}

fn push_text(text: &str, lines: &mut Vec<String>) {
    lines.extend(text.split('\n').map(str::to_owned));
}

fn joined(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}
