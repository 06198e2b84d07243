//! Bodies of every shape, with text that tries to be markup.

use perspektive::content::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

/// Pieces that mean something in Markdown, HTML or Unicode.
const NASTY: &[&str] = &[
    "*",
    "**",
    "_",
    "__",
    "`",
    "``",
    "```",
    "~",
    "~~",
    "[",
    "]",
    "[[",
    "]]",
    "(",
    ")",
    "<",
    ">",
    "&",
    "&amp;",
    "&#42;",
    "&lt;b&gt;",
    "|",
    "\\",
    "\\\\",
    "\\|",
    "!",
    "![",
    "#",
    "##",
    "#\u{20}",
    "+",
    "-",
    "- ",
    "--",
    "---",
    "***",
    "===",
    "1.",
    "1) ",
    "12. x",
    ":",
    ":-:",
    "|---|",
    "> ",
    "{",
    "}",
    "{credit=\"x\"}",
    "\"",
    "'",
    "https://a.de",
    "http://b.de/x_y",
    "www.c.de",
    "a@b.de",
    "mailto:x@y.de",
    "<b>",
    "</b>",
    "<br>",
    "<!--",
    "-->",
    "[x](y)",
    "[^1]",
    "[^1]: x",
    "[a]: b",
    "[ ] ",
    "[x] ",
    "[!note]",
    "> [!tip]",
    "— ",
    "-- ",
    "„Zitat“",
    "ä",
    "ß",
    "é",
    "e\u{301}",
    "👩‍👩‍👧",
    "😀",
    "שלום",
    "مرحبا",
    "日本語",
    "\u{A0}",
    "\u{2009}",
    "\u{200B}",
    "\u{200D}",
    "\u{2066}",
    "\u{2069}",
    "\u{FEFF}",
    "Ⓐ",
    "½",
    "²",
    "€",
    "$x$",
    "%",
    "^",
    "=",
    "==",
    "...",
    "…",
    "a",
    "b",
    "Wort",
    "zwei",
    "3",
    "42",
    " ",
    "  ",
    "\t",
    "www",
    ".",
    ",",
    ";",
    "?",
    "::: x",
    "+++",
    "article:x",
    "javascript:alert(1)",
    "</script>",
    "~~~",
    "\u{3000}",
    "۳",
    "i\u{307}",
];

fn text() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            6 => select(NASTY).prop_map(str::to_owned),
            5 => "[a-zäöüß]{1,7}",
            3 => Just(" ".to_owned()),
            1 => any::<char>().prop_filter("allowed", |&c| text::check(&c.to_string()).is_none() && c != '\n').prop_map(String::from),
        ],
        1..6,
    )
    .prop_map(|pieces| pieces.concat())
}

fn multiline() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => text(),
        1 => vec(text(), 1..4).prop_map(|lines| lines.join("\n")),
    ]
}

fn url() -> impl Strategy<Value = String> {
    let host = select(
        &[
            "example.org",
            "www.youtube.com",
            "youtu.be",
            "a_b.de",
            "müller.de:8080",
            "[::1]",
            "u@x.de",
            "x.com",
            "127.0.0.1",
        ][..],
    );
    let scheme = select(&["http://", "https://", "HTTPS://"][..]);
    let tail = vec(
        select(
            &[
                "/", "a", "_", "*", "(", ")", "[", "]", "&", "&amp;", "&copy=1", "?q=", "#x",
                "%20", ".", ",", ";", "ä", "'", "~", "!", ":", "@", "=", "+", "$", "**b**", "[[",
                "]]", "www.", "|", "^",
            ][..],
        ),
        0..6,
    )
    .prop_map(|parts| parts.concat());
    (scheme, host, tail)
        .prop_map(|(scheme, host, tail)| format!("{scheme}{host}/{tail}"))
        .prop_map(|url| url::parse(&url, url::Use::Media).expect("an allowed address"))
}

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,5}(-[a-z0-9]{1,4}){0,2}"
}

fn article() -> impl Strategy<Value = ArticleRef> {
    prop_oneof![
        3 => slug().prop_map(ArticleRef::slug),
        1 => any::<u128>().prop_map(|id| ArticleRef::id(Uuid::from_u128(id))),
    ]
}

fn link() -> impl Strategy<Value = Link> {
    prop_oneof![
        3 => url().prop_map(Link::Url),
        1 => select(&["mailto:a@b.de", "tel:+49123", "mailto:a_b@c.de?subject=x&body=y"][..])
            .prop_map(|url| Link::Url(url.to_owned())),
        2 => article().prop_map(Link::Article),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let marks = prop_oneof![
        3 => Just(Vec::new()),
        4 => vec(select(Mark::ALL), 1..4),
    ];
    (multiline(), marks, option::weighted(0.25, link())).prop_map(|(text, marks, link)| Span {
        text,
        marks,
        link,
    })
}

pub fn spans() -> impl Strategy<Value = Vec<Span>> {
    vec(span(), 1..5)
}

fn line() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.5, text())
}

fn paragraph() -> impl Strategy<Value = Block> {
    spans().prop_map(|spans| Block::Paragraph(Paragraph { spans }))
}

fn image() -> impl Strategy<Value = Image> {
    let pixels = || option::of(1u32..=100_000);
    (
        url(),
        line(),
        any::<bool>(),
        line(),
        line(),
        pixels(),
        pixels(),
    )
        .prop_map(
            |(url, alt, decorative, caption, credit, width, height)| Image {
                url,
                alt,
                decorative,
                caption,
                credit,
                width,
                height,
                ..Image::default()
            },
        )
}

fn code() -> impl Strategy<Value = Block> {
    let text = vec(
        prop_oneof![text(), Just(String::new()), Just("   ".to_owned())],
        1..5,
    );
    (
        option::of(select(&["rust", "c++", "c#", "objective-c"][..])),
        text,
    )
        .prop_map(|(language, lines)| {
            Block::Code(Code {
                language: language.map(str::to_owned),
                text: lines.join("\n"),
            })
        })
}

fn list(items: impl Strategy<Value = Vec<Block>> + Clone) -> impl Strategy<Value = Block> {
    let start = option::of(prop_oneof![Just(0u32), 1u32..120, Just(limits::LIST_START)]);
    (any::<bool>(), start, vec(items, 1..4)).prop_map(|(ordered, start, items)| {
        let items = items
            .into_iter()
            .map(|blocks| ListItem { blocks })
            .collect();
        Block::List(List {
            ordered,
            start,
            items,
        })
    })
}

fn quote(blocks: impl Strategy<Value = Vec<Block>>) -> impl Strategy<Value = Block> {
    (blocks, line()).prop_map(|(blocks, cite)| Block::Quote(Quote { blocks, cite }))
}

/// A list as deep as given, with everything a list may hold.
fn deep_list(depth: u32) -> BoxedStrategy<Block> {
    if depth == 0 {
        return paragraph().boxed();
    }
    let within_quote = vec(
        prop_oneof![3 => paragraph(), 1 => deep_list(depth - 1)],
        1..3,
    );
    let item = prop_oneof![
        5 => paragraph(),
        3 => deep_list(depth - 1),
        1 => code(),
        1 => quote(within_quote),
    ];
    list(vec(item, 1..4).boxed()).boxed()
}

fn table() -> impl Strategy<Value = Block> {
    (1usize..4).prop_flat_map(|width| {
        let cell = option::weighted(0.8, vec(span(), 1..3)).prop_map(|spans| Cell {
            spans: spans.unwrap_or_default(),
        });
        let row = vec(cell, width).boxed();
        let column = option::of(select(Align::ALL)).prop_map(|align| Column { align });
        (vec(column, width), option::of(row.clone()), vec(row, 0..4)).prop_map(
            |(columns, header, rows)| {
                Block::Table(Table {
                    columns,
                    header,
                    rows,
                })
            },
        )
    })
}

fn related() -> impl Strategy<Value = Block> {
    let target = prop_oneof![
        article().prop_map(RelatedTarget::Article),
        url().prop_map(RelatedTarget::Url),
    ];
    (target, select(Relation::ALL), line()).prop_map(|(target, relation, headline)| {
        let headline = headline.and_then(|text| text::one_line(&text));
        let headline = match &target {
            RelatedTarget::Url(_) => headline.or_else(|| Some("Mehr".to_owned())),
            RelatedTarget::Article(_) => headline,
        };
        Block::Related(Related {
            target,
            relation,
            headline,
            index: None,
        })
    })
}

fn block() -> impl Strategy<Value = Block> {
    let in_callout = vec(
        prop_oneof![3 => paragraph(), 1 => deep_list(2), 1 => code(), 1 => quote(vec(paragraph(), 1..3))],
        0..4,
    );
    prop_oneof![
        6 => paragraph(),
        2 => (2u8..=4, spans()).prop_map(|(level, spans)| Block::Heading(Heading { level, spans })),
        3 => deep_list(4),
        2 => quote(vec(prop_oneof![3 => paragraph(), 1 => deep_list(2)], 1..4)),
        2 => image().prop_map(Block::Image),
        1 => (vec(image(), 1..4), line())
            .prop_map(|(images, caption)| Block::Gallery(Gallery { images, caption })),
        2 => (url(), line()).prop_map(|(url, caption)| Block::Embed(Embed { provider: String::new(), url, caption })),
        2 => table(),
        1 => code(),
        2 => (select(CalloutStyle::ALL), line(), in_callout)
            .prop_map(|(style, title, blocks)| Block::Callout(Callout { style, title, blocks })),
        1 => Just(Block::Divider),
        2 => related(),
    ]
}

/// A normal body.
pub fn body() -> impl Strategy<Value = Body> {
    vec(block(), 0..6).prop_map(|blocks| {
        let mut body = Body { blocks };
        body.normalize();
        body
    })
}

/// Something like Markdown: lines of markup in any order.
pub fn markdown() -> impl Strategy<Value = String> {
    const STARTS: &[&str] = &[
        "",
        "",
        "",
        "# ",
        "## ",
        "###### ",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "7) ",
        "> ",
        "> > ",
        "> [!note] ",
        "    ",
        "```\n",
        "~~~ js\n",
        "| ",
        "![a](https://x.de/y.jpg \"t\")",
        "https://youtu.be/x ",
        "[[slug|",
        "<div>",
        "<script>",
        "---\n",
        "  - ",
        "   1. ",
        "\t",
        "[^1]: ",
        "[ref]: https://x.de\n",
        "— ",
        "<!-- ",
        "<sup>",
        "|---|:-:|\n",
        "{gallery}",
        "===\n",
        "<p>x",
        "> - ",
        "- > ",
        "* * *\n",
        "\\\n",
        "![",
        "- [ ] ",
    ];
    const ENDS: &[&str] = &[
        "\n",
        "\n",
        "\n\n",
        "  \n",
        "\\\n",
        "]]\n",
        "|\n",
        "-->\n",
        "</script>\n",
        "",
    ];
    vec((select(STARTS), multiline(), select(ENDS)), 0..12).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(start, text, end)| format!("{start}{text}{end}"))
            .collect()
    })
}
