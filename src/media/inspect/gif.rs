//! Through a GIF, block by block (GIF89a).

use std::borrow::Cow;

use super::{Reader, Walk, Walked, wrong};

/// Walks to the trailer.
pub fn walk(bytes: &[u8]) -> Walked<Walk<'_>> {
    let mut walk = Walk::default();
    let mut read = Reader::new(bytes, 6);
    (walk.width, walk.height) = (read.le(2)? as u32, read.le(2)? as u32);
    let flags = read.byte()?;
    read.take(2)?;
    skip_colours(&mut read, flags)?;
    let mut pictures = false;
    loop {
        match read.byte()? {
            0x3B => break,
            0x21 => {
                let label = read.byte()?;
                let content = blocks(&mut read)?;
                // Comments, plain text and what programs add.
                if label != 0xF9 {
                    let xmp = content.strip_prefix(b"XMP DataXMP");
                    if let (Some(xmp), None) = (xmp, &walk.xmp) {
                        walk.xmp = Some(xmp.to_vec().into());
                    }
                    walk.notes.push(content);
                }
            }
            0x2C => {
                pictures = true;
                read.take(4)?;
                let (width, height) = (read.le(2)? as u64, read.le(2)? as u64);
                walk.held = walk.held.max(width * height);
                let flags = read.byte()?;
                skip_colours(&mut read, flags)?;
                read.byte()?;
                skip_blocks(&mut read)?;
            }
            other => return wrong(format!("a block can't begin with {other:02X}")),
        }
    }
    if !pictures {
        return wrong("it has no picture");
    }
    walk.end = read.at;
    Ok(walk)
}

fn skip_colours(read: &mut Reader<'_>, flags: u8) -> Walked<()> {
    if flags & 0x80 != 0 {
        read.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

fn skip_blocks(read: &mut Reader<'_>) -> Walked<()> {
    loop {
        match read.byte()? {
            0 => return Ok(()),
            length => read.take(length.into())?,
        };
    }
}

/// What stands in a row of blocks, with the lengths between them left out. XMP is
/// written without such lengths, as if its own characters were some; it comes out
/// whole if they are kept.
fn blocks<'a>(read: &mut Reader<'a>) -> Walked<Cow<'a, [u8]>> {
    let begin = read.at;
    let mut content = Vec::new();
    loop {
        match read.byte()? {
            0 => break,
            length => content.extend_from_slice(read.take(length.into())?),
        }
    }
    if content.starts_with(b"XMP DataXMP") {
        return Ok(read.bytes[begin + 1..read.at].into());
    }
    Ok(content.into())
}
