//! Preconditions (RFC 9110, section 13).

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};

use crate::error::{PRECONDITION_REQUIRED, Problem, Result, STALE, bad_parameter};

/// What a write says it expects to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Nothing was said.
    #[default]
    Unsaid,
    /// `If-None-Match: *`: nothing is there yet.
    Nothing,
    /// `If-Match: *`: something is there.
    Anything,
    /// `If-Match: "v7"`: this very version.
    Version(i64),
}

impl Expect {
    /// Reads the preconditions of a write.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        let headers = request.headers();
        if let Some(value) = single(headers, IF_NONE_MATCH)? {
            return match value {
                "*" => Ok(Expect::Nothing),
                _ => Err(bad_parameter(
                    "On a write, If-None-Match takes * only, meaning: create, don't replace.",
                )),
            };
        }
        match single(headers, IF_MATCH)? {
            None => Ok(Expect::Unsaid),
            Some("*") => Ok(Expect::Anything),
            Some(value) => version(value).map(Expect::Version).ok_or_else(|| {
                bad_parameter(format!(
                    "If-Match takes one strong ETag as the last answer gave it, such as \"v7\", or *; not {value}."
                ))
            }),
        }
    }

    /// Whether a change to something of this version may go ahead: a 428 if
    /// nothing was said, a 412 if another version was expected.
    pub fn require(self, version: i64) -> Result<()> {
        let kind = match self {
            Expect::Anything => return Ok(()),
            Expect::Version(expected) if expected == version => return Ok(()),
            Expect::Unsaid => &PRECONDITION_REQUIRED,
            Expect::Version(_) => &STALE,
            Expect::Nothing => {
                return Err(bad_parameter(
                    "If-None-Match: * creates; to change what is there, send If-Match.",
                ));
            }
        };
        let current = etag(version);
        let detail = match self {
            Expect::Unsaid => format!(
                "Send If-Match with the ETag of the version that your change is meant for; the present one is {current}."
            ),
            _ => format!(
                "It has changed since the version you sent; the present one is {current}. Fetch it, apply your change, send again."
            ),
        };
        Err(Problem::new(kind, detail)
            .with("current_etag", current.clone())
            .header("ETag", current)
            .into())
    }
}

/// The ETag of an editor's view, in quotes.
pub fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

fn version(etag: &str) -> Option<i64> {
    let digits = etag.strip_prefix("\"v")?.strip_suffix('"')?;
    (!digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

fn single(headers: &HeaderMap, name: actix_web::http::header::HeaderName) -> Result<Option<&str>> {
    let mut values = headers.get_all(&name);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(bad_parameter(format!(
            "{name} stands there more than once; send it once."
        )));
    }
    first
        .to_str()
        .map(|value| Some(value.trim()))
        .map_err(|_| bad_parameter(format!("{name} isn't ASCII.")))
}

/// Whether `If-None-Match` names this ETag, by weak comparison as the RFC asks.
pub fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .map(str::trim)
                .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
        })
}
