//! Pictures, made here: small, and with whatever a test wants in them.

use std::io::{Cursor, Write};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// A picture of this size: red at the left, green at the top, and a little of
/// `number`, so that pictures with different numbers differ.
pub fn rgb(width: u32, height: u32, number: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let red = 255 - (x * 255 / width) as u8;
        let green = 255 - (y * 255 / height) as u8;
        match x + y {
            0 => Rgb([number as u8, (number >> 8) as u8, (number >> 16) as u8]),
            _ => Rgb([red, green, 40]),
        }
    })
}

fn written(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// As PNG.
pub fn png(width: u32, height: u32, number: u32) -> Vec<u8> {
    written(rgb(width, height, number).into(), ImageFormat::Png)
}

/// As GIF.
pub fn gif(width: u32, height: u32) -> Vec<u8> {
    written(rgb(width, height, 0).into(), ImageFormat::Gif)
}

/// As WebP, without loss.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    written(rgb(width, height, 0).into(), ImageFormat::WebP)
}

/// As PNG, transparent in its right half.
pub fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbaImage::from_fn(width, height, |x, _| {
        Rgba([200, 30, 30, if x * 2 < width { 255 } else { 0 }])
    });
    written(picture.into(), ImageFormat::Png)
}

/// As JPEG, with these segments (marker and content) at its beginning.
pub fn jpeg(width: u32, height: u32, segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    jpeg_of(&rgb(width, height, 0), None, segments)
}

/// A picture as JPEG, with a colour profile and these segments.
pub fn jpeg_of(picture: &RgbImage, profile: Option<&[u8]>, segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut plain, 90);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec()).unwrap();
    }
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture, width, height, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut out = plain[..2].to_vec();
    for (marker, content) in segments {
        out.extend([0xFF, *marker]);
        out.extend((content.len() as u16 + 2).to_be_bytes());
        out.extend(content);
    }
    out.extend(&plain[2..]);
    out
}

/// What a camera writes into a JPEG: how it was held, its name, and where it was.
pub fn exif(orientation: u16) -> (u8, Vec<u8>) {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    let entry = |tiff: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        tiff.extend(tag.to_be_bytes());
        tiff.extend(kind.to_be_bytes());
        tiff.extend(count.to_be_bytes());
        tiff.extend(value);
    };
    // Three entries end at 8 + 2 + 36 + 4 = 50; the name is 16 bytes.
    let [high, low] = orientation.to_be_bytes();
    tiff.extend(3u16.to_be_bytes());
    entry(&mut tiff, 0x0110, 2, 16, 50u32.to_be_bytes());
    entry(&mut tiff, 0x0112, 3, 1, [high, low, 0, 0]);
    entry(&mut tiff, 0x8825, 4, 1, 66u32.to_be_bytes());
    tiff.extend(0u32.to_be_bytes());
    tiff.extend(b"Kamera-4711-XYZ\0");
    // Where: N, and three numbers that follow at 66 + 2 + 24 + 4 = 96.
    tiff.extend(2u16.to_be_bytes());
    entry(&mut tiff, 1, 2, 2, *b"N\0\0\0");
    entry(&mut tiff, 2, 5, 3, 96u32.to_be_bytes());
    tiff.extend(0u32.to_be_bytes());
    for (number, of) in [(50u32, 1u32), (47, 1), (1_234, 100)] {
        tiff.extend(number.to_be_bytes());
        tiff.extend(of.to_be_bytes());
    }
    (0xE1, [b"Exif\0\0".as_slice(), &tiff].concat())
}

/// XMP with a caption, a maker and a right.
pub fn xmp() -> (u8, Vec<u8>) {
    let packet = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description photoshop:Credit="Flussblick">
        <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Linie 3 am Wehr &amp; anderswo</rdf:li></rdf:Alt></dc:description>
        <dc:creator><rdf:Seq><rdf:li>Jonte Behrens</rdf:li></rdf:Seq></dc:creator>
        <Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li xml:lang="x-default">Ein Bus am Flussufer</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>
        </rdf:Description></rdf:RDF></x:xmpmeta>"#;
    let name = b"http://ns.adobe.com/xap/1.0/\0".as_slice();
    (0xE1, [name, packet.as_bytes()].concat())
}

/// IPTC's older records, in Latin-1, with a caption and a right.
pub fn iptc() -> (u8, Vec<u8>) {
    let mut records = Vec::new();
    for (set, value) in [(120, &b"Die Br\xFCcke"[..]), (116, b"\xA9 2026 Flussblick")] {
        records.extend([0x1C, 2, set, 0, value.len() as u8]);
        records.extend(value);
    }
    let mut content = b"Photoshop 3.0\x008BIM\x04\x04\0\0".to_vec();
    content.extend((records.len() as u32).to_be_bytes());
    content.extend(&records);
    (0xED, content)
}

/// Something with the shape of a colour profile for red, green and blue.
pub fn profile() -> Vec<u8> {
    let mut profile = vec![0; 128 + 4];
    profile[..4].copy_from_slice(&132u32.to_be_bytes());
    profile[12..20].copy_from_slice(b"mntrRGB ");
    profile[20..24].copy_from_slice(b"XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// A chunk of a PNG, with its sum.
pub fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = (content.len() as u32).to_be_bytes().to_vec();
    let summed = [kind.as_slice(), content].concat();
    out.extend(&summed);
    out.extend(crc32fast::hash(&summed).to_be_bytes());
    out
}

/// A PNG that is small as a file and has a pixel for each bit of it: all of them
/// black.
pub fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let line = vec![0; 1 + width.div_ceil(8) as usize];
    let mut zip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..height).for_each(|_| zip.write_all(&line).unwrap());
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &zip.finish().unwrap()),
        chunk(b"IEND", b""),
    ]
    .concat()
}

/// A ZIP archive with one small file in it, not compressed.
pub fn zip() -> Vec<u8> {
    let (name, content) = (b"brief.txt".as_slice(), b"Guten Morgen".as_slice());
    let mut about = Vec::new();
    about.extend(20u16.to_le_bytes());
    about.extend([0; 8]);
    about.extend(crc32fast::hash(content).to_le_bytes());
    about.extend((content.len() as u32).to_le_bytes());
    about.extend((content.len() as u32).to_le_bytes());
    about.extend((name.len() as u16).to_le_bytes());
    about.extend(0u16.to_le_bytes());
    let local = [b"PK\x03\x04", about.as_slice(), name, content].concat();
    let mut directory = b"PK\x01\x02\x14\0".to_vec();
    directory.extend(&about);
    directory.extend([0; 14]);
    directory.extend(name);
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend((directory.len() as u32).to_le_bytes());
    end.extend((local.len() as u32).to_le_bytes());
    end.extend([0, 0]);
    [local, directory, end].concat()
}
