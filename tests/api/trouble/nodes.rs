//! Two nodes on one PostgreSQL.

use std::time::Duration;

use perspektive::db::Url;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{turn, until};
use crate::support::process::{Newsroom, Served};
use crate::support::{App, postgres};

#[actix_web::test]
async fn a_change_on_one_node_is_seen_on_the_other() {
    let _turn = turn().await;
    let Some(one) = App::postgres().await else {
        return;
    };
    let other = one.another_node().await;
    let editor = one.as_editor();
    let section = json!({"slug": "politik", "name": "Politik"});
    editor
        .send("POST", "/v1/editor/sections", &section, 201)
        .await;
    let publish = async |version: u32| {
        let body = json!({"headline": format!("Fassung {version}"), "section": "politik", "body": {"markdown": "Text."}});
        let answer = editor
            .request("PUT", "/v1/editor/articles/eins?publish=true")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    };
    let seen = async |version: u32| {
        let answer = other
            .request("GET", "/v1/articles/eins")
            .send()
            .await
            .unwrap();
        answer
            .text()
            .await
            .unwrap()
            .contains(&format!("Fassung {version}"))
    };
    publish(1).await;
    until("first seen", 5, async || seen(1).await).await;
    for version in 2..5 {
        publish(version).await;
        let took = until("seen", 5, async || seen(version).await).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    // Without notifications the log is read each second.
    let Url::Postgres(url) = &one.state.config.database else {
        unreachable!()
    };
    let (client, connection) = tokio_postgres::connect(url.expose_secret(), tokio_postgres::NoTls)
        .await
        .unwrap();
    actix_web::rt::spawn(connection);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    for version in 5..8 {
        let cut = client.query(cut, &[]).await.unwrap();
        if version == 5 {
            assert_eq!(cut.len(), 2, "both nodes listen");
        }
        publish(version).await;
        let took = until("seen", 5, async || seen(version).await).await;
        assert!(took < Duration::from_millis(2_500), "{took:?}");
    }
    let listening = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    until("both listen again", 10, async || {
        client.query(listening, &[]).await.unwrap().len() == 2
    })
    .await;
}

/// Two processes, each with a folder of its own, and what both have in their caches.
#[actix_web::test]
async fn a_change_by_one_process_is_seen_by_the_other() {
    let _turn = turn().await;
    let url = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap();
    let Some(url) = url else { return };
    let newsroom = Newsroom::postgres(url);
    let key = newsroom.key();
    let elsewhere = newsroom.folder().join("elsewhere").display().to_string();
    let one = newsroom.serve();
    let other = newsroom.serve_with(&[], &[("DATA_DIR", &elsewhere)]);
    one.section(&key).await;
    for version in 1..=10 {
        let text = format!("Fassung {version}.");
        let (writer, reader) = match version % 2 {
            0 => (&one, &other),
            _ => (&other, &one),
        };
        let put = writer.put(&key, "eins", &text).await.unwrap();
        assert!(matches!(put.status, 200 | 201), "{}", put.body);
        let seen = async |node: &Served| node.get("/v1/articles/eins").await.body.contains(&text);
        assert!(seen(writer).await, "the next answer of the node itself");
        let took = until("seen", 5, async || seen(reader).await).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}
