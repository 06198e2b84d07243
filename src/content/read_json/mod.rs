//! Reading blocks from JSON.
//!
//! An own reader rather than serde's, because a client learns most from all
//! its mistakes at once, each with the exact place and what to send instead.

mod blocks;
mod fields;
mod inline;

use super::blocks::Body;
use super::limits;
use crate::error::FieldError;
use serde_json::Value;

/// More errors than this help nobody.
const MAX_ERRORS: usize = 100;

/// Codes of errors that say the input can't be understood at all: an unknown
/// name or a wrong type.
const MALFORMED: &[&str] = &[
    "wrong-type",
    "unknown-field",
    "unknown-type",
    "unknown-value",
    "missing-field",
];

/// Whether an error of a reader means that the input can't be understood (an
/// answer with status 400), rather than that it breaks a rule (422).
pub fn is_malformed(error: &FieldError) -> bool {
    MALFORMED.contains(&error.code) || error.code == "front-matter"
}

impl Body {
    /// Reads the array of blocks at `pointer`, such as `#/body/blocks`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, up to a hundred errors, each with its place.
    /// [`is_malformed`] tells which of them mean status 400.
    pub fn from_json(blocks: &Value, pointer: &str) -> Result<Body, Vec<FieldError>> {
        let mut reader = Reader { errors: Vec::new() };
        let mut body = Body {
            blocks: reader.top_level(blocks, pointer),
        };
        if reader.errors.is_empty() {
            body.normalize();
            reader.errors = limits::check(&body, pointer);
        }
        if reader.errors.is_empty() {
            Ok(body)
        } else {
            Err(reader.errors)
        }
    }
}

/// Whether a word has the form of a slug: lower-case words and numbers joined
/// by hyphens.
pub(super) fn is_slug(word: &str) -> bool {
    word.len() <= limits::SLUG
        && word.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// Collects what is wrong while values are read.
struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn error(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FieldError {
                pointer: pointer.to_owned(),
                code,
                detail: detail.into(),
            });
        }
    }

    /// Whether reading on is worth it.
    fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }
}
