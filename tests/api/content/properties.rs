//! What holds for every body and every input.

use super::generators::{body, markdown};
use super::html::own;
use super::oracle;
use perspektive::content::{
    ArticleRef, Block, Body, Link, Related, RelatedTarget, Span, from_html, from_markdown, to_html,
    to_markdown, to_text,
};
use proptest::prelude::*;
use serde_json::Value;

fn cases(count: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(count);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn read(markdown: &str) -> Body {
    from_markdown(markdown, &|_| None)
        .expect("Markdown that is read")
        .body
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn markdown_keeps_every_body(body in body()) {
        let markdown = to_markdown(&body);
        let parsed = from_markdown(&markdown, &|_| None).expect("our own Markdown is read");
        prop_assert_eq!(&parsed.body, &body, "\n{}", markdown);
        prop_assert_eq!(parsed.warnings, vec![], "\n{}", markdown);
        prop_assert_eq!(parsed.headline, None);
    }

    #[test]
    fn json_keeps_every_body(body in body()) {
        let json = serde_json::to_value(&body).expect("JSON");
        prop_assert!(!json.to_string().contains("null"));
        let read = Body::from_json(&json["blocks"], "#").expect("our own JSON is read");
        prop_assert_eq!(&read, &body);
        // As it is stored, nothing checked.
        let read: Body = serde_json::from_str(&json.to_string()).expect("our own JSON is read");
        prop_assert_eq!(read, body);
    }

    #[test]
    fn normal_bodies_stay_as_they_are(body in body()) {
        let mut again = body.clone();
        again.normalize();
        prop_assert_eq!(again, body);
    }

    #[test]
    fn every_format_has_the_same_words(body in body()) {
        let words = oracle::json_words(&serde_json::to_value(&body).expect("JSON"));
        prop_assert_eq!(&oracle::words(&to_text(&body)), &words, "text");
        prop_assert_eq!(&oracle::html_words(&to_html(&body)), &words, "HTML");
        let markdown = to_markdown(&body);
        prop_assert_eq!(&oracle::markdown_words(&markdown), &words, "Markdown:\n{}", markdown);
    }

    #[test]
    fn html_of_any_body_is_harmless(body in body()) {
        let html = to_html(&body);
        prop_assert_eq!(oracle::harm(&html), None, "\n{}", html);
    }
}

/// Text as HTML can carry it: white space collapsed, no empty lines.
fn carried_spans(spans: &mut [Span]) {
    let mut last = '\n';
    for span in spans.iter_mut() {
        let mut text = String::new();
        for c in span.text.chars() {
            let c = if c == '\t' { ' ' } else { c };
            if !(matches!(c, ' ' | '\n') && (last == '\n' || c == last)) {
                text.push(c);
            }
            last = c;
        }
        span.text = text;
        if let Some(Link::Article(article)) = &mut span.link {
            known(article);
        }
    }
}

/// An article with an address on the website.
fn known(article: &mut ArticleRef) {
    article.url = Some(format!("https://zeitung.example/{}", article.word()));
}

fn carried_blocks(blocks: &mut [Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => carried_spans(&mut paragraph.spans),
            Block::Heading(heading) => carried_spans(&mut heading.spans),
            Block::List(list) => {
                list.items
                    .iter_mut()
                    .for_each(|item| carried_blocks(&mut item.blocks));
            }
            Block::Quote(quote) => carried_blocks(&mut quote.blocks),
            Block::Callout(callout) => carried_blocks(&mut callout.blocks),
            Block::Table(table) => {
                let rows = table.header.iter_mut().chain(&mut table.rows);
                rows.flatten()
                    .for_each(|cell| carried_spans(&mut cell.spans));
            }
            // A line feed before `</code>` only closes the block.
            Block::Code(code) => code.text.truncate(code.text.trim_end_matches('\n').len()),
            Block::Related(Related {
                target: RelatedTarget::Article(article),
                headline,
                ..
            }) => {
                known(article);
                headline.take_if(|headline| *headline == article.word());
            }
            _ => {}
        }
    }
}

/// Whether a paragraph's line would be read as a block of its own.
fn is_form(block: &Block) -> bool {
    let Block::Paragraph(paragraph) = block else {
        return false;
    };
    let text: String = paragraph
        .spans
        .iter()
        .map(|span| span.text.as_str())
        .collect();
    text.to_lowercase().split('\n').any(|line| {
        let line = line.trim();
        line.starts_with("[[") || line.starts_with("http") && !line.contains(char::is_whitespace)
    })
}

proptest! {
    #![proptest_config(cases(200))]

    /// Our own HTML is read back as the tree it was written from, as far as HTML
    /// can carry it.
    #[test]
    fn html_keeps_every_body(body in body()) {
        let mut body = body;
        body.blocks.retain(|block| !is_form(block));
        carried_blocks(&mut body.blocks);
        body.normalize();
        let html = to_html(&body);
        body.for_each_article_ref(|_, article| article.url = None);
        let parsed = from_html(&html, &own).expect("our own HTML is read");
        prop_assert_eq!(&parsed.body, &body, "\n{}", html);
        prop_assert_eq!(parsed.warnings, vec![], "\n{}", html);
        prop_assert_eq!((parsed.headline, parsed.teaser), (None, None));
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_markdown_settles_at_once(markdown in markdown()) {
        let Ok(parsed) = from_markdown(&markdown, &|_| None) else { return Ok(()) };
        let mut normal = parsed.body.clone();
        normal.normalize();
        prop_assert_eq!(&parsed.body, &normal);
        let written = to_markdown(&parsed.body);
        prop_assert_eq!(&read(&written), &parsed.body, "\n{}", written);
        prop_assert_eq!(oracle::harm(&to_html(&parsed.body)), None);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|(.|\n){0,60}") {
        if let Ok(parsed) = from_markdown(&text, &|_| None) {
            let written = to_markdown(&parsed.body);
            prop_assert_eq!(&read(&written), &parsed.body, "\n{}", written);
            prop_assert_eq!(oracle::harm(&to_html(&parsed.body)), None);
        }
    }

    #[test]
    fn any_json_is_read_or_refused(json in json()) {
        if let Err(errors) = Body::from_json(&json, "#/body/blocks") {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(error.pointer.starts_with("#/body/blocks"), "{:?}", error);
            }
        }
    }
}

/// JSON that looks more or less like blocks.
fn json() -> impl Strategy<Value = Value> {
    const KEYS: &[&str] = &[
        "type", "spans", "text", "marks", "link", "url", "article", "slug", "id", "blocks",
        "items", "ordered", "start", "level", "images", "caption", "rows", "header", "columns",
        "align", "style", "title", "index", "relation", "headline", "x/y~ä",
    ];
    const STRINGS: &[&str] = &[
        "paragraph",
        "heading",
        "list",
        "quote",
        "image",
        "gallery",
        "embed",
        "table",
        "code",
        "callout",
        "divider",
        "related",
        "strong",
        "https://x.de/",
        "note",
        "slug",
        "left",
        "",
        "javascript:x",
        "\u{202E}",
        "\u{0}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..5i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(STRINGS).prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(6, 60, 5, |inner| {
        let keys = proptest::sample::select(KEYS).prop_map(str::to_owned);
        let object = proptest::collection::vec((keys, inner.clone()), 0..5);
        let block =
            (proptest::sample::select(STRINGS), object.clone()).prop_map(|(name, fields)| {
                let mut map: serde_json::Map<_, _> = fields.into_iter().collect();
                map.insert("type".to_owned(), Value::from(name));
                Value::Object(map)
            });
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(Value::from),
            object.prop_map(|fields| Value::Object(fields.into_iter().collect())),
            block,
        ]
    });
    prop_oneof![
        value.clone(),
        proptest::collection::vec(value, 0..4).prop_map(Value::from)
    ]
}
