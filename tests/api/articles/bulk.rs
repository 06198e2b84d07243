//! Many articles in one request.

use perspektive::auth::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::both;
use crate::matrix::dump;
use crate::support::clients::{Client, expect};

const BULK: &str = "/v1/editor/bulk";

async fn send(client: &Client<'_>, query: &str, body: impl Into<reqwest::Body>) -> Vec<Value> {
    let request = client.request("POST", &format!("{BULK}{query}"));
    let answer = request
        .header("Content-Type", "application/x-ndjson")
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, kind) = (answer.status(), answer.headers()["content-type"].clone());
    let text = answer.text().await.unwrap();
    assert_eq!(
        (status.as_u16(), kind.to_str().unwrap()),
        (200, "application/x-ndjson"),
        "{text}"
    );
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn statuses(results: &[Value]) -> Vec<(u64, u64)> {
    let pair = |result: &Value| {
        (
            result["line"].as_u64().unwrap(),
            result["status"].as_u64().unwrap(),
        )
    };
    results.iter().map(pair).collect()
}

async fn politik(editor: &Client<'_>) {
    editor
        .send(
            "PUT",
            "/v1/editor/sections/politik",
            &json!({"name": "Politik"}),
            201,
        )
        .await;
}

both! {
    /// Results in order, each line for itself, and links to what comes later.
    async fn a_line_fails_by_itself(app: App) {
        let editor = app.as_editor();
        politik(&editor).await;
        let long = format!("{{\"slug\": \"lang\", \"headline\": \"{}\"}}", "x".repeat(3 << 20));
        let body = [
            r#"{"slug": "eins", "headline": "Eins", "section": "politik", "publish": true, "related": [{"article": "zwei"}]}"#,
            "",
            r#"{"slug": "ohne-schlagzeile"}"#,
            "{kein JSON",
            &long,
            r#"{"external_id": "fpd:2", "slug": "zwei", "headline": "Zwei", "section": "politik", "body": {"markdown": "Text."}, "publish": true}"#,
            r#"{"op": "tanzen", "slug": "zwei"}"#,
            r#"{"op": "unpublish", "external_id": "fpd:2"}"#,
            r#"{"op": "patch", "slug": "zwei", "kicker": "Neu", "if_match": "*"}"#,
            r#"{"op": "trash", "slug": "zwei"}"#,
            r#"{"op": "publish", "slug": "zwei", "note": "?"}"#,
            r#"{"op": "publish", "slug": "zwei"}"#,
            r#"{"headline": "Wer bin ich?"}"#,
            r#"{"op": "unpublish", "slug": "nirgends"}"#,
            r#"{"slug": "eins", "headline": "Eins", "section": "politik", "related": [{"article": "zwei"}]}"#,
        ]
        .join("\n");
        let results = send(&editor, "", body).await;
        let wanted = [(1, 201), (3, 422), (4, 400), (5, 413), (6, 201), (7, 400), (8, 200), (9, 200), (10, 428), (11, 400), (12, 200), (13, 422), (14, 404), (15, 200)];
        assert_eq!(statuses(&results), wanted, "{results:#?}");
        assert_eq!((&results[0]["result"], &results[0]["state"]), (&json!("created"), &json!("live")));
        assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "#/headline", "{}", results[1]);
        assert_eq!(results[13]["result"], "unchanged");
        // The link that dangled when it was written leads to what came later.
        let article = app.get("/v1/articles/eins", 200).await;
        assert_eq!(article["related"][0]["article"]["slug"], "zwei", "{article}");
        app.get("/v1/articles/lang", 404).await;
    }
}

both! {
    /// All or nothing, and every line says why.
    async fn atomic_is_all_or_nothing(app: App) {
        let editor = app.as_editor();
        politik(&editor).await;
        let line = |n: u32| format!("{{\"slug\": \"a-{n}\", \"headline\": \"Nummer {n}\", \"section\": \"politik\", \"publish\": true}}\n");
        let good: String = (1..=250).map(line).collect();
        let before = dump(&app);
        let results = send(&editor, "?atomic=true", format!("{good}{{\"slug\": \"a-251\"}}\n{}", line(252))).await;
        assert_eq!(results.len(), 252);
        assert_eq!(results[250]["status"], 422);
        for result in results.iter().filter(|result| result["line"] != 251) {
            assert_eq!(result["status"], 409, "{result}");
            assert!(result["problem"]["detail"].as_str().unwrap().contains("line 251"), "{result}");
        }
        assert_eq!(dump(&app), before);
        app.get("/v1/articles/a-1", 404).await;

        let results = send(&editor, "?atomic=true", good.clone()).await;
        assert!(results.len() == 250 && results.iter().all(|result| result["status"] == 201), "{results:?}");
        app.get("/v1/articles/a-250", 200).await;
        // Again is harmless, whichever way.
        let before = app.log().len();
        let results = send(&editor, "", good).await;
        assert!(results.iter().all(|result| result["result"] == "unchanged"), "{results:?}");
        assert_eq!(app.log().len(), before);
    }
}

both! {
    /// A dry run sees what lines before it would have done, and leaves no trace.
    async fn a_dry_run_of_many(app: App) {
        let editor = app.as_editor();
        politik(&editor).await;
        let body = "{\"slug\": \"neu\", \"headline\": \"Neu\", \"section\": \"politik\", \"topics\": [\"Rad\"]}\n{\"op\": \"publish\", \"slug\": \"neu\"}\n{\"slug\": \"falsch\"}\n";
        for query in ["?dry_run=true", "?dry_run=true&atomic=true"] {
            let before = dump(&app);
            let results = send(&editor, query, body).await;
            let wanted = if query.contains("atomic") { [(1, 409), (2, 409), (3, 422)] } else { [(1, 201), (2, 200), (3, 422)] };
            assert_eq!(statuses(&results), wanted, "{results:?}");
            assert!(results.iter().all(|result| result["dry_run"] == true));
            assert_eq!(dump(&app), before);
        }
    }
}

both! {
    /// Each line is answered when it has come, and a client that is disabled while
    /// it sends writes no more.
    async fn lines_are_answered_as_they_come(app: App) {
        let editor = app.as_user("wanderer", Role::Editor);
        let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "POST {BULK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
            editor.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (read, mut write) = stream.split();
        let mut read = BufReader::new(read).lines();
        let mut next = async |wanted: &str| {
            loop {
                let line = tokio::time::timeout(std::time::Duration::from_secs(10), read.next_line()).await.expect(wanted);
                let line = line.unwrap().unwrap();
                if line.starts_with('{') {
                    return serde_json::from_str::<Value>(&line).unwrap();
                }
            }
        };
        for n in 1..=4 {
            if n == 4 {
                let admin = app.as_admin();
                let disabling = admin.request("PATCH", "/v1/editor/users/wanderer").header("If-Match", "*").json(&json!({"disabled": true}));
                expect(disabling, 200).await;
            }
            let line = format!("{{\"slug\": \"n-{n}\", \"headline\": \"Nummer {n}\"}}\n");
            write.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
            let result = next("a result").await;
            let wanted = if n == 4 { 401 } else { 201 };
            assert_eq!((&result["line"], &result["status"]), (&json!(n), &json!(wanted)), "{result}");
        }
        write.write_all(b"0\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(std::time::Duration::from_millis(200), read.into_inner().read_to_end(&mut rest)).await;
        assert_eq!(String::from_utf8_lossy(&rest).trim(), "0");
    }
}

both! {
    /// More than a batch, sent before anything is read; and what isn't lines of JSON
    /// at all.
    async fn many_lines_in_one_go(app: App) {
        let author = app.as_author();
        let body: String = (0..450).map(|n| format!("{{\"slug\": \"m-{n}\", \"headline\": \"Nummer {n}\"}}\r\n")).collect();
        let results = send(&author, "", body).await;
        let wanted: Vec<(u64, u64)> = (1..=450).map(|n| (n, 201)).collect();
        assert_eq!(statuses(&results), wanted);
        // Nobody publishes by the dozen who may not publish one.
        let results = send(&author, "", "{\"slug\": \"m-0\", \"headline\": \"Nummer 0\", \"publish\": true}").await;
        assert_eq!(statuses(&results), [(1, 403)]);
        assert!(send(&author, "", "").await.is_empty());
        author.send("POST", BULK, &json!({"slug": "x"}), 415).await;
        let keyed = author.request("POST", BULK).header("Idempotency-Key", "x").header("Content-Type", "application/x-ndjson").body("");
        expect(keyed, 400).await;
    }
}

/// Lines of all kinds about a few articles, whose names begin with `prefix`.
fn tangle(seed: u64, prefix: &str) -> Vec<String> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut line = |number: usize| {
        let name = |dice: &mut StdRng| format!("{prefix}-{}", dice.random_range(0..40));
        let slug = name(&mut dice);
        let (other, third) = (name(&mut dice), name(&mut dice));
        let topic = ["Rad", "Bahn", "Hafen", "a\u{7}b"]
            .choose(&mut dice)
            .unwrap();
        let link =
            json!([{"article": other}, {"article": {"slug": third}, "relation": "background"}]);
        let mut put = json!({
            "slug": slug, "headline": format!("Nummer {number}"), "section": "politik",
            "topics": [topic], "related": link, "publish": dice.random_bool(0.5),
            "body": {"markdown": format!("Vorher.\n\n[[{third}]]\n\nNachher.")},
        });
        match dice.random_range(0..16) {
            0 => json!({"op": "patch", "slug": slug, "new": 1}),
            1 | 2 => json!({"op": "patch", "external_id": format!("x:{slug}"), "slug": other, "if_match": "*"}),
            3 => json!({"op": "trash", "slug": slug, "if_match": "*"}),
            4 => json!({"op": "publish", "slug": slug}),
            5 => json!({"op": "unpublish", "slug": slug}),
            6 => {
                put["headline"] = json!("");
                put
            }
            7 => {
                put["section"] = json!("gibt-es-nicht");
                put
            }
            8 => {
                put["image"] = json!({"url": "https://bilder.example/1.jpg"});
                put
            }
            9..12 => {
                put["external_id"] = json!(format!("x:{slug}"));
                put
            }
            12 => {
                put["external_id"] = json!(format!("x:{other}"));
                put
            }
            _ => put,
        }
        .to_string()
    };
    (0..160).map(&mut line).collect()
}

both! {
    /// Many lines in one request do what each of them does in a request of its own,
    /// however they hang on each other.
    async fn many_lines_do_what_each_does(app: App) {
        let editor = app.as_editor();
        politik(&editor).await;
        for seed in 0..2 {
            let (a, b) = (&*format!("qa{seed}"), &*format!("qb{seed}"));
            let together = send(&editor, "", tangle(seed, a).join("\n")).await;
            let mut alone = Vec::new();
            for line in tangle(seed, b) {
                alone.extend(send(&editor, "", line).await);
            }
            let told = |results: &[Value], prefix: &str| -> Vec<String> {
                let told = |result: &Value| {
                    let errors = result["problem"]["errors"].to_string();
                    let warnings = result["warnings"].to_string();
                    let receipt = [&result["status"], &result["result"], &result["state"], &result["version"], &result["problem"]["type"]];
                    let names = format!("{receipt:?} {errors} {warnings}");
                    names.replace(&format!("{prefix}-"), "*-")
                };
                results.iter().map(told).collect()
            };
            let (together, alone) = (told(&together, a), told(&alone, b));
            for (number, (one, other)) in together.iter().zip(&alone).enumerate() {
                assert_eq!(one, other, "line {} of seed {seed}", number + 1);
            }
            let statuses: std::collections::BTreeSet<&str> = together.iter().map(|told| told.split(' ').next().unwrap()).collect();
            assert!(statuses.len() >= 5, "{statuses:?}");
            for number in 0..40 {
                let (mut seen, mut edited) = (Vec::new(), Vec::new());
                for prefix in [a, b] {
                    let slug = format!("{prefix}-{number}");
                    let public = app.request("GET", &format!("/v1/articles/{slug}")).send().await.unwrap();
                    let public: Value = serde_json::from_str(&public.text().await.unwrap()).unwrap_or_default();
                    let links: Vec<&Value> = public["related"].as_array().into_iter().flatten().map(|link| &link["article"]["slug"]).collect();
                    let topics: Vec<&Value> = public["topics"].as_array().into_iter().flatten().map(|topic| &topic["name"]).collect();
                    seen.push(format!("{} {links:?} {topics:?} {}", public["headline"], public["status"]).replace(&format!("{prefix}-"), "*-"));
                    let own = editor.request("GET", &format!("/v1/editor/articles/{slug}")).send().await.unwrap();
                    let own: Value = serde_json::from_str(&own.text().await.unwrap()).unwrap();
                    let links: Vec<&Value> = own["related"].as_array().into_iter().flatten().map(|link| &link["article"]["slug"]).collect();
                    edited.push(format!("{} {} {} {} {links:?}", own["headline"], own["external_id"], own["state"], own["version"]).replace(&format!("{prefix}-"), "*-"));
                }
                assert_eq!(seen[0], seen[1], "article {number} of seed {seed}");
                assert_eq!(edited[0], edited[1], "article {number} of seed {seed}");
            }
        }
    }
}
