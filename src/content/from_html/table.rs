//! Tables.

use super::containers::flatten;
use super::dom::Id;
use super::elements::is_block;
use super::error;
use super::flow::{Flow, Within, plain};
use super::style;
use crate::content::blocks::{Align, Block, Cell, Column, Table};
use crate::content::limits;
use std::collections::HashSet;

/// A cell of the table as it is written.
struct Source {
    id: Id,
    is_header: bool,
    columns: usize,
    rows: usize,
}

impl Flow<'_, '_> {
    pub fn table(&mut self, id: Id) {
        let dom = self.reader.dom;
        if let Some(cell) = self.layout_cell(id) {
            let place = self.place.inside(self.place.within);
            let blocks = self.within(cell, place, HashSet::new());
            self.out.extend(blocks);
            return;
        }
        let mut head = Vec::new();
        let mut rows = Vec::new();
        let mut foot = Vec::new();
        for part in dom.children(id) {
            let into = match dom.name(part) {
                "thead" => &mut head,
                "tfoot" => &mut foot,
                "tbody" => &mut rows,
                "tr" => {
                    rows.push(part);
                    continue;
                }
                "caption" => {
                    self.caption_of_table(part);
                    continue;
                }
                _ => continue,
            };
            into.extend(dom.children(part).filter(|&row| dom.name(row) == "tr"));
        }
        let has_head = !head.is_empty();
        rows.append(&mut foot);
        head.append(&mut rows);
        let mut behind = Vec::new();
        std::mem::swap(&mut behind, &mut self.hoisted);
        let table = self.rows(id, head, has_head);
        std::mem::swap(&mut behind, &mut self.hoisted);
        if let Some(table) = table {
            self.place_block(id, Block::Table(table));
        }
        self.hoisted.append(&mut behind);
    }

    /// The one cell of a table that only lays out what is in it.
    fn layout_cell(&self, id: Id) -> Option<Id> {
        let dom = self.reader.dom;
        let mut cells = dom
            .below(id)
            .filter(|&cell| matches!(dom.name(cell), "td" | "th"));
        let cell = cells.next()?;
        let is_alone = cells.next().is_none();
        let has_blocks = dom
            .below(cell)
            .any(|node| is_block(dom.name(node)) || dom.name(node) == "img");
        (is_alone && has_blocks).then_some(cell)
    }

    fn caption_of_table(&mut self, id: Id) {
        if let Some(line) = self.reader.text_line(id) {
            let detail = "A table has no caption; it became a paragraph before it.";
            self.reader.warn(id, "flattened", detail);
            self.out.push(plain(&line));
        }
    }

    fn rows(&mut self, table_id: Id, rows: Vec<Id>, has_head: bool) -> Option<Table> {
        let mut table = Table::default();
        // Cells of former rows that reach down into this one.
        let mut spanned: Vec<usize> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let sources = self.sources(*row);
            let is_header = index == 0
                && (has_head || !sources.is_empty() && sources.iter().all(|cell| cell.is_header));
            let mut cells: Vec<Cell> = Vec::new();
            let skip = |cells: &mut Vec<Cell>, spanned: &mut Vec<usize>| {
                while let Some(left) = spanned.get_mut(cells.len()).filter(|left| **left > 0) {
                    *left -= 1;
                    cells.push(Cell::default());
                }
            };
            for source in sources {
                skip(&mut cells, &mut spanned);
                let column = cells.len();
                let align = self.align(source.id);
                if table.columns.len() <= column {
                    table.columns.resize_with(column + 1, Column::default);
                }
                let known = &mut table.columns[column].align;
                *known = known.or(align);
                cells.push(self.cell(source.id));
                for _ in 1..source.columns {
                    cells.push(Cell::default());
                }
                if source.rows > 1 {
                    if spanned.len() < cells.len() {
                        spanned.resize(cells.len(), 0);
                    }
                    spanned[column..cells.len()].fill(source.rows - 1);
                }
                // What is too large is refused, so it needn't be read whole.
                if cells.len() > limits::COLUMNS || self.reader.cells > limits::ITEMS {
                    return self.too_large(table_id);
                }
            }
            skip(&mut cells, &mut spanned);
            self.reader.cells += cells.len();
            if is_header {
                table.header = Some(cells);
            } else {
                table.rows.push(cells);
            }
        }
        // Short rows are filled up to the longest.
        let width = table.header.iter().chain(&table.rows).map(Vec::len).max()?;
        if width * (table.rows.len() + 1) > limits::ITEMS * 2 {
            return self.too_large(table_id);
        }
        Some(table)
    }

    fn too_large(&mut self, id: Id) -> Option<Table> {
        let (line, _) = self.reader.report.place(self.reader.dom.at(id));
        let detail = format!(
            "The table on line {line} is too large; the caps are {} columns in a table and {} \
             list items and table cells in the body.",
            limits::COLUMNS,
            limits::ITEMS
        );
        if self.reader.report.errors.len() < 10 {
            self.reader
                .report
                .errors
                .push(error("too-many-items", detail));
        }
        None
    }

    fn sources(&mut self, row: Id) -> Vec<Source> {
        let dom = self.reader.dom;
        let cells: Vec<Id> = dom
            .children(row)
            .filter(|&cell| matches!(dom.name(cell), "td" | "th"))
            .collect();
        let mut sources = Vec::new();
        for id in cells {
            let span = |name: &str, max: usize| {
                let value = dom.attribute(id, name)?.trim().parse::<usize>().ok()?;
                (value > 1).then_some(value.min(max))
            };
            let columns = span("colspan", limits::COLUMNS + 1);
            let rows = span("rowspan", limits::ITEMS);
            for (name, span) in [("colspan", columns), ("rowspan", rows)] {
                if span.is_some() {
                    let detail = format!(
                        "A cell can't take several places ({name}); empty cells follow it."
                    );
                    self.reader.warn(id, name_of(name), detail);
                }
            }
            sources.push(Source {
                id,
                is_header: dom.name(id) == "th",
                columns: columns.unwrap_or(1),
                rows: rows.unwrap_or(1),
            });
        }
        sources
    }

    fn cell(&mut self, id: Id) -> Cell {
        let place = self.place.inside(Within::Cell);
        let blocks = self.within(id, place, HashSet::new());
        let mut spans = Vec::new();
        if flatten(blocks, &mut spans) {
            let detail = "A cell holds text only; its blocks became lines.";
            self.reader.warn(id, "flattened", detail);
        }
        Cell { spans }
    }

    fn align(&self, id: Id) -> Option<Align> {
        let dom = self.reader.dom;
        let style = dom.attribute(id, "style").unwrap_or_default();
        let said = style::property(style, "text-align").or(dom.attribute(id, "align"));
        if let Some(align) = said.and_then(|said| Align::from_name(&said.to_ascii_lowercase())) {
            return Some(align);
        }
        dom.attribute(id, "class")?
            .split_ascii_whitespace()
            .find_map(|class| {
                let class = class.strip_prefix("has-text-").unwrap_or(class);
                Align::from_name(
                    class
                        .strip_prefix("align-")
                        .or(class.strip_prefix("text-"))?,
                )
            })
    }
}

fn name_of(span: &str) -> &'static str {
    if span == "colspan" {
        "colspan"
    } else {
        "rowspan"
    }
}
