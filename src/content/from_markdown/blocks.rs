//! Blocks: a parser's nodes to the tree, with everything in its place.

use super::{Reader, html, text_of};
use crate::content::blocks::{
    Align, Block, Callout, CalloutStyle, Cell, Code, Column, Heading, List, ListItem, Paragraph,
    Quote, Span, Table,
};
use crate::content::{limits, normalize, text};
use comrak::Node;
use comrak::nodes::{AlertType, ListType, NodeCodeBlock, NodeValue, TableAlignment};

/// Containers within containers that are followed; what lies deeper is kept
/// as text. No tree within the limits is as deep.
const MAX_DEPTH: usize = 40;

/// What blocks are being read into.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Top,
    Item,
    Quote,
    Callout,
}

/// Where blocks are being read.
#[derive(Clone, Copy)]
struct Place {
    within: Within,
    lists: usize,
    depth: usize,
}

impl Place {
    fn inside(self, within: Within) -> Self {
        Place {
            within,
            depth: self.depth + 1,
            ..self
        }
    }
}

impl Reader<'_> {
    /// Reads the whole document.
    pub fn top_level(&mut self, root: Node<'_>) -> Vec<Block> {
        let mut out = Vec::new();
        let mut hoisted = Vec::new();
        let place = Place {
            within: Within::Top,
            lists: 0,
            depth: 0,
        };
        for child in root.children() {
            self.block(child, place, &mut out, &mut hoisted);
            // Behind the container that could not hold them.
            out.append(&mut hoisted);
        }
        out
    }

    fn children(&mut self, parent: Node<'_>, place: Place, hoisted: &mut Vec<Block>) -> Vec<Block> {
        let mut out = Vec::new();
        if place.depth > MAX_DEPTH {
            self.warn(
                parent,
                "too-deep",
                "This is nested too deeply; only its text was kept.",
            );
            let text = text_of(parent);
            self.check(parent, &text);
            out.push(plain(text));
            return out;
        }
        for child in parent.children() {
            self.block(child, place, &mut out, hoisted);
        }
        out
    }

    fn block(
        &mut self,
        node: Node<'_>,
        place: Place,
        out: &mut Vec<Block>,
        hoisted: &mut Vec<Block>,
    ) {
        let top = place.within == Within::Top;
        // Cloned, so that the node can be borrowed again for its place.
        let value = node.data().value.clone();
        match value {
            NodeValue::Paragraph if top => self.paragraph(node, out),
            NodeValue::Paragraph => {
                let spans = self.text(node, hoisted);
                out.push(Block::Paragraph(Paragraph { spans }));
            }
            NodeValue::Heading(heading) => {
                let spans = self.text(node, hoisted);
                if top {
                    let level = self.level(node, heading.level);
                    out.push(Block::Heading(Heading { level, spans }));
                } else {
                    let detail = "A heading can't stand here; it became a paragraph.";
                    self.warn(node, "flattened", detail);
                    out.push(Block::Paragraph(Paragraph { spans }));
                }
            }
            NodeValue::List(list) => {
                let place = Place {
                    lists: place.lists + 1,
                    ..place
                };
                let too_deep = place.lists > limits::LIST_DEPTH;
                if too_deep {
                    let detail = format!(
                        "Lists nest at most {} deep; the items became paragraphs.",
                        limits::LIST_DEPTH
                    );
                    self.warn(node, "too-deep", detail);
                }
                let mut items = Vec::new();
                for item in node.children() {
                    let blocks = if too_deep {
                        self.children(item, place.inside(place.within), hoisted)
                    } else {
                        self.children(item, place.inside(Within::Item), hoisted)
                    };
                    items.push(ListItem { blocks });
                }
                if too_deep {
                    out.extend(items.into_iter().flat_map(|item| item.blocks));
                } else {
                    let ordered = list.list_type == ListType::Ordered;
                    let start = u32::try_from(list.start).ok().filter(|_| ordered);
                    out.push(Block::List(List {
                        ordered,
                        start,
                        items,
                    }));
                }
            }
            NodeValue::BlockQuote if place.within == Within::Quote => {
                let detail = "A quote can't stand within a quote; they became one.";
                self.warn(node, "flattened", detail);
                out.extend(self.children(node, place.inside(Within::Quote), hoisted));
            }
            NodeValue::BlockQuote => {
                split_cite(node);
                let blocks = self.children(node, place.inside(Within::Quote), hoisted);
                out.push(Block::Quote(Quote { blocks, cite: None }));
            }
            NodeValue::Alert(alert) => {
                let title = alert.title;
                title.iter().for_each(|title| self.check(node, title));
                let style = match alert.alert_type {
                    AlertType::Note => CalloutStyle::Note,
                    AlertType::Tip => CalloutStyle::Tip,
                    AlertType::Important => CalloutStyle::Important,
                    AlertType::Warning => CalloutStyle::Warning,
                    AlertType::Caution => CalloutStyle::Caution,
                };
                let inside = Place {
                    within: Within::Callout,
                    lists: 0,
                    depth: place.depth + 1,
                };
                let mut own_hoisted = Vec::new();
                let blocks = self.children(node, inside, &mut own_hoisted);
                let callout = Block::Callout(Callout {
                    style,
                    title,
                    blocks,
                });
                self.alone(node, place, callout, out, hoisted);
                hoisted.append(&mut own_hoisted);
            }
            NodeValue::CodeBlock(code) => {
                let code = Block::Code(self.code(node, *code));
                if place.within == Within::Quote {
                    self.hoist(node, code, hoisted);
                } else {
                    out.push(code);
                }
            }
            NodeValue::ThematicBreak => {
                if top {
                    out.push(Block::Divider);
                } else {
                    self.warn(
                        node,
                        "flattened",
                        "A divider can't stand here; it was left out.",
                    );
                }
            }
            NodeValue::Table(table) => {
                let mut behind = Vec::new();
                let alignments = table.alignments;
                let table = Block::Table(self.table(node, &alignments, &mut behind));
                self.alone(node, place, table, out, hoisted);
                hoisted.append(&mut behind);
            }
            NodeValue::HtmlBlock(block) => self.html_block(node, &block.literal, out),
            NodeValue::FootnoteDefinition(note) => {
                self.warn(
                    node,
                    "footnote",
                    "Footnotes are kept as text where they stand.",
                );
                let mut blocks = self.children(node, place.inside(place.within), hoisted);
                let label = Span {
                    text: format!("[^{}]: ", note.name),
                    ..Span::default()
                };
                match blocks.first_mut() {
                    Some(Block::Paragraph(first)) => first.spans.insert(0, label),
                    _ => blocks.insert(0, Block::Paragraph(Paragraph { spans: vec![label] })),
                }
                out.append(&mut blocks);
            }
            // Everything else is switched off or only occurs within the above.
            _ => {
                let text = text_of(node);
                self.check(node, &text);
                out.push(plain(text));
            }
        }
    }

    /// The text of a block; pictures in it are hoisted.
    fn text(&mut self, node: Node<'_>, hoisted: &mut Vec<Block>) -> Vec<Span> {
        let inline = self.inline(&node.children().collect::<Vec<_>>());
        hoisted.extend(inline.images.into_iter().map(Block::Image));
        inline.spans
    }

    /// Places a block that stands at the top level only.
    fn alone(
        &mut self,
        node: Node<'_>,
        place: Place,
        block: Block,
        out: &mut Vec<Block>,
        hoisted: &mut Vec<Block>,
    ) {
        if place.within == Within::Top {
            out.push(block);
        } else {
            self.hoist(node, block, hoisted);
        }
    }

    fn hoist(&mut self, node: Node<'_>, block: Block, hoisted: &mut Vec<Block>) {
        let detail = format!(
            "A block of type {} can't stand here; it was moved behind.",
            block.name()
        );
        self.warn(node, "hoisted", detail);
        hoisted.push(block);
    }

    fn level(&mut self, node: Node<'_>, level: u8) -> u8 {
        let kept = level.clamp(2, 4);
        if kept != level {
            let detail = format!(
                "Headings in the text have the levels 2 to 4; this one of level {level} became \
                 level {kept}."
            );
            self.warn(node, "heading-level", detail);
        }
        kept
    }

    fn code(&mut self, node: Node<'_>, code: NodeCodeBlock) -> Code {
        let text = code
            .literal
            .strip_suffix('\n')
            .unwrap_or(&code.literal)
            .to_owned();
        self.check(node, &text);
        let language = code.info.split_whitespace().next().map(str::to_owned);
        if code.info.split_whitespace().count() > 1
            || language
                .as_deref()
                .is_some_and(|word| !normalize::is_language(word))
        {
            let detail = format!(
                "A code block has a language and nothing else; “{}” was not kept whole.",
                text::shorten(&code.info, 80)
            );
            self.warn(node, "code-language", detail);
        }
        Code { language, text }
    }

    fn table(
        &mut self,
        node: Node<'_>,
        alignments: &[TableAlignment],
        hoisted: &mut Vec<Block>,
    ) -> Table {
        let mut table = Table {
            columns: alignments
                .iter()
                .map(|align| Column {
                    align: match align {
                        TableAlignment::None => None,
                        TableAlignment::Left => Some(Align::Left),
                        TableAlignment::Center => Some(Align::Center),
                        TableAlignment::Right => Some(Align::Right),
                    },
                })
                .collect(),
            ..Table::default()
        };
        for row in node.children() {
            let mut cells: Vec<Cell> = row
                .children()
                .map(|cell| Cell {
                    spans: self.text(cell, hoisted),
                })
                .collect();
            cells.extend(self.surplus_cells(row, alignments.len()));
            if matches!(row.data().value, NodeValue::TableRow(true)) {
                table.header = Some(cells);
            } else {
                table.rows.push(cells);
            }
        }
        table
    }

    /// The cells of a row for which the table has no columns, and which the parser leaves
    /// out without a word (GFM, tables).
    fn surplus_cells(&mut self, row: Node<'_>, columns: usize) -> Vec<Cell> {
        let start = row.data().sourcepos.start;
        let line = self.lines.get(start.line.wrapping_sub(1)).copied();
        let source = line.and_then(|line| line.get(start.column.saturating_sub(1)..));
        let written = written_cells(source.unwrap_or_default());
        let surplus: Vec<&String> = written.iter().skip(columns).collect();
        if surplus.iter().all(|text| text.is_empty()) {
            return Vec::new();
        }
        let detail = format!(
            "The row has {} cells and the table {columns} columns; it was given more. Put a \\ before each | that is text.",
            written.len()
        );
        self.warn(row, "table-cells", detail);
        let cell = |text: &String| Cell {
            spans: vec![Span {
                text: text.clone(),
                ..Span::default()
            }],
        };
        surplus.into_iter().map(cell).collect()
    }

    fn html_block(&mut self, node: Node<'_>, literal: &str, out: &mut Vec<Block>) {
        let stripped = html::strip(literal);
        for markup in &stripped.dropped {
            self.warn_dropped(node, markup);
        }
        if !stripped.tags.is_empty() {
            let detail = format!(
                "HTML is not kept, only its text; left out: <{}>.",
                stripped.tags.join(">, <")
            );
            self.warn(node, "raw-html", detail);
        }
        self.check(node, &stripped.text);
        out.extend(stripped.text.split('\n').map(|line| plain(line.to_owned())));
    }
}

/// In a quote, a line that starts with a dash and follows the text without a
/// blank line is a cite too: gives it the paragraph of its own that a cite has.
fn split_cite(quote: Node<'_>) {
    let Some(last) = quote.last_child() else {
        return;
    };
    if !matches!(last.data().value, NodeValue::Paragraph) {
        return;
    }
    let Some(name) = last.last_child() else {
        return;
    };
    let Some(line_break) = name.previous_sibling() else {
        return;
    };
    let is_cite = match &name.data().value {
        NodeValue::Text(text) => text.starts_with("— ") || text.starts_with("-- "),
        _ => false,
    };
    if is_cite && matches!(line_break.data().value, NodeValue::SoftBreak) {
        line_break.detach();
        // The parser's arena is not at hand here, but the break's node is free
        // to be the new paragraph.
        line_break.data_mut().value = NodeValue::Paragraph;
        name.detach();
        line_break.append(name);
        quote.append(line_break);
    }
}

fn plain(text: String) -> Block {
    Block::Paragraph(Paragraph {
        spans: vec![Span {
            text,
            ..Span::default()
        }],
    })
}

/// What stands between the `|` of a table's row, those with a `\` before them left out.
fn written_cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let mut cells = vec![String::new()];
    let mut chars = row.strip_prefix('|').unwrap_or(row).chars().peekable();
    while let Some(c) = chars.next() {
        match (c, cells.last_mut()) {
            ('|', _) => cells.push(String::new()),
            ('\\', Some(cell)) if chars.peek() == Some(&'|') => {
                cell.push('|');
                chars.next();
            }
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    // A row may end with a `|` or without.
    if cells.last().is_some_and(|last| last.trim().is_empty()) {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}
