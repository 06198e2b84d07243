//! Rules for what people type: names, slugs, one-line texts.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::db::Id;
use crate::error::FieldError;

/// The longest slug, in characters.
pub const SLUG_MAX: usize = 120;

/// Says that a name is unknown, which known one is nearest, and what is known.
pub fn unknown(name: &str, known: &[&str]) -> String {
    let shown: String = name.chars().take(80).collect();
    let list = known.join(", ");
    match nearest(name, known) {
        Some(near) => format!("`{shown}` is unknown; did you mean `{near}`? Known are {list}"),
        None => format!("`{shown}` is unknown; known are {list}"),
    }
}

/// What other systems, and newsrooms, call what has another name here.
const ALSO_CALLED: [(&str, &[&str]); 17] = [
    (
        "headline",
        &[
            "title",
            "titel",
            "überschrift",
            "ueberschrift",
            "schlagzeile",
        ],
    ),
    ("kicker", &["dachzeile", "overline"]),
    (
        "subheadline",
        &["subtitle", "untertitel", "unterzeile", "deck"],
    ),
    (
        "teaser",
        &[
            "vorspann",
            "lead",
            "standfirst",
            "summary",
            "excerpt",
            "abstract",
        ],
    ),
    ("section", &["ressort", "rubrik", "category", "channel"]),
    (
        "topics",
        &[
            "tags",
            "keywords",
            "schlagworte",
            "schlagwörter",
            "categories",
        ],
    ),
    (
        "topic",
        &["tag", "tags", "keyword", "keywords", "schlagwort"],
    ),
    ("authors", &["author", "byline", "autor", "autoren"]),
    ("body", &["content", "text", "html", "markdown", "blocks"]),
    ("image", &["picture", "bild", "photo", "foto"]),
    ("related", &["links", "siehe_auch"]),
    ("embargo_until", &["embargo", "sperrfrist"]),
    (
        "published_at",
        &["date", "datum", "published", "publish_date"],
    ),
    ("limit", &["per_page", "page_size", "size"]),
    ("cursor", &["page", "offset"]),
    ("strong", &["bold", "b"]),
    ("emphasis", &["italic", "em", "i"]),
];

/// The known name that means the same as this one or is most like it, if any is
/// at all alike.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > 100 {
        return None;
    }
    let lower = name.to_lowercase();
    let meant = ALSO_CALLED.iter().find_map(|(meant, names)| {
        let here = known.iter().find(|known| *known == meant)?;
        names.contains(&lower.as_str()).then_some(*here)
    });
    if meant.is_some() {
        return meant;
    }
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The known names that are like this one, the most alike first, three at most.
pub fn all_near<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let name: String = name_key(name).chars().take(100).collect();
    let mut near: Vec<(f64, &str)> = known
        .iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&name, &name_key(candidate)),
                *candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Makes a slug of a headline: German umlauts become two letters, everything
/// else is brought to ASCII. Empty if nothing is left.
///
/// ```
/// # use perspektive::http::text::slugify;
/// assert_eq!(slugify("Über 30 Straßen: »Größe« zählt!"), "ueber-30-strassen-groesse-zaehlt");
/// assert_eq!(slugify("A\u{308}rger"), "aerger");
/// ```
pub fn slugify(text: &str) -> String {
    let mut german = String::with_capacity(text.len() + 8);
    for c in text.nfc().take(1_000) {
        match c {
            'ä' | 'Ä' => german.push_str("ae"),
            'ö' | 'Ö' => german.push_str("oe"),
            'ü' | 'Ü' => german.push_str("ue"),
            'ß' | 'ẞ' => german.push_str("ss"),
            '\'' | '’' | 'ʼ' => {}
            '&' => german.push_str(" und "),
            other => german.push(other),
        }
    }
    let ascii = deunicode::deunicode_with_tofu(&german, " ").to_ascii_lowercase();
    let mut slug = String::with_capacity(ascii.len());
    for word in ascii
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let length = slug.len() + usize::from(!slug.is_empty()) + word.len();
        if length > SLUG_MAX {
            if slug.is_empty() {
                slug.push_str(&word[..SLUG_MAX]);
            }
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.parse::<Id>().is_ok() {
        slug.insert_str(0, "a-");
    }
    slug
}

/// Whether a slug is in its canonical form: `[a-z0-9]+(-[a-z0-9]+)*`, at most
/// 120 characters, not shaped like a UUID.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= SLUG_MAX
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.parse::<Id>().is_err()
}

/// A slug with a number at its end, for when the plain one is taken.
pub fn numbered(slug: &str, number: usize) -> String {
    let end = format!("-{number}");
    let kept = slug[..slug.len().min(SLUG_MAX - end.len())].trim_end_matches('-');
    format!("{kept}{end}")
}

/// The form in which two names are the same name: NFC, case-folded, single
/// spaces.
pub fn name_key(name: &str) -> String {
    let folded = caseless::default_case_fold_str(&nfc(name));
    let mut key = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    match nfc(&key) {
        Cow::Borrowed(_) => key,
        Cow::Owned(composed) => composed,
    }
}

/// A text in NFC, as most are already.
fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// Checks a text of so many characters at most; `lines` allows line feeds.
/// Collects what is wrong.
pub fn check(value: &str, pointer: &str, max: usize, lines: bool, errors: &mut Vec<FieldError>) {
    let length = value.chars().count();
    if length > max {
        let detail = format!("has {length} characters; {max} are the most");
        errors.push(FieldError::new(pointer, "too-long", detail));
    }
    if let Some(c) = crate::content::text::check(value) {
        let detail = format!(
            "contains the character U+{:04X}, which is not allowed; remove it",
            c as u32
        );
        errors.push(FieldError::new(pointer, "forbidden-character", detail));
    } else if !lines && value.contains(['\n', '\t']) {
        errors.push(FieldError::new(
            pointer,
            "forbidden-character",
            "must be one line without tabs",
        ));
    }
}

/// Checks a text that must say something: [`check`], and not empty.
pub fn check_required(value: &str, pointer: &str, max: usize, errors: &mut Vec<FieldError>) {
    if is_blank(value) {
        errors.push(FieldError::new(
            pointer,
            "required",
            "is empty; write something",
        ));
    }
    check(value, pointer, max, false, errors);
}

/// Whether nothing of a text is to be seen: white space, and characters that only tell
/// how others are set.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(
                c,
                '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            )
    })
}

/// Checks a slug that a client chose.
pub fn check_slug(slug: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    if !is_slug(slug) {
        let detail = match slugify(slug) {
            better if better.is_empty() => {
                format!("`{slug}` is not a slug; use lower-case letters, digits and hyphens")
            }
            better => format!("`{slug}` is not a slug; the canonical form is `{better}`"),
        };
        errors.push(FieldError::new(pointer, "bad-slug", detail));
    }
}

/// A text as it is stored: composed (NFC), without white space around it.
pub fn clean(text: &str) -> String {
    nfc(text.trim()).into_owned()
}

/// [`clean`], and nothing if nothing is left.
pub fn clean_optional(text: Option<String>) -> Option<String> {
    text.map(|text| clean(&text))
        .filter(|text| !text.is_empty())
}

/// Checks a language tag (BCP 47): well formed, not looked up in the registry.
pub fn check_language(tag: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let good = matches!(primary.len(), 2 | 3)
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
        && tag.len() <= 35;
    if !good {
        let detail = "is not a language tag (BCP 47); write it as de, de-AT or en";
        errors.push(FieldError::new(pointer, "bad-language", detail));
    }
}

/// The slug that a client chose, checked, or else one made of the name.
pub fn slug_or_made(slug: Option<String>, name: &str, errors: &mut Vec<FieldError>) -> String {
    match slug {
        Some(slug) => {
            check_slug(&slug, "#/slug", errors);
            slug
        }
        None => {
            let slug = slugify(name);
            if slug.is_empty() && !name.is_empty() {
                let detail = "can't be made of this name; send one of letters, digits and hyphens";
                errors.push(FieldError::new("#/slug", "required", detail));
            }
            slug
        }
    }
}

/// Checks a member that can't be changed here: it may come back as it is.
pub fn check_same<T: PartialEq + std::fmt::Display>(
    sent: Option<&T>,
    stored: Option<&T>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) {
    if sent.is_some() && sent != stored {
        let detail = match stored {
            Some(stored) => {
                format!("is `{stored}` and can't be changed here; leave it as it is, or out")
            }
            None => "is given by Perspektive; leave it out".to_owned(),
        };
        errors.push(FieldError::new(pointer, "read-only", detail));
    }
}

/// Checks an e-mail address, roughly: whether it exists only mail can tell.
pub fn check_email(email: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let good = email.len() <= 254
        && !email
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ','))
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@')
        });
    if !good {
        let detail = "is not an e-mail address; write it as mara.lenz@flussblick.example";
        errors.push(FieldError::new(pointer, "bad-email", detail));
    }
}

/// Checks an address on the web.
pub fn check_url(url: &str, pointer: &str, errors: &mut Vec<FieldError>) {
    let good = (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= 2_000
        && url
            .split("://")
            .nth(1)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'));
    if !good {
        let detail =
            "is not a web address; write it as https://example.org/path, at most 2000 characters";
        errors.push(FieldError::new(pointer, "bad-url", detail));
    }
}

/// The words of a short text, cut at a word's end after so many characters.
pub fn shorten(text: &str, max: usize) -> String {
    let end = |characters| text.char_indices().nth(characters).map(|(at, _)| at);
    let (Some(_), Some(cut)) = (end(max), end(max - 1)) else {
        return text.to_owned();
    };
    let cut = &text[..cut];
    let end = cut
        .rfind(' ')
        .filter(|end| *end > cut.len() / 2)
        .unwrap_or(cut.len());
    format!(
        "{}…",
        cut[..end].trim_end_matches([',', ';', ':', '–', '-', ' '])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_of_any_script_is_canonical_or_empty() {
        for text in [
            "Привет, мир",
            "東京",
            "💥",
            "---",
            "İstanbul",
            "",
            "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e",
            &"ß".repeat(400),
        ] {
            let slug = slugify(text);
            assert!(slug.is_empty() || is_slug(&slug), "{text:?} gave {slug:?}");
        }
    }

    #[test]
    fn names_differ_in_more_than_case_and_composition() {
        assert_eq!(
            name_key("  Öffentlicher  Nahverkehr"),
            name_key("O\u{308}FFENTLICHER NAHVERKEHR")
        );
        assert_ne!(name_key("Straße"), name_key("Strafe"));
    }

    #[test]
    fn a_text_is_cut_between_words() {
        assert_eq!(shorten("Ab Januar fahren alle Busse", 16), "Ab Januar…");
        assert_eq!(shorten("kurz", 16), "kurz");
    }
}
