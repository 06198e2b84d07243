//! Defects: a handler panics, the database is sabotaged.

use std::sync::Arc;

use actix_web::{HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use perspektive::app::{Shared, build};
use perspektive::db::lite;
use serde_json::Value;

use crate::support::App;
use crate::support::process::Newsroom;

async fn panics() -> HttpResponse {
    panic!("with a secret inside");
}

#[actix_web::test]
async fn a_panic_is_a_problem_document_and_the_server_lives_on() {
    let app = App::sqlite().await;
    let mut shared =
        Shared::new(Arc::clone(&app.state), Arc::clone(&app.access), &app.search).unwrap();
    shared.more = |config| {
        config.route("/panic", web::get().to(panics));
    };
    let server = HttpServer::new(move || build(&shared))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let client = reqwest::Client::new();
    for id in ["erster", "zweiter", "dritter"] {
        let answer = client
            .get(format!("{url}/panic"))
            .header("X-Request-Id", id)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["x-request-id"], id);
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/internal");
        assert_eq!(problem["request_id"], id);
        assert!(!problem.to_string().contains("secret"));
    }
    let live = client.get(format!("{url}/v1/site")).send().await.unwrap();
    assert_eq!(live.status(), 200);
    assert_eq!(
        app.state.running(),
        0,
        "a panicking request still counts as running"
    );
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_sabotaged_database_is_an_opaque_500_with_its_cause_in_the_log() {
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    let server = newsroom.serve_with(&[], &[("LOG_FORMAT", "json")]);
    server.section(&key).await;
    assert_eq!(server.put(&key, "eins", "Text.").await.unwrap().status, 201);
    let mut other = lite::open(&newsroom.data().join("perspektive.db"), lite::Mode::Write).unwrap();
    other
        .batch_execute("PRAGMA foreign_keys = OFF; DROP TABLE links")
        .unwrap();

    let reading = server
        .request("GET", "/v1/articles/eins")
        .header("X-Request-Id", "kaputt");
    let got = server.answer(reading).await.unwrap();
    assert_eq!(got.status, 500, "{}", got.body);
    assert_eq!(got.json()["type"], "/problems/internal");
    assert_eq!(got.json()["request_id"], "kaputt");
    for leak in ["no such", "table", "SELECT", "sqlite", "diesel"] {
        assert!(!got.body.contains(leak), "{leak}: {}", got.body);
    }
    let log = server.log();
    let told: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["request_id"] == "kaputt" && line["level"] == "ERROR")
        .collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0]["error"]
            .as_str()
            .unwrap()
            .contains("no such table: links"),
        "{told:?}"
    );
    assert_eq!(server.get("/v1/sections").await.status, 200);
}
