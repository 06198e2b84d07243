//! Each form of Markdown and the JSON it becomes.

use perspektive::content::{Parsed, from_markdown, to_markdown};
use serde_json::{Value, json};

fn parse(markdown: &str) -> Parsed {
    let own = |url: &str| {
        url.strip_prefix("https://zeitung.example/")
            .map(str::to_owned)
    };
    from_markdown(markdown, &own).expect("it is read")
}

fn blocks(markdown: &str) -> Value {
    let parsed = parse(markdown);
    let json = serde_json::to_value(&parsed.body).expect("JSON");
    json["blocks"].clone()
}

fn codes(markdown: &str) -> Vec<(&'static str, u32)> {
    parse(markdown)
        .warnings
        .iter()
        .map(|w| (w.code, w.line.unwrap_or(0)))
        .collect()
}

/// Checks a form both ways: it becomes these blocks, without a warning, and
/// these blocks are written as that form.
fn form(markdown: &str, expected: Value) {
    assert_eq!(blocks(markdown), expected, "{markdown}");
    assert_eq!(codes(markdown), [], "{markdown}");
    assert_eq!(to_markdown(&parse(markdown).body), markdown);
}

fn text(text: &str) -> Value {
    json!({"text": text, "marks": []})
}

fn paragraph(line: &str) -> Value {
    json!({"type": "paragraph", "spans": [text(line)]})
}

#[test]
fn running_text() {
    form(
        "Der Rat stimmte **einstimmig** zu.\n",
        json!([{"type": "paragraph", "spans": [
            text("Der Rat stimmte "),
            {"text": "einstimmig", "marks": ["strong"]},
            text(" zu."),
        ]}]),
    );
    form(
        "_a_ ~~b~~ `c` H<sub>2</sub>O m<sup>2</sup>\n",
        json!([{"type": "paragraph", "spans": [
            {"text": "a", "marks": ["emphasis"]}, text(" "),
            {"text": "b", "marks": ["strike"]}, text(" "),
            {"text": "c", "marks": ["code"]}, text(" H"),
            {"text": "2", "marks": ["subscript"]}, text("O m"),
            {"text": "2", "marks": ["superscript"]},
        ]}]),
    );
    form("eins\\\nzwei\n", json!([paragraph("eins\nzwei")]));
    assert_eq!(
        blocks("eins\nzwei  \ndrei<br>vier"),
        json!([paragraph("eins zwei\ndrei\nvier")])
    );
    form(
        "„**Nein**“, sagt sie – \\*so\\* nicht: 3 < 5 & AT&T\n",
        json!([{"type": "paragraph", "spans": [
            text("„"), {"text": "Nein", "marks": ["strong"]},
            text("“, sagt sie – *so* nicht: 3 < 5 & AT&T"),
        ]}]),
    );
}

#[test]
fn links() {
    form(
        "[Rat](<https://rat.example/a_(b)>) x\n",
        json!([{"type": "paragraph", "spans": [
            {"text": "Rat", "marks": [], "link": {"url": "https://rat.example/a_(b)"}}, text(" x"),
        ]}]),
    );
    form(
        "[das **alte** Amt](article:altes-amt)\n",
        json!([{"type": "paragraph", "spans": [
            {"text": "das ", "marks": [], "link": {"article": {"slug": "altes-amt"}}},
            {"text": "alte", "marks": ["strong"], "link": {"article": {"slug": "altes-amt"}}},
            {"text": " Amt", "marks": [], "link": {"article": {"slug": "altes-amt"}}},
        ]}]),
    );
    form(
        "[<code>\\]:</code>](https://x.de)\n",
        json!([{"type": "paragraph", "spans": [
            {"text": "]:", "marks": ["code"], "link": {"url": "https://x.de"}},
        ]}]),
    );
    let linked = |words: &str| {
        json!([{"type": "paragraph", "spans": [
            text("Siehe "), {"text": words, "marks": [], "link": {"article": {"slug": "altes-amt"}}}, text("."),
        ]}])
    };
    assert_eq!(blocks("Siehe [[altes-amt|das Amt]]."), linked("das Amt"));
    assert_eq!(blocks("Siehe [[altes-amt]]."), linked("altes-amt"));
    assert_eq!(
        blocks("Siehe [das Amt](https://zeitung.example/altes-amt)."),
        linked("das Amt")
    );
    assert_eq!(
        blocks("Siehe https://rat.example/x."),
        json!([{"type": "paragraph", "spans": [
            text("Siehe "),
            {"text": "https://rat.example/x", "marks": [], "link": {"url": "https://rat.example/x"}},
            text("."),
        ]}])
    );
    assert_eq!(blocks("[x](javascript:alert)"), json!([paragraph("x")]));
    assert_eq!(codes("a\n\n[x](javascript:alert)"), [("unsafe-link", 3)]);
    assert_eq!(codes("[x](seite.html)"), [("unsafe-link", 1)]);
}

#[test]
fn headings_and_headline() {
    form(
        "## Zwei\n\n### Drei\n\n#### Vier\n",
        json!([
            {"type": "heading", "level": 2, "spans": [text("Zwei")]},
            {"type": "heading", "level": 3, "spans": [text("Drei")]},
            {"type": "heading", "level": 4, "spans": [text("Vier")]},
        ]),
    );
    let parsed = parse("# Der Titel\n\nText");
    assert_eq!(parsed.headline.as_deref(), Some("Der Titel"));
    assert_eq!(parsed.body.blocks.len(), 1);
    assert_eq!(parsed.warnings, []);
    let parsed = parse("---\nheadline: Der Titel\n---\n# Der Titel\n\nText");
    assert_eq!(parsed.headline, None);
    assert_eq!(parsed.body.blocks.len(), 1);
    assert_eq!(
        codes("---\nheadline: Anders\n---\n# Der Titel\n\nText"),
        [("heading-level", 4)]
    );
    assert_eq!(
        codes("Text\n\n# Spät\n\n##### Tief"),
        [("heading-level", 3), ("heading-level", 5)]
    );
    assert_eq!(blocks("Text\n\n# Spät")[1]["level"], 2);
    assert_eq!(blocks("Text\n\n###### Tief")[1]["level"], 4);
}

#[test]
fn lists() {
    form(
        "- a\n- b\n  - c\n    1. d\n       - e\n",
        json!([{"type": "list", "ordered": false, "items": [
            {"blocks": [paragraph("a")]},
            {"blocks": [paragraph("b"), {"type": "list", "ordered": false, "items": [
                {"blocks": [paragraph("c"), {"type": "list", "ordered": true, "items": [
                    {"blocks": [paragraph("d"), {"type": "list", "ordered": false, "items": [
                        {"blocks": [paragraph("e")]},
                    ]}]},
                ]}]},
            ]}]},
        ]}]),
    );
    form(
        "3. c\n4. d\n\n1) e\n\n- f\n\n* g\n",
        json!([
            {"type": "list", "ordered": true, "start": 3, "items": [
                {"blocks": [paragraph("c")]}, {"blocks": [paragraph("d")]}]},
            {"type": "list", "ordered": true, "items": [{"blocks": [paragraph("e")]}]},
            {"type": "list", "ordered": false, "items": [{"blocks": [paragraph("f")]}]},
            {"type": "list", "ordered": false, "items": [{"blocks": [paragraph("g")]}]},
        ]),
    );
    assert_eq!(
        blocks("- [ ] offen\n- [x] fertig")[0]["items"][1]["blocks"][0],
        paragraph("[x] fertig")
    );
}

#[test]
fn quotes_and_callouts() {
    form(
        "> Nein.\n>\n> — Mara Lenz\n",
        json!([
            {"type": "quote", "blocks": [paragraph("Nein.")], "cite": "Mara Lenz"},
        ]),
    );
    assert_eq!(
        blocks("> Nein.\n> -- Mara Lenz"),
        blocks("> Nein.\n>\n> — Mara Lenz")
    );
    form(
        "> [!note] Gut zu wissen\n> Ein Satz.\n>\n> - a\n",
        json!([
            {"type": "callout", "style": "note", "title": "Gut zu wissen", "blocks": [
                paragraph("Ein Satz."),
                {"type": "list", "ordered": false, "items": [{"blocks": [paragraph("a")]}]},
            ]},
        ]),
    );
    assert_eq!(blocks("> [!WARNING]\n> x")[0]["style"], "warning");
}

#[test]
fn pictures() {
    form(
        "![Ein Bus](https://b.example/bus.jpg \"Der 7er\"){credit=\"Foto: A. B.\" width=\"800\" height=\"600\"}\n",
        json!([
            {"type": "image", "url": "https://b.example/bus.jpg", "alt": "Ein Bus", "caption": "Der 7er",
             "credit": "Foto: A. B.", "width": 800, "height": 600},
        ]),
    );
    form(
        "![](https://b.example/linie.png){decorative}\n",
        json!([
            {"type": "image", "url": "https://b.example/linie.png", "decorative": true},
        ]),
    );
    form(
        "![a](https://b.example/1)\n![b](https://b.example/2)\n{gallery caption=\"Zwei \\\\\"Bilder\\\\\"\"}\n",
        json!([
            {"type": "gallery", "images": [
                {"url": "https://b.example/1", "alt": "a"}, {"url": "https://b.example/2", "alt": "b"},
            ], "caption": "Zwei \"Bilder\""},
        ]),
    );
    form(
        "![a](https://b.example/1)\n{gallery}\n",
        json!([
            {"type": "gallery", "images": [{"url": "https://b.example/1", "alt": "a"}]},
        ]),
    );
    assert_eq!(
        blocks("vor ![a](https://b.example/1) nach"),
        json!([
            paragraph("vor  nach"), {"type": "image", "url": "https://b.example/1", "alt": "a"},
        ])
    );
    assert_eq!(
        codes("x\n\nvor ![a](https://b.example/1) nach"),
        [("image-moved", 3)]
    );
    assert_eq!(blocks("![Ein Bus](bus.jpg)"), json!([paragraph("Ein Bus")]));
    assert_eq!(codes("![Ein Bus](bus.jpg)"), [("unsafe-link", 1)]);
    assert_eq!(
        codes("![a](https://b.example/1){breite=\"3\"}"),
        [("unknown-attribute", 1)]
    );
}

#[test]
fn embeds() {
    form(
        "https://www.youtube.com/watch?v=a_b&t=1 {caption=\"Die Rede\"}\n",
        json!([
            {"type": "embed", "provider": "youtube", "url": "https://www.youtube.com/watch?v=a_b&t=1", "caption": "Die Rede"},
        ]),
    );
    form(
        "https://rat.example/live\n",
        json!([
            {"type": "embed", "provider": "rat.example", "url": "https://rat.example/live"},
        ]),
    );
    assert_eq!(
        blocks("Text\nhttps://x.com/a/status/1\nmehr"),
        json!([
            paragraph("Text"),
            {"type": "embed", "provider": "x", "url": "https://x.com/a/status/1"},
            paragraph("mehr"),
        ])
    );
    assert_eq!(
        blocks("https://zeitung.example/altes-amt"),
        blocks("[[altes-amt]]")
    );
    // Said to be a link, so it is one.
    assert_eq!(blocks("<https://rat.example/live>")[0]["type"], "paragraph");
}

#[test]
fn related_links() {
    form(
        "[[altes-amt]]\n",
        json!([
            {"type": "related", "article": {"slug": "altes-amt"}, "relation": "read_more"},
        ]),
    );
    form(
        "[[altes-amt|Das alte Amt]]\n",
        json!([
            {"type": "related", "article": {"slug": "altes-amt"}, "relation": "read_more", "headline": "Das alte Amt"},
        ]),
    );
    form(
        "[[altes-amt|A \\| B|background]]\n",
        json!([
            {"type": "related", "article": {"slug": "altes-amt"}, "relation": "background", "headline": "A | B"},
        ]),
    );
    form(
        "[[altes-amt||opinion]]\n",
        json!([
            {"type": "related", "article": {"slug": "altes-amt"}, "relation": "opinion"},
        ]),
    );
    form(
        "[[https://rat.example/214|Vorlage 214/26|source]]\n",
        json!([
            {"type": "related", "url": "https://rat.example/214", "relation": "source", "headline": "Vorlage 214/26"},
        ]),
    );
    form(
        "[[0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e]]\n",
        json!([
            {"type": "related", "article": {"id": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"}, "relation": "read_more"},
        ]),
    );
    assert_eq!(
        blocks("vorher\n[[altes-amt]]\nnachher"),
        json!([
            paragraph("vorher"),
            {"type": "related", "article": {"slug": "altes-amt"}, "relation": "read_more"},
            paragraph("nachher"),
        ])
    );
    assert_eq!(blocks("[[a|B | C]]")[0]["headline"], "B | C");
    assert_eq!(codes("[[a|B | C]]"), [("unknown-relation", 1)]);
    assert_eq!(blocks("[[Altes Amt]]"), json!([paragraph("Altes Amt")]));
    assert!(codes("[[Altes Amt]]").contains(&("invalid-slug", 1)));
}

#[test]
fn tables() {
    form(
        "| a | b |\n| --- | --: |\n| 1 \\| 2 | x<br>y |\n|  | `c` |\n",
        json!([
            {"type": "table", "columns": [{}, {"align": "right"}],
             "header": [{"spans": [text("a")]}, {"spans": [text("b")]}],
             "rows": [
                [{"spans": [text("1 | 2")]}, {"spans": [text("x\ny")]}],
                [{"spans": []}, {"spans": [{"text": "c", "marks": ["code"]}]}],
            ]},
        ]),
    );
    form(
        "|  |\n| :-: |\n| a |\n",
        json!([
            {"type": "table", "columns": [{"align": "center"}], "rows": [[{"spans": [text("a")]}]]},
        ]),
    );
    // No cell is lost for which there is no column, wherever the table stands.
    for (begin, wrapped) in [("", false), ("> ", true), ("- ", true)] {
        let rest = if begin == "- " { "  " } else { begin };
        let table = format!(
            "{begin}| a | b |\n{rest}|---|---|\n{rest}| 1 | 2 | drei \\| 3 | vier\n{rest}| 5 |\n"
        );
        let shown = serde_json::to_string(&blocks(&table)).unwrap();
        assert!(
            shown.contains("drei | 3") && shown.contains("vier"),
            "{table}{shown}"
        );
        assert!(
            codes(&table).contains(&("table-cells", 3)),
            "{table}{:?}",
            codes(&table)
        );
        if !wrapped {
            assert_eq!(blocks(&table)[0]["columns"].as_array().unwrap().len(), 4);
            let again = to_markdown(&parse(&table).body);
            assert_eq!(codes(&again), []);
            assert_eq!(blocks(&again), blocks(&table));
        }
    }
}

#[test]
fn code_and_dividers() {
    form(
        "```rust\nfn main() {}\n\n```\n",
        json!([{"type": "code", "language": "rust", "text": "fn main() {}\n"}]),
    );
    form(
        "````\n```\n````\n",
        json!([{"type": "code", "text": "```"}]),
    );
    form(
        "a\n\n***\n\nb\n",
        json!([paragraph("a"), {"type": "divider"}, paragraph("b")]),
    );
}

#[test]
fn what_can_t_stay_moves_behind_or_becomes_text() {
    let moved = "- a\n\n  ![b](https://b.example/1)\n- c\n\nEnde";
    assert_eq!(blocks(moved)[1]["type"], "image");
    assert_eq!(blocks(moved)[2], paragraph("Ende"));
    assert_eq!(codes(moved), [("image-moved", 3)]);
    assert_eq!(codes("> ## Titel\n> Text"), [("flattened", 1)]);
    assert_eq!(
        blocks("> ## Titel\n> Text")[0]["blocks"][0],
        paragraph("Titel")
    );
    let table = "> [!tip]\n> | a |\n> |---|\n> | b |";
    assert_eq!(codes(table), [("hoisted", 2)]);
    assert_eq!(blocks(table)[0]["type"], "table");
    assert_eq!(codes("> > a"), [("flattened", 1)]);
    assert_eq!(codes("- ***"), [("flattened", 1)]);
    let deep: String = (0..9)
        .map(|depth| format!("{}- {depth}\n", "  ".repeat(depth)))
        .collect();
    assert_eq!(codes(&deep), [("too-deep", 9)]);
    assert!(to_markdown(&parse(&deep).body).contains('8'));
}

#[test]
fn html_is_text() {
    assert_eq!(blocks("a <u>b</u> c"), json!([paragraph("a b c")]));
    assert_eq!(codes("a\n\nb <u>c</u>"), [("raw-html", 3)]);
    assert_eq!(
        blocks("<div>\nF&uuml;nf <b>Sechs</b>\n</div>"),
        json!([paragraph("Fünf Sechs")])
    );
    assert_eq!(codes("<div>\nx\n</div>"), [("raw-html", 1)]);
    assert_eq!(
        blocks("a <script>alert(1)</script> b"),
        json!([paragraph("a  b")])
    );
    let warnings = parse("<script>alert(1)</script>").warnings;
    assert!(warnings[0].detail.contains("alert(1)"), "{warnings:?}");
    assert_eq!(blocks("<!-- -->"), json!([]));
    assert_eq!(codes("<!-- -->\n\na <!-- --> b"), []);
    assert_eq!(codes("<!-- Notiz -->"), [("raw-html", 1)]);
    assert_eq!(
        blocks("<b>a</b> <em>b</em>")[0]["spans"][0]["marks"],
        json!(["strong"])
    );
}

#[test]
fn definitions_that_nothing_uses_are_told() {
    assert_eq!(
        blocks("[Rat][r]\n\n[r]: https://rat.example/")[0]["spans"][0]["link"],
        json!({"url": "https://rat.example/"})
    );
    assert_eq!(codes("[Rat][r]\n\n[R]: https://rat.example/"), []);
    assert_eq!(
        codes("Text\n\n[Hinweis]: wichtig\n\nText"),
        [("unused-definition", 3)]
    );
    assert_eq!(codes("```\n[a]: b\n```\n\nx\n[c]: d"), []);
}

#[test]
fn footnotes_stay_as_text() {
    let parsed = parse("Text[^1] mehr\n\n[^1]: Die Note\n\nEnde");
    assert_eq!(
        serde_json::to_value(&parsed.body).expect("JSON")["blocks"],
        json!([
            paragraph("Text[^1] mehr"),
            paragraph("[^1]: Die Note"),
            paragraph("Ende"),
        ])
    );
    assert_eq!(parsed.warnings[0].code, "footnote");
}

#[test]
fn front_matter() {
    let parsed = parse(
        "\u{FEFF}---\r\nheadline: Titel\r\ntopics: [a, b]\r\npublished_at: 2026-11-23T08:00:00Z\r\ndate: 2026-11-23\r\npriority: 3\r\nlive: true\r\n---\r\nText\r\n",
    );
    assert_eq!(
        Value::from(parsed.front_matter.expect("a mapping")),
        json!({
            "headline": "Titel", "topics": ["a", "b"], "published_at": "2026-11-23T08:00:00Z",
            "date": "2026-11-23", "priority": 3, "live": true,
        })
    );
    assert_eq!(parsed.body.blocks.len(), 1);
    assert_eq!(codes("---\na: 1\n---\n\nx <u>y</u>"), [("raw-html", 5)]);
    assert_eq!(
        parse("---\n---\nText").front_matter,
        Some(serde_json::Map::new())
    );
    assert_eq!(parse("---\nText ohne Ende").front_matter, None);
    for (yaml, line) in [
        ("a: 1\na: 2", "line 3"),
        ("a: [1", "line"),
        ("a: b: c", "line 2"),
        ("- a", "mapping"),
        ("a: &x [1]\nb: *y", "line 3"),
    ] {
        let errors = from_markdown(&format!("---\n{yaml}\n---\nText"), &|_| None).expect_err(yaml);
        assert_eq!(errors[0].code, "front-matter");
        assert!(
            errors[0].detail.contains(line),
            "{yaml}: {}",
            errors[0].detail
        );
    }
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let before = format!("*a{}", n - 1);
        laughs += &format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(", "));
    }
    assert!(from_markdown(&format!("---\n{laughs}---\n"), &|_| None).is_err());
}
