//! What happens when things go wrong around the server: the database hangs, is
//! locked, full, killed or broken; the process is killed; clients dawdle.

mod answer;
mod backup;
mod clients;
mod defects;
mod disk;
mod downtime;
mod durable;
mod kill;
mod lock;
mod nodes;
mod outside;
mod postgres;
mod stop;
mod walk;

use std::time::{Duration, Instant};

use crate::support::process::{Got, Served};

/// Tests that watch the clock or load the machine take turns.
async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

/// Asks again and again until it holds; how long that took.
async fn until(what: &str, seconds: u64, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        if holds().await {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within {seconds} seconds: {what}");
}

/// A refusal as it has to be while the database is away.
fn assert_unavailable(what: &str, got: &Got) {
    assert_eq!(got.status, 503, "{what}: {}", got.body);
    assert!(
        !got.header("retry-after").is_empty(),
        "{what}: no Retry-After"
    );
    assert_eq!(got.json()["type"], "/problems/unavailable", "{what}");
    assert!(
        got.took < Duration::from_secs(2),
        "{what} took {:?}",
        got.took
    );
}

/// Answers in the cache come at once. A busy machine may hold one of them up, so
/// it is most of them that must be quick.
async fn assert_cached_at_once(server: &Served, path: &str) -> Got {
    let mut took = Vec::new();
    let mut last = None;
    for _ in 0..11 {
        let got = server.get(path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        assert!(
            got.header("cache-status").starts_with("perspektive; hit"),
            "{path}: {got:?}"
        );
        took.push(got.took);
        last = Some(got);
    }
    took.sort();
    assert!(took[7] < Duration::from_millis(50), "{path} took {took:?}");
    last.unwrap()
}
