//! Through a WebP, chunk by chunk (RFC 9649).

use super::{Reader, Walk, Walked, wrong};

/// Walks to the end that the file's header announces.
pub fn walk(bytes: &[u8]) -> Walked<Walk<'_>> {
    let mut walk = Walk::default();
    let length = Reader::new(bytes, 4).le(4)?;
    let end = length.checked_add(8).ok_or(super::Broken::Early)?;
    let whole = bytes.get(..end).ok_or(super::Broken::Early)?;
    let mut read = Reader::new(whole, 12);
    let mut pixels = false;
    while read.at < end {
        let (kind, content) = chunk(&mut read)?;
        match kind {
            b"VP8X" => {
                let mut header = Reader::new(content, 4);
                walk.width = header.le(3)? as u32 + 1;
                walk.height = header.le(3)? as u32 + 1;
            }
            b"VP8 " | b"VP8L" => {
                pixels = true;
                let (width, height) = size(kind, content)?;
                if walk.width == 0 {
                    (walk.width, walk.height) = (width, height);
                }
                walk.held = walk.held.max(u64::from(width) * u64::from(height));
            }
            b"ANMF" => {
                pixels = true;
                // Place, size, duration and flags; then chunks of its own.
                let mut frame = Reader::new(content, 16);
                while frame.at < content.len() {
                    let (kind, content) = chunk(&mut frame)?;
                    if matches!(kind, b"VP8 " | b"VP8L") {
                        let (width, height) = size(kind, content)?;
                        walk.held = walk.held.max(u64::from(width) * u64::from(height));
                    }
                }
            }
            b"EXIF" => {
                walk.exif = Some(content);
                walk.notes.push(content.into());
            }
            b"XMP " => {
                walk.xmp = Some(content.into());
                walk.notes.push(content.into());
            }
            b"ICCP" | b"ALPH" | b"ANIM" => {}
            _ => walk.notes.push(content.into()),
        }
    }
    if !pixels {
        return wrong("it has no pixels");
    }
    walk.end = end;
    Ok(walk)
}

/// The next chunk: its kind and content, which is padded to an even length.
fn chunk<'a>(read: &mut Reader<'a>) -> Walked<(&'a [u8; 4], &'a [u8])> {
    let Some(kind) = read.take(4)?.first_chunk() else {
        return Err(super::Broken::Early);
    };
    let length = read.le(4)?;
    let content = read.take(length)?;
    if length % 2 == 1 && read.at < read.bytes.len() {
        read.take(1)?;
    }
    Ok((kind, content))
}

/// The size that a picture's own header says.
fn size(kind: &[u8; 4], content: &[u8]) -> Walked<(u32, u32)> {
    if kind == b"VP8L" {
        let mut header = Reader::new(content, 0);
        if header.byte()? != 0x2F {
            return wrong("its lossless picture has no signature");
        }
        let bits = header.le(4)? as u32;
        return Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1));
    }
    let mut header = Reader::new(content, 3);
    if header.take(3)? != [0x9D, 0x01, 0x2A] {
        return wrong("its picture has no start code");
    }
    Ok((header.le(2)? as u32 & 0x3FFF, header.le(2)? as u32 & 0x3FFF))
}
