//! The server is down when something becomes visible or stops being so.

use std::time::Duration;

use perspektive::changes::Action;
use perspektive::db::{Id, Time};
use serde_json::{Value, json};

use super::{turn, until, walk};
use crate::support::App;
use crate::support::postgres;
use crate::support::process::{Newsroom, Served};

/// Seconds until what happens while the server is down.
const SOON: i64 = 10;

async fn send(server: &Served, key: &str, method: &str, path: &str, body: &Value) -> Value {
    let request = server
        .request(method, &format!("/v1/editor/articles/{path}"))
        .bearer_auth(key);
    let got = server.answer(request.json(body)).await.unwrap();
    assert!(got.status < 300, "{path}: {}", got.body);
    got.json()
}

fn slugs(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let slug = |item: &Value| item["slug"].as_str().unwrap().to_owned();
    items.iter().map(slug).collect()
}

/// A schedule, an embargo's end, an expiry, and one that does both.
async fn down_over_every_instant(newsroom: Newsroom) {
    let key = newsroom.key();
    let server = newsroom.serve();
    server.section(&key).await;
    let instant = Time::now().plus_seconds(SOON);
    let (at, earlier) = (
        instant.to_string(),
        Time::now().plus_seconds(SOON - 2).to_string(),
    );
    let piece = |headline: &str, more: Value| {
        let mut body =
            json!({"headline": headline, "section": "politik", "body": {"markdown": "Text."}});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let mut ids = Vec::new();
    for (slug, more, query) in [
        ("geplant", json!({}), ""),
        ("gesperrt", json!({"embargo_until": at}), "?publish=true"),
        ("befristet", json!({"expires_at": at}), "?publish=true"),
        ("kurz", json!({"expires_at": at}), ""),
        (
            "bleibt",
            json!({"related": [{"article": "geplant"}, {"article": "befristet"}]}),
            "?publish=true",
        ),
    ] {
        let made = send(
            &server,
            &key,
            "PUT",
            &format!("{slug}{query}"),
            &piece(slug, more),
        )
        .await;
        ids.push((slug, made["id"].as_str().unwrap().parse::<Id>().unwrap()));
    }
    send(
        &server,
        &key,
        "POST",
        "geplant/schedule",
        &json!({"at": at}),
    )
    .await;
    // It comes and goes, and nobody is there to see it.
    send(
        &server,
        &key,
        "POST",
        "kurz/schedule",
        &json!({"at": earlier}),
    )
    .await;
    for (slug, status) in [
        ("geplant", 404),
        ("gesperrt", 404),
        ("befristet", 200),
        ("kurz", 404),
        ("bleibt", 200),
    ] {
        assert_eq!(
            server.get(&format!("/v1/articles/{slug}")).await.status,
            status,
            "{slug}"
        );
    }
    assert!(
        instant > Time::now().plus_seconds(2),
        "the machine was too slow to be asked"
    );
    server.kill();
    let before = walk::walk(&newsroom).changes.len();
    while Time::now() < instant.plus_seconds(1) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // The first request after the start, of each, is right.
    let server = newsroom.serve();
    let list = server
        .get("/v1/articles?section=politik&sort=published_at")
        .await
        .json();
    assert_eq!(
        slugs(&list),
        ["bleibt", "geplant", "gesperrt"].map(str::to_owned),
        "{list}"
    );
    for (slug, status) in [
        ("geplant", 200),
        ("gesperrt", 200),
        ("befristet", 404),
        ("kurz", 404),
        ("bleibt", 200),
    ] {
        let got = server.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(got.status, status, "{slug}: {}", got.body);
        if matches!(slug, "geplant" | "gesperrt") {
            // It became visible when it should have, not when somebody came back.
            assert_eq!(got.json()["published_at"], json!(at), "{slug}");
        }
        if slug == "bleibt" {
            let related = &got.json()["related"];
            assert_eq!(related.as_array().unwrap().len(), 1, "{related}");
            assert_eq!(related[0]["article"]["slug"], "geplant");
        }
    }
    // And the log is told, once.
    let wanted = |slug: &str| ids.iter().find(|(name, _)| *name == slug).unwrap().1;
    let entries = || -> Vec<(Id, String)> {
        walk::walk(&newsroom)
            .changes
            .iter()
            .skip(before)
            .map(|entry| (entry.entity_id, entry.action.as_str().to_owned()))
            .collect()
    };
    until("the log is told", 10, async || {
        let entries = entries();
        [
            ("geplant", Action::Changed),
            ("gesperrt", Action::Changed),
            ("befristet", Action::Gone),
            ("kurz", Action::Gone),
            ("bleibt", Action::Changed),
        ]
        .iter()
        .all(|(slug, action)| entries.contains(&(wanted(slug), action.as_str().to_owned())))
    })
    .await;
    let told = entries();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(entries(), told, "it is told again and again");
    drop(server);

    // Another start has nothing to add.
    let server = newsroom.serve();
    server.get("/v1/articles").await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(entries(), told);
}

#[actix_web::test]
async fn sqlite() {
    let _turn = turn().await;
    down_over_every_instant(Newsroom::sqlite()).await;
}

#[actix_web::test]
async fn postgres() {
    let _turn = turn().await;
    let url = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap();
    if let Some(url) = url {
        down_over_every_instant(Newsroom::postgres(url)).await;
    }
}

/// A node that comes back and catches up evicts what others keep in memory. The
/// other's clock is behind, so that its answers don't end by themselves.
#[actix_web::test]
async fn catching_up_evicts_on_other_nodes() {
    let _turn = turn().await;
    let Some(one) = App::postgres().await else {
        return;
    };
    let editor = one.as_editor();
    let section = json!({"slug": "politik", "name": "Politik"});
    editor
        .send("POST", "/v1/editor/sections", &section, 201)
        .await;
    let body = json!({"headline": "Bleibt", "section": "politik", "body": {"markdown": "Text."}});
    let path = "/v1/editor/articles";
    editor
        .send("PUT", &format!("{path}/bleibt?publish=true"), &body, 201)
        .await;
    editor
        .send("PUT", &format!("{path}/geplant"), &body, 201)
        .await;
    let at = one.state.now().plus_seconds(7_200).to_string();
    editor
        .send(
            "POST",
            &format!("{path}/geplant/schedule"),
            &json!({"at": at}),
            200,
        )
        .await;

    let other = one.another_node().await;
    let hit = async || {
        let answer = other.request("GET", "/v1/articles").send().await.unwrap();
        let status = answer.headers()["cache-status"]
            .to_str()
            .unwrap()
            .to_owned();
        status.starts_with("perspektive; hit")
    };
    until("it is in the other's memory", 10, async || hit().await).await;
    assert!(hit().await);
    // Only this node's clock reaches the instant.
    let head = one.log().len();
    one.state.travel(7_201);
    until("it is announced", 10, async || one.log().len() > head).await;
    until("the other has heard", 10, async || !hit().await).await;
}
