//! A double of S3, as far as the media storage speaks to it: objects by path-style
//! addresses, ranges, uploads in parts, lists and removals, over plain HTTP. It wants
//! requests to be signed with the key it knows, and can be told to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// The key that requests are to be signed with.
pub const KEY: &str = "AKIAFLUSSBLICK";

#[derive(Default)]
struct Objects {
    stored: BTreeMap<String, Bytes>,
    /// Uploads in parts that are not complete.
    parts: BTreeMap<String, BTreeMap<u32, Bytes>>,
    made: u32,
    /// Objects whose keys hold this can't be removed.
    stuck: Option<String>,
    /// Everything fails.
    away: bool,
    /// What was asked, as method and kind.
    asked: Vec<String>,
}

/// The double, which runs until the test ends.
#[derive(Clone)]
pub struct S3 {
    url: String,
    objects: Arc<Mutex<Objects>>,
}

impl S3 {
    /// Starts one.
    pub fn start() -> Self {
        let objects = Arc::new(Mutex::new(Objects::default()));
        let data = Data::from(Arc::clone(&objects));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(PayloadConfig::new(64 << 20))
                .default_service(web::to(answer))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        S3 { url, objects }
    }

    /// Its address for `MEDIA_URL`.
    pub fn media_url(&self) -> String {
        format!(
            "s3://{KEY}:geheim@flussblick/bilder?endpoint={}&region=eu-central-1",
            self.url
        )
    }

    fn with<T>(&self, look: impl FnOnce(&mut Objects) -> T) -> T {
        look(&mut self.objects.lock().unwrap())
    }

    /// Keys of all objects, sorted.
    pub fn keys(&self) -> Vec<String> {
        self.with(|objects| objects.stored.keys().cloned().collect())
    }

    /// How many uploads in parts were begun and are neither complete nor aborted.
    pub fn unfinished(&self) -> usize {
        self.with(|objects| objects.parts.len())
    }

    /// What was asked, as method and kind, each once.
    pub fn asked(&self) -> std::collections::BTreeSet<String> {
        self.with(|objects| objects.asked.iter().cloned().collect())
    }

    /// Fails at everything, or no longer.
    pub fn set_away(&self, away: bool) {
        self.with(|objects| objects.away = away);
    }

    /// Can't remove objects whose keys hold this.
    pub fn set_stuck(&self, part_of_key: Option<&str>) {
        self.with(|objects| objects.stuck = part_of_key.map(str::to_owned));
    }
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    HttpResponse::build(status.try_into().unwrap())
        .content_type("application/xml")
        .body(format!(
            "<Error><Code>{code}</Code><Message>{code}</Message></Error>"
        ))
}

fn xml(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/xml")
        .body(body)
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{:x}\"", xxhash_rust::xxh3::xxh3_64(bytes))
}

async fn answer(request: HttpRequest, body: Bytes, objects: Data<Mutex<Objects>>) -> HttpResponse {
    let mut objects = objects.lock().unwrap();
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let signed = format!("AWS4-HMAC-SHA256 Credential={KEY}/");
    if !header("authorization").starts_with(&signed) {
        return refusal(403, "InvalidAccessKeyId");
    }
    if objects.away {
        return refusal(503, "SlowDown");
    }
    let path = percent_encoding::percent_decode_str(request.path())
        .decode_utf8()
        .unwrap()
        .into_owned();
    let Some(path) = path.strip_prefix("/flussblick") else {
        return refusal(404, "NoSuchBucket");
    };
    let key = path.trim_start_matches('/').to_owned();
    let query: BTreeMap<String, String> =
        serde_urlencoded::from_str(request.query_string()).unwrap();
    let is = |name: &str| query.contains_key(name);
    let upload = query.get("uploadId").cloned();
    let method = request.method().as_str().to_owned();
    let kind = ["uploads", "partNumber", "uploadId", "list-type", "delete"]
        .into_iter()
        .find(|name| is(name));
    objects
        .asked
        .push(format!("{method} {}", kind.unwrap_or("object")));
    match (method.as_str(), upload) {
        ("POST", None) if is("uploads") => {
            objects.made += 1;
            let id = format!("upload-{}", objects.made);
            objects.parts.insert(id.clone(), BTreeMap::new());
            xml(format!(
                "<InitiateMultipartUploadResult><Bucket>flussblick</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        ("POST", None) if is("delete") => {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let mut out = "<DeleteResult>".to_owned();
            for piece in body.split("<Key>").skip(1) {
                let key = piece.split("</Key>").next().unwrap();
                if objects
                    .stuck
                    .as_ref()
                    .is_some_and(|stuck| key.contains(stuck))
                {
                    out += &format!(
                        "<Error><Key>{key}</Key><Code>AccessDenied</Code><Message>stuck</Message></Error>"
                    );
                } else {
                    objects.stored.remove(key);
                    out += &format!("<Deleted><Key>{key}</Key></Deleted>");
                }
            }
            xml(out + "</DeleteResult>")
        }
        ("PUT", Some(id)) => {
            let number = query["partNumber"].parse().unwrap();
            let tag = etag(&body);
            let Some(parts) = objects.parts.get_mut(&id) else {
                return refusal(404, "NoSuchUpload");
            };
            parts.insert(number, body);
            HttpResponse::Ok().insert_header(("ETag", tag)).finish()
        }
        ("POST", Some(id)) => {
            let Some(parts) = objects.parts.remove(&id) else {
                return refusal(404, "NoSuchUpload");
            };
            let last = parts.len();
            let small = parts
                .values()
                .enumerate()
                .any(|(at, part)| at + 1 < last && part.len() < 5 << 20);
            if small {
                return refusal(400, "EntityTooSmall");
            }
            let whole: Vec<u8> = parts.into_values().flatten().collect();
            let tag = etag(&whole);
            objects.stored.insert(key.clone(), whole.into());
            xml(format!(
                "<CompleteMultipartUploadResult><Bucket>flussblick</Bucket><Key>{key}</Key><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
            ))
        }
        ("DELETE", Some(id)) => {
            objects.parts.remove(&id);
            HttpResponse::NoContent().finish()
        }
        ("PUT", None) => {
            let tag = etag(&body);
            objects.stored.insert(key, body);
            HttpResponse::Ok().insert_header(("ETag", tag)).finish()
        }
        ("GET", None) if is("list-type") => {
            let prefix = query.get("prefix").cloned().unwrap_or_default();
            let found = objects
                .stored
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix));
            let found: String = found
                .map(|(key, bytes)| {
                    format!(
                        "<Contents><Key>{key}</Key><LastModified>2026-11-26T04:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                        etag(bytes),
                        bytes.len()
                    )
                })
                .collect();
            xml(format!(
                "<ListBucketResult><Name>flussblick</Name><Prefix>{prefix}</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
            ))
        }
        ("GET" | "HEAD", None) => {
            let Some(bytes) = objects.stored.get(&key) else {
                return refusal(404, "NoSuchKey");
            };
            let mut response = HttpResponse::Ok();
            response
                .insert_header(("ETag", etag(bytes)))
                .insert_header(("Last-Modified", "Thu, 26 Nov 2026 04:00:00 GMT"));
            let range = header("range");
            let Some(range) = range.strip_prefix("bytes=") else {
                return response.body(bytes.clone());
            };
            let (first, last) = range.split_once('-').unwrap();
            let first: usize = first.parse().unwrap();
            let end = last
                .parse()
                .map_or(bytes.len(), |last: usize| (last + 1).min(bytes.len()));
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            response.insert_header((
                "Content-Range",
                format!("bytes {first}-{}/{}", end - 1, bytes.len()),
            ));
            response.body(bytes.slice(first..end))
        }
        ("DELETE", None) => {
            if objects
                .stuck
                .as_ref()
                .is_some_and(|stuck| key.contains(stuck))
            {
                return refusal(403, "AccessDenied");
            }
            objects.stored.remove(&key);
            HttpResponse::NoContent().finish()
        }
        _ => refusal(405, "MethodNotAllowed"),
    }
}
