//! Dry runs, and the same write twice: every write route of the description,
//! asked as the role matrix asks it.

use serde_json::{Value, json};

use crate::both;
use crate::matrix::{Cell, dump, rows};
use crate::support::clients::expect;

/// Paths that never read an Idempotency-Key.
const WITHOUT_KEY: [&str; 3] = ["/v1/editor/keys", "/preview-links", "/v1/editor/bulk"];

both! {
    /// A dry run says what the write would, and leaves no trace; the write itself
    /// leaves one, once, however often it is sent.
    async fn every_write_can_be_rehearsed_and_repeated(app: App) {
        let admin = app.as_admin();
        let (mut wrong, mut number, mut tried) = (Vec::new(), 100_000, 0);
        for row in rows() {
            let (method, pattern) = row.operation.split_once(' ').unwrap();
            if method == "GET" || !pattern.starts_with("/v1/editor/") {
                continue;
            }
            tried += 1;
            number += 1;
            let cell = Cell { app: &app, who: Some(admin.clone()), number };
            let ask = (row.ask)(&cell).await;
            let mut missing = |what: &str| wrong.push(format!("{}: {what}", row.operation));

            let before = dump(&app);
            let answer = ask.request(&app, Some(&admin), method, "dry_run=true").send().await.unwrap();
            let (status, marked) = (answer.status().as_u16(), answer.headers().contains_key("dry-run"));
            let text = answer.text().await.unwrap();
            if status != row.statuses[4] {
                missing(&format!("dry run: {status}, not {}: {text}", row.statuses[4]));
            }
            if !marked {
                missing("dry run: not marked by a header");
            }
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines.iter().any(|line| line["dry_run"] != true) {
                missing(&format!("dry run: not marked: {text}"));
            }
            if dump(&app) != before {
                missing("dry run: something was written");
            }

            let keyed = !WITHOUT_KEY.iter().any(|without| pattern.contains(without));
            let key = format!("\"einmal-{number}\"");
            let send = async || {
                let mut request = ask.request(&app, Some(&admin), method, "");
                if keyed {
                    request = request.header("Idempotency-Key", &key);
                }
                let answer = request.send().await.unwrap();
                let replayed = answer.headers().contains_key("idempotency-replayed");
                let etag = answer.headers().get("etag").cloned();
                let location = answer.headers().get("location").cloned();
                (replayed, (answer.status().as_u16(), etag, location, answer.text().await.unwrap()))
            };
            let (replayed, first) = send().await;
            if first.0 != row.statuses[4] || replayed {
                missing(&format!("{first:?}"));
            }
            let after = dump(&app);
            if after == before {
                missing("nothing was written");
            }
            if keyed {
                let (replayed, second) = send().await;
                if !replayed || second != first {
                    missing(&format!("the second answer (replayed: {replayed}) is {second:?}, not {first:?}"));
                }
                if dump(&app) != after {
                    missing("something was written twice");
                }
            }
        }
        assert!(tried > 25, "{tried}");
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

both! {
    /// The receipt, or the article as it would be, with the warnings; and a dry run
    /// is refused for what the write would be refused for.
    async fn a_dry_run_shows_what_would_be(app: App) {
        let editor = app.as_editor();
        editor.send("PUT", "/v1/editor/sections/politik", &json!({"name": "Politik"}), 201).await;
        let path = "/v1/editor/articles/probelauf?publish=true&dry_run=true";
        let text = "---\nsection: politik\ntopics: [Hochwasser]\n---\n# Probelauf\n\n###### Zu tief\n\nText.\n";
        let upload = || editor.request("PUT", path).header("Content-Type", "text/markdown").body(text);
        let head = app.get("/v1/articles", 200).await;

        let receipt = expect(upload(), 201).await;
        assert_eq!((&receipt["dry_run"], &receipt["result"], &receipt["state"]), (&json!(true), &json!("created"), &json!("live")));
        assert_eq!(receipt["warnings"][0]["code"], "heading-level", "{receipt}");
        assert_eq!((&receipt["article"]["headline"], &receipt["article"]["topics"]), (&json!("Probelauf"), &json!(["hochwasser"])));
        let whole = expect(upload().header("Prefer", "return=representation"), 201).await;
        assert_eq!((&whole["dry_run"], &whole["headline"]), (&json!(true), &json!("Probelauf")));
        assert_eq!(whole["topics"], json!(["hochwasser"]), "{whole}");

        // None of it is there, for nobody.
        editor.get("/v1/editor/articles/probelauf", 404).await;
        editor.get("/v1/editor/topics/hochwasser", 404).await;
        app.get("/v1/articles/probelauf", 404).await;
        assert_eq!(app.get("/v1/articles", 200).await, head);
        assert!(app.log().iter().all(|(entity, ..)| entity.as_str() == "section"));

        let without = "# Ohne Ressort\n";
        expect(upload().body(without), 422).await;
        let author = app.as_author();
        let request = author.request("PUT", path).header("Content-Type", "text/markdown").body(text);
        expect(request, 403).await;
        let wrong = editor.request("PUT", "/v1/editor/articles/probelauf?dry_run=yes").json(&json!({"headline": "X"}));
        assert!(expect(wrong, 400).await["detail"].as_str().unwrap().contains("dry_run"));
        // A key isn't used up by a dry run.
        let keyed = |query: &str| {
            let request = editor.request("PUT", &format!("/v1/editor/articles/probelauf{query}"));
            request.header("Idempotency-Key", "probe-1").json(&json!({"headline": "Probelauf"}))
        };
        expect(keyed("?dry_run=true"), 201).await;
        let made = keyed("").send().await.unwrap();
        assert!(made.status() == 201 && !made.headers().contains_key("idempotency-replayed"));
        // Verbs show it too, and answer the whole article to whoever prefers that.
        editor.send("PATCH", "/v1/editor/articles/probelauf", &json!({}), 428).await;
        let patch = editor.request("PATCH", "/v1/editor/articles/probelauf").header("If-Match", "*");
        assert!(expect(patch.json(&json!({"section": "politik"})), 200).await.get("article").is_none());
        let tried = editor.send("POST", "/v1/editor/articles/probelauf/publish?dry_run=true", &json!({}), 200).await;
        assert_eq!((&tried["result"], &tried["article"]["state"]), (&json!("published"), &json!("live")));
        let publish = editor.request("POST", "/v1/editor/articles/probelauf/publish").header("Prefer", "return=representation");
        assert_eq!(expect(publish.json(&json!({})), 200).await["live_revision"], 2);
    }
}
