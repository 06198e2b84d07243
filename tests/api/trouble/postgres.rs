//! PostgreSQL hangs, or is killed and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{assert_cached_at_once, assert_unavailable, turn, until};
use crate::support::postgres::Cluster;
use crate::support::process::{Newsroom, Served};

/// A newsroom with a few articles, one of which expires soon, and everything
/// that will be asked for in the cache.
async fn prepared(server: &Served, key: &str, expires_in: i64) {
    server.section(key).await;
    for slug in ["eins", "zwei", "drei"] {
        assert_eq!(server.put(key, slug, "Text.").await.unwrap().status, 201);
    }
    let expires = perspektive::db::Time::now()
        .plus_seconds(expires_in)
        .to_string();
    let body = json!({"headline": "Kurz", "section": "politik", "expires_at": expires, "body": {"markdown": "Bald weg."}});
    let put = server
        .request("PUT", "/v1/editor/articles/kurz?publish=true")
        .bearer_auth(key)
        .json(&body);
    let put = server.answer(put).await.unwrap();
    assert_eq!(put.status, 201, "{}", put.body);
    for path in CACHED.iter().chain(&["/v1/articles/kurz"]) {
        assert_eq!(server.get(path).await.status, 200);
    }
}

/// Not the list of the section: whoever goes on writing makes that new.
const CACHED: [&str; 3] = ["/v1/articles/eins", "/v1/articles/zwei", "/v1/site"];

/// Everything that isn't in the cache, many at once, some of it the same.
async fn all_refused(server: &Served, key: &str) {
    let reads = (0..100).map(|n| async move {
        let path = match n % 4 {
            0 => "/v1/sections".to_owned(),
            1 => "/health/ready".to_owned(),
            _ => format!("/v1/articles/unbekannt-{n}"),
        };
        (path.clone(), server.get(&path).await)
    });
    for (path, got) in join_all(reads).await {
        assert_unavailable(&path, &got);
    }
    let writes = (0..10).map(|n| async move {
        server
            .put(key, &format!("waehrenddessen-{n}"), "Text.")
            .await
            .unwrap()
    });
    for got in join_all(writes).await {
        assert_unavailable("PUT", &got);
    }
    assert_eq!(server.get("/health/live").await.status, 200);
}

/// Writes articles one by one until told to stop; those that were acknowledged.
async fn write(
    server: Arc<Served>,
    key: String,
    name: &'static str,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let slug = format!("{name}-{n}");
        match server.put(&key, &slug, &format!("Text von {slug}.")).await {
            Ok(got) if got.status == 201 => acknowledged.push(slug),
            Ok(got) => assert_eq!(got.status, 503, "{slug}: {}", got.body),
            Err(error) => panic!("{slug}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    acknowledged
}

async fn all_there(server: &Served, acknowledged: &[String]) {
    for slug in acknowledged {
        let got = server.get(&format!("/v1/articles/{slug}?body=text")).await;
        assert_eq!(got.status, 200, "{slug} was acknowledged and is lost");
        assert!(
            got.body.contains(&format!("Text von {slug}.")),
            "{}",
            got.body
        );
    }
}

#[actix_web::test]
async fn a_server_that_hangs_and_one_that_is_killed() {
    let _turn = turn().await;
    let Some(mut cluster) = Cluster::start(&[]) else {
        return;
    };
    let newsroom = Newsroom::postgres(cluster.new_database());
    let key = newsroom.key();
    // The default number of connections, and one thread to answer: a hanging
    // database must not block it.
    let server = Arc::new(newsroom.serve_with(&["--workers", "1"], &[]));
    prepared(&server, &key, 12).await;

    let stop = Arc::new(AtomicBool::new(false));
    let writing = actix_web::rt::spawn(write(
        Arc::clone(&server),
        key.clone(),
        "haengt",
        Arc::clone(&stop),
    ));
    tokio::time::sleep(Duration::from_millis(500)).await;

    cluster.signal("STOP");
    for path in CACHED {
        assert_cached_at_once(&server, path).await;
    }
    all_refused(&server, &key).await;
    all_refused(&server, &key).await;
    until("answers tell their age", 10, async || {
        !server.get(CACHED[0]).await.header("age").is_empty()
    })
    .await;
    for path in CACHED {
        let got = assert_cached_at_once(&server, path).await;
        let age: i64 = got.header("age").parse().unwrap();
        assert!((3..60).contains(&age), "{age}");
        assert_eq!(
            got.header("cache-status"),
            format!("perspektive; hit; ttl=-{age}")
        );
    }
    // What has expired meanwhile is not served any more, from wherever.
    let expired = async || server.get("/v1/articles/kurz").await.status == 503;
    until("an expired answer is not served", 20, expired).await;
    assert_unavailable("expired", &server.get("/v1/articles/kurz").await);

    cluster.signal("CONT");
    let took = until("recovery", 10, async || {
        server.get("/health/ready").await.status == 200
            && server.get(CACHED[0]).await.header("age").is_empty()
    });
    assert!(took.await < Duration::from_secs(5));
    assert_eq!(server.get("/v1/articles/kurz").await.status, 404);
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged = writing.await.unwrap();
    assert!(acknowledged.len() > 3, "{acknowledged:?}");
    all_there(&server, &acknowledged).await;
    // All turns have come back: as many requests as before at once.
    let reads = (0..40).map(|n| {
        let server = &server;
        async move { server.get(&format!("/v1/articles/nach-{n}")).await }
    });
    for got in join_all(reads).await {
        assert_eq!(got.status, 404, "{}", got.body);
    }

    let stop = Arc::new(AtomicBool::new(false));
    let writing = actix_web::rt::spawn(write(
        Arc::clone(&server),
        key.clone(),
        "stirbt",
        Arc::clone(&stop),
    ));
    tokio::time::sleep(Duration::from_millis(500)).await;
    cluster.kill();
    for path in CACHED {
        assert_cached_at_once(&server, path).await;
    }
    all_refused(&server, &key).await;
    cluster.start_again();
    until("recovery", 10, async || {
        server.get("/health/ready").await.status == 200
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged = writing.await.unwrap();
    assert!(acknowledged.len() > 3, "{acknowledged:?}");
    all_there(&server, &acknowledged).await;
    super::walk::walk(&newsroom);
}

/// A server that can't reach its database says so and ends.
#[test]
fn a_database_that_is_not_there_is_a_clear_error() {
    let nobody = "postgres://anna:geheim@127.0.0.1:1/newsroom?sslmode=disable";
    let newsroom = Newsroom::postgres(nobody.to_owned());
    for command in ["serve", "migrate", "check"] {
        let output = newsroom.run(&[command]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("onnection refused"), "{command}: {said}");
        assert!(!said.contains("geheim"), "{command}: {said}");
    }
}
