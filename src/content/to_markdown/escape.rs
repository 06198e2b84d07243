//! Escaping, so that text is read as text.
//!
//! Escapes are written only where a reader could take a character for markup;
//! text without metacharacters stays as readable as it was.

/// Where a piece of text stands.
#[derive(Clone, Copy)]
pub(super) struct Context {
    /// At the start of a line, where markers of blocks would be read.
    pub line_start: bool,
    /// In a table cell, where a pipe ends the cell.
    pub table: bool,
}

/// Escapes text without line feeds.
pub(super) fn escape(text: &str, context: Context) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = text;
    if context.line_start {
        let marker = line_marker(text);
        if let Some((before, escaped)) = marker {
            out.push_str(&text[..before]);
            out.push('\\');
            out.push_str(escaped);
            rest = &text[before + escaped.len()..];
        }
    }
    let mut previous = text[..text.len() - rest.len()].chars().next_back();
    for (at, c) in rest.char_indices() {
        let after = &rest[at + c.len_utf8()..];
        let next = after.chars().next();
        let escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '~' => true,
            '<' => next.is_some_and(|c| c != ' '),
            // Within a word an underscore is never a delimiter.
            '_' => !(is_word(previous) && is_word(next)),
            '&' => starts_entity(after),
            '|' => context.table,
            // `[^` starts a footnote.
            '^' => previous.is_none(),
            // What would be read as an address: `http://`, `www.`, `a@b`.
            ':' => after.starts_with("//"),
            '.' => rest[..at].ends_with("www"),
            '@' => previous.is_some() && next.is_some_and(char::is_alphanumeric),
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
        previous = Some(c);
    }
    out
}

/// Whether what follows an ampersand would make it an entity.
fn starts_entity(after: &str) -> bool {
    // No entity is longer than this, so looking ahead costs little.
    let name = after
        .bytes()
        .take(40)
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#');
    let length = name.count();
    length > 0 && after[length..].starts_with(';')
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric())
}

/// The marker of a block at the start of a line, if there is one: what stands
/// before the character to escape, and that character.
fn line_marker(line: &str) -> Option<(usize, &str)> {
    let first = line.chars().next()?;
    let after = &line[first.len_utf8()..];
    let next = after.chars().next();
    let ends = |next: Option<char>| next.is_none_or(|c| c == ' ' || c == '\t');
    let escaped = match first {
        '>' | '=' | '|' => true,
        '#' => ends(after.trim_start_matches('#').chars().next()),
        '+' => ends(next),
        '-' => ends(next) || matches!(next, Some('-' | '|' | ':')),
        ':' => matches!(next, Some('-' | '|')),
        '0'..='9' => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let mut rest = line[digits..].chars();
            let delimiter = matches!(rest.next(), Some('.' | ')'));
            if digits <= 9 && delimiter && ends(rest.next()) {
                return Some((digits, &line[digits..digits + 1]));
            }
            false
        }
        _ => false,
    };
    escaped.then(|| (0, &line[..1]))
}

/// A link's destination. Addresses in a body hold no spaces, `<`, `>` or `\`.
pub(super) fn link_destination(url: &str) -> String {
    let url = entities(url);
    if url.contains(['(', ')']) {
        format!("<{url}>")
    } else {
        url
    }
}

/// A link's title in double quotes, if it can be written as one: parsers
/// disagree about backslashes in titles.
pub(super) fn quoted_title(text: &str) -> Option<String> {
    let plain = !text.contains('\\');
    plain.then(|| format!("\"{}\"", entities(text).replace('"', "&quot;")))
}

/// The title of a callout, in which only entities and escapes are read.
pub(super) fn escape_title(text: &str) -> String {
    entities(&text.replace('\\', "\\\\"))
}

/// Keeps ampersands from being read as the start of an entity.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        if c == '&' && starts_entity(&text[at + 1..]) {
            out.push_str("amp;");
        }
    }
    out
}

/// One part of `[[…|…|…]]`, in which only escapes and entities are read.
pub(super) fn escape_wiki(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if matches!(c, '\\' | '|' | '[' | ']') || c == '&' && starts_entity(&text[at + 1..]) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The value of an attribute, quoted, and then escaped as the running text
/// that the whole `{…}` is to a Markdown parser.
pub(super) fn attribute_value(text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "\"{}\"",
        escape(
            &quoted,
            Context {
                line_start: false,
                table: false
            }
        )
    )
}
