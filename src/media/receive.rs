//! Taking a picture in: as the body itself, or as a file in a form.

use std::sync::Arc;

use actix_web::HttpRequest;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::inspect::{self, Facts};
use super::model::{FocalPoint, Said};
use crate::config::Config;
use crate::error::{FieldError, Result, bad_parameter, internal, malformed, malformed_all};
use crate::http::idempotency::{self, Digest};
use crate::http::multipart::Part;
use crate::http::query::Params;
use crate::http::received::{Received, Receiving, too_large};
use crate::http::text;
use crate::http::upload::Upload;

/// What may be said about a picture in a query or a form.
const NAMES: [&str; 6] = [
    "alt",
    "decorative",
    "caption",
    "credit",
    "copyright",
    "focal_point",
];
/// The longest value in a form, in bytes.
const VALUE_MAX: usize = 16 << 10;
/// What a form takes beside its file, in bytes.
const FORM_MAX: u64 = 128 << 10;
/// Pictures that are held in memory at once, to be looked at.
const AT_ONCE: usize = 2;
/// Of what arrives, this many bytes need no turn: slow clients don't get beyond.
const LARGE: u64 = 64 << 10;

/// Takes pictures in; one a process.
pub struct Desk {
    arriving: Semaphore,
    looking: Arc<Semaphore>,
}

impl Desk {
    /// So many that arrive at once, as files on the disk; 0 is no limit.
    pub fn new(at_once: u32) -> Self {
        let arriving = match at_once {
            0 => Semaphore::MAX_PERMITS,
            at_once => at_once as usize,
        };
        Desk {
            arriving: Semaphore::new(arriving),
            looking: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// A picture that was looked at, and its bytes.
pub struct Picture {
    /// What was received.
    pub received: Received,
    /// What it is.
    pub facts: Facts,
}

impl Desk {
    /// Waits for a turn to receive what is large, as files on the disk.
    pub fn receiving(&self) -> Arrival<'_> {
        Arrival {
            desk: self,
            turn: None,
            bytes: 0,
        }
    }

    /// Looks at what was received. At most two are in memory at a time, so that
    /// memory has a bound however many send pictures.
    pub async fn look_at(&self, received: Received, config: &Config) -> Result<Picture> {
        let turn = Arc::clone(&self.looking).acquire_owned().await;
        let turn = turn.map_err(internal)?;
        let max_pixels = config.media_max_pixels;
        let looked = tokio::task::spawn_blocking(move || {
            let bytes = received.bytes()?;
            let facts = inspect::inspect(&bytes, max_pixels);
            drop(bytes);
            drop(turn);
            Ok(Picture {
                facts: facts?,
                received,
            })
        });
        looked.await.map_err(internal)?
    }
}

/// What one request brings. It takes its turn once that is large, so that whoever sends
/// a byte a second holds up nobody.
pub struct Arrival<'a> {
    desk: &'a Desk,
    turn: Option<SemaphorePermit<'a>>,
    bytes: u64,
}

impl Arrival<'_> {
    /// Waits until so many more bytes may be kept.
    pub async fn admit(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        if self.bytes > LARGE && self.turn.is_none() {
            self.turn = Some(self.desk.arriving.acquire().await.map_err(internal)?);
        }
        Ok(())
    }
}

/// What the query says about a picture that is the body itself.
pub fn said_in_query(params: &mut Params) -> Result<Said> {
    let mut said = Said::default();
    for name in NAMES {
        if let Some(value) = params.one(name)? {
            say(&mut said, name, value).map_err(|why| bad_parameter(format!("`{name}` {why}.")))?;
        }
    }
    Ok(said)
}

impl Desk {
    /// Reads the body: the picture itself, or a form with it. `said` is what the
    /// query says already.
    pub async fn receive(
        &self,
        upload: Upload,
        request: &HttpRequest,
        config: &Config,
        said: Said,
    ) -> Result<(Received, Said)> {
        receive(self.receiving(), upload, request, config, said).await
    }
}

async fn receive(
    mut arrival: Arrival<'_>,
    upload: Upload,
    request: &HttpRequest,
    config: &Config,
    said: Said,
) -> Result<(Received, Said)> {
    let limit = config.media_max_bytes;
    let is_form = upload.content_type() == "multipart/form-data";
    let more = if is_form { FORM_MAX } else { 0 };
    if upload
        .declared()
        .is_some_and(|length| length > limit + more)
    {
        return Err(too_large(limit));
    }
    let mut receiving = Receiving::new(config.data_dir.clone(), limit).await?;
    if !is_form {
        let mut pieces = upload.pieces();
        while let Some(piece) = pieces.next().await? {
            arrival.admit(piece.len()).await?;
            receiving.take(piece).await?;
        }
        let received = receiving.finish().await?;
        if idempotency::wants_body(request) {
            idempotency::note_body(request, Digest::of(received.sha256.as_bytes()));
        }
        return Ok((received, said));
    }
    if said != Said::default() {
        return Err(bad_parameter(
            "What is said about a picture in a form stands in the form; leave it out of the query.",
        ));
    }
    let mut said = said;
    let mut digest = Digest::default();
    let mut named: Vec<String> = Vec::new();
    let mut received = None;
    let mut receiving = Some(receiving);
    let mut parts = upload.parts();
    while let Some(mut part) = parts.next().await? {
        digest.add(part.name.as_bytes());
        if part.file_name.is_some() || part.name == "file" {
            let Some(mut receiving) = receiving.take() else {
                return Err(malformed(
                    "The form holds more than one file; send one picture a request.",
                ));
            };
            while let Some(piece) = part.piece().await? {
                arrival.admit(piece.len()).await?;
                receiving.take(piece).await?;
            }
            let done = receiving.finish().await?;
            digest.add(done.sha256.as_bytes());
            received = Some(done);
            continue;
        }
        let value = part.bytes(VALUE_MAX).await?;
        digest.add(&value);
        say_in_form(&mut said, &mut named, &part, &value)?;
    }
    if idempotency::wants_body(request) {
        idempotency::note_body(request, digest);
    }
    let received = received.ok_or_else(|| {
        malformed("The form holds no file; add the picture: curl -F file=@bild.jpg.")
    })?;
    Ok((received, said))
}

fn say_in_form(said: &mut Said, named: &mut Vec<String>, part: &Part, value: &[u8]) -> Result<()> {
    let name = part.name.as_str();
    let wrong = |code, detail: String| {
        let shown: String = name.chars().take(80).collect();
        malformed_all(vec![FieldError::new(format!("#/{shown}"), code, detail)])
    };
    if !NAMES.contains(&name) {
        return Err(wrong("unknown-field", text::unknown(name, &NAMES)));
    }
    if named.iter().any(|known| known == name) {
        return Err(wrong(
            "duplicate-field",
            "stands there twice; send it once".to_owned(),
        ));
    }
    named.push(name.to_owned());
    let value =
        std::str::from_utf8(value).map_err(|_| wrong("wrong-type", "isn't UTF-8".to_owned()))?;
    say(said, name, value.to_owned()).map_err(|why| wrong("wrong-type", why))
}

/// Notes a value under its name. An empty one says nothing.
fn say(said: &mut Said, name: &str, value: String) -> Result<(), String> {
    let value = Some(value).filter(|value| !value.trim().is_empty());
    match (name, value) {
        ("alt", value) => said.alt = value,
        ("caption", value) => said.caption = value,
        ("credit", value) => said.credit = value,
        ("copyright", value) => said.copyright = value,
        ("decorative", Some(value)) => {
            said.decorative = Some(match value.trim() {
                "true" => true,
                "false" => false,
                other => return Err(format!("is true or false, not `{other}`")),
            });
        }
        ("focal_point", Some(value)) => said.focal_point = Some(focal_point(&value)?),
        _ => {}
    }
    Ok(())
}

/// Reads `0.5,0.3`.
fn focal_point(value: &str) -> Result<FocalPoint, String> {
    let read = |text: &str| text.trim().parse::<f64>().ok();
    value
        .split_once(',')
        .and_then(|(x, y)| {
            Some(FocalPoint {
                x: read(x)?,
                y: read(y)?,
            })
        })
        .ok_or_else(|| format!("is two numbers from 0 to 1, such as 0.5,0.3, not `{value}`"))
}
