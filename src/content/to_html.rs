//! HTML, written from the tree.
//!
//! Nothing but these elements and attributes is ever written, every text is
//! escaped and every attribute quoted, so no markup from outside gets through.
//!
//! | block | HTML |
//! |---|---|
//! | paragraph | `<p>` |
//! | heading | `<h2>` to `<h4>` |
//! | list | `<ul>` or `<ol start>`; an item that is one paragraph has no `<p>` |
//! | quote | `<blockquote>`; with a cite in `<figure class="quote">` with `<figcaption>` |
//! | image | `<figure class="image"><img src alt width height><figcaption>`, and `srcset` for uploaded pictures; the credit in `<span class="credit">`; `role="presentation"` if it only decorates |
//! | gallery | `<div class="gallery">` of images, its caption in `<p class="caption">` |
//! | embed | `<figure class="embed" data-provider="…"><a href>` with the address as its text, `<figcaption>` |
//! | table | `<table>` with `<thead>`, `<tbody>`; cells with `class="align-left"`, `align-center`, `align-right` |
//! | code | `<pre><code class="language-…">` |
//! | callout | `<aside class="callout callout-note">`, its title in `<p class="callout-title">` |
//! | divider | `<hr>` |
//! | related | `<aside class="related" data-relation="…"><a href>`; without a known address only the text |
//!
//! Marks are `<strong>`, `<em>`, `<s>`, `<code>`, `<sub>` and `<sup>`, links
//! `<a href>`, line breaks `<br>`. Linked words whose article has no known
//! address are plain text.

use super::blocks::{Block, Body, Cell, Column, Image, Link, Mark, Related, Span, Table};

/// Writes a body as an HTML fragment. Each block is on a line of its own.
pub fn to_html(body: &Body) -> String {
    let mut out = String::new();
    write_blocks(&body.blocks, &mut out);
    out
}

fn write_blocks(blocks: &[Block], out: &mut String) {
    for block in blocks {
        write_block(block, out);
        out.push('\n');
    }
}

fn write_block(block: &Block, out: &mut String) {
    match block {
        Block::Paragraph(paragraph) => element("p", &paragraph.spans, out),
        Block::Heading(heading) => {
            let name = match heading.level {
                2 => "h2",
                3 => "h3",
                _ => "h4",
            };
            element(name, &heading.spans, out);
        }
        Block::List(list) => {
            let name = if list.ordered { "ol" } else { "ul" };
            match list.start.filter(|_| list.ordered) {
                Some(start) => out.push_str(&format!("<ol start=\"{start}\">\n")),
                None => out.push_str(&format!("<{name}>\n")),
            }
            for item in &list.items {
                out.push_str("<li>");
                match item.blocks.as_slice() {
                    [Block::Paragraph(only)] => write_spans(&only.spans, out),
                    blocks => {
                        out.push('\n');
                        write_blocks(blocks, out);
                    }
                }
                out.push_str("</li>\n");
            }
            out.push_str(&format!("</{name}>"));
        }
        Block::Quote(quote) => {
            if quote.cite.is_some() {
                out.push_str("<figure class=\"quote\">\n");
            }
            out.push_str("<blockquote>\n");
            write_blocks(&quote.blocks, out);
            out.push_str("</blockquote>");
            if let Some(cite) = &quote.cite {
                out.push('\n');
                caption("figcaption", cite, out);
                out.push_str("\n</figure>");
            }
        }
        Block::Image(image) => write_image(image, out),
        Block::Gallery(gallery) => {
            out.push_str("<div class=\"gallery\">\n");
            for image in &gallery.images {
                write_image(image, out);
                out.push('\n');
            }
            if let Some(text) = &gallery.caption {
                out.push_str("<p class=\"caption\">");
                escape(text, out);
                out.push_str("</p>\n");
            }
            out.push_str("</div>");
        }
        Block::Embed(embed) => {
            out.push_str("<figure class=\"embed\"");
            attribute("data-provider", &embed.provider, out);
            out.push_str("><a");
            attribute("href", &embed.url, out);
            out.push('>');
            escape(&embed.url, out);
            out.push_str("</a>");
            if let Some(text) = &embed.caption {
                out.push('\n');
                caption("figcaption", text, out);
            }
            out.push_str("</figure>");
        }
        Block::Table(table) => write_table(table, out),
        Block::Code(code) => {
            out.push_str("<pre><code");
            if let Some(language) = &code.language {
                attribute("class", &format!("language-{language}"), out);
            }
            out.push('>');
            escape(&code.text, out);
            out.push_str("</code></pre>");
        }
        Block::Callout(callout) => {
            let style = callout.style.name();
            out.push_str(&format!("<aside class=\"callout callout-{style}\">\n"));
            if let Some(title) = &callout.title {
                out.push_str("<p class=\"callout-title\">");
                escape(title, out);
                out.push_str("</p>\n");
            }
            write_blocks(&callout.blocks, out);
            out.push_str("</aside>");
        }
        Block::Divider => out.push_str("<hr>"),
        Block::Related(related) => write_related(related, out),
    }
}

fn element(name: &str, spans: &[Span], out: &mut String) {
    out.push_str(&format!("<{name}>"));
    write_spans(spans, out);
    out.push_str(&format!("</{name}>"));
}

fn caption(name: &str, text: &str, out: &mut String) {
    out.push_str(&format!("<{name}>"));
    escape(text, out);
    out.push_str(&format!("</{name}>"));
}

fn write_image(image: &Image, out: &mut String) {
    out.push_str("<figure class=\"image\"><img");
    attribute("src", &image.url, out);
    if let Some(made) = image.renditions.as_ref()
        && !made.widths.is_empty()
    {
        let candidate = |width: &u32| {
            let address = made.url_template.replace("{width}", &width.to_string());
            format!("{address} {width}w")
        };
        let candidates: Vec<String> = made.widths.iter().map(candidate).collect();
        attribute("srcset", &candidates.join(", "), out);
    }
    attribute("alt", image.alt.as_deref().unwrap_or_default(), out);
    if image.decorative {
        attribute("role", "presentation", out);
    }
    for (name, value) in [("width", image.width), ("height", image.height)] {
        if let Some(pixels) = value {
            attribute(name, &pixels.to_string(), out);
        }
    }
    out.push('>');
    if image.caption.is_some() || image.credit.is_some() {
        out.push_str("\n<figcaption>");
        if let Some(text) = &image.caption {
            escape(text, out);
        }
        if let Some(credit) = &image.credit {
            if image.caption.is_some() {
                out.push(' ');
            }
            out.push_str("<span class=\"credit\">");
            escape(credit, out);
            out.push_str("</span>");
        }
        out.push_str("</figcaption>");
    }
    out.push_str("</figure>");
}

fn write_table(table: &Table, out: &mut String) {
    out.push_str("<table>\n");
    if let Some(header) = &table.header {
        out.push_str("<thead>\n");
        write_row("th", header, &table.columns, out);
        out.push_str("</thead>\n");
    }
    if !table.rows.is_empty() {
        out.push_str("<tbody>\n");
        table
            .rows
            .iter()
            .for_each(|row| write_row("td", row, &table.columns, out));
        out.push_str("</tbody>\n");
    }
    out.push_str("</table>");
}

fn write_row(name: &str, cells: &[Cell], columns: &[Column], out: &mut String) {
    out.push_str("<tr>\n");
    for (index, cell) in cells.iter().enumerate() {
        out.push('<');
        out.push_str(name);
        if let Some(align) = columns.get(index).and_then(|column| column.align) {
            attribute("class", &format!("align-{}", align.name()), out);
        }
        out.push('>');
        write_spans(&cell.spans, out);
        out.push_str(&format!("</{name}>\n"));
    }
    out.push_str("</tr>\n");
}

fn write_related(related: &Related, out: &mut String) {
    out.push_str("<aside class=\"related\"");
    attribute("data-relation", related.relation.name(), out);
    out.push('>');
    if let Some(href) = related.href() {
        out.push_str("<a");
        attribute("href", href, out);
        out.push('>');
        escape(&related.text(), out);
        out.push_str("</a>");
    } else {
        escape(&related.text(), out);
    }
    out.push_str("</aside>");
}

/// Writes running text. Elements are shared by neighbouring spans as far as
/// they have them in common.
fn write_spans(spans: &[Span], out: &mut String) {
    let mut open: Vec<Element> = Vec::new();
    for span in spans {
        let wanted = elements(span);
        let shared = open.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        close(&mut open, shared, out);
        for element in &wanted[shared..] {
            match element {
                Element::Link(href) => {
                    out.push_str("<a");
                    attribute("href", href, out);
                    out.push('>');
                }
                Element::Mark(name) => out.push_str(&format!("<{name}>")),
            }
            open.push(*element);
        }
        for (index, line) in span.text.split('\n').enumerate() {
            if index > 0 {
                out.push_str("<br>\n");
            }
            escape(line, out);
        }
    }
    close(&mut open, 0, out);
}

#[derive(Clone, Copy, PartialEq)]
enum Element<'a> {
    Link(&'a str),
    Mark(&'static str),
}

fn elements(span: &Span) -> Vec<Element<'_>> {
    let href = match &span.link {
        Some(Link::Url(url)) => Some(url.as_str()),
        Some(Link::Article(article)) => article.url.as_deref(),
        None => None,
    };
    let marks = span.marks.iter().map(|mark| {
        Element::Mark(match mark {
            Mark::Strong => "strong",
            Mark::Emphasis => "em",
            Mark::Strike => "s",
            Mark::Code => "code",
            Mark::Subscript => "sub",
            Mark::Superscript => "sup",
        })
    });
    href.map(Element::Link).into_iter().chain(marks).collect()
}

fn close(open: &mut Vec<Element<'_>>, keep: usize, out: &mut String) {
    while open.len() > keep {
        match open.pop() {
            Some(Element::Link(_)) => out.push_str("</a>"),
            Some(Element::Mark(name)) => out.push_str(&format!("</{name}>")),
            None => {}
        }
    }
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
