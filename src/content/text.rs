//! Rules for text of any kind: which characters may stand in it, and what is
//! the same text.

use crate::error::FieldError;

/// The first character that no text may hold, if there is one.
///
/// Forbidden are control characters (Unicode category Cc) other than line feed
/// and tab, because they are invisible and break feeds and terminals, and the
/// bidirectional embeddings and overrides U+202A to U+202E, because they
/// reorder what stands around them. The isolates U+2066 to U+2069 and the
/// direction marks do the same job safely and stay.
pub fn check(text: &str) -> Option<char> {
    text.chars().find(|&c| is_forbidden(c))
}

/// Whether no text may hold this character; see [`check`].
pub fn is_forbidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || ('\u{202A}'..='\u{202E}').contains(&c)
}

/// Checks a whole document with `\n` line ends: reports the first forbidden
/// character of each line, at most ten lines, with line and column.
pub(super) fn check_lines(source: &str, pointer: &str) -> Result<(), Vec<FieldError>> {
    if check(source).is_none() {
        return Ok(());
    }
    let errors = source
        .split('\n')
        .enumerate()
        .filter_map(|(index, line)| {
            let (column, c) = line.chars().enumerate().find(|&(_, c)| is_forbidden(c))?;
            Some(FieldError {
                pointer: pointer.to_owned(),
                code: "forbidden-character",
                detail: format!(
                    "Line {}, column {} holds the invisible character {}. Remove it.",
                    index + 1,
                    column + 1,
                    code_point(c)
                ),
            })
        })
        .take(10)
        .collect();
    Err(errors)
}

/// A character for a message: `U+202E`.
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// The text on one line: runs of blanks and line feeds become one space, none
/// stand at the ends. `None` if nothing is left.
pub fn one_line(text: &str) -> Option<String> {
    let mut line = String::with_capacity(text.len());
    for word in text
        .split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let trimmed = line.trim_matches(is_edge);
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == line.len() {
        Some(line)
    } else {
        Some(trimmed.to_owned())
    }
}

/// Whether a character is trimmed from both ends of a text: white space, and
/// the byte order mark, which would be taken for one at the start of a file.
pub fn is_edge(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}'
}

/// How many words a text has: stretches between white space that hold at
/// least one letter or digit of any script.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

/// The first `max` characters, with an ellipsis if that isn't all; for
/// messages that quote what was sent.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
