//! Through a PNG, chunk by chunk (ISO/IEC 15948).

use super::{Reader, Walk, Walked, wrong};

/// How the chunk that holds XMP begins.
const XMP_KEYWORD: &[u8] = b"XML:com.adobe.xmp\0";

/// Walks to the chunk that ends the picture. The sums of all chunks are checked: a
/// picture that came through a bad line is told now rather than when it is decoded.
pub fn walk(bytes: &[u8]) -> Walked<Walk<'_>> {
    let mut walk = Walk::default();
    let mut read = Reader::new(bytes, 8);
    let (mut first, mut pixels) = (true, false);
    loop {
        let length = read.be(4)?;
        if length > i32::MAX as usize {
            return wrong("a chunk is longer than any can be");
        }
        let kind = read.take(4)?;
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return wrong(format!("byte {} should begin a chunk", read.at - 4));
        }
        if first != (kind == b"IHDR") {
            return wrong("its header doesn't come first, or comes twice");
        }
        let content = read.take(length)?;
        let sum = read.be(4)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(kind);
        hasher.update(content);
        if hasher.finalize() as usize != sum {
            let kind = String::from_utf8_lossy(kind);
            return wrong(format!("the chunk {kind} was changed on its way"));
        }
        first = false;
        match kind {
            b"IHDR" => {
                let mut header = Reader::new(content, 0);
                (walk.width, walk.height) = (header.be(4)? as u32, header.be(4)? as u32);
                if walk.width > i32::MAX as u32 || walk.height > i32::MAX as u32 {
                    return wrong("it is larger than any can be");
                }
                if header.byte()? == 16 {
                    // Twice the memory.
                    walk.held = 2 * u64::from(walk.width) * u64::from(walk.height);
                }
            }
            b"IDAT" => pixels = true,
            b"IEND" => break,
            b"eXIf" => {
                walk.exif = Some(content);
                walk.notes.push(content.into());
            }
            b"iTXt" | b"tEXt" | b"zTXt" => {
                if let Some(xmp) = content.strip_prefix(XMP_KEYWORD) {
                    walk.xmp = uncompressed(xmp).map(Into::into);
                }
                walk.notes.push(content.into());
            }
            // Every other chunk that decoders may skip.
            [first, ..] if first.is_ascii_lowercase() && kind != b"iCCP" && kind != b"fdAT" => {
                walk.notes.push(content.into());
            }
            _ => {}
        }
    }
    if !pixels {
        return wrong("it has no pixels");
    }
    walk.end = read.at;
    Ok(walk)
}

/// The text of an iTXt chunk after its keyword, unless it is compressed.
fn uncompressed(rest: &[u8]) -> Option<&[u8]> {
    let [0, _, rest @ ..] = rest else { return None };
    let language = rest.iter().position(|byte| *byte == 0)?;
    let rest = &rest[language + 1..];
    let translated = rest.iter().position(|byte| *byte == 0)?;
    Some(&rest[translated + 1..])
}
