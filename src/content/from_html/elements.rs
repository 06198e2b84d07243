//! Which elements mean what to the flow of a document.

/// Elements that end the line before them and after them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "plaintext",
    "pre",
    "search",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "xmp",
];

/// Elements that say nothing the tree could hold, and nothing a reader misses.
const PLAIN: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "b",
    "bdi",
    "body",
    "br",
    "cite",
    "code",
    "data",
    "del",
    "div",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "head",
    "header",
    "hgroup",
    "html",
    "i",
    "kbd",
    "li",
    "main",
    "noscript",
    "o:p",
    "p",
    "picture",
    "s",
    "samp",
    "section",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "var",
    "wbr",
];

/// Elements that hold no text and say nothing about it.
const SILENT: &[&str] = &[
    "base", "col", "colgroup", "link", "meta", "param", "source", "track", "wbr",
];

/// Whether an element ends the line before it and after it.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// Whether nobody misses an element whose text is kept.
pub(super) fn is_plain(name: &str) -> bool {
    PLAIN.contains(&name)
}

/// Whether an element holds no text and says nothing about it.
pub(super) fn is_silent(name: &str) -> bool {
    SILENT.contains(&name)
}

/// Whether an element shows what is elsewhere.
pub(super) fn is_player(name: &str) -> bool {
    matches!(name, "iframe" | "video" | "audio" | "object" | "embed")
}

/// The level of a heading, 1 to 6.
pub(super) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}
