//! What is made of a picture: its pixels in several widths, as JPEG and WebP, and a
//! thumbhash. Blocks, and takes long.
//!
//! Nothing but pixels and, if it fits them, the colour profile comes out. The whole
//! picture is made smaller first and turned afterwards, so that of a large one there
//! is one copy in memory: 3 bytes a pixel (4 with transparency), and while a
//! progressive JPEG is decoded up to 6 more.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, Limits, RgbImage, RgbaImage,
};

use super::inspect::is_turned;
use super::model::{Format, WIDTHS};

const JPEG_QUALITY: u8 = 80;
const WEBP_QUALITY: f32 = 76.0;
/// The largest colour profile that every rendition carries along, in bytes.
const PROFILE_MAX: usize = 1 << 20;
/// The longest side of what a thumbhash is made of, in pixels.
const HASHED: u32 = 100;

/// What was made of a picture.
pub struct Rendered {
    /// In Base64.
    pub thumbhash: String,
    /// The narrowest first.
    pub renditions: Vec<Made>,
}

/// A picture in one width.
pub struct Made {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// As JPEG.
    pub jpeg: Vec<u8>,
    /// As WebP.
    pub webp: Vec<u8>,
}

/// Pixels of 3 bytes, or of 4 if some are transparent.
struct Pixels {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
    transparent: bool,
}

/// Makes all of it. The error is for editors.
pub fn render(
    format: Format,
    bytes: Vec<u8>,
    orientation: Orientation,
    max_pixels: u64,
) -> Result<Rendered, String> {
    let (decoded, profile) = decode(format, bytes, max_pixels)
        .map_err(|error| format!("The picture can't be decoded: {error}."))?;
    let whole = Pixels::of(decoded);
    // The right way up.
    let (width, height) = match is_turned(orientation) {
        true => (whole.height, whole.width),
        false => (whole.width, whole.height),
    };
    let widths = widths(width);
    let widest = widths.last().copied().unwrap_or(width);
    let scaled = |to: u32| {
        let height = (u64::from(height) * u64::from(to) + u64::from(width) / 2) / u64::from(width);
        (to, (height as u32).max(1))
    };
    let (turned_width, turned_height) = match (is_turned(orientation), scaled(widest)) {
        (true, (width, height)) => (height, width),
        (false, size) => size,
    };
    let small = whole.resized(turned_width, turned_height)?;
    drop(whole);
    let base = small.turned(orientation)?;

    let mut renditions = Vec::with_capacity(widths.len());
    for to in widths {
        let (width, height) = scaled(to);
        let resized;
        let pixels = match to == widest {
            true => &base,
            false => {
                resized = base.resized(width, height)?;
                &resized
            }
        };
        renditions.push(Made {
            width,
            height,
            jpeg: pixels.jpeg(profile.as_deref())?,
            webp: pixels.webp(profile.as_deref())?,
        });
    }
    Ok(Rendered {
        thumbhash: base.thumbhash()?,
        renditions,
    })
}

/// The widths in which a picture of this width is delivered.
pub fn widths(width: u32) -> Vec<u32> {
    let fitting: Vec<u32> = WIDTHS.into_iter().filter(|to| *to <= width).collect();
    match fitting.is_empty() {
        true => vec![width],
        false => fitting,
    }
}

/// The pixels, and the colour profile if it is one for red, green and blue: pixels of
/// another kind (grey, CMYK) are converted, and their profile says nothing any more.
fn decode(
    format: Format,
    bytes: Vec<u8>,
    max_pixels: u64,
) -> image::ImageResult<(DynamicImage, Option<Vec<u8>>)> {
    fn whole<'a>(
        mut decoder: impl ImageDecoder + 'a,
        max_pixels: u64,
    ) -> image::ImageResult<(DynamicImage, Option<Vec<u8>>)> {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(max_pixels.saturating_mul(8));
        decoder.set_limits(limits)?;
        let profile = decoder.icc_profile().unwrap_or_default();
        let is_rgb = |profile: &Vec<u8>| {
            profile.get(16..20) == Some(b"RGB ") && profile.len() <= PROFILE_MAX
        };
        let image = DynamicImage::from_decoder(decoder)?;
        Ok((image, profile.filter(is_rgb)))
    }
    let bytes = Cursor::new(bytes);
    match format {
        Format::Jpeg => whole(JpegDecoder::new(bytes)?, max_pixels),
        Format::Png => whole(PngDecoder::new(bytes)?, max_pixels),
        Format::Gif => whole(GifDecoder::new(bytes)?, max_pixels),
        Format::Webp => whole(WebPDecoder::new(bytes)?, max_pixels),
    }
}

impl Pixels {
    fn of(image: DynamicImage) -> Self {
        let (width, height) = (image.width(), image.height());
        if image.color().has_alpha() {
            let rgba = image.into_rgba8();
            if rgba.pixels().any(|pixel| pixel.0[3] != u8::MAX) {
                return Pixels {
                    width,
                    height,
                    bytes: rgba.into_raw(),
                    transparent: true,
                };
            }
            return Pixels {
                width,
                height,
                bytes: DynamicImage::ImageRgba8(rgba).into_rgb8().into_raw(),
                transparent: false,
            };
        }
        Pixels {
            width,
            height,
            bytes: image.into_rgb8().into_raw(),
            transparent: false,
        }
    }

    fn kind(&self) -> PixelType {
        match self.transparent {
            true => PixelType::U8x4,
            false => PixelType::U8x3,
        }
    }

    fn resized(&self, width: u32, height: u32) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| format!("It can't be made smaller: {error}.");
        let from = ImageRef::new(self.width, self.height, &self.bytes, self.kind())
            .map_err(|error| text(&error))?;
        let mut to = Image::new(width, height, self.kind());
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        Resizer::new()
            .resize(&from, &mut to, &options)
            .map_err(|error| text(&error))?;
        Ok(Pixels {
            width,
            height,
            bytes: to.into_vec(),
            transparent: self.transparent,
        })
    }

    fn turned(self, orientation: Orientation) -> Result<Self, String> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let Pixels {
            width,
            height,
            bytes,
            transparent,
        } = self;
        let image = match transparent {
            true => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
            false => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        };
        let mut image = image.ok_or("Its pixels got lost.")?;
        image.apply_orientation(orientation);
        Ok(Pixels {
            width: image.width(),
            height: image.height(),
            bytes: image.into_bytes(),
            transparent,
        })
    }

    fn jpeg(&self, profile: Option<&[u8]>) -> Result<Vec<u8>, String> {
        let text = |error: &dyn std::fmt::Display| format!("It can't be written as JPEG: {error}.");
        let mut out = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
        if let Some(profile) = profile {
            encoder
                .set_icc_profile(profile.to_vec())
                .map_err(|error| text(&error))?;
        }
        let opaque = self.on_white();
        let bytes = opaque.as_deref().unwrap_or(&self.bytes);
        encoder
            .write_image(bytes, self.width, self.height, ExtendedColorType::Rgb8)
            .map_err(|error| text(&error))?;
        Ok(out)
    }

    /// Without transparency: what shines through is white.
    fn on_white(&self) -> Option<Vec<u8>> {
        self.transparent.then(|| {
            let pixels = self.bytes.chunks_exact(4);
            let blended = pixels.flat_map(|pixel| {
                let alpha = u32::from(pixel[3]);
                let blend = |colour: u8| {
                    ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
                };
                [blend(pixel[0]), blend(pixel[1]), blend(pixel[2])]
            });
            blended.collect()
        })
    }

    fn webp(&self, profile: Option<&[u8]>) -> Result<Vec<u8>, String> {
        let encoder = match self.transparent {
            true => webp::Encoder::from_rgba(&self.bytes, self.width, self.height),
            false => webp::Encoder::from_rgb(&self.bytes, self.width, self.height),
        };
        let coded = encoder
            .encode_simple(false, WEBP_QUALITY)
            .map_err(|error| format!("It can't be written as WebP: {error:?}."))?;
        Ok(match profile {
            None => coded.to_vec(),
            Some(profile) => with_profile(&coded, profile, self),
        })
    }

    fn thumbhash(&self) -> Result<String, String> {
        let longest = self.width.max(self.height);
        let scaled = |side: u32| (side * HASHED.min(longest) / longest).max(1);
        let small = self.resized(scaled(self.width), scaled(self.height))?;
        let rgba: Vec<u8> = match small.transparent {
            true => small.bytes,
            false => small
                .bytes
                .chunks_exact(3)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX])
                .collect(),
        };
        let (width, height) = (small.width as usize, small.height as usize);
        Ok(STANDARD.encode(thumbhash::rgba_to_thumb_hash(width, height, &rgba)))
    }
}

/// A WebP with a colour profile (RFC 9649, section 2.7): an extended header, the
/// profile, and then what was there.
fn with_profile(webp: &[u8], profile: &[u8], pixels: &Pixels) -> Vec<u8> {
    const HEADER: usize = 12;
    const EXTENDED: usize = 18;
    let rest = &webp[HEADER.min(webp.len())..];
    let (mut flags, rest) = match rest.starts_with(b"VP8X") && rest.len() >= EXTENDED {
        true => (rest[8], &rest[EXTENDED..]),
        false => (0, rest),
    };
    flags |= 0x20;
    let mut chunks = Vec::with_capacity(webp.len() + profile.len() + 40);
    chunks.extend(b"WEBPVP8X\x0A\0\0\0");
    chunks.extend([flags, 0, 0, 0]);
    for side in [pixels.width, pixels.height] {
        chunks.extend(&(side - 1).to_le_bytes()[..3]);
    }
    chunks.extend(b"ICCP");
    chunks.extend((profile.len() as u32).to_le_bytes());
    chunks.extend(profile);
    if profile.len() % 2 == 1 {
        chunks.push(0);
    }
    chunks.extend(rest);
    let mut out = b"RIFF".to_vec();
    out.extend((chunks.len() as u32).to_le_bytes());
    out.extend(chunks);
    out
}
