//! What a file is, found from its bytes, before anything decodes it.
//!
//! [`inspect()`] walks through a picture's structure from its first byte to its
//! end, and so knows its size in pixels, whether it is whole, what its makers wrote
//! into it and where it ends. What follows the end is left out: phones put films
//! and previews there. But a file that is a second thing at the same time is
//! refused:
//!
//! - a ZIP archive (its directory stands at the end of the file, whatever comes
//!   before) or a PDF (its mark stands in the first 1,024 bytes, or behind the end);
//! - markup that browsers would run (`<script`, `<html`, `<svg`, `<?php` …) in
//!   comments and other texts inside the picture, or behind its end;
//! - a script: a header that reads as the beginning of one, or text behind the end;
//! - another archive or a program behind the end.
//!
//! Nothing of all this would get out, since renditions are made of pixels alone. But
//! such a file was made to deceive, and originals may one day be handed on.

mod gif;
mod jpeg;
mod png;
mod said;
mod second;
mod webp;

use image::metadata::Orientation;

use super::model::Format;
use crate::error::{Error, FieldError, Problem, Result, UNSUPPORTED_TYPE, invalid_all, malformed};

pub use said::Lifted;

/// What is taken, for `Accept-Post`.
pub const TAKEN: &str = "image/jpeg, image/png, image/webp, image/gif, multipart/form-data";

/// What is known of a picture.
#[derive(Debug)]
pub struct Facts {
    /// What it is.
    pub format: Format,
    /// Pixels from left to right, the right way up.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// How it has to be turned for that.
    pub orientation: Orientation,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What its makers wrote into it.
    pub lifted: Lifted,
}

/// What a walk through a picture finds.
#[derive(Default)]
struct Walk<'a> {
    width: u32,
    height: u32,
    /// The most pixels that a decoder would have to hold at once, if that is more
    /// than the picture has.
    held: u64,
    end: usize,
    exif: Option<&'a [u8]>,
    xmp: Option<std::borrow::Cow<'a, [u8]>>,
    iptc: Option<&'a [u8]>,
    /// Texts and whatever else isn't pixels.
    notes: Vec<std::borrow::Cow<'a, [u8]>>,
}

/// Why a walk ends early.
enum Broken {
    /// The file ends before the picture does.
    Early,
    /// Something in it can't be.
    Wrong(String),
}

type Walked<T> = std::result::Result<T, Broken>;

fn wrong<T>(what: impl Into<String>) -> Walked<T> {
    Err(Broken::Wrong(what.into()))
}

/// Finds out what a file is; 415 if it isn't a picture that is taken, 422 if it is
/// one but broken, too large for `max_pixels`, or something else as well.
pub fn inspect(bytes: &[u8], max_pixels: u64) -> Result<Facts> {
    let format = format_of(bytes)?;
    let walked = match format {
        Format::Jpeg => jpeg::walk(bytes),
        Format::Png => png::walk(bytes),
        Format::Webp => webp::walk(bytes),
        Format::Gif => gif::walk(bytes),
    };
    let name = name(format);
    let walk = walked.map_err(|broken| match broken {
        Broken::Early => refused(
            "truncated",
            format!(
                "The {name} ends before the picture does, after {} bytes; it was cut off on its way. Send it again, or export it anew.",
                bytes.len()
            ),
        ),
        Broken::Wrong(what) => refused(
            "broken-picture",
            format!("The {name} is broken: {what}. Open it in a program for pictures and export it anew."),
        ),
    })?;
    if walk.width == 0 || walk.height == 0 {
        let detail = format!("The {name} has no pixels; export it anew.");
        return Err(refused("broken-picture", detail));
    }
    let pixels = u64::from(walk.width) * u64::from(walk.height);
    if pixels.max(walk.held) > max_pixels {
        let detail = format!(
            "The picture is {} × {} pixels, {} in all to be held in memory; {max_pixels} are the most. Make it smaller and send it again.",
            walk.width,
            walk.height,
            pixels.max(walk.held)
        );
        return Err(refused("too-many-pixels", detail));
    }
    if let Some(other) = second::find(bytes, format, &walk) {
        let detail = format!(
            "The {name} is {other} at the same time; such files are not taken. Open it in a program for pictures and export it anew."
        );
        return Err(refused("two-formats", detail));
    }
    let tiff = walk
        .exif
        .map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    let orientation = tiff
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms);
    let (width, height) = match is_turned(orientation) {
        true => (walk.height, walk.width),
        false => (walk.width, walk.height),
    };
    Ok(Facts {
        format,
        width,
        height,
        orientation,
        end: walk.end,
        lifted: Lifted::of(walk.xmp.as_deref(), walk.iptc),
    })
}

/// Whether width and height change places.
pub fn is_turned(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn refused(code: &'static str, detail: String) -> Error {
    invalid_all(vec![FieldError::new("#", code, detail)])
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG",
        Format::Png => "PNG",
        Format::Webp => "WebP",
        Format::Gif => "GIF",
    }
}

fn format_of(bytes: &[u8]) -> Result<Format> {
    if bytes.is_empty() {
        return Err(malformed("The body is empty; send the picture's bytes."));
    }
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Ok(Format::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Ok(Format::Png)
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Ok(Format::Gif)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Ok(Format::Webp)
    } else {
        let (what, way_out) = guess(bytes);
        let detail = format!(
            "The file is {what}; taken are JPEG, PNG, WebP and GIF, whatever the name says. {way_out}"
        );
        Err(Problem::new(&UNSUPPORTED_TYPE, detail)
            .header("Accept-Post", TAKEN)
            .into())
    }
}

/// What a file seems to be that isn't taken, and what to do about it.
fn guess(bytes: &[u8]) -> (&'static str, &'static str) {
    const EXPORT: &str = "Export it as one of these.";
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let text: Vec<u8> = text
        .iter()
        .take(2_048)
        .map(u8::to_ascii_lowercase)
        .collect();
    let holds = |what: &[u8]| second::position(&text, what).is_some();
    let brand = match bytes.get(4..8) {
        Some(b"ftyp") => bytes.get(8..12),
        _ => None,
    };
    match brand {
        Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"heim") => {
            return (
                "a HEIC",
                "Export it as JPEG; on an iPhone the camera's settings have “Most Compatible”.",
            );
        }
        Some(b"avif" | b"avis") => return ("an AVIF", EXPORT),
        Some(_) => return ("a film", "Films are embedded by their address."),
        None => {}
    }
    if text.starts_with(b"<") && holds(b"<svg") {
        ("an SVG", "Export the drawing as PNG.")
    } else if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        ("a page of HTML", "Save the picture itself, not the page.")
    } else if text.starts_with(b"<?xml") {
        ("an XML document", EXPORT)
    } else if bytes.starts_with(b"%PDF-") {
        ("a PDF", "Export the page as a picture.")
    } else if bytes.starts_with(b"PK\x03\x04") {
        (
            "a ZIP archive or an office document",
            "Send the picture in it.",
        )
    } else if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        ("a TIFF or a raw picture", EXPORT)
    } else if bytes.starts_with(b"8BPS") {
        ("a Photoshop document", EXPORT)
    } else if bytes.starts_with(&[0xFF, 0x0A]) || bytes.starts_with(b"\0\0\0\x0CJXL ") {
        ("a JPEG XL", EXPORT)
    } else if bytes.starts_with(b"BM") {
        ("a BMP", EXPORT)
    } else if text.starts_with(b"{") || text.starts_with(b"[") {
        (
            "JSON",
            "Send the picture's bytes: curl --data-binary @bild.jpg.",
        )
    } else if bytes.starts_with(&[0xFF, 0xD8]) {
        ("the broken beginning of a JPEG", EXPORT)
    } else {
        ("of a kind that isn't known here", EXPORT)
    }
}

/// Reads a file from its beginning; what lies behind its end is [`Broken::Early`].
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Reader { bytes, at }
    }

    fn take(&mut self, length: usize) -> Walked<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or(Broken::Early)?;
        let taken = self.bytes.get(self.at..end).ok_or(Broken::Early)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Walked<u8> {
        Ok(self.take(1)?[0])
    }

    fn be(&mut self, length: usize) -> Walked<usize> {
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    fn le(&mut self, length: usize) -> Walked<usize> {
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .rfold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }
}
