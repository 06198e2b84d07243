//! A body of lines (NDJSON), cut into lines as it arrives.

/// A line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number; the first is 1.
    pub number: u64,
    /// What stands in it; `None` if that is longer than the limit.
    pub text: Option<Vec<u8>>,
}

/// Cuts what arrives into lines. Blank lines count and are left out. Holds at
/// most one line that has not ended yet, and of one that is too long nothing.
pub struct Lines {
    limit: usize,
    begun: Vec<u8>,
    number: u64,
    too_long: bool,
}

impl Lines {
    /// Lines of at most so many bytes.
    pub fn new(limit: usize) -> Self {
        Lines {
            limit,
            begun: Vec::new(),
            number: 0,
            too_long: false,
        }
    }

    /// Takes the next piece; the lines that end in it are put to the others.
    pub fn push(&mut self, mut piece: &[u8], lines: &mut Vec<Line>) {
        while let Some(end) = memchr::memchr(b'\n', piece) {
            self.add(&piece[..end]);
            self.end(lines);
            piece = &piece[end + 1..];
        }
        self.add(piece);
    }

    /// The body has ended; its last line may have no end of its own.
    pub fn finish(&mut self, lines: &mut Vec<Line>) {
        if !self.begun.is_empty() || self.too_long {
            self.end(lines);
        }
    }

    /// The number of the line that has not ended yet.
    pub fn number(&self) -> u64 {
        self.number + 1
    }

    fn add(&mut self, part: &[u8]) {
        if self.too_long || self.begun.len() + part.len() > self.limit {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    fn end(&mut self, lines: &mut Vec<Line>) {
        self.number += 1;
        let text = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.too_long) {
            lines.push(Line {
                number: self.number,
                text: None,
            });
        } else if !text.trim_ascii().is_empty() {
            lines.push(Line {
                number: self.number,
                text: Some(text),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(pieces: &[&[u8]], limit: usize) -> Vec<Line> {
        let (mut lines, mut found) = (Lines::new(limit), Vec::new());
        pieces
            .iter()
            .for_each(|piece| lines.push(piece, &mut found));
        lines.finish(&mut found);
        found
    }

    #[test]
    fn blank_lines_count_and_long_ones_are_named() {
        let found = cut(&[b"{}\n\n  \r\nxx", b"xxxxx\n[", b"]"], 5);
        let line = |number, text: Option<&str>| Line {
            number,
            text: text.map(|text| text.as_bytes().to_vec()),
        };
        assert_eq!(
            found,
            [line(1, Some("{}")), line(4, None), line(5, Some("[]"))]
        );
        assert_eq!(cut(&[b""], 5), []);
        assert_eq!(cut(&[b"\n\n"], 5), []);
    }

    proptest! {
        /// Where the pieces of a body end makes no difference.
        #[test]
        fn pieces_make_no_difference(body in "([a\n ]|bbbbbbb){0,60}", at in 0usize..60) {
            let body = body.as_bytes();
            let at = at.min(body.len());
            prop_assert_eq!(cut(&[body], 6), cut(&[&body[..at], &body[at..]], 6));
        }
    }
}
