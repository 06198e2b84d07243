//! Blocks as JSON: what is accepted, what each mistake is told, and the
//! specification's schemas.

use perspektive::content::{Block, BlockInput, Body, BodyInput, is_malformed, to_html, to_text};
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

fn errors(blocks: Value) -> Vec<(String, &'static str, bool)> {
    let errors = Body::from_json(&blocks, "#/body/blocks").expect_err("refused");
    errors
        .into_iter()
        .map(|error| (error.pointer.clone(), error.code, is_malformed(&error)))
        .collect()
}

#[track_caller]
fn one(blocks: Value, pointer: &str, code: &'static str, malformed: bool) {
    assert_eq!(
        errors(blocks),
        [(format!("#/body/blocks{pointer}"), code, malformed)]
    );
}

#[test]
fn mistakes_name_their_place() {
    one(json!({}), "", "wrong-type", true);
    one(json!([1]), "/0", "wrong-type", true);
    one(json!([{}]), "/0", "missing-field", true);
    one(
        json!([{"type": "paragraf"}]),
        "/0/type",
        "unknown-type",
        true,
    );
    one(
        json!([{"type": "divider", "x/y": 1}]),
        "/0/x~1y",
        "unknown-field",
        true,
    );
    one(
        json!([{"type": "heading", "level": 5, "spans": []}]),
        "/0/level",
        "out-of-range",
        false,
    );
    one(
        json!([{"type": "heading", "level": "2", "spans": []}]),
        "/0/level",
        "wrong-type",
        true,
    );
    one(
        json!([{"type": "paragraph", "spans": [{"text": null}]}]),
        "/0/spans/0/text",
        "wrong-type",
        true,
    );
    one(
        json!([{"type": "paragraph", "spans": [{"text": "x", "marks": ["bold"]}]}]),
        "/0/spans/0/marks/0",
        "unknown-value",
        true,
    );
    one(
        json!([{"type": "paragraph", "spans": [{"text": "x", "link": {"url": "javascript:x"}}]}]),
        "/0/spans/0/link/url",
        "unsafe-link",
        false,
    );
    one(
        json!([{"type": "paragraph", "spans": [{"text": "x", "link": {"article": "Nicht So"}}]}]),
        "/0/spans/0/link/article",
        "invalid-slug",
        false,
    );
    one(
        json!([{"type": "image", "url": "mailto:a@b.de"}]),
        "/0/url",
        "unsafe-link",
        false,
    );
    one(
        json!([{"type": "image", "url": "https://"}]),
        "/0/url",
        "invalid-url",
        false,
    );
    one(
        json!([{"type": "image", "url": "https://a b.de"}]),
        "/0/url",
        "invalid-url",
        false,
    );
    one(
        json!([{"type": "quote", "blocks": [{"type": "image", "url": "https://x.de"}]}]),
        "/0/blocks/0",
        "not-allowed-here",
        false,
    );
    one(
        json!([{"type": "list", "items": [{"blocks": [{"type": "heading", "level": 2, "spans": []}]}]}]),
        "/0/items/0/blocks/0",
        "not-allowed-here",
        false,
    );
    one(
        json!([{"type": "list", "start": 3, "items": []}]),
        "/0/start",
        "conflict",
        false,
    );
    one(
        json!([{"type": "related", "index": 0}]),
        "/0",
        "missing-field",
        true,
    );
    one(
        json!([{"type": "related", "url": "https://x.de"}]),
        "/0",
        "missing-field",
        true,
    );
    one(
        json!([{"type": "related", "article": "a", "relation": "x"}]),
        "/0/relation",
        "unknown-value",
        true,
    );
    one(
        json!([{"type": "embed", "url": "https://youtu.be/x", "provider": "vimeo"}]),
        "/0/provider",
        "conflict",
        false,
    );
    one(
        json!([{"type": "gallery", "images": []}]),
        "/0/images",
        "empty",
        false,
    );
    one(
        json!([{"type": "table", "rows": [[{"spans": [1]}]]}]),
        "/0/rows/0/0/spans/0",
        "wrong-type",
        true,
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = errors(json!([
        {"type": "paragraph", "spanns": []},
        {"type": "heading", "level": 9, "spans": [{"text": 1}]},
    ]));
    assert_eq!(found.len(), 4, "{found:?}");
    let errors =
        Body::from_json(&json!([{"type": "paragraph", "spanns": []}]), "#").expect_err("refused");
    assert!(
        errors[0].detail.contains("Did you mean “spans”"),
        "{}",
        errors[0].detail
    );
    let many = vec![json!({"type": "x"}); 5_000];
    assert_eq!(self::errors(Value::from(many)).len(), 100);
}

#[test]
fn what_is_equal_is_the_same() {
    let sent = json!([
        {"type": "paragraph", "spans": [{"text": "  a ", "marks": ["emphasis", "strong", "strong"]}, {"text": ""},
            {"text": "b", "marks": ["strong", "emphasis"]}, {"text": " \n c  "}]},
        {"type": "paragraph", "spans": [{"text": " "}]},
        {"type": "list", "ordered": true, "start": 1, "items": [{"blocks": []}, {"blocks": [{"type": "paragraph", "spans": [{"text": "x"}]}]}]},
        {"type": "table", "rows": [[{"spans": []}], [{"spans": []}, {"spans": [{"text": "y"}]}]]},
        {"type": "embed", "url": "https://youtu.be/x"},
        {"type": "related", "article": "a"},
        {"type": "quote", "blocks": [{"type": "paragraph", "spans": [{"text": "q"}]}, {"type": "paragraph", "spans": [{"text": "— Wer"}]}]},
    ]);
    let body = Body::from_json(&sent, "#").expect("accepted");
    assert_eq!(
        serde_json::to_value(&body).expect("JSON"),
        json!({"blocks": [
            {"type": "paragraph", "spans": [{"text": "a b", "marks": ["strong", "emphasis"]}, {"text": "\nc", "marks": []}]},
            {"type": "list", "ordered": true, "items": [{"blocks": [{"type": "paragraph", "spans": [{"text": "x", "marks": []}]}]}]},
            {"type": "table", "columns": [{}, {}], "rows": [[{"spans": []}, {"spans": []}], [{"spans": []}, {"spans": [{"text": "y", "marks": []}]}]]},
            {"type": "embed", "provider": "youtube", "url": "https://youtu.be/x"},
            {"type": "related", "article": {"slug": "a"}, "relation": "read_more"},
            {"type": "quote", "blocks": [{"type": "paragraph", "spans": [{"text": "q", "marks": []}]}], "cite": "Wer"},
        ]})
    );
}

#[test]
fn html_and_text_as_documented() {
    let body = Body::from_json(&json!([
        {"type": "paragraph", "spans": [{"text": "a<b "}, {"text": "c", "marks": ["strong"], "link": {"url": "https://x.de/?a&b"}}]},
        {"type": "image", "url": "https://x.de/1", "alt": "Alt", "caption": "Unter", "credit": "Wer"},
        {"type": "callout", "style": "tip", "title": "Rat", "blocks": []},
        {"type": "list", "ordered": true, "start": 3, "items": [{"blocks": [{"type": "paragraph", "spans": [{"text": "drei"}]}]}]},
        {"type": "related", "article": "a", "relation": "source"},
        {"type": "related", "url": "https://x.de/2", "headline": "Mehr"},
        {"type": "embed", "url": "https://youtu.be/x"},
    ]), "#").expect("accepted");
    assert_eq!(to_html(&body), "\
<p>a&lt;b <a href=\"https://x.de/?a&amp;b\"><strong>c</strong></a></p>
<figure class=\"image\"><img src=\"https://x.de/1\" alt=\"Alt\">
<figcaption>Unter <span class=\"credit\">Wer</span></figcaption></figure>
<aside class=\"callout callout-tip\">
<p class=\"callout-title\">Rat</p>
</aside>
<ol start=\"3\">
<li>drei</li>
</ol>
<aside class=\"related\" data-relation=\"source\">a</aside>
<aside class=\"related\" data-relation=\"read_more\"><a href=\"https://x.de/2\">Mehr</a></aside>
<figure class=\"embed\" data-provider=\"youtube\"><a href=\"https://youtu.be/x\">https://youtu.be/x</a></figure>
");
    assert_eq!(
        to_text(&body),
        "a<b c\n\nUnter\nWer\n\nRat\n\n• drei\n\n→ a\n\n→ Mehr\n\nhttps://youtu.be/x"
    );
    assert_eq!(body.word_count(), 8);
    assert_eq!(body.reading_minutes(), 1);
    assert_eq!(
        body.images().map(|(place, _)| place).collect::<Vec<_>>(),
        ["#/body/blocks/1"]
    );
}

#[test]
fn schemas_cover_every_block_and_refer_to_nothing_unknown() {
    let mut schemas = Vec::new();
    Body::schemas(&mut schemas);
    BodyInput::schemas(&mut schemas);
    let mut known = std::collections::BTreeMap::new();
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).expect("JSON");
        if let Some(before) = known.insert(name.clone(), schema.clone()) {
            assert_eq!(before, schema, "{name} has two shapes");
        }
    }
    for union in [Block::schema(), BlockInput::schema()] {
        let union = serde_json::to_value(union).expect("JSON");
        let mapping = union["discriminator"]["mapping"]
            .as_object()
            .expect("a mapping");
        assert_eq!(mapping.len(), Block::NAMES.len());
        assert_eq!(
            union["oneOf"].as_array().map(Vec::len),
            Some(Block::NAMES.len())
        );
        for (name, target) in mapping {
            let target = target
                .as_str()
                .and_then(|path| path.strip_prefix("#/components/schemas/"));
            let member = &known[target.expect("a component")];
            let kind = member["properties"]["type"]["$ref"].as_str();
            let kind = kind.and_then(|path| path.strip_prefix("#/components/schemas/"));
            assert_eq!(known[kind.expect("a component")]["enum"], json!([name]));
            assert_eq!(member["required"][0], "type");
        }
    }
    let all = serde_json::to_string(&known).expect("JSON");
    for reference in all.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        // What the pictures of articles share with those of blocks is theirs.
        assert!(
            known.contains_key(name) || name == "FocalPoint",
            "{name} is referred to but not there"
        );
    }
    assert!(!all.contains("null"));
}
