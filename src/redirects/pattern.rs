//! Patterns of addresses: text, and placeholders in braces.
//!
//! A placeholder fits one or more characters, none of them a slash (in a query:
//! none of them an `&`). `{yyyy}` fits four digits, `{mm}` and `{dd}` two,
//! `{number}` as many as there are; `{rest}`, which stands at the end of a path,
//! fits slashes too. Others are called what one likes. Where a text can be divided
//! in several ways, the first placeholder gets as much as it can.
//!
//! There are no regular expressions: matching takes a time that is bounded by the
//! length of the address, whatever the pattern.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::address::Address;

/// The most placeholders of a pattern.
const PLACEHOLDERS_MAX: usize = 8;

/// A pattern, ready to be compared.
#[derive(Clone, Debug)]
pub struct Pattern {
    host: Option<String>,
    tokens: Vec<Token>,
    with_query: bool,
    /// How many characters stand for themselves.
    pub literals: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Part(String, Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// So many digits.
    Digits(usize),
    /// Digits.
    Number,
    /// Part of a segment.
    Segment,
    /// Part of a query's value.
    Value,
    /// All that is left of a path.
    Rest,
}

/// What the placeholders stand for in an address, by name.
pub type Parts = Vec<(String, String)>;

/// Whether an address, as it is stored, is a pattern.
pub fn is_pattern(source: &str) -> bool {
    source.contains(['{', '}'])
}

impl Pattern {
    /// Reads the pattern in an address that was read with its braces. What is
    /// wrong, as a sentence without its subject.
    pub fn read(address: &Address) -> Result<Self, String> {
        let text = address.path_and_query();
        let query = address.path.len();
        let (mut tokens, mut names, mut literals) = (Vec::new(), Vec::new(), 0);
        let mut at = 0;
        for piece in pieces(&text)? {
            match piece {
                Piece::Text(literal) => {
                    literals += literal.chars().count();
                    at += literal.len();
                    tokens.push(Token::Text(literal.to_owned()));
                }
                Piece::Name(name) => {
                    if names.contains(&name) {
                        return Err(format!("has {{{name}}} twice"));
                    }
                    if matches!(tokens.last(), Some(Token::Part(..))) {
                        return Err(format!(
                            "has {{{name}}} right after another placeholder; nothing says where the one ends"
                        ));
                    }
                    at += name.len() + 2;
                    let kind = match name {
                        "yyyy" => Kind::Digits(4),
                        "mm" | "dd" => Kind::Digits(2),
                        "number" => Kind::Number,
                        "rest" if at == query => Kind::Rest,
                        "rest" => {
                            return Err(
                                "has {rest} elsewhere than at the end of its path".to_owned()
                            );
                        }
                        _ if at > query => Kind::Value,
                        _ => Kind::Segment,
                    };
                    names.push(name);
                    tokens.push(Token::Part(name.to_owned(), kind));
                }
            }
        }
        if names.len() > PLACEHOLDERS_MAX {
            return Err(format!(
                "has {} placeholders; {PLACEHOLDERS_MAX} are the most",
                names.len()
            ));
        }
        Ok(Pattern {
            host: address.host.clone(),
            tokens,
            with_query: !address.query.is_empty(),
            literals,
        })
    }

    /// What the placeholders stand for in this address; `None` if it doesn't fit.
    pub fn fit(&self, address: &Address) -> Option<Parts> {
        if self.host.is_some() && self.host != address.host {
            return None;
        }
        let whole;
        let text = match self.with_query {
            true => {
                whole = address.path_and_query();
                &whole
            }
            false => &address.path,
        };
        if let Some(Token::Text(end)) = self.tokens.last()
            && !text.ends_with(end.as_str())
        {
            return None;
        }
        let mut parts = Parts::new();
        let mut failed = HashSet::new();
        fit(&self.tokens, text, 0, &mut parts, &mut failed).then(|| {
            parts.reverse();
            parts
        })
    }

    /// An address that fits, for trying the pattern out.
    pub fn sample(&self) -> (Address, Parts) {
        let (mut text, mut parts) = (String::new(), Parts::new());
        for token in &self.tokens {
            let value = match token {
                Token::Text(literal) => {
                    text.push_str(literal);
                    continue;
                }
                Token::Part(_, Kind::Digits(count)) => "2".repeat(*count),
                Token::Part(_, Kind::Number) => "2".to_owned(),
                Token::Part(..) => "beispiel".to_owned(),
            };
            text.push_str(&value);
            if let Token::Part(name, _) = token {
                parts.push((name.clone(), value));
            }
        }
        let (path, query) = text.split_once('?').unwrap_or((&text, ""));
        let address = Address {
            host: self.host.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
        };
        (address, parts)
    }

    /// Sorts patterns: those of which more stands for itself come first; of equal
    /// ones, those whose placeholders fit less.
    pub fn looseness(&self) -> (Reverse<usize>, usize) {
        let loose = |token: &Token| match token {
            Token::Text(_) | Token::Part(_, Kind::Digits(_) | Kind::Number) => 0,
            Token::Part(_, Kind::Segment | Kind::Value) => 1,
            Token::Part(_, Kind::Rest) => PLACEHOLDERS_MAX,
        };
        (
            Reverse(self.literals),
            self.tokens.iter().map(loose).sum::<usize>(),
        )
    }

    /// Whether it has a placeholder of this name.
    pub fn has(&self, name: &str) -> bool {
        let is_it = |token: &Token| matches!(token, Token::Part(own, _) if own == name);
        self.tokens.iter().any(is_it)
    }
}

/// Whether the tokens fit what of the text begins here. The parts are noted from
/// the last to the first. Of places that were tried in vain none is tried again.
fn fit(
    tokens: &[Token],
    text: &str,
    at: usize,
    parts: &mut Parts,
    failed: &mut HashSet<(usize, usize)>,
) -> bool {
    let Some((token, tokens_left)) = tokens.split_first() else {
        return at == text.len();
    };
    let rest = &text[at..];
    let (name, kind) = match token {
        Token::Text(literal) => {
            return rest.starts_with(literal.as_str())
                && fit(tokens_left, text, at + literal.len(), parts, failed);
        }
        Token::Part(name, kind) => (name, *kind),
    };
    if failed.contains(&(tokens.len(), at)) {
        return false;
    }
    let belongs = |c: char| match kind {
        Kind::Digits(_) | Kind::Number => c.is_ascii_digit(),
        Kind::Segment => c != '/' && c != '?',
        Kind::Value => c != '&',
        Kind::Rest => c != '?',
    };
    let most = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    let ends: Vec<usize> = match kind {
        Kind::Digits(count) => (count <= most).then_some(count).into_iter().collect(),
        _ => (1..=most)
            .rev()
            .filter(|end| rest.is_char_boundary(*end))
            .collect(),
    };
    for end in ends {
        if fit(tokens_left, text, at + end, parts, failed) {
            parts.push((name.clone(), rest[..end].to_owned()));
            return true;
        }
    }
    failed.insert((tokens.len(), at));
    false
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a text at its placeholders. What is wrong, as a sentence without its
/// subject.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['{', '}']) {
        let unbalanced = || "has a brace without its partner; write it as %7B or %7D".to_owned();
        let inner = rest[start..].strip_prefix('{').ok_or_else(unbalanced)?;
        let (name, after) = inner.split_once('}').ok_or_else(unbalanced)?;
        let good = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= 20
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !good {
            let shown: String = name.chars().take(40).collect();
            return Err(format!(
                "has a placeholder {{{shown}}}; a name is a letter and up to 19 letters, digits and underscores, all in lower case"
            ));
        }
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(Piece::Name(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// The names of a template's placeholders; what is wrong with it, as a sentence
/// without its subject.
pub fn names(template: &str) -> Result<Vec<&str>, String> {
    let pieces = pieces(template)?.into_iter();
    Ok(pieces
        .filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect())
}

/// A template with what its placeholders stand for.
pub fn fill(template: &str, parts: &Parts) -> String {
    let mut filled = template.to_owned();
    for (name, value) in parts {
        // A value has no braces: they are escaped in it.
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<Pattern, String> {
        Pattern::read(&Address::read_pattern(text)?)
    }

    fn parts(pattern_text: &str, address: &str) -> Option<String> {
        let parts = pattern(pattern_text)
            .unwrap()
            .fit(&Address::read(address).unwrap())?;
        let parts: Vec<String> = parts.into_iter().map(|(n, v)| format!("{n}={v}")).collect();
        Some(parts.join(" "))
    }

    #[test]
    fn a_pattern_fits_what_it_says() {
        for (pattern, address, expected) in [
            ("/artikel/{id}.html", "/artikel/12.html", Some("id=12")),
            (
                "/artikel/{id}.html",
                "/artikel/12.html.html",
                Some("id=12.html"),
            ),
            ("/artikel/{id}.html", "/artikel/a/12.html", None),
            ("/artikel/{id}.html", "/artikel/.html", None),
            (
                "/{yyyy}/{mm}/{slug}/",
                "/2019/03/der-rat",
                Some("yyyy=2019 mm=03 slug=der-rat"),
            ),
            ("/{yyyy}/{mm}/{slug}/", "/2019/3/der-rat", None),
            (
                "/{slug}-{number}.html",
                "/der-rat-tagt-12-30.html",
                Some("slug=der-rat-tagt-12 number=30"),
            ),
            ("/{a}-{b}", "/x-y-z", Some("a=x-y b=z")),
            ("/alt/{rest}", "/alt/a/b/c", Some("rest=a/b/c")),
            ("/alt/{rest}", "/alt", None),
            ("/?p={number}", "/?p=7&utm_medium=x", Some("number=7")),
            ("/?p={number}", "/?p=7&page=2", None),
            (
                "/index.php?id={id}&v=1",
                "/index.php?v=1&id=a/b",
                Some("id=a/b"),
            ),
            ("/a/{slug}", "/a/x?b=1", Some("slug=x")),
            (
                "//alt.example/{slug}",
                "https://www.alt.example/x",
                Some("slug=x"),
            ),
            ("//alt.example/{slug}", "https://neu.example/x", None),
            ("/{ort}/ä", "/z%C3%BCrich/a%CC%88", Some("ort=zürich")),
        ] {
            assert_eq!(
                parts(pattern, address).as_deref(),
                expected,
                "{pattern} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for text in [
            "/{a}{b}",
            "/{a}/{a}",
            "/{rest}/x",
            "/{",
            "/}",
            "/{}",
            "/{A}",
            "/{a b}",
            "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}",
        ] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }

    /// A pattern that tries all it can takes no longer than it should.
    #[test]
    fn no_address_takes_long() {
        let pattern = pattern("/{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}!").unwrap();
        let address = Address::read(&format!("/{}", "a-".repeat(900))).unwrap();
        let began = std::time::Instant::now();
        assert!(pattern.fit(&address).is_none());
        assert!(began.elapsed().as_secs() < 2);
    }

    #[test]
    fn a_sample_fits_its_pattern() {
        for text in [
            "/{yyyy}/{mm}/{slug}-{number}",
            "//alt.example/?p={id}",
            "/alt/{rest}",
        ] {
            let pattern = pattern(text).unwrap();
            let (address, parts) = pattern.sample();
            assert_eq!(pattern.fit(&address), Some(parts), "{text}");
        }
        assert_eq!(
            fill(
                "/{b}/{a}",
                &vec![("a".into(), "1".into()), ("b".into(), "2".into())]
            ),
            "/2/1"
        );
    }
}
