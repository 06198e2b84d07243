//! Articles sent as HTML.

use perspektive::content::from_html;
use serde_json::{Value, json};

use super::{EDITOR, got, newsroom, piece, put, stored, with};
use crate::content::{broken, oracle, xss};
use crate::support::clients::Client;
use crate::{both, whole};

const FILE: &str = "---\nsection: politik\ntopics: [Verkehr]\n---\n<h1>Stadtrat streitet über die Fähre</h1>\n\
    <p class=\"lead\">Sie kostet viel, und alle lieben sie.</p>\n\
    <p>Der Rat stimmte <b>knapp</b> zu, <a href=\"https://flussblick.example/2026/11/kosten/\">siehe dort</a>.</p>\n\
    <p>[[kommt-noch]]</p>\n<figure><img src=\"https://bilder.flussblick.example/f.jpg\" alt=\"Die Fähre\">\
    <figcaption>Letzte Fahrt <small>Foto: Ole Brandt</small></figcaption></figure>\n\
    <p onclick=\"x()\">Am Ende blieb es <u>still</u>.</p>\n<script>alert(1)</script>\n";

fn upload(editor: &Client<'_>, method: &str, path: &str, html: &str) -> reqwest::RequestBuilder {
    editor
        .request(method, path)
        .header("Content-Type", "text/html; charset=utf-8")
        .body(html.to_owned())
}

both! {
    async fn a_page_becomes_an_article(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "kosten", &piece("Was es kostet")).await;
        let path = format!("{EDITOR}/faehre");
        let made = got(upload(&editor, "PUT", &path, FILE), 201).await;
        whole!("put_html", &made.json);
        let same = got(upload(&editor, "PUT", &path, FILE), 200).await;
        assert_eq!(same.json["result"], "unchanged");
        let article = editor.get(&path, 200).await;
        let of_interest = json!({
            "headline": article["headline"], "teaser": article["teaser"],
            "topics": article["topics"], "blocks": article["body"]["blocks"],
        });
        whole!("html_as_blocks", &of_interest);
        // What is delivered as HTML comes back as the same article.
        got(editor.request("POST", &format!("{path}/publish")), 200).await;
        let delivered = app.get("/v1/articles/faehre?body=html", 200).await;
        let html = delivered["body"]["html"].as_str().unwrap();
        assert_eq!(oracle::harm(html), None);
        let again = with(
            json!({"headline": article["headline"], "teaser": article["teaser"], "section": "politik", "topics": ["Verkehr"]}),
            json!({"body": {"html": format!("{html}\n")}}),
        );
        let receipt = got(editor.request("POST", EDITOR).json(&again), 201).await;
        assert_eq!(receipt.json["warnings"], json!([]), "{html}");
    }

    async fn html_is_one_form_of_a_body(app: App) {
        let editor = newsroom(&app).await;
        let article = json!({"headline": "Oben", "body": {"html": "<h1>Innen</h1><p class=lead>Text</p>"}});
        let made = editor.send("POST", EDITOR, &article, 201).await;
        assert_eq!(made["warnings"][0]["code"], "heading-level");
        let path = format!("{EDITOR}/oben");
        let patch = editor
            .request("PATCH", &path)
            .header("If-Match", "\"v1\"")
            .header("Content-Type", "application/merge-patch+json")
            .body(json!({"body": {"html": "<p>Neu <font>gesetzt</font></p><blink>x</blink>"}}).to_string());
        let changed = got(patch, 200).await;
        assert_eq!(changed.json["warnings"][0]["code"], "unknown-element");
        assert_eq!(changed.json["warnings"][0]["line"], 1);
        let blocks = editor.get(&path, 200).await["body"]["blocks"].clone();
        assert_eq!(blocks[0]["spans"][0]["text"], "Neu gesetzt");
        let before = stored(&app);
        for body in [
            json!({"html": "<p>a", "markdown": "a"}),
            json!({"html": "<p>a", "blocks": []}),
            json!({"html": "---\nslug: x\n---\n<p>a"}),
            json!({"html": 1}),
        ] {
            let article = json!({"headline": "Zwei Formen", "body": body});
            got(editor.request("POST", EDITOR).json(&article), 400).await;
        }
        assert_eq!(stored(&app), before);
    }

    /// A sample; the bulk of it is in `content::broken` and `content::xss`.
    async fn what_is_broken_is_taken_or_refused(app: App) {
        let editor = newsroom(&app).await;
        for number in 0..40_u64 {
            let seeds = [broken::HTML, broken::MARKDOWN][number as usize % 2];
            let kind = ["text/html", "text/markdown"][number as usize % 2];
            let text = broken::broken(seeds[number as usize % seeds.len()], number);
            let path = format!("{EDITOR}/kaputt-{number}");
            let request = editor.request("PUT", &path).header("Content-Type", kind);
            let answer = request.body(text.clone()).send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 201 | 400 | 422), "{status}: {text}");
        }
    }

    async fn no_payload_reaches_readers(app: App) {
        let editor = newsroom(&app).await;
        // Pictures without an alternative text keep an article from being published.
        let publishable = |payload: &String| {
            from_html(payload, &|_| None).is_ok_and(|parsed| parsed.body.images().next().is_none())
        };
        let payloads: Vec<String> = xss::payloads().into_iter().filter(publishable).collect();
        let chunks = payloads.chunks(60);
        let (all, mut live) = (chunks.len(), 0);
        for (number, part) in chunks.enumerate() {
            let body: String = part.iter().map(|payload| format!("<div>{payload}</div>\n")).collect();
            let html = format!("---\nheadline: Nummer {number}\nsection: politik\n---\n{body}");
            let path = format!("{EDITOR}/nummer-{number}?publish=true");
            let answer = upload(&editor, "PUT", &path, &html).send().await.unwrap();
            if answer.status() != 201 {
                continue;
            }
            live += 1;
            let article = app.get(&format!("/v1/articles/nummer-{number}?body=blocks,html,markdown,text"), 200).await;
            assert_eq!(oracle::harm(article["body"]["html"].as_str().unwrap()), None);
            let blocks: &Value = &article["body"]["blocks"];
            assert_eq!(xss::bad_address(blocks), None);
            let slug = format!("nummer-{number}");
            let markdown = got(app.request("GET", &format!("/v1/articles/{slug}.md")), 200).await.text;
            assert_eq!(oracle::runs(&oracle::markdown_html(&markdown)), None, "{markdown}");
            let jsonld = got(app.request("GET", &format!("/v1/articles/{slug}.jsonld")), 200).await.text;
            assert!(!jsonld.contains('<'), "{jsonld}");
        }
        let feed = app.get("/feeds/all.json", 200).await;
        let items = feed["items"].as_array().unwrap();
        assert!(!items.is_empty());
        for item in items {
            assert_eq!(oracle::harm(item["content_html"].as_str().unwrap()), None);
        }
        assert!(live * 4 > all * 3, "{live} of {all}");
    }
}
