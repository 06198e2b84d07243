//! Whether a picture is something else at the same time.

use super::{Format, Walk};

/// Markup that is run by whoever takes the file for a page. Compared without case;
/// long enough that pixels and tables don't hold it by chance.
const MARKUP: [&[u8]; 8] = [
    b"<script",
    b"</script",
    b"<!doctype",
    b"<html",
    b"<iframe",
    b"<?php",
    b"<svg ",
    b"<svg>",
];

/// How far from its beginning a PDF may begin.
const PDF_WITHIN: usize = 1_024;

/// What else the file is, if it is.
pub fn find(bytes: &[u8], format: Format, walk: &Walk<'_>) -> Option<&'static str> {
    let behind = &bytes[walk.end..];
    if is_zip(bytes) {
        return Some("a ZIP archive");
    }
    let head = &bytes[..bytes.len().min(PDF_WITHIN)];
    if position(head, b"%PDF-").is_some() || position(behind, b"%PDF-").is_some() {
        return Some("a PDF");
    }
    let notes = walk.notes.iter().map(AsRef::as_ref);
    if notes.chain([behind]).any(holds_markup) {
        return Some("a page or script");
    }
    if begins_script(bytes, format) {
        return Some("a script");
    }
    let padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let content = behind.iter().position(|byte| !padding(byte));
    let behind = content.map_or(&[][..], |content| &behind[content..]);
    for (mark, what) in [
        (&b"PK\x03\x04"[..], "a ZIP archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"\x1F\x8B\x08", "a gzip archive"),
        (b"\x7FELF", "a program"),
        (b"#!/", "a script"),
        (b"<", "a page or script"),
    ] {
        if behind.starts_with(mark) {
            return Some(what);
        }
    }
    is_text(behind).then_some("a text or script")
}

/// Whether a directory of a ZIP archive stands at the end (APPNOTE 4.3.16): its
/// record is there, and the directory where the record says.
fn is_zip(bytes: &[u8]) -> bool {
    const RECORD: usize = 22;
    let first = bytes.len().saturating_sub(RECORD + usize::from(u16::MAX));
    let tail = &bytes[first..];
    let number = |at: usize, length: usize| {
        let bytes = &tail[at..at + length];
        bytes
            .iter()
            .rfold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let mut from = 0;
    while let Some(found) = position(&tail[from..], b"PK\x05\x06") {
        let at = from + found;
        from = at + 4;
        if at + RECORD > tail.len() {
            return false;
        }
        let (entries, size) = (number(at + 10, 2), number(at + 12, 4));
        let directory = (first + at).checked_sub(size);
        let begins = directory.is_some_and(|at| bytes[at..].starts_with(b"PK\x01\x02"));
        if begins || entries == 0 && size == 0 {
            return true;
        }
    }
    false
}

fn holds_markup(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'<'
            && MARKUP.iter().any(|mark| {
                bytes
                    .get(at..at + mark.len())
                    .is_some_and(|here| here.eq_ignore_ascii_case(mark))
            })
    })
}

/// Whether the header reads as the beginning of a script: a comment or an
/// assignment in the place of the first length or size. A GIF that says that by
/// chance would have more than 67 million pixels.
fn begins_script(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Gif => bytes.get(6..10).is_some_and(|size| {
            let text = size
                .iter()
                .all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'));
            text && (size.starts_with(b"=") || size.starts_with(b"/*") || size.starts_with(b"//"))
        }),
        Format::Jpeg => bytes.get(4..6) == Some(b"/*"),
        Format::Png | Format::Webp => false,
    }
}

/// Whether what stands there is text rather than a camera's own data.
fn is_text(behind: &[u8]) -> bool {
    let length = behind
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    let shown = &behind[..length.min(512)];
    let is_text = match std::str::from_utf8(shown) {
        Ok(_) => true,
        // Cut in the middle of a character.
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    shown.len() >= 4
        && is_text
        && !shown
            .iter()
            .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

/// Where these bytes stand first.
pub fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|here| here == what)
}
