//! `[[slug]]`, `[[slug|headline]]`, `[[slug|headline|relation]]`, or the same
//! with an address: a related link alone on its line, in Markdown and in HTML.

use super::blocks::Relation;
use super::from_markdown::decode_entity;
use super::text;

/// What such a line says.
#[derive(Debug, PartialEq)]
pub(super) struct RelatedLine {
    /// A slug, an id or an address.
    pub target: String,
    pub headline: Option<String>,
    pub relation: Relation,
    /// Whether it names a relation that doesn't exist, which then belongs to
    /// the headline.
    pub unknown_relation: bool,
}

impl RelatedLine {
    /// Reads a line that is this and nothing else.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = parts(line)?;
        let mut relation = Relation::default();
        let mut unknown_relation = false;
        if parts.len() > 2 {
            let named = parts
                .last()
                .and_then(|name| Relation::from_name(name.trim()));
            unknown_relation = named.is_none();
            if let Some(named) = named {
                relation = named;
                parts.pop();
            }
        }
        Some(RelatedLine {
            target: parts[0].trim().to_owned(),
            headline: text::one_line(&parts[1..].join("|")),
            relation,
            unknown_relation,
        })
    }

    /// What to say about an unknown relation.
    pub fn unknown_relation_detail() -> String {
        format!(
            "A related link has the form [[slug|headline|relation]]; the relations are {}. What \
             stands behind the first | was taken for the headline.",
            Relation::NAMES.join(", ")
        )
    }
}

/// The parts between the pipes of a line that is `[[…]]` and nothing else,
/// with escapes and entities read. `None` if it is anything else.
fn parts(line: &str) -> Option<Vec<String>> {
    let inside = line.strip_prefix("[[")?;
    let mut parts = vec![String::new()];
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let last = parts.last_mut()?;
        match c {
            ']' => return (after == "]").then_some(parts),
            '[' => return None,
            '|' => parts.push(String::new()),
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {
                last.push_str(&after[..1]);
                rest = &after[1..];
                continue;
            }
            '&' => {
                if let Some((decoded, length)) = decode_entity(rest) {
                    last.push(decoded);
                    rest = &rest[length..];
                    continue;
                }
                last.push('&');
            }
            c => last.push(c),
        }
        rest = after;
    }
    None
}
