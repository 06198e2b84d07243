//! Addresses: which may stand in a body, how they are kept, and which service
//! an embed belongs to.

use super::limits;
use std::fmt::Write;

/// What an address is for; that decides which schemes it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A link that a reader follows: `http`, `https`, `mailto` or `tel`.
    Link,
    /// A picture or an embed that a frontend fetches: `http` or `https`.
    Media,
}

/// Why an address can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its scheme isn't allowed for this use, or it has none.
    Scheme,
    /// It has an allowed scheme but isn't a whole address.
    Malformed,
    /// It is longer than [`limits::URL`].
    TooLong,
}

impl Refused {
    /// The name of the rule, as in `FieldError::code`.
    pub fn code(self) -> &'static str {
        match self {
            Refused::Scheme => "unsafe-link",
            Refused::Malformed => "invalid-url",
            Refused::TooLong => "too-long",
        }
    }

    /// What to send instead, as a sentence.
    pub fn detail(self, usage: Use) -> String {
        match (self, usage) {
            (Refused::Scheme, Use::Link) => {
                "Only http, https, mailto and tel addresses are allowed here; write the whole \
                 address, such as https://example.org/."
                    .to_owned()
            }
            (Refused::Scheme, Use::Media) => {
                "Only http and https addresses are allowed here; write the whole address, such as \
                 https://example.org/image.jpg, or send a picture along in a form."
                    .to_owned()
            }
            (Refused::Malformed, _) => {
                "This isn't a whole address: after the scheme it needs a host or a recipient, and \
                 spaces and control characters must be percent-encoded."
                    .to_owned()
            }
            (Refused::TooLong, _) => {
                format!("An address has at most {} characters.", limits::URL)
            }
        }
    }
}

/// Reads an address as it may stand in a body.
///
/// It is kept as sent, except that the characters RFC 3986 allows nowhere and
/// that have a meaning in Markdown or HTML (``" < > \ ^ ` { | }``) are
/// percent-encoded. White space, control characters, direction characters,
/// relative addresses and other schemes are refused.
pub fn parse(url: &str, usage: Use) -> Result<String, Refused> {
    let url = url.trim_matches([' ', '\t', '\n']);
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(Refused::Scheme);
    };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let contact = scheme.eq_ignore_ascii_case("mailto") || scheme.eq_ignore_ascii_case("tel");
    if !(web || contact && usage == Use::Link) {
        return Err(Refused::Scheme);
    }
    if url
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || is_direction(c))
    {
        return Err(Refused::Malformed);
    }
    let whole = if web {
        rest.starts_with("//") && host(url).is_some()
    } else {
        !rest.is_empty()
    };
    if !whole {
        return Err(Refused::Malformed);
    }
    let url = encode(url);
    if url.chars().count() > limits::URL {
        Err(Refused::TooLong)
    } else {
        Ok(url)
    }
}

/// Invisible characters that make an address look like another one.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn encode(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for c in url.chars() {
        if matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}') {
            let _ = write!(encoded, "%{:02X}", u32::from(c));
        } else {
            encoded.push(c);
        }
    }
    encoded
}

/// The host of an `http` or `https` address, without user, port or `www.`, in
/// lower case.
pub fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => host.split(':').next()?,
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").map(str::to_owned).unwrap_or(host);
    (host.chars().any(char::is_alphanumeric)).then_some(host)
}

/// The services with a name of their own, by the domain they answer on.
const PROVIDERS: &[(&str, &str)] = &[
    ("youtube.com", "youtube"),
    ("youtube-nocookie.com", "youtube"),
    ("youtu.be", "youtube"),
    ("vimeo.com", "vimeo"),
    ("x.com", "x"),
    ("twitter.com", "x"),
    ("instagram.com", "instagram"),
    ("tiktok.com", "tiktok"),
    ("facebook.com", "facebook"),
    ("fb.watch", "facebook"),
    ("threads.net", "threads"),
    ("threads.com", "threads"),
    ("bsky.app", "bluesky"),
    ("mastodon.social", "mastodon"),
    ("mastodon.online", "mastodon"),
    ("soundcloud.com", "soundcloud"),
    ("spotify.com", "spotify"),
    ("podcasts.apple.com", "apple_podcasts"),
    ("twitch.tv", "twitch"),
    ("dailymotion.com", "dailymotion"),
    ("datawrapper.de", "datawrapper"),
    ("dwcdn.net", "datawrapper"),
    ("flourish.studio", "flourish"),
    ("google.com/maps", "google_maps"),
    ("openstreetmap.org", "openstreetmap"),
];

/// Which service an embed's address belongs to: a name such as `youtube` for
/// those known, otherwise the host.
pub fn provider(url: &str) -> String {
    let Some(host) = host(url) else {
        return String::new();
    };
    for (place, name) in PROVIDERS {
        let (domain, path) = place.split_once('/').unwrap_or((place, ""));
        let on_domain = host
            .strip_suffix(domain)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'));
        let on_path = || {
            let (_, rest) = url.split_once("://").unwrap_or_default();
            rest.split_once('/')
                .is_some_and(|(_, have)| have.starts_with(path))
        };
        if on_domain && (path.is_empty() || on_path()) {
            return (*name).to_owned();
        }
    }
    host
}
