//! A form with files (`multipart/form-data`, RFC 7578), part by part as it
//! arrives.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::web::Bytes;
use futures_util::StreamExt;
use futures_util::stream::Fuse;

use crate::error::{Problem, Result, TIMEOUT, TOO_LARGE, malformed};

/// Parts that are taken of one form.
const PARTS: usize = 200;

/// The parts of a form. One must be read, or dropped, before the next is asked for.
pub struct Parts {
    form: Fuse<Multipart>,
    patience: Duration,
    taken: usize,
}

/// A part of a form.
pub struct Part {
    /// What the form calls it.
    pub name: String,
    /// What its sender called the file; `None` for a plain value. Nothing follows
    /// from it.
    pub file_name: Option<String>,
    /// What its sender says it is, in lower case and without parameters.
    pub content_type: Option<String>,
    field: Field,
    patience: Duration,
}

impl Parts {
    /// The parts of a form, each piece of which arrives within this time.
    pub fn new(form: Multipart, patience: Duration) -> Self {
        Parts {
            // What has ended is not asked again.
            form: form.fuse(),
            patience,
            taken: 0,
        }
    }

    /// The next part; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        let next = tokio::time::timeout(self.patience, self.form.next());
        let field = match next.await {
            Ok(None) => return Ok(None),
            Ok(Some(field)) => field.map_err(unreadable)?,
            Err(_) => return Err(too_slow(self.patience)),
        };
        self.taken += 1;
        if self.taken > PARTS {
            return Err(malformed(format!(
                "The form has more than {PARTS} parts, which is the most this API takes."
            )));
        }
        let file_name = field.content_disposition().and_then(|said| {
            let plain = said.get_filename().map(str::to_owned);
            // RFC 7578 doesn't allow the other form, but clients use it.
            plain.or_else(|| String::from_utf8(said.get_filename_ext()?.value.clone()).ok())
        });
        Ok(Some(Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name,
            content_type: field
                .content_type()
                .map(|kind| kind.essence_str().to_ascii_lowercase()),
            patience: self.patience,
            field,
        }))
    }
}

impl Part {
    /// The next piece of it; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        match tokio::time::timeout(self.patience, self.field.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(piece)) => piece.map(Some).map_err(unreadable),
            Err(_) => Err(too_slow(self.patience)),
        }
    }

    /// The whole of it, if that is at most so many bytes.
    pub async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            self.within(bytes.len() + piece.len(), limit)?;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// 413 if the part has become larger than this.
    pub fn within(&self, length: usize, limit: usize) -> Result<()> {
        if length <= limit {
            return Ok(());
        }
        let detail = format!(
            "The part `{}` is larger than {limit} bytes, which is the most this API takes.",
            self.name
        );
        Err(Problem::new(&TOO_LARGE, detail).with("limit", limit).into())
    }
}

fn unreadable(error: actix_multipart::MultipartError) -> crate::error::Error {
    malformed(format!(
        "The form can't be read: {error}. Let your client make it (curl -F …), its Content-Type included."
    ))
}

fn too_slow(patience: Duration) -> crate::error::Error {
    let seconds = patience.as_secs();
    let detail = format!("No more of the body arrived for {seconds} seconds.");
    Problem::new(&TIMEOUT, detail).into()
}
