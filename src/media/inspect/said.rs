//! What a picture's makers wrote into it: XMP (ISO 16684) and, where that says
//! nothing, IPTC's older records (IIM 4.2), as the IPTC Photo Metadata Standard
//! has programs read them.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// The most of an XMP packet that is read, in bytes.
const XMP_MAX: usize = 1 << 20;
/// The most that is taken of one text, in characters; what is longer is cut later,
/// where somebody is told.
const TEXT_MAX: usize = 10_000;

/// What a picture's makers wrote into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifted {
    /// What it shows, for those who can't see it.
    pub alt: Option<String>,
    /// What it shows, and when and where.
    pub caption: Option<String>,
    /// Who made it, and for whom.
    pub credit: Option<String>,
    /// Whose it is.
    pub copyright: Option<String>,
}

/// The properties that are read, by the names that all programs use.
#[derive(Default)]
struct Properties {
    alt: Option<String>,
    caption: Option<String>,
    creators: Vec<String>,
    credit: Option<String>,
    copyright: Option<String>,
}

impl Lifted {
    /// Reads a packet of XMP and Photoshop's resources. What can't be read says
    /// nothing: the picture is as good without.
    pub fn of(xmp: Option<&[u8]>, resources: Option<&[u8]>) -> Self {
        let newer = xmp.map(read_xmp).unwrap_or_default();
        let older = resources
            .and_then(iptc_in)
            .map(read_iptc)
            .unwrap_or_default();
        let creators = match newer.creators.is_empty() {
            true => older.creators,
            false => newer.creators,
        };
        let creators = clean(creators.join(", "));
        let for_whom = newer.credit.or(older.credit).and_then(clean);
        let credit = match (creators, for_whom) {
            (Some(who), Some(whom)) if whom.contains(&who) => Some(whom),
            (Some(who), Some(whom)) => Some(format!("{who}/{whom}")),
            (who, whom) => who.or(whom),
        };
        Lifted {
            alt: newer.alt.and_then(clean),
            caption: newer.caption.or(older.caption).and_then(clean),
            credit,
            copyright: newer.copyright.or(older.copyright).and_then(clean),
        }
    }
}

/// One line, without characters that no text here may hold.
fn clean(text: String) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let text: String = text
        .chars()
        .filter(|c| crate::content::text::check(c.encode_utf8(&mut [0; 4])).is_none())
        .take(TEXT_MAX)
        .collect();
    let text = crate::http::text::clean(&text);
    (!text.is_empty()).then_some(text)
}

/// Where a text of XMP belongs.
fn target<'a>(found: &'a mut Properties, name: &[u8]) -> Option<&'a mut Option<String>> {
    Some(match name {
        b"dc:description" => &mut found.caption,
        b"dc:rights" => &mut found.copyright,
        b"photoshop:Credit" => &mut found.credit,
        b"Iptc4xmpCore:AltTextAccessibility" => &mut found.alt,
        _ => return None,
    })
}

fn read_xmp(packet: &[u8]) -> Properties {
    let mut found = Properties::default();
    let packet = &packet[..packet.len().min(XMP_MAX)];
    // Some programs write what isn't UTF-8; the rest of it is still good.
    let text = String::from_utf8_lossy(packet);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    // The names of the elements around, and the text of the innermost.
    let (mut around, mut said): (Vec<Vec<u8>>, String) = (Vec::new(), String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                attributes(&mut found, &element);
                around.push(element.name().as_ref().to_vec());
                said.clear();
            }
            Ok(Event::Empty(element)) => attributes(&mut found, &element),
            Ok(Event::Text(piece)) => {
                if let (Ok(piece), true) = (piece.decode(), said.len() < 4 * TEXT_MAX) {
                    said.push_str(&piece);
                }
            }
            Ok(Event::CData(piece)) => {
                if let (Ok(piece), true) = (piece.decode(), said.len() < 4 * TEXT_MAX) {
                    said.push_str(&piece);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    _ => reference
                        .decode()
                        .ok()
                        .and_then(|name| quick_xml::escape::resolve_predefined_entity(&name))
                        .map(str::to_owned),
                };
                said.extend(resolved);
            }
            Ok(Event::End(_)) => {
                let Some(name) = around.pop() else { continue };
                // The text stands in the property, or in an item of a list in it: of
                // several languages the first is the default.
                let property = match name.as_slice() {
                    b"rdf:li" => around.iter().rev().find(|name| !name.starts_with(b"rdf:")),
                    _ => Some(&name),
                };
                let Some(property) = property else { continue };
                if property == b"dc:creator" && !said.trim().is_empty() {
                    found.creators.push(said.clone());
                } else if let Some(place) = target(&mut found, property) {
                    keep(place, &said);
                }
                said.clear();
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

fn attributes(found: &mut Properties, element: &BytesStart<'_>) {
    for attribute in element.attributes().with_checks(false).flatten() {
        if let Some(place) = target(found, attribute.key.as_ref())
            && let Ok(value) = std::str::from_utf8(&attribute.value)
            && let Ok(value) = quick_xml::escape::unescape(value)
        {
            keep(place, &value);
        }
    }
}

fn keep(place: &mut Option<String>, said: &str) {
    if place.is_none() && !said.trim().is_empty() {
        *place = Some(said.to_owned());
    }
}

/// The IPTC record among Photoshop's resources.
fn iptc_in(resources: &[u8]) -> Option<&[u8]> {
    let mut rest = resources;
    while let Some(resource) = rest.strip_prefix(b"8BIM") {
        let id = resource.first_chunk::<2>()?;
        // The name is padded to an even length, its own length included.
        let name = (usize::from(*resource.get(2)?) + 2) & !1;
        let length = resource.get(2 + name..)?.first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let begin = 2 + name + 4;
        let content = resource.get(begin..begin.checked_add(length)?)?;
        if u16::from_be_bytes(*id) == 0x0404 {
            return Some(content);
        }
        rest = resource.get(begin + length + length % 2..)?;
    }
    None
}

fn read_iptc(record: &[u8]) -> Properties {
    let mut found = Properties::default();
    let mut is_utf8 = false;
    let mut rest = record;
    while let [0x1C, number, set, high, low, more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // Longer ones have a length of their own; no text here is so long.
        let Some(value) = more.get(..length).filter(|_| length < 0x8000) else {
            break;
        };
        let text = || decode(value, is_utf8);
        match (number, set) {
            (1, 90) => is_utf8 = value == b"\x1B%G",
            (2, 80) => found.creators.push(text()),
            (2, 110) => keep(&mut found.credit, &text()),
            (2, 116) => keep(&mut found.copyright, &text()),
            (2, 120) => keep(&mut found.caption, &text()),
            _ => {}
        }
        rest = &more[length..];
    }
    found
}

/// A text of a record: UTF-8 where that is said, or where it can be nothing else;
/// Latin-1 otherwise, which older programs wrote without saying so.
fn decode(value: &[u8], is_utf8: bool) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf8 => String::from_utf8_lossy(value).into_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xmp_is_read_from_elements_and_attributes() {
        let packet = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
            <rdf:Description photoshop:Credit="Flussblick &amp; Söhne">
              <dc:creator><rdf:Seq><rdf:li>Mara Lenz</rdf:li><rdf:li>Jonte Behrens</rdf:li></rdf:Seq></dc:creator>
              <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Linie 3
                am Wehr &#x2013; &lt;früh&gt;</rdf:li><rdf:li xml:lang="en">Line 3</rdf:li></rdf:Alt></dc:description>
              <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026</rdf:li></rdf:Alt></dc:rights>
              <Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li>Ein Bus</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>
            </rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let said = Lifted::of(Some(packet.as_bytes()), None);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(said.caption, text("Linie 3 am Wehr – <früh>"));
        assert_eq!(
            said.credit,
            text("Mara Lenz, Jonte Behrens/Flussblick & Söhne")
        );
        assert_eq!(said.copyright, text("© 2026"));
        assert_eq!(said.alt, text("Ein Bus"));
        // Cut anywhere, it is no panic.
        for end in 0..packet.len() {
            Lifted::of(Some(&packet.as_bytes()[..end]), None);
        }
    }

    #[test]
    fn iptc_is_read_in_both_codings() {
        let record = |utf8: bool| {
            let mut record = Vec::new();
            let mut add = |number, set, value: &[u8]| {
                record.extend([0x1C, number, set, 0, value.len() as u8]);
                record.extend(value);
            };
            if utf8 {
                add(1, 90, b"\x1B%G");
                add(2, 120, "Die Brücke".as_bytes());
            } else {
                add(2, 120, b"Die Br\xFCcke");
            }
            add(2, 80, b"Mara Lenz");
            add(2, 110, b"dpa");
            add(2, 116, b"Flussblick");
            let mut resources = b"8BIM\x04\x0B\0\0\0\0\0\x01x\08BIM\x04\x04\0\0".to_vec();
            resources.extend((record.len() as u32).to_be_bytes());
            resources.extend(record);
            resources
        };
        for resources in [record(true), record(false)] {
            let said = Lifted::of(None, Some(&resources));
            assert_eq!(said.caption.as_deref(), Some("Die Brücke"));
            assert_eq!(said.credit.as_deref(), Some("Mara Lenz/dpa"));
            assert_eq!(said.copyright.as_deref(), Some("Flussblick"));
            for end in 0..resources.len() {
                Lifted::of(None, Some(&resources[..end]));
            }
        }
    }
}
