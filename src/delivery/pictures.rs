//! The uploaded pictures that an answer shows: read at once, then put where they
//! stand. What is said about a picture in an article comes before what is said with
//! its upload.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::card::Image;
use super::context::Context;
use crate::articles::model::{Picture, RevisionHead};
use crate::config::Config;
use crate::content::{self, Point, Renditions};
use crate::db::{Conn, Id};
use crate::error::{Result, internal};
use crate::media::model::{Delivered, Medium, address};
use crate::media::render;

/// The widest that a picture's plain address gives; wider ones are for those who
/// choose among the widths.
const PLAIN_MAX: u32 = 1_280;

/// A file that belongs to an article: a picture in one width and format.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RenditionFile {
    /// Where it is. What lies there never changes.
    #[schema(
        format = "uri",
        example = "https://api.flussblick.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/640.webp"
    )]
    pub url: String,
    /// How many bytes it has.
    #[schema(example = 48213)]
    pub bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    /// Its media type.
    #[schema(example = "image/webp")]
    pub content_type: String,
}

/// The uploaded pictures that an answer shows.
pub struct Pictures {
    media: HashMap<Id, Medium>,
    config: Arc<Config>,
}

impl Pictures {
    /// Reads these media in one query; in none, if there are none.
    pub fn load(conn: &mut Conn<'_>, context: &Context, mut ids: Vec<Id>) -> Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        let found = match ids.as_slice() {
            [] => Vec::new(),
            ids => crate::store!(*conn, media::by_ids(ids))?,
        };
        Ok(Pictures {
            media: found
                .into_iter()
                .map(|medium| (medium.id, medium))
                .collect(),
            config: Arc::clone(&context.config),
        })
    }

    /// Reads the media above these articles.
    pub fn of_cards<'a>(
        conn: &mut Conn<'_>,
        context: &Context,
        heads: impl Iterator<Item = &'a RevisionHead>,
    ) -> Result<Self> {
        let ids = heads.filter_map(|head| Picture::medium_of(head.image.as_deref()));
        Self::load(conn, context, ids.collect())
    }

    /// The picture in an `image` column; none if its medium is gone.
    pub fn above(&self, json: Option<&str>) -> Result<Option<Image>> {
        let Some(json) = json else { return Ok(None) };
        let Picture {
            id,
            url,
            alt,
            decorative,
            caption,
            credit,
            width,
            height,
        } = serde_json::from_str(json).map_err(internal)?;
        let Some(id) = id else {
            return Ok(Some(Image {
                id: None,
                url: url.unwrap_or_default(),
                alt: alt.unwrap_or_default(),
                caption,
                credit,
                width,
                height,
                focal_point: None,
                thumbhash: None,
                widths: Vec::new(),
                url_template: None,
            }));
        };
        let Some(medium) = self.media.get(&id) else {
            return Ok(None);
        };
        let (alt, _) = told(alt, decorative, medium);
        let seen = self.seen(medium)?;
        Ok(Some(Image {
            id: Some(id),
            url: seen.url,
            alt: alt.unwrap_or_default(),
            caption: caption.or_else(|| medium.caption.clone()),
            credit: credit.or_else(|| medium.credit.clone()),
            width: Some(seen.width),
            height: Some(seen.height),
            focal_point: medium.focal_point(),
            thumbhash: medium.thumbhash.clone(),
            widths: seen.widths,
            url_template: Some(seen.url_template),
        }))
    }

    /// A picture of a text, as it is stored, filled in for readers; none if its
    /// medium is gone.
    pub fn within(&self, image: &content::Image) -> Option<content::Image> {
        let medium = self.media.get(&Id(image.id?))?;
        let (alt, decorative) = told(image.alt.clone(), image.decorative, medium);
        let seen = self.seen(medium).ok()?;
        let point = medium.focal_point();
        Some(content::Image {
            id: image.id,
            url: seen.url,
            alt,
            decorative,
            caption: image.caption.clone().or_else(|| medium.caption.clone()),
            credit: image.credit.clone().or_else(|| medium.credit.clone()),
            width: Some(seen.width),
            height: Some(seen.height),
            renditions: Some(Renditions {
                focal_point: point.map(|point| Point {
                    x: point.x,
                    y: point.y,
                }),
                thumbhash: medium.thumbhash.clone(),
                widths: seen.widths,
                url_template: seen.url_template,
            }),
        })
    }

    /// Every rendition of these media, for whoever fetches them to keep them.
    pub fn manifest(&self, ids: &[Id]) -> Result<Vec<RenditionFile>> {
        let mut files = Vec::new();
        for medium in ids.iter().filter_map(|id| self.media.get(id)) {
            for made in medium.renditions()? {
                for format in [Delivered::Jpeg, Delivered::Webp] {
                    let piece = format.piece(&made);
                    let Some(sha256) = piece.sha256.clone() else {
                        continue;
                    };
                    files.push(RenditionFile {
                        url: address(&self.config, medium.id, made.width, format),
                        bytes: piece.bytes,
                        sha256,
                        content_type: format.content_type().to_owned(),
                    });
                }
            }
        }
        Ok(files)
    }

    fn seen(&self, medium: &Medium) -> Result<Seen> {
        let width = medium.width.try_into().map_err(internal)?;
        let widths = medium.widths()?;
        // While they are being made it is known which there will be.
        let plain = match widths.is_empty() {
            true => widest(&render::widths(width)),
            false => widest(&widths),
        };
        Ok(Seen {
            width,
            height: medium.height.try_into().map_err(internal)?,
            url: address(&self.config, medium.id, plain, Delivered::Jpeg),
            url_template: address(&self.config, medium.id, "{width}", Delivered::Webp),
            widths,
        })
    }
}

/// A medium as it can be fetched.
struct Seen {
    width: u32,
    height: u32,
    url: String,
    url_template: String,
    widths: Vec<u32>,
}

/// What a picture shows, and whether it only decorates: as the article says, and
/// where that says nothing, as was said with the upload.
fn told(alt: Option<String>, decorative: bool, medium: &Medium) -> (Option<String>, bool) {
    let decorative = decorative || alt.is_none() && medium.decorative;
    match decorative {
        true => (None, true),
        false => (alt.or_else(|| medium.alt.clone()), false),
    }
}

fn widest(widths: &[u32]) -> u32 {
    let fitting = widths.iter().rev().find(|width| **width <= PLAIN_MAX);
    *fitting.or(widths.first()).unwrap_or(&PLAIN_MAX)
}
