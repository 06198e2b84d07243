//! Through a JPEG, marker by marker (ITU-T T.81, annex B).

use super::{Reader, Walk, Walked, wrong};

/// Walks to the marker that ends the picture.
pub fn walk(bytes: &[u8]) -> Walked<Walk<'_>> {
    let mut walk = Walk::default();
    let mut read = Reader::new(bytes, 2);
    let (mut framed, mut scanned) = (false, false);
    loop {
        let marker = marker(&mut read)?;
        match marker {
            0xD9 => break,
            // Without content.
            0x01 | 0xD0..=0xD7 => continue,
            0x00 | 0xD8 => return wrong(format!("the marker FF {marker:02X} has no place there")),
            _ => {}
        }
        let length = read.be(2)?;
        if length < 2 {
            return wrong("a segment is shorter than its own length");
        }
        let segment = read.take(length - 2)?;
        match marker {
            0xC0..=0xC2 => {
                if framed {
                    return wrong("it has two frames");
                }
                framed = true;
                let mut frame = Reader::new(segment, 0);
                if frame.byte()? != 8 {
                    return wrong("it has more than 8 bits a colour, which browsers don't show");
                }
                (walk.height, walk.width) = (frame.be(2)? as u32, frame.be(2)? as u32);
            }
            // Neither tables (C4), nor reserved (C8), nor conditions (CC).
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return wrong(
                    "it is lossless, hierarchical or arithmetically coded, which browsers don't show",
                );
            }
            0xDA => {
                if !framed {
                    return wrong("a scan comes before the frame");
                }
                scanned = true;
                skip_scan(&mut read)?;
            }
            0xE1 if segment.starts_with(b"Exif\0\0") => {
                walk.exif = walk.exif.or(Some(segment));
                walk.notes.push(segment.into());
            }
            0xE1 => {
                let xmp = segment.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0");
                if let (Some(xmp), None) = (xmp, &walk.xmp) {
                    walk.xmp = Some(xmp.into());
                }
                walk.notes.push(segment.into());
            }
            0xED => {
                let resources = segment.strip_prefix(b"Photoshop 3.0\0");
                walk.iptc = walk.iptc.or(resources);
                walk.notes.push(segment.into());
            }
            0xE0..=0xEF | 0xFE => walk.notes.push(segment.into()),
            _ => {}
        }
    }
    if !scanned {
        return wrong("it has no scan");
    }
    walk.end = read.at;
    Ok(walk)
}

/// The next marker; any number of FF may come before it.
fn marker(read: &mut Reader<'_>) -> Walked<u8> {
    if read.byte()? != 0xFF {
        return wrong(format!("byte {} should begin a marker", read.at - 1));
    }
    loop {
        match read.byte()? {
            0xFF => {}
            marker => return Ok(marker),
        }
    }
}

/// Skips coded pixels: to the next marker that isn't a restart. An FF among the
/// pixels is followed by 00.
fn skip_scan(read: &mut Reader<'_>) -> Walked<()> {
    loop {
        let rest = &read.bytes[read.at..];
        let Some(skipped) = rest.iter().position(|byte| *byte == 0xFF) else {
            return Err(super::Broken::Early);
        };
        match rest.get(skipped + 1) {
            None => return Err(super::Broken::Early),
            Some(0x00 | 0xD0..=0xD7) => read.at += skipped + 2,
            Some(0xFF) => read.at += skipped + 1,
            Some(_) => {
                read.at += skipped;
                return Ok(());
            }
        }
    }
}
