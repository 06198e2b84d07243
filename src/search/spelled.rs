//! How terms that are made already get into the index: as a text that spells them,
//! which is read back as it stands. The engine's own way for this writes each token
//! as JSON and reads that again, which took longer than all the rest of indexing.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Its name in the schema.
pub(super) const NAME: &str = "spelled";

/// The greatest number that is one character: those after it are no characters.
const MOST: u32 = 0xD7FF;

/// Adds a term to a text, so many positions after the one before it: two numbers as
/// characters, the second its length, and the term. One that is too long for that is
/// left out.
pub(super) fn spell(text: &mut String, term: &str, step: u32) {
    let number = |number: u32| char::from_u32(number.min(MOST)).unwrap_or_default();
    let length = u32::try_from(term.len()).unwrap_or(u32::MAX);
    debug_assert!(length <= MOST, "{term:?}");
    if length <= MOST {
        text.push(number(step));
        text.push(number(length));
        text.push_str(term);
    }
}

/// Reads what [`spell`] wrote.
#[derive(Clone, Default)]
pub(super) struct Spelled {
    token: Token,
}

impl Tokenizer for Spelled {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        self.token.reset();
        self.token.position = 0;
        Terms {
            rest: text,
            token: &mut self.token,
        }
    }
}

/// The terms of a text.
pub(super) struct Terms<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        let mut chars = self.rest.chars();
        let (Some(step), Some(length)) = (chars.next(), chars.next()) else {
            return false;
        };
        let Some((term, rest)) = chars.as_str().split_at_checked(length as usize) else {
            return false;
        };
        self.rest = rest;
        self.token.position += step as usize;
        self.token.text.clear();
        self.token.text.push_str(term);
        true
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
        let long = "ä".repeat(1_000);
        let terms = [
            ("straße", 0),
            ("fluss 7", 3),
            ("", 3),
            ("\n", 50_000),
            (&long, 50_001),
        ];
        let (mut text, mut before) = (String::new(), 0);
        for (term, position) in terms {
            spell(&mut text, term, position - before);
            before = position;
        }
        let mut spelled = Spelled::default();
        for _ in 0..2 {
            let mut stream = spelled.token_stream(&text);
            for (term, position) in terms {
                assert!(stream.advance());
                let token = stream.token();
                assert_eq!((&*token.text, token.position), (term, position as usize));
            }
            assert!(!stream.advance());
        }
    }
}
