//! Pictures: what is said about them, and the bytes of their renditions.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::TryStreamExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::serve::{missing, missing_until, serve};
use crate::changes::{self, Tag};
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::{Error, Problem, RANGE, Result, UNAVAILABLE, internal};
use crate::http::answer::{Constants, Draft, EXPOSED};
use crate::http::conditional;
use crate::http::query::Params;
use crate::http::range::{self, Wanted};
use crate::http::routing::ServiceConfig;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Ranges, Unchanged};
use crate::media::model::{Delivered, FocalPoint, Medium, Status, address};
use crate::media::work;
use crate::state::State;
use crate::store;

/// How long the media storage may take to begin its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes under an address never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(get_rendition).service(get_medium);
}

/// A picture.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublicMedium {
    /// Its id.
    pub id: Id,
    /// What it shows, for those who can't see it; empty if it only decorates.
    #[schema(example = "Ein Bus am Flussufer")]
    pub alt: String,
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
    /// The picture itself.
    #[serde(flatten)]
    pub shape: Shape,
}

/// What a picture looks like and where its bytes are. Parts of it are missing for a
/// second or two after the upload.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Shape {
    /// Pixels from left to right, of the original.
    #[schema(example = 2400)]
    pub width: u32,
    /// Pixels from top to bottom, of the original.
    #[schema(example = 1600)]
    pub height: u32,
    /// What must stay in sight when it is cropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub focal_point: Option<FocalPoint>,
    /// A few bytes (Base64) that give an idea of the picture while it loads:
    /// <https://evanw.github.io/thumbhash/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1QcSHQRnh493V4dIh4eXh1h4kJUI")]
    pub thumbhash: Option<String>,
    /// The widths in which it can be fetched, the narrowest first.
    #[schema(example = json!([320, 640, 960, 1280, 1920]))]
    pub widths: Vec<u32>,
    /// Its address as WebP, with one of `widths` in the place of `{width}`.
    #[schema(
        example = "https://api.flussblick.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/{width}.webp"
    )]
    pub url_template: String,
    /// The same as JPEG, for clients that don't read WebP.
    #[schema(
        example = "https://api.flussblick.example/media/0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e/{width}.jpg"
    )]
    pub jpeg_url_template: String,
}

impl Shape {
    /// What a medium looks like.
    pub fn of(medium: &Medium, config: &Config) -> Result<Self> {
        let renditions = medium.renditions()?;
        let template = |format| address(config, medium.id, "{width}", format);
        Ok(Shape {
            width: medium.width.try_into().map_err(internal)?,
            height: medium.height.try_into().map_err(internal)?,
            focal_point: medium.focal_point(),
            thumbhash: medium.thumbhash.clone(),
            widths: renditions.iter().map(|made| made.width).collect(),
            url_template: template(Delivered::Webp),
            jpeg_url_template: template(Delivered::Jpeg),
        })
    }
}

/// Get a picture
///
/// What is said about it, and where its renditions are. Only pictures of something
/// that readers see; others are 404, as if they weren't there.
#[utoipa::path(
    tag = "media",
    security(()),
    params(("media" = String, Path, description = "Its id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"), IfNoneMatch),
    responses((status = 200, description = "The picture", body = PublicMedium), Unchanged, PublicProblems, Missing),
)]
#[get("/v1/media/{media}")]
pub async fn get_medium(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
    constants: web::Data<Constants>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let Ok(id) = path.parse::<Id>() else {
        return Err(missing("The picture", &path));
    };
    let config = Arc::clone(&state.config);
    let key = format!("media/{id}");
    serve(&request, &state, &constants, key, move |conn, now| {
        medium(conn, now, id, &config)
    })
    .await
}

fn medium(conn: &mut Conn<'_>, now: Time, id: Id, config: &Config) -> Result<Draft> {
    // It is seen as soon as an article that readers see shows it.
    let nothing = || missing_until("The picture", &id.to_string(), Some(Tag::all_articles()));
    let (article, until) = store!(*conn, media::visible(id, now))?.ok_or_else(nothing)?;
    let medium = store!(*conn, media::find(id))?.ok_or_else(nothing)?;
    let shown = show(medium, config)?;
    let mut draft = Draft::json(&shown, vec![Tag::media(id), Tag::article(article)])?;
    draft.disappears_at(until);
    Ok(draft)
}

/// A picture as readers get it.
pub fn show(medium: Medium, config: &Config) -> Result<PublicMedium> {
    let alt = match medium.decorative {
        true => String::new(),
        false => medium.alt.clone().unwrap_or_default(),
    };
    Ok(PublicMedium {
        id: medium.id,
        alt,
        shape: Shape::of(&medium, config)?,
        caption: medium.caption,
        credit: medium.credit,
        copyright: medium.copyright,
    })
}

/// Get a picture's bytes
///
/// In one of its widths, as JPEG (`.jpg`) or WebP (`.webp`). What lies under an
/// address never changes and may be kept for ever. `Range` asks for a part of it.
#[utoipa::path(
    tag = "media",
    security(()),
    params(
        ("media" = String, Path, description = "The picture's id", example = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"),
        ("rendition" = String, Path, description = "One of its widths and a format", example = "640.webp"),
        ("Range" = Option<String>, Header, description = "Which bytes, if not all (RFC 9110, section 14)", example = "bytes=0-1023"),
        ("If-Range" = Option<String>, Header, description = "The ETag of what you have a part of: if it is another, you get all", example = "\"5f1b6f0c1d2e3a4b\""),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The picture", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
        (status = 206, description = "Some of its bytes", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp")),
            headers(("Content-Range" = String, description = "Which, and of how many"))),
        Unchanged, Ranges, PublicProblems, Missing,
    ),
)]
#[get("/media/{media}/{rendition}")]
pub async fn get_rendition(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Result<HttpResponse> {
    Params::of(&request)?.finish()?;
    let (id, name) = path.into_inner();
    let nothing = || missing("The picture", &format!("{id}/{name}"));
    let (Ok(medium), Some((width, format))) = (id.parse::<Id>(), wanted(&name)) else {
        return Err(nothing());
    };
    let medium = state
        .read(move |conn| Ok(store!(*conn, media::find(medium))?))
        .await?
        .ok_or_else(nothing)?;
    let renditions = medium.renditions()?;
    let Some(made) = renditions.iter().find(|made| made.width == width) else {
        // It will be there, or it never will.
        let expected = crate::media::render::widths(medium.width.try_into().map_err(internal)?);
        return Err(match medium.status() {
            Status::Pending if expected.contains(&width) => being_made(),
            _ => nothing(),
        });
    };
    let piece = format.piece(made);
    let etag = format!("\"{}\"", piece.hash);
    let mut response = HttpResponse::Ok();
    for (name, value) in [
        (header::CACHE_CONTROL, FOR_EVER),
        (header::ETAG, &etag),
        (header::VARY, "Accept-Encoding"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        (
            HeaderName::from_static("surrogate-key"),
            &changes::join(&[Tag::everything(), Tag::media(medium.id)]),
        ),
    ] {
        response.insert_header((name, HeaderValue::from_str(value).map_err(internal)?));
    }
    if conditional::none_match(request.headers(), &etag) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    let bytes = match range::wanted(request.headers(), &etag, piece.bytes) {
        Wanted::Whole => 0..piece.bytes,
        Wanted::Part(bytes) => {
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            let (first, last) = (bytes.start, bytes.end - 1);
            let said = format!("bytes {first}-{last}/{}", piece.bytes);
            response.insert_header((header::CONTENT_RANGE, said));
            bytes
        }
        Wanted::Nothing => {
            let detail = format!(
                "There are {} bytes; Range asks for some behind their end.",
                piece.bytes
            );
            return Err(Problem::new(&RANGE, detail)
                .header("Content-Range", format!("bytes */{}", piece.bytes))
                .header("Accept-Ranges", "bytes")
                .into());
        }
    };
    let length = bytes.end - bytes.start;
    let place = Medium::place(medium.id, width, format, piece);
    let reading = tokio::time::timeout(PATIENCE, state.storage.read(&place, bytes));
    let read = reading
        .await
        .map_err(|_| Error::Unavailable("media storage: no answer in time".to_owned()))?;
    let Some(pieces) = read? else {
        // Lost in the storage. What is made of the original again is the same.
        if medium.status() == Status::Failed {
            return Err(nothing());
        }
        work::again(&state, &medium).await?;
        return Err(being_made());
    };
    response.content_type(format.content_type());
    let pieces = pieces.map_err(|error| -> Box<dyn std::error::Error> { Box::new(error) });
    Ok(response.body(SizedStream::new(length, pieces)))
}

/// `640.webp`; `None` if it can't be one.
fn wanted(name: &str) -> Option<(u32, Delivered)> {
    let (width, extension) = name.split_once('.')?;
    // One rendition has one address.
    let plain = !width.starts_with('0') && width.bytes().all(|byte| byte.is_ascii_digit());
    Some((
        width.parse().ok().filter(|_| plain)?,
        Delivered::of(extension)?,
    ))
}

/// A 503 for bytes that will be there in a moment.
fn being_made() -> Error {
    let detail = "The picture's renditions are being made. Ask again in two seconds.";
    Problem::new(&UNAVAILABLE, detail)
        .header("Retry-After", "2")
        .into()
}
