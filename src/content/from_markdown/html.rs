//! Raw HTML in Markdown: only its text is kept.

/// What is left of a piece of HTML.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stripped {
    /// The text, a line for each block-level element.
    pub text: String,
    /// The names of the tags that were left out, each once, in order.
    pub tags: Vec<String>,
    /// Scripts, style sheets and comments that were left out.
    pub dropped: Vec<String>,
}

/// Elements whose content is no text.
pub(super) const NO_TEXT: &[&str] = &["script", "style"];

/// Elements that run within a line; any other tag ends it.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// Takes the tags out of HTML. Every character is looked at once or twice,
/// whatever the input.
pub(super) fn strip(html: &str) -> Stripped {
    let mut out = Stripped::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&rest[..at], &mut out.text);
        let markup = &rest[at..];
        if let Some(comment) = markup.strip_prefix("<!--") {
            let end = comment.find("-->").unwrap_or(comment.len());
            if !comment[..end].trim().is_empty() {
                out.dropped.push(markup[..4 + end].to_owned());
            }
            rest = comment.get(end + 3..).unwrap_or_default();
            continue;
        }
        let is_tag =
            markup[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let Some(end) = markup.find('>').filter(|_| is_tag) else {
            if is_tag {
                // No tag ends any more; what is left is text.
                push_text(markup, &mut out.text);
                rest = "";
                break;
            }
            out.text.push('<');
            rest = &markup[1..];
            continue;
        };
        let tag = &markup[..=end];
        rest = &markup[end + 1..];
        let name = tag_name(tag);
        if NO_TEXT.contains(&name.as_str()) && !tag.starts_with("</") {
            let close = format!("</{name}");
            let content = find_ignoring_case(rest, &close).unwrap_or(rest.len());
            out.dropped.push(format!("{tag}{}", &rest[..content]));
            rest = &rest[content..];
            continue;
        }
        if !INLINE.contains(&name.as_str()) {
            out.text.push('\n');
        }
        if !tag.starts_with("</") && !name.is_empty() && !out.tags.contains(&name) {
            // Made-up names are cut off somewhere, so looking them up is cheap.
            if out.tags.len() < 10 {
                out.tags.push(name);
            }
        }
    }
    push_text(rest, &mut out.text);
    out
}

/// The name of a tag in lower case, without `<`, `/` and attributes.
pub(super) fn tag_name(tag: &str) -> String {
    tag.trim_start_matches(['<', '/'])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(20)
        .collect::<String>()
        .to_ascii_lowercase()
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    text.windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))
}

/// Appends text with its entities decoded; its own line feeds mean nothing.
fn push_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\n']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((decoded, length)) = decode_entity(rest) {
            out.push(decoded);
            rest = &rest[length..];
        } else {
            out.push(if rest.starts_with('&') { '&' } else { ' ' });
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

/// The entities that German and English text is written with. The many others
/// stay as they are.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{A0}'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("bdquo", '„'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("sbquo", '‚'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("euro", '€'),
    ("copy", '©'),
    ("shy", '\u{AD}'),
    ("sect", '§'),
    ("middot", '·'),
    ("bull", '•'),
    ("times", '×'),
];

/// The character that an entity at the start of the text stands for, and the
/// length of the entity.
pub(in crate::content) fn decode_entity(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(10).position(|b| b == b';')?;
    let name = &body[..end];
    let decoded = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
                .filter(|&c| c != '\0')
                .unwrap_or('\u{FFFD}')
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((decoded, end + 2))
}
