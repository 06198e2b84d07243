//! How terms that are made already get into the index: as a text that spells them,
//! which is read back as it stands. The engine's own way for this writes each token
//! as JSON and reads that again, which took longer than all the rest of indexing.

use std::fmt::Write as _;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Its name in the schema.
pub(super) const NAME: &str = "spelled";

/// Adds a term to a text. It must have no line breaks.
pub(super) fn spell(text: &mut String, term: &str, position: u32) {
    debug_assert!(!term.contains('\n'), "{term:?}");
    // Writing to a string doesn't fail.
    let _ = writeln!(text, "{position} {term}");
}

/// Reads what [`spell`] wrote.
#[derive(Clone, Default)]
pub(super) struct Spelled {
    token: Token,
}

impl Tokenizer for Spelled {
    type TokenStream<'a> = Lines<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Lines<'a> {
        self.token.reset();
        Lines {
            lines: text.lines(),
            token: &mut self.token,
        }
    }
}

/// The terms of a text.
pub(super) struct Lines<'a> {
    lines: std::str::Lines<'a>,
    token: &'a mut Token,
}

impl TokenStream for Lines<'_> {
    fn advance(&mut self) -> bool {
        for line in self.lines.by_ref() {
            if let Some((position, term)) = line.split_once(' ')
                && let Ok(position) = position.parse()
            {
                self.token.position = position;
                self.token.text.clear();
                self.token.text.push_str(term);
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_they_were_spelled() {
        let terms = [("straße", 0), ("fluss 7", 3), ("", 3), ("ü", 100_000)];
        let mut text = String::new();
        for (term, position) in terms {
            spell(&mut text, term, position);
        }
        let mut spelled = Spelled::default();
        let mut stream = spelled.token_stream(&text);
        for (term, position) in terms {
            assert!(stream.advance());
            assert_eq!(
                (&*stream.token().text, stream.token().position),
                (term, position as usize)
            );
        }
        assert!(!stream.advance());
    }
}
