//! A public answer: bytes that were made once, with everything that every
//! request for them needs.

use std::io::Write as _;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::OnceCell;

use super::conditional;
use crate::cache::Footprint;
use crate::changes::Tag;
use crate::config::Config;
use crate::db::Time;
use crate::error::{NOT_ACCEPTABLE, Problem, Result, internal};

/// Bodies below this many bytes are sent as they are: compressing them saves
/// less than the header costs.
const WORTH_COMPRESSING: usize = 1_024;

/// The longest `Surrogate-Key` header, in bytes. Groups of keys stand for what it has
/// no room for.
const SURROGATE_KEY_MAX: usize = 4_096;

/// What a projection makes: a body and what is known about it.
#[derive(Debug)]
pub struct Draft {
    /// 200, or 301 with a `Location` among the headers.
    pub status: StatusCode,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// What it is made of, the most general first.
    pub tags: Vec<Tag>,
    /// Further headers, such as `Link`.
    pub headers: Vec<(HeaderName, String)>,
    /// The next instant at which something may appear in it.
    pub appears: Option<Time>,
    /// The next instant at which something in it may disappear.
    pub disappears: Option<Time>,
    /// Whether whoever keeps it has to ask each time whether it still holds.
    pub revalidate: bool,
}

impl Draft {
    /// A JSON answer.
    pub fn json(value: &impl serde::Serialize, tags: Vec<Tag>) -> Result<Self> {
        let body = super::reply::line(value).map_err(internal)?;
        Ok(Draft::new("application/json", body, tags))
    }

    /// An answer of any type.
    pub fn new(content_type: &'static str, body: Vec<u8>, tags: Vec<Tag>) -> Self {
        let (headers, appears, disappears) = (Vec::new(), None, None);
        Draft {
            status: StatusCode::OK,
            content_type,
            body,
            tags,
            headers,
            appears,
            disappears,
            revalidate: false,
        }
    }

    /// A permanent redirect.
    pub fn moved(location: String, tags: Vec<Tag>) -> Self {
        let mut draft = Draft::new("application/json", Vec::new(), tags);
        draft.status = StatusCode::MOVED_PERMANENTLY;
        draft.headers.push((header::LOCATION, location));
        draft
    }

    /// Notes that something in this answer may appear at an instant.
    pub fn appears_at(&mut self, at: Option<Time>) {
        self.appears = earlier(self.appears, at);
    }

    /// Notes that something in this answer may disappear at an instant.
    pub fn disappears_at(&mut self, at: Option<Time>) {
        self.disappears = earlier(self.disappears, at);
    }

    /// Seals the answer: hashes it and writes its headers.
    pub fn seal(self) -> Result<(Answer, Vec<Tag>, Option<Time>)> {
        let until = earlier(self.appears, self.disappears);
        let hash = xxhash_rust::xxh3::xxh3_64(&self.body);
        let etag = |suffix: &str| {
            HeaderValue::from_str(&format!("\"{hash:016x}{suffix}\"")).map_err(internal)
        };
        let mut headers = Vec::with_capacity(self.headers.len() + 1);
        for (name, value) in self.headers {
            headers.push((name, HeaderValue::from_str(&value).map_err(internal)?));
        }
        let mut keys = vec![Tag::everything()];
        keys.extend(&self.tags);
        let keys = Tag::join_within(&keys, SURROGATE_KEY_MAX);
        headers.push((
            HeaderName::from_static("surrogate-key"),
            HeaderValue::from_str(&keys).map_err(internal)?,
        ));
        let answer = Answer(Arc::new(Sealed {
            status: self.status,
            content_type: HeaderValue::from_static(self.content_type),
            plain: Bytes::from(self.body),
            br: OnceCell::new(),
            gzip: OnceCell::new(),
            etags: [etag("")?, etag("-br")?, etag("-gz")?],
            headers,
            appears: self.appears,
            disappears: self.disappears,
            revalidate: self.revalidate,
        }));
        Ok((answer, self.tags, until))
    }
}

fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A sealed answer, cheap to clone.
#[derive(Clone)]
pub struct Answer(Arc<Sealed>);

struct Sealed {
    status: StatusCode,
    content_type: HeaderValue,
    plain: Bytes,
    br: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
    etags: [HeaderValue; 3],
    headers: Vec<(HeaderName, HeaderValue)>,
    appears: Option<Time>,
    disappears: Option<Time>,
    revalidate: bool,
}

/// The coding may come later than the weighing, so it is counted from the start.
impl Footprint for Answer {
    fn size(&self) -> u64 {
        let headers: usize = self
            .0
            .headers
            .iter()
            .map(|(_, value)| value.len() + 64)
            .sum();
        (self.0.plain.len() * 8 / 5 + headers + 400) as u64
    }
}

/// The headers of a public answer that don't depend on it, made once.
pub struct Constants {
    cache_control: HeaderValue,
    max_age: i64,
    stale_while_revalidate: i64,
    stale_if_error: i64,
}

/// Headers that scripts on other origins may read.
pub const EXPOSED: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, Age, Cache-Status, X-Request-Id, Allow, Accept-Ranges, Content-Range";

impl Constants {
    /// The caching times that the settings ask for.
    pub fn new(config: &Config) -> Self {
        let (max_age, swr, sie) = (
            config.max_age.into(),
            config.stale_while_revalidate.into(),
            config.stale_if_error.into(),
        );
        let text = cache_control(max_age, swr, sie);
        Constants {
            cache_control: HeaderValue::from_str(&text)
                .unwrap_or(HeaderValue::from_static("no-cache")),
            max_age,
            stale_while_revalidate: swr,
            stale_if_error: sie,
        }
    }

    /// How long the answer may be kept: to the instant at which something in it
    /// disappears at the longest, even stale; and without asking again, to the
    /// instant at which something appears.
    fn cache_control(&self, answer: &Sealed, now: Time) -> HeaderValue {
        if answer.revalidate {
            return HeaderValue::from_static("public, no-cache");
        }
        if answer.appears.is_none() && answer.disappears.is_none() {
            return self.cache_control.clone();
        }
        let left = |at: Option<Time>| at.map_or(i64::MAX, |at| at.seconds_since(now).max(0));
        let (appears, disappears) = (left(answer.appears), left(answer.disappears));
        let max_age = self.max_age.min(appears).min(disappears);
        let swr = self
            .stale_while_revalidate
            .min(appears - max_age)
            .min(disappears - max_age);
        let sie = self.stale_if_error.min(disappears - max_age);
        HeaderValue::from_str(&cache_control(max_age, swr, sie))
            .unwrap_or(HeaderValue::from_static("no-cache"))
    }
}

fn cache_control(max_age: i64, swr: i64, sie: i64) -> String {
    format!("public, max-age={max_age}, stale-while-revalidate={swr}, stale-if-error={sie}")
}

/// Where an answer came from and how old it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether it was in the cache.
    pub hit: bool,
    /// Seconds for which nobody could tell whether it is still right.
    pub stale: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Br,
    Gzip,
}

impl Answer {
    /// Answers a request: the right coding, 304 where the client has it, the
    /// full set of headers either way.
    pub async fn respond(
        &self,
        request: &HttpRequest,
        constants: &Constants,
        now: Time,
        origin: Origin,
    ) -> Result<HttpResponse> {
        let sealed = &*self.0;
        let coding = choose(request.headers(), sealed.plain.len())?;
        let etag = &sealed.etags[coding as usize];
        let unchanged = sealed.status == StatusCode::OK
            && request.headers().contains_key(header::IF_NONE_MATCH)
            && conditional::none_match(request.headers(), etag.to_str().unwrap_or_default());

        let mut response = HttpResponse::build(if unchanged {
            StatusCode::NOT_MODIFIED
        } else {
            sealed.status
        });
        response
            .insert_header((header::CACHE_CONTROL, constants.cache_control(sealed, now)))
            .insert_header((header::ETAG, etag.clone()))
            .insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")))
            .insert_header((
                header::ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_static("*"),
            ))
            .insert_header((
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED),
            ))
            .insert_header((
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ));
        for (name, value) in &sealed.headers {
            response.append_header((name.clone(), value.clone()));
        }
        let status = HeaderName::from_static("cache-status");
        if origin.stale > 0 {
            response.insert_header((header::AGE, origin.stale));
            response.insert_header((status, format!("perspektive; hit; ttl=-{}", origin.stale)));
        } else if origin.hit {
            response.insert_header((status, HeaderValue::from_static("perspektive; hit")));
        } else {
            response.insert_header((status, HeaderValue::from_static("perspektive; fwd=miss")));
        }
        if unchanged {
            return Ok(response.finish());
        }
        response.insert_header((header::CONTENT_TYPE, sealed.content_type.clone()));
        let body = match coding {
            Coding::Plain => sealed.plain.clone(),
            Coding::Br => {
                response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("br")));
                sealed
                    .br
                    .get_or_try_init(|| off_thread(sealed.plain.clone(), brotli))
                    .await?
                    .clone()
            }
            Coding::Gzip => {
                response
                    .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
                sealed
                    .gzip
                    .get_or_try_init(|| off_thread(sealed.plain.clone(), gzip))
                    .await?
                    .clone()
            }
        };
        Ok(response.body(body))
    }
}

/// Chooses a coding by `Accept-Encoding` (RFC 9110, section 12.5.3).
fn choose(headers: &HeaderMap, length: usize) -> Result<Coding> {
    let Some(accepted) = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(Coding::Plain);
    };
    let (mut br, mut gzip, mut plain, mut any) = (None, None, None, None);
    for part in accepted.split(',') {
        let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
        let quality = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("q="))
            .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "br" => br = Some(quality),
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => plain = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let br = br.or(any).unwrap_or(0.0);
    let gzip = gzip.or(any).unwrap_or(0.0);
    let plain_refused = plain.or(any) == Some(0.0);
    if length < WORTH_COMPRESSING && !plain_refused {
        return Ok(Coding::Plain);
    }
    if br > 0.0 && br >= gzip && br >= plain.unwrap_or(0.0) {
        Ok(Coding::Br)
    } else if gzip > 0.0 && gzip >= plain.unwrap_or(0.0) {
        Ok(Coding::Gzip)
    } else if plain_refused {
        let detail = "Accept-Encoding rules out br, gzip and identity, and there is nothing else.";
        Err(Problem::new(&NOT_ACCEPTABLE, detail).into())
    } else {
        Ok(Coding::Plain)
    }
}

async fn off_thread(plain: Bytes, code: fn(&[u8]) -> std::io::Result<Vec<u8>>) -> Result<Bytes> {
    let coded = tokio::task::spawn_blocking(move || code(&plain))
        .await
        .map_err(internal)?;
    Ok(Bytes::from(coded?))
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut coder =
        ::brotli::CompressorWriter::new(Vec::with_capacity(plain.len() / 2), 4_096, 5, 18);
    coder.write_all(plain)?;
    Ok(coder.into_inner())
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut coder = flate2::write::GzEncoder::new(
        Vec::with_capacity(plain.len() / 2),
        flate2::Compression::new(6),
    );
    coder.write_all(plain)?;
    coder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_str(accept).unwrap(),
        );
        choose(&headers, 10_000).ok()
    }

    #[test]
    fn the_coding_is_the_one_the_client_likes_best() {
        assert!(chosen("gzip, deflate, br") == Some(Coding::Br));
        assert!(chosen("gzip;q=1.0, br;q=0.5") == Some(Coding::Gzip));
        assert!(chosen("deflate") == Some(Coding::Plain));
        assert!(chosen("br;q=0, *") == Some(Coding::Gzip));
        assert!(chosen("identity;q=0, zstd").is_none());
        assert!(chosen("identity, gzip;q=0.5") == Some(Coding::Plain));
    }
}
