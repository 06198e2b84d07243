//! What `style` attributes and links of other programs say.

use crate::content::Mark;
use crate::content::url;

/// The value of a property in a `style` attribute.
pub(super) fn property<'s>(style: &'s str, name: &str) -> Option<&'s str> {
    style.split(';').find_map(|declaration| {
        let (have, value) = declaration.split_once(':')?;
        have.trim()
            .eq_ignore_ascii_case(name)
            .then_some(value.trim())
    })
}

/// Whether text in this style is bold; `None` if the style doesn't say.
pub(super) fn is_bold(style: &str) -> Option<bool> {
    let weight = property(style, "font-weight")?;
    let bold = match weight.parse::<u32>() {
        Ok(weight) => weight >= 600,
        Err(_) => weight.to_ascii_lowercase().starts_with("bold"),
    };
    Some(bold)
}

/// Whether text in this style is italic; `None` if the style doesn't say.
pub(super) fn is_italic(style: &str) -> Option<bool> {
    let style = property(style, "font-style")?.to_ascii_lowercase();
    Some(style.starts_with("italic") || style.starts_with("oblique"))
}

/// The marks of an element, by its name and its style, which has the last word.
pub(super) fn marks(name: &str, style: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut set = |mark, on| {
        if on {
            marks.push(mark);
        }
    };
    set(
        Mark::Strong,
        is_bold(style).unwrap_or(matches!(name, "strong" | "b")),
    );
    set(
        Mark::Emphasis,
        is_italic(style).unwrap_or(matches!(name, "em" | "i")),
    );
    let decoration = property(style, "text-decoration")
        .or(property(style, "text-decoration-line"))
        .unwrap_or_default();
    set(
        Mark::Strike,
        matches!(name, "s" | "del" | "strike") || decoration.contains("line-through"),
    );
    set(Mark::Code, matches!(name, "code" | "tt" | "kbd" | "samp"));
    let align = property(style, "vertical-align").unwrap_or_default();
    set(Mark::Subscript, name == "sub" || align == "sub");
    set(Mark::Superscript, name == "sup" || align == "super");
    marks
}

/// An address as it is meant: with a scheme, without the detour over a
/// service that counts clicks.
pub(super) fn address(given: &str) -> String {
    let given: String = given
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\n' | '\t' | '\r'))
        .collect();
    let address = match given.strip_prefix("//") {
        Some(_) => format!("https:{given}"),
        None => given.replace(' ', "%20"),
    };
    direct(&address).unwrap_or(address)
}

/// Where an address that only counts clicks leads to.
fn direct(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let (place, query) = rest.split_once('?')?;
    let host = url::host(address)?;
    let name = match host.as_str() {
        _ if host.starts_with("google.") && place.ends_with("/url") => ["q", "url"],
        "l.facebook.com" | "lm.facebook.com" => ["u", "u"],
        _ if host.ends_with("safelinks.protection.outlook.com") => ["url", "url"],
        _ => return None,
    };
    let target = name.iter().find_map(|name| parameter(query, name))?;
    (target.starts_with("http://") || target.starts_with("https://")).then_some(target)
}

/// The value of a parameter in a query, decoded.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let query = query.split('#').next()?;
    let value = query.split('&').find_map(|pair| {
        let (have, value) = pair.split_once('=')?;
        (have.trim_start_matches("amp;") == name).then_some(value)
    })?;
    let decoded = percent_encoding::percent_decode_str(value);
    decoded.decode_utf8().ok().map(|value| value.into_owned())
}

/// The address at which people open what a provider's player shows, such as
/// `https://www.youtube.com/watch?v=…` for `https://www.youtube.com/embed/…`.
pub(super) fn page_of_player(address: &str) -> String {
    page(address).unwrap_or_else(|| address.to_owned())
}

fn page(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.split('#').next()?;
    let (_, path) = place.split_once('/')?;
    let path = path.trim_end_matches('/');
    let host = url::host(address)?;
    let word = |prefix: &str| {
        let rest = path.strip_prefix(prefix)?;
        let word = rest.split('/').next()?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (!word.is_empty() && word.chars().all(fits)).then_some(word)
    };
    match host.as_str() {
        "youtube.com" | "youtube-nocookie.com" => {
            let id = word("embed/").or(word("v/"))?;
            if id == "videoseries" {
                let list = parameter(query, "list")?;
                return Some(format!("https://www.youtube.com/playlist?list={list}"));
            }
            let start = parameter(query, "start").filter(|start| start.parse::<u32>().is_ok());
            let start = start
                .map(|start| format!("&t={start}s"))
                .unwrap_or_default();
            Some(format!("https://www.youtube.com/watch?v={id}{start}"))
        }
        "player.vimeo.com" => Some(format!("https://vimeo.com/{}", word("video/")?)),
        "open.spotify.com" => Some(format!(
            "https://open.spotify.com/{}",
            path.strip_prefix("embed/")?
        )),
        "w.soundcloud.com" => parameter(query, "url").filter(|url| url.starts_with("https://")),
        "facebook.com" if path.starts_with("plugins/") => {
            parameter(query, "href").filter(|url| url.starts_with("https://"))
        }
        "platform.twitter.com" => {
            let id = parameter(query, "id")?;
            let is_id = id.chars().all(|c| c.is_ascii_digit());
            is_id.then(|| format!("https://x.com/i/status/{id}"))
        }
        "instagram.com" => {
            let post = path.strip_suffix("/captioned").unwrap_or(path);
            let post = post.strip_suffix("/embed")?;
            Some(format!("https://www.instagram.com/{post}/"))
        }
        "dailymotion.com" => Some(format!(
            "https://www.dailymotion.com/video/{}",
            word("embed/video/")?
        )),
        "embed.podcasts.apple.com" => Some(format!("https://podcasts.apple.com/{path}")),
        // Mastodon, on whatever host.
        _ if path.starts_with('@') && path.ends_with("/embed") => {
            Some(format!("https://{host}/{}", path.strip_suffix("/embed")?))
        }
        _ => None,
    }
}
