//! An answer to somebody who is signed in: JSON in most cases, never cached by
//! anybody.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use serde_json::Value;

use super::conditional;
use super::page::Page;
use crate::error::{Result, internal};

/// What every answer to a signed-in client says about caching.
pub const PRIVATE: &str = "private, no-store";

crate::text_enum! {
    /// What a write did. This list may grow.
    pub enum Outcome {
        /// It wasn't there before.
        Created = "created",
        /// It was there and differs now.
        Updated = "updated",
        /// It said what was there already.
        Unchanged = "unchanged",
        /// What it was said of is gone, and this stands in its place.
        Merged = "merged",
    }
}

/// What a write leaves behind.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Saved<T> {
    /// What the write did.
    pub result: Outcome,
    /// As it is now.
    #[serde(flatten)]
    pub item: T,
}

impl<T> Saved<T> {
    /// The same with the item in another shape.
    pub fn map<U>(self, show: impl FnOnce(T) -> U) -> Saved<U> {
        Saved {
            result: self.result,
            item: show(self.item),
        }
    }
}

impl<T: Serialize> Saved<T> {
    /// The answer: 201 with the address if it is new, 200 otherwise.
    pub fn reply(&self, version: i64, location: String) -> Reply {
        match self.result {
            Outcome::Created => Reply::created(self, location),
            _ => Reply::ok(self),
        }
        .version(version)
    }
}

/// JSON as every answer has it: one line, with its end, so that in a terminal the
/// next one begins on a line of its own.
pub fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Status, headers and body of an answer.
pub type Parts = (u16, Vec<(String, String)>, Option<String>);

/// Marks the answer to a dry run, also where it has no body.
pub const DRY_RUN: HeaderName = HeaderName::from_static("dry-run");

/// An answer to somebody who is signed in.
pub struct Reply {
    status: StatusCode,
    body: Option<serde_json::Result<Vec<u8>>>,
    headers: Vec<(HeaderName, String)>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Self {
        Reply {
            status: StatusCode::OK,
            body: Some(line(body)),
            headers: Vec::new(),
        }
    }

    /// 200 with a text for terminals.
    pub fn text(text: String) -> Self {
        Reply {
            status: StatusCode::OK,
            body: Some(Ok(text.into_bytes())),
            headers: vec![(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned())],
        }
    }

    /// 200 with a page of a list and the address of the next one.
    pub fn page(page: &Page<impl Serialize>) -> Self {
        let mut reply = Reply::ok(page);
        reply.headers.extend(page.link_header());
        reply
    }

    /// 201 with a body and the address of what was made.
    pub fn created(body: &impl Serialize, location: String) -> Self {
        let mut reply = Reply::ok(body).header(header::LOCATION, location);
        reply.status = StatusCode::CREATED;
        reply
    }

    /// 204.
    pub fn no_content() -> Self {
        Reply {
            status: StatusCode::NO_CONTENT,
            body: None,
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer to a dry run: it says so.
    pub fn as_dry_run(mut self) -> Result<Self> {
        if let Some(Ok(body)) = &self.body
            && let Ok(Value::Object(mut members)) = serde_json::from_slice(body)
        {
            members.insert("dry_run".to_owned(), true.into());
            self.body = Some(line(&members));
        }
        Ok(self.header(DRY_RUN, "true"))
    }

    /// Status, headers and body, for keeping them.
    pub fn to_parts(&self) -> Result<Parts> {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()));
        let body = match &self.body {
            None => None,
            Some(Ok(body)) => Some(String::from_utf8(body.clone()).map_err(internal)?),
            Some(Err(error)) => return Err(internal(error)),
        };
        Ok((self.status.as_u16(), headers.collect(), body))
    }

    /// An answer that was kept.
    pub fn from_parts(
        status: u16,
        headers: impl Iterator<Item = (String, String)>,
        body: Option<String>,
    ) -> Result<Self> {
        let headers = headers
            .map(|(name, value)| Ok((name.parse().map_err(internal)?, value)))
            .collect::<Result<_>>()?;
        Ok(Reply {
            status: StatusCode::from_u16(status).map_err(internal)?,
            body: body.map(|body| Ok(body.into_bytes())),
            headers,
        })
    }

    /// Adds the ETag of a version.
    pub fn version(self, version: i64) -> Self {
        self.header(header::ETAG, conditional::etag(version))
    }
}

impl Responder for Reply {
    type Body = actix_web::body::BoxBody;

    /// On a GET, an ETag the client has already is answered with 304. What has
    /// no version has its bytes' hash for an ETag.
    fn respond_to(mut self, request: &HttpRequest) -> HttpResponse {
        let versioned = self.headers.iter().any(|(name, _)| *name == header::ETAG);
        if let (false, &Method::GET, Some(Ok(body))) = (versioned, request.method(), &self.body) {
            let hash = xxhash_rust::xxh3::xxh3_64(body);
            self = self.header(header::ETAG, format!("\"{hash:016x}\""));
        }
        let etag = self.headers.iter().find(|(name, _)| *name == header::ETAG);
        let unchanged = request.method() == Method::GET
            && etag.is_some_and(|(_, etag)| conditional::none_match(request.headers(), etag));
        let mut response = HttpResponse::build(if unchanged {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        });
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE)));
        // A kept problem and a text say what they are; all else is JSON.
        response.content_type("application/json");
        for (name, value) in self.headers {
            match name {
                header::CONTENT_TYPE => response.insert_header((name, value)),
                name => response.append_header((name, value)),
            };
        }
        match self.body {
            Some(Ok(body)) if !unchanged => response.body(body),
            Some(Err(error)) => HttpResponse::from_error(internal(error)),
            _ => {
                let mut response = response.finish();
                response.headers_mut().remove(header::CONTENT_TYPE);
                response
            }
        }
    }
}
