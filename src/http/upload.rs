//! Reading a request's body: within limits of size and time, and with errors
//! that name the place.
//!
//! [`Upload`] reads nothing when it is extracted. A handler checks who is
//! asking first and reads then, because actix resolves extractors side by side
//! and would otherwise take in a body from anybody.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{
    FieldError, Problem, Result, TIMEOUT, TOO_LARGE, UNSUPPORTED_TYPE, internal, invalid,
    malformed, malformed_all,
};

use super::idempotency;
use super::multipart::Parts;
use super::strict::{Strict, Unique};

/// A body that has not been read yet.
pub struct Upload {
    content_type: String,
    declared: Option<u64>,
    limit: BodyLimit,
    payload: Payload,
    request: HttpRequest,
}

/// Bodies that are larger take turns: what slow clients hold is no more than this
/// each, and nobody waits for them.
const LARGE: usize = 64 << 10;

/// What is taken of a body, for [`Upload`]; kept as app data.
#[derive(Clone)]
pub struct BodyLimit {
    /// The largest body, in bytes.
    pub bytes: usize,
    /// How long it may take to arrive.
    pub arrival: Duration,
    /// A turn for each large body that may arrive at once.
    pub large: Arc<Semaphore>,
}

impl BodyLimit {
    /// So many large bodies at once; 0 is no limit.
    pub fn new(bytes: usize, arrival: Duration, at_once: u32) -> Self {
        let at_once = match at_once {
            0 => Semaphore::MAX_PERMITS,
            at_once => at_once as usize,
        };
        BodyLimit {
            bytes,
            arrival,
            large: Arc::new(Semaphore::new(at_once)),
        }
    }
}

/// A large body's turn; the request keeps it to its end.
struct Turn(#[allow(dead_code)] OwnedSemaphorePermit);

impl Default for BodyLimit {
    fn default() -> Self {
        BodyLimit::new(1 << 20, Duration::from_secs(60), 0)
    }
}

impl FromRequest for Upload {
    type Error = crate::error::Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let content_type = header("content-type").unwrap_or_default();
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        ready(Ok(Upload {
            content_type: essence,
            declared: header("content-length").and_then(|length| length.parse().ok()),
            limit: request.app_data().cloned().unwrap_or_default(),
            payload: payload.take(),
            request: request.clone(),
        }))
    }
}

impl Upload {
    /// The content type without its parameters, in lower case.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The whole body.
    pub async fn bytes(self) -> Result<Bytes> {
        let request = self.request.clone();
        let bytes = self.read().await?;
        if idempotency::wants_body(&request) {
            idempotency::note_body(&request, idempotency::Digest::of(&bytes));
        }
        Ok(bytes)
    }

    async fn read(mut self) -> Result<Bytes> {
        let BodyLimit {
            bytes: limit,
            arrival,
            large,
        } = self.limit;
        let too_large = || {
            Problem::new(
                &TOO_LARGE,
                format!("The body is larger than {limit} bytes, which is the most this API takes."),
            )
            .with("limit", limit)
        };
        if self.declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large().into());
        }
        let reading = async {
            let mut body = Vec::with_capacity(self.declared.unwrap_or(4_096).min(1 << 16) as usize);
            while let Some(chunk) = self.payload.next().await {
                let chunk =
                    chunk.map_err(|error| malformed(format!("The body ended early: {error}.")))?;
                let length = body.len() + chunk.len();
                if length > limit {
                    return Err(too_large().into());
                }
                if length > LARGE && body.len() <= LARGE {
                    let turn = Arc::clone(&large).acquire_owned().await;
                    let turn = Turn(turn.map_err(internal)?);
                    self.request.extensions_mut().insert(turn);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Bytes::from(body))
        };
        tokio::time::timeout(arrival, reading)
            .await
            .unwrap_or_else(|_| {
                let detail = format!(
                    "The body didn't arrive within {} seconds.",
                    arrival.as_secs()
                );
                Err(Problem::new(&TIMEOUT, detail).into())
            })
    }

    /// The body as it arrives. Nothing is noted of it.
    pub fn pieces(self) -> Pieces {
        Pieces {
            payload: self.payload,
            patience: self.limit.arrival,
        }
    }

    /// The parts of a form, as they arrive. Nothing is noted of them.
    pub fn parts(self) -> Parts {
        let form = Multipart::new(self.request.headers(), self.payload);
        Parts::new(form, self.limit.arrival)
    }

    /// The length that the client announced.
    pub fn declared(&self) -> Option<u64> {
        self.declared
    }

    /// The whole body as text.
    pub async fn text(self) -> Result<String> {
        text(&self.bytes().await?)
    }

    /// The body as JSON of this shape.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.accept(&["application/json"])?;
        from_json(&self.bytes().await?)
    }

    /// The body as JSON of this shape; its default if there is none at all.
    pub async fn json_or_default<T: DeserializeOwned + Default>(self) -> Result<T> {
        let acceptable = self.accept(&["application/json"]);
        let bytes = self.bytes().await?;
        if bytes.is_empty() {
            return Ok(T::default());
        }
        acceptable?;
        from_json(&bytes)
    }

    /// The body as a merge patch of this shape.
    pub async fn merge_patch<T: DeserializeOwned>(self) -> Result<T> {
        self.accept(&["application/merge-patch+json", "application/json"])?;
        from_merge_patch(&self.bytes().await?)
    }

    /// Whether the content type is one of these; a 415 that lists them if not.
    pub fn accept(&self, types: &[&str]) -> Result<()> {
        if types.contains(&self.content_type.as_str()) {
            return Ok(());
        }
        let sent = match self.content_type.as_str() {
            "" => "no Content-Type".to_owned(),
            other => format!("`{other}`"),
        };
        let detail = format!(
            "You sent {sent}; this address reads {}. Name the one you send in the header Content-Type.",
            types.join(", ")
        );
        let header = if types.contains(&"application/merge-patch+json") {
            "Accept-Patch"
        } else {
            "Accept-Post"
        };
        Err(Problem::new(&UNSUPPORTED_TYPE, detail)
            .header(header, types.join(", "))
            .into())
    }
}

/// A body as it arrives.
pub struct Pieces {
    payload: Payload,
    patience: Duration,
}

impl Pieces {
    /// The next piece; `None` at the end. 408 if nothing comes for too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match tokio::time::timeout(self.patience, self.payload.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(error))) => Err(malformed(format!("The body ended early: {error}."))),
            Err(_) => {
                let seconds = self.patience.as_secs();
                let detail = format!("No more of the body arrived for {seconds} seconds.");
                Err(Problem::new(&TIMEOUT, detail).into())
            }
        }
    }
}

/// Bytes as UTF-8.
pub fn text(bytes: &[u8]) -> Result<String> {
    if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] = bytes {
        return Err(malformed(
            "The body is UTF-16, and this API reads UTF-8. Save the file as UTF-8 (iconv -f utf-16 -t utf-8 does it).",
        ));
    }
    if let [0x1F, 0x8B, ..] = bytes {
        return Err(malformed(
            "The body is compressed (gzip), which this API doesn't read. Send it as it is, without Content-Encoding.",
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let line = bytes[..error.valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let at = error.valid_up_to();
            Err(malformed(format!(
                "The body isn't UTF-8: byte {at}, on line {line}, is wrong. Save the file as UTF-8 (iconv -f latin1 -t utf-8 does it)."
            )))
        }
    }
}

/// JSON of this shape, or an error that points to the first thing wrong. What
/// has no value is left out: a `null` may be a slip of the program that sent it,
/// and a key whose `scopes` it was would get all of them.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let value = parse(bytes)?;
    let within = value.is_array() || value.is_object();
    if let Some(pointer) = find(&value, &Value::is_null).filter(|_| within) {
        let detail = "is null, which says nothing here; leave it out";
        return Err(malformed_all(vec![FieldError::new(
            pointer,
            "wrong-type",
            detail,
        )]));
    }
    from_value(value)
}

/// A merge patch of this shape, in which `null` removes what is there.
pub fn from_merge_patch<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    from_value(parse(bytes)?)
}

fn parse(bytes: &[u8]) -> Result<Value> {
    let text = text(bytes)?;
    // Keeping track of the place costs as much as reading; only errors need it.
    if let Ok(Unique(value)) = serde_json::from_str(&text) {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_str(&text);
    let Unique(value) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        describe(error.into_inner(), pointer)
    })?;
    reader
        .end()
        .map_err(|error| describe(error, String::from("#")))?;
    Ok(value)
}

/// A JSON value of this shape, or an error that points to the first thing wrong.
/// No text may hold NUL, and PostgreSQL can't even be asked for one that does.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    let holds_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    if let Some(pointer) = find(&value, &holds_nul) {
        let detail = "contains the character U+0000, which is not allowed; remove it";
        return Err(invalid(pointer, "forbidden-character", detail));
    }
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let pointer = pointer(error.path());
        describe(error.into_inner(), pointer)
    })
}

/// The pointer to the first value that is so, if one is.
fn find(value: &Value, is_so: &impl Fn(&Value) -> bool) -> Option<String> {
    fn within(value: &Value, is_so: &impl Fn(&Value) -> bool) -> Option<String> {
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| Some(format!("/{index}{}", within(item, is_so)?))),
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                let below = within(value, is_so)?;
                Some(format!("/{}{below}", escape(name)))
            }),
            other => is_so(other).then(String::new),
        }
    }
    within(value, is_so).map(|pointer| format!("#{pointer}"))
}

fn describe(error: serde_json::Error, pointer: String) -> crate::error::Error {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => {
            let text = without_place(&error.to_string());
            let (code, detail) = match explain(&text) {
                ("wrong-type", detail) if pointer == "#" => {
                    ("wrong-type", format!("The body {detail}"))
                }
                explained => explained,
            };
            malformed_all(vec![FieldError::new(pointer, code, detail)])
        }
        Category::Eof if error.line() <= 1 && error.column() == 0 => {
            malformed("The body is empty; send a JSON object.")
        }
        _ => malformed(format!(
            "The body isn't JSON: on line {}, column {}, {}.",
            error.line(),
            error.column(),
            syntax(&without_place(&error.to_string()))
        )),
    }
}

/// Serde's message with a code and, for unknown names, the nearest known one.
fn explain(text: &str) -> (&'static str, String) {
    if text.starts_with("unknown field") || text.starts_with("unknown variant") {
        let mut names = text.split('`').skip(1).step_by(2);
        let unknown = names.next().unwrap_or_default();
        let known: Vec<&str> = names.collect();
        let code = if text.starts_with("unknown field") {
            "unknown-field"
        } else {
            "unknown-value"
        };
        (code, super::text::unknown(unknown, &known))
    } else if text.starts_with("missing field") {
        ("missing-field", missing_field(text))
    } else if text.starts_with("duplicate field") {
        ("duplicate-field", format!("{text}; send it once"))
    } else {
        ("wrong-type", in_terms_of_json(text))
    }
}

/// Serde's message about a member that isn't there, with a line to copy.
fn missing_field(text: &str) -> String {
    match text.split('`').nth(1) {
        Some(name) => format!("{text}; add it: {{\"{name}\": …}}"),
        None => format!("{text}; add it"),
    }
}

/// What is wrong with JSON that can't be read, and what to do about it.
fn syntax(said: &str) -> String {
    let known = match said {
        "trailing comma" => "a comma stands before a closing bracket; remove it",
        "key must be a string" => "a name is missing its double quotes: {\"headline\": \"…\"}",
        "trailing characters" => "something follows the end of the value; send one object",
        "recursion limit exceeded" => "it is nested deeper than 127 levels; send it flatter",
        "expected value" => "no JSON value begins here; text stands in double quotes",
        "unexpected end of hex escape"
        | "lone leading surrogate in hex escape"
        | "lone trailing surrogate in hex escape" => {
            "a \\u escape is half of a surrogate pair; write both halves, or the character itself"
        }
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a text holds a line break or another control character; write it as an escape, such as \\n"
        }
        said if said.starts_with("EOF while parsing") => {
            "it ends too early; a quote or bracket that was opened isn't closed"
        }
        said => return format!("{said}; mend it there"),
    };
    known.to_owned()
}

/// Serde's message in words that concern the sender, not this program's types.
fn in_terms_of_json(text: &str) -> String {
    let Some((found, expected)) = text
        .strip_prefix("invalid type: ")
        .and_then(|text| text.rsplit_once(", expected "))
    else {
        return text.to_owned();
    };
    let found = match found.split_once(' ') {
        Some(("string", value)) => format!("the text {}", shortened(value)),
        Some(("integer" | "boolean", value)) => value.trim_matches('`').to_owned(),
        Some(("floating", value)) => value.replace("point ", "").trim_matches('`').to_owned(),
        _ => match found {
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            "unit value" => "null".to_owned(),
            other => other.to_owned(),
        },
    };
    let expected = match expected {
        "a string" => "text in double quotes",
        "a sequence" => "a list, such as [\"…\"],",
        "a boolean" => "true or false",
        "a map" => "an object with names",
        "i16" | "i32" | "i64" | "u16" | "u32" | "u64" => "a whole number",
        other if other.starts_with("struct ") => "an object with names",
        other => other,
    };
    format!("is {found}; {expected} belongs here")
}

/// A quoted text, cut where it would hide the rest of a message.
fn shortened(quoted: &str) -> String {
    const SHOWN: usize = 60;
    match quoted.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…\"", &quoted[..end]),
        None => quoted.to_owned(),
    }
}

/// Serde appends ` at line 1 column 20`, which the pointer says better.
fn without_place(text: &str) -> String {
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::from("#");
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&escape(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// A reference token of RFC 6901, made safe for a URI fragment.
fn escape(key: &str) -> String {
    let key: String = key.chars().take(100).collect();
    let key = key.replace('~', "~0").replace('/', "~1");
    percent_encoding::utf8_percent_encode(&key, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%5F", "_")
        .replace("%2D", "-")
        .replace("%7E", "~")
}
