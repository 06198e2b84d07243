//! Warnings with their places, those of one kind taken together.

use super::POINTER;
use crate::content::text;
use crate::content::warning::Warning;
use crate::error::FieldError;
use std::collections::BTreeMap;

/// More warnings than this help nobody; the last then says how many followed.
const MAX_WARNINGS: usize = 100;

/// What is left out so often that it is counted instead of listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A tag that says nothing here; its text was kept.
    Unknown,
    /// An element that was left out with what is in it.
    Dropped,
    /// An element of SVG or MathML; its text was kept.
    Foreign,
    /// An attribute such as `onclick`.
    Handler,
    /// An attribute that holds a document.
    Attribute,
    /// A `style` attribute.
    Style,
    /// A `title` attribute.
    Title,
    /// A comment.
    Comment,
    /// A link within the page.
    Anchor,
}

struct Count {
    first: usize,
    count: usize,
    /// What the first of them holds.
    sample: String,
}

/// Everything there is to say about an upload.
pub(super) struct Report<'s> {
    source: &'s str,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
    warnings: Vec<(usize, &'static str, String)>,
    more: usize,
    counts: BTreeMap<(Kind, String), Count>,
    /// What keeps the document from being read.
    pub errors: Vec<FieldError>,
}

impl<'s> Report<'s> {
    pub fn new(source: &'s str) -> Self {
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        Report {
            source,
            lines: std::iter::once(0).chain(starts).collect(),
            warnings: Vec::new(),
            more: 0,
            counts: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// The line and the character in it, both from 1, at a place in bytes.
    pub fn place(&self, at: usize) -> (u32, u32) {
        let at = at.min(self.source.len());
        let line = self.lines.partition_point(|&start| start <= at);
        let start = self.lines.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let column = self.source.get(start..at).map_or(0, |s| s.chars().count());
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line), number(column + 1))
    }

    pub fn warn(&mut self, at: usize, code: &'static str, detail: impl Into<String>) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push((at, code, detail.into()));
        } else {
            self.more += 1;
        }
    }

    /// Refuses the document for a character that no text may hold.
    pub fn refuse(&mut self, at: usize, c: char) {
        if self.errors.len() < 10 {
            let detail = format!(
                "Line {} holds the invisible character {}. Remove it.",
                self.place(at).0,
                text::code_point(c)
            );
            self.errors.push(FieldError {
                pointer: POINTER.to_owned(),
                code: "forbidden-character",
                detail,
            });
        }
    }

    /// Counts what was left out.
    pub fn count(&mut self, at: usize, kind: Kind, name: &str) {
        self.count_with(at, kind, name, "");
    }

    /// Counts what was left out, and keeps what the first of them holds.
    pub fn count_with(&mut self, at: usize, kind: Kind, name: &str, sample: &str) {
        // One count for all titles; the first of them is the sample.
        let (key, sample) = match kind {
            Kind::Title | Kind::Comment => ("", if sample.is_empty() { name } else { sample }),
            _ => (name, sample),
        };
        // Made-up names would be as many as the upload has bytes.
        let key = text::shorten(key, 40);
        let full = self.counts.len() >= MAX_WARNINGS;
        if full && !self.counts.contains_key(&(kind, key.clone())) {
            self.more += 1;
            return;
        }
        let count = self.counts.entry((kind, key)).or_insert_with(|| Count {
            first: at,
            count: 0,
            sample: text::one_line(&text::shorten(sample.trim(), 80)).unwrap_or_default(),
        });
        count.count += 1;
        count.first = count.first.min(at);
    }

    /// All warnings, in the order of their places.
    pub fn finish(mut self) -> Vec<Warning> {
        for ((kind, name), count) in std::mem::take(&mut self.counts) {
            let (code, detail) = describe(kind, &name, &count);
            self.warnings.push((count.first, code, detail));
        }
        self.warnings.sort_by_key(|(at, ..)| *at);
        let mut more = self.more;
        more += self.warnings.len().saturating_sub(MAX_WARNINGS);
        self.warnings.truncate(MAX_WARNINGS);
        let mut warnings: Vec<Warning> = self
            .warnings
            .iter()
            .map(|(at, code, detail)| {
                let (line, column) = self.place(*at);
                Warning::new(code, detail.as_str()).at_line(line, column)
            })
            .collect();
        if more > 0 {
            let detail = format!("{more} more warnings were left out.");
            warnings.push(Warning::new("more-warnings", detail));
        }
        warnings
    }
}

fn describe(kind: Kind, name: &str, count: &Count) -> (&'static str, String) {
    let times = match count.count {
        1 => String::new(),
        count => format!(", {count} times"),
    };
    let sample = match count.sample.as_str() {
        "" => String::new(),
        sample => format!(" The first: “{sample}”."),
    };
    match kind {
        Kind::Unknown => (
            "unknown-element",
            format!("The tag <{name}> was left out{times}; its text was kept."),
        ),
        Kind::Dropped => (
            "dropped",
            format!("<{name}> was left out with all that is in it{times}.{sample}"),
        ),
        Kind::Foreign => (
            "foreign-markup",
            format!("<{name}> was left out{times}; its text was kept.{sample}"),
        ),
        Kind::Handler => (
            "event-handler",
            format!("The event handler {name} was left out{times}."),
        ),
        Kind::Attribute => (
            "attribute",
            format!("The attribute {name} was left out{times}."),
        ),
        Kind::Style => (
            "style",
            format!("Attributes style were left out{times}; bold, italic and the like were kept."),
        ),
        Kind::Title => (
            "title",
            format!("Texts that show when pointed at were left out{times}.{sample}"),
        ),
        Kind::Comment => ("comment", format!("Comments were left out{times}.{sample}")),
        Kind::Anchor => (
            "anchor",
            format!("Links within the page were left out{times}; their text was kept.{sample}"),
        ),
    }
}
