//! The medium as it is stored and as editors see it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Config;
use crate::content::Warning;
use crate::db::schema::media;
use crate::db::{Id, Time};
use crate::error::{Result, internal};
use crate::http::patch::Patch;
use crate::http::reply::Saved;

/// The longest alt text and caption, in characters.
pub const TEXT_MAX: usize = 1_000;
/// The longest credit and copyright, in characters.
pub const NAME_MAX: usize = 300;

/// The widths in which pictures are delivered, in pixels. None is wider than its
/// original; one that is narrower than the first is delivered as wide as it is.
pub const WIDTHS: [u32; 5] = [320, 640, 960, 1_280, 1_920];

crate::text_enum! {
    /// What a picture was received as. This list may grow.
    pub enum Format {
        /// JPEG, baseline or progressive.
        Jpeg = "jpeg",
        /// PNG.
        Png = "png",
        /// WebP.
        Webp = "webp",
        /// GIF; of an animated one the first picture counts.
        Gif = "gif",
    }
}

crate::text_enum! {
    /// How far the renditions are. This list may grow.
    pub enum Status {
        /// They are being made; ask again in a second or two.
        Pending = "pending",
        /// They are there.
        Ready = "ready",
        /// They can't be made; `failure` says why.
        Failed = "failed",
    }
}

/// A medium as it is stored; what the columns mean is written in the migration.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq)]
#[diesel(table_name = media, treat_none_as_null = true)]
#[allow(missing_docs)]
pub struct Medium {
    pub id: Id,
    pub sha256: String,
    pub format: Format,
    pub bytes: i64,
    pub width: i32,
    pub height: i32,
    pub orientation: i32,
    pub alt: Option<String>,
    pub decorative: bool,
    pub caption: Option<String>,
    pub credit: Option<String>,
    pub copyright: Option<String>,
    pub focal_x: Option<f64>,
    pub focal_y: Option<f64>,
    pub search_text: String,
    pub thumbhash: Option<String>,
    pub renditions: String,
    pub rendered_at: Option<Time>,
    pub failure: Option<String>,
    pub attempts: i32,
    pub claimed_until: Option<Time>,
    pub version: i64,
    pub edited_version: i64,
    pub created_at: Time,
    pub created_by: Id,
    pub updated_at: Time,
}

/// A picture's renditions of one width, as they are stored.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// As JPEG.
    pub jpeg: Piece,
    /// As WebP.
    pub webp: Piece,
}

/// Stored bytes.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many.
    pub bytes: u64,
    /// Their hash, in 16 hexadecimal digits.
    pub hash: String,
    /// Their SHA-256, in hexadecimal digits; what was made long ago lacks it until
    /// it is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The formats in which renditions are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// For every client.
    Jpeg,
    /// Smaller.
    Webp,
}

impl Delivered {
    /// How its addresses end.
    pub fn extension(self) -> &'static str {
        match self {
            Delivered::Jpeg => "jpg",
            Delivered::Webp => "webp",
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Delivered::Jpeg => "image/jpeg",
            Delivered::Webp => "image/webp",
        }
    }

    /// The format that an address ends with.
    pub fn of(extension: &str) -> Option<Self> {
        [Delivered::Jpeg, Delivered::Webp]
            .into_iter()
            .find(|format| format.extension() == extension)
    }

    /// These bytes of a rendition.
    pub fn piece(self, rendition: &Rendition) -> &Piece {
        match self {
            Delivered::Jpeg => &rendition.jpeg,
            Delivered::Webp => &rendition.webp,
        }
    }
}

impl Medium {
    /// Its renditions, the narrowest first.
    pub fn renditions(&self) -> Result<Vec<Rendition>> {
        serde_json::from_str(&self.renditions).map_err(internal)
    }

    /// The widths of its renditions, the narrowest first.
    pub fn widths(&self) -> Result<Vec<u32>> {
        #[derive(Deserialize)]
        struct Made {
            width: u32,
        }
        let made: Vec<Made> = serde_json::from_str(&self.renditions).map_err(internal)?;
        Ok(made.into_iter().map(|made| made.width).collect())
    }

    /// How far they are.
    pub fn status(&self) -> Status {
        match (self.rendered_at, &self.failure) {
            (_, Some(_)) => Status::Failed,
            (Some(_), None) => Status::Ready,
            (None, None) => Status::Pending,
        }
    }

    /// The point that must stay in sight when the picture is cropped.
    pub fn focal_point(&self) -> Option<FocalPoint> {
        Some(FocalPoint {
            x: self.focal_x?,
            y: self.focal_y?,
        })
    }

    /// Where its original lies in the storage.
    pub fn original(id: Id) -> String {
        format!("{id}/original")
    }

    /// Where a rendition lies in the storage: under its hash, so that what is made
    /// again never changes what is being read.
    pub fn place(id: Id, width: u32, format: Delivered, piece: &Piece) -> String {
        format!("{id}/{width}-{}.{}", piece.hash, format.extension())
    }
}

/// A rendition's address; `width` may be the `{width}` of a template.
pub fn address(
    config: &Config,
    id: Id,
    width: impl std::fmt::Display,
    format: Delivered,
) -> String {
    format!(
        "{}/media/{id}/{width}.{}",
        config.public_url,
        format.extension()
    )
}

/// The point of a picture that must stay in sight when it is cropped.
#[derive(Serialize, Deserialize, ToSchema, Clone, Copy, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"x": 0.5, "y": 0.3}))]
pub struct FocalPoint {
    /// From the left edge (0) to the right one (1).
    #[schema(minimum = 0, maximum = 1, example = 0.5)]
    pub x: f64,
    /// From the upper edge (0) to the lower one (1).
    #[schema(minimum = 0, maximum = 1, example = 0.3)]
    pub y: f64,
}

/// What the list of media can be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The one of these bytes.
    pub sha256: Option<String>,
    /// Those that this user uploaded.
    pub created_by: Option<Id>,
    /// Those with all of these words.
    pub words: Vec<String>,
    /// Those that nothing uses, or that something uses.
    pub unused: Option<bool>,
}

/// What can be said about a picture when it is uploaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// What it shows, for those who can't see it.
    pub alt: Option<String>,
    /// Whether it only decorates.
    pub decorative: Option<bool>,
    /// What stands below it.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// Whose it is.
    pub copyright: Option<String>,
    /// What must stay in sight.
    pub focal_point: Option<FocalPoint>,
}

/// A picture as a form sends it.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct MediumForm {
    /// The picture: the one part that is a file, whatever its name.
    #[schema(format = "binary", value_type = String)]
    file: Vec<u8>,
    /// What it shows, for those who can't see it; at most 1000 characters.
    #[schema(nullable = false, example = "Ein Bus am Flussufer")]
    alt: Option<String>,
    /// Whether it only decorates and needs no alt text.
    #[schema(nullable = false, example = false)]
    decorative: Option<bool>,
    /// What stands below it; at most 1000 characters.
    #[schema(nullable = false, example = "Linie 3 am Wehr")]
    caption: Option<String>,
    /// Who made it; at most 300 characters.
    #[schema(nullable = false, example = "Jonte Behrens")]
    credit: Option<String>,
    /// Whose it is; at most 300 characters.
    #[schema(nullable = false, example = "© 2026 Flussblick")]
    copyright: Option<String>,
    /// What must stay in sight when it is cropped: from the left and from above.
    #[schema(nullable = false, example = "0.5,0.3")]
    focal_point: Option<String>,
}

/// Changes to what is said about a picture, as a merge patch: what is left out
/// stays.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"alt": "Ein Bus am Flussufer", "focal_point": {"x": 0.4, "y": 0.5}, "caption": null}))]
pub struct MediumPatch {
    /// What it shows, for those who can't see it; at most 1000 characters. To be
    /// published, a picture needs it or `decorative`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub alt: Patch<String>,
    /// Whether it only decorates and needs no alt text.
    #[serde(default)]
    #[schema(value_type = bool)]
    pub decorative: Patch<bool>,
    /// What stands below it; at most 1000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub caption: Patch<String>,
    /// Who made it; at most 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub credit: Patch<String>,
    /// Whose it is; at most 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub copyright: Patch<String>,
    /// What must stay in sight when it is cropped.
    #[serde(default)]
    #[schema(value_type = Option<FocalPoint>)]
    pub focal_point: Patch<FocalPoint>,
}

/// A picture as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct MediumOut {
    /// Its id.
    pub id: Id,
    /// SHA-256 of the file that was received, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    /// What it was received as.
    pub format: Format,
    /// What is kept of it, in bytes.
    #[schema(example = 2_481_152)]
    pub bytes: i64,
    /// Pixels from left to right, the right way up.
    #[schema(example = 2400)]
    pub width: i32,
    /// Pixels from top to bottom.
    #[schema(example = 1600)]
    pub height: i32,
    /// What it shows, for those who can't see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ein Bus am Flussufer")]
    pub alt: Option<String>,
    /// Whether it only decorates and needs no alt text.
    #[schema(example = false)]
    pub decorative: bool,
    /// What stands below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Linie 3 am Wehr")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Jonte Behrens")]
    pub credit: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "© 2026 Flussblick")]
    pub copyright: Option<String>,
    /// What must stay in sight when it is cropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focal_point: Option<FocalPoint>,
    /// A few bytes (Base64) that give an idea of the picture while it loads:
    /// <https://evanw.github.io/thumbhash/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1QcSHQRnh493V4dIh4eXh1h4kJUI")]
    pub thumbhash: Option<String>,
    /// How far the renditions are.
    pub status: Status,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The picture can't be decoded: …")]
    pub failure: Option<String>,
    /// What readers get, the narrowest first; none until they are made.
    pub renditions: Vec<RenditionOut>,
    /// Counts what happened to it.
    pub version: i64,
    /// When it was uploaded.
    pub created_at: Time,
    /// When it was last changed, or its renditions were made.
    pub updated_at: Time,
}

/// A picture in one width.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct RenditionOut {
    /// Pixels from left to right.
    #[schema(example = 640)]
    pub width: u32,
    /// Pixels from top to bottom.
    #[schema(example = 427)]
    pub height: u32,
    /// Its address as JPEG.
    #[schema(
        format = "uri",
        example = "https://api.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/640.jpg"
    )]
    pub jpeg: String,
    /// Its address as WebP.
    #[schema(
        format = "uri",
        example = "https://api.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/640.webp"
    )]
    pub webp: String,
}

/// What an upload leaves behind.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct MediumSaved {
    /// The medium, and what the upload did.
    #[serde(flatten)]
    pub saved: Saved<MediumOut>,
    /// What was not taken over as it was sent or found in the file.
    pub warnings: Vec<Warning>,
}

impl MediumOut {
    /// A medium, with the addresses that the settings make.
    pub fn new(medium: Medium, config: &Config) -> Result<Self> {
        let renditions = medium.renditions()?;
        let shown = renditions.iter().map(|rendition| RenditionOut {
            width: rendition.width,
            height: rendition.height,
            jpeg: address(config, medium.id, rendition.width, Delivered::Jpeg),
            webp: address(config, medium.id, rendition.width, Delivered::Webp),
        });
        Ok(MediumOut {
            renditions: shown.collect(),
            status: medium.status(),
            focal_point: medium.focal_point(),
            id: medium.id,
            sha256: medium.sha256,
            format: medium.format,
            bytes: medium.bytes,
            width: medium.width,
            height: medium.height,
            alt: medium.alt,
            decorative: medium.decorative,
            caption: medium.caption,
            credit: medium.credit,
            copyright: medium.copyright,
            thumbhash: medium.thumbhash,
            failure: medium.failure,
            version: medium.version,
            created_at: medium.created_at,
            updated_at: medium.updated_at,
        })
    }
}
