//! Uploads broken at random: cut, swapped, repeated, with odd bytes in them and
//! tags that don't match. They are read or refused, at once, and no word is lost
//! without a warning.

use super::hostile::time_worked;
use super::html::own;
use super::oracle;
use perspektive::content::{Parsed, from_html, from_markdown, to_html};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;

pub const HTML: &[&str] = &[
    include_str!("seeds/redaktion.html"),
    include_str!("seeds/word.html"),
    include_str!("seeds/docs.html"),
    include_str!("seeds/wordpress.html"),
    include_str!("seeds/seite.html"),
];

pub const MARKDOWN: &[&str] = &[
    include_str!("seeds/artikel.md"),
    include_str!("seeds/wild.md"),
];

const PIECES: &[&str] = &[
    "<",
    ">",
    "\"",
    "'",
    "&",
    "</",
    "/>",
    "<!--",
    "-->",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<a href=\"https://x.example/\">",
    "</a>",
    "<table>",
    "<td>",
    "</table>",
    "<li>",
    "</ul>",
    "<script>",
    "</script>",
    "<style>",
    "<title>",
    "<textarea>",
    "<iframe>",
    "<svg>",
    "</svg>",
    "<math>",
    "<h2>",
    "<figure>",
    "<blockquote>",
    "<select>",
    "<template>",
    "<pre>",
    "<![CDATA[",
    "<?",
    "&#x",
    "&#0;",
    "[[",
    "]]",
    "[caption]",
    "[/caption]",
    "*",
    "**",
    "_",
    "`",
    "```\n",
    "> ",
    "- ",
    "\n\n",
    "|",
    "![",
    "](",
    "{",
    "---\n",
    "\u{0}",
    "\u{FFFD}",
    "\u{A0}",
    "ß",
    "👩‍👩‍👧",
    "\t",
    "\r",
    "=",
    "/",
];

/// A broken copy of a seed, the same for the same number.
pub fn broken(seed: &str, number: u64) -> String {
    let mut random = StdRng::seed_from_u64(number);
    let mut text: Vec<char> = seed.chars().collect();
    for _ in 0..random.random_range(1..6) {
        if text.is_empty() {
            break;
        }
        let at = random.random_range(0..text.len());
        let end = (at + random.random_range(1..60)).min(text.len());
        match random.random_range(0..8) {
            // Cut something out, or all that follows.
            0 => drop(text.drain(at..end)),
            1 if random.random_range(0..4) == 0 => text.truncate(at),
            // Take away one character of markup.
            1 | 2 => {
                let markup = |c: &char| "<>\"'/=&;-*_`|[](){}#".contains(*c);
                if let Some(found) = text[at..].iter().position(markup) {
                    text.remove(at + found);
                }
            }
            // Repeat or move something.
            3 => {
                let piece: Vec<char> = text[at..end].to_vec();
                let to = random.random_range(0..=text.len());
                text.splice(to..to, piece);
            }
            4 => {
                let piece: Vec<char> = text.drain(at..end).collect();
                let to = random.random_range(0..=text.len());
                text.splice(to..to, piece);
            }
            // Put something in.
            5 | 6 => {
                let piece = PIECES.choose(&mut random).expect("a piece");
                text.splice(at..at, piece.chars());
            }
            _ => {
                let c = char::from_u32(random.random_range(0..0x2FF)).unwrap_or('x');
                text[at] = c;
            }
        }
    }
    text.into_iter().collect()
}

/// The text without the words of forms that aren't text: `[caption …]`, the
/// slug and the relation of `[[slug|words|relation]]`, `{credit="…"}`.
fn without_forms(text: &str) -> String {
    let mut kept = String::new();
    for piece in text.split("[caption") {
        let piece = if kept.is_empty() {
            piece
        } else {
            piece.split_once(']').map_or(piece, |(_, rest)| rest)
        };
        kept.push_str(piece);
        kept.push(' ');
    }
    let mut text = String::new();
    for piece in kept.split("[[") {
        let form = piece
            .split_once("]]")
            .filter(|(inside, _)| !inside.contains('\n'));
        let Some((inside, rest)) = form else {
            text.push_str(piece);
            continue;
        };
        let parts: Vec<&str> = inside.split('|').collect();
        let shown = parts
            .get(1)
            .filter(|part| !part.trim().is_empty())
            .unwrap_or(&parts[0]);
        text.push_str(shown);
        if parts.len() > 3 {
            text.push_str(inside);
        }
        text.push_str(rest);
    }
    for form in [
        "[/caption]",
        "{credit=",
        "{caption=",
        "{gallery caption=",
        "[!note]",
    ] {
        text = text.replace(form, "");
    }
    text
}

/// How often each letter and digit occurs.
fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        *letters.entry(c).or_default() += 1;
    }
    letters
}

/// Everything a reader of the result reads, addresses of embeds and alternative
/// texts left out.
fn text_of(parsed: &Parsed) -> String {
    let json = serde_json::to_value(&parsed.body).expect("JSON");
    let mut text = oracle::json_words(&json).join(" ");
    for line in [&parsed.headline, &parsed.teaser].into_iter().flatten() {
        text.push_str(line);
    }
    if let Some(members) = &parsed.front_matter {
        for value in members.values().filter_map(|value| value.as_str()) {
            text.push_str(value);
        }
    }
    text
}

/// How many letters of `had` aren't in `has`.
fn lost(had: &str, has: &str) -> usize {
    let has = letters(has);
    let missing = letters(had)
        .into_iter()
        .map(|(c, count)| count.saturating_sub(has.get(&c).copied().unwrap_or_default()));
    missing.sum()
}

/// Warnings that say that text was left out.
const SAYS_SO: &[&str] = &[
    "dropped",
    "embed-text",
    "title-unused",
    "raw-html",
    "odd-attribute",
    "unused-definition",
    "more-warnings",
    "flattened",
    "code-language",
    "link-title",
    "unknown-attribute",
];

fn check(kind: &str, number: u64, source: &str, read: Result<Parsed, usize>, had: &str) {
    let Ok(parsed) = read else { return };
    if number.is_multiple_of(5) {
        assert_eq!(
            oracle::harm(&to_html(&parsed.body)),
            None,
            "{kind} {number}"
        );
    }
    let text = text_of(&parsed);
    let lost = lost(&without_forms(had), &text);
    let says_so = parsed
        .warnings
        .iter()
        .any(|warning| SAYS_SO.contains(&warning.code));
    assert!(
        lost == 0 || says_so,
        "{kind} {number} lost {lost} letters without a word about it:\n{source}\n\nhad {had}\n\nhas {text}\n{:?}",
        parsed.warnings
    );
}

fn cases(count: u64) -> u64 {
    let cases = std::env::var("BROKEN_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(count)
}

#[test]
fn broken_html_is_read_or_refused_and_loses_no_word() {
    let mut slowest = Duration::ZERO;
    let mut refused = 0;
    let count = cases(2_500);
    for number in 0..count {
        let source = broken(HTML[number as usize % HTML.len()], number);
        let start = time_worked();
        let read = from_html(&source, &own).map_err(|errors| errors.len());
        slowest = slowest.max(time_worked() - start);
        refused += u64::from(read.is_err());
        let body = match &read {
            Ok(parsed) if parsed.front_matter.is_some() => {
                source.splitn(3, "---\n").nth(2).unwrap_or_default()
            }
            _ => &source,
        };
        check("HTML", number, &source, read, &oracle::shown_text(body));
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert!(refused < count / 4, "{refused} refused");
}

#[test]
fn broken_markdown_is_read_or_refused_and_loses_no_word() {
    let mut slowest = Duration::ZERO;
    let mut refused = 0;
    let count = cases(2_500);
    for number in 0..count {
        let source = broken(
            MARKDOWN[number as usize % MARKDOWN.len()],
            number + 1_000_000,
        );
        let start = time_worked();
        let read = from_markdown(&source, &own).map_err(|errors| errors.len());
        slowest = slowest.max(time_worked() - start);
        refused += u64::from(read.is_err());
        let body = match &read {
            Ok(parsed) if parsed.front_matter.is_some() => {
                source.splitn(3, "---\n").nth(2).unwrap_or_default()
            }
            _ => &source,
        };
        // To a browser, all that follows is the text of such an element.
        let swallows = ["<textarea", "<title", "<iframe"]
            .iter()
            .any(|tag| body.contains(tag));
        let had = if swallows {
            String::new()
        } else {
            oracle::markdown_shown(body)
        };
        check("Markdown", number, &source, read, &had);
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert!(refused < count / 4, "{refused} refused");
}
