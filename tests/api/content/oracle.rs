//! Judges that share no code with what they judge: the words of each format
//! as an independent parser sees them, and whether HTML can do harm.

use comrak::nodes::{Node, NodeValue};
use scraper::{ElementRef, Html};
use serde_json::Value;

/// Everything between white space that holds a letter or digit.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

/// The words in a body's JSON: texts in the order in which they are shown.
pub fn json_words(body: &Value) -> Vec<String> {
    let mut text = String::new();
    blocks_text(&body["blocks"], &mut text);
    words(&text)
}

fn blocks_text(blocks: &Value, out: &mut String) {
    for block in blocks.as_array().into_iter().flatten() {
        if block["type"] == "image" {
            push(&block["caption"], out);
            push(&block["credit"], out);
            continue;
        }
        push(&block["title"], out);
        spans_text(&block["spans"], out);
        blocks_text(&block["blocks"], out);
        for item in block["items"].as_array().into_iter().flatten() {
            blocks_text(&item["blocks"], out);
        }
        for image in block["images"].as_array().into_iter().flatten() {
            push(&image["caption"], out);
            push(&image["credit"], out);
        }
        let header = block["header"]
            .as_array()
            .map(|row| Value::from(row.clone()));
        let rows = header
            .iter()
            .chain(block["rows"].as_array().into_iter().flatten());
        for cell in rows.filter_map(Value::as_array).flatten() {
            spans_text(&cell["spans"], out);
        }
        if block["type"] == "code" {
            push(&block["text"], out);
        }
        if block["type"] == "embed" {
            push(&block["url"], out);
        }
        if block["type"] == "related" {
            let article = &block["article"];
            let shown = ["headline"]
                .iter()
                .map(|key| &block[*key])
                .chain([&article["slug"], &article["id"]]);
            push(
                shown
                    .into_iter()
                    .find(|value| value.is_string())
                    .unwrap_or(&Value::Null),
                out,
            );
        }
        push(&block["cite"], out);
        push(&block["caption"], out);
    }
}

fn spans_text(spans: &Value, out: &mut String) {
    for span in spans.as_array().into_iter().flatten() {
        out.push_str(span["text"].as_str().unwrap_or_default());
    }
    out.push('\n');
}

fn push(value: &Value, out: &mut String) {
    out.push_str(value.as_str().unwrap_or_default());
    out.push('\n');
}

/// The words that a browser shows.
pub fn html_words(html: &str) -> Vec<String> {
    let document = Html::parse_fragment(html);
    let mut text = String::new();
    for node in document.root_element().descendants() {
        if let Some(piece) = node.value().as_text() {
            text.push_str(piece);
        }
    }
    words(&text)
}

/// The text that a browser shows of a whole document, what stands in the head
/// left out.
pub fn shown_text(html: &str) -> String {
    let document = Html::parse_document(html);
    let mut text = String::new();
    shown(document.root_element(), &mut text);
    text
}

fn shown(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Some(piece) = child.value().as_text() {
            text.push_str(piece);
            text.push(' ');
        } else if let Some(child) = ElementRef::wrap(child).filter(|child| !is_hidden(*child)) {
            shown(child, text);
        }
    }
}

fn is_hidden(element: ElementRef<'_>) -> bool {
    const HIDDEN: &[&str] = &[
        "script", "style", "template", "title", "head", "xml", "noframes", "noembed", "iframe",
    ];
    // The bullets and numbers of Word's lists are read as what they are.
    let is_marker = |style: &str| style.to_lowercase().contains("mso-list:ignore");
    HIDDEN.contains(&element.value().name()) || element.attr("style").is_some_and(is_marker)
}

/// The text that a browser shows of Markdown rendered by its parser.
pub fn markdown_shown(markdown: &str) -> String {
    shown_text(&markdown_html(markdown))
}

/// Markdown rendered by a parser that lets all HTML through.
pub fn markdown_html(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}

/// The words that a Markdown parser with wiki links sees. What no such parser
/// knows, the `{…}` behind pictures and addresses, is read here by hand.
pub fn markdown_words(markdown: &str) -> Vec<String> {
    let mut options = comrak::Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.alerts = true;
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options);
    let lines: Vec<&str> = markdown.split('\n').collect();
    let mut text = String::new();
    block_text(root, &lines, true, &mut text);
    words(&text)
}

fn block_text<'a>(parent: Node<'a>, lines: &[&str], top: bool, out: &mut String) {
    for node in parent.children() {
        match &node.data().value {
            NodeValue::CodeBlock(code) => out.push_str(&code.literal),
            NodeValue::Paragraph if top && special(node, lines, out) => {}
            NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::TableCell => {
                inline_text(node, out)
            }
            NodeValue::Alert(alert) => {
                out.push_str(alert.title.as_deref().unwrap_or_default());
                out.push('\n');
                block_text(node, lines, false, out);
            }
            _ => block_text(node, lines, false, out),
        }
        out.push('\n');
    }
}

/// Related lines, addresses and pictures.
fn special(node: Node<'_>, lines: &[&str], out: &mut String) -> bool {
    let start = node.data().sourcepos.start.line;
    let line = lines[start - 1];
    if line.starts_with("[[") {
        // Split at pipes without a backslash before them.
        let marked = line.replace("\\\\", "\u{1}").replace("\\|", "\u{2}");
        let parts: Vec<&str> = marked
            .trim_start_matches("[[")
            .trim_end_matches("]]")
            .split('|')
            .collect();
        let shown = parts
            .get(1)
            .filter(|text| !text.is_empty())
            .unwrap_or(&parts[0]);
        let mut shown = shown.replace('\u{2}', "|");
        for escaped in ["[", "]", "&"] {
            shown = shown.replace(&format!("\\{escaped}"), escaped);
        }
        out.push_str(&shown.replace('\u{1}', "\\"));
        return true;
    }
    let lower = line.to_ascii_lowercase();
    let address = lower.starts_with("http://") || lower.starts_with("https://");
    let images = matches!(
        node.first_child().map(|n| n.data().value.clone()),
        Some(NodeValue::Image(_))
    );
    if address {
        let url = line.split(' ').next().unwrap_or_default();
        out.push_str(url);
        out.push('\n');
    }
    if !address && !images {
        return false;
    }
    let mut behind = String::new();
    for child in node.children() {
        match &child.data().value {
            NodeValue::Image(link) => {
                behind.push('\n');
                behind.push_str(&link.title.replace('{', "\u{3}"));
                behind.push('\n');
            }
            NodeValue::SoftBreak => behind.push('\n'),
            _ => inline_text(child, &mut behind),
        }
    }
    if address {
        behind = behind
            .split_once(' ')
            .map(|(_, rest)| rest.to_owned())
            .unwrap_or_default();
    }
    // The values of `caption` and `credit`, unquoted.
    for line in behind.split('\n') {
        let Some(inside) = line.trim().strip_prefix('{') else {
            out.push_str(&line.replace('\u{3}', "{"));
            out.push('\n');
            continue;
        };
        let mut name = String::new();
        let mut chars = inside.chars();
        while let Some(c) = chars.next() {
            if c != '"' {
                name.push(c);
                continue;
            }
            let mut value = String::new();
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(chars.next()),
                    c => value.push(c),
                }
            }
            if name.ends_with("caption=") || name.ends_with("credit=") {
                out.push_str(&value);
                out.push('\n');
            }
            name.clear();
        }
    }
    true
}

fn inline_text(node: Node<'_>, out: &mut String) {
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push('\n'),
            NodeValue::HtmlInline(tag) if tag == "<br>" => out.push('\n'),
            _ => {}
        }
    }
}

const ELEMENTS: &[&str] = &[
    "p",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "blockquote",
    "figure",
    "figcaption",
    "img",
    "div",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "pre",
    "code",
    "aside",
    "hr",
    "strong",
    "em",
    "s",
    "sub",
    "sup",
    "br",
    "span",
];

/// What in HTML of any kind could run, if anything.
pub fn runs(html: &str) -> Option<String> {
    let document = Html::parse_fragment(html);
    let elements = document
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap);
    elements.skip(1).find_map(|element| {
        let name = element.value().name();
        if [
            "script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base",
            "meta", "link",
        ]
        .contains(&name)
        {
            return Some(format!("element {name}"));
        }
        element.value().attrs().find_map(|(attribute, value)| {
            let lower = value.to_ascii_lowercase();
            let plain: String = lower
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect();
            let runs = attribute.starts_with("on")
                || attribute == "srcdoc"
                || ["javascript:", "vbscript:", "data:"]
                    .iter()
                    .any(|scheme| plain.starts_with(scheme));
            runs.then(|| format!("{name} {attribute}={value}"))
        })
    })
}

/// What in a piece of HTML could run or deceive, if anything.
pub fn harm(html: &str) -> Option<String> {
    let document = Html::parse_fragment(html);
    if !document.errors.is_empty() {
        return Some(format!("not well formed: {:?}", document.errors));
    }
    document
        .root_element()
        .descendants()
        .filter_map(ElementRef::wrap)
        .skip(1)
        .find_map(|element| {
            let name = element.value().name();
            if !ELEMENTS.contains(&name) {
                return Some(format!("element {name}"));
            }
            element.value().attrs().find_map(|(attribute, value)| {
                let address = |schemes: &[&str]| {
                    let lower = value.to_ascii_lowercase();
                    schemes.iter().any(|scheme| lower.starts_with(scheme))
                        && !value.chars().any(|c| c.is_control() || c.is_whitespace())
                };
                let allowed = match (name, attribute) {
                    ("a", "href") => address(&["http://", "https://", "mailto:", "tel:"]),
                    ("img", "src") => address(&["http://", "https://"]),
                    ("img", "alt") => true,
                    ("img", "role") => value == "presentation",
                    ("img", "width" | "height") | ("ol", "start") => value.parse::<u32>().is_ok(),
                    ("figure", "data-provider") | ("aside", "data-relation") => true,
                    (_, "class") => value.split(' ').all(|class| {
                        [
                            "align-",
                            "language-",
                            "callout",
                            "image",
                            "gallery",
                            "embed",
                            "related",
                            "caption",
                            "credit",
                            "quote",
                        ]
                        .iter()
                        .any(|known| class.starts_with(known))
                    }),
                    _ => false,
                };
                (!allowed).then(|| format!("attribute {name} {attribute}={value:?}"))
            })
        })
}
