//! Every problem type can be met, and its address explains it.

use std::collections::BTreeSet;

use perspektive::error::PROBLEM_TYPES;
use serde_json::{Value, json};

use crate::both;
use crate::support::App;

both! {
    async fn every_problem_type_is_explained(app: App) {
        let all = app.get("/problems", 200).await;
        assert_eq!(all["items"].as_array().unwrap().len(), PROBLEM_TYPES.len());
        for kind in PROBLEM_TYPES {
            let page = app.get(&format!("/problems/{}", kind.slug), 200).await;
            assert_eq!(page["type"], format!("/problems/{}", kind.slug));
            assert_eq!(page["status"], kind.status, "{}", kind.slug);
            assert!(page["cause"].as_str().unwrap().len() > 20, "{}", kind.slug);
            let fix = page["fix"].as_str().unwrap();
            assert!(fix.starts_with("curl "), "{}", kind.slug);
            // In single quotes, a shell puts nothing in the place of $API and $KEY.
            let quoted = fix.split('\'').skip(1).step_by(2);
            assert!(quoted.into_iter().all(|text| !text.contains('$')), "{}: {fix}", kind.slug);
            let check = std::process::Command::new("sh").args(["-n", "-c", fix]).status().unwrap();
            assert!(check.success(), "{}: {fix}", kind.slug);
        }
    }
}

/// Sends a request, expects a problem, and notes its type.
async fn meet(met: &mut BTreeSet<String>, slug: &str, request: reqwest::RequestBuilder) -> Value {
    let kind = PROBLEM_TYPES.iter().find(|kind| kind.slug == slug).unwrap();
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let content_type = answer.headers().get("content-type").cloned();
    let text = answer.text().await.unwrap();
    assert_eq!(status, kind.status, "{slug}: {text}");
    assert_eq!(content_type.unwrap(), "application/problem+json", "{slug}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["type"], format!("/problems/{slug}"), "{text}");
    assert_eq!(problem["title"], kind.title);
    assert_eq!(problem["status"], kind.status);
    for member in ["detail", "instance", "request_id"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{slug}: {member}"
        );
    }
    met.insert(slug.to_owned());
    problem
}

both! {
    async fn every_problem_type_can_be_met(app: App) {
        let mut met = BTreeSet::new();
        let (editor, author) = (app.as_editor(), app.as_author());
        let article = "/v1/editor/articles/probe";
        let text = "# Probe\n\nEin Absatz.\n";
        let upload = |path: &str| editor.request("PUT", path).header("Content-Type", "text/markdown").body(text);

        for (slug, request) in [
            ("malformed", editor.request("POST", "/v1/editor/articles").header("Content-Type", "application/json").body("{")),
            ("bad-parameter", app.request("GET", "/v1/articles?farbe=rot")),
            ("bad-cursor", app.request("GET", "/v1/articles?cursor=nein")),
            ("bad-slug", upload("/v1/editor/articles/Nicht%20so")),
            ("unauthenticated", app.request("GET", "/v1/editor/articles")),
            ("wrong-password", app.request("POST", "/v1/auth/login").json(&json!({"name": "niemand", "password": "falsch und lang genug"}))),
            ("forbidden", author.request("POST", "/v1/editor/sections").json(&json!({"name": "Politik"}))),
            ("not-found", app.request("GET", "/v1/articles/nirgends")),
            ("method-not-allowed", app.request("DELETE", "/v1/articles")),
            ("not-acceptable", app.request("GET", "/v1/articles").header("Accept-Encoding", "identity;q=0, zstd")),
            ("too-large", editor.request("POST", "/v1/editor/articles").header("Content-Type", "text/markdown").body("x".repeat(3 << 20))),
            ("unsupported-type", editor.request("POST", "/v1/editor/articles").header("Content-Type", "text/csv").body("a;b")),
            ("invalid", editor.request("POST", "/v1/editor/articles").json(&json!({"kicker": "Ohne Schlagzeile"}))),
        ] {
            meet(&mut met, slug, request).await;
        }

        // With something stored.
        editor.send("PUT", "/v1/editor/sections/politik", &json!({"name": "Politik"}), 201).await;
        let stored = upload(&format!("{article}?publish=true")).body("---\nsection: politik\n---\n# Probe\n\nEin Absatz.\n");
        let receipt = crate::support::clients::expect(stored, 201).await;
        assert_eq!(receipt["state"], "live", "{receipt}");
        let patch = || editor.request("PATCH", article).header("Content-Type", "application/merge-patch+json").body("{\"kicker\": \"Neu\"}");
        meet(&mut met, "precondition-required", patch()).await;
        meet(&mut met, "stale", patch().header("If-Match", "\"v99\"")).await;
        let keyed = |headline: &str| editor.request("POST", "/v1/editor/articles").header("Idempotency-Key", "probe").json(&json!({"headline": headline}));
        crate::support::clients::expect(keyed("Einmal"), 201).await;
        meet(&mut met, "key-reused", keyed("Zweimal")).await;
        let twin = editor.request("POST", "/v1/editor/articles").json(&json!({"headline": "Anders", "slug": "probe"}));
        meet(&mut met, "conflict", twin).await;
        editor.send("POST", &format!("{article}/take-down"), &json!({"reason": "Probe"}), 200).await;
        meet(&mut met, "gone", app.request("GET", "/v1/articles/probe")).await;

        let home = app.get("/v1/home", 200).await;
        let cursor = home["changes_cursor"].as_str().unwrap();
        forget_the_log(&app);
        meet(&mut met, "cursor-expired", app.request("GET", &format!("/v1/changes?cursor={cursor}"))).await;

        let picture = editor.request("POST", "/v1/editor/media").body(crate::support::pictures::png(8, 8, 0));
        let picture = crate::support::clients::expect(picture, 201).await;
        perspektive::media::work::finish(&app.state).await.unwrap();
        let bytes = format!("/media/{}/8.jpg", picture["id"].as_str().unwrap());
        meet(&mut met, "range", app.request("GET", &bytes).header("Range", "bytes=99999-")).await;

        for round in 0..=200 {
            let body = json!({"name": "niemand", "password": format!("falsch und lang genug {round}")});
            let request = app.request("POST", "/v1/auth/login").json(&body);
            if request.try_clone().unwrap().send().await.unwrap().status() == 429 {
                meet(&mut met, "too-many-requests", request).await;
                break;
            }
        }

        meet_by_slow_body(&mut met).await;
        meet_by_broken_database(&mut met).await;
        let never: Vec<&str> = PROBLEM_TYPES.iter().map(|kind| kind.slug).filter(|slug| !met.contains(*slug)).collect();
        assert!(never.is_empty(), "no request met {never:?}");
    }
}

/// Makes the log another than it was.
fn forget_the_log(app: &App) {
    use diesel::prelude::*;
    use perspektive::db::{Conn, schema::changes};
    app.blocking(|| {
        app.state.write_blocking(|tx| {
            let other = diesel::update(changes::table).set(changes::at.eq(changes::at - 1));
            match &mut tx.conn {
                Conn::Pg(c) => other.execute(*c),
                Conn::Lite(c) => other.execute(*c),
            }?;
            Ok(())
        })
    })
    .unwrap();
}

/// A body that never arrives: written by hand, because clients send what they
/// announce.
async fn meet_by_slow_body(met: &mut BTreeSet<String>) {
    use std::io::{Read, Write};
    let app = App::sqlite_with(|config| config.body_timeout = 1).await;
    let (address, key) = (app.url.replace("http://", ""), app.as_editor().key);
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST /v1/editor/articles HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: text/markdown\r\nContent-Length: 100\r\n\r\n# Der Anfang"
        )
        .unwrap();
        let (mut answer, mut buffer) = (String::new(), [0; 4096]);
        while !answer.contains("request_id") {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "{answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("\"/problems/timeout\""), "{answer}");
    met.insert("timeout".to_owned());
}

/// A database that somebody else holds, and one that lost a table.
async fn meet_by_broken_database(met: &mut BTreeSet<String>) {
    use diesel::connection::SimpleConnection;
    use perspektive::db::{Url, lite};
    let app = App::sqlite_with(|_| {}).await;
    let Url::Sqlite(path) = &app.state.config.database else {
        unreachable!()
    };
    let editor = app.as_editor();
    editor
        .send(
            "PUT",
            "/v1/editor/sections/politik",
            &json!({"name": "Politik"}),
            201,
        )
        .await;
    let mut other = lite::open(path, lite::Mode::Write).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let blocked = editor
        .request("PUT", "/v1/editor/sections/kultur")
        .json(&json!({"name": "Kultur"}));
    meet(met, "unavailable", blocked).await;
    other
        .batch_execute("ROLLBACK; ALTER TABLE sections RENAME TO weg")
        .unwrap();
    meet(
        met,
        "internal",
        editor.request("GET", "/v1/editor/sections"),
    )
    .await;
}
