//! Lists as Word writes them: paragraphs that say which list they belong to and
//! how deep, each with its bullet or number as text.

use super::dom::{Data, Id};
use super::{Reader, style};
use crate::content::blocks::{Block, List, ListItem};
use crate::content::limits;
use std::collections::HashSet;

/// One such paragraph.
#[derive(Default)]
pub(super) struct Item {
    /// From 1.
    pub level: usize,
    /// The number it starts with, if it has one.
    pub number: Option<u32>,
    pub blocks: Vec<Block>,
    /// Where its bullet or number stands.
    pub skipped: HashSet<Id>,
}

/// What a paragraph says of its list, if it is in one.
pub(super) fn item(reader: &Reader<'_>, id: Id) -> Option<Item> {
    let dom = reader.dom;
    let list = style::property(dom.attribute(id, "style")?, "mso-list")?;
    let level = list
        .split_ascii_whitespace()
        .find_map(|word| word.strip_prefix("level")?.parse::<usize>().ok())?;
    let mut item = Item {
        level: level.clamp(1, limits::LIST_DEPTH),
        ..Item::default()
    };
    let mut marker = String::new();
    // Between `[if !supportLists]` and `[endif]`.
    let mut in_marker = false;
    for node in dom.below(id) {
        match dom.data(node) {
            Data::Comment(comment) if comment.contains("!supportLists") => in_marker = true,
            Data::Comment(comment) if comment.contains("[endif]") => in_marker = false,
            Data::Text(text) if in_marker => {
                marker.push_str(text);
                item.skipped.insert(node);
            }
            Data::Element(_) => {
                let style = dom.attribute(node, "style").unwrap_or_default();
                let is_marker = style::property(style, "mso-list")
                    .is_some_and(|value| value.eq_ignore_ascii_case("ignore"));
                if is_marker && !in_marker {
                    marker.push_str(&reader.text_of(node));
                    item.skipped.insert(node);
                }
            }
            _ => {}
        }
    }
    item.number = number(&marker);
    Some(item)
}

/// The number in `3.` or `c)`.
fn number(marker: &str) -> Option<u32> {
    let word = marker.split_whitespace().next()?;
    let word = word.trim_start_matches('(');
    let word = word.strip_suffix(['.', ')'])?;
    let last = word.rsplit('.').next()?;
    if let Ok(number) = last.parse() {
        return Some(number);
    }
    let letter = last.bytes().next().filter(u8::is_ascii_alphabetic)?;
    match last.len() {
        1 => Some(u32::from(letter.to_ascii_lowercase() - b'a') + 1),
        // Roman numbers and the like: ordered, wherever they start.
        _ => last.bytes().all(|b| b.is_ascii_alphabetic()).then_some(1),
    }
}

/// The lists that these paragraphs make.
pub(super) fn lists(items: Vec<Item>) -> Vec<Block> {
    let mut lists: Vec<List> = Vec::new();
    // The lists that are open, the outermost first.
    let mut open: Vec<List> = Vec::new();
    fn close(open: &mut Vec<List>, lists: &mut Vec<List>) {
        let Some(list) = open.pop() else { return };
        match open.last_mut().and_then(|outer| outer.items.last_mut()) {
            Some(item) => item.blocks.push(Block::List(list)),
            None => lists.push(list),
        }
    }
    for item in items {
        let ordered = item.number.is_some();
        while open.len() > item.level {
            close(&mut open, &mut lists);
        }
        if open.len() == item.level && open.last().is_some_and(|list| list.ordered != ordered) {
            close(&mut open, &mut lists);
        }
        // A level can't be jumped over: an item hangs on the one above it.
        if open.len() < item.level
            && (open.is_empty() || open.last().is_some_and(|l| !l.items.is_empty()))
        {
            open.push(List {
                ordered,
                start: item.number,
                items: Vec::new(),
            });
        }
        if let Some(list) = open.last_mut() {
            list.items.push(ListItem {
                blocks: item.blocks,
            });
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut lists);
    }
    lists.into_iter().map(Block::List).collect()
}
