//! How often somebody may write, and how much may arrive at once.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::clients::expect;
use crate::support::{App, pictures};

#[actix_web::test]
async fn a_user_has_a_quota_of_writes() {
    let app = App::sqlite_with(|config| config.writes_per_minute = 3).await;
    let (editor, author) = (app.as_editor(), app.as_author());
    let put = |n: u32| {
        let path = format!("/v1/editor/articles/eins-{n}");
        editor
            .request("PUT", &path)
            .json(&json!({"headline": "Eins"}))
    };
    for left in [2, 1, 0] {
        let answer = put(left).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["ratelimit-policy"], "\"writes\";q=3;w=60");
        let limit = answer.headers()["ratelimit"].to_str().unwrap();
        assert!(
            limit.starts_with(&format!("\"writes\";r={left};t=")),
            "{limit}"
        );
    }
    let answer = put(9).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert!(
        answer.headers()["ratelimit"]
            .to_str()
            .unwrap()
            .starts_with("\"writes\";r=0;t=")
    );
    assert_eq!(answer.headers().get_all("ratelimit").iter().count(), 1);
    let problem: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/too-many-requests");
    assert_eq!(problem["violated_policies"], json!(["writes"]));
    // A dry run and a refusal count too; reading doesn't, and others have their own.
    let rehearsal = editor
        .request("PUT", "/v1/editor/articles/eins-9?dry_run=true")
        .json(&json!({"headline": "Eins"}));
    expect(rehearsal, 429).await;
    editor.get("/v1/editor/articles/eins-0", 200).await;
    let other = author
        .request("PUT", "/v1/editor/articles/zwei")
        .json(&json!({"headline": "Zwei"}));
    expect(other, 201).await;
    // What anyone may keep says nothing of it.
    let public = app.request("GET", "/v1/articles").send().await.unwrap();
    assert!(!public.headers().contains_key("ratelimit"));
}

#[actix_web::test]
async fn wrong_passwords_are_limited_as_the_settings_say() {
    let wrong = |app: &App, n: u32| {
        let body = json!({"name": format!("niemand-{n}"), "password": "falsch und lang genug"});
        app.request("POST", "/v1/auth/login").json(&body)
    };
    let app = App::sqlite_with(|config| config.wrong_passwords = 2).await;
    let answer = wrong(&app, 1).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["ratelimit"], "\"wrong-passwords\";r=1;t=6");
    expect(wrong(&app, 2), 401).await;
    let answer = wrong(&app, 3).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(
        answer.headers()["ratelimit-policy"],
        "\"wrong-passwords\";q=2;w=12"
    );
    assert_eq!(answer.headers()["ratelimit"], "\"wrong-passwords\";r=0;t=6");
    let open = App::sqlite_with(|config| config.wrong_passwords = 0).await;
    for _ in 0..8 {
        expect(wrong(&open, 1), 401).await;
    }
}

/// Two hundred clients that send a byte now and then, on every address that takes
/// a body, and a few large ones: whoever sends at a normal pace is answered.
#[actix_web::test]
async fn slow_clients_hold_nobody_up() {
    let app = App::sqlite_with(|config| config.uploads_at_once = 2).await;
    let editor = app.as_editor();
    let slow = [
        ("PUT", "/v1/editor/articles/langsam", "application/json"),
        ("POST", "/v1/editor/bulk", "application/x-ndjson"),
        (
            "POST",
            "/v1/editor/articles",
            "multipart/form-data; boundary=x",
        ),
        (
            "POST",
            "/v1/editor/media",
            "multipart/form-data; boundary=x",
        ),
    ];
    let mut held = Vec::new();
    for n in 0..200 {
        let (method, path, kind) = slow[n % slow.len()];
        let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap())
            .await
            .unwrap();
        // A form gets as far as into its first file.
        let begun = match kind.starts_with("multipart") {
            true => {
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
            }
            false => "{",
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {kind}\r\nContent-Length: 100000\r\n\r\n{begun}",
            editor.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let began = Instant::now();
    for round in 0..3 {
        for stream in &mut held {
            let _ = stream.write_all(b" ").await;
        }
        // More large bodies than may arrive at once, and small ones between them.
        let text = "Wort ".repeat(30_000);
        let put = |n: u32, text: &str| {
            let body = json!({"headline": "Flott", "body": {"markdown": text}});
            let path = format!("/v1/editor/articles/flott-{round}-{n}");
            expect(editor.request("PUT", &path).json(&body), 201)
        };
        let large = futures_util::future::join_all((0..4).map(|n| put(n, &text)));
        let small = futures_util::future::join_all((4..8).map(|n| put(n, "Kurz.")));
        let picture = |n: u32| {
            let bytes = pictures::png(300, 300, 10 * round + n);
            let request = editor.request("POST", "/v1/editor/media");
            expect(request.header("Content-Type", "image/png").body(bytes), 201)
        };
        let shown = futures_util::future::join_all((0..4).map(picture));
        tokio::join!(large, small, shown);
    }
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}
