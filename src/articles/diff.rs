//! What differs between two bodies: which blocks came, went, moved or changed,
//! and in a changed text which words.
//!
//! Blocks that are equal on both sides are found first, in their order; of the
//! rest, equal ones have moved, and those of one type that share enough of their
//! words have changed. Looking for the smallest difference ends at a deadline:
//! what comes out after that is as right, only longer.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use utoipa::ToSchema;

use crate::content::{self, Block, Body};

/// How long the smallest difference is looked for.
const PATIENCE: Duration = Duration::from_millis(300);
/// The share of words that a changed block has kept at least.
const LIKE: f64 = 0.4;
/// Pairs of blocks that are compared word by word at most.
const PAIRS: usize = 20_000;

crate::text_enum! {
    /// What became of some words. This list may grow.
    pub enum Fate {
        /// They are on both sides.
        Same = "same",
        /// Only on the newer side.
        Added = "added",
        /// Only on the older side.
        Removed = "removed",
    }
}

crate::text_enum! {
    /// What became of a block. This list may grow.
    pub enum BlockFate {
        /// It is new.
        Added = "added",
        /// It is gone.
        Removed = "removed",
        /// It stands elsewhere; if there are spans, it has changed too.
        Moved = "moved",
        /// It says something else, or looks different.
        Changed = "changed",
    }
}

/// A stretch of text that came, went or stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiffSpan {
    /// What became of it.
    pub change: Fate,
    /// The text.
    #[schema(example = "kostenlosen")]
    pub text: String,
}

/// A block that isn't the same on both sides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BlockChange {
    /// What became of it.
    pub change: BlockFate,
    /// Its place on the older side, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2)]
    pub from_index: Option<usize>,
    /// Its place on the newer side, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    pub to_index: Option<usize>,
    /// The block as it was, if it is gone or has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<content::BlockInput>)]
    pub from: Option<Block>,
    /// The block as it is, unless it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<content::BlockInput>)]
    pub to: Option<Block>,
    /// Its text in both versions, word by word; empty if only marks, links or
    /// other members differ.
    pub spans: Vec<DiffSpan>,
}

/// When looking for small differences that begins now ends.
pub fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// The words of two texts.
pub fn words(from: &str, to: &str, deadline: Instant) -> Vec<DiffSpan> {
    let (old, new) = (tokens(from), tokens(to));
    let mut spans: Vec<DiffSpan> = Vec::new();
    let mut push = |change, tokens: &[&str]| match spans.last_mut() {
        _ if tokens.is_empty() => {}
        Some(last) if last.change == change => last.text.push_str(&tokens.concat()),
        _ => spans.push(DiffSpan {
            change,
            text: tokens.concat(),
        }),
    };
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline)) {
        match op {
            DiffOp::Equal { .. } => push(Fate::Same, &new[op.new_range()]),
            _ => {
                push(Fate::Removed, &old[op.old_range()]);
                push(Fate::Added, &new[op.new_range()]);
            }
        }
    }
    spans
}

/// The blocks of two bodies that aren't the same, in reading order, and how many
/// are.
pub fn blocks(from: &Body, to: &Body, deadline: Instant) -> (Vec<BlockChange>, usize) {
    let mut sides = Sides {
        old: &from.blocks,
        new: &to.blocks,
        pair_of: vec![None; from.blocks.len()],
        taken: vec![false; to.blocks.len()],
        changes: Vec::new(),
        deadline,
    };
    // Comparing numbers is quicker than comparing blocks again and again.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut numbered = |blocks: &[Block]| -> Vec<usize> {
        let number = |block: &Block| {
            let next = numbers.len();
            *numbers.entry(written(block)).or_insert(next)
        };
        blocks.iter().map(number).collect()
    };
    let (old, new) = (numbered(&from.blocks), numbered(&to.blocks));
    let mut gaps = Vec::new();
    let mut same = 0;
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline)) {
        match op {
            DiffOp::Equal { len, .. } => {
                same += len;
                for (i, j) in op.old_range().zip(op.new_range()) {
                    sides.pair_of[i] = Some(j);
                    sides.taken[j] = true;
                }
            }
            _ => gaps.push((op.old_range(), op.new_range())),
        }
    }
    sides.moved(&old, &new);
    for (i, j) in &gaps {
        sides.changed_in(i.clone(), j.clone());
    }
    sides.moved_and_changed();
    sides.left_over(&gaps);
    sides.changes.sort_by_key(|(place, _)| *place);
    (
        sides
            .changes
            .into_iter()
            .map(|(_, change)| change)
            .collect(),
        same,
    )
}

/// Where a change stands in reading order: by the newer side, what is gone
/// before what took its place.
type Place = (usize, bool, usize);

struct Sides<'a> {
    old: &'a [Block],
    new: &'a [Block],
    pair_of: Vec<Option<usize>>,
    taken: Vec<bool>,
    changes: Vec<(Place, BlockChange)>,
    deadline: Instant,
}

impl Sides<'_> {
    /// Pairs blocks that are equal but stand elsewhere.
    fn moved(&mut self, old: &[usize], new: &[usize]) {
        let mut places: HashMap<usize, Vec<usize>> = HashMap::new();
        for (j, number) in new
            .iter()
            .enumerate()
            .rev()
            .filter(|(j, _)| !self.taken[*j])
        {
            places.entry(*number).or_default().push(j);
        }
        for (i, number) in old.iter().enumerate() {
            if self.pair_of[i].is_none()
                && let Some(j) = places.get_mut(number).and_then(Vec::pop)
            {
                self.pair(i, j, BlockFate::Moved);
            }
        }
    }

    /// Pairs blocks between the same neighbours that are alike, in their order.
    fn changed_in(&mut self, old: Range<usize>, new: Range<usize>) {
        let mut next = new.start;
        let every = old.len().saturating_mul(new.len()) <= PAIRS;
        for i in old {
            if self.pair_of[i].is_some() {
                continue;
            }
            let until = if every {
                new.end
            } else {
                new.end.min(next + 20)
            };
            let alike = (next..until)
                .filter(|j| !self.taken[*j])
                .map(|j| (j, likeness(&self.old[i], &self.new[j])))
                .filter(|(_, likeness)| *likeness >= LIKE)
                // Of those that are equally alike, the first.
                .reduce(|best, other| if other.1 > best.1 { other } else { best });
            if let Some((j, _)) = alike {
                self.pair(i, j, BlockFate::Changed);
                next = j + 1;
            }
        }
    }

    /// Pairs what is alike but stands elsewhere.
    fn moved_and_changed(&mut self) {
        let old: Vec<usize> = (0..self.old.len())
            .filter(|i| self.pair_of[*i].is_none())
            .collect();
        let new: Vec<usize> = (0..self.new.len()).filter(|j| !self.taken[*j]).collect();
        if old.len().saturating_mul(new.len()) > PAIRS {
            return;
        }
        for i in old {
            let alike = new
                .iter()
                .filter(|j| !self.taken[**j])
                .map(|j| (*j, likeness(&self.old[i], &self.new[*j])))
                .filter(|(_, likeness)| *likeness >= 0.7)
                .reduce(|best, other| if other.1 > best.1 { other } else { best });
            if let Some((j, _)) = alike {
                self.pair(i, j, BlockFate::Moved);
            }
        }
    }

    fn pair(&mut self, i: usize, j: usize, change: BlockFate) {
        self.pair_of[i] = Some(j);
        self.taken[j] = true;
        let (old, new) = (&self.old[i], &self.new[j]);
        let differs = old != new;
        let (from, to) = (text(old), text(new));
        let spans = match from == to {
            true => Vec::new(),
            false => words(&from, &to, self.deadline),
        };
        let change = BlockChange {
            change,
            from_index: Some(i),
            to_index: Some(j),
            from: differs.then(|| old.clone()),
            to: Some(new.clone()),
            spans,
        };
        self.changes.push(((j, true, 0), change));
    }

    /// What has no partner came or went.
    fn left_over(&mut self, gaps: &[(Range<usize>, Range<usize>)]) {
        for (old, new) in gaps {
            let mut at = new.start;
            for i in old.clone() {
                match self.pair_of[i] {
                    Some(j) if new.contains(&j) => at = j + 1,
                    Some(_) => {}
                    None => {
                        let change = BlockChange {
                            change: BlockFate::Removed,
                            from_index: Some(i),
                            to_index: None,
                            from: Some(self.old[i].clone()),
                            to: None,
                            spans: Vec::new(),
                        };
                        self.changes.push(((at, false, i), change));
                    }
                }
            }
        }
        for j in (0..self.new.len()).filter(|j| !self.taken[*j]) {
            let change = BlockChange {
                change: BlockFate::Added,
                from_index: None,
                to_index: Some(j),
                from: None,
                to: Some(self.new[j].clone()),
                spans: Vec::new(),
            };
            self.changes.push(((j, true, 0), change));
        }
    }
}

/// A block's reading text.
pub fn text(block: &Block) -> String {
    content::to_text(&Body {
        blocks: vec![block.clone()],
    })
}

fn written(block: &Block) -> String {
    serde_json::to_string(block).unwrap_or_default()
}

/// The share of words that two blocks of one type have in common; of what has no
/// text, of everything it says.
fn likeness(old: &Block, new: &Block) -> f64 {
    if std::mem::discriminant(old) != std::mem::discriminant(new) {
        return 0.0;
    }
    let (mut from, mut to) = (text(old), text(new));
    if from == to {
        return 1.0;
    }
    if from.is_empty() || to.is_empty() {
        (from, to) = (written(old), written(new));
    }
    let is_word = |token: &&str| token.chars().any(char::is_alphanumeric);
    let mut counts: HashMap<&str, isize> = HashMap::new();
    let (mut all, mut shared) = (0_i32, 0_i32);
    for token in tokens(&from).into_iter().filter(is_word) {
        *counts.entry(token).or_default() += 1;
        all += 1;
    }
    for token in tokens(&to).into_iter().filter(is_word) {
        all += 1;
        if let Some(count) = counts.get_mut(token).filter(|count| **count > 0) {
            *count -= 1;
            shared += 2;
        }
    }
    f64::from(shared) / f64::from(all.max(1))
}

/// Words, runs of blanks, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() => 1,
        c if c.is_whitespace() => 2,
        // Marks belong to the letter before them.
        c if ('\u{300}'..='\u{36f}').contains(&c) => 1,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, c) in text.char_indices() {
        let kind = kind(c);
        if at > start && (last != Some(kind) || kind == 0) {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(kind);
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(markdown: &str) -> Body {
        content::from_markdown(markdown, &|_| None).unwrap().body
    }

    fn told(from: &str, to: &str) -> Vec<String> {
        let (changes, _) = blocks(&body(from), &body(to), deadline());
        let place = |place: Option<usize>| place.map_or("-".to_owned(), |place| place.to_string());
        changes
            .iter()
            .map(|change| {
                format!(
                    "{} {} {}",
                    change.change,
                    place(change.from_index),
                    place(change.to_index)
                )
            })
            .collect()
    }

    #[test]
    fn words_are_told_apart() {
        let spans = words(
            "Der Rat stimmte gestern zu.",
            "Der Rat stimmte heute zu!",
            deadline(),
        );
        let shown: Vec<(Fate, &str)> = spans
            .iter()
            .map(|span| (span.change, span.text.as_str()))
            .collect();
        use Fate::*;
        assert_eq!(
            shown,
            [
                (Same, "Der Rat stimmte "),
                (Removed, "gestern"),
                (Added, "heute"),
                (Same, " zu"),
                (Removed, "."),
                (Added, "!")
            ]
        );
    }

    #[test]
    fn blocks_come_go_move_and_change() {
        let old = "Erster Absatz mit Text.\n\nZweiter, der bleibt.\n\nDritter, der geht ganz weg.\n\n## Titel";
        assert_eq!(told(old, old), Vec::<String>::new());
        assert_eq!(
            told(
                old,
                "Erster Absatz mit anderem Text.\n\nZweiter, der bleibt.\n\n## Titel\n\nNeu!"
            ),
            ["changed 0 0", "removed 2 -", "added - 3"]
        );
        assert_eq!(told("a\n\nb\n\nc\n\nd", "d\n\na\n\nb\n\nc"), ["moved 3 0"]);
        assert_eq!(
            told(
                "a\n\nb\n\nc\n\nEin langer Satz, der wandert und sich ändert.",
                "Ein langer Satz, der wandert und sich wandelt.\n\na\n\nb\n\nc"
            ),
            ["moved 3 0"]
        );
        // Another type is another block.
        assert_eq!(told("Titel", "## Titel"), ["removed 0 -", "added - 0"]);
        assert_eq!(told("", "a"), ["added - 0"]);
        assert_eq!(told("a", ""), ["removed 0 -"]);
    }

    #[test]
    fn the_largest_bodies_are_compared_in_time() {
        let text = |turn: usize| {
            let paragraph =
                |n: usize| format!("Absatz {} mit {} Wörtern {}.", n * turn, n + turn, turn);
            (0..1_900).map(paragraph).collect::<Vec<_>>().join("\n\n")
        };
        let began = Instant::now();
        let (changes, same) = blocks(&body(&text(1)), &body(&text(2)), deadline());
        assert!(changes.len() + same >= 1_900);
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
