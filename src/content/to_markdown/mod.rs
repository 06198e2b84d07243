//! Markdown, written from the tree so that reading it gives the same tree.
//!
//! The text is CommonMark with GitHub's tables, strikethrough and alerts, plus
//! these forms:
//!
//! | block | form |
//! |---|---|
//! | related article | `[[slug]]`, `[[slug\|headline]]`, `[[slug\|headline\|relation]]`, `[[slug\|\|relation]]` alone on a line; an id may stand for the slug |
//! | related address | `[[https://…\|headline]]`, `[[https://…\|headline\|relation]]` alone on a line |
//! | words linked to an article | `[words](article:slug)`; when reading, `[[slug\|words]]` too |
//! | embed | its address alone on a line, then perhaps `{caption="…"}` |
//! | image | `![alt](address "caption")` alone on a line, then perhaps `{credit="…" width="…" height="…" decorative}` |
//! | gallery | images on consecutive lines, then perhaps a line `{gallery caption="…"}`, which one image alone needs |
//! | callout | `> [!note] title`, then its blocks, each line after `>` |
//! | cite | `— name` as the last paragraph of a quote |
//! | superscript, subscript | `<sup>…</sup>`, `<sub>…</sub>` |
//! | line break | `\` at the end of a line; `<br>` in headings and tables |
//! | table without a header | a header row of empty cells |
//!
//! A caption with a backslash stands in the `{…}` as well. Values there are in double quotes; `\"` and `\\` within them stand for
//! `"` and `\`. Where the delimiters of emphasis would not be read as such, as
//! next to spaces or within words, `<strong>`, `<em>`, `<s>` or `<code>` take
//! their place, as CommonMark leaves no other way.
//!
//! Lists that follow each other alternate their markers (`-` and `*`, `1.` and
//! `1)`), because CommonMark would otherwise read them as one.

mod escape;
mod inline;

use super::blocks::{
    Align, Block, Body, Cell, Image, List, Related, RelatedTarget, Relation, Table,
};
use escape::{attribute_value, escape_title, escape_wiki, link_destination, quoted_title};
use inline::{Place, write_spans};

/// Writes a body as Markdown that reads back to the same body, if that is
/// normal and unresolved. It ends in a line feed unless it is empty.
///
/// A resolved body can be written too: references are written by their slug.
pub fn to_markdown(body: &Body) -> String {
    let mut out = blocks(&body.blocks, false);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Writes blocks with a blank line between them, in the items of a list
/// without one where that isn't needed.
fn blocks(blocks: &[Block], in_item: bool) -> String {
    let mut out = String::new();
    // Whether the list before this block used the second kind of marker.
    let mut last_list: Option<(bool, bool)> = None;
    let mut after_paragraph = false;
    for item in blocks {
        let text = match item {
            Block::List(list) => {
                let second =
                    last_list.is_some_and(|(ordered, second)| ordered == list.ordered && !second);
                last_list = Some((list.ordered, second));
                write_list(list, second)
            }
            other => {
                last_list = None;
                block(other)
            }
        };
        // Only a list that starts at 1 may follow a paragraph directly.
        let tight =
            in_item && after_paragraph && matches!(item, Block::List(list) if list.start.is_none());
        if !out.is_empty() {
            out.push_str(if tight { "\n" } else { "\n\n" });
        }
        out.push_str(&text);
        after_paragraph = matches!(item, Block::Paragraph(_));
    }
    out
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(paragraph) => write_spans(&paragraph.spans, Place::Paragraph),
        Block::Heading(heading) => {
            let marks = "#".repeat(usize::from(heading.level));
            format!("{marks} {}", write_spans(&heading.spans, Place::Heading))
        }
        Block::List(list) => write_list(list, false),
        Block::Quote(quote) => {
            let mut text = blocks(&quote.blocks, false);
            if let Some(cite) = &quote.cite {
                if !text.is_empty() {
                    text.push_str("\n\n");
                }
                text.push_str("— ");
                text.push_str(&plain(cite));
            }
            quoted(&text)
        }
        Block::Image(image) => write_image(image),
        Block::Gallery(gallery) => {
            let mut lines: Vec<String> = gallery.images.iter().map(write_image).collect();
            if let Some(caption) = &gallery.caption {
                lines.push(format!("{{gallery caption={}}}", attribute_value(caption)));
            } else if gallery.images.len() == 1 {
                lines.push("{gallery}".to_owned());
            }
            lines.join("\n")
        }
        Block::Embed(embed) => match &embed.caption {
            Some(caption) => format!("{} {{caption={}}}", embed.url, attribute_value(caption)),
            None => embed.url.clone(),
        },
        Block::Table(table) => write_table(table),
        Block::Code(code) => {
            let fence = "`".repeat(longest_run(&code.text, '`').max(2) + 1);
            let language = code.language.as_deref().unwrap_or_default();
            format!("{fence}{language}\n{}\n{fence}", code.text)
        }
        Block::Callout(callout) => {
            let mut text = format!("> [!{}]", callout.style.name());
            if let Some(title) = &callout.title {
                text.push(' ');
                text.push_str(&escape_title(title));
            }
            if !callout.blocks.is_empty() {
                text.push('\n');
                text.push_str(&quoted(&blocks(&callout.blocks, false)));
            }
            text
        }
        // Not `---`, which at the start of a document opens the front matter.
        Block::Divider => "***".to_owned(),
        Block::Related(related) => write_related(related),
    }
}

fn write_list(list: &List, second: bool) -> String {
    let mut out = String::new();
    let mut number = list.start.unwrap_or(1);
    for item in &list.items {
        let marker = match (list.ordered, second) {
            (false, false) => "- ".to_owned(),
            (false, true) => "* ".to_owned(),
            (true, false) => format!("{number}. "),
            (true, true) => format!("{number}) "),
        };
        // CommonMark takes nine digits; only the first number counts anyway.
        number = (number + 1).min(super::limits::LIST_START);
        if !out.is_empty() {
            out.push('\n');
        }
        let indent = " ".repeat(marker.len());
        for (index, line) in blocks(&item.blocks, true).split('\n').enumerate() {
            if index == 0 {
                out.push_str(&marker);
            } else {
                out.push('\n');
                if !line.is_empty() {
                    out.push_str(&indent);
                }
            }
            out.push_str(line);
        }
    }
    out
}

fn quoted(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            if line.is_empty() {
                ">".to_owned()
            } else {
                format!("> {line}")
            }
        })
        .collect();
    lines.join("\n")
}

fn write_image(image: &Image) -> String {
    let alt = plain(image.alt.as_deref().unwrap_or_default());
    let mut out = format!("![{alt}]({}", link_destination(&image.url));
    let mut attributes = Vec::new();
    if let Some(caption) = &image.caption {
        match quoted_title(caption) {
            Some(title) => out.push_str(&format!(" {title}")),
            None => attributes.push(format!("caption={}", attribute_value(caption))),
        }
    }
    out.push(')');
    if let Some(credit) = &image.credit {
        attributes.push(format!("credit={}", attribute_value(credit)));
    }
    for (name, value) in [("width", image.width), ("height", image.height)] {
        attributes.extend(value.map(|pixels| format!("{name}=\"{pixels}\"")));
    }
    if image.decorative {
        attributes.push("decorative".to_owned());
    }
    if !attributes.is_empty() {
        out.push_str(&format!("{{{}}}", attributes.join(" ")));
    }
    out
}

fn write_table(table: &Table) -> String {
    let empty = vec![Cell::default(); table.columns.len()];
    let mut lines = vec![table_row(table.header.as_ref().unwrap_or(&empty))];
    let rule: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match column.align {
            None => "---",
            Some(Align::Left) => ":--",
            Some(Align::Center) => ":-:",
            Some(Align::Right) => "--:",
        })
        .collect();
    lines.push(format!("| {} |", rule.join(" | ")));
    lines.extend(table.rows.iter().map(|row| table_row(row)));
    lines.join("\n")
}

fn table_row(cells: &[Cell]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| write_spans(&cell.spans, Place::Cell))
        .collect();
    format!("| {} |", cells.join(" | "))
}

fn write_related(related: &Related) -> String {
    let mut out = String::from("[[");
    match &related.target {
        RelatedTarget::Article(article) => out.push_str(&escape_wiki(&article.word())),
        RelatedTarget::Url(url) => out.push_str(&escape_wiki(url)),
    }
    let relation = related.relation != Relation::default();
    if related.headline.is_some() || relation {
        out.push('|');
        out.push_str(&escape_wiki(
            related.headline.as_deref().unwrap_or_default(),
        ));
    }
    if relation {
        out.push('|');
        out.push_str(related.relation.name());
    }
    out.push_str("]]");
    out
}

/// One line of text without marks, such as an alternative text.
fn plain(text: &str) -> String {
    escape::escape(
        text,
        escape::Context {
            line_start: false,
            table: false,
        },
    )
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
