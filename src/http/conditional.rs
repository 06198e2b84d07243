//! Preconditions (RFC 9110, section 13).

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};

use crate::db::Time;
use crate::error::{Error, PRECONDITION_REQUIRED, Problem, Result, STALE, bad_parameter};

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
            Some(value) => Expect::if_match(value).ok_or_else(|| {
                bad_parameter(format!(
                    "If-Match takes one strong ETag as the last answer gave it, such as \"v7\", or *; not {value}."
                ))
            }),
        }
    }
}

impl Expect {
    /// What `If-Match` with this value expects; `None` if it can't have it.
    pub fn if_match(value: &str) -> Option<Self> {
        match value {
            "*" => Some(Expect::Anything),
            value => version(value).map(Expect::Version),
        }
    }
}

/// What is stored at the moment of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// Counts the writes to the resource.
    pub version: i64,
    /// When it was last written to, if that is known.
    pub changed_at: Option<Time>,
    /// The name of whoever wrote last, if that is known.
    pub changed_by: Option<String>,
}

impl Current {
    /// A resource that remembers when it was last written to.
    pub fn at(version: i64, changed_at: Time) -> Self {
        Current {
            version,
            changed_at: Some(changed_at),
            changed_by: None,
        }
    }

    fn show(&self, problem: Problem) -> Error {
        let mut problem = problem
            .with("current_etag", etag(self.version))
            .header("ETag", etag(self.version));
        if let Some(at) = self.changed_at {
            problem = problem.with("changed_at", at.to_string());
        }
        if let Some(by) = &self.changed_by {
            problem = problem.with("changed_by", by.clone());
        }
        problem.into()
    }
}

/// What a PUT has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Nothing is there: create it.
    Create,
    /// The same is there already.
    Unchanged,
    /// Something else is there and may be replaced.
    Replace,
}

impl Expect {
    /// For writes that must say what they change (PATCH and DELETE): 428 if
    /// nothing was said, 412 if it doesn't hold.
    pub fn require(self, current: &Current) -> Result<()> {
        match self {
            Expect::Unsaid => Err(required(current)),
            said => said.allow(current),
        }
    }

    /// For writes that may say what they change: 412 if it doesn't hold.
    pub fn allow(self, current: &Current) -> Result<()> {
        match self {
            Expect::Unsaid | Expect::Anything => Ok(()),
            Expect::Version(version) if version == current.version => Ok(()),
            Expect::Version(_) => Err(stale(current)),
            Expect::Nothing => Err(current.show(Problem::new(
                &STALE,
                "Something is there already, and If-None-Match: * only creates.",
            ))),
        }
    }

    /// For PUT: creates what isn't there, leaves alone what is equal (so that a
    /// repeated upload is harmless, whatever it expects), and replaces only
    /// what the client has seen.
    pub fn put(self, current: Option<&Current>, equal: bool) -> Result<Put> {
        let Some(current) = current else {
            return match self {
                Expect::Unsaid | Expect::Nothing => Ok(Put::Create),
                Expect::Anything | Expect::Version(_) => Err(Problem::new(
                    &STALE,
                    "Nothing is there to be replaced; leave If-Match out to create it.",
                )
                .into()),
            };
        };
        match self {
            Expect::Nothing => self.allow(current).map(|()| Put::Replace),
            _ if equal => Ok(Put::Unchanged),
            _ => self.require(current).map(|()| Put::Replace),
        }
    }
}

/// A 412 that names the current ETag, who changed it and when.
pub fn stale(current: &Current) -> Error {
    current.show(Problem::new(
        &STALE,
        format!(
            "It has changed since; its ETag is now {}. Fetch it, apply your change, and send that ETag as If-Match.",
            etag(current.version)
        ),
    ))
}

/// A 428 that names the current ETag.
pub fn required(current: &Current) -> Error {
    let tag = etag(current.version);
    current.show(Problem::new(
        &PRECONDITION_REQUIRED,
        format!("Send If-Match: {tag} if that is the version you mean to change, or If-Match: * to change whatever is there."),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn status(error: Error) -> u16 {
        error.to_problem().kind.status
    }

    #[test]
    fn a_put_replaces_only_what_the_client_has_seen() {
        let there = Current::at(7, Time(0));
        let put = |expect: Expect, current: Option<&Current>, equal| {
            expect.put(current, equal).map_err(status)
        };
        assert_eq!(put(Expect::Unsaid, None, false), Ok(Put::Create));
        assert_eq!(put(Expect::Nothing, None, false), Ok(Put::Create));
        assert_eq!(put(Expect::Anything, None, false), Err(412));
        assert_eq!(put(Expect::Unsaid, Some(&there), true), Ok(Put::Unchanged));
        assert_eq!(
            put(Expect::Version(6), Some(&there), true),
            Ok(Put::Unchanged)
        );
        assert_eq!(put(Expect::Unsaid, Some(&there), false), Err(428));
        assert_eq!(put(Expect::Version(6), Some(&there), false), Err(412));
        assert_eq!(
            put(Expect::Version(7), Some(&there), false),
            Ok(Put::Replace)
        );
        assert_eq!(put(Expect::Anything, Some(&there), false), Ok(Put::Replace));
        assert_eq!(put(Expect::Nothing, Some(&there), true), Err(412));
    }
}
