//! From the source to the tree: html5ever's tokenizer and tree builder, fed so
//! that every node has its place, and kept from what would cost words or time.
//!
//! The tokenizer knows no columns. It is fed the source in pieces, each tag a
//! piece of its own, so whatever a token makes starts where its piece does.
//!
//! A browser drops what stands behind a tag, a comment or a `<title>` that never
//! ends. Here, such a `<` is text, or the element is empty, and what follows is
//! read as usual. The stack of open elements is kept low, because html5ever
//! searches it for nearly every tag.

use super::dom::{Dom, Id, ROOT, Sink};
use crate::content::text;
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TreeSink;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{LocalName, TokenizerResult};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Elements within elements that are followed; deeper tags are left out.
const MAX_DEPTH: usize = 200;
/// Elements and texts of a document.
const MAX_NODES: usize = 400_000;
/// Attributes of one tag.
const MAX_ATTRIBUTES: usize = 250;
/// Tags that may lack their end before the rest is taken for text.
const MAX_UNCLOSED: usize = 20;

/// Something noticed while the source was read, and where, in bytes.
pub(super) struct Notice {
    pub at: usize,
    pub code: &'static str,
    pub detail: String,
}

/// Why a document can't be read, and where, in bytes.
pub(super) struct Refusal {
    pub at: usize,
    pub code: &'static str,
    pub detail: String,
}

/// Reads the source from `start` on; places count from its very beginning.
pub(super) fn parse(source: &str, start: usize) -> Result<(Dom, Vec<Notice>), Refusal> {
    let options = TreeBuilderOpts {
        // The text for readers without scripts is text too.
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    let sink = Guard {
        source,
        builder: TreeBuilder::new(Sink::new(), options),
        piece: Cell::new(start),
        pending: Cell::new(None),
        raw: Cell::new(false),
        swallowed: RefCell::new(Vec::new()),
        current: Cell::new(ROOT),
        closings: RefCell::new(HashMap::new()),
        notices: RefCell::new(Vec::new()),
    };
    let mut feeder = Feeder {
        tokenizer: Tokenizer::new(
            sink,
            TokenizerOpts {
                // It would do so at the start of every piece.
                discard_bom: false,
                ..TokenizerOpts::default()
            },
        ),
        source,
        at: start,
        unclosed: 0,
        next_tag: source[start..]
            .find('<')
            .map_or(source.len(), |end| start + end),
        missing: Vec::new(),
        last_caption: source.rfind("[/caption]").unwrap_or(0),
        captions: 0,
    };
    while feeder.at < source.len() {
        feeder.step()?;
    }
    feeder.tokenizer.end();
    let guard = feeder.tokenizer.sink;
    let dom = guard.builder.sink.finish();
    Ok((dom, guard.notices.into_inner()))
}

struct Feeder<'s> {
    tokenizer: Tokenizer<Guard<'s>>,
    source: &'s str,
    at: usize,
    unclosed: usize,
    /// Where the next `<` stands, as far as that has been searched.
    next_tag: usize,
    /// What doesn't occur any more.
    missing: Vec<&'static str>,
    /// Where the last `[/caption]` stands: an old form of WordPress.
    last_caption: usize,
    /// How many of them are open.
    captions: usize,
}

impl Feeder<'_> {
    /// Feeds the next piece.
    fn step(&mut self) -> Result<(), Refusal> {
        let source = self.source;
        let rest = &source[self.at..];
        let raw = self.tokenizer.sink.raw.get();
        self.check_size()?;
        let Some(markup) = rest.strip_prefix('<') else {
            if self.next_tag < self.at {
                self.next_tag = rest.find('<').map_or(source.len(), |end| self.at + end);
            }
            let end = self.next_tag - self.at;
            if self.at <= self.last_caption && !raw {
                self.text_with_captions(end);
            } else {
                self.feed(end, None);
            }
            return Ok(());
        };
        let is_tag = markup
            .strip_prefix('/')
            .unwrap_or(markup)
            .starts_with(|c: char| c.is_ascii_alphabetic());
        let end = if raw {
            // Up to the next `<`, which may end the element.
            let end = if markup.starts_with('/') {
                ['<', '>']
            } else {
                ['<', '<']
            };
            let end = markup.find(end).map_or(rest.len(), |end| end + 1);
            Some(if rest[end..].starts_with('>') {
                end + 1
            } else {
                end
            })
        } else if markup.starts_with("!--") {
            self.find("-->", 2)
        } else if markup.starts_with(['!', '?', '/']) && !is_tag {
            self.find(">", 1)
        } else if is_tag && self.unclosed < MAX_UNCLOSED {
            self.tag_end(rest)?
        } else if is_tag {
            None
        } else {
            Some(markup.find('<').map_or(rest.len(), |end| end + 1))
        };
        match end {
            Some(end) => self.feed(end, None),
            None => {
                self.unclosed += 1;
                if self.unclosed <= MAX_UNCLOSED {
                    let shown = text::shorten(rest, 40);
                    let shown = shown.replace('\n', " ");
                    let detail =
                        format!("What starts with “{shown}” never ends; it was read as text.");
                    self.tokenizer.sink.notice(self.at, "unclosed", detail);
                }
                self.feed(1, Some("&lt;"));
            }
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Refusal> {
        let sink = &self.tokenizer.sink.builder.sink;
        let dom = sink.dom();
        let (code, detail) = if dom.len() > MAX_NODES {
            let detail = format!("The document has more than {MAX_NODES} elements and texts");
            ("too-many-elements", detail)
        } else if dom.depth(sink.last.get()) > MAX_DEPTH * 5 {
            (
                "too-deep",
                "Formatting that is never closed nests too deeply".to_owned(),
            )
        } else {
            return Ok(());
        };
        Err(Refusal {
            at: self.at,
            code,
            detail,
        })
    }

    /// Where what comes next ends with `end`, searched from `after` on; not
    /// searched again once there is none.
    fn find(&mut self, end: &'static str, after: usize) -> Option<usize> {
        if self.missing.contains(&end) {
            return None;
        }
        let found = self.source[self.at + after..].find(end);
        if found.is_none() {
            self.missing.push(end);
        }
        found.map(|at| after + at + end.len())
    }

    /// Where the tag at the start ends, if it does.
    fn tag_end(&self, rest: &str) -> Result<Option<usize>, Refusal> {
        let bytes = rest.as_bytes();
        let mut attributes = 0;
        let mut at = 1;
        while at < bytes.len() {
            match bytes[at] {
                b'>' => return Ok(Some(at + 1)),
                b'=' => {
                    let blanks = bytes[at + 1..]
                        .iter()
                        .take_while(|b| b.is_ascii_whitespace());
                    at += 1 + blanks.count();
                    if let Some(&quote @ (b'"' | b'\'')) = bytes.get(at) {
                        match rest[at + 1..].find(char::from(quote)) {
                            Some(end) => at += end + 2,
                            None => return Ok(None),
                        }
                        // The next attribute may follow at once.
                        attributes += 1;
                    }
                }
                byte => {
                    attributes += usize::from(byte.is_ascii_whitespace() || byte == b'/');
                    at += 1;
                }
            }
            // Addresses without quotes have slashes, and blanks come in rows.
            if attributes > MAX_ATTRIBUTES * 4 {
                return Err(Refusal {
                    at: self.at,
                    code: "too-many-attributes",
                    detail: "This tag has more attributes than any tag has; is a > missing"
                        .to_owned(),
                });
            }
        }
        Ok(None)
    }

    /// Text in which `[caption …]` and `[/caption]` are a figure's tags.
    fn text_with_captions(&mut self, end: usize) {
        let text = &self.source[self.at..self.at + end];
        let is_caption = |&(at, _): &(usize, &str)| {
            text[at..].starts_with("[caption") || text[at..].starts_with("[/caption]")
        };
        let Some((found, _)) = text.match_indices('[').find(is_caption) else {
            return self.feed(end, None);
        };
        if found > 0 {
            self.feed(found, None);
        }
        let code = &text[found..];
        let closes = code.starts_with("[/");
        match code.find(']') {
            Some(close) if closes && self.captions > 0 => {
                self.captions -= 1;
                self.feed(close + 1, Some("</figure>"));
            }
            Some(close) if !closes && self.at < self.last_caption => {
                self.captions += 1;
                self.feed(close + 1, Some("<figure class=wp-caption>"));
            }
            close => self.feed(close.map_or(code.len(), |close| close + 1), None),
        }
    }

    /// Feeds the next `length` bytes, or something in their place.
    fn feed(&mut self, length: usize, instead: Option<&str>) {
        let guard = &self.tokenizer.sink;
        guard.piece.set(self.at);
        if guard.pending.get().is_none() {
            guard.pending.set(Some(self.at));
        }
        let piece = instead.unwrap_or(&self.source[self.at..self.at + length]);
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from(piece));
        while !matches!(self.tokenizer.feed(&queue), TokenizerResult::Done) {}
        self.at += length;
    }
}

/// Stands between the tokenizer and the tree builder.
struct Guard<'s> {
    source: &'s str,
    builder: TreeBuilder<Id, Sink>,
    /// Where the piece being read starts.
    piece: Cell<usize>,
    /// Where the first piece since the last token starts.
    pending: Cell<Option<usize>>,
    /// Whether only an end tag ends the text that follows.
    raw: Cell<bool>,
    /// Tags that were too deep and whose end is still to come.
    swallowed: RefCell<Vec<LocalName>>,
    /// The innermost open element, as far as that can be seen from here.
    current: Cell<Id>,
    /// Where each element whose content is raw is closed next, if ever again.
    closings: RefCell<HashMap<String, Option<usize>>>,
    notices: RefCell<Vec<Notice>>,
}

impl Guard<'_> {
    fn notice(&self, at: usize, code: &'static str, detail: String) {
        self.notices.borrow_mut().push(Notice { at, code, detail });
    }

    /// Whether `</name` follows somewhere.
    fn is_closed(&self, name: &str) -> bool {
        let from = self.piece.get();
        let mut closings = self.closings.borrow_mut();
        let next = match closings.get(name) {
            Some(&known) if known.is_none_or(|at| at > from) => known,
            _ => find_closing(&self.source[from..], name).map(|at| from + at),
        };
        closings.insert(name.to_owned(), next);
        next.is_some()
    }

    fn start_tag(&self, tag: Tag, line: u64) -> TokenSinkResult<Id> {
        let name = tag.name.clone();
        if matches!(&*name, "frameset" | "frame" | "plaintext") {
            let detail = format!("The tag <{name}> was left out.");
            self.notice(self.builder.sink.at.get(), "unknown-element", detail);
            return TokenSinkResult::Continue;
        }
        let depth = self.builder.sink.dom().depth(self.current.get());
        if depth > MAX_DEPTH && !is_void(&name) {
            let mut swallowed = self.swallowed.borrow_mut();
            if swallowed.is_empty() {
                let detail = format!(
                    "Elements nest at most {MAX_DEPTH} deep; further tags were left out, their \
                     text was kept."
                );
                self.notice(self.builder.sink.at.get(), "too-deep", detail);
            }
            swallowed.push(name);
            return TokenSinkResult::Continue;
        }
        let before = self.builder.sink.last.get();
        let result = self.builder.process_token(TagToken(tag), line);
        let made = self.builder.sink.last.get();
        if made != before && !is_void(&name) {
            self.current.set(made);
        }
        if !matches!(result, TokenSinkResult::RawData(_)) {
            return result;
        }
        if self.is_closed(&name) {
            self.raw.set(true);
            return result;
        }
        let detail = format!("<{name}> is never closed; it was read as empty.");
        self.notice(self.builder.sink.at.get(), "unclosed", detail);
        self.end(name, line);
        TokenSinkResult::Continue
    }

    fn end_tag(&self, tag: Tag, line: u64) -> TokenSinkResult<Id> {
        self.raw.set(false);
        {
            let mut swallowed = self.swallowed.borrow_mut();
            if swallowed.last() == Some(&tag.name) {
                swallowed.pop();
                return TokenSinkResult::Continue;
            }
        }
        {
            let dom = self.builder.sink.dom();
            let mut open = Some(self.current.get());
            while let Some(id) = open {
                let parent = dom.parent(id);
                if dom.name(id) == &*tag.name {
                    self.current.set(parent.unwrap_or(ROOT));
                    break;
                }
                open = parent;
            }
        }
        self.builder.process_token(TagToken(tag), line)
    }

    fn end(&self, name: LocalName, line: u64) {
        let tag = Tag {
            kind: EndTag,
            name,
            self_closing: false,
            attrs: Vec::new(),
            had_duplicate_attributes: false,
        };
        let _ = self.end_tag(tag, line);
    }
}

impl TokenSink for Guard<'_> {
    type Handle = Id;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Id> {
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        let at = self.pending.take().unwrap_or(self.piece.get());
        self.builder.sink.at.set(at);
        match token {
            TagToken(tag) if tag.kind == StartTag => self.start_tag(tag, line),
            TagToken(tag) => self.end_tag(tag, line),
            token => self.builder.process_token(token, line),
        }
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Where the end tag of a raw element stands.
fn find_closing(source: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = source[at..].find("</") {
        at += found;
        let rest = &source.as_bytes()[at + 2..];
        let matches = rest.len() > name.len()
            && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && matches!(rest[name.len()], b'>' | b'/' | b' ' | b'\t' | b'\n');
        if matches {
            return Some(at);
        }
        at += 2;
    }
    None
}
