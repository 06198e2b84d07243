//! Input that wants to run, to hang or to hide.

use super::oracle;
use perspektive::content::{Body, from_markdown, to_html, to_markdown, to_text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"alert(1)\">",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<object data=\"javascript:alert(1)\"></object>",
    "<embed src=\"javascript:alert(1)\">",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<form action=\"javascript:alert(1)\"><button>x</button></form>",
    "<base href=\"https://evil.example/\">",
    "<meta http-equiv=\"refresh\" content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<strong onclick=alert(1)>x</strong>",
    "<sup onmouseover=\"alert(1)\">x</sup>",
    "<br onload=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![\" onerror=alert(1) x=\"](https://x.de/a.jpg)",
    "![x](https://x.de/a.jpg\"onerror=alert(1))",
    "![x](https://x.de/a.jpg \"\" onerror=alert(1)\")",
    "![x](https://x.de/a.jpg){credit=\"<script>alert(1)</script>\"}",
    "https://x.de/\"><script>alert(1)</script>",
    "https://x.de/'onmouseover=alert(1)",
    "[[javascript:alert(1)|x]]",
    "[[x|<script>alert(1)</script>]]",
    "[[https://x.de/\"onclick=alert(1)|x]]",
    "```\"onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "> [!note] <script>alert(1)</script>\n> x",
    "| <script>alert(1)</script> |\n|---|\n| [x](javascript:alert(1)) |",
    "[x](article:\"onclick=alert(1))",
    "`<script>alert(1)</script>`",
    "\\<script>alert(1)\\</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
];

#[test]
fn no_payload_gets_through() {
    for payload in PAYLOADS {
        let wrapped = [
            (*payload).to_owned(),
            format!("Text {payload} Text"),
            format!("- {payload}"),
            format!("> {payload}"),
            format!("## {payload}"),
            format!("| {payload} |\n|---|\n| {payload} |"),
        ];
        for markdown in wrapped {
            let body = from_markdown(&markdown, &|_| None)
                .expect("it is read")
                .body;
            assert_eq!(oracle::harm(&to_html(&body)), None, "{markdown}");
            let again = from_markdown(&to_markdown(&body), &|_| None)
                .expect("it is read")
                .body;
            assert_eq!(again, body, "{markdown}");
        }
    }
}

#[test]
fn no_payload_gets_through_as_json() {
    for payload in PAYLOADS {
        let text = json!([{"text": payload, "marks": ["strong", "code"]}, {"text": payload, "link": {"url": "https://x.de/"}}]);
        // In every place that takes text; code and related links keep the lines
        // of what others can't.
        let line = payload.replace('\n', " ");
        let image = json!({"type": "image", "url": "https://x.de/", "alt": line, "caption": line, "credit": line});
        let mut in_gallery = image.clone();
        in_gallery.as_object_mut().unwrap().remove("type");
        let blocks = json!([
            {"type": "paragraph", "spans": text},
            {"type": "heading", "level": 2, "spans": text},
            {"type": "list", "ordered": true, "items": [{"blocks": [{"type": "paragraph", "spans": text}]}]},
            {"type": "quote", "blocks": [{"type": "paragraph", "spans": text}], "cite": line},
            image,
            {"type": "gallery", "images": [in_gallery, in_gallery], "caption": line},
            {"type": "embed", "url": "https://x.de/", "caption": line},
            {"type": "table", "header": [{"spans": text}], "rows": [[{"spans": text}]]},
            {"type": "code", "text": payload},
            {"type": "callout", "style": "note", "title": line, "blocks": [{"type": "paragraph", "spans": text}]},
            {"type": "related", "article": "x", "headline": line},
        ]);
        let body = Body::from_json(&blocks, "#").expect("it is read");
        assert_eq!(oracle::harm(&to_html(&body)), None, "{payload}");
        for (kind, field) in [
            ("image", "url"),
            ("embed", "url"),
            ("embed", "provider"),
            ("code", "language"),
            ("related", "url"),
        ] {
            let mut block = json!({"type": kind, field: payload});
            let more = match (kind, field) {
                ("embed", "provider") => Some(("url", "https://x.de/")),
                ("code", _) => Some(("text", "x")),
                ("related", _) => Some(("headline", "x")),
                _ => None,
            };
            if let Some((name, value)) = more {
                block[name] = json!(value);
            }
            let block = json!([block]);
            if let Ok(body) = Body::from_json(&block, "#") {
                assert_eq!(oracle::harm(&to_html(&body)), None, "{payload}");
            }
        }
        let linked =
            json!([{"type": "paragraph", "spans": [{"text": "x", "link": {"url": payload}}]}]);
        if let Ok(body) = Body::from_json(&linked, "#") {
            assert_eq!(oracle::harm(&to_html(&body)), None, "{payload}");
        }
    }
}

#[test]
fn the_judge_finds_harm() {
    for harmful in [
        "<p onclick=\"x\">x</p>\n",
        "<script>x</script>",
        "<a href=\"javascript:x\">x</a>",
        "<a href=\"/x\">x</a>",
        "<img src=\"data:x\" alt=\"\">",
        "<p style=\"x\">x</p>",
    ] {
        assert!(oracle::harm(harmful).is_some(), "{harmful}");
    }
    assert_eq!(oracle::harm("<p><a href=\"https://x.de/\">x</a></p>"), None);
}

/// Inputs built to make a parser nest, backtrack or repeat.
#[test]
fn nesting_and_repetition_cost_neither_the_stack_nor_the_clock() {
    let n = 10_000;
    let deep_list: String = (0..200)
        .map(|depth| format!("{}- x\n", "  ".repeat(depth)))
        .collect();
    let inputs = [
        ">".repeat(n),
        "> ".repeat(n) + "x",
        "- ".repeat(n) + "x",
        "1. ".repeat(n) + "x",
        "> - ".repeat(n) + "x",
        deep_list,
        "[".repeat(n),
        "![".repeat(n),
        "[[".repeat(n),
        "[[a|".repeat(n),
        "*".repeat(n),
        "* ".repeat(n),
        "*a ".repeat(n),
        "**a _b ".repeat(n),
        "*a".repeat(n) + &"*".repeat(n),
        "`".repeat(n),
        "`a``b".repeat(n),
        "~~a~".repeat(n),
        "<".repeat(n),
        "<a ".repeat(n),
        "<!--".repeat(n),
        "<script>".repeat(n),
        "x <script>".repeat(n),
        "x <sup>".repeat(n),
        "<b>".repeat(n) + &"</b>".repeat(n),
        "x <b>".repeat(n) + &"</b>".repeat(n),
        "<div>\n".repeat(n),
        "&".repeat(n),
        "&#".repeat(n),
        "![a](https://x.de/)".repeat(200),
        "![a](https://x.de/)\n".repeat(200),
        "![a](https://x.de/){a=".repeat(n),
        "https://x.de/".repeat(n),
        "https://x.de/\n".repeat(1_000),
        "www.".repeat(n),
        "a@b.".repeat(n),
        "[a](b)".repeat(n),
        "[^a]".repeat(n) + "\n\n[^a]: x",
        "[a]: x\n".repeat(n) + &"[a]".repeat(n),
        "|".repeat(n),
        "| a ".repeat(300) + "|\n" + &"|---".repeat(300) + "|\n" + &"|\n".repeat(100),
        "a\\\n".repeat(n),
        "\n".repeat(n),
        " ".repeat(n) + "x",
        "x".to_owned() + &" ".repeat(n) + "y",
        "---\n".repeat(n),
        "# ".repeat(n),
        "> [!note] x\n".repeat(n),
        "\\".repeat(n),
        "\u{FEFF}".repeat(n),
        "— ".repeat(n),
        "[x](https://x.de/ \"".repeat(n),
    ];
    for input in inputs {
        let start = Instant::now();
        let shown: String = input.chars().take(20).collect();
        let read = from_markdown(&input, &|_| None);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "reading {shown:?} took {:?}",
            start.elapsed()
        );
        let Ok(parsed) = read else { continue };
        let written = (
            to_markdown(&parsed.body),
            to_html(&parsed.body),
            to_text(&parsed.body),
        );
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "writing {shown:?} took {:?}",
            start.elapsed()
        );
        assert_eq!(oracle::harm(&written.1), None, "{shown}");
        let again = from_markdown(&written.0, &|_| None).map(|parsed| parsed.body);
        assert_eq!(again.as_ref(), Ok(&parsed.body), "{shown}");
    }
}

#[test]
fn deep_json_is_an_error() {
    let mut list = json!({"type": "paragraph", "spans": [{"text": "x"}]});
    for _ in 0..200 {
        list = json!({"type": "list", "items": [{"blocks": [list]}]});
    }
    let errors = Body::from_json(&Value::from(vec![list]), "#/body/blocks").expect_err("too deep");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "too-deep");
    let pointer = "#/body/blocks/0".to_owned() + &"/items/0/blocks/0".repeat(8);
    assert_eq!(errors[0].pointer, pointer);
}

#[test]
fn sizes_are_capped() {
    let paragraph = json!({"type": "paragraph", "spans": [{"text": "x"}]});
    let code = |blocks: &Value| Body::from_json(blocks, "#").map_err(|errors| errors[0].code);
    assert!(code(&Value::from(vec![paragraph.clone(); 2_000])).is_ok());
    assert_eq!(
        code(&Value::from(vec![paragraph; 2_001])),
        Err("too-many-blocks")
    );
    // One long row would fill up many short ones.
    let cell = json!({"spans": []});
    let mut rows = vec![vec![cell.clone()]; 19_000];
    rows.push(vec![cell; 150]);
    assert_eq!(
        code(&json!([{"type": "table", "rows": rows}])),
        Err("too-many-items")
    );
    let long = "x".repeat(600_000);
    let long = json!({"type": "code", "text": long});
    assert_eq!(code(&json!([long, long])), Err("too-much-text"));
    let markdown = "x\n\n".repeat(2_001);
    let errors = from_markdown(&markdown, &|_| None).expect_err("too many");
    assert_eq!(errors[0].code, "too-many-blocks");
}

#[test]
fn invisible_characters_are_refused_everywhere() {
    for c in [
        '\0', '\u{7}', '\u{B}', '\r', '\u{7F}', '\u{85}', '\u{202A}', '\u{202E}',
    ] {
        let text = format!("a{c}b");
        let blocks = json!([{"type": "paragraph", "spans": [{"text": text}]}]);
        let errors = Body::from_json(&blocks, "#/body/blocks").expect_err("refused");
        assert_eq!(errors[0].code, "forbidden-character");
        assert_eq!(errors[0].pointer, "#/body/blocks/0/spans/0/text");
        assert!(
            errors[0]
                .detail
                .contains(&format!("U+{:04X}", u32::from(c))),
            "{:?}",
            errors[0]
        );
        if c != '\r' {
            let errors = from_markdown(&format!("Eins\n\n{text}"), &|_| None).expect_err("refused");
            assert_eq!(errors[0].code, "forbidden-character");
            assert!(
                errors[0].detail.contains("Line 3, column 2"),
                "{:?}",
                errors[0]
            );
        }
    }
    for hidden in [
        "zwei &#x202E; drei",
        "`x` **&#x202E;**",
        "- [a&#x202E;](https://x.de/)",
        "![a&#x202E;](https://x.de/)",
        "![a](https://x.de/ \"&#x202E;\")",
        "![a](https://x.de/){credit=\"&#x202E;\"}",
        "![a](https://x.de/)\n{gallery caption=\"&#x202E;\"}",
        "https://x.de/ {caption=\"&#x202E;\"}",
        "[[a|&#x202E;]]",
        "x [[a|&#x202E;]]",
        "> [!note] &#x202E;\n> x",
        "<div>&#x202E;</div>",
        "| &#x202E; |\n|---|",
        "## &#x202E;",
    ] {
        let errors = from_markdown(&format!("Eins\n\n{hidden}"), &|_| None).expect_err(hidden);
        assert_eq!(errors[0].code, "forbidden-character", "{hidden}");
        assert!(errors[0].detail.contains("Line "), "{:?}", errors[0]);
    }
    for c in ['\t', '\u{200E}', '\u{2066}', '\u{2069}', '\u{AD}'] {
        let blocks = json!([{"type": "paragraph", "spans": [{"text": format!("a{c}b")}]}]);
        assert!(
            Body::from_json(&blocks, "#").is_ok(),
            "U+{:04X}",
            u32::from(c)
        );
    }
}
