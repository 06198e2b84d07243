//! The `{…}` after an image or an address.

/// A parsed `{name="value" flag}`: names with their values, flags without.
pub(super) type Attributes = Vec<(String, Option<String>)>;

/// Reads `{…}`. `None` if the text is anything else, or more.
pub(super) fn parse(text: &str) -> Option<Attributes> {
    let mut rest = text.trim().strip_prefix('{')?;
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return after.trim().is_empty().then_some(attributes);
        }
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')?;
        if name_end == 0 {
            return None;
        }
        let name = rest[..name_end].to_ascii_lowercase();
        rest = &rest[name_end..];
        let value = match rest.strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after)?;
                rest = after;
                Some(value)
            }
            None => None,
        };
        attributes.push((name, value));
    }
}

/// A value in double quotes, or one word.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c.is_whitespace() || c == '}')?;
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match quoted[at + 1..].chars().next() {
                Some(escaped @ ('"' | '\\')) => {
                    value.push(escaped);
                    chars.next();
                }
                _ => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}
