//! Addresses in the one form in which two that mean the same are equal.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes.
pub const LONGEST: usize = 2_000;

/// Parameters that tell where a reader comes from, and nothing about what they
/// want; those that begin with `utm_` too.
const TRACKING: [&str; 5] = ["fbclid", "gclid", "mc_cid", "mc_eid", "msclkid"];

/// What is escaped in a segment of a path; braces stand for placeholders.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'#')
    .add(b'\\')
    .add(b'{')
    .add(b'}');

/// What is escaped in a name or value of a query.
const IN_QUERY: &AsciiSet = &IN_PATH
    .remove(b'/')
    .remove(b'?')
    .add(b'&')
    .add(b'+')
    .add(b'=');

/// An address: composed (NFC) where it has umlauts, escaped only where it has to
/// be, without what makes no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// In lower case, in ASCII, without `www.` and without a port that goes
    /// without saying.
    pub host: Option<String>,
    /// From a slash on; it ends with none, unless it is all there is.
    pub path: String,
    /// Sorted, without what only tells where a reader comes from; may be empty.
    pub query: String,
}

impl Address {
    /// Reads an address: `https://…`, `//…` or a path. What is wrong with it, as
    /// a sentence without its subject.
    pub fn read(text: &str) -> Result<Self, String> {
        read(text, false)
    }

    /// [`Address::read`] for a pattern: braces stay what they are.
    pub fn read_pattern(text: &str) -> Result<Self, String> {
        read(text, true)
    }

    /// The path, with the query if there is one.
    pub fn path_and_query(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The sources of the entries that count for this address, the nearest first.
    pub fn sources(&self) -> Vec<String> {
        let whole = self.path_and_query();
        let mut sources = Vec::with_capacity(4);
        if let Some(host) = &self.host {
            sources.push(format!("//{host}{whole}"));
            sources.push(format!("//{host}{}", self.path));
        }
        sources.push(whole);
        sources.push(self.path.clone());
        sources.dedup();
        sources
    }
}

/// As it is stored: with `//` before the host, if it has one.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "//{host}")?;
        }
        f.write_str(&self.path_and_query())
    }
}

fn read(text: &str, braces: bool) -> Result<Address, String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(format!("has {} bytes; {LONGEST} are the most", text.len()));
    }
    let text = text.split('#').next().unwrap_or_default();
    let (host, rest) = match after_scheme(text) {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            (Some(read_host(&rest[..end])?), &rest[end..])
        }
        None if text.starts_with('/') => (None, text),
        None => {
            return Err("starts with a slash, as in /artikel/12.html, or with https://".to_owned());
        }
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let address = Address {
        host,
        path: read_path(path, braces)?,
        query: read_query(query, braces),
    };
    // Escaping may have made it longer.
    match address.to_string().len() {
        length if length > LONGEST => Err(format!("has {length} bytes; {LONGEST} are the most")),
        _ => Ok(address),
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    ["//", "https://", "http://"]
        .into_iter()
        .find_map(|scheme| {
            let begins = text.get(..scheme.len())?.eq_ignore_ascii_case(scheme);
            begins.then(|| &text[scheme.len()..])
        })
}

fn read_host(text: &str) -> Result<String, String> {
    let wrong = || format!("has a host that can't be one: `{text}`");
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
        _ => (text, ""),
    };
    let part_of_one = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
    if !name.chars().all(part_of_one) {
        return Err(wrong());
    }
    let host = url::Host::parse(name).map_err(|_| wrong())?.to_string();
    if host.len() > 253 || port.len() > 5 {
        return Err(wrong());
    }
    let host = host.strip_prefix("www.").unwrap_or(&host);
    Ok(match port {
        "" | "80" | "443" => host.to_owned(),
        port => format!("{host}:{port}"),
    })
}

fn read_path(path: &str, braces: bool) -> Result<String, String> {
    let mut whole = String::with_capacity(path.len() + 1);
    for segment in path.trim_matches('/').split('/') {
        if matches!(segment, "." | "..") {
            return Err("has a segment of dots; write the path that it means".to_owned());
        }
        whole.push('/');
        whole.push_str(&plain(segment, IN_PATH, braces));
    }
    Ok(whole)
}

fn read_query(query: &str, braces: bool) -> String {
    let part = |text: &str| plain(&text.replace('+', " "), IN_QUERY, braces);
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (part(name), Some(part(value))),
            None => (part(pair), None),
        })
        .filter(|(name, _)| !name.starts_with("utm_") && !TRACKING.contains(&name.as_str()))
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// A part of an address, decoded and escaped anew. With `braces`, what stands in
/// them stays as it is.
fn plain(part: &str, escaped: &'static AsciiSet, braces: bool) -> String {
    let mut whole = String::with_capacity(part.len());
    if !braces {
        escape(&decode(part), escaped, &mut whole);
        return whole;
    }
    for piece in part.split_inclusive(['{', '}']) {
        let (text, brace) = match piece.char_indices().next_back() {
            Some((at, '{' | '}')) => piece.split_at(at),
            _ => (piece, ""),
        };
        escape(&decode(text), escaped, &mut whole);
        whole.push_str(brace);
    }
    whole
}

/// Escapes what has to be, and leaves umlauts as people read them.
fn escape(text: &str, escaped: &'static AsciiSet, whole: &mut String) {
    for c in text.chars() {
        match c.is_ascii() {
            true => whole.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), escaped)),
            false => whole.push(c),
        }
    }
}

/// What stands behind the escapes. What isn't UTF-8 is from a time when it was
/// ISO 8859-1, of which each byte is a character of the same number.
pub fn decode(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match String::from_utf8(bytes) {
        Ok(text) => text.nfc().collect(),
        Err(error) => error.as_bytes().iter().map(|byte| *byte as char).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Address::read(text).unwrap().to_string()
    }

    #[test]
    fn what_makes_no_difference_is_gone() {
        for (text, plain) in [
            ("/artikel/12.html", "/artikel/12.html"),
            ("/artikel/12/", "/artikel/12"),
            (
                "//www.Alt.example:443/artikel/#mitte",
                "//alt.example/artikel",
            ),
            ("HTTP://alt.example:8080", "//alt.example:8080/"),
            ("https://bücher.example/", "//xn--bcher-kva.example/"),
            ("/%C3%BCber-uns", "/über-uns"),
            ("/u%CC%88ber-uns", "/über-uns"),
            ("/%fcber-uns", "/über-uns"),
            ("/a%2Fb/c%20d%3f", "/a%2Fb/c%20d%3F"),
            ("/?p=12&utm_source=rss&cat=3", "/?cat=3&p=12"),
            (
                "/suche?q=zwei+W%C3%B6rter&fbclid=x",
                "/suche?q=zwei%20Wörter",
            ),
            ("/a{b}", "/a%7Bb%7D"),
        ] {
            assert_eq!(read(text), plain, "{text}");
            assert_eq!(read(plain), plain, "{plain}");
        }
        let pattern = Address::read_pattern("/%7Balt%7D/{slug}-%C3%A4?id={id}&b").unwrap();
        assert_eq!(pattern.to_string(), "/%7Balt%7D/{slug}-ä?b&id={id}");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in [
            "artikel/12",
            "",
            "ftp://alt.example/",
            "https:///x",
            "//a b/",
            "/a/../b",
            "https://u@x/",
        ] {
            assert!(Address::read(text).is_err(), "{text}");
        }
        assert!(Address::read(&format!("/{}", "ä".repeat(1_000))).is_err());
    }

    #[test]
    fn the_nearest_entry_counts() {
        let sources = |text| Address::read(text).unwrap().sources();
        assert_eq!(sources("/a"), ["/a"]);
        assert_eq!(
            sources("https://x.example/a?b"),
            ["//x.example/a?b", "//x.example/a", "/a?b", "/a"]
        );
    }
}
