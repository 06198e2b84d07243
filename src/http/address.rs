//! Addresses on the website: written from a pattern, and recognised by it.
//!
//! The pattern, such as `/{yyyy}/{mm}/{slug}/`, is made of `{yyyy}`, `{mm}`,
//! `{dd}` (of the first publication, in the newsroom's time zone), `{section}`,
//! `{slug}` and `{id}`; one of the last two must be there.

use chrono::Datelike;
use chrono_tz::Tz;

use crate::db::{Id, Time};

const NAMES: [&str; 6] = ["yyyy", "mm", "dd", "section", "slug", "id"];

/// What an article's address on the website is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The article's id.
    pub id: Id,
    /// Its slug.
    pub slug: &'a str,
    /// The slug of its section.
    pub section: &'a str,
    /// When it was first published.
    pub first_published_at: Time,
}

/// Checks a pattern.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    if !pattern.starts_with('/') {
        return Err("starts with a slash, such as /{yyyy}/{mm}/{slug}/".to_owned());
    }
    let mut found = Vec::new();
    for piece in pattern.split('{').skip(1) {
        match piece.split_once('}') {
            Some((name, rest)) if NAMES.contains(&name) && !rest.contains('}') => found.push(name),
            _ => {
                return Err(format!(
                    "may contain {{{}}} and nothing else in braces",
                    NAMES.join("}, {")
                ));
            }
        }
    }
    if found.contains(&"slug") || found.contains(&"id") {
        Ok(())
    } else {
        Err("needs {slug} or {id}".to_owned())
    }
}

/// Writes an article's path on the website.
pub fn path(pattern: &str, parts: Parts<'_>, zone: Tz) -> String {
    let date = parts.first_published_at.to_datetime().with_timezone(&zone);
    let mut path = String::with_capacity(pattern.len() + parts.slug.len());
    let mut pieces = pattern.split('{');
    path.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
        match name {
            "yyyy" => path.push_str(&format!("{:04}", date.year())),
            "mm" => path.push_str(&format!("{:02}", date.month())),
            "dd" => path.push_str(&format!("{:02}", date.day())),
            "section" => path.push_str(parts.section),
            "slug" => path.push_str(parts.slug),
            _ => path.push_str(&parts.id.to_string()),
        }
        path.push_str(rest);
    }
    path
}

/// The slug or id in a path that fits the pattern; a slash at the end, a query
/// and a fragment make no difference.
pub fn find<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let pattern = pattern.trim_end_matches('/');
    let mut wanted = None;
    let mut rest = path;
    let mut pieces = pattern.split('{');
    rest = rest.strip_prefix(pieces.next()?)?;
    for piece in pieces {
        let (name, literal) = piece.split_once('}')?;
        let end = match literal {
            "" => rest.find('/').unwrap_or(rest.len()),
            literal => rest.find(literal)?,
        };
        let value = &rest[..end];
        let digits =
            |count| value.len() == count && value.bytes().all(|byte| byte.is_ascii_digit());
        let fits = match name {
            "yyyy" => digits(4),
            "mm" | "dd" => digits(2),
            _ => !value.is_empty() && !value.contains('/'),
        };
        if !fits {
            return None;
        }
        if name == "slug" || (name == "id" && wanted.is_none()) {
            wanted = Some(value);
        }
        rest = rest[end..].strip_prefix(literal)?;
    }
    rest.is_empty().then_some(wanted).flatten()
}

/// What follows a website's address in an address below it. Whether that is written with
/// http or https, with `www.`, in which case its host is, and with a port that goes
/// without saying, makes no difference: browsers get to the same page.
pub fn below<'a>(site: &str, address: &'a str) -> Option<&'a str> {
    let (host, path) = split(site)?;
    let (other, rest) = split(address.trim())?;
    if !host.eq_ignore_ascii_case(other) {
        return None;
    }
    let rest = rest.strip_prefix(path.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
}

/// The host of an address, without what makes no difference, and what follows it.
fn split(address: &str) -> Option<(&str, &str)> {
    let rest = ["https://", "http://", "//"]
        .into_iter()
        .find_map(|scheme| {
            let begins = address.get(..scheme.len())?.eq_ignore_ascii_case(scheme);
            begins.then(|| &address[scheme.len()..])
        })?;
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host
        .strip_suffix(":443")
        .or(host.strip_suffix(":80"))
        .unwrap_or(host);
    let named = host
        .get(..4)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("www."));
    Some((if named { &host[4..] } else { host }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_by_the_pattern_that_wrote_it() {
        let parts = Parts {
            id: Id::new(),
            slug: "stadtrat-nahverkehr",
            section: "politik",
            first_published_at: Time(0),
        };
        for pattern in [
            "/{yyyy}/{mm}/{slug}/",
            "/{section}/{slug}.html",
            "/a/{id}",
            "/{slug}-{id}",
        ] {
            check_pattern(pattern).unwrap();
            let path = path(pattern, parts, chrono_tz::Europe::Berlin);
            let found = find(pattern, &path);
            if pattern != "/{slug}-{id}" {
                assert!(
                    found == Some(parts.slug) || found == Some(parts.id.to_string().as_str()),
                    "{path}: {found:?}"
                );
            }
        }
        assert_eq!(
            find("/{yyyy}/{mm}/{slug}/", "/2026/11/x?utm=1#a"),
            Some("x")
        );
        assert_eq!(find("/{yyyy}/{mm}/{slug}/", "/impressum"), None);
        assert!(check_pattern("/{yyyy}/").is_err());
        assert!(check_pattern("/{slug}/{foo}").is_err());
    }

    #[test]
    fn what_makes_no_difference_hides_no_address_of_ours() {
        let site = "https://www.flussblick.example/zeitung/";
        for address in [
            "https://www.flussblick.example/zeitung/a",
            "http://flussblick.example/zeitung/a",
            " HTTPS://Flussblick.EXAMPLE:443/zeitung/a",
            "//flussblick.example:80/zeitung/a",
        ] {
            assert_eq!(below(site, address), Some("/a"), "{address}");
        }
        for address in [
            "https://flussblick.example/zeitungen/a",
            "https://flussblick.example.evil/zeitung/a",
            "https://flussblick.example:8443/zeitung/a",
            "mailto:a@flussblick.example",
            "wwwé",
        ] {
            assert_eq!(below(site, address), None, "{address}");
        }
    }
}
