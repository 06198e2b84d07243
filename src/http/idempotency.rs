//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): what a
//! request's key is, and what makes two requests the same.
//!
//! A key counts for one actor, method and path. What was asked is the query, the
//! headers that change what a write does, and the body, whose digest is noted
//! while it is read ([`note_body`]). What is done with all that is `editing`'s.

use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpMessage, HttpRequest};
use aws_lc_rs::digest::{Context, SHA256};

use crate::db::Id;
use crate::error::{Result, bad_parameter};

/// The header in which a key arrives.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks an answer as an earlier one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Seconds for which answers are replayed.
pub const KEPT_FOR: i64 = 86_400;

/// The longest key, in characters.
const LONGEST: usize = 255;

/// What [`key`] takes, as a regular expression for the description.
pub const PATTERN: &str = r#"^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-+\--:<-\[\]-~]{1,255})$"#;

/// Segments of paths whose answers are never kept: secrets, which are shown
/// once, and streams.
const NOT_BELOW: [&str; 3] = ["keys", "preview-links", "bulk"];

/// Headers that change what a write does or answers.
const MATTER: [HeaderName; 3] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("prefer"),
];

/// Whether the writes of a route, by its pattern, take a key.
pub fn applies(pattern: &str) -> bool {
    pattern.starts_with("/v1/editor/")
        && !pattern
            .split('/')
            .any(|segment| NOT_BELOW.contains(&segment))
}

/// What a key stands for, and what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Digest of actor, method, path and key, in hexadecimal digits.
    pub scope: String,
    /// Digest of what was asked, in hexadecimal digits.
    pub fingerprint: String,
}

/// A request's key, without quotes; 400 if it can't be one or if this address
/// takes none.
pub fn key(request: &HttpRequest) -> Result<Option<String>> {
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if !applies(&request.match_pattern().unwrap_or_default()) {
        return Err(bad_parameter(
            "Idempotency-Key isn't read here: what this address answers is never kept. Leave it out.",
        ));
    }
    if values.next().is_some() {
        return Err(bad_parameter(
            "Idempotency-Key stands there more than once; send it once.",
        ));
    }
    let key = value.to_str().ok().and_then(|value| read(value.trim()));
    match key {
        Some(key) if !key.is_empty() && key.len() <= LONGEST => Ok(Some(key)),
        _ => Err(bad_parameter(format!(
            "Idempotency-Key takes 1 to {LONGEST} visible ASCII characters, with or without quotes, such as \"{}\".",
            "8e03978e-40d5-43dd-bc93-6894a57f9324"
        ))),
    }
}

/// A string of structured fields (RFC 9651, section 3.3.3), or one without
/// quotes, blanks and what separates things.
fn read(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let plain = |c: char| c.is_ascii_graphic() && !"\",;\\".contains(c);
        return text.chars().all(plain).then(|| text.to_owned());
    };
    let mut key = String::new();
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => key.push(characters.next().filter(|c| "\"\\".contains(*c))?),
            ' '..='~' => key.push(c),
            _ => return None,
        }
    }
    None
}

/// What a request's key stands for. To be made once its body has been read.
pub fn claim(key: &str, actor: Id, request: &HttpRequest) -> Claim {
    let mut scope = Digest::default();
    scope.add(actor.0.as_bytes());
    scope.add(request.method().as_str().as_bytes());
    scope.add(request.path().as_bytes());
    scope.add(key.as_bytes());
    let mut asked = Digest::default();
    // Bodies may hold passwords: nobody guesses at them who doesn't know the key.
    asked.add(key.as_bytes());
    asked.add(request.query_string().as_bytes());
    for name in MATTER {
        for value in request.headers().get_all(&name) {
            asked.add(name.as_str().as_bytes());
            asked.add(value.as_bytes());
        }
    }
    asked.add(essence(request.headers()).as_bytes());
    if let Some(BodyDigest(digest)) = request.extensions().get() {
        asked.add(digest.as_bytes());
    }
    Claim {
        scope: scope.finish(),
        fingerprint: asked.finish(),
    }
}

/// The content type without its parameters: the boundary of a multipart body
/// differs each time.
fn essence(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

struct BodyDigest(String);

/// Notes what a request's body says. Whoever reads a body calls this: of a whole
/// one with its bytes, of a multipart one with names and bytes of its parts, so
/// that it doesn't depend on the boundary.
pub fn note_body(request: &HttpRequest, digest: Digest) {
    request.extensions_mut().insert(BodyDigest(digest.finish()));
}

/// Whether a digest of the body will be asked for.
pub fn wants_body(request: &HttpRequest) -> bool {
    request.headers().contains_key(HEADER)
}

/// SHA-256 over parts, each with its length, so that none runs into the next.
pub struct Digest(Context);

impl Default for Digest {
    fn default() -> Self {
        Digest(Context::new(&SHA256))
    }
}

impl Digest {
    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// A digest of one part.
    pub fn of(part: &[u8]) -> Self {
        let mut digest = Digest::default();
        digest.add(part);
        digest
    }

    /// In hexadecimal digits.
    pub fn finish(self) -> String {
        let digest = self.0.finish();
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_quoted_or_bare() {
        assert_eq!(read("abc-1").as_deref(), Some("abc-1"));
        assert_eq!(read("\"abc-1\"").as_deref(), Some("abc-1"));
        assert_eq!(read(r#""a \"b\" \\""#).as_deref(), Some(r#"a "b" \"#));
        for wrong in ["\"abc", "a\"b", "\"a\";p=1", "a, b", r#""a\b""#, "a b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_and_streams_take_no_key() {
        assert!(applies("/v1/editor/articles/{article}/publish"));
        for pattern in [
            "/v1/auth/login",
            "/v1/editor/keys/{key}",
            "/v1/editor/articles/{article}/preview-links",
            "/v1/editor/bulk",
        ] {
            assert!(!applies(pattern), "{pattern}");
        }
    }

    #[test]
    fn parts_of_a_digest_do_not_run_into_each_other() {
        let digest = |parts: [&str; 2]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| digest.add(part.as_bytes()));
            digest.finish()
        };
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
    }
}
