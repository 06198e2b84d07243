//! Front matter: YAML between two lines of dashes at the start of a document.

use crate::error::FieldError;
use serde_json::{Map, Value};

/// Bytes of front matter; what a newsroom writes has a few hundred.
const MAX_BYTES: usize = 64 * 1024;

/// What [`split`] finds: the front matter, the text behind it, and how many
/// lines stand before that text.
type Split<'s> = (Option<Map<String, Value>>, &'s str, u32);

/// Cuts the front matter off a document with `\n` line ends.
///
/// A first line of dashes that no second one follows is a divider, not front
/// matter. Dates stay strings, as JSON has none.
///
/// # Errors
///
/// `front-matter` if it is not YAML, not a mapping, names a key twice or is
/// unreasonably large or repetitive. The detail names the line.
pub(super) fn split(source: &str) -> Result<Split<'_>, Vec<FieldError>> {
    let Some((yaml, rest)) = cut(source) else {
        return Ok((None, source, 0));
    };
    let line_count = source[..source.len() - rest.len()].matches('\n').count();
    let line_count = u32::try_from(line_count).unwrap_or(u32::MAX);
    let map = parse(yaml).map_err(|detail| {
        vec![FieldError {
            pointer: "#".to_owned(),
            code: "front-matter",
            detail,
        }]
    })?;
    Ok((Some(map), rest, line_count))
}

fn cut(source: &str) -> Option<(&str, &str)> {
    let (first, rest) = source.split_once('\n')?;
    if first.trim_end() != "---" {
        return None;
    }
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

fn parse(yaml: &str) -> Result<Map<String, Value>, String> {
    if yaml.len() > MAX_BYTES {
        return Err(format!(
            "The front matter has {} bytes; the cap is {MAX_BYTES}.",
            yaml.len()
        ));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000,
            max_nodes: 10_000,
            max_depth: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    let mut options = options;
    options.alias_limits.max_total_replayed_events = 10_000;
    options.alias_limits.max_alias_expansions_per_anchor = 100;
    options.alias_limits.max_replay_stack_depth = 16;
    let value: Value = match serde_saphyr::from_str_with_options(yaml, options) {
        Ok(value) => value,
        Err(error) => {
            // The line of dashes before it is line 1.
            let line = error.location().map_or(1, |location| location.line() + 1);
            let message = error.without_snippet().to_string();
            let message = message.lines().next().unwrap_or_default().to_owned();
            return Err(format!(
                "The front matter can't be read as YAML, near line {line}: {message}. Values with \
                 a colon or quotes need double quotes around them."
            ));
        }
    };
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(
            "The front matter must be a mapping of names to values, such as `headline: …`, \
                  between the two lines `---`."
                .to_owned(),
        ),
    }
}
