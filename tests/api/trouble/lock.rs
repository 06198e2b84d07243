//! Somebody else holds a lock.

use diesel::connection::SimpleConnection;
use perspektive::db::lite;

use super::{assert_cached_at_once, assert_unavailable, turn, until};
use crate::support::postgres;
use crate::support::process::Newsroom;

#[actix_web::test]
async fn a_locked_table() {
    let _turn = turn().await;
    let url = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap();
    let Some(url) = url else { return };
    let newsroom = Newsroom::postgres(url.clone());
    let key = newsroom.key();
    let server = newsroom.serve();
    server.section(&key).await;
    for slug in ["eins", "zwei"] {
        assert_eq!(server.put(&key, slug, "Text.").await.unwrap().status, 201);
    }
    assert_eq!(server.get("/v1/articles/eins").await.status, 200);

    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    actix_web::rt::spawn(connection);
    client
        .batch_execute("BEGIN; LOCK TABLE articles IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    assert_cached_at_once(&server, "/v1/articles/eins").await;
    let asked = (0..30).map(|n| {
        let (server, key) = (&server, &key);
        async move {
            match n % 3 {
                0 => server
                    .put(key, "zwei", &format!("Neuer Text {n}."))
                    .await
                    .unwrap(),
                1 => server.get("/v1/articles/zwei").await,
                _ => server.get(&format!("/v1/articles/neu-{n}")).await,
            }
        }
    });
    for got in futures_util::future::join_all(asked).await {
        assert_unavailable("a locked table", &got);
    }
    assert_cached_at_once(&server, "/v1/articles/eins").await;
    client.batch_execute("COMMIT").await.unwrap();
    until("recovery", 5, async || {
        server.get("/v1/articles/zwei").await.status == 200
    })
    .await;
    assert_eq!(server.put(&key, "drei", "Text.").await.unwrap().status, 201);
}

/// Readers don't notice that somebody else writes to a SQLite file; writers
/// wait, but not for long.
#[actix_web::test]
async fn a_locked_file() {
    let _turn = turn().await;
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    let server = newsroom.serve();
    server.section(&key).await;
    for slug in ["eins", "zwei"] {
        assert_eq!(server.put(&key, slug, "Text.").await.unwrap().status, 201);
    }
    assert_eq!(server.get("/v1/articles/eins").await.status, 200);

    let mut other = lite::open(&newsroom.data().join("perspektive.db"), lite::Mode::Write).unwrap();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    assert_cached_at_once(&server, "/v1/articles/eins").await;
    let asked = (0..12).map(|n| {
        let (server, key) = (&server, &key);
        async move {
            server
                .put(key, "zwei", &format!("Neuer Text {n}."))
                .await
                .unwrap()
        }
    });
    for got in futures_util::future::join_all(asked).await {
        assert_unavailable("a locked file", &got);
    }
    assert_eq!(server.get("/v1/articles/zwei").await.status, 200);
    other.batch_execute("COMMIT").unwrap();
    drop(other);
    until("recovery", 5, async || {
        server.put(&key, "drei", "Text.").await.unwrap().status == 201
    })
    .await;
    super::walk::walk(&newsroom);
}
