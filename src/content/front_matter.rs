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
    let refuse = |detail: String| {
        vec![FieldError {
            pointer: "#".to_owned(),
            code: "front-matter",
            detail,
        }]
    };
    let Some((yaml, rest)) = cut(source) else {
        return match source.split_once('\n') {
            Some(("---", rest)) if begins_with_name(rest) => Err(refuse(
                "The front matter that begins on line 1 has no end: put a line `---` below it. (Is \
                 it a divider? Then leave the line below it empty.)"
                    .to_owned(),
            )),
            _ => Ok((None, source, 0)),
        };
    };
    let line_count = source[..source.len() - rest.len()].matches('\n').count();
    let line_count = u32::try_from(line_count).unwrap_or(u32::MAX);
    let map = parse(yaml).map_err(refuse)?;
    Ok((Some(map), rest, line_count))
}

/// Whether a text begins with a line such as `headline: …`.
fn begins_with_name(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let Some((name, value)) = line.split_once(':') else {
        return false;
    };
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        && (value.is_empty() || value.starts_with(' '))
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
            let said = error.without_snippet().to_string();
            let number = error.location().map_or(0, |location| location.line()) as usize;
            let line = yaml
                .lines()
                .nth(number.saturating_sub(1))
                .unwrap_or_default();
            return Err(format!(
                // The line of dashes before it is line 1.
                "The front matter can't be read as YAML, near line {} (`{}`): {}.",
                number + 1,
                line.trim_end().chars().take(80).collect::<String>(),
                advice(&said, line)
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

/// What to do about a line that YAML can't be read from. What the reader says
/// comes last, for what isn't known here.
fn advice(said: &str, line: &str) -> String {
    let said = said.lines().next().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["tabs disallowed"]) {
        return "indent with spaces, not with tabs".to_owned();
    }
    if let Some(rest) = said.split("duplicate mapping key: ").nth(1) {
        let name = rest.split([',', ' ']).next().unwrap_or_default();
        return format!("`{name}` stands there for the second time; keep one");
    }
    if says(&["unclosed bracket"]) {
        return "a bracket is opened and never closed".to_owned();
    }
    if says(&["unclosed quote"]) {
        return "a quotation mark is opened and never closed".to_owned();
    }
    if says(&["depth", "budget", "alias", "anchor"]) && !line.contains(": *") {
        return "it is nested too deeply or repeats itself too often; write it out".to_owned();
    }
    let values = [
        "mapping values are not allowed",
        "unexpected character",
        "unknown anchor",
        "trailing content",
    ];
    if says(&values) {
        if line.starts_with(' ') {
            return "an indented line continues the value above it; begin a new name at the \
                    start of the line"
                .to_owned();
        }
        if let Some((name, value)) = line.split_once(": ") {
            let value = value.trim();
            let inner = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .unwrap_or(value)
                .replace('"', "\\\"");
            let inner: String = inner.chars().take(80).collect();
            return format!("put the value into double quotes: `{name}: \"{inner}\"`");
        }
    }
    let said = said.split(" at line ").next().unwrap_or_default();
    if said.contains("recursion limit") {
        return "it is nested too deep; write it flatter".to_owned();
    }
    format!("{said}; a value with a colon or quotes in it needs double quotes around it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_the_line_and_what_to_do() {
        for (yaml, advice) in [
            (
                "headline: Rat: Ja",
                "line 2 (`headline: Rat: Ja`): put the value into double quotes: `headline: \"Rat: Ja\"`",
            ),
            (
                "kicker: A\nheadline: @rat sagt Ja",
                "line 3 (`headline: @rat sagt Ja`): put the value into double quotes: `headline: \"@rat sagt Ja\"`",
            ),
            (
                "headline: *Rat*",
                "put the value into double quotes: `headline: \"*Rat*\"`",
            ),
            (
                "headline: \"Er sagte: \"Nein\"\"",
                "put the value into double quotes: `headline: \"Er sagte: \\\"Nein\\\"\"`",
            ),
            (
                "headline: Rat\n  teaser: Ja",
                "begin a new name at the start of the line",
            ),
            ("seo:\n\ttitle: X", "indent with spaces"),
            ("headline: \"Rat", "quotation mark is opened"),
            ("topics: [a, b", "bracket is opened"),
            (
                "headline: A\nheadline: B",
                "line 3 (`headline: B`): `headline` stands there for the second time",
            ),
        ] {
            let said = parse(yaml).unwrap_err();
            assert!(said.contains(advice), "{yaml}: {said}");
        }
    }

    #[test]
    fn front_matter_has_an_end() {
        let open = split("---\nheadline: X\n\nText\n").unwrap_err();
        assert!(open[0].detail.contains("put a line `---` below it"));
        for divider in [
            "---\n\nheadline: X\n",
            "---\nText\n",
            "---\n",
            "----\nheadline: X\n",
        ] {
            assert!(matches!(split(divider), Ok((None, _, 0))), "{divider}");
        }
    }
}
