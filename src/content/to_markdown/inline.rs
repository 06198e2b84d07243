//! Running text as Markdown.

use super::escape::{Context, escape, link_destination};
use super::longest_run;
use crate::content::blocks::{Link, Mark, Span};

/// Where running text stands; that decides how line breaks and some
/// characters are written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Paragraph,
    Heading,
    Cell,
}

/// A piece of the line that is being written.
enum Token<'a> {
    /// Text or markup that stands as it is.
    Raw(String),
    Open(Mark),
    Close(Mark),
    OpenLink,
    CloseLink(&'a Link),
}

/// Writes running text. Marks are nested in their order, the link outside, and
/// shared by neighbouring spans as far as they have them in common.
pub(super) fn write_spans(spans: &[Span], place: Place) -> String {
    let tokens = tokenize(spans, place);
    let tags = choose_tags(&tokens);
    let mut out = String::new();
    for (token, tag) in tokens.iter().zip(tags) {
        match token {
            Token::Raw(text) => out.push_str(text),
            Token::Open(mark) if tag => out.push_str(&format!("<{}>", tag_name(*mark))),
            Token::Close(mark) if tag => out.push_str(&format!("</{}>", tag_name(*mark))),
            Token::Open(mark) | Token::Close(mark) => out.push_str(delimiter(*mark).unwrap_or("")),
            Token::OpenLink => out.push('['),
            Token::CloseLink(Link::Url(url)) => {
                out.push_str(&format!("]({})", link_destination(url)));
            }
            Token::CloseLink(Link::Article(article)) => {
                out.push_str(&format!("](article:{})", article.word()));
            }
        }
    }
    out
}

fn tokenize(spans: &[Span], place: Place) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut link: Option<&Link> = None;
    let mut open: Vec<Mark> = Vec::new();
    let mut line_start = place != Place::Cell;
    for (index, span) in spans.iter().enumerate() {
        // Code is not nested: as a code span it is part of the text.
        let as_tag = span.marks.contains(&Mark::Code) && !fits_code_span(span, place);
        let as_span = span.marks.contains(&Mark::Code) && !as_tag;
        let wanted: Vec<Mark> = span
            .marks
            .iter()
            .copied()
            .filter(|&mark| mark != Mark::Code || as_tag)
            .collect();
        let same_link = link == span.link.as_ref();
        let shared = if same_link {
            open.iter().zip(&wanted).take_while(|(a, b)| a == b).count()
        } else {
            0
        };
        tokens.extend(open.drain(shared..).rev().map(Token::Close));
        if !same_link {
            tokens.extend(link.map(Token::CloseLink));
            link = span.link.as_ref();
            tokens.extend(link.map(|_| Token::OpenLink));
        }
        tokens.extend(wanted[shared..].iter().copied().map(Token::Open));
        open = wanted;

        if as_span {
            tokens.push(Token::Raw(code_span(&span.text)));
            line_start = false;
            continue;
        }
        let starts_link = |next: &Span| next.link.is_some() && next.link != span.link;
        let before_link = spans.get(index + 1).is_some_and(starts_link);
        let last = index + 1 == spans.len();
        tokens.push(Token::Raw(write_text(
            &span.text,
            place,
            line_start,
            before_link,
            last,
        )));
        line_start = span.text.ends_with('\n') && place == Place::Paragraph;
    }
    tokens.extend(open.into_iter().rev().map(Token::Close));
    tokens.extend(link.map(Token::CloseLink));
    tokens
}

fn write_text(text: &str, place: Place, line_start: bool, before_link: bool, last: bool) -> String {
    let mut out = String::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push_str(if place == Place::Paragraph {
                "\\\n"
            } else {
                "<br>"
            });
        }
        let starts = if index == 0 {
            line_start
        } else {
            place == Place::Paragraph
        };
        out.push_str(&escape(
            line,
            Context {
                line_start: starts,
                table: place == Place::Cell,
            },
        ));
    }
    // `!` before a link would make it an image, and `#` at the end of a
    // heading would be taken for its closing sequence.
    let ends_escaped = |out: &str, c| out.ends_with(c) && !out.ends_with(&format!("\\{c}"));
    if before_link && out.ends_with('!')
        || last && place == Place::Heading && ends_escaped(&out, '#')
    {
        out.insert(out.len() - 1, '\\');
    }
    out
}

/// Whether a code span can hold the text: it has no line breaks, no table
/// would take a pipe in it for the end of the cell, and no bracket in it could
/// end a link's text early, which at the start of a line `[`]:`]` would do.
fn fits_code_span(span: &Span, place: Place) -> bool {
    let breaks = span.text.contains('\n');
    let ends_cell = place == Place::Cell && span.text.contains(['|', '\\']);
    let ends_link = span.link.is_some() && span.text.contains(['[', ']']);
    !(breaks || ends_cell || ends_link)
}

fn code_span(text: &str) -> String {
    // The shortest fence that doesn't occur within; one longer than the
    // longest run always is one.
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let strips = text.starts_with(' ') && text.ends_with(' ') && !text.trim_matches(' ').is_empty();
    let pad = if strips || text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The delimiter of a mark, if Markdown has one. Emphasis is an underscore so
/// that no two marks share a character: then runs of delimiters can't be read
/// in more than one way.
fn delimiter(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Strong => Some("**"),
        Mark::Emphasis => Some("_"),
        Mark::Strike => Some("~~"),
        Mark::Code | Mark::Subscript | Mark::Superscript => None,
    }
}

fn tag_name(mark: Mark) -> &'static str {
    match mark {
        Mark::Strong => "strong",
        Mark::Emphasis => "em",
        Mark::Strike => "s",
        Mark::Code => "code",
        Mark::Subscript => "sub",
        Mark::Superscript => "sup",
    }
}

/// Decides for every token whether its mark is written as an HTML tag: when
/// one of the two delimiters would not be read as one.
fn choose_tags(tokens: &[Token<'_>]) -> Vec<bool> {
    let mut tags = vec![false; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) => open.push(index),
            Token::Close(mark) => {
                let Some(start) = open.pop() else { continue };
                let tag = delimiter(*mark).is_none()
                    || !delimits(tokens, start, *mark, true)
                    || !delimits(tokens, index, *mark, false);
                tags[start] = tag;
                tags[index] = tag;
            }
            _ => {}
        }
    }
    tags
}

/// Whether a delimiter at this place can open, or close: the rules 1 to 8 of
/// CommonMark's emphasis, with every character whose kind might be disputed
/// counting against it.
fn delimits(tokens: &[Token<'_>], at: usize, mark: Mark, opens: bool) -> bool {
    let before = at.checked_sub(1).and_then(|index| tokens.get(index));
    let before = before.map_or(Kind::Space, |token| kind(token, char_last));
    let after = tokens
        .get(at + 1)
        .map_or(Kind::Space, |token| kind(token, char_first));
    let (outer, inner) = if opens {
        (before, after)
    } else {
        (after, before)
    };
    match (outer, inner) {
        (Kind::Unsure, _) | (_, Kind::Unsure | Kind::Space) => false,
        (Kind::Word, Kind::Word) => mark == Mark::Strong || mark == Mark::Strike,
        (Kind::Word, Kind::Punctuation) => false,
        (Kind::Space | Kind::Punctuation, _) => true,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Space,
    Word,
    Punctuation,
    Unsure,
}

fn char_first(text: &str) -> Option<char> {
    text.chars().next()
}

fn char_last(text: &str) -> Option<char> {
    text.chars().next_back()
}

fn kind(token: &Token<'_>, end: fn(&str) -> Option<char>) -> Kind {
    let text = match token {
        Token::Raw(text) => text,
        Token::Open(Mark::Strike) | Token::Close(Mark::Strike) => "~",
        _ => return Kind::Punctuation,
    };
    match end(text) {
        // A parser may look past tildes for the character that decides.
        None | Some('~') => Kind::Unsure,
        Some(' ' | '\t' | '\n') => Kind::Space,
        Some(c) if c.is_ascii_alphanumeric() => Kind::Word,
        Some(c) if c.is_ascii_punctuation() => Kind::Punctuation,
        Some('„' | '“' | '”' | '‚' | '‘' | '’' | '»' | '«' | '›' | '‹' | '–' | '—' | '…') => {
            Kind::Punctuation
        }
        // Letters of the scripts whose every letter is one; further up there
        // are letter-like symbols that tables of categories disagree about.
        Some(c) if c < '\u{2000}' && c.is_alphabetic() => Kind::Word,
        Some('\u{3041}'..='\u{3096}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}') => {
            Kind::Word
        }
        Some(_) => Kind::Unsure,
    }
}
